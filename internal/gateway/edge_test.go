package gateway

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/store"
)

// edge is a gateway that serves API a1b2c3d4e5, stage prod, on real sockets.
type edge struct {
	*Gateway
	source *fakeSource
	kind   *fakeKind
	served chan error
}

func startEdge(t testing.TB, k *fakeKind, change func(*Config)) *edge {
	t.Helper()
	e := &edge{source: newFakeSource(), kind: k, served: make(chan error, 1)}
	e.Gateway = newGateway(t, k, func(c *Config) {
		c.Listeners = []ListenerConfig{{Address: "127.0.0.1:0"}}
		c.DataDir = t.TempDir()
		if change != nil {
			change(c)
		}
	})
	if err := e.Listen(); err != nil {
		t.Fatal(err)
	}
	go func() { e.served <- e.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		e.Shutdown(ctx)
	})
	e.source.define("a1b2c3d4e5", "d1")
	e.source.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{record("a1b2c3d4e5", "prod", "d1")}}
	follow(t, e.Gateway, e.source, 1)
	return e
}

func (e *edge) addr() string { return e.Addrs()[0].String() }

// seen is what a stage sees of a request.
type seen struct {
	Method, Path, Query, Host, Protocol, Body string
	IP                                        string
	Port                                      uint16
	TLS                                       bool
	TLSProto, Cipher                          string
	Endpoint                                  *exchange.Endpoint
	Length                                    int64
	Header                                    []string
	Subject                                   string // of the client's certificate
}

// mirror answers with what it sees.
func mirror(x *exchange.Exchange, _ *apigw.Definition, _ *apigw.Stage) {
	s := seen{Method: x.Method, Path: string(x.Path), Query: string(x.Query), Host: string(x.Host), Protocol: x.Protocol,
		IP: x.Client.IP.String(), Port: x.Client.Port, TLS: x.Client.TLS, TLSProto: x.Client.TLSProto, Cipher: x.Client.Cipher,
		Endpoint: x.Client.Endpoint, Length: x.Body.Length()}
	if x.Client.Cert != nil {
		s.Subject = x.Client.Cert.SubjectDN
	}
	for i := range x.Header.Len() {
		name, value := x.Header.At(i)
		s.Header = append(s.Header, string(name)+": "+string(value))
	}
	body, err := x.Body.ReadAll(nil, 1<<20)
	if err != nil {
		plain(x, 413, "RequestTooLarge", err.Error())
		return
	}
	s.Body = string(body)
	x.Response.Status = 200
	x.Response.Header.Add("Content-Type", "application/json")
	x.Response.Body, _ = json.Marshal(s)
}

const apiHost = "a1b2c3d4e5.execute-api.localhost"

// send makes a request with c and decodes what mirror saw.
func send(t testing.TB, c *http.Client, method, url string, body string, header ...string) (seen, *http.Response) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = apiHost
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var s seen
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil && method != "HEAD" {
		t.Fatalf("%s %s: %s: %v", method, url, resp.Status, err)
	}
	return s, resp
}

