package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// recordSchema is the version of the records of API keys, usage plans and VPC
// links. A later one is refused by name.
const recordSchema = 1

// guardedSchema is that of domain names whose settings keep clients out or lead
// them elsewhere: a binary that doesn't know them refuses such a record rather
// than serve it without them.
const guardedSchema = 2

// latestSchema is the latest version of records of a type.
func latestSchema[T any]() int {
	if _, guarded := any((*T)(nil)).(*apigw.DomainName); guarded {
		return guardedSchema
	}
	return recordSchema
}

// versioned is how these records are stored.
type versioned[T any] struct {
	Schema int    `json:"schema"`
	Value  *T     `json:"value"`
	Sealed []byte `json:"sealed,omitempty"` // a secret that belongs to the value
}

func encodeRecord[T any](key string, v *T, sealed []byte) ([]byte, error) {
	return encodeRecordAs(recordSchema, key, v, sealed)
}

func encodeRecordAs[T any](schema int, key string, v *T, sealed []byte) ([]byte, error) {
	raw, err := json.Marshal(versioned[T]{schema, v, sealed})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", key, err)
	}
	return raw, nil
}

func decodeRecord[T any](r store.Record) (v *T, sealed []byte, err error) {
	var s versioned[T]
	if err := json.Unmarshal(r.Value, &s); err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", r.Key, err)
	}
	if s.Schema < recordSchema || s.Schema > latestSchema[T]() {
		return nil, nil, fmt.Errorf("read %s: %w (schema %d)", r.Key, store.ErrNewer, s.Schema)
	}
	if s.Value == nil {
		return nil, nil, fmt.Errorf("read %s: %w", r.Key, store.ErrDamaged)
	}
	return s.Value, s.Sealed, nil
}

// scopeChange is a change of records that belong to an account and region
// rather than to an API. It holds only while nobody else made one: API keys
// and usage plans refer to each other, and a stage that is in a plan mustn't
// vanish unnoticed.
type scopeChange struct {
	scope   apigw.Scope
	txn     store.Txn
	counts  scopeCounts
	servers map[apigw.ARN]*storedServer // that it read, as it leaves them
}

// scopeCounts are how many there are, so that nobody has to count them. They
// are the value of the guard, which every change writes.
type scopeCounts struct {
	Schema   int `json:"schema"`
	APIKeys  int `json:"apiKeys"`
	Plans    int `json:"plans"`
	VPCLinks int `json:"vpcLinks"`

	TargetGroups int `json:"targetGroups,omitempty"`
	PrivateLinks int `json:"privateLinks,omitempty"`
}

// count adds one to *n unless there are most already.
func (s *scopeChange) count(n *int, what string, most int) error {
	*n++
	if *n > most {
		return apigw.Errorf(apigw.LimitExceeded, "Maximum number of %s for this account has been reached: %d", what, most)
	}
	return nil
}

// usageKey is the guard of a scope's API keys, usage plans and VPC links.
func usageKey(scope apigw.Scope) string { return ScopePrefix(scope) + string(KeyUsageGuard) }

// set and remove add a write.
func (s *scopeChange) set(key string, value []byte) {
	s.txn.Ops = append(s.txn.Ops, store.Op{Key: key, Value: value})
}

func (s *scopeChange) remove(key string) {
	s.txn.Ops = append(s.txn.Ops, store.Op{Key: key})
}

// full says that s has about as many writes as a transaction takes. Half of them
// are left for what belongs to the last one, as the certificates of a load balancer.
func (s *scopeChange) full() bool { return len(s.txn.Ops) >= store.MaxOps/2 }

// changeScope runs apply until what it read was still so when it was stored. When
// apply writes nothing, nothing is.
func (c *Control) changeScope(ctx context.Context, scope apigw.Scope, apply func(*scopeChange) error) error {
	c.usageMu.Lock()
	defer c.usageMu.Unlock()
	for attempt := 1; ; attempt++ {
		err := recovered(func() error { return c.tryScope(ctx, scope, apply) })
		if !errors.Is(err, store.ErrConflict) || attempt == maxAttempts {
			return storeError(err)
		}
		if err := stepAside(ctx, attempt); err != nil {
			return storeError(err)
		}
	}
}

// stepAside waits a little, longer after more attempts and never as long as
// another: nodes that write at once would go on meeting.
func stepAside(ctx context.Context, attempt int) error {
	select {
	case <-time.After(rand.N(time.Duration(attempt) * 2 * time.Millisecond)):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Control) tryScope(ctx context.Context, scope apigw.Scope, apply func(*scopeChange) error) error {
	s, err := c.beginScope(ctx, scope)
	if err != nil {
		return err
	}
	known, err := c.noteScope(ctx, scope)
	if err != nil {
		return err
	}
	s.txn.Ops = known
	if err := apply(s); err != nil || len(s.txn.Ops) == len(known) {
		return err
	}
	if err := s.end(); err != nil {
		return err
	}
	revision, err := c.store.Commit(ctx, s.txn)
	if err == nil && c.metered != nil {
		c.metered.committed(s.txn.Ops, revision)
	}
	if err == nil { // certificates first: a domain name finds its own
		c.certificates.committed(s.txn.Ops, revision)
		c.groups.committed(s.txn.Ops, revision) // and target groups: a load balancer finds its own
		c.balancers.committed(s.txn.Ops, revision)
		c.domains.committed(s.txn.Ops, revision)
		c.vpcLinks.committed(s.txn.Ops, revision)
		c.privateLinks.committed(s.txn.Ops, revision)
		c.registry.committed(s.txn.Ops, revision)
	}
	return err
}

// beginScope begins a change that holds while nobody else makes one.
func (c *Control) beginScope(ctx context.Context, scope apigw.Scope) (*scopeChange, error) {
	key := usageKey(scope)
	r, err := c.store.Get(ctx, key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	s := &scopeChange{scope: scope, counts: scopeCounts{Schema: recordSchema}, servers: map[apigw.ARN]*storedServer{}}
	if err == nil {
		err = json.Unmarshal(r.Value, &s.counts)
		if err == nil && s.counts.Schema != recordSchema {
			err = fmt.Errorf("%w (schema %d)", store.ErrNewer, s.counts.Schema)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", key, err)
		}
	}
	s.txn.If = []store.Condition{{Key: key, Revision: r.Revision}}
	return s, nil
}

// end adds the guard's write.
func (s *scopeChange) end() error {
	raw, err := json.Marshal(s.counts)
	if err != nil {
		return fmt.Errorf("encode the counts of a scope: %w", err)
	}
	s.set(usageKey(s.scope), raw)
	return nil
}

// kindPrefix begins the keys of one kind.
func kindPrefix(scope apigw.Scope, kind KeyKind) string {
	return ScopePrefix(scope) + string(kind) + "/"
}

// listRecords decodes all records of a prefix, by key.
func listRecords[T any](ctx context.Context, c *Control, prefix string) ([]*T, error) {
	records, _, _, err := c.store.List(ctx, prefix, "", 0)
	if err != nil {
		return nil, err
	}
	list := make([]*T, 0, len(records))
	for _, r := range records {
		v, _, err := decodeRecord[T](r)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// freeScopeID draws an ID that no record under prefix has.
func (c *Control) freeScopeID(ctx context.Context, prefix string, n int) (string, error) {
	for {
		id, err := c.newID(n)
		if err != nil {
			return "", err
		}
		if _, err := c.store.Get(ctx, prefix+id); errors.Is(err, store.ErrNotFound) {
			return id, nil
		} else if err != nil {
			return "", err
		}
	}
}

// lastSegment is the name that a key ends in.
func lastSegment(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }
