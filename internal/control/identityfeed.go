package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// addIdentity decodes a record into set. Without a sealer secrets stay sealed.
func addIdentity(set *apigw.IdentitySet, key string, value []byte, sealer func() (*store.Sealer, error)) error {
	k, ok := ParseKey(key)
	if !ok || k.Kind != KeyIdentity {
		return nil
	}
	r := store.Record{Key: key, Value: value}
	switch k.Name {
	case "user":
		u, _, err := decodeRecord[apigw.User](r)
		if err != nil {
			// Doors that users close stay closed when one can't be read.
			set.Users = append(set.Users, &apigw.User{Name: k.Rest, Account: k.Scope.Account})
			return err
		}
		set.Users = append(set.Users, u)
		return openKeys(u, key, sealer)
	case "group":
		return appendDecoded(r, &set.Groups)
	case "role":
		return appendDecoded(r, &set.Roles)
	case "provider":
		return appendDecoded(r, &set.Providers)
	}
	return fmt.Errorf("read %s: %w", key, store.ErrNewer)
}

func appendDecoded[T any](r store.Record, list *[]*T) error {
	v, _, err := decodeRecord[T](r)
	if err == nil {
		*list = append(*list, v)
	}
	return err
}

// openKeys opens the secrets of a user. One that can't be opened stays empty,
// which lets nobody in.
func openKeys(u *apigw.User, record string, sealer func() (*store.Sealer, error)) error {
	if sealer == nil || len(u.Keys) == 0 {
		return nil
	}
	s, err := sealer()
	if err != nil {
		return fmt.Errorf("the keys of user %s can't be opened: %w", u.Name, err)
	}
	for n := range u.Keys {
		secret, openErr := s.Open(record, u.Keys[n].Sealed)
		if openErr != nil {
			err = errors.Join(err, fmt.Errorf("key %s of user %s can't be opened: %w", u.Keys[n].ID, u.Name, openErr))
			continue
		}
		u.Keys[n].Secret = string(secret)
	}
	return err
}

// Loaded is closed once Changed was told of everything that is stored.
func (i *Identities) Loaded() <-chan struct{} { return i.loaded }

// Follow tells Changed of what is stored, by whichever node, until ctx ends.
func (i *Identities) Follow(ctx context.Context) {
	for b := range i.c.watchKind(ctx, KeyIdentity) {
		i.mu.Lock()
		for _, e := range b.Events {
			if e.Value == nil {
				delete(i.records, e.Key)
			} else {
				i.records[e.Key] = e.Value
			}
		}
		set, err := decodeIdentities(i.records, i.c.sealer)
		if err != nil {
			i.c.log.Error("stored identities can't be used in full; who can't be read isn't let in", "error", err)
		}
		i.o.Changed(set)
		i.keep()
		i.reached = max(i.reached, b.Revision)
		close(i.moved)
		i.moved = make(chan struct{})
		i.mu.Unlock()
		i.once.Do(func() { close(i.loaded) })
	}
}

// Assume tells Changed of identities that were kept, while the store hasn't
// said what there is.
func (i *Identities) Assume(kept *apigw.IdentitySet) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.reached == 0 {
		i.o.Changed(kept)
	}
}

func (i *Identities) keep() {
	records := map[string]json.RawMessage{}
	for key, value := range i.records {
		records[key] = value
	}
	raw, err := json.Marshal(records)
	if err != nil {
		i.c.log.Error("identities can't be kept for a start without the store", "error", err)
		return
	}
	i.o.Keep(raw)
}

// visibleWait is how long an edit waits until this node knows it.
const visibleWait = 2 * time.Second

// wait holds an edit until this node knows it. Nobody may follow: a command
// that has the store for itself.
func (i *Identities) wait(ctx context.Context, revision int64) {
	if i.o.Changed == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, visibleWait)
	defer cancel()
	for {
		i.mu.Lock()
		reached, moved := i.reached, i.moved
		i.mu.Unlock()
		if reached >= revision {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			i.c.log.Warn("a change of identities is stored but not known here yet", "revision", revision)
			return
		}
	}
}

func decodeIdentities(records map[string][]byte, sealer func() (*store.Sealer, error)) (*apigw.IdentitySet, error) {
	set := new(apigw.IdentitySet)
	var all error
	for key, value := range records {
		all = errors.Join(all, addIdentity(set, key, value, sealer))
	}
	return set, all
}

// DecodeIdentities reads what Keep was given. What can't be read is left out,
// and named by the error.
func DecodeIdentities(raw []byte, sealer func() (*store.Sealer, error)) (*apigw.IdentitySet, error) {
	var kept map[string]json.RawMessage
	if err := json.Unmarshal(raw, &kept); err != nil {
		return nil, fmt.Errorf("read the kept identities: %w", err)
	}
	records := map[string][]byte{}
	for key, value := range kept {
		records[key] = value
	}
	return decodeIdentities(records, sealer)
}
