package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Record is one stored value. A nil Value: there is none.
type Record struct {
	Key      string
	Value    []byte
	Revision int64 // of its last change; 0: there is none
}

// Change is what is stored wholly or not at all.
type Change struct {
	// If are the revisions that records must still have; 0: they don't exist.
	If map[string]int64
	// Writes are values by key; nil deletes.
	Writes map[string][]byte
	// Drop deletes all records whose keys begin so.
	Drop []string
}

// ErrConflict is of a change whose conditions don't hold any more.
var ErrConflict = errors.New("somebody else changed it")

// Records keeps what pools hold. Keys are within a scope. Errors that aren't
// ErrConflict are for the caller: the store can't be reached, or is full.
type Records interface {
	// Get returns a record, or one without a value.
	Get(ctx context.Context, scope apigw.Scope, key string) (Record, error)
	// List returns at most limit records whose keys begin with prefix and are
	// greater than after, ascending; limit 0: all.
	List(ctx context.Context, scope apigw.Scope, prefix, after string, limit int) (list []Record, more bool, err error)
	// Commit stores a change durably and returns its revision.
	Commit(ctx context.Context, scope apigw.Scope, c Change) (int64, error)
	// Seal and Open keep a secret that belongs to a record.
	Seal(scope apigw.Scope, key string, plain []byte) ([]byte, error)
	Open(scope apigw.Scope, key string, sealed []byte) ([]byte, error)
}

// schema is the version of the records. A later one is refused.
const schema = 1

type stored[T any] struct {
	Schema int `json:"schema"`
	Value  *T  `json:"value"`
}

func encode[T any](v *T) ([]byte, error) { return json.Marshal(stored[T]{schema, v}) }

// decode reads a record; nil without a value.
func decode[T any](r Record) (*T, error) {
	if r.Value == nil {
		return nil, nil
	}
	var s stored[T]
	if err := json.Unmarshal(r.Value, &s); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.Key, err)
	}
	if s.Schema != schema || s.Value == nil {
		return nil, fmt.Errorf("read %s: it is damaged or of a later version (schema %d)", r.Key, s.Schema)
	}
	return s.Value, nil
}

// txn is a change in the making: it holds only while what it read is so.
type txn struct {
	ctx   context.Context
	s     *Service
	scope apigw.Scope
	c     Change
}

// maxAttempts is how often a change is tried while others change the same.
const maxAttempts = 16

// change runs apply until what it read was still so when it was stored. A
// change without writes is a look.
func (s *Service) change(ctx context.Context, scope apigw.Scope, apply func(*txn) error) error {
	for attempt := 1; ; attempt++ {
		t := &txn{ctx: ctx, s: s, scope: scope, c: Change{If: map[string]int64{}, Writes: map[string][]byte{}}}
		if err := apply(t); err != nil {
			return err
		}
		if len(t.c.Writes) == 0 && len(t.c.Drop) == 0 {
			return nil
		}
		revision, err := s.records.Commit(ctx, scope, t.c)
		if err == nil {
			s.committed(scope, t.c, revision)
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if attempt == maxAttempts {
			return errorf(tooManyRequests, "Too many changes at once; try again")
		}
		select {
		case <-time.After(rand.N(time.Duration(attempt) * 2 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read reads a record into the change; nil: there is none.
func read[T any](t *txn, key string) (*T, error) {
	r, err := t.s.records.Get(t.ctx, t.scope, key)
	if err != nil {
		return nil, err
	}
	t.c.If[key] = r.Revision
	return decode[T](r)
}

// put adds a write.
func put[T any](t *txn, key string, v *T) error {
	raw, err := encode(v)
	if err != nil {
		return err
	}
	t.c.Writes[key] = raw
	return nil
}

// remove adds a deletion.
func (t *txn) remove(key string) { t.c.Writes[key] = nil }

// listAll decodes all records of a prefix, at most limit.
func listAll[T any](ctx context.Context, s *Service, scope apigw.Scope, prefix, after string, limit int) (list []*T, last string, more bool, err error) {
	records, more, err := s.records.List(ctx, scope, prefix, after, limit)
	if err != nil {
		return nil, "", false, err
	}
	for _, r := range records {
		v, err := decode[T](r)
		if err != nil {
			return nil, "", false, err
		}
		list, last = append(list, v), r.Key
	}
	return list, last, more, nil
}
