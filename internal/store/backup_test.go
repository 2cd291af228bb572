package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// filled is a store with records of several kinds and its content.
func filled(t *testing.T, s *Store) map[string]string {
	t.Helper()
	for i := range 30 {
		var ops []Op
		for j := range 50 {
			ops = append(ops, put(fmt.Sprintf("%sr/%d/%d", Prefix, i, j), strconv.Itoa(j)))
		}
		mustCommit(t, s, ops...)
	}
	mustCommit(t, s, put(Prefix+"empty", ""))
	big := []Change{{EntryKey{"body", "1"}, noise(1, 3<<20)}}
	if _, err := s.WriteTree(t.Context(), base(Prefix+"tree/"), nil, []byte("meta"), big, Txn{}); err != nil {
		t.Fatal(err)
	}
	return content(t, s)
}

func content(t *testing.T, s *Store) map[string]string {
	t.Helper()
	recs, _, _, err := s.List(t.Context(), Prefix, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, r := range recs {
		all[r.Key] = string(r.Value)
	}
	return all
}

func TestBackup(t *testing.T) {
	s := openTest(t, t.TempDir())
	key := testSealer(t, 1)
	if err := CheckMasterKey(t.Context(), s, key); err != nil {
		t.Fatal(err)
	}
	want := filled(t, s)
	var b bytes.Buffer
	if err := Backup(t.Context(), s, &b); err != nil {
		t.Fatal(err)
	}
	backup := b.Bytes()
	t.Run("restore", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "master.key"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Restore(t.Context(), bytes.NewBuffer(backup), dir); err != nil { // can't seek
			t.Fatal(err)
		}
		got := openTest(t, dir)
		if diff := cmp.Diff(want, content(t, got)); diff != "" {
			t.Error("the content differs")
		}
		if err := CheckMasterKey(t.Context(), got, key); err != nil {
			t.Error(err)
		}
		wantError(t, CheckMasterKey(t.Context(), got, testSealer(t, 2)), ErrOtherKey)
		wantError(t, Restore(t.Context(), bytes.NewReader(backup), dir), ErrNotEmpty)
	})
	t.Run("damaged", func(t *testing.T) { testDamagedBackup(t, backup) })
	t.Run("newer", func(t *testing.T) {
		newer := bytes.Replace(backup, []byte(`"oldestReader":1`), []byte(`"oldestReader":9`), 1)
		wantError(t, Restore(t.Context(), bytes.NewReader(newer), t.TempDir()), ErrNewer)
	})
	t.Run("interrupted", func(t *testing.T) {
		dir := t.TempDir()
		ctx, cancel := context.WithCancel(t.Context())
		r := &cancelling{Reader: bytes.NewReader(backup), cancel: cancel, after: len(backup) + len(backup)/2}
		wantError(t, Restore(ctx, r, dir), context.Canceled)
		if err := Restore(t.Context(), bytes.NewReader(backup), dir); err != nil {
			t.Errorf("the folder can't be used again: %v", err)
		}
	})
}

// cancelling cancels a context when so much of it was read.
type cancelling struct {
	*bytes.Reader
	cancel func()
	after  int
}

func (c *cancelling) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if c.after -= n; c.after < 0 {
		c.cancel()
	}
	return n, err
}

func testDamagedBackup(t *testing.T, backup []byte) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, n := range []int{0, 5, 20, 200, len(backup) / 2, len(backup) - 33, len(backup) - 1} {
		if err := Restore(t.Context(), bytes.NewReader(backup[:n]), dir); !errors.Is(err, ErrDamaged) {
			t.Errorf("of length %d: %v", n, err)
		}
	}
	for _, i := range []int{3, 9, 40, 150, 5000, len(backup) / 2, len(backup) - 10} {
		altered := bytes.Clone(backup)
		altered[i] ^= 1
		if err := Restore(t.Context(), bytes.NewReader(altered), dir); !errors.Is(err, ErrDamaged) {
			t.Errorf("altered at %d: %v", i, err)
		}
	}
	if err := Restore(t.Context(), bytes.NewReader(append(bytes.Clone(backup), 0)), dir); !errors.Is(err, ErrDamaged) {
		t.Errorf("longer: %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("something was written")
	}
}

func FuzzReadBackup(f *testing.F) {
	var b bytes.Buffer
	w := newBackupWriter(&b)
	if err := w.header(BackupHeader{Format: 1, OldestReader: 1}); err != nil {
		f.Fatal(err)
	}
	w.record(Record{Key: Prefix + "a", Value: []byte("value")})
	w.close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		_, verified := readBackup(bytes.NewReader(in), nil)
		_, err := readBackup(bytes.NewReader(in), func(Record) error { return nil })
		if (verified == nil) != (err == nil) {
			t.Errorf("verified %v, read %v", verified, err)
		}
	})
}
