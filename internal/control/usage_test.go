package control

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

func sealedWith(t testing.TB, keys ...byte) func() (*store.Sealer, error) {
	t.Helper()
	var raw [][]byte
	for _, k := range keys {
		raw = append(raw, bytes.Repeat([]byte{k}, 32))
	}
	s, err := store.NewSealer(raw...)
	if err != nil {
		t.Fatal(err)
	}
	return func() (*store.Sealer, error) { return s, nil }
}

// TestKeysAreSealed: no record says a key's value, in its key or its content,
// and another node with the same master key reads it.
func TestKeysAreSealed(t *testing.T) {
	w := newWorldWith(t, Options{Sealer: sealedWith(t, 1)})
	const secret = "the-secret-value-of-a-key"
	k := must[*apigw.APIKey](t)(w.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{Name: "n", Value: secret}))
	records, _, _, err := shared.List(t.Context(), ScopePrefix(w.scope), "", 0)
	if err != nil || len(records) != 3 {
		t.Fatal(len(records), err)
	}
	for _, r := range records {
		if strings.Contains(r.Key+string(r.Value), secret) {
			t.Errorf("%s = %s", r.Key, r.Value)
		}
	}
	// A node with a new master key that knows the old one.
	other := New(Options{Store: shared, Sealer: sealedWith(t, 2, 1)})
	defer other.Close()
	if got := must[*apigw.APIKey](t)(other.APIKey(t.Context(), w.scope, k.ID, true)); got.Value != secret {
		t.Error(got.Value)
	}
	_, err = other.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{Value: secret})
	wantError(t, err, apigw.Conflict, "API Key already exists")
	if err := other.DeleteAPIKey(t.Context(), w.scope, k.ID); err != nil {
		t.Fatal(err)
	}
	must[*apigw.APIKey](t)(other.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{Value: secret}))
}

// TestResealedKeys: after a new master key took over, values are opened, and
// found to be taken, without the old one; a change of a key does the same.
func TestResealedKeys(t *testing.T) {
	w := newWorldWith(t, Options{Sealer: sealedWith(t, 1)})
	var made []*apigw.APIKey
	for _, c := range "ab" {
		made = append(made, must[*apigw.APIKey](t)(w.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{Value: strings.Repeat(string(c), 30)})))
	}
	both := New(Options{Store: shared, Sealer: sealedWith(t, 2, 1)})
	defer both.Close()
	must[*apigw.APIKey](t)(both.UpdateAPIKey(t.Context(), w.scope, made[0].ID, func(*apigw.APIKey) error { return nil }))
	sealer := must[*store.Sealer](t)(sealedWith(t, 2, 1)())
	changed := 0
	records, _, _, err := shared.List(t.Context(), kindPrefix(w.scope, KeyAPIKey), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		changed += must[int](t)(both.reseal(t.Context(), sealer, r))
	}
	if changed != 1 {
		t.Errorf("%d records were sealed anew", changed)
	}
	fresh := New(Options{Store: shared, Sealer: sealedWith(t, 2)})
	defer fresh.Close()
	for _, k := range made {
		if got := must[*apigw.APIKey](t)(fresh.APIKey(t.Context(), w.scope, k.ID, true)); got.Value != k.Value {
			t.Error(got.Value)
		}
		_, err := fresh.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{Value: k.Value})
		wantError(t, err, apigw.Conflict, "API Key already exists")
	}
	values, _, _, err := shared.List(t.Context(), kindPrefix(w.scope, KeyAPIKeyValue), "", 0)
	if err != nil || len(values) != 2 {
		t.Error(len(values), err)
	}
}

// TestKeysWithoutMasterKey are refused with the reason, and can be removed.
func TestKeysWithoutMasterKey(t *testing.T) {
	w := newWorld(t)
	_, err := w.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{})
	wantError(t, err, apigw.BadRequest, "The API key can't be kept: there is no master key")
	with := New(Options{Store: shared, Sealer: sealedWith(t, 1)})
	defer with.Close()
	k := must[*apigw.APIKey](t)(with.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{Value: strings.Repeat("v", 20)}))
	lost := New(Options{Store: shared, Sealer: sealedWith(t, 3)})
	defer lost.Close()
	if _, err := lost.APIKey(t.Context(), w.scope, k.ID, true); err == nil {
		t.Error("opened with another master key")
	}
	if err := lost.DeleteAPIKey(t.Context(), w.scope, k.ID); err != nil {
		t.Fatal(err)
	}
	must[*apigw.APIKey](t)(with.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{Value: strings.Repeat("v", 20)}))
}

// TestNodesAddKeysAtOnce: two nodes count and check for each other.
func TestNodesAddKeysAtOnce(t *testing.T) {
	const each = 20
	limits := Limits{APIKeys: 2*each + 1}
	w := newWorldWith(t, Options{Sealer: sealedWith(t, 1), Limits: limits})
	other := New(Options{Store: shared, Sealer: sealedWith(t, 1), Limits: limits})
	defer other.Close()
	var wg sync.WaitGroup
	same := make(chan error, 2)
	for n, c := range []*Control{w.Control, other} {
		wg.Go(func() {
			for i := range each {
				if _, err := c.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{Name: fmt.Sprint(n, i)}); err != nil {
					t.Error(err)
				}
			}
			_, err := c.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{Value: strings.Repeat("same", 6)})
			same <- err
		})
	}
	wg.Wait()
	if first, second := <-same, <-same; (first == nil) == (second == nil) {
		t.Error(first, second)
	}
	list, more, err := w.APIKeys(t.Context(), w.scope, KeyFilter{}, "", 500, false)
	if err != nil || more || len(list) != 2*each+1 {
		t.Fatal(len(list), more, err)
	}
	_, err = w.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{})
	wantError(t, err, apigw.LimitExceeded, fmt.Sprintf("Maximum number of API keys for this account has been reached: %d", 2*each+1))
	if err := w.DeleteAPIKey(t.Context(), w.scope, list[0].ID); err != nil {
		t.Fatal(err)
	}
	must[*apigw.APIKey](t)(w.CreateAPIKey(t.Context(), w.scope, apigw.APIKey{}))
}

// TestNewerRecords are refused by name.
func TestNewerRecords(t *testing.T) {
	w := newWorldWith(t, Options{Sealer: sealedWith(t, 1)})
	plan := must[*apigw.UsagePlan](t)(w.CreateUsagePlan(t.Context(), w.scope, apigw.UsagePlan{Name: "p"}))
	for _, key := range []string{planRecord(w.scope, plan.ID), usageKey(w.scope)} {
		if _, err := shared.Commit(t.Context(), store.Txn{Ops: []store.Op{{Key: key, Value: fmt.Appendf(nil, `{"schema":%d,"value":{}}`, guardedSchema+1)}}}); err != nil {
			t.Fatal(err)
		}
		_, err := w.UpdateUsagePlan(t.Context(), w.scope, plan.ID, func(*PlanChange) error { return nil })
		if !errors.Is(err, store.ErrNewer) {
			t.Error(err)
		}
	}
}

// FuzzParseKeys: whatever a file holds, a key that is taken from it can be
// kept.
func FuzzParseKeys(f *testing.F) {
	for _, seed := range []string{"Name,Key,description,Enabled,usageplanIds\nMyFirstKey,apikey1234abcdefghij0123456789,,TRUE,c7y23b\n", "key,name\n\"" + strings.Repeat("k", 40) + "\",\"a\nb\"", "\xef\xbb\xbfname,key\n", "\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		keys, err := parseKeys(body)
		if err != nil && apigw.KindOf(err) != apigw.BadRequest {
			t.Fatal(err)
		}
		for _, k := range keys {
			if checkKeyValue(k.key.Value) != nil || checkKey(&k.key) != nil || len(k.key.Value) < minImportedValue {
				t.Errorf("%+v", k)
			}
		}
	})
}