// client makes an HTTP client of its own.
func client(t testing.TB, change func(*http.Transport)) *http.Client {
	tr := &http.Transport{}
	if change != nil {
		change(tr)
	}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func overHTTP2(tr *http.Transport) {
	tr.Protocols = new(http.Protocols)
	tr.Protocols.SetUnencryptedHTTP2(true)
	tr.Protocols.SetHTTP2(true)
}

func TestHTTP1(t *testing.T) {
	e := startEdge(t, &fakeKind{serve: mirror}, nil)
	nc, err := net.Dial("tcp", e.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, "POST //prod/pets?a=1&b HTTP/1.1\r\nHost: "+apiHost+":80\r\nX-Tag: b\r\nx-tag: a\r\nContent-Length: 2\r\n\r\nhi")
	resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatal(err)
	}
	var got seen
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	port := uint16(e.Addrs()[0].(*net.TCPAddr).Port)
	want := seen{Method: "POST", Path: "//prod/pets", Query: "a=1&b", Host: apiHost + ":80", Protocol: "HTTP/1.1", Body: "hi", IP: "127.0.0.1",
		Port: port, Length: 2, Header: []string{"Host: " + apiHost + ":80", "X-Tag: b", "x-tag: a", "Content-Length: 2"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestHTTP2(t *testing.T) {
	e := startEdge(t, &fakeKind{serve: mirror}, nil)
	c := client(t, overHTTP2)
	got, resp := send(t, c, "PUT", "http://"+e.addr()+"/prod/a%2Fb?q=1%20", "hello", "X-Tag", "2", "X-Tag", "1", "Accept", "*/*", "User-Agent", "t", "Accept-Encoding", "x")
	if resp.ProtoMajor != 2 {
		t.Errorf("answered over %s", resp.Proto)
	}
	port := uint16(e.Addrs()[0].(*net.TCPAddr).Port)
	want := seen{Method: "PUT", Path: "/prod/a%2Fb", Query: "q=1%20", Host: apiHost, Protocol: "HTTP/1.1", Body: "hello", IP: "127.0.0.1", Port: port,
		Length: 5, Header: []string{"Host: " + apiHost, "accept: */*", "accept-encoding: x", "content-length: 5", "user-agent: t", "x-tag: 2", "x-tag: 1"}}
	slices.SortStableFunc(got.Header, func(a, b string) int { // Go's client has no order
		a, _, _ = strings.Cut(a, ":")
		b, _, _ = strings.Cut(b, ":")
		return strings.Compare(a, b)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("content type %q", got)
	}
	if _, resp := send(t, c, "HEAD", "http://"+e.addr()+"/prod/a", ""); resp.ContentLength <= 0 {
		t.Errorf("HEAD: length %d", resp.ContentLength)
	}
}

func TestHTTP2Cookies(t *testing.T) {
	e := startEdge(t, &fakeKind{serve: mirror}, nil)
	got, _ := send(t, client(t, overHTTP2), "GET", "http://"+e.addr()+"/prod/", "", "Cookie", "a=1; b=2")
	if !strings.Contains(strings.Join(got.Header, "\n"), "cookie: a=1; b=2") {
		t.Errorf("header %q", got.Header)
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	e := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) {
		c.DataDir = dir
		c.Listeners[0].TLS = &TLSConfig{SelfSigned: true}
	})
	pem, err := os.ReadFile(filepath.Join(dir, "tls", "development.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, h2 := range []bool{false, true} {
			t.Run(fmt.Sprint(tls.VersionName(version), " h2=", h2), func(t *testing.T) {
				c := client(t, func(tr *http.Transport) {
					tr.TLSClientConfig = &tls.Config{RootCAs: roots, ServerName: apiHost, MaxVersion: version}
					tr.ForceAttemptHTTP2 = h2
				})
				got, resp := send(t, c, "GET", "https://"+e.addr()+"/prod/x", "")
				if (resp.ProtoMajor == 2) != h2 || !got.TLS || got.TLSProto != tlsProto(version) || !strings.HasPrefix(got.Cipher, "TLS_") {
					t.Errorf("%s %+v", resp.Proto, got)
				}
			})
		}
	}
	old := &tls.Config{RootCAs: roots, ServerName: apiHost, MaxVersion: tls.VersionTLS11}
	if c, err := tls.Dial("tcp", e.addr(), old); err == nil {
		c.Close()
		t.Error("TLS 1.1 is accepted")
	}
}

func TestSessionsAreResumed(t *testing.T) {
	e := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) { c.Listeners[0].TLS = &TLSConfig{SelfSigned: true} })
	cfg := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	resumed := false
	for range 2 {
		c, err := tls.Dial("tcp", e.addr(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(c, "GET /prod/ HTTP/1.1\r\nHost: "+apiHost+"\r\nConnection: close\r\n\r\n")
		io.Copy(io.Discard, c)
		resumed = c.ConnectionState().DidResume
		c.Close()
	}
	if !resumed {
		t.Error("the second handshake was a full one")
	}
}

func TestPlainListenerAnswersTLSWithAnError(t *testing.T) {
	e := startEdge(t, &fakeKind{serve: mirror}, nil)
	if c, err := tls.Dial("tcp", e.addr(), &tls.Config{InsecureSkipVerify: true}); err == nil {
		c.Close()
		t.Error("a handshake succeeded")
	}
}

func TestProxyProtocolListener(t *testing.T) {
	local := netip.MustParsePrefix("127.0.0.0/8")
	ask := func(e *edge, text string) string {
		nc, err := net.Dial("tcp", e.addr())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		nc.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(nc, text)
		answer, _ := io.ReadAll(nc)
		return string(answer)
	}
	get := "GET /prod/ HTTP/1.1\r\nHost: " + apiHost + "\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n"
	trusting := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) {
		c.Listeners[0].ProxyProtocol, c.Listeners[0].TrustedProxies = true, []netip.Prefix{local}
	})
	cases := []struct{ name, in, want string }{
		{"client named", "PROXY TCP4 198.51.100.7 203.0.113.1 4711 8443\r\n" + get, `"IP":"198.51.100.7","Port":8443`},
		{"health check", "PROXY UNKNOWN\r\n" + get, `"IP":"203.0.113.9"`},
		{"trusted proxy behind a balancer", "PROXY TCP4 127.0.0.9 203.0.113.1 4711 8443\r\n" + get, `"IP":"203.0.113.9","Port":8443`},
		{"no header", get, ""},
		{"broken header", "PROXY TCP4 x y\r\n" + get, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ask(trusting, c.in)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("%q", got)
			}
		})
	}
	stranger := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) {
		c.Listeners[0].ProxyProtocol, c.Listeners[0].TrustedProxies = true, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	if got := ask(stranger, cases[0].in); got != "" {
		t.Errorf("a stranger was answered %q", got)
	}
	if _, err := New(Config{REST: (&fakeKind{}).kind(), Listeners: []ListenerConfig{{Address: ":0", ProxyProtocol: true}}}); err == nil {
		t.Error("the PROXY protocol without trusted proxies is accepted")
	}
}

