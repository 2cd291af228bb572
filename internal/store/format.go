package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// The format of the data this version writes, and the oldest version that may
// still read it.
const (
	formatVersion      = 1
	formatOldestReader = 1
)

const (
	formatFile = "FORMAT" // in the data folder
	etcdFolder = "etcd"

	// Keys of our own, outside Prefix.
	ownPrefix = "/gatehouse-store/"
	formatKey = ownPrefix + "format"
)

// format says by which versions data may be read. Restoring marks data that a
// restore has not completed.
type format struct {
	Format       int  `json:"format"`
	OldestReader int  `json:"oldestReader"`
	Restoring    bool `json:"restoring,omitempty"`
}

func currentFormat(restoring bool) []byte {
	b, _ := json.Marshal(format{formatVersion, formatOldestReader, restoring}) // can't fail
	return b
}

// checkFormat judges a format record found at place.
func checkFormat(b []byte, place string) error {
	var f format
	if err := json.Unmarshal(b, &f); err != nil || f.Format < 1 || f.OldestReader < 1 {
		return fmt.Errorf("%w: the format record of %s is unreadable", ErrDamaged, place)
	}
	if f.OldestReader > formatVersion {
		return fmt.Errorf("%w: %s has format %d, which needs a version that reads format %d; this one reads up to %d",
			ErrNewer, place, f.Format, f.OldestReader, formatVersion)
	}
	if f.Restoring {
		return fmt.Errorf("%w: a restore into %s was not completed; empty it and restore again", ErrDamaged, place)
	}
	return nil
}

// checkFolder refuses a folder this version must not touch. Fresh: there is
// no data yet.
func checkFolder(dir string) (fresh bool, err error) {
	b, err := os.ReadFile(filepath.Join(dir, formatFile))
	switch {
	case err == nil:
		return false, checkFormat(b, dir)
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("read the format of the data: %w", err)
	}
	if _, err := os.Stat(filepath.Join(dir, etcdFolder)); err == nil {
		return false, fmt.Errorf("%w: %s has data but its file %s is missing", ErrDamaged, dir, formatFile)
	}
	return true, nil
}

func writeFolderFormat(dir string, restoring bool) error {
	if err := writeFileDurably(filepath.Join(dir, formatFile), currentFormat(restoring), 0o600); err != nil {
		return fmt.Errorf("write the format of the data: %w", err)
	}
	return nil
}

// writeFileDurably replaces path wholly or not at all.
func writeFileDurably(path string, content []byte, mode os.FileMode) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp.Name())
		}
	}()
	if err := fill(tmp, content, mode); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// fill writes, syncs and closes f.
func fill(f *os.File, content []byte, mode os.FileMode) error {
	_, err := f.Write(content)
	return errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
}

// syncFolder makes a rename durable where the system allows it (not Windows).
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// agreeFormat checks the format record in etcd, and writes it when etcd has
// none. It returns the cluster's identity and revision. It reads by quorum, so
// it fails when a write would.
func agreeFormat(ctx context.Context, c *clientv3.Client, place string) (origin, error) {
	resp, err := c.Get(ctx, formatKey)
	if err != nil {
		return origin{}, err
	}
	at := origin{resp.Header.ClusterId, resp.Header.Revision}
	if len(resp.Kvs) > 0 {
		return at, checkFormat(resp.Kvs[0].Value, place)
	}
	txn, err := c.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision(formatKey), "=", 0)).
		Then(clientv3.OpPut(formatKey, string(currentFormat(false)))).
		Else(clientv3.OpGet(formatKey)).Commit()
	if err != nil || txn.Succeeded {
		return at, err
	}
	return at, checkFormat(txn.Responses[0].GetResponseRange().Kvs[0].Value, place)
}

// origin tells data from other data: a restored cluster has another identity,
// or a revision that went back.
type origin struct {
	cluster  uint64
	revision int64
}
