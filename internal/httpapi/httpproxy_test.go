package httpapi

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// recorder is a backend that keeps the bytes of each request's head and answers
// with answer.
func recorder(t testing.TB, answer string) (address string, heads chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	heads = make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for r := bufio.NewReader(c); ; {
					var head strings.Builder
					for {
						line, err := r.ReadString('\n')
						if err != nil {
							return
						}
						if head.WriteString(line); line == "\r\n" {
							break
						}
					}
					heads <- head.String()
					io.WriteString(c, answer)
				}
			}()
		}
	}()
	return l.Addr().String(), heads
}

const okAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// TestBackendSees has what an HTTP backend is sent (seen on AWS: Forwarded and Via
// rather than X-Forwarded-For, the client's trace behind a Self, Content-Length: 0).
func TestBackendSees(t *testing.T) {
	address, heads := recorder(t, okAnswer)
	s := compileStage(t, definition(map[string]string{"ANY /{proxy+}": "i"}, proxyTo("i", "http://"+address+"/base/{proxy}?own=1")), nil, nil)
	for name, c := range map[string]struct{ method, target, header, want string }{
		"everything passes but for the connection's own": {"GET", "/a%2Fb/c%20d?x=%2B&x=2&y", strings.Join([]string{
			"Connection: close, X-Private", "X-Private: 1", "Keep-Alive: timeout=5", "TE: trailers", "Proxy-Authorization: Basic x", "Expect: 100-continue",
			"authorization: Bearer t", "Cookie: a=b", "Cookie: c=d", "User-Agent: curl", "X-Forwarded-For: 198.51.100.1", "x-Odd-Case: v",
		}, "\n"), strings.Join([]string{
			"GET /base/a%2Fb/c%20d?own=1&x=%2B&x=2&y HTTP/1.1", "Host: " + address,
			"authorization: Bearer t", "Cookie: a=b", "Cookie: c=d", "User-Agent: curl", "X-Forwarded-For: 198.51.100.1", "x-Odd-Case: v",
			"Forwarded: for=203.0.113.9;host=abcdef123.execute-api.us-east-1.amazonaws.com;proto=https", "Via: HTTP/1.1 AmazonAPIGateway", "X-Amzn-Trace-Id: Root=1-…", "Content-Length: 0",
		}, "\n")},
		"proxies before are named first": {"POST", "/x", "Via: 1.1 edge\nForwarded: for=192.0.2.1;proto=http\nX-Amzn-Trace-Id: Self=1-1-1;Root=1-67891233-abcdef012345678912345678;Sampled=1", strings.Join([]string{
			"POST /base/x?own=1 HTTP/1.1", "Host: " + address,
			"Forwarded: for=192.0.2.1;proto=http, for=203.0.113.9;host=abcdef123.execute-api.us-east-1.amazonaws.com;proto=https", "Via: 1.1 edge, HTTP/1.1 AmazonAPIGateway",
			"X-Amzn-Trace-Id: Self=1-…;Root=1-67891233-abcdef012345678912345678;Sampled=1", "Content-Length: 0",
		}, "\n")},
	} {
		t.Run(name, func(t *testing.T) {
			if got := serve(t, s, c.method, c.target, c.header, ""); got.Status != 200 || got.Body != "ok" {
				t.Fatal(got)
			}
			if d := cmp.Diff(c.want, plainTrace(<-heads)); d != "" {
				t.Error(d)
			}
		})
	}
}

// plainTrace is a head with "…" for what of its trace is made up.
func plainTrace(head string) string {
	lines := strings.Split(strings.TrimSpace(strings.ReplaceAll(head, "\r\n", "\n")), "\n")
	for i, line := range lines {
		for _, made := range []string{"Self=1-", "Trace-Id: Root=1-"} {
			if at := strings.Index(line, made); at >= 0 {
				from := at + len(made)
				lines[i] = line[:from] + "…" + line[from+8+1+24:]
				break
			}
		}
	}
	return strings.Join(lines, "\n")
}