func TestTrustedProxies(t *testing.T) {
	for _, trusted := range []bool{false, true} {
		e := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) {
			if trusted {
				c.Listeners[0].TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
			}
		})
		for _, h2 := range []bool{false, true} {
			got, _ := send(t, client(t, func(tr *http.Transport) {
				if h2 {
					overHTTP2(tr)
				}
			}), "GET", "http://"+e.addr()+"/prod/", "", "X-Forwarded-For", "198.51.100.7", "X-Forwarded-Proto", "https", "X-Forwarded-Port", "443")
			if (got.IP == "198.51.100.7") != trusted || got.TLS != trusted || (got.Port == 443) != trusted {
				t.Errorf("trusted %v, h2 %v: %+v", trusted, h2, got)
			}
		}
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "g.sock")
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("no unix sockets here:", err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()
	unix := func(c *Config) { c.Listeners = []ListenerConfig{{Network: "unix", Address: path, SocketMode: 0o600}} }
	e := startEdge(t, &fakeKind{serve: mirror}, unix)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	c := client(t, func(tr *http.Transport) {
		tr.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return net.Dial("unix", path) }
	})
	if got, _ := send(t, c, "GET", "http://x/prod/", ""); got.IP != "127.0.0.1" || got.Port != 0 {
		t.Errorf("%+v", got)
	}
	other := newGateway(t, &fakeKind{}, unix)
	if err := other.Listen(); err == nil || !strings.Contains(err.Error(), "another process answers") {
		t.Errorf("a socket in use: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	other = newGateway(t, &fakeKind{}, func(c *Config) { c.Listeners = []ListenerConfig{{Network: "unix", Address: file}} })
	if err := other.Listen(); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("a file: %v", err)
	}
	e.Shutdown(t.Context())
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

func TestPrivateListener(t *testing.T) {
	e := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) {
		c.Listeners = []ListenerConfig{{Address: "127.0.0.1:0", Endpoint: &exchange.Endpoint{ID: "vpce-0123456789abcdef0", VPC: "vpc-1"}}, {Address: "127.0.0.1:0"}}
	})
	e.source.define("private000", "d1", func(d *apigw.Definition) { d.API.Endpoint.Type = apigw.EndpointPrivate })
	e.source.batches <- store.Batch{Revision: 2, Events: []store.Event{record("private000", "prod", "d1")}}
	if err := e.WaitFor(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{200, 404} {
		r, _ := http.NewRequest("GET", "http://"+e.Addrs()[i].String()+"/prod/", nil)
		r.Header.Set("x-apigw-api-id", "private000")
		resp, err := client(t, nil).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("listener %d: %s %s", i, resp.Status, body)
		}
		if i == 0 && !bytes.Contains(body, []byte(`"Endpoint":{"ID":"vpce-0123456789abcdef0","VPC":"vpc-1","Account":"","Policies":null}`)) {
			t.Errorf("body %s", body)
		}
	}
}

// slowBody delivers pieces when told.
type slowBody struct {
	pieces chan string
	closed atomic.Bool
}

func (b *slowBody) Read(p []byte) (int, error) {
	piece, ok := <-b.pieces
	if !ok {
		return 0, io.EOF
	}
	if piece == "break" {
		return 0, errors.New("the backend broke off")
	}
	return copy(p, piece), nil
}

func (b *slowBody) Close() error { b.closed.Store(true); return nil }

