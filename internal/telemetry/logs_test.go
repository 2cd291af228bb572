package telemetry

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gated is a destination that takes lines once it is let.
type gated struct {
	entered chan string // the group, when Write begins
	release chan error  // what Write returns

	mu  sync.Mutex
	got map[string]string
}

func newGated() *gated {
	return &gated{entered: make(chan string), release: make(chan error), got: map[string]string{}}
}

func (g *gated) Write(group string, lines []byte) error {
	g.entered <- group
	err := <-g.release
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil {
		g.got[group] += string(lines)
	}
	return err
}

func (*gated) Idle()        {}
func (*gated) Close() error { return nil }

// TestFullDestination: while a destination takes nothing, adding goes on
// without waiting, what is beyond the bound is dropped and counted, and the
// log says so once.
func TestFullDestination(t *testing.T) {
	var complaints bytes.Buffer
	to := newGated()
	l := NewLogs(to, slog.New(slog.NewTextHandler(&complaints, nil)))
	g := l.Open("group")
	line := []byte(strings.Repeat("x", 1023) + "\n")
	g.Add(line, 1)
	<-to.entered // the writer is stuck with the first line
	for range maxPending/len(line) + 5 {
		g.Add(line, 1)
	}
	if got := l.dropped.Load(); got != 5 {
		t.Errorf("%d lines were dropped, want 5", got)
	}
	done := make(chan error)
	go func() { done <- l.Close() }()
	to.release <- nil
	<-to.entered
	to.release <- nil
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, want := len(to.got["group"]), maxPending+len(line); got != want {
		t.Errorf("%d bytes were written, want %d", got, want)
	}
	if text := complaints.String(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "lost=5") {
		t.Errorf("the log says %q", text)
	}
}

// TestFailingDestination: lines that can't be written are lost, counted and
// told of; those after them are written.
func TestFailingDestination(t *testing.T) {
	var complaints bytes.Buffer
	to := newGated()
	l := NewLogs(to, slog.New(slog.NewTextHandler(&complaints, nil)))
	g := l.Open("group")
	g.Add([]byte("lost\nlost\n"), 2)
	<-to.entered
	g.Add([]byte("kept\n"), 1)
	to.release <- errors.New("no space left on device")
	<-to.entered
	to.release <- nil
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if to.got["group"] != "kept\n" || l.dropped.Load() != 2 || l.written.Load() != 1 {
		t.Errorf("written %q, %d lost, %d written", to.got["group"], l.dropped.Load(), l.written.Load())
	}
	if text := complaints.String(); !strings.Contains(text, "no space left on device") {
		t.Errorf("the log says %q", text)
	}
}

// TestGroups: many goroutines add to many groups; every line arrives whole, in
// its group.
func TestGroups(t *testing.T) {
	dir := t.TempDir()
	l := NewLogs(&Directory{Path: dir, Size: 1 << 30, Keep: 1}, slog.New(slog.DiscardHandler))
	var adding sync.WaitGroup
	for worker := range 8 {
		adding.Go(func() {
			for i := range 200 {
				g := l.Open([]string{"/aws/one", "two", "API-Gateway-Execution-Logs_a/b"}[(worker+i)%3])
				g.Add([]byte("a whole line\n"), 1)
				g.Close()
			}
		})
	}
	adding.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, name := range []string{"aws/one.log", "two.log", "API-Gateway-Execution-Logs_a/b.log"} {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(data), "a whole line\n")
		if rest := strings.ReplaceAll(string(data), "a whole line\n", ""); rest != "" {
			t.Errorf("%s has %q", name, rest)
		}
	}
	if lines != 1600 || len(l.groups) != 0 {
		t.Errorf("%d lines, %d groups left open; want 1600 and none", lines, len(l.groups))
	}
}

