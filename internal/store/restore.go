package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// ErrNotEmpty is Restore's answer when there is data already.
var ErrNotEmpty = errors.New("there is data already")

// Restore writes a backup into a data folder that has no data; other files,
// as the master key's, may be there. A truncated or altered backup is refused
// before anything is written (ErrDamaged), a newer one too (ErrNewer). R is
// read twice when it can seek, else copied to a temporary file first.
func Restore(ctx context.Context, r io.Reader, dir string) error {
	return restore(r, func(in io.Reader) error { return restoreFolder(ctx, in, dir) })
}

// RestoreExternal writes a backup into a cluster that has no data of ours.
// Else as Restore.
func RestoreExternal(ctx context.Context, r io.Reader, cfg ExternalConfig) error {
	return restore(r, func(in io.Reader) error { return restoreCluster(ctx, in, cfg) })
}

func restore(r io.Reader, write func(io.Reader) error) error {
	in, done, err := rewindable(r)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer done()
	begin, err := in.Seek(0, io.SeekCurrent)
	if err == nil {
		_, err = readBackup(in, nil)
	}
	if err == nil {
		_, err = in.Seek(begin, io.SeekStart)
	}
	if err == nil {
		err = write(in)
	}
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

func rewindable(r io.Reader) (io.ReadSeeker, func(), error) {
	if s, ok := r.(io.ReadSeeker); ok {
		if _, err := s.Seek(0, io.SeekCurrent); err == nil {
			return s, func() {}, nil
		}
	}
	f, err := os.CreateTemp("", "gatehouse-restore-*")
	if err != nil {
		return nil, nil, err
	}
	done := func() {
		f.Close()
		os.Remove(f.Name())
	}
	if _, err = io.Copy(f, r); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return f, done, nil
}

func restoreFolder(ctx context.Context, in io.Reader, dir string) error {
	if fresh, err := checkFolder(dir); err != nil {
		return err
	} else if !fresh {
		return fmt.Errorf("%w: %s", ErrNotEmpty, dir)
	}
	s, err := openFolder(ctx, EmbeddedConfig{Dir: dir}, true)
	if err != nil {
		return err
	}
	if err := errors.Join(s.load(ctx, in), s.Close()); err != nil {
		return errors.Join(err, os.RemoveAll(filepath.Join(dir, etcdFolder)), os.Remove(filepath.Join(dir, formatFile)))
	}
	return writeFolderFormat(dir, false)
}

func restoreCluster(ctx context.Context, in io.Reader, cfg ExternalConfig) error {
	s, err := newExternal(cfg)
	if err != nil {
		return err
	}
	if err := s.connect(); err != nil {
		return deadBecause(err)
	}
	defer s.Close()
	s.health.set(nil) // no monitor: each call finds out by itself
	place := strings.Join(cfg.Endpoints, ",")
	if err := s.claim(ctx, place); err != nil {
		return err
	}
	if err := s.load(ctx, in); err != nil {
		return errors.Join(err, s.disclaim(context.WithoutCancel(ctx)))
	}
	_, err = s.commit(ctx, nil, []clientv3.Op{clientv3.OpPut(formatKey, string(currentFormat(false)))})
	return err
}

// claim marks an empty cluster as being restored, so that no node uses half of
// the data.
func (s *Store) claim(ctx context.Context, place string) error {
	_, err := call(ctx, s, func(ctx context.Context) (origin, error) { return agreeFormat(ctx, s.client, place) })
	if err != nil {
		return err
	}
	none := []clientv3.Cmp{
		clientv3.Compare(clientv3.ModRevision(Prefix), "<", 1).WithPrefix(),
		clientv3.Compare(clientv3.ModRevision(keyCheckRecord), "=", 0),
	}
	_, err = s.commit(ctx, none, []clientv3.Op{clientv3.OpPut(formatKey, string(currentFormat(true)))})
	if errors.Is(err, ErrConflict) {
		return fmt.Errorf("%w: %s", ErrNotEmpty, place)
	}
	return err
}

func (s *Store) disclaim(ctx context.Context) error {
	_, err := s.commit(ctx, nil, []clientv3.Op{
		clientv3.OpDelete(Prefix, clientv3.WithPrefix()), clientv3.OpDelete(ownPrefix, clientv3.WithPrefix())})
	return err
}

// load writes the records of a verified backup in transactions.
func (s *Store) load(ctx context.Context, in io.Reader) error {
	var batch Txn
	flush := func() error {
		_, err := s.commit(ctx, nil, operations(batch.Ops))
		batch.Ops = batch.Ops[:0]
		return err
	}
	size := 0
	_, err := readBackup(in, func(r Record) error {
		if !strings.HasPrefix(r.Key, Prefix) && r.Key != keyCheckRecord {
			return fmt.Errorf("%w: key %q in the backup", ErrDamaged, r.Key)
		}
		n := len(r.Key) + len(r.Value)
		if len(batch.Ops) == MaxOps || size+n > MaxSize && size > 0 {
			if err := flush(); err != nil {
				return err
			}
			size = 0
		}
		batch.Ops, size = append(batch.Ops, Op{Key: r.Key, Value: r.Value}), size+n
		return nil
	})
	if err != nil || len(batch.Ops) == 0 {
		return err
	}
	return flush()
}
