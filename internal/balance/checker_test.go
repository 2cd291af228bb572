package balance

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func neverDue(context.Context, *Target) error { return nil }

// TestThresholds: the first check that passes makes a new target healthy, two
// that fail make it unhealthy, and three that pass healthy again; nobody else's
// goroutine runs in the meantime.
func TestThresholds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ill atomic.Bool
		var checks atomic.Int32
		var seen []Health
		c := NewChecker()
		defer c.Close()
		s := NewSet(Policy{}, nil, func(_ *Target, h Health) { seen = append(seen, h) })
		s.Replace(members(0), nil)
		s.SetPlan(c, &Plan{Interval: 10 * time.Second, Timeout: time.Second, Healthy: 3, Unhealthy: 2, Probe: func(context.Context, *Target) error {
			checks.Add(1)
			if ill.Load() {
				return errors.New("ill")
			}
			return nil
		}}, false)
		health := func() Health { return find(s, 0).Condition().Health }
		if health() != Initial {
			t.Errorf("before the first check: %d", health())
		}
		time.Sleep(time.Second)
		if health() != Healthy || checks.Load() != 1 {
			t.Errorf("after %d checks: %d", checks.Load(), health())
		}
		ill.Store(true)
		for n := checks.Load() + 1; checks.Load() < n; {
			time.Sleep(time.Second)
		}
		if health() != Healthy {
			t.Error("unhealthy after one check")
		}
		for n := checks.Load() + 1; checks.Load() < n; {
			time.Sleep(time.Second)
		}
		if health() != Unhealthy || find(s, 0).Condition().Reason == nil {
			t.Error("not unhealthy after two checks")
		}
		ill.Store(false)
		for n := checks.Load() + 3; checks.Load() < n; {
			if health() != Unhealthy {
				t.Error("healthy before three checks")
			}
			time.Sleep(time.Second)
		}
		if health() != Healthy || len(seen) != 3 {
			t.Errorf("after three checks: %d; seen %v", health(), seen)
		}
		s.SetPlan(c, nil, false)
		before := checks.Load()
		time.Sleep(time.Minute)
		if checks.Load() != before || health() != Unchecked {
			t.Error("it is still checked")
		}
	})
}

// TestManyTargets: thousands of targets are checked at their interval, none
// twice at a time, and those that went not at all.
func TestManyTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 5000
		var checks atomic.Int32
		c := NewChecker()
		defer c.Close()
		s := NewSet(Policy{}, nil, nil)
		s.SetPlan(c, &Plan{Interval: 30 * time.Second, Timeout: 5 * time.Second, Healthy: 2, Unhealthy: 2, Probe: func(context.Context, *Target) error {
			checks.Add(1)
			time.Sleep(time.Second)
			return nil
		}}, false)
		s.Replace(members(equal(n)...), nil)
		time.Sleep(5 * time.Minute)
		if got := checks.Load(); got < 9*n || got > 12*n {
			t.Errorf("%d checks of %d targets in 5 minutes", got, n)
		}
		if healthy, unhealthy := s.Count(); healthy != n || unhealthy != 0 {
			t.Errorf("%d healthy, %d not", healthy, unhealthy)
		}
		s.Replace(nil, nil)
		time.Sleep(10 * time.Second)
		before := checks.Load()
		time.Sleep(5 * time.Minute)
		if checks.Load() != before {
			t.Error("targets that went are checked")
		}
	})
}

func addressOf(t *testing.T, s *httptest.Server) netip.AddrPort {
	t.Helper()
	return netip.MustParseAddrPort(s.Listener.Addr().String())
}

