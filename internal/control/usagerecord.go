package control

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// append adds what a record says now; a nil value: it is gone. One that can't be
// read lets nobody in.
func (m *Metered) append(list []UsageChange, key string, value []byte) []UsageChange {
	ch, err := decodeUsage(key, value, m.c.sealer)
	if err != nil {
		m.c.log.Error("a stored API key or usage plan can't be read; it lets nobody in", "error", err)
	}
	if ch == nil {
		return list
	}
	return append(list, *ch)
}

// decodeUsage is what a record says; nil: nothing that matters. With an error it
// is as if the record was gone.
func decodeUsage(key string, value []byte, sealer func() (*store.Sealer, error)) (*UsageChange, error) {
	k, ok := ParseKey(key)
	if !ok {
		return nil, nil
	}
	ch := &UsageChange{Kind: k.Kind, Scope: k.Scope, Plan: apigw.UsagePlanID(k.Name), Key: apigw.APIKeyID(k.Rest)}
	r := store.Record{Key: key, Value: value}
	var err error
	switch k.Kind {
	case KeyAPIKey:
		ch.Plan, ch.Key = "", apigw.APIKeyID(k.Name)
		if value != nil {
			ch.APIKey, err = openAPIKey(r, sealer)
		}
	case KeyUsagePlan:
		if value != nil {
			ch.Of, _, err = decodeRecord[apigw.UsagePlan](r)
		}
	case KeyPlanKey:
		ch.In = value != nil
	case KeyPlanUsage:
		if value != nil {
			var g *grant
			g, _, err = decodeRecord[grant](r)
			ch.Grant = g.limit()
		}
	case KeyPlanCount:
		if value == nil {
			return nil, nil
		}
		var of *map[apigw.APIKeyID]int64
		if of, _, err = decodeRecord[map[apigw.APIKeyID]int64](r); err != nil {
			return nil, err
		}
		ch.Counts = *of
		if ch.Day, ok = countDay(k); !ok {
			return nil, nil
		}
	default:
		return nil, nil
	}
	return ch, err
}

// openAPIKey reads a key with its value. A key that can't be opened is there,
// without one.
func openAPIKey(r store.Record, sealer func() (*store.Sealer, error)) (*apigw.APIKey, error) {
	k, sealed, err := decodeRecord[apigw.APIKey](r)
	if err != nil {
		return nil, err
	}
	s, err := sealer()
	if err != nil {
		return k, fmt.Errorf("read %s: %w", r.Key, err)
	}
	value, err := s.Open(r.Key, sealed)
	if err != nil {
		return k, fmt.Errorf("read %s: %w", r.Key, err)
	}
	k.Value = string(value)
	return k, nil
}

// RememberUsage reads what Keep was given. What can't be read is left out, and
// named by the error.
func RememberUsage(raw []byte, sealer func() (*store.Sealer, error)) (list []UsageChange, err error) {
	var records map[string]json.RawMessage
	if err := json.Unmarshal(raw, &records); err != nil {
		return nil, fmt.Errorf("read the kept API keys: %w", err)
	}
	for key, value := range records {
		ch, problem := decodeUsage(key, value, sealer)
		err = errors.Join(err, problem)
		if ch != nil && problem == nil {
			list = append(list, *ch)
		}
	}
	return list, err
}
