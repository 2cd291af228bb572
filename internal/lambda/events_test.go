package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeClock stands still but for sleepers, whose waits pass at once, or, where
// it is stopped, never.
type fakeClock struct {
	mu      sync.Mutex
	at      time.Time
	waits   []time.Duration
	stopped bool
	asleep  chan struct{} // receives one a sleeper
}

func newFakeClock() *fakeClock {
	return &fakeClock{at: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), asleep: make(chan struct{}, 100)}
}

func (c *fakeClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *fakeClock) sleep(ctx context.Context, d time.Duration) bool {
	c.mu.Lock()
	c.waits = append(c.waits, d)
	c.at = c.at.Add(d)
	stopped := c.stopped
	c.mu.Unlock()
	c.asleep <- struct{}{}
	if stopped {
		<-ctx.Done()
	}
	return ctx.Err() == nil
}

// eventHost is a host of "raw" with a clock of its own, that keeps events in
// folder.
func eventHost(t *testing.T, c *fakeClock, folder string) (*Functions, *logBuffer) {
	t.Helper()
	cfg, logs := testConfig(t, map[string]Function{"raw": {Runtime: "provided.al2023", Code: rawFolder, Timeout: 10 * time.Second, Concurrency: 1}})
	cfg.events = &eventQueue{c, retryWaits(), eventFiles{folder: folder, limit: 2048}}
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, logs
}

func send(t *testing.T, f *Functions, event string) string {
	t.Helper()
	var out Result
	payload, _ := json.Marshal(event)
	err := f.Invoke(t.Context(), &Invocation{Function: "raw:live", Type: Event, Payload: payload}, &out)
	if err != nil || out.Status != 202 || len(out.Payload) != 0 {
		t.Fatalf("%v, status %d, payload %s", err, out.Status, out.Payload)
	}
	return out.RequestID
}

// settled waits until no asynchronous invocation is left.
func settled(f *Functions) {
	l := f.entries["raw"].local
	for {
		l.mu.Lock()
		n := l.events
		l.mu.Unlock()
		if n == 0 {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestEvents(t *testing.T) {
	f, logs := eventHost(t, newFakeClock(), "")
	for i := range 5 { // one environment: they wait for each other
		send(t, f, fmt.Sprintf("print event-%d.", i))
	}
	settled(f)
	if n := f.entries["raw"].local.waiting; n != 0 {
		t.Errorf("%d wait when nothing is left", n)
	}
	f.Close()
	for i := range 5 {
		if strings.Count(logs.String(), fmt.Sprintf("event-%d.", i)) != 1 {
			t.Errorf("event %d did not run once", i)
		}
	}
}

func TestRetriesAndDeadLetter(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "events")
	c := newFakeClock()
	f, _ := eventHost(t, c, folder)
	id := send(t, f, "fail always")
	settled(f)
	if d := cmp.Diff([]time.Duration{time.Minute, 2 * time.Minute}, c.waits); d != "" {
		t.Error(d)
	}
	got, err := os.ReadFile(filepath.Join(folder, deadLetterFile))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":"1.0","timestamp":"2026-01-02T03:07:05.000Z","requestContext":{"requestId":"` + id +
		`","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:raw:live","condition":"RetriesExhausted","approximateInvokeCount":3},` +
		`"requestPayload":"fail always","responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},` +
		`"responsePayload":{"errorMessage":"always","errorType":"Example"}}` + "\n"
	if d := cmp.Diff(want, string(got)); d != "" {
		t.Error(d)
	}
	for range 10 { // one line is over 400 bytes, the limit 2048
		send(t, f, "fail always")
	}
	settled(f)
	for _, name := range []string{deadLetterFile, deadLetterFile + ".1"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() > 2048 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestRetrySucceeds(t *testing.T) {
	folder := t.TempDir()
	f, _ := eventHost(t, newFakeClock(), folder)
	send(t, f, "once "+filepath.Join(t.TempDir(), "tried"))
	settled(f)
	if _, err := os.Stat(filepath.Join(folder, deadLetterFile)); err == nil {
		t.Error("there is a dead letter")
	}
}

// TestEventsOutlive: what waits when the host is closed is run by the next
// one.
func TestEventsOutlive(t *testing.T) {
	folder := t.TempDir()
	c := newFakeClock()
	c.stopped = true
	f, _ := eventHost(t, c, folder)
	id := send(t, f, "once "+filepath.Join(folder, "tried"))
	<-c.asleep // it failed once
	f.Close()
	c = newFakeClock()
	f, logs := eventHost(t, c, folder)
	f.Resume()
	settled(f)
	f.Close()
	if len(c.waits) != 1 || !strings.Contains(logs.String(), `msg="second time" function=raw requestId=`+id) {
		t.Errorf("waits %v\n%s", c.waits, logs)
	}
	if _, err := os.Stat(filepath.Join(folder, waitingFile)); err == nil {
		t.Error("it would run again")
	}
}

// TestKeptText: an event of the largest size is read again, also one whose
// every character takes six in the file.
func TestKeptText(t *testing.T) {
	files := eventFiles{folder: t.TempDir()}
	large := json.RawMessage(`"` + strings.Repeat("<", maxEvent-2) + `"`)
	for _, e := range []*event{{ID: "1", Payload: large}, {ID: "2", Payload: json.RawMessage("{}")}} {
		if err := files.keep(e); err != nil {
			t.Fatal(err)
		}
	}
	list, err := files.take()
	if err != nil || len(list) != 2 {
		t.Errorf("%d of 2 are read: %v", len(list), err)
	}
}

func TestResumeWithout(t *testing.T) {
	folder := t.TempDir()
	os.WriteFile(filepath.Join(folder, waitingFile), []byte("damage\n"+
		`{"requestId":"1","functionArn":"arn:aws:lambda:eu-west-1:123456789012:function:gone","payload":{"a":1}}`+"\n"), 0o600)
	f, logs := eventHost(t, newFakeClock(), folder)
	f.Resume()
	if got, _ := os.ReadFile(filepath.Join(folder, deadLetterFile)); !strings.Contains(string(got), `"condition":"FunctionNotFound"`) ||
		!strings.Contains(string(got), `"requestPayload":{"a":1}`) {
		t.Errorf("%s", got)
	}
	if !strings.Contains(logs.String(), "1 damaged lines") {
		t.Errorf("the log doesn't tell of the damage:\n%s", logs)
	}
}
