// Package store keeps records in etcd, embedded or external, by one client
// code. It knows keys, values, revisions, trees of blobs, sealing, and what a
// dying disk does; it must not know what the records mean.
package store

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound = errors.New("no such record")
	ErrConflict = errors.New("the record was changed by another writer")
	ErrDead     = errors.New("the store can't be used") // wrapped with the cause: disk full, damaged log, cluster away
	ErrNewer    = errors.New("the data was written by a newer version")
	ErrLocked   = errors.New("the data folder is in use by another process")
)

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

// Txn is applied wholly or not at all. At most 100 operations and 1 MiB.
type Txn struct {
	If  []Condition
	Ops []Op
}

// Event is one change seen by Watch. Value nil: deleted.
type Event struct {
	Key   string
	Value []byte
}

// Batch is what one revision changed. With Reset the watch lost its place
// (compaction, reconnect to a restored store): Events then is every record
// under the prefix, and what isn't in it is gone.
type Batch struct {
	Revision int64
	Reset    bool
	Events   []Event
}

// EmbeddedConfig is for one member in this process.
type EmbeddedConfig struct {
	Dir    string // data folder; locked against a second process
	Logger *slog.Logger
}

// ExternalConfig is for an etcd cluster.
type ExternalConfig struct {
	Endpoints                 []string
	CAFile, CertFile, KeyFile string
	Username, Password        string
	DialTimeout               time.Duration
	Logger                    *slog.Logger
}

// Methods of *Store, in store.go and its neighbours:
//
//	func OpenEmbedded(ctx context.Context, cfg EmbeddedConfig) (*Store, error)
//	func OpenExternal(ctx context.Context, cfg ExternalConfig) (*Store, error) // returns at once when the cluster is away; calls then fail with ErrDead until it is back
//	func (s *Store) Get(ctx context.Context, key string) (Record, error)
//	func (s *Store) List(ctx context.Context, prefix, after string, limit int) (recs []Record, more bool, rev int64, err error) // keys ascending; limit 0: all (paged inside)
//	func (s *Store) Commit(ctx context.Context, t Txn) (rev int64, err error)
//	func (s *Store) Watch(ctx context.Context, prefix string, after int64) <-chan Batch // 0: begins with a Reset batch; closed when ctx ends
//	func (s *Store) Err() error // nil, or ErrDead with its cause
//	func (s *Store) Close() error
//	func Backup(ctx context.Context, s *Store, w io.Writer) error
//	func Restore(ctx context.Context, r io.Reader, dir string) error // into an empty data folder
//
// Trees (tree.go): a definition as content-addressed blobs under one head.

// EntryKey names an entry of a tree.
type EntryKey struct{ Kind, ID string }

// Change replaces (or, with a nil Value, removes) one entry.
type Change struct {
	EntryKey
	Value []byte
}

// Tree is one version of a tree: immutable. Meta is small, free text kept in
// the head itself; Head.Entries hold hashes; values are read by Values.
//
//	func (s *Store) ReadTree(ctx, base TreeBase) (*Tree, error)                        // ErrNotFound
//	func (s *Store) WriteTree(ctx, base TreeBase, old *Tree, meta []byte, changes []Change, extra Txn) (*Tree, error)
//	     // puts the blobs, then swaps the head in one transaction with extra; old nil: creates. ErrConflict when old isn't the latest.
//	     // cost doesn't grow with the values of the tree, only (slightly) with the number of entries.
//	func (s *Store) FreezeTree(t *Tree, key string, meta []byte) Op                   // the op that stores t under another head that never moves: a deployment; for WriteTree's extra or Commit
//	func (s *Store) ReadFrozen(ctx, base TreeBase, key string) (*Tree, error)
//	func (s *Store) Values(ctx, base TreeBase, t *Tree) (map[EntryKey][]byte, error)  // all values of t
//	func (s *Store) DeleteTree base ...                                               // head, blobs, and everything under base's own prefix
//	func (s *Store) Collect(ctx, base TreeBase, frozen []string) (removed int, err error) // blobs that neither the head nor the frozen heads refer to
type TreeBase struct {
	Head  string // key of the head record
	Blobs string // prefix of its blobs, ending in "/"
}

var _ = context.Background
var _ io.Writer
