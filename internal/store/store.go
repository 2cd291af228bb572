package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Prefix begins every key.
const Prefix = "/gatehouse/"

// Limits of a transaction, within those of an etcd cluster that nobody tuned
// (128 operations, 1.5 MiB).
const (
	MaxOps  = 100
	MaxSize = 1 << 20
)

const pageSize = 500 // records read at once by List

// Record is one stored value.
type Record struct {
	Key      string
	Value    []byte
	Revision int64 // of its last change
}

// Op is one write of a Txn. A nil Value deletes Key; Prefix deletes every key
// that begins with it.
type Op struct {
	Key    string
	Value  []byte
	Prefix bool
}

// Condition must hold for a Txn to be applied: Key was last changed at
// Revision; 0: Key does not exist.
type Condition struct {
	Key      string
	Revision int64
}

// Txn is applied wholly or not at all. At most MaxOps conditions and as many
// operations, MaxSize bytes, and no key written twice.
type Txn struct {
	If  []Condition
	Ops []Op
}

// Store is an open store, embedded or external. Safe for concurrent use.
type Store struct {
	log      *slog.Logger
	health   *health
	client   *clientv3.Client // when external, set before health is first good
	member   *member          // nil when external
	connect  func() error     // makes the client when external
	diagnose func() string    // why there is no connection
	epoch    *epoch           // nil when embedded
	wake     chan struct{}    // for maintenance or, when external, the monitor: look now

	refusing atomic.Pointer[refusal] // nil: writes are taken

	ctx       context.Context // ends at Close
	cancel    context.CancelFunc
	work      sync.WaitGroup // background goroutines
	closeOnce sync.Once
	closeErr  error
	lastWrite atomic.Int64 // unix nanoseconds of the last Commit, for maintenance
}

func newStore(log *slog.Logger, known bool) *Store {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Store{log: log, health: newHealth(known), wake: make(chan struct{}, 1)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Err is nil, or ErrDead with its cause. While writes alone are refused, for
// want of space, reads may still work.
func (s *Store) Err() error {
	if _, err, _ := s.health.state(); err != nil {
		return err
	}
	if r := s.refusing.Load(); r != nil {
		return r.err
	}
	return nil
}

// poke wakes maintenance or the monitor.
func (s *Store) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Close ends the store; calls in progress get ErrDead and watches are closed.
// An embedded store that died may leave its folder locked until the process
// ends, which is an error.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.cancel()
		timeout := stopTimeout
		if !s.health.kill(errClosed) {
			timeout = deadStopTimeout
		}
		s.work.Wait()
		if s.member != nil {
			s.closeErr = s.member.stop(timeout)
			return
		}
		if s.client != nil {
			s.client.Close()
		}
	})
	return s.closeErr
}

// Get returns one record. ErrNotFound, ErrDead.
func (s *Store) Get(ctx context.Context, key string) (Record, error) {
	if err := checkKey(key); err != nil {
		return Record{}, err
	}
	return s.get(ctx, key)
}

// get also reads our own records outside Prefix.
func (s *Store) get(ctx context.Context, key string) (Record, error) {
	resp, err := call(ctx, s, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return s.client.Get(ctx, key, s.readOptions()...)
	})
	if err != nil {
		return Record{}, fmt.Errorf("read %s: %w", key, err)
	}
	if len(resp.Kvs) == 0 {
		return Record{}, fmt.Errorf("%w: %s", ErrNotFound, key)
	}
	return record(resp.Kvs[0]), nil
}

// readOptions: the only member of a cluster has applied what it acknowledged,
// so it need not ask for a quorum before it answers.
func (s *Store) readOptions() []clientv3.OpOption {
	if s.member != nil {
		return []clientv3.OpOption{clientv3.WithSerializable()}
	}
	return nil
}

// List returns the records whose keys begin with prefix and are greater than
// after, ascending, and the revision they were read at. Limit 0: all of them.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) (recs []Record, more bool, rev int64, err error) {
	return s.listAt(ctx, prefix, after, limit, 0)
}