func TestStreamsArriveAsTheyCome(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		for _, end := range []string{"", "break"} {
			t.Run(fmt.Sprintf("h2=%v %s", h2, end), func(t *testing.T) {
				b := &slowBody{pieces: make(chan string, 1)}
				ended := make(chan exchange.Response, 1)
				e := startEdge(t, &fakeKind{serve: func(x *exchange.Exchange, _ *apigw.Definition, _ *apigw.Stage) {
					x.Response.Status, x.Response.Stream, x.Response.Length = 200, b, -1
					x.OnEnd(func(x *exchange.Exchange) { ended <- x.Response })
				}}, nil)
				r, _ := http.NewRequest("GET", "http://"+e.addr()+"/prod/", nil)
				r.Host = apiHost
				b.pieces <- "one"
				resp, err := client(t, func(tr *http.Transport) {
					if h2 {
						overHTTP2(tr)
					}
				}).Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				buf := make([]byte, 100)
				for _, want := range []string{"one", "two"} {
					if n, err := io.ReadAtLeast(resp.Body, buf, len(want)); err != nil || string(buf[:n]) != want {
						t.Fatalf("%q, %v", buf[:n], err)
					}
					if want == "one" {
						b.pieces <- "two"
					}
				}
				if end != "" {
					b.pieces <- end
				} else {
					close(b.pieces)
				}
				_, err = io.ReadAll(resp.Body)
				if (err != nil) != (end != "") {
					t.Errorf("the client read to %v", err)
				}
				got := <-ended
				if got.Sent != 6 || got.Aborted != (end != "") || !b.closed.Load() {
					t.Errorf("sent %d, aborted %v, closed %v", got.Sent, got.Aborted, b.closed.Load())
				}
			})
		}
	}
}

func TestClientLeaves(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		arrived, cancelled, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		e := startEdge(t, &fakeKind{serve: func(x *exchange.Exchange, _ *apigw.Definition, _ *apigw.Stage) {
			x.OnEnd(func(*exchange.Exchange) { close(ended) })
			x.OnAbandon(func() { close(cancelled) })
			close(arrived)
			<-cancelled
			x.Response.Status = 504
		}}, nil)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		r, _ := http.NewRequestWithContext(ctx, "GET", "http://"+e.addr()+"/prod/", nil)
		r.Host = apiHost
		if _, err := client(t, func(tr *http.Transport) {
			if h2 {
				overHTTP2(tr)
			}
		}).Do(r); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		<-cancelled
		<-ended
	}
}

func TestAnswersThatHTTPDoesNotHave(t *testing.T) {
	e := startEdge(t, &fakeKind{serve: func(x *exchange.Exchange, _ *apigw.Definition, _ *apigw.Stage) { x.Response.Status = 99 }}, nil)
	for _, h2 := range []bool{false, true} {
		r, _ := http.NewRequest("GET", "http://"+e.addr()+"/prod/", nil)
		r.Host = apiHost
		resp, err := client(t, func(tr *http.Transport) {
			if h2 {
				overHTTP2(tr)
			}
		}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 500 {
			t.Errorf("h2 %v: %s", h2, resp.Status)
		}
	}
}

func TestConnectionLimit(t *testing.T) {
	e := startEdge(t, &fakeKind{serve: mirror}, func(c *Config) { c.MaxConnections = 1 })
	first, err := net.Dial("tcp", e.addr())
	if err != nil {
		t.Fatal(err)
	}
	get := "GET /prod/ HTTP/1.1\r\nHost: " + apiHost + "\r\n\r\n"
	io.WriteString(first, get)
	answer := bufio.NewReader(first)
	if _, err := http.ReadResponse(answer, nil); err != nil {
		t.Fatal(err)
	}
	second, err := net.Dial("tcp", e.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	io.WriteString(second, get)
	second.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := second.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the second connection didn't wait: %v", err)
	}
	first.Close()
	second.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := http.ReadResponse(bufio.NewReader(second), nil); err != nil {
		t.Error(err)
	}
}

func TestHTTP1AllocatesNothing(t *testing.T) {
	e := startEdge(t, &fakeKind{}, nil)
	nc, err := net.Dial("tcp", e.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	get, buf := []byte("GET /prod/x HTTP/1.1\r\nHost: "+apiHost+"\r\nX-Tag: a\r\n\r\n"), make([]byte, 4096)
	n := testing.AllocsPerRun(500, func() {
		nc.Write(get)
		if n, err := nc.Read(buf); err != nil || !bytes.HasSuffix(buf[:n], []byte("d1")) {
			t.Fatalf("%q, %v", buf[:n], err)
		}
	})
	if n > 0.5 {
		t.Errorf("%v allocations per request", n)
	}
}

// failingListener fails before it accepts.
type failingListener struct {
	net.Listener
	failures int
}

func (l *failingListener) Accept() (net.Conn, error) {
	if l.failures > 0 {
		l.failures--
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestOutOfFiles(t *testing.T) {
	log := &logLines{}
	g := newGateway(t, &fakeKind{}, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(log, nil))
		c.Listeners = []ListenerConfig{{Address: "127.0.0.1:0"}}
	})
	if err := g.Listen(); err != nil {
		t.Fatal(err)
	}
	g.listeners[0].socket = &failingListener{g.listeners[0].socket, 3}
	go g.Serve(context.Background())
	defer g.Shutdown(context.Background())
	resp, err := client(t, nil).Get("http://" + g.Addrs()[0].String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 404 || log.count("can't be accepted") != 1 {
		t.Errorf("%s, log: %s", resp.Status, log.b.String())
	}
}