// TestTargets has how the URI of a backend is put together (developer guide,
// "Create HTTP proxy integrations for HTTP APIs").
func TestTargets(t *testing.T) {
	address, heads := recorder(t, okAnswer)
	url := "http://" + address
	for name, c := range map[string]struct{ key, uri, target, want string }{
		"$default appends the path":       {"$default", url, "/a/b?c=d", "/a/b?c=d"},
		"behind the URI's":                {"$default", url + "/base/", "/a/b", "/base/a/b"},
		"also where that has no slash":    {"$default", url + "/base?k=v", "/a?c", "/base/a?k=v&c"},
		"the root":                        {"$default", url, "/", "/"},
		"a keyed route leads to the URI":  {"GET /a/b", url + "/elsewhere", "/a/b", "/elsewhere"},
		"variables":                       {"GET /{a}/{b}", url + "/{b}/{a}?q={a}", "/x/y%20z", "/y%20z/x?q=x"},
		"a variable that the route lacks": {"GET /{a}", url + "/{b}", "/x", "/%7Bb%7D"},
		"stage variables":                 {"GET /a", "http://${stageVariables.host}/${stageVariables.stage}", "/a", "/beta"},
	} {
		t.Run(name, func(t *testing.T) {
			st := &apigw.Stage{Name: "$default", Variables: map[string]string{"host": address, "stage": "beta"}, Routes: &apigw.RouteStage{}}
			s := compileStage(t, definition(map[string]string{c.key: "i"}, proxyTo("i", c.uri)), st, nil)
			if got := serve(t, s, "GET", c.target, "", ""); got.Status != 200 {
				t.Fatal(got)
			}
			if line, _, _ := strings.Cut(<-heads, "\r\n"); line != "GET "+c.want+" HTTP/1.1" {
				t.Error(line)
			}
		})
	}
}

// TestClientSees: a backend's fields pass as they are, but for those of its
// connection and those that are the gateway's own: nothing is renamed, unlike
// with REST APIs (seen on AWS).
func TestClientSees(t *testing.T) {
	address, _ := recorder(t, "HTTP/1.1 503 Busy\r\nDate: Wed, 18 Jun 2025 17:28:59 GMT\r\nServer: nginx\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nX-Amzn-RequestId: theirs\r\n"+
		"WWW-Authenticate: Basic\r\nset-cookie: a=b\r\nSet-Cookie: c=d\r\napigw-requestid: theirs\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
	s := compileStage(t, definition(map[string]string{"$default": "i"}, proxyTo("i", "http://"+address)), nil, nil)
	x := new(exchange.Exchange)
	x.Begin(nil)
	fill(x, s, "GET", "/", "")
	s.Serve(x)
	var got []string
	for i := range x.Response.Header.Len() {
		name, value := x.Response.Header.At(i)
		got = append(got, string(name)+": "+string(value))
	}
	want := []string{"Server: nginx", "X-Amzn-RequestId: theirs", "WWW-Authenticate: Basic", "set-cookie: a=b", "Set-Cookie: c=d", "Apigw-Requestid: JKJaXmPLvHcESHA="}
	if d := cmp.Diff(want, got); d != "" || x.Response.Status != 503 || string(x.Response.Body) != "abc" || x.Response.Stream != nil {
		t.Error(d, x.Response.Status, string(x.Response.Body))
	}
	x.End()
}

// TestBackendFails has what clients read where there is no answer: 503, and 500
// where the integration can't work (developer guide, "Troubleshooting HTTP API
// integrations"; statuses seen on AWS).
func TestBackendFails(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer slow.Close()
	large := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(integration.MaxBody+1))
		w.WriteHeader(200)
	}))
	defer large.Close()
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range integration.MaxBody>>16 + 1 {
			w.Write(make([]byte, 64<<10))
		}
	}))
	defer endless.Close()
	selfSigned := httptest.NewTLSServer(http.NotFoundHandler())
	defer selfSigned.Close()
	noHTTP, _ := recorder(t, "hello\r\n\r\n")
	unavailable, internal := `503 {"message":"Service Unavailable"}`, `500 {"message":"Internal Server Error"}`
	for name, c := range map[string]struct{ uri, want string }{
		"nobody listens":    {"http://" + gone.Addr().String(), unavailable},
		"no answer in time": {slow.URL, unavailable},
		"no HTTP":           {"http://" + noHTTP, unavailable},
		"announced larger":  {large.URL, internal},
		"larger":            {endless.URL, internal},
		"self-signed":       {selfSigned.URL, internal},
		"no URI":            {"ftp://x", internal},
	} {
		t.Run(name, func(t *testing.T) {
			i := proxyTo("i", c.uri)
			if i.TimeoutMillis = 5000; name == "no answer in time" {
				i.TimeoutMillis = 50
			}
			s := compileStage(t, definition(map[string]string{"$default": "i"}, i), nil, nil)
			if got := serve(t, s, "GET", "/", "", ""); fmt.Sprint(got.Status, " ", got.Body) != c.want || got.Header["Apigw-Requestid"] == "" {
				t.Error(got)
			}
		})
	}
}

