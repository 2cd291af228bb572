package edge

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// start serves an edge in front of origins, and returns its address.
func start(t *testing.T, secure bool, origins ...string) string {
	t.Helper()
	return startLogging(t, slog.DiscardHandler, secure, origins...)
}

func startLogging(t *testing.T, log slog.Handler, secure bool, origins ...string) string {
	t.Helper()
	f, err := New(Config{Origins: origins, Name: "here", Logger: slog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	l := gateway.ListenerConfig{Address: "127.0.0.1:0"}
	if secure {
		l.TLS = &gateway.TLSConfig{SelfSigned: true}
	}
	g, err := gateway.New(gateway.Config{Everything: f.Serve, DataDir: t.TempDir(), Listeners: []gateway.ListenerConfig{l}})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		g.Shutdown(ctx)
		<-served
		f.Close()
	})
	return g.Addrs()[0].String()
}

// raw is an origin that keeps the heads of requests as they come.
func raw(t *testing.T, answer string) (address string, heads chan string, connections *atomic.Int32) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	heads, connections = make(chan string, 10), new(atomic.Int32)
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer nc.Close()
				r := bufio.NewReader(nc)
				for {
					head := ""
					for {
						line, err := r.ReadString('\n')
						if err != nil {
							return
						}
						if line == "\r\n" {
							break
						}
						head += line
					}
					heads <- head
					io.WriteString(nc, answer)
				}
			}()
		}
	}()
	return "http://" + l.Addr().String(), heads, connections
}

// masked takes what is new in every message out.
func masked(text string) string {
	lines := strings.Split(text, "\r\n")
	for i, line := range lines {
		if id, ok := strings.CutPrefix(line, "X-Amz-Cf-Id: "); ok {
			lines[i] = fmt.Sprintf("X-Amz-Cf-Id: %d", len(id))
		}
		if strings.HasPrefix(line, "Date: ") {
			lines[i] = "Date"
		}
		if strings.HasPrefix(line, "X-Forwarded-Port: ") {
			lines[i] = "X-Forwarded-Port"
		}
	}
	return strings.Join(lines, "\n")
}

