package httpapi

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// definition is an HTTP API whose routes, by key, call integrations, by ID.
func definition(routes map[string]string, integrations ...*apigw.RouteIntegration) *apigw.Definition {
	def := &apigw.Definition{
		RouteAPI: &apigw.RouteAPI{ID: "abcdef123", Name: "pets", Protocol: apigw.ProtocolHTTP},
		Routes:   map[apigw.RouteID]*apigw.Route{}, RouteIntegrations: map[apigw.RouteIntegrationID]*apigw.RouteIntegration{},
		RouteAuthorizers: map[apigw.AuthorizerID]*apigw.RouteAuthorizer{},
	}
	for key, target := range routes {
		id := apigw.RouteID(fmt.Sprintf("r%d", len(def.Routes)))
		def.Routes[id] = &apigw.Route{ID: id, Key: key, Target: apigw.RouteIntegrationID(target), AuthorizationType: "NONE"}
	}
	for _, i := range integrations {
		def.RouteIntegrations[i.ID] = i
	}
	return def
}

// proxyTo is an HTTP_PROXY integration.
func proxyTo(id, uri string) *apigw.RouteIntegration {
	return &apigw.RouteIntegration{ID: apigw.RouteIntegrationID(id), Type: apigw.IntegrationHTTPProxy, URI: uri, Method: "ANY", ConnectionType: "INTERNET", PayloadFormat: "1.0"}
}

// compileStage is the stage of def; st nil: $default.
func compileStage(t testing.TB, def *apigw.Definition, st *apigw.Stage, env *Env) *Stage {
	t.Helper()
	if st == nil {
		st = &apigw.Stage{Name: "$default", Routes: &apigw.RouteStage{}}
	}
	if env == nil {
		env = testEnv(nil)
	}
	s, err := Compile(def, st, env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// reply is what a client gets.
type reply struct {
	Status int
	Header map[string]string
	Body   string
}

// serve sends a request to s; target begins after the stage, header has lines
// of "Name: value".
func serve(t testing.TB, s *Stage, method, target, header, body string) reply {
	t.Helper()
	x := new(exchange.Exchange)
	x.Begin(nil)
	fill(x, s, method, target, header)
	if body != "" {
		x.Body = &textBody{strings.NewReader(body)}
	}
	s.Serve(x)
	r := &x.Response
	got := reply{r.Status, map[string]string{}, string(r.Body)}
	if r.Stream != nil {
		b, err := io.ReadAll(r.Stream)
		if err != nil {
			t.Error(err)
		}
		r.Stream.Close()
		got.Body = string(b)
	}
	for i := range r.Header.Len() {
		name, value := r.Header.At(i)
		got.Header[string(name)] = string(value)
	}
	r.Sent = int64(len(got.Body))
	x.End()
	return got
}

func fill(x *exchange.Exchange, s *Stage, method, target, header string) {
	path, query, _ := strings.Cut(target, "?")
	h := new(http1.Header)
	h.Add("Host", "abcdef123.execute-api.us-east-1.amazonaws.com")
	for line := range strings.Lines(header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		h.Add(name, strings.TrimSpace(value))
	}
	full := path
	if s.Name != "$default" {
		full = "/" + string(s.Name) + path
	}
	x.Method, x.Path, x.Query, x.Header, x.Protocol, x.Host = method, []byte(full), []byte(query), h, "HTTP/1.1", []byte("abcdef123.execute-api.us-east-1.amazonaws.com")
	x.Client = exchange.Client{IP: netip.MustParseAddr("203.0.113.9"), Port: 443, TLS: true}
	x.Received = time.UnixMilli(1583089438390)
	copy(x.RequestID[:], "c0ffee00-0000-4000-8000-000000000001")
	copy(x.ExtendedID[:], "JKJaXmPLvHcESHA=")
	x.Address = exchange.Address{
		APIID: string(s.API), Stage: string(s.Name), DomainName: "abcdef123.execute-api.us-east-1.amazonaws.com", DomainPrefix: "abcdef123",
		RequestPath: []byte(full), StagePath: []byte(path),
	}
}

// textBody is a request's body.
type textBody struct{ *strings.Reader }

func (b *textBody) Length() int64 { return int64(b.Len()) }

func (b *textBody) ReadAll(dst []byte, limit int64) ([]byte, error) {
	if int64(b.Len()) > limit {
		return dst, http1.ErrBodyTooLarge
	}
	rest, err := io.ReadAll(b.Reader)
	return append(dst, rest...), err
}

// echo is a backend that shows what it was asked, with X-Status as its status.
func echo(t testing.TB) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestRoutes(t *testing.T) {
	url := echo(t)
	s := compileStage(t, definition(map[string]string{
		"GET /pets": "one", "ANY /pets": "two", "GET /pets/dog/1": "three", "GET /pets/dog/{id}": "four", "ANY /pets/{proxy+}": "five", "ANY /{proxy+}": "six", "GET /": "seven",
	}, proxyTo("one", url+"/one"), proxyTo("two", url+"/two"), proxyTo("three", url+"/three"), proxyTo("four", url+"/four/{id}"), proxyTo("five", url+"/five/{proxy}"),
		proxyTo("six", url+"/six/{proxy}?x=1"), proxyTo("seven", url)), nil, nil)
	for _, c := range []struct{ method, target, want string }{
		{"GET", "/pets", "GET /one "},
		{"POST", "/pets?a=b%20c", "POST /two?a=b%20c "},
		{"GET", "/pets/dog/1", "GET /three "},
		{"GET", "/pets/dog/2%20x", "GET /four/2%20x "},
		{"POST", "/pets/dog/2", "POST /five/dog/2 "},
		{"GET", "/pets/", "GET /five/ "},
		{"GET", "/a/b?q", "GET /six/a/b?x=1&q "},
		{"GET", "/", "GET / "},
		{"GET", "", "GET / "},
	} {
		if got := serve(t, s, c.method, c.target, "", ""); got.Status != 200 || got.Body != c.want {
			t.Errorf("%s %s: %v, want %q", c.method, c.target, got, c.want)
		}
	}
	want := reply{404, map[string]string{"Content-Type": "application/json", "Apigw-Requestid": "JKJaXmPLvHcESHA="}, `{"message":"Not Found"}`}
	for _, c := range []struct{ method, target string }{{"POST", "/"}, {"TRACE", "/a"}} {
		if d := cmp.Diff(want, serve(t, s, c.method, c.target, "", "")); d != "" {
			t.Errorf("%s %s: %s", c.method, c.target, d)
		}
	}
}
