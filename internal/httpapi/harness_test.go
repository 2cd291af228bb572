package httpapi

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// functions is an Invoker.
type functions func(in *lambda.Invocation, out *lambda.Result) error

func (f functions) Invoke(_ context.Context, in *lambda.Invocation, out *lambda.Result) error {
	out.Status = 200
	return f(in, out)
}

// answering answers each call with payload.
func answering(payload string) functions {
	return func(_ *lambda.Invocation, out *lambda.Result) error {
		out.Payload = append(out.Payload, payload...)
		return nil
	}
}

func testEnv(f lambda.Invoker) *Env {
	return &Env{Env: &serving.Env{
		Scope:     apigw.Scope{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		Functions: f, Issuers: &authorizer.Issuers{}, Pools: integration.NewPools(integration.PoolConfig{}),
	}}
}

const functionURI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:guard/invocations"

// testStage is the stage test of the API abcdef123.
func testStage(env *Env) *Stage {
	return NewStage(env, Stage{API: "abcdef123", Name: "test", Variables: map[string]string{"stageVariable1": "value1"}})
}

func compileAuthorizer(t testing.TB, s *Stage, from apigw.RouteAuthorizer) *Authorizer {
	t.Helper()
	from.ID, from.Name = "auth01", "guard"
	if from.Type == "" {
		from.Type = "REQUEST"
	}
	if from.Type == "REQUEST" && from.URI == "" {
		from.URI = functionURI
	}
	a, warnings, err := NewAuthorizer(s, &from)
	if err != nil || len(warnings) > 0 {
		t.Fatal(err, warnings)
	}
	return a
}

// newRequest is one for a route; target begins after the stage, header has
// lines of "Name: value".
func newRequest(t testing.TB, s *Stage, route *Route, method, target, header string) *Request {
	t.Helper()
	x := new(exchange.Exchange)
	x.Begin(nil)
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
	x.Method, x.Path, x.Query, x.Header, x.Protocol = method, []byte(full), []byte(query), h, "HTTP/1.1"
	x.Client = exchange.Client{IP: netip.MustParseAddr("203.0.113.9"), Port: 443, TLS: true}
	x.Received = time.Date(2020, 3, 12, 19, 3, 58, 390e6, time.UTC)
	copy(x.ExtendedID[:], "JKJaXmPLvHcESHA=")
	x.Address = exchange.Address{
		APIID: string(s.API), Stage: string(s.Name), DomainName: "abcdef123.execute-api.us-east-1.amazonaws.com", DomainPrefix: "abcdef123",
		RequestPath: []byte(full), StagePath: []byte(path),
	}
	r := &Request{X: x, Stage: s, Route: route, Trace: []byte("Root=1-6659c3a1-0b1c2d3e4f5a6b7c8d9e0f11")}
	r.Query.Parse(x.Query)
	x.Vars = r
	t.Cleanup(x.End)
	return r
}

func routeOf(t testing.TB, key string, a *Authorizer, scopes ...string) *Route {
	t.Helper()
	route, err := NewRoute(key, a, scopes)
	if err != nil {
		t.Fatal(err)
	}
	return route
}

// answer is what a client reads.
type answer struct {
	Status       int
	Body         string
	Authenticate string
}

var allowed = answer{}

// ask authorizes r, and is the refusal; the zero answer when it is let in.
func ask(t testing.TB, r *Request) answer {
	t.Helper()
	fault := r.Authorize()
	if fault == nil {
		return allowed
	}
	if r.Answer != nil {
		t.Error("refused with an answer")
	}
	r.Refuse(fault)
	response := &r.X.Response
	return answer{response.Status, string(response.Body), string(response.Header.Get("www-authenticate"))}
}

func params(pairs ...string) mapping.Params {
	var p mapping.Params
	for i := 0; i < len(pairs); i += 2 {
		p.Add(pairs[i], pairs[i+1])
	}
	return p
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}