// TestFields: names in their usual spelling, cookies by name, no Content-MD5
// (developer guide, "API endpoint types": edge-optimized), the client's address
// behind what it sent, and nothing of the connection; the answer with Via,
// X-Cache and X-Amz-Cf-Id (recorded on AWS).
func TestFields(t *testing.T) {
	origin, heads, connections := raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-OWN: 1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a=1\r\n\r\nhi")
	edge := start(t, false, origin)
	nc, err := net.Dial("tcp", edge)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	want := strings.Join([]string{"GET /prod/a%20b?x=1&y HTTP/1.1", "Host: API.execute-api.example", "tEsT-HEADeR: 1", "Authorization: Bearer x", "Cookie: a=2; a=1; b=1; plain", "Via: 1.0 before",
		"X-Forwarded-For: 203.0.113.9, 127.0.0.1", "X-Forwarded-Proto: http", "X-Forwarded-Port", "CloudFront-Forwarded-Proto: http", "Via: 1.1 here (gatehouse)", "X-Amz-Cf-Id: 56", ""}, "\n")
	answered := "HTTP/1.1 200 OK\nDate\nX-OWN: 1\nSet-Cookie: a=1\nX-Cache: Miss from gatehouse\nVia: 1.1 here (gatehouse)\nX-Amz-Cf-Id: 56\n"
	r := bufio.NewReader(nc)
	for range 2 {
		io.WriteString(nc, "GET /prod/a%20b?x=1&y HTTP/1.1\r\nHost: API.execute-api.example\r\ntEsT-HEADeR: 1\r\nauthorization: Bearer x\r\ncookie: b=1;a=2; plain;  a=1\r\n"+
			"content-md5: x\r\nConnection: keep-alive, X-Mine\r\nX-Mine: 1\r\nVia: 1.0 before\r\nX-Forwarded-For: 203.0.113.9\r\nx-forwarded-proto: https\r\nCloudFront-Viewer-Country: DE\r\nX-Amz-Cf-Id: mine\r\nTE: trailers\r\n\r\n")
		if diff := cmp.Diff(want, masked(<-heads)); diff != "" {
			t.Errorf("request (-want +got)\n%s", diff)
		}
		head := ""
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if line == "\r\n" {
				break
			}
			head += line
		}
		if got := masked(head); !strings.HasPrefix(got, answered) || strings.Contains(got, "Keep-Alive") {
			t.Errorf("answer\n%s", got)
		}
		if _, err := r.Discard(2); err != nil {
			t.Fatal(err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections to the origin for two requests", n)
	}
}

// TestFieldsOfHTTP2: field names, which HTTP/2 has in lower case, are spelled for
// the origin, cookies that come in several fields are one, and the requests of one
// connection come over one.
func TestFieldsOfHTTP2(t *testing.T) {
	origin, heads, connections := raw(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
	edge := start(t, true, origin)
	dialled := new(atomic.Int32)
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	defer tr.CloseIdleConnections()
	want := strings.Join([]string{"GET /prod HTTP/1.1", "Host: api.execute-api.example", "Accept-Encoding: br", "Authorization: Bearer x", "Cookie: a=2; b=1; c=3", "User-Agent: test", "x-own: 1",
		"X-Forwarded-For: 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Port", "CloudFront-Forwarded-Proto: https", "Via: 2.0 here (gatehouse)", "X-Amz-Cf-Id: 56", ""}, "\n")
	for range 20 {
		r, _ := http.NewRequest("GET", "https://"+edge+"/prod", nil)
		r.Host = "api.execute-api.example"
		r.Header = http.Header{"Authorization": {"Bearer x"}, "Cookie": {"b=1; a=2", "c=3"}, "User-Agent": {"test"}, "Accept-Encoding": {"br"}, "X-Own": {"1"}, "Content-Md5": {"x"}, "Cloudfront-Is-Mobile-Viewer": {"true"}}
		resp, err := tr.RoundTrip(r)
		if err != nil || resp.ProtoMajor != 2 {
			t.Fatal(resp, err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		lines := strings.Split(masked(<-heads), "\n")
		slices.Sort(lines[2:min(7, len(lines))]) // net/http sends its fields in any order
		if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
			t.Fatalf("request (-want +got)\n%s", diff)
		}
	}
	if dialled.Load() != 1 || connections.Load() != 1 {
		t.Errorf("%d connections, %d to the origin", dialled.Load(), connections.Load())
	}
}

// TestProtocols: bodies of either direction, over HTTP/1.1 and HTTP/2, with and
// without TLS, with and without a length.
func TestProtocols(t *testing.T) {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Proto", r.Header.Get("X-Forwarded-Proto"))
		w.Header().Set("X-Length", fmt.Sprint(r.ContentLength))
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/stream" {
			w.WriteHeader(201)
			for _, b := range bytes.SplitAfter(body, []byte{','}) {
				w.Write(b)
				w.(http.Flusher).Flush()
			}
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Write(body)
	}))
	defer origin.Close()
	large := strings.Repeat("0123456789,", 100_000)
	for _, secure := range []bool{false, true} {
		address, proto := start(t, secure, origin.URL), "http"
		if secure {
			proto = "https"
		}
		for _, h2 := range []bool{false, true} {
			tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, Protocols: new(http.Protocols)}
			tr.Protocols.SetHTTP1(!h2)
			tr.Protocols.SetHTTP2(h2 && secure)
			tr.Protocols.SetUnencryptedHTTP2(h2 && !secure)
			c := &http.Client{Transport: tr, Timeout: 30 * time.Second}
			t.Cleanup(tr.CloseIdleConnections)
			for _, tc := range []struct {
				method, path, body string
				sized              bool
				status             int
			}{
				{"GET", "/", "", true, 200}, {"POST", "/", large, true, 200}, {"POST", "/", large, false, 200}, {"POST", "/stream", "a,b,c", true, 201}, {"POST", "/stream", large, false, 201}, {"HEAD", "/", "", true, 200}, {"POST", "/", "", true, 200},
			} {
				var body io.Reader = strings.NewReader(tc.body)
				if !tc.sized {
					body = io.MultiReader(body)
				}
				r, _ := http.NewRequest(tc.method, proto+"://"+address+tc.path, body)
				resp, err := c.Do(r)
				if err != nil {
					t.Errorf("TLS %v, HTTP/2 %v, %s %s: %v", secure, h2, tc.method, tc.path, err)
					continue
				}
				got, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != tc.status || string(got) != tc.body || resp.Header.Get("X-Proto") != proto {
					t.Errorf("TLS %v, HTTP/2 %v, %s %s: %s, %d bytes, %v, %v", secure, h2, tc.method, tc.path, resp.Status, len(got), resp.Header, err)
				}
			}
		}
	}
}

