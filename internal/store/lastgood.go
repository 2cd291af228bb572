package store

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
)

const (
	lastGoodPending = 64 << 20 // bytes waiting for the disk; more isn't taken
	lastGoodBatch   = 4 << 20  // bytes of one transaction
	lastGoodRetry   = 5 * time.Second
)

var (
	lastGoodBucket = []byte("records")
	lastGoodMarks  = []byte("marks")
	revisionMark   = []byte("revision")
)

// LastGood keeps what a node serves on its own disk, so that it starts and
// serves with the store absent. Put and Delete never block or fail: they reach
// the disk soon, in order, and what is on the disk is always whole.
type LastGood struct {
	log  *slog.Logger
	db   *bolt.DB
	wake chan struct{}
	done chan struct{} // closed when the writer ended

	mu       sync.Mutex         // guards what follows
	pending  map[string]waiting // newest value of a key
	order    []turn             // in which they were put; may hold turns that are past
	turns    uint64
	bytes    int
	revision int64 // to be noted, 0: none
	dropped  map[string]bool
	err      error // why the last attempt to write failed
	closing  bool
	flushes  []chan error
}

// waiting is a value on its way to the disk; nil: delete.
type waiting struct {
	value []byte
	turn  uint64
}

type turn struct {
	key  string
	turn uint64
}

// OpenLastGood opens or creates the file. A damaged file is moved aside,
// reported on logger, and an empty one takes its place.
func OpenLastGood(path string, logger *slog.Logger) (*LastGood, error) {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	db, err := openLastGood(path)
	if errors.Is(err, ErrDamaged) {
		if err := moveAside(path, err, logger); err != nil {
			return nil, err
		}
		db, err = openLastGood(path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the last good state: %w", err)
	}
	l := &LastGood{log: logger, db: db, wake: make(chan struct{}, 1), done: make(chan struct{}),
		pending: map[string]waiting{}, dropped: map[string]bool{}}
	go l.write()
	return l, nil
}

func openLastGood(path string) (db *bolt.DB, err error) {
	err = guardFault(func() error {
		if _, err := inspectDatabase(path); err != nil {
			return err
		}
		if db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: time.Second}); err != nil {
			return openError(path, err)
		}
		return nil
	})
	return db, err
}

// guardFault turns a panic over a damaged page into ErrDamaged.
func guardFault(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	return f()
}

func moveAside(path string, cause error, logger *slog.Logger) error {
	aside := path + ".damaged"
	if err := os.Rename(path, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("move the damaged last good state aside: %w", err)
	}
	logger.Error("the last good state is damaged: begin with an empty one", "movedTo", aside, "cause", cause)
	return nil
}

// Put stores value, which must not be changed afterwards, soon. When the disk
// is so slow, or full, that too much waits for it, the old value of the key
// stays and Dropped tells the key.
func (l *LastGood) Put(key string, value []byte) { l.enqueue(key, present(value)) }

// Delete removes key soon.
func (l *LastGood) Delete(key string) { l.enqueue(key, nil) }

func (l *LastGood) enqueue(key string, value []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return
	}
	size := len(key) + len(value)
	if before, ok := l.pending[key]; ok {
		l.bytes -= len(key) + len(before.value)
		delete(l.pending, key)
	}
	if l.bytes+size > lastGoodPending {
		if len(l.dropped) == 0 {
			l.log.Warn("the last good state can't keep up; some of it stays old", "waitingBytes", l.bytes)
		}
		l.dropped[key] = true
		return
	}
	l.turns++
	l.pending[key] = waiting{value, l.turns}
	l.order = append(l.order, turn{key, l.turns})
	l.bytes += size
	delete(l.dropped, key)
	if len(l.order) > 2*len(l.pending)+1000 {
		l.order = slices.DeleteFunc(l.order, func(t turn) bool { return l.pending[t.key].turn != t.turn })
	}
	l.poke()
}

func (l *LastGood) poke() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Dropped returns the keys whose newest value was not taken, and forgets them:
// the caller puts them again after a Flush.
func (l *LastGood) Dropped() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	keys := make([]string, 0, len(l.dropped))
	for k := range l.dropped {
		keys = append(keys, k)
	}
	clear(l.dropped)
	slices.Sort(keys)
	return keys
}

// SetRevision notes up to which revision of the store the content is complete,
// after what was put before. It is for reporting: a restored store counts
// revisions anew, so a watch must not begin from it.
func (l *LastGood) SetRevision(rev int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revision = rev
	l.poke()
}

// Flush waits until everything put before is on disk, or returns why it isn't.
func (l *LastGood) Flush() error {
	c := make(chan error, 1)
	l.mu.Lock()
	if l.closing {
		l.mu.Unlock()
		return errClosed
	}
	l.flushes = append(l.flushes, c)
	l.poke()
	l.mu.Unlock()
	return <-c
}

// Close flushes and closes.
func (l *LastGood) Close() error {
	l.mu.Lock()
	closing := l.closing
	l.closing = true
	l.poke()
	l.mu.Unlock()
	<-l.done
	if closing {
		return nil
	}
	l.mu.Lock()
	err := l.err
	l.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("write the last good state: %w", err)
	}
	return errors.Join(err, l.db.Close())
}

// Get returns the value of key on disk, nil when there is none or it can't be
// read.
func (l *LastGood) Get(key string) (value []byte) {
	l.view(func(tx *bolt.Tx) error {
		if b := tx.Bucket(lastGoodBucket); b != nil {
			if v := b.Get([]byte(key)); v != nil {
				value = append([]byte{}, v...)
			}
		}
		return nil
	})
	return value
}

// All yields everything on disk, ascending by key. The caller may put and
// delete meanwhile.
func (l *LastGood) All() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		after := []byte(nil)
		for {
			keys, values := l.some(after)
			for i, k := range keys {
				if !yield(string(k), values[i]) {
					return
				}
			}
			if len(keys) == 0 {
				return
			}
			after = append(keys[len(keys)-1], 0)
		}
	}
}

// some copies the records from a key on, as many as a batch holds, so that no
// transaction stays open while the caller works.
func (l *LastGood) some(from []byte) (keys, values [][]byte) {
	l.view(func(tx *bolt.Tx) error {
		b := tx.Bucket(lastGoodBucket)
		if b == nil {
			return nil
		}
		c, bytes := b.Cursor(), 0
		for k, v := c.Seek(from); k != nil && bytes < lastGoodBatch; k, v = c.Next() {
			keys, values = append(keys, slices.Clone(k)), append(values, append([]byte{}, v...))
			bytes += len(k) + len(v)
		}
		return nil
	})
	return keys, values
}

// Revision is what SetRevision last noted on disk, 0 when nothing was.
func (l *LastGood) Revision() (rev int64) {
	l.view(func(tx *bolt.Tx) error {
		if b := tx.Bucket(lastGoodMarks); b != nil {
			rev = decodeRevision(b.Get(revisionMark))
		}
		return nil
	})
	return rev
}

func (l *LastGood) view(f func(*bolt.Tx) error) {
	if err := guardFault(func() error { return l.db.View(f) }); err != nil {
		l.log.Error("the last good state can't be read", "cause", err)
	}
}
