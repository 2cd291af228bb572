package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// damageable writes a data folder and returns it with the files of its log and
// its database, and how much of the log is in use.
func damageable(t *testing.T) (dir, log, db string, logSize int) {
	t.Helper()
	dir = t.TempDir()
	s := openTest(t, dir)
	for i := range 30 {
		var ops []Op
		for j := range 50 {
			ops = append(ops, put(fmt.Sprintf("%sr/%d/%d", Prefix, i, j), "value"))
		}
		mustCommit(t, s, ops...)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	logs, err := filepath.Glob(filepath.Join(dir, etcdFolder, "member", "wal", "*.wal"))
	if err != nil || len(logs) != 1 {
		t.Fatal(logs, err)
	}
	content, err := os.ReadFile(logs[0])
	if err != nil {
		t.Fatal(err)
	}
	rel := func(path string) string {
		r, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	return dir, rel(logs[0]), filepath.Join(etcdFolder, "member", "snap", "db"), len(bytes.TrimRight(content, "\x00"))
}

// TestDamaged: damaged files make an error that says so, and the process lives.
func TestDamaged(t *testing.T) {
	dir, log, db, n := damageable(t)
	fill := func(b []byte, from, to int, with byte) []byte {
		for i := from; i < to; i++ {
			b[i] = with
		}
		return b
	}
	cases := []struct {
		name, file string
		damage     func([]byte) []byte
	}{
		{"log with an altered entry", log, func(b []byte) []byte { b[n/2] ^= 1; return b }},
		{"log with an altered begin", log, func(b []byte) []byte { b[30] ^= 1; return b }},
		{"log overwritten", log, func(b []byte) []byte { return fill(b, n/2, n/2+4096, 0xaa) }},
		{"log cut", log, func(b []byte) []byte { return b[:n/2] }},
		{"log with zeros at its end", log, func(b []byte) []byte { return fill(b, n/2, n, 0) }},
		{"log empty", log, func(b []byte) []byte { return nil }},
		{"log missing", log, nil},
		{"database cut", db, func(b []byte) []byte { return b[:100_000] }},
		{"database of another kind", db, func(b []byte) []byte { return bytes.Repeat([]byte("text"), 10_000) }},
		{"database overwritten", db, func(b []byte) []byte { return fill(b, 8192, 65536, 0xaa) }},
		{"database with zeros", db, func(b []byte) []byte { return fill(b, 8192, 65536, 0) }},
		{"database with altered pages", db, func(b []byte) []byte {
			for i := 8192; i < 200_000; i += 997 {
				b[i] ^= 0xff
			}
			return b
		}},
		{"format", formatFile, func([]byte) []byte { return []byte("{}") }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			copied := filepath.Join(t.TempDir(), "data")
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			alter(t, filepath.Join(copied, c.file), c.damage)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			s, err := OpenEmbedded(ctx, EmbeddedConfig{Dir: copied, Logger: testLogger(t)})
			if err == nil {
				s.Close()
			}
			t.Log(err)
			if !errors.Is(err, ErrDead) && !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func alter(t *testing.T, path string, damage func([]byte) []byte) {
	t.Helper()
	if damage == nil {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, damage(b), 0o600); err != nil {
		t.Fatal(err)
	}
}

// FuzzCheckBolt: what the check lets pass, bbolt reads without a panic.
func FuzzCheckBolt(f *testing.F) {
	path := filepath.Join(f.TempDir(), "seed")
	db, err := bolt.Open(path, 0o600, &bolt.Options{NoSync: true, PageSize: 1024})
	if err != nil {
		f.Fatal(err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucket([]byte("bucket"))
		if err != nil {
			return err
		}
		if _, err := b.CreateBucket([]byte("inline")); err != nil {
			return err
		}
		for i := range 60 {
			if err := b.Put(fmt.Appendf(nil, "key %02d", i), bytes.Repeat([]byte("v"), i)); err != nil {
				return err
			}
		}
		return b.Put([]byte("large"), make([]byte, 3000))
	})
	if err := errors.Join(err, db.Close()); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	if err := checkBolt(bytes.NewReader(seed), int64(len(seed))); err != nil {
		f.Fatal(err)
	}
	for i := range 40 {
		f.Add(uint32(i*307), byte(1<<(i%8)), uint32(i*991))
	}
	f.Fuzz(func(t *testing.T, at uint32, flip byte, cut uint32) {
		b := bytes.Clone(seed)
		b[int(at)%len(b)] ^= flip
		b = b[:len(b)-int(cut)%len(b)%1500]
		if checkBolt(bytes.NewReader(b), int64(len(b))) != nil {
			return
		}
		walk(t, b)
	})
}

func walk(t *testing.T, content []byte) {
	path := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(_ []byte, b *bolt.Bucket) error { return walkBucket(b) })
	})
	if err != nil {
		t.Fatal(err)
	}
}

func walkBucket(b *bolt.Bucket) error {
	return b.ForEach(func(k, v []byte) error {
		if v == nil {
			if nested := b.Bucket(k); nested != nil {
				return walkBucket(nested)
			}
		}
		return nil
	})
}
