package store

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func openLast(t *testing.T, path string) *LastGood {
	t.Helper()
	l, err := OpenLastGood(path, testLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func all(l *LastGood) map[string]string {
	m := map[string]string{}
	for k, v := range l.All() {
		m[k] = string(v)
	}
	return m
}

func TestLastGood(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lastgood")
	l := openLast(t, path)
	if len(all(l)) != 0 || l.Revision() != 0 || l.Get("a") != nil {
		t.Error("a new one isn't empty")
	}
	l.Put("a", []byte("1"))
	l.Put("b", nil)
	l.Put("a", []byte("2"))
	l.Put("gone", []byte("x"))
	l.Delete("gone")
	l.Delete("never")
	l.SetRevision(42)
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"a": "2", "b": ""}
	if diff := cmp.Diff(want, all(l)); diff != "" {
		t.Error(diff)
	}
	want["big"] = strings.Repeat("x", 3*lastGoodBatch)
	l.Put("big", []byte(want["big"]))
	for i := range 3000 {
		k := fmt.Sprintf("key %04d", i)
		want[k] = strings.Repeat("y", 3000)
		l.Put(k, []byte(want[k]))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l.Put("late", nil)
	l = openLast(t, path)
	if diff := cmp.Diff(want, all(l)); diff != "" {
		t.Error("the content differs")
	}
	if l.Revision() != 42 || string(l.Get("a")) != "2" || l.Get("b") == nil || l.Get("c") != nil {
		t.Error("reads differ")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLastGoodOrder(t *testing.T) {
	l := &LastGood{pending: map[string]waiting{}, dropped: map[string]bool{}, wake: make(chan struct{}, 1)}
	l.Put("stage", []byte("1"))
	l.Put("definition", []byte("2"))
	l.Put("stage", []byte("2")) // needs the definition
	l.Delete("old")
	batch, _ := l.takeBatch()
	l.Put("old", []byte("3"))
	l.giveBack(batch, 0)
	batch, _ = l.takeBatch()
	var got []string
	for _, q := range batch {
		got = append(got, q.key+string(q.value))
	}
	if diff := cmp.Diff([]string{"definition2", "stage2", "old3"}, got); diff != "" || l.bytes != 0 {
		t.Error(diff, l.bytes)
	}
}

func TestLastGoodBounded(t *testing.T) {
	l := &LastGood{pending: map[string]waiting{}, dropped: map[string]bool{}, wake: make(chan struct{}, 1), log: testLogger(t)}
	value := make([]byte, lastGoodPending/4)
	for _, k := range []string{"a", "b", "c", "d", "e"} {
		l.Put(k, value)
	}
	for range 10_000 {
		l.Put("c", nil)
	}
	if diff := cmp.Diff([]string{"d", "e"}, l.Dropped()); diff != "" {
		t.Error(diff)
	}
	if l.bytes > lastGoodPending || len(l.order) > 2000 || len(l.Dropped()) != 0 {
		t.Error(l.bytes, len(l.order))
	}
}

func TestLastGoodDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lastgood")
	l := openLast(t, path)
	for i := range 2000 {
		l.Put(fmt.Sprint("key", i), make([]byte, 1000))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	overwritten := bytes.Clone(good)
	for i := 4 * 4096; i < len(overwritten); i += 3000 {
		copy(overwritten[i:], noise(uint64(i), 500))
	}
	cases := map[string][]byte{
		"text":        []byte(strings.Repeat("no database ", 1000)),
		"short":       good[:10],
		"truncated":   good[:len(good)/4],
		"overwritten": overwritten,
		"zeros":       make([]byte, len(good)),
	}
	for name, bad := range cases {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			l, err := OpenLastGood(path, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(log.String(), "damaged") || len(all(l)) != 0 {
				t.Errorf("%d records; logged %q", len(all(l)), log.String())
			}
			l.Put("a", []byte("works"))
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if aside, err := os.ReadFile(path + ".damaged"); err != nil || !bytes.Equal(aside, bad) {
				t.Error("the damaged file isn't kept", err)
			}
		})
	}
}

func TestLastGoodLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lastgood")
	l := openLast(t, path)
	_, err := OpenLastGood(path, testLogger(t))
	wantError(t, err, ErrLocked)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
