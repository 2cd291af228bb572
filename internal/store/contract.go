// Package store keeps records in etcd, embedded or external, by one client
// code. It knows keys, values, revisions, trees of blobs, sealing, and what a
// dying disk does; it must not know what the records mean.
package store

import (
	"errors"
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