func TestRotation(t *testing.T) {
	dir := t.TempDir()
	d := &Directory{Path: dir, Size: 10, Keep: 2}
	defer d.Close()
	for _, line := range []string{"first\n", "1234\n", "third\n", "fourth\n", "a line longer than a file\n"} {
		if err := d.Write("g/h", []byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"h.log": "a line longer than a file\n", "h.log.1": "fourth\n", "h.log.2": "third\n"}
	if diff := cmp.Diff(want, readAll(t, filepath.Join(dir, "g"))); diff != "" {
		t.Error(diff)
	}
}

func TestRotationKeepsNone(t *testing.T) {
	dir := t.TempDir()
	d := &Directory{Path: dir, Size: 10}
	defer d.Close()
	for _, line := range []string{"12345678\n", "90\n"} {
		if err := d.Write("g", []byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[string]string{"g.log": "90\n"}, readAll(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestMovedAway: a file that logrotate has moved is left alone, and another
// begun.
func TestMovedAway(t *testing.T) {
	dir := t.TempDir()
	d := &Directory{Path: dir, Size: 1 << 20, Keep: 1}
	defer d.Close()
	write := func(line string) {
		t.Helper()
		if err := d.Write("g", []byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	if err := os.Rename(filepath.Join(dir, "g.log"), filepath.Join(dir, "moved")); err != nil {
		t.Skip("an open file can't be moved here:", err)
	}
	write("two\n")
	if diff := cmp.Diff(map[string]string{"g.log": "two\n", "moved": "one\n"}, readAll(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// TestFullDisk: a write that fails is an error, and writing goes on once there
// is space.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no disk that is always full here")
	}
	d := &Directory{Path: t.TempDir(), Size: 1 << 20, Keep: 1}
	defer d.Close()
	name := filepath.Join(d.Path, "g.log")
	if err := os.Symlink("/dev/full", name); err != nil {
		t.Fatal(err)
	}
	if err := d.Write("g", []byte("lost\n")); err == nil {
		t.Error("a full disk took a line")
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := d.Write("g", []byte("kept\n")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"g.log": "kept\n"}, readAll(t, d.Path)); diff != "" {
		t.Error(diff)
	}
}

// TestManyFiles: only so many are open, and none loses a line.
func TestManyFiles(t *testing.T) {
	d := &Directory{Path: t.TempDir(), Size: 1 << 20, Keep: 1}
	defer d.Close()
	for range 2 {
		for i := range maxOpenFiles + 10 {
			if err := d.Write(strings.Repeat("g", i+1), []byte("x\n")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(d.files) > maxOpenFiles {
		t.Errorf("%d files are open", len(d.files))
	}
	for name, text := range readAll(t, d.Path) {
		if text != "x\nx\n" {
			t.Errorf("%s has %q", name, text)
		}
	}
}

func readAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[e.Name()] = string(data)
	}
	return got
}

func TestRemote(t *testing.T) {
	var got []string
	fail := 1
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if fail > 0 {
			fail--
			w.WriteHeader(503)
			return
		}
		got = append(got, r.Header.Get("X-Gatehouse-Log-Group")+": "+string(body))
	}))
	defer server.Close()
	r := &Remote{URL: server.URL}
	if err := r.Write("group", []byte("one\ntwo\n")); err != nil {
		t.Fatal(err) // the first attempt fails, the second doesn't
	}
	fail = 2
	if err := r.Write("group", []byte("lost\n")); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"group: one\ntwo\n"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestGroupOf(t *testing.T) {
	tests := map[string]struct{ arn, want, err string }{
		"log group":            {"arn:aws:logs:us-east-1:123456789012:log-group:/aws/apigateway/prod", "/aws/apigateway/prod", ""},
		"with its end":         {"arn:aws:logs:us-east-1:123456789012:log-group:prod:*", "prod", ""},
		"stream":               {"arn:aws:firehose:us-east-1:123456789012:deliverystream/amazon-apigateway-prod", "amazon-apigateway-prod", ""},
		"stream of other name": {"arn:aws:firehose:us-east-1:123456789012:deliverystream/prod", "", "must begin with amazon-apigateway-"},
		"other service":        {"arn:aws:sqs:us-east-1:123456789012:prod", "", "neither a log group"},
		"no ARN":               {"prod", "", "is no ARN"},
		"out of the folder":    {"arn:aws:logs:us-east-1:123456789012:log-group:a/../../b", "", "can't be a file's name"},
		"root":                 {"arn:aws:logs:us-east-1:123456789012:log-group:/", "", "can't be a file's name"},
		"backslash":            {`arn:aws:logs:us-east-1:123456789012:log-group:a\b`, "", "may have"},
		"empty":                {"arn:aws:logs:us-east-1:123456789012:log-group:", "", "0 characters"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := GroupOf(test.arn)
			if test.err == "" && (err != nil || got != test.want) || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("%q, %v; want %q, %q", got, err, test.want, test.err)
			}
		})
	}
}

func BenchmarkAdd(b *testing.B) {
	l := NewLogs(Stream{io.Discard}, slog.New(slog.DiscardHandler))
	defer l.Close()
	g := l.Open("group")
	line := []byte(strings.Repeat("x", 250) + "\n")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			g.Add(line, 1)
		}
	})
}