// TestLargeBodies: bodies pass up to 10 MB in both directions, and a larger one
// is refused (quotas of HTTP APIs).
func TestLargeBodies(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		w.Write(body)
	}))
	defer server.Close()
	s := compileStage(t, definition(map[string]string{"$default": "i"}, proxyTo("i", server.URL)), nil, nil)
	for _, n := range []int{0, 1, integration.StreamFrom, integration.StreamFrom + 1, integration.MaxBody} {
		body := strings.Repeat("x", n)
		if got := serve(t, s, "POST", "/", "", body); got.Status != 200 || got.Body != body {
			t.Errorf("%d bytes: %d, %d bytes", n, got.Status, len(got.Body))
		}
	}
	if got := serve(t, s, "POST", "/", "", strings.Repeat("x", integration.MaxBody+1)); got.Status != 413 || got.Body != `{"message":"Request Entity Too Large"}` {
		t.Error(got.Status, got.Body)
	}
}

// TestSlowReader: the time that a client takes to read a large answer isn't the
// backend's, and what the backend takes is.
func TestSlowReader(t *testing.T) {
	stall := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "8000000")
		part := bytes.Repeat([]byte{'x'}, 4_000_000)
		w.Write(part)
		if r.URL.Path == "/stalls" {
			http.NewResponseController(w).Flush()
			<-stall
		}
		w.Write(part)
	}))
	defer server.Close()
	defer close(stall)
	i := proxyTo("i", server.URL)
	i.TimeoutMillis = 200
	s := compileStage(t, definition(map[string]string{"$default": "i"}, i), nil, nil)
	read := func(path string) (int, error) {
		x := new(exchange.Exchange)
		x.Begin(nil)
		defer x.End()
		fill(x, s, "GET", path, "")
		s.Serve(x)
		defer x.Response.Stream.Close()
		one := make([]byte, 1)
		n, err := x.Response.Stream.Read(one)
		if err != nil {
			return n, err
		}
		time.Sleep(400 * time.Millisecond)
		rest, err := io.Copy(io.Discard, x.Response.Stream)
		return n + int(rest), err
	}
	if n, err := read("/"); n != 8_000_000 || err != nil {
		t.Error(n, err)
	}
	if n, err := read("/stalls"); n >= 8_000_000 || err == nil {
		t.Error(n, err)
	}
}