// TestProbes: what load balancers send and what passes.
func TestProbes(t *testing.T) {
	var said atomic.Pointer[http.Request]
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		said.Store(r)
		switch r.URL.Path {
		case "/ill":
			w.WriteHeader(503)
		case "/stuck":
			<-r.Context().Done()
		}
	})
	plain, secure := httptest.NewServer(h), httptest.NewTLSServer(h)
	defer plain.Close()
	defer secure.Close()
	gone := httptest.NewServer(h)
	gone.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	matcher, err := ParseMatcher("200-299")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		protocol, path string
		at             *httptest.Server
		status         int
		timeout, fails bool
	}{
		{protocol: "HTTP", at: plain}, {protocol: "HTTPS", at: secure}, {protocol: "TCP", at: plain},
		{protocol: "HTTP", path: "/ill", at: plain, status: 503, fails: true},
		{protocol: "HTTP", path: "/stuck", at: plain, timeout: true, fails: true},
		{protocol: "HTTP", at: gone, fails: true}, {protocol: "TCP", at: gone, fails: true},
		{protocol: "HTTPS", at: plain, fails: true},
	} {
		p := Probe{Protocol: tc.protocol, Path: tc.path, Matcher: matcher, Dial: new(net.Dialer).DialContext}
		wait := 10 * time.Second
		if tc.timeout {
			wait = 50 * time.Millisecond
		}
		ctx, cancel := context.WithTimeout(context.Background(), wait)
		err := p.Check(ctx, addressOf(t, tc.at))
		cancel()
		e, _ := errors.AsType[*ProbeError](err)
		if (err != nil) != tc.fails || tc.fails && (e == nil || e.Status != tc.status || e.Timeout != tc.timeout) {
			t.Errorf("%s %s: %+v", tc.protocol, tc.path, err)
		}
	}
	if r := said.Load(); r.UserAgent() != "ELB-HealthChecker/2.0" || r.Host != plain.Listener.Addr().String() {
		t.Errorf("it says Host: %s, User-Agent: %s", r.Host, r.UserAgent())
	}
}

// TestProbeEnds: a check ends with its context, whenever that is.
func TestProbeEnds(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	for range 100 {
		ctx, cancel := context.WithCancel(context.Background())
		p := Probe{Protocol: "HTTPS", Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			nc, err := new(net.Dialer).DialContext(ctx, network, address)
			cancel()
			return nc, err
		}}
		if err := p.Check(ctx, netip.MustParseAddrPort(mute.Addr().String())); err == nil {
			t.Fatal("it passed")
		}
	}
}

// TestProbeHost: Host is the target's address, with the port unless it is the
// protocol's own (7.3 of the sheet).
func TestProbeHost(t *testing.T) {
	for _, tc := range [][3]string{
		{"HTTP", "10.0.0.1:80", "10.0.0.1"}, {"HTTP", "10.0.0.1:443", "10.0.0.1:443"}, {"HTTPS", "10.0.0.1:443", "10.0.0.1"},
		{"HTTP", "[fd00::1]:80", "[fd00::1]"}, {"HTTP", "[fd00::1]:81", "[fd00::1]:81"},
	} {
		p := Probe{Protocol: tc[0]}
		if got := string(p.request(netip.MustParseAddrPort(tc[1]))); !strings.Contains(got, "\r\nHost: "+tc[2]+"\r\n") {
			t.Errorf("%s %s: %q", tc[0], tc[1], got)
		}
	}
}

func TestMatcher(t *testing.T) {
	m, err := ParseMatcher("200,202, 300-304")
	if err != nil {
		t.Fatal(err)
	}
	for status, want := range map[int]bool{200: true, 201: false, 202: true, 299: false, 300: true, 304: true, 305: false} {
		if m.Match(status) != want {
			t.Errorf("%d", status)
		}
	}
	for _, bad := range []string{"", "x", "200-", "299-200", "20", "2000", "200;201", "600"} {
		if _, err := ParseMatcher(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// FuzzReadStatus: whatever a target says, what is read of it is a status or an
// error, the same however it comes in pieces.
func FuzzReadStatus(f *testing.F) {
	for _, seed := range []string{"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 404\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n", "HTTP/2 200", "HTTP/1.1 2x0 \r\n", "", strings.Repeat("HTTP/1.1 102 \r\n\r\n", 100)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		whole, err := readStatus(strings.NewReader(s))
		if err == nil && (whole < 101 || whole > 999) {
			t.Errorf("%q: %d", s, whole)
		}
		pieces, err2 := readStatus(oneByte{strings.NewReader(s)})
		if pieces != whole || (err == nil) != (err2 == nil) {
			t.Errorf("%q: %d, %v; in pieces %d, %v", s, whole, err, pieces, err2)
		}
	})
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

func FuzzMatcher(f *testing.F) {
	for _, seed := range []string{"200", "200,202", "200-299", "-", ",", "200-200-200"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if m, err := ParseMatcher(s); err == nil && (m.Match(99) || m.Match(600)) {
			t.Errorf("%q", s)
		}
	})
}
