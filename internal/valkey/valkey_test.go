//go:build unix

package valkey

import (
	"errors"
	"strings"
	"testing"
	"time"

	valkeygo "github.com/valkey-io/valkey-go"

	"github.com/gatehouse/gatehouse/internal/valkey/valkeytest"
)

func count(t *testing.T, s *Server) (int64, error) {
	t.Helper()
	r, err := s.Do(t.Context(), func(b valkeygo.Builder) valkeygo.Completed { return b.Incr().Key("n").Build() })
	if err != nil {
		return 0, err
	}
	n, err := r.AsInt64()
	if err != nil {
		t.Fatal(err)
	}
	return n, nil
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it takes too long: %s", what)
		}
	}
}

// TestServer: it answers; paused or killed it costs one call its time and the
// others nothing; it is used again once it is back.
func TestServer(t *testing.T) {
	there := valkeytest.Start(t)
	const timeout = time.Second // long, as machines of tests are busy
	s := Open(Config{Address: there.Address, Timeout: timeout})
	defer s.Close()
	await(t, "the server is in use", s.Up)
	for want := range int64(3) {
		if n, err := count(t, s); err != nil || n != want+1 {
			t.Fatalf("%d, %v; want %d", n, err, want+1)
		}
	}

	there.Pause()
	begun := time.Now()
	if _, err := count(t, s); !errors.Is(err, ErrAway) {
		t.Errorf("paused: %v", err)
	}
	if d := time.Since(begun); d < timeout || d > 5*timeout {
		t.Errorf("paused: %v", d)
	}
	begun = time.Now()
	for range 1000 {
		if _, err := count(t, s); !errors.Is(err, ErrAway) {
			t.Fatalf("still paused: %v", err)
		}
	}
	if d := time.Since(begun); d > timeout {
		t.Errorf("1000 calls while it is away: %v", d)
	}
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "no answer within 1s") {
		t.Errorf("cause: %v", err)
	}
	there.Resume()
	await(t, "it is used after a pause", s.Up)

	there.Kill()
	await(t, "it is missed", func() bool { _, err := count(t, s); return err != nil })
	there.Start()
	await(t, "it is used after a restart", s.Up)
	if n, err := count(t, s); err != nil || n != 1 {
		t.Errorf("after a restart: %d, %v", n, err)
	}
}

// TestPassword: a server that wants a password gets it; one that refuses it is
// away, and the cause says so.
func TestPassword(t *testing.T) {
	there := valkeytest.Start(t, "--requirepass", "open")
	s := Open(Config{Address: there.Address, Password: "open"})
	defer s.Close()
	await(t, "the server is in use", s.Up)
	other := Open(Config{Address: there.Address, Password: "wrong"})
	defer other.Close()
	await(t, "the cause is known", func() bool { return strings.Contains(other.Err().Error(), "WRONGPASS") })
	if other.Up() || strings.Contains(other.Err().Error(), "wrong ") {
		t.Errorf("a wrong password: %v", other.Err())
	}
}

// TestShard: a shard of a cluster is refused by name.
func TestShard(t *testing.T) {
	there := valkeytest.Start(t, "--cluster-enabled", "yes")
	s := Open(Config{Address: there.Address})
	defer s.Close()
	await(t, "the cause is known", func() bool { return strings.Contains(s.Err().Error(), "shard of a Valkey cluster") })
}

// TestAbsent: a server that isn't there holds nothing up.
func TestAbsent(t *testing.T) {
	s := Open(Config{Address: "127.0.0.1:1"})
	if _, err := count(t, s); !errors.Is(err, ErrAway) {
		t.Errorf("%v", err)
	}
	await(t, "the cause is known", func() bool { return strings.Contains(s.Err().Error(), "refused") })
	s.Close()
}
