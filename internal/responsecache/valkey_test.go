//go:build unix

package responsecache

import (
	"bytes"
	"log/slog"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/valkey"
	"github.com/gatehouse/gatehouse/internal/valkey/valkeytest"
)

// journal is a log that several write to.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// node is one of several that share a Valkey server.
func node(t *testing.T, there *valkeytest.Server, log *slog.Logger) (*Cache, *valkey.Server) {
	t.Helper()
	s := valkey.Open(valkey.Config{Address: there.Address, Logger: log, Timeout: 500 * time.Millisecond})
	t.Cleanup(s.Close)
	p := NewPool(Config{Memory: 1 << 20, Shared: InValkey(s, log), Secret: []byte("secret")})
	c := p.Acquire(Stage{Name: "s", Cluster: "1", Size: 1 << 20})
	t.Cleanup(func() { p.Release(c) })
	await(t, "the server is in use", s.Up)
	return c, s
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it takes too long: %s", what)
		}
	}
}

func now(body string) []byte { return answerAt(time.Now(), body) }

func found(c *Cache, key Key) string {
	e, _, found := c.Look(key, time.Now(), time.Minute, false, nil)
	if found != Kept {
		return ""
	}
	return string(e.Body)
}

// TestValkey: nodes find each other's answers on a real server; while it is
// away, paused or dead, nobody waits or fails, and the log says so once.
func TestValkey(t *testing.T) {
	there := valkeytest.Start(t)
	var told journal
	a, server := node(t, there, slog.New(slog.NewTextHandler(&told, nil)))
	b, _ := node(t, there, slog.New(slog.DiscardHandler))
	key, large := Sum(a.KeyOf("a")), Sum(a.KeyOf("large"))
	if !land(a, key, Landing{Answer: now("body"), TTL: time.Minute}) || found(b, key) != "body" {
		t.Error("the other node doesn't find the answer")
	}
	body := strings.Repeat("x", MaxEntry-100)
	if !land(a, large, Landing{Answer: now(body), TTL: time.Minute}) || found(b, large) != body {
		t.Error("the other node doesn't find a large answer")
	}
	if !land(a, key, Landing{Answer: now("anew"), TTL: time.Second}) || found(b, key) != "anew" {
		t.Error("the other node has an old answer")
	}
	time.Sleep(1100 * time.Millisecond)
	if found(b, key) != "" {
		t.Error("an answer outlives its time")
	}
	away := func(how string) {
		t.Helper()
		await(t, how, func() bool { found(a, large); return !server.Up() })
		began := time.Now()
		for range 1000 {
			if found(a, large) != "" || land(a, key, Landing{Answer: now("body"), TTL: time.Minute}) {
				t.Fatalf("%s: the server is asked", how)
			}
		}
		if took := time.Since(began); took > 30*time.Second {
			t.Errorf("%s: 1000 times nothing took %v", how, took)
		}
	}
	there.Pause()
	away("paused")
	there.Resume()
	await(t, "it is used after a pause", func() bool { return found(a, large) == body })
	there.Kill()
	away("killed")
	there.Start()
	await(t, "it is used after a restart", func() bool { return land(a, key, Landing{Answer: now("new"), TTL: time.Minute}) })
	if found(b, key) == "" {
		await(t, "the other node sees it, too", func() bool { return found(b, key) == "new" })
	}
	if log := told.String(); strings.Count(log, "is away") != 2 || strings.Count(log, "is in use") != 3 || strings.Contains(log, "doesn't keep") {
		t.Errorf("the log says\n%s", log)
	}
}

// TestValkeyRefuses: a server that is full costs nobody an answer, and is
// spoken of once; what is on it tells nothing.
func TestValkeyRefuses(t *testing.T) {
	there := valkeytest.Start(t, "--maxmemory", "4mb", "--maxmemory-policy", "noeviction")
	var told journal
	c, _ := node(t, there, slog.New(slog.NewTextHandler(&told, nil)))
	first := Sum(c.KeyOf("first"))
	if !land(c, first, Landing{Answer: now("a secret answer"), TTL: time.Minute}) {
		t.Fatal("not kept")
	}
	kept := 0
	for i := range 50 {
		if land(c, Sum(c.KeyOf("k", string(rune('a'+i)))), Landing{Answer: now(strings.Repeat("x", 500_000)), TTL: time.Minute}) {
			kept++
		}
	}
	if kept == 0 || kept == 50 || found(c, first) != "a secret answer" {
		t.Errorf("%d answers are kept", kept)
	}
	if log := told.String(); strings.Count(log, "doesn't keep or give answers") != 1 || !strings.Contains(log, "OOM") {
		t.Errorf("the log says\n%s", log)
	}
	_, port, _ := strings.Cut(there.Address, ":")
	out, err := exec.Command("redis-cli", "-p", port, "get", sharedKey(first)).Output()
	if err != nil {
		t.Logf("what is on the server isn't looked at: redis-cli: %v", err)
	} else if bytes.Contains(out, []byte("secret")) || len(out) < 20 {
		t.Errorf("the server has %q", out)
	}
}