// TestOrigins: they take turns; one that can't be reached is passed over, whatever
// the request's body, and nothing that could have been sent is sent again.
func TestOrigins(t *testing.T) {
	count := func() (*httptest.Server, *atomic.Int32) {
		n := new(atomic.Int32)
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { n.Add(1); io.WriteString(w, "ok") }))
		t.Cleanup(s.Close)
		return s, n
	}
	one, first := count()
	two, second := count()
	gone := httptest.NewServer(nil)
	gone.Close()
	broken, _, hits := raw(t, "no HTTP\r\n\r\n")
	get := func(address string) int {
		resp, err := http.Get("http://" + address + "/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	address := start(t, false, one.URL, gone.URL, two.URL)
	for range 9 {
		if status := get(address); status != 200 {
			t.Errorf("status %d", status)
		}
	}
	if first.Load()+second.Load() != 9 || first.Load() < 3 || second.Load() < 3 {
		t.Errorf("%d and %d", first.Load(), second.Load())
	}
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Write(body)
	}))
	t.Cleanup(echo.Close)
	address = start(t, false, gone.URL, echo.URL)
	for _, size := range []int{0, 1, 8 << 10, 100 << 10} {
		for range 2 { // the one that is gone has its turn
			sent := strings.Repeat("a", size)
			resp, err := http.Post("http://"+address+"/", "text/plain", strings.NewReader(sent))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != 200 || string(got) != sent {
				t.Errorf("a body of %d bytes: %d, %d bytes came", size, resp.StatusCode, len(got))
			}
		}
	}
	if status := get(start(t, false, gone.URL)); status != 502 {
		t.Errorf("no origin: %d", status)
	}
	if status := get(start(t, false, broken, broken)); status != 502 || hits.Load() != 1 {
		t.Errorf("broken origin: %d, called %d times", status, hits.Load())
	}
}

// lines are what is logged.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// TestWhoseFaultIsTold: nobody fills the log by breaking off what it sends.
func TestWhoseFaultIsTold(t *testing.T) {
	gone := httptest.NewServer(nil)
	gone.Close()
	origin, _, _ := raw(t, "")
	for name, c := range map[string]struct{ origin, send, want string }{
		"an origin that is gone":    {gone.URL, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "level=WARN"},
		"a client that hangs up":    {origin, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "level=DEBUG"},
		"a body that breaks off":    {origin, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhi", "level=DEBUG"},
		"a body that isn't in HTTP": {origin, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "level=DEBUG"},
	} {
		t.Run(name, func(t *testing.T) {
			log := make(lines, 10)
			nc, err := net.Dial("tcp", startLogging(t, slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}), false, c.origin))
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			io.WriteString(nc, c.send)
			nc.Close()
			select {
			case line := <-log:
				if !strings.Contains(line, c.want) || !strings.Contains(line, "no origin answered") {
					t.Error(line)
				}
			case <-time.After(20 * time.Second):
				t.Error("nothing is told")
			}
		})
	}
}

func TestOriginAddresses(t *testing.T) {
	for _, bad := range []string{"", "region", "ftp://a", "https://", "https://a/b", "https://u@a", "https://a?x", "https://a#x", ":"} {
		if _, err := New(Config{Origins: []string{bad}}); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	for good, want := range map[string]string{"https://a": "a:443", "http://a/": "a:80", "https://[::1]:8443": "[::1]:8443"} {
		if e, err := origin(good, nil); err != nil || e.Address != want || (e.TLS != nil) != strings.HasPrefix(good, "https") {
			t.Errorf("%q: %+v, %v", good, e, err)
		}
	}
	if _, err := New(Config{}); err == nil {
		t.Error("an edge without an origin")
	}
}

func FuzzCookies(f *testing.F) {
	f.Add("b=1; a=2")
	f.Add(";;=; a; =b")
	f.Fuzz(func(t *testing.T, field string) {
		c := &call{}
		once := string(c.sorted([]byte(field)))
		if again := string(c.sorted([]byte(once))); again != once {
			t.Errorf("%q: %q, then %q", field, once, again)
		}
		if http1.ValidValue(field) && !http1.ValidValue(once) {
			t.Errorf("%q became %q", field, once)
		}
	})
}
