package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Bounds of API keys (recorded on AWS).
const (
	minKeyValue       = 20
	maxKeyValue       = 128
	maxKeyName        = 1024
	maxKeyDescription = 125000
	madeKeyValue      = 40 // characters of a value that is made here
)

func apiKeyRecord(scope apigw.Scope, id apigw.APIKeyID) string {
	return kindPrefix(scope, KeyAPIKey) + segment(string(id))
}

func unknownKey() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid API Key identifier specified")
}

// APIKey returns one key; its value is opened only with open.
func (c *Control) APIKey(ctx context.Context, scope apigw.Scope, id apigw.APIKeyID, open bool) (*apigw.APIKey, error) {
	k, _, err := c.readKey(ctx, scope, id, open)
	return k, storeError(err)
}

// readKey returns a key and its value as it is stored.
func (c *Control) readKey(ctx context.Context, scope apigw.Scope, id apigw.APIKeyID, open bool) (*apigw.APIKey, []byte, error) {
	r, err := c.store.Get(ctx, apiKeyRecord(scope, id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, unknownKey()
	}
	if err != nil {
		return nil, nil, err
	}
	k, sealed, err := decodeRecord[apigw.APIKey](r)
	if err == nil && open {
		err = c.openKey(r.Key, k, sealed)
	}
	return k, sealed, err
}

func (c *Control) openKey(key string, k *apigw.APIKey, sealed []byte) error {
	sealer, err := c.sealer()
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	value, err := sealer.Open(key, sealed)
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	k.Value = string(value)
	return nil
}

// KeyFilter chooses API keys; what is empty doesn't matter.
type KeyFilter struct {
	NamePrefix string // case counts (recorded on AWS)
	CustomerID string
}

// APIKeys lists at most limit keys by ID, from the one behind after on. More
// says whether there are others.
func (c *Control) APIKeys(ctx context.Context, scope apigw.Scope, f KeyFilter, after apigw.APIKeyID, limit int, open bool) (list []*apigw.APIKey, more bool, err error) {
	const page = 500
	prefix, start := kindPrefix(scope, KeyAPIKey), ""
	if after != "" {
		start = prefix + segment(string(after))
	}
	for {
		records, further, _, err := c.store.List(ctx, prefix, start, page)
		if err != nil {
			return nil, false, storeError(err)
		}
		for _, r := range records {
			start = r.Key
			k, sealed, err := decodeRecord[apigw.APIKey](r)
			if err != nil {
				return nil, false, storeError(err)
			}
			if !strings.HasPrefix(k.Name, f.NamePrefix) || f.CustomerID != "" && k.CustomerID != f.CustomerID {
				continue
			}
			if len(list) == limit {
				return list, true, nil
			}
			if open {
				if err := c.openKey(r.Key, k, sealed); err != nil {
					return nil, false, storeError(err)
				}
			}
			list = append(list, k)
		}
		if !further {
			return list, false, nil
		}
	}
}

// checkKey holds a key to its bounds, value aside (recorded on AWS).
func checkKey(k *apigw.APIKey) error {
	if utf8.RuneCountInString(k.Name) > maxKeyName {
		return apigw.Errorf(apigw.BadRequest, "Invalid API Key name, can be at most 1024 characters.")
	}
	if utf8.RuneCountInString(k.Description) > maxKeyDescription {
		return apigw.Errorf(apigw.BadRequest, "Invalid API Key description specified.")
	}
	return checkTags(k.Tags)
}

// checkKeyValue: a value travels in a header, so it has the characters that
// can stand there, and no blanks.
func checkKeyValue(value string) error {
	switch n := len(value); {
	case n < minKeyValue:
		return apigw.Errorf(apigw.BadRequest, "API Key value should be at least 20 characters")
	case n > maxKeyValue:
		return apigw.Errorf(apigw.BadRequest, "API Key value exceeds maximum size of 128 characters")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return apigw.Errorf(apigw.BadRequest, "API Key value can only have visible ASCII characters")
	}
	return nil
}

// newKeyValue makes a value of AWS's form.
func (c *Control) newKeyValue() (string, error) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var raw [64]byte
	value := make([]byte, 0, madeKeyValue)
	for len(value) < madeKeyValue {
		if _, err := io.ReadFull(c.rand, raw[:]); err != nil {
			return "", fmt.Errorf("draw an API key: %w", err)
		}
		for _, b := range raw {
			// 248 is the largest multiple of 62: every character is as likely.
			if b < 248 && len(value) < madeKeyValue {
				value = append(value, letters[b%62])
			}
		}
	}
	return string(value), nil
}

