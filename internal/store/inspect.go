package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
	"go.etcd.io/etcd/server/v3/storage/schema"
)

// inspectDatabase finds a damaged bbolt file before it is opened for use. For
// etcd's database, applied is the index of the last entry of the log that it
// has.
func inspectDatabase(path string) (applied uint64, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return 0, err
	}
	if err := checkBolt(f, info.Size()); err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return 0, openError(path, err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		applied = appliedIndex(tx)
		return nil
	})
	return applied, err
}

func appliedIndex(tx *bolt.Tx) uint64 {
	b := tx.Bucket(schema.Meta.Name())
	if b == nil {
		return 0
	}
	v := b.Get(schema.MetaConsistentIndexKeyName)
	if len(v) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(v)
}

// openError tells a damaged file from one that can't be opened now.
func openError(path string, err error) error {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		return err
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		return fmt.Errorf("%w: %s", ErrLocked, path)
	}
	return fmt.Errorf("%w: %s: %w", ErrDamaged, path, err)
}
