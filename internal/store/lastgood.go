package store

import (
	"iter"
	"log/slog"
)

// LastGood keeps what a node serves on its own disk, so that it starts and
// serves with the store absent. It never blocks or fails its caller.
type LastGood struct{}

// OpenLastGood opens or creates the file. A damaged file is moved aside,
// reported on logger, and an empty one takes its place.
func OpenLastGood(path string, logger *slog.Logger) (*LastGood, error) {
	return nil, errUnfinished
}

// Put stores value, which must not be changed afterwards, soon.
func (l *LastGood) Put(key string, value []byte) {}

// Delete removes key soon.
func (l *LastGood) Delete(key string) {}

// SetRevision notes up to which revision of the store the content is complete.
func (l *LastGood) SetRevision(rev int64) {}

// Get returns the value of key, nil when there is none.
func (l *LastGood) Get(key string) []byte { return nil }

// All yields everything, ascending by key.
func (l *LastGood) All() iter.Seq2[string, []byte] {
	return func(func(string, []byte) bool) {}
}

// Revision is what SetRevision last noted on disk, 0 when nothing was.
func (l *LastGood) Revision() int64 { return 0 }

// Flush waits until everything put before is on disk, or returns why not.
func (l *LastGood) Flush() error { return nil }

// Close flushes and closes.
func (l *LastGood) Close() error { return nil }