// CreateAPIKey adds a key. Its ID and times are made here, and its value when
// none is given. The result has the value.
func (c *Control) CreateAPIKey(ctx context.Context, scope apigw.Scope, key apigw.APIKey) (*apigw.APIKey, error) {
	var made *apigw.APIKey
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		k := key
		if err := checkKey(&k); err != nil {
			return err
		}
		if k.Value == "" {
			value, err := c.newKeyValue()
			if err != nil {
				return err
			}
			k.Value = value
		}
		if err := checkKeyValue(k.Value); err != nil {
			return err
		}
		if err := c.checkStageKeys(ctx, scope, k.StageKeys); err != nil {
			return err
		}
		if taken, err := c.keyOf(ctx, scope, k.Value); err != nil || taken != "" {
			return storeErrorOr(err, apigw.Errorf(apigw.Conflict, "API Key already exists"))
		}
		made = &k
		return c.addKey(ctx, s, &k)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// addKey gives k an ID and its times and adds its records.
func (c *Control) addKey(ctx context.Context, s *scopeChange, k *apigw.APIKey) error {
	if err := s.count(&s.counts.APIKeys, "API keys", c.limits.APIKeys); err != nil {
		return err
	}
	id, err := c.freeScopeID(ctx, kindPrefix(s.scope, KeyAPIKey), 10)
	if err != nil {
		return err
	}
	k.ID = apigw.APIKeyID(id)
	k.Created = c.seconds()
	k.Updated = k.Created
	prints, err := c.fingerprints(s.scope, k.Value)
	if err != nil {
		return err
	}
	s.set(prints[0], []byte(`"`+id+`"`))
	return c.putKey(s, k, nil)
}

// putKey adds the write of a key; sealed is its value as it is stored, nil to
// seal it. What an older master key has sealed is sealed anew as far as it can
// be opened.
func (c *Control) putKey(s *scopeChange, k *apigw.APIKey, sealed []byte) error {
	key := apiKeyRecord(s.scope, k.ID)
	if sealed == nil {
		sealer, err := c.keySealer()
		if err != nil {
			return err
		}
		sealed = sealer.Seal(key, []byte(k.Value))
	} else if fresh, err := c.resealValue(s, k.ID, sealed); err == nil {
		sealed = fresh
	}
	raw, err := encodeRecord(key, k, sealed)
	if err == nil {
		s.set(key, raw)
	}
	return err
}

// resealValue is a stored value sealed with the current master key, with which
// it is found by then, too. One that is already is returned as it is.
func (c *Control) resealValue(s *scopeChange, id apigw.APIKeyID, sealed []byte) ([]byte, error) {
	sealer, err := c.sealer()
	if err != nil || !sealer.Stale(sealed) {
		return sealed, err
	}
	key := apiKeyRecord(s.scope, id)
	value, err := sealer.Open(key, sealed)
	if err != nil {
		return nil, err
	}
	prints, err := c.fingerprints(s.scope, string(value))
	if err != nil {
		return nil, err
	}
	s.set(prints[0], []byte(`"`+string(id)+`"`))
	for _, old := range prints[1:] {
		s.remove(old)
	}
	return sealer.Seal(key, value), nil
}

// resealKey seals the value of a key's record anew if an older master key has
// sealed it, and says whether it did, as 1.
func (c *Control) resealKey(ctx context.Context, sealer *store.Sealer, scope apigw.Scope, r store.Record) (changed int, err error) {
	k, sealed, err := decodeRecord[apigw.APIKey](r)
	if err != nil || !sealer.Stale(sealed) {
		return 0, err
	}
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		k, sealed, err := c.readKey(ctx, scope, k.ID, false)
		if apigw.KindOf(err) == apigw.NotFound && err != nil {
			return nil // it was deleted meanwhile
		}
		if err != nil {
			return err
		}
		fresh, err := c.resealValue(s, k.ID, sealed)
		if err != nil {
			return err
		}
		changed = 1
		raw, err := encodeRecord(r.Key, k, fresh)
		if err == nil {
			s.set(r.Key, raw)
		}
		return err
	})
	return changed, err
}

