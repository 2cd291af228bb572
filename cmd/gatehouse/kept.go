package main

import (
	"iter"
	"log/slog"
	"sync"

	"github.com/gatehouse/gatehouse/internal/store"
)

// kept is the last good state as the gateway uses it. Its file is open to one
// process, so a successor needs it before this process is done with it: lend
// leaves a private copy in its place.
type kept struct {
	path string
	log  *slog.Logger

	mu    sync.RWMutex // guards state
	state *store.LastGood
}

func openKept(path string, log *slog.Logger) (*kept, error) {
	state, err := store.OpenLastGood(path, log)
	if err != nil {
		return nil, err
	}
	return &kept{path: path, log: log, state: state}, nil
}

func (k *kept) current() *store.LastGood {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.state
}

// Put implements gateway.LastGood.
func (k *kept) Put(key string, value []byte) { k.current().Put(key, value) }

// Delete implements gateway.LastGood.
func (k *kept) Delete(key string) { k.current().Delete(key) }

// Get implements gateway.LastGood. While the file changes hands it waits.
func (k *kept) Get(key string) []byte {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.state.Get(key)
}

// All implements gateway.LastGood.
func (k *kept) All() iter.Seq2[string, []byte] { return k.current().All() }

// SetRevision implements gateway.LastGood.
func (k *kept) SetRevision(revision int64) { k.current().SetRevision(revision) }

// Revision implements gateway.LastGood.
func (k *kept) Revision() int64 { return k.current().Revision() }

// Dropped implements gateway.LastGood.
func (k *kept) Dropped() []string { return k.current().Dropped() }

// Flush implements gateway.LastGood.
func (k *kept) Flush() error { return k.current().Flush() }

// Close writes what is left to write.
func (k *kept) Close() error { return k.current().Close() }
