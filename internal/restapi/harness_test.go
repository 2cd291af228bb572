package restapi

import (
	"context"
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/serving"
)

var testTime = time.Date(2025, 6, 18, 17, 28, 59, 123e6, time.UTC)

// define makes a definition of methods by "VERB /path".
func define(methods map[string]*apigw.Method) *apigw.Definition {
	def := &apigw.Definition{
		API:       apigw.RestAPI{ID: "a1b2c3d4e5", Endpoint: apigw.EndpointConfiguration{Type: "REGIONAL"}},
		Resources: map[apigw.ResourceID]*apigw.Resource{},
	}
	for key, m := range methods {
		verb, path, _ := strings.Cut(key, " ")
		id := apigw.ResourceID("id:" + path)
		if def.Resources[id] == nil {
			def.Resources[id] = &apigw.Resource{ID: id, Path: path, Methods: map[apigw.Verb]*apigw.Method{}}
		}
		m.Verb = apigw.Verb(verb)
		def.Resources[id].Methods[m.Verb] = m
	}
	return def
}

func text(s string) *string { return &s }

// mockMethod answers 200 with a fixed body.
func mockMethod(body string) *apigw.Method {
	return &apigw.Method{
		Responses: map[apigw.StatusCode]*apigw.MethodResponse{"200": {StatusCode: "200"}},
		Integration: &apigw.Integration{
			Type:             apigw.IntegrationMock,
			RequestTemplates: map[string]*string{"application/json": text(`{"statusCode": 200}`)},
			Responses: map[apigw.StatusCode]*apigw.IntegrationResponse{
				"200": {StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": text(body)}},
			},
		},
	}
}

const functionURI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:fn/invocations"

func lambdaMethod() *apigw.Method {
	return &apigw.Method{Integration: &apigw.Integration{Type: apigw.IntegrationAWSProxy, HTTPMethod: "POST", URI: functionURI}}
}

// fakeFunctions is an Invoker.
type fakeFunctions func(in *lambda.Invocation, out *lambda.Result) error

func (f fakeFunctions) Invoke(_ context.Context, in *lambda.Invocation, out *lambda.Result) error {
	out.Status = 200
	return f(in, out)
}

// returning answers each call with payload.
func returning(payload string) fakeFunctions {
	return func(_ *lambda.Invocation, out *lambda.Result) error {
		out.Payload = append(out.Payload, payload...)
		return nil
	}
}

func testEnv(functions lambda.Invoker) *Env {
	return &Env{Env: &serving.Env{
		Scope:     apigw.Scope{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
		Pools:     integration.NewPools(integration.PoolConfig{}),
		Functions: functions,
		Now:       func() time.Time { return testTime },
	}}
}

func compileStage(t testing.TB, def *apigw.Definition, st *apigw.Stage, env *Env) *Stage {
	t.Helper()
	if st == nil {
		st = &apigw.Stage{Name: "prod"}
	}
	if env == nil {
		env = testEnv(nil)
	}
	s, err := Compile(def, st, "d3p10y", env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// call is one request of a test.
type call struct {
	method, target string // target begins after the stage
	header         string // "Name: value" lines
	body           string
	length         int64 // announced; 0: the body's
}

// testBody is a request's body.
type testBody struct {
	*strings.Reader
	length int64
}

func (b *testBody) Length() int64 { return b.length }

func (b *testBody) ReadAll(dst []byte, limit int64) ([]byte, error) {
	rest, err := io.ReadAll(io.LimitReader(b.Reader, limit+1))
	if int64(len(rest)) > limit {
		return dst, http1.ErrBodyTooLarge
	}
	return append(dst, rest...), err
}

// newExchange is x as an edge fills it for c.
func newExchange(c call) *exchange.Exchange {
	x := new(exchange.Exchange)
	fillExchange(x, new(http1.Header), c)
	return x
}

func fillExchange(x *exchange.Exchange, h *http1.Header, c call) {
	x.Begin(nil)
	h.Reset()
	h.Add("Host", "a1b2c3d4e5.execute-api.localhost")
	for line := range strings.Lines(c.header) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		h.Add(name, strings.TrimSpace(value))
	}
	path, query, hasQuery := strings.Cut(c.target, "?")
	x.Method, x.Path, x.Host, x.Protocol, x.Header = c.method, []byte("/prod"+path), []byte("a1b2c3d4e5.execute-api.localhost"), "HTTP/1.1", h
	if hasQuery {
		x.Query = []byte(query)
	}
	length := c.length
	if length == 0 {
		length = int64(len(c.body))
	}
	x.Body = &testBody{strings.NewReader(c.body), length}
	x.Client = exchange.Client{IP: netip.MustParseAddr("198.51.100.7"), Port: 443, TLS: true}
	x.Received = testTime
	x.Address = exchange.Address{
		APIID: "a1b2c3d4e5", Stage: "prod", DomainName: "a1b2c3d4e5.execute-api.localhost", DomainPrefix: "a1b2c3d4e5",
		RequestPath: x.Path, StagePath: []byte(path),
	}
}

// reply is what a test looks at in an answer.
type reply struct {
	Status int
	Body   string
	Error  string // x-amzn-ErrorType
}

func serve(s *Stage, c call) (*exchange.Exchange, reply) {
	x := newExchange(c)
	s.Serve(x)
	return x, replyOf(x)
}

func replyOf(x *exchange.Exchange) reply {
	return reply{x.Response.Status, string(x.Response.Body), string(x.Response.Header.Get("x-amzn-ErrorType"))}
}

// fields is the answer's fields called name.
func fields(h *http1.Header, name string) []string {
	var values []string
	for i := h.Index(name, 0); i >= 0; i = h.Index(name, i+1) {
		_, v := h.At(i)
		values = append(values, string(v))
	}
	return values
}

func decode(t testing.TB, doc string) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(doc), &m); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return m
}

// capture keeps the event of a call and answers {}.
func capture(t testing.TB, event *map[string]any) fakeFunctions {
	return func(in *lambda.Invocation, out *lambda.Result) error {
		*event = decode(t, string(in.Payload))
		out.Payload = append(out.Payload, "{}"...)
		return nil
	}
}