// keySealer refuses the caller when there is no master key, and says why.
func (c *Control) keySealer() (*store.Sealer, error) {
	sealer, err := c.sealer()
	if err == nil || errors.Is(err, store.ErrDead) {
		return sealer, err
	}
	return nil, &apigw.Error{Kind: apigw.BadRequest, Message: "The API key can't be kept: " + err.Error(), Cause: err}
}

// fingerprints are the keys of the records that may say whose a value is.
func (c *Control) fingerprints(scope apigw.Scope, value string) ([]string, error) {
	sealer, err := c.keySealer()
	if err != nil {
		return nil, err
	}
	prefix := kindPrefix(scope, KeyAPIKeyValue)
	prints := sealer.Fingerprints(prefix, value)
	for i, p := range prints {
		prints[i] = prefix + p
	}
	return prints, nil
}

// keyOf is the key that has a value; empty: none.
func (c *Control) keyOf(ctx context.Context, scope apigw.Scope, value string) (apigw.APIKeyID, error) {
	prints, err := c.fingerprints(scope, value)
	if err != nil {
		return "", err
	}
	for _, p := range prints {
		r, err := c.store.Get(ctx, p)
		if err == nil {
			return apigw.APIKeyID(strings.Trim(string(r.Value), `"`)), nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return "", err
		}
	}
	return "", nil
}

// checkStageKeys: stages that a key names, which is how keys were tied to
// stages before there were usage plans, must exist.
func (c *Control) checkStageKeys(ctx context.Context, scope apigw.Scope, keys []string) error {
	for _, k := range keys {
		api, stage, _ := strings.Cut(k, "/")
		if _, _, err := c.readStage(ctx, restRef(scope, apigw.APIID(api)), apigw.StageName(stage)); err != nil {
			return orUnknown(err, apigw.Errorf(apigw.BadRequest, "Invalid stage identifier specified"))
		}
	}
	return nil
}

// UpdateAPIKey changes a key; its value never changes.
func (c *Control) UpdateAPIKey(ctx context.Context, scope apigw.Scope, id apigw.APIKeyID, mutate func(*apigw.APIKey) error) (*apigw.APIKey, error) {
	var changed *apigw.APIKey
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		k, sealed, err := c.readKey(ctx, scope, id, false)
		if err != nil {
			return err
		}
		if err := mutate(k); err != nil {
			return err
		}
		if err := checkKey(k); err != nil {
			return err
		}
		k.Updated, changed = c.seconds(), k
		return c.putKey(s, k, sealed)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// DeleteAPIKey removes a key, also from the usage plans it is in.
func (c *Control) DeleteAPIKey(ctx context.Context, scope apigw.Scope, id apigw.APIKeyID) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		if _, _, err := c.readKey(ctx, scope, id, false); err != nil {
			return err
		}
		plans, err := c.plansOf(ctx, scope, id)
		if err != nil {
			return err
		}
		for _, p := range plans {
			s.remove(planKeyRecord(scope, p.ID, id))
			s.remove(planUsageRecord(scope, p.ID, id))
		}
		s.remove(apiKeyRecord(scope, id))
		s.counts.APIKeys--
		return c.forgetValue(ctx, s, id)
	})
}

// forgetValue removes what says that a value is the key's. A value that can't
// be opened any more, its master key lost, is looked for among all.
func (c *Control) forgetValue(ctx context.Context, s *scopeChange, id apigw.APIKeyID) error {
	if k, _, err := c.readKey(ctx, s.scope, id, true); err == nil {
		prints, err := c.fingerprints(s.scope, k.Value)
		for _, p := range prints {
			s.remove(p)
		}
		return err
	}
	records, _, _, err := c.store.List(ctx, kindPrefix(s.scope, KeyAPIKeyValue), "", 0)
	for _, r := range records {
		if string(r.Value) == `"`+string(id)+`"` {
			s.remove(r.Key)
		}
	}
	return err
}