// TestHead: the answer to HEAD tells the length that the backend tells.
func TestHead(t *testing.T) {
	address, _ := recorder(t, "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
	s := compileStage(t, definition(map[string]string{"$default": "i"}, proxyTo("i", "http://"+address)), nil, nil)
	x := new(exchange.Exchange)
	x.Begin(nil)
	defer x.End()
	fill(x, s, "HEAD", "/", "")
	s.Serve(x)
	if r := &x.Response; r.Status != 200 || r.Length != 1234 || r.Stream != http.NoBody {
		t.Error(r.Status, r.Length)
	}
}

// TestRefused: what nothing would enforce is refused by name.
func TestRefused(t *testing.T) {
	with := func(change func(*apigw.RouteIntegration)) *apigw.Definition {
		i := proxyTo("i", "http://backend.example/")
		change(i)
		return definition(map[string]string{"GET /a": "i"}, i)
	}
	name := "x.example"
	dup := definition(map[string]string{"GET /{a}": "i", "GET /{b}": "i"}, proxyTo("i", "http://b.example"))
	socket := definition(nil)
	socket.RouteAPI.Protocol = apigw.ProtocolWebSocket
	limit := -1
	negative := &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{DefaultSettings: &apigw.RouteSettings{ThrottlingBurstLimit: &limit}}}
	cors := definition(nil)
	yes := true
	cors.RouteAPI.CORS = &apigw.CORS{AllowOrigins: []string{"*", "https://*.example.com"}, AllowCredentials: &yes}
	for text, c := range map[string]struct {
		def *apigw.Definition
		st  *apigw.Stage
	}{
		"connectionType VPC_LINK is for HTTP_PROXY": {def: with(func(i *apigw.RouteIntegration) {
			i.Type, i.ConnectionType = apigw.IntegrationAWSProxy, "VPC_LINK"
		})},
		"protocolType WEBSOCKET":               {def: socket},
		"integrationMethod FETCH is none":      {def: with(func(i *apigw.RouteIntegration) { i.Method = "FETCH" })},
		"payloadFormatVersion 2.0: HTTP_PROXY": {def: with(func(i *apigw.RouteIntegration) { i.PayloadFormat = "2.0" })},
		"tlsConfig is for private":             {def: with(func(i *apigw.RouteIntegration) { i.TLSServerName = &name })},
		"credentialsArn arn:x: an HTTP_PROXY":  {def: with(func(i *apigw.RouteIntegration) { i.Credentials = "arn:x" })},
		`integrationType "MOCK" is none`:       {def: with(func(i *apigw.RouteIntegration) { i.Type = apigw.IntegrationMock })},
		"another route stands for the same":    {def: dup},
		"authorizationType COGNITO is none": {def: func() *apigw.Definition {
			d := with(func(*apigw.RouteIntegration) {})
			d.Routes["r0"].AuthorizationType = "COGNITO"
			return d
		}()},
		"there is no authorizer a1": {def: func() *apigw.Definition {
			d := with(func(*apigw.RouteIntegration) {})
			d.Routes["r0"].AuthorizationType, d.Routes["r0"].AuthorizerID = "JWT", "a1"
			return d
		}()},
		"throttling limits are not negative":    {def: definition(nil), st: negative},
		"allowCredentials is not for":           {def: cors},
		"allowOrigins https://*.example.com: *": {def: cors},
		"shown to nobody: no certificate":       {def: definition(nil), st: &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{}, ClientCertificateID: "shown to nobody"}},
	} {
		if text == "shown to nobody: no certificate" {
			text = "an HTTP API shows backends no certificate"
		}
		problems := Check(c.def, c.st)
		if !slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning && strings.Contains(p.Text, text) }) {
			t.Errorf("%s: %v", text, problems)
		}
		if c.st == nil {
			c.st = &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{}}
		}
		if _, err := Compile(c.def, c.st, testEnv(nil)); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("%s: compiled: %v", text, err)
		}
	}
}

// TestNoIntegration: a route that calls nothing yet keeps no other from being
// served, and is told of.
func TestNoIntegration(t *testing.T) {
	def := definition(map[string]string{"GET /a": "none"})
	problems := Check(def, nil)
	if len(problems) != 1 || !problems[0].Warning || !strings.Contains(problems[0].Text, "the route has no integration") {
		t.Fatal(problems)
	}
	s, err := Compile(def, &apigw.Stage{Name: "dev", Routes: &apigw.RouteStage{}}, testEnv(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := serve(t, s, "GET", "/a", "", ""); got.Status != 500 || string(got.Body) != `{"message":"Internal Server Error"}` {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}
