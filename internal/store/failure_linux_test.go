package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// smallDisk mounts a memory file system of so many megabytes.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("gatehouse-test", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", megabytes))
	if err != nil {
		t.Skipf("mounting a small disk needs root with CAP_SYS_ADMIN: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestFullDisk: the process lives, calls answer at once with the cause, and
// what was acknowledged is there once the disk has space.
func TestFullDisk(t *testing.T) {
	disk := smallDisk(t, 56)
	dir := filepath.Join(disk, "data")
	s, err := OpenEmbedded(t.Context(), EmbeddedConfig{Dir: dir, Logger: testLogger(t), keepFree: -1})
	if err != nil {
		t.Fatal(err)
	}
	watch := s.Watch(t.Context(), Prefix+"none/", 0)
	next(t, watch)
	acknowledged := 0
	for ; err == nil; acknowledged++ {
		_, err = s.Commit(t.Context(), Txn{Ops: []Op{{Key: Prefix + strconv.Itoa(acknowledged), Value: noise(uint64(acknowledged), 100_000)}}})
	}
	acknowledged--
	t.Logf("after %d writes: %v", acknowledged, err)
	if !errors.Is(err, ErrDead) || !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("got %v", err)
	}
	begin := time.Now()
	_, err = s.Get(t.Context(), Prefix+"0")
	wantError(t, err, syscall.ENOSPC)
	_, err = s.Commit(t.Context(), Txn{Ops: []Op{put(Prefix+"x", "x")}})
	wantError(t, err, ErrDead)
	wantError(t, s.Err(), syscall.ENOSPC)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("the answers took %v", took)
	}
	if err := s.Close(); err != nil {
		t.Log("close:", err)
	}
	if _, ok := <-watch; ok {
		t.Error("the watch goes on")
	}
	copied := filepath.Join(t.TempDir(), "data") // the dead one may keep its folder locked
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, copied)
	for i := range acknowledged {
		r, err := s.Get(t.Context(), Prefix+strconv.Itoa(i))
		if err != nil || !bytes.Equal(r.Value, noise(uint64(i), 100_000)) {
			t.Fatalf("write %d of %d is lost: %v", i, acknowledged, err)
		}
	}
}

// TestNearlyFullDisk: writes are refused in time and taken again later.
func TestNearlyFullDisk(t *testing.T) {
	disk := smallDisk(t, 200)
	s := openTest(t, filepath.Join(disk, "data"))
	mustCommit(t, s, put(Prefix+"a", "1"))
	ballast := filepath.Join(disk, "ballast")
	free, err := freeSpace(disk)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(ballast, make([]byte, free-keepFree+1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = s.Commit(t.Context(), Txn{Ops: []Op{put(Prefix+"a", "2")}})
	t.Log(err)
	wantError(t, err, ErrDead)
	wantError(t, s.Err(), errDiskFull)
	if r, err := s.Get(t.Context(), Prefix+"a"); err != nil || string(r.Value) != "1" {
		t.Errorf("reads fail: %v", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, put(Prefix+"a", "3"))
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

// TestFullDiskAtStart: a start without space is an error that names it.
func TestFullDiskAtStart(t *testing.T) {
	disk := smallDisk(t, 1)
	_, err := OpenEmbedded(t.Context(), EmbeddedConfig{Dir: filepath.Join(disk, "data"), Logger: testLogger(t)})
	t.Log(err)
	wantError(t, err, ErrDead)
	wantError(t, err, syscall.ENOSPC)
}

func TestLastGoodFullDisk(t *testing.T) {
	disk := smallDisk(t, 4)
	path := filepath.Join(disk, "lastgood")
	var log bytes.Buffer
	l, err := OpenLastGood(path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	l.Put("a", []byte("old"))
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		l.Put("a", noise(uint64(i), 8<<20))
		wantError(t, l.Flush(), syscall.ENOSPC)
	}
	if got := l.Get("a"); string(got) != "old" {
		t.Errorf("%d bytes in place of the old value", len(got))
	}
	if n := strings.Count(log.String(), "can't be written"); n != 1 {
		t.Errorf("logged %d times: %s", n, log.String())
	}
	l.Put("a", []byte("new"))
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	l = openLast(t, path)
	if got := l.Get("a"); string(got) != "new" {
		t.Errorf("%d bytes in place of the new value", len(got))
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