// listAt is List at a revision; 0: the latest.
func (s *Store) listAt(ctx context.Context, prefix, after string, limit int, rev int64) ([]Record, bool, int64, error) {
	if err := checkKey(prefix); err != nil {
		return nil, false, 0, err
	}
	var recs []Record
	for {
		page, more, at, err := s.page(ctx, prefix, after, pageLimit(limit, len(recs)), rev)
		if err != nil {
			return nil, false, 0, fmt.Errorf("list %s: %w", prefix, err)
		}
		rev = at
		recs = append(recs, page...)
		if !more || limit > 0 && len(recs) >= limit {
			return recs, more, rev, nil
		}
		after = recs[len(recs)-1].Key
	}
}

func pageLimit(limit, have int) int {
	if limit > 0 && limit-have < pageSize {
		return limit - have
	}
	return pageSize
}

func (s *Store) page(ctx context.Context, prefix, after string, limit int, rev int64) ([]Record, bool, int64, error) {
	from := prefix
	if after >= prefix {
		from = after + "\x00"
	}
	end := clientv3.GetPrefixRangeEnd(prefix)
	if from >= end {
		return nil, false, rev, nil
	}
	opts := append(s.readOptions(), clientv3.WithRange(end), clientv3.WithLimit(int64(limit)), clientv3.WithRev(rev))
	resp, err := call(ctx, s, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return s.client.Get(ctx, from, opts...)
	})
	if err != nil {
		return nil, false, 0, err
	}
	if rev == 0 {
		rev = resp.Header.Revision
	}
	recs := make([]Record, len(resp.Kvs))
	for i, kv := range resp.Kvs {
		recs[i] = record(kv)
	}
	return recs, resp.More, rev, nil
}

// Commit applies t wholly or not at all and returns its revision once it is
// durable. ErrConflict when a condition doesn't hold, ErrTooLarge. After
// ErrDead it isn't known whether t was applied.
func (s *Store) Commit(ctx context.Context, t Txn) (rev int64, err error) {
	if err := t.check(); err != nil {
		return 0, err
	}
	if t.puts() {
		if err := s.writable(); err != nil {
			return 0, fmt.Errorf("commit: %w", err)
		}
	}
	return s.commit(ctx, comparisons(t.If), operations(t.Ops))
}

// puts is whether t needs space; what only deletes is taken without.
func (t Txn) puts() bool {
	for _, op := range t.Ops {
		if op.Value != nil {
			return true
		}
	}
	return false
}

func (s *Store) commit(ctx context.Context, cmps []clientv3.Cmp, ops []clientv3.Op) (int64, error) {
	s.lastWrite.Store(time.Now().UnixNano())
	resp, err := call(ctx, s, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		resp, err := s.client.Txn(ctx).If(cmps...).Then(ops...).Commit()
		s.noteRefusal(err, ops)
		return resp, err
	})
	if err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	if !resp.Succeeded {
		return 0, ErrConflict
	}
	return resp.Header.Revision, nil
}

func (t Txn) check() error {
	if len(t.Ops) > MaxOps || len(t.If) > MaxOps {
		return fmt.Errorf("%w: a transaction of %d operations under %d conditions; the limit is %d", ErrTooLarge, len(t.Ops), len(t.If), MaxOps)
	}
	for _, c := range t.If {
		if err := checkKey(c.Key); err != nil {
			return err
		}
	}
	for _, op := range t.Ops {
		if err := checkKey(op.Key); err != nil {
			return err
		}
		if op.Prefix && op.Value != nil {
			return fmt.Errorf("an operation on the prefix %s carries a value", op.Key)
		}
	}
	if n := t.size(); n > MaxSize {
		return fmt.Errorf("%w: a transaction of %d bytes; the limit is %d", ErrTooLarge, n, MaxSize)
	}
	return nil
}

func (t Txn) size() int {
	n := 0
	for _, c := range t.If {
		n += len(c.Key)
	}
	for _, op := range t.Ops {
		n += len(op.Key) + len(op.Value)
	}
	return n
}

func checkKey(key string) error {
	if !strings.HasPrefix(key, Prefix) && !strings.HasPrefix(key, PresencePrefix) {
		return fmt.Errorf("key %q doesn't begin with %s", key, Prefix)
	}
	return nil
}
