package store

import (
	"context"
	"errors"
	"io"
)

var errUnfinished = errors.New("store: not written yet")

// Store is an open store, embedded or external. Safe for concurrent use.
type Store struct{}

// OpenEmbedded starts the embedded member on cfg.Dir, which it creates.
// ErrLocked, ErrNewer, or ErrDead (damaged data) with the cause.
func OpenEmbedded(ctx context.Context, cfg EmbeddedConfig) (*Store, error) {
	return nil, errUnfinished
}

// OpenExternal returns at once, also when the cluster is away: calls then fail
// with ErrDead until it is back.
func OpenExternal(ctx context.Context, cfg ExternalConfig) (*Store, error) {
	return nil, errUnfinished
}

// Get returns one record. ErrNotFound, ErrDead.
func (s *Store) Get(ctx context.Context, key string) (Record, error) {
	return Record{}, errUnfinished
}

// List returns the records whose keys begin with prefix and are greater than
// after, ascending, and the revision they were read at. Limit 0: all of them.
func (s *Store) List(ctx context.Context, prefix, after string, limit int) (recs []Record, more bool, rev int64, err error) {
	return nil, false, 0, errUnfinished
}

// Commit applies t wholly or not at all and returns its revision once it is
// durable. ErrConflict when a condition doesn't hold.
func (s *Store) Commit(ctx context.Context, t Txn) (rev int64, err error) {
	return 0, errUnfinished
}

// Watch delivers what changes under prefix after the revision after; 0: begins
// with a Reset batch. The channel is closed when ctx ends or s is closed.
func (s *Store) Watch(ctx context.Context, prefix string, after int64) <-chan Batch {
	c := make(chan Batch)
	close(c)
	return c
}

// Err is nil, or ErrDead with its cause.
func (s *Store) Err() error { return nil }

// Close ends the store; calls in progress get ErrDead.
func (s *Store) Close() error { return nil }

// Backup writes every record at one revision. The master key isn't in it.
func Backup(ctx context.Context, s *Store, w io.Writer) error { return errUnfinished }

// Restore writes a backup into an empty data folder.
func Restore(ctx context.Context, r io.Reader, dir string) error { return errUnfinished }

// RestoreExternal writes a backup into a cluster that has no data of ours.
func RestoreExternal(ctx context.Context, r io.Reader, cfg ExternalConfig) error {
	return errUnfinished
}
