package restapi

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

const streamURI = "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/arn:aws:lambda:us-east-1:123456789012:function:fn/response-streaming-invocations"

// fakeStreams answers every call with what it is.
type fakeStreams struct {
	pieces []string
	err    error // behind the pieces; nil: io.EOF
	refuse error
	closed int
}

func (f *fakeStreams) InvokeStream(context.Context, *lambda.Invocation) (*lambda.Stream, error) {
	if f.refuse != nil {
		return nil, f.refuse
	}
	var readers []io.Reader
	for _, p := range f.pieces {
		readers = append(readers, strings.NewReader(p))
	}
	if f.err != nil {
		readers = append(readers, failingReader{f.err})
	}
	return &lambda.Stream{Status: 200, RequestID: "lambda-id", ReadCloser: closing{io.MultiReader(readers...), f}}, nil
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

type closing struct {
	io.Reader
	f *fakeStreams
}

func (c closing) Close() error {
	c.f.closed++
	return nil
}

func streamMethod() *apigw.Method {
	return &apigw.Method{Integration: &apigw.Integration{Type: apigw.IntegrationAWSProxy, HTTPMethod: "POST", URI: streamURI, ResponseMode: "STREAM"}}
}

// sent is what an edge would send of x's answer.
func sent(t testing.TB, x *exchange.Exchange) (string, error) {
	t.Helper()
	r := &x.Response
	if r.Stream == nil {
		return string(r.Body), nil
	}
	body, err := io.ReadAll(r.Stream)
	r.Aborted = err != nil
	r.Stream.Close()
	r.Sent = int64(len(body))
	return string(body), err
}

const zeros8 = "\x00\x00\x00\x00\x00\x00\x00\x00"

// TestLambdaStream: the format of a streamed answer (developer guide, "Lambda
// proxy integration format for response streaming"). What isn't in it is 500
// before anything is sent.
func TestLambdaStream(t *testing.T) {
	failed := &lambda.Failure{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"as told"}`)}
	cases := []struct {
		name   string
		f      fakeStreams
		status int
		body   string
		length int64
		broken bool // the body is cut short
		fields map[string][]string
	}{
		{"whole", fakeStreams{pieces: []string{`{"statusCode":201,"headers":{"X-A":"1","Content-Type":"text/event-stream"},"multiValueHeaders":{"x-b":["2","3"]},"cookies":["c=1","d=2"]}` + zeros8, "one ", "two"}},
			201, "one two", -1, false, map[string][]string{"X-A": {"1"}, "x-b": {"2", "3"}, "Set-Cookie": {"c=1", "d=2"}, "Content-Type": {"text/event-stream"}}},
		{"body with the head", fakeStreams{pieces: []string{`{}` + zeros8 + "one"}}, 200, "one", -1, false, map[string][]string{"Content-Type": {"application/json"}}},
		{"delimiter in pieces", fakeStreams{pieces: []string{`{"statusCode":202`, `}` + zeros8[:3], zeros8[3:6], zeros8[6:] + "x"}}, 202, "x", -1, false, nil},
		{"nine zero bytes", fakeStreams{pieces: []string{`{}` + zeros8, "\x00x"}}, 200, "\x00x", -1, false, nil},
		{"bytes, no binary media types", fakeStreams{pieces: []string{`{"headers":{"content-type":"image/png"}}` + zeros8 + "\x89PNG\xff"}}, 200, "\x89PNG\xff", -1, false, nil},
		{"a length", fakeStreams{pieces: []string{`{"headers":{"content-length":"3","transfer-encoding":"chunked"}}` + zeros8, "abc"}}, 200, "abc", 3, false, map[string][]string{"content-length": nil}},
		{"no body", fakeStreams{pieces: []string{`{"statusCode":204}` + zeros8}}, 204, "", -1, false, nil},
		{"the metadata at its largest", fakeStreams{pieces: []string{`{}` + strings.Repeat(" ", maxMetadata-10) + zeros8, "x"}}, 200, "x", -1, false, nil},
		{"cut", fakeStreams{pieces: []string{`{}` + zeros8, "one"}, err: failed}, 200, "one", -1, true, nil},

		{"a byte too late", fakeStreams{pieces: []string{`{}` + strings.Repeat(" ", maxMetadata-9) + zeros8, "x"}}, 500, `{"message": "Internal server error"}`, 0, false, nil},
		{"no delimiter", fakeStreams{pieces: []string{`{"statusCode":200,"body":"buffered"}`}}, 500, `{"message": "Internal server error"}`, 0, false, nil},
		{"no JSON", fakeStreams{pieces: []string{"hello" + zeros8}}, 500, `{"message": "Internal server error"}`, 0, false, nil},
		{"a body in the metadata", fakeStreams{pieces: []string{`{"body":"x"}` + zeros8}}, 500, `{"message": "Internal server error"}`, 0, false, nil},
		{"a length that is none", fakeStreams{pieces: []string{`{"headers":{"Content-Length":"many"}}` + zeros8}}, 500, `{"message": "Internal server error"}`, 0, false, nil},
		{"nothing", fakeStreams{}, 500, `{"message": "Internal server error"}`, 0, false, nil},
		{"failed before", fakeStreams{err: failed}, 502, `{"message": "Internal server error"}`, 0, false, nil},
		{"failed in the metadata", fakeStreams{pieces: []string{`{"statusC`}, err: failed}, 502, `{"message": "Internal server error"}`, 0, false, nil},
		{"timed out", fakeStreams{err: &lambda.Error{Kind: lambda.Timeout}}, 504, `{"message": "Endpoint request timed out"}`, 0, false, nil},
		{"throttled", fakeStreams{refuse: &lambda.Error{Kind: lambda.Throttled, Status: 429}}, 500, `{"message": "Internal server error"}`, 0, false, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			env := testEnv(nil)
			env.Functions, env.Streams = fakeFunctions(nil), &c.f
			s := compileStage(t, define(map[string]*apigw.Method{"GET /r": streamMethod()}), nil, env)
			x, got := serve(s, call{method: "GET", target: "/r"})
			body, err := sent(t, x)
			if got.Status != c.status || body != c.body || (err != nil) != c.broken || x.Response.Length != c.length {
				t.Errorf("%d, %q, length %d, %v; want %d, %q", got.Status, body, x.Response.Length, err, c.status, c.body)
			}
			for name, want := range c.fields {
				if d := cmp.Diff(want, fields(&x.Response.Header, name)); d != "" {
					t.Errorf("%s: %s", name, d)
				}
			}
			if c.f.refuse == nil && c.f.closed != 1 {
				t.Errorf("closed %d times", c.f.closed)
			}
			if i := x.Outcome.Integration; i.Ended.IsZero() || !i.Streamed {
				t.Errorf("integration %+v", i)
			}
			x.End()
		})
	}
}

// TestHTTPStream: an HTTP_PROXY integration's answer, as it comes.
func TestHTTPStream(t *testing.T) {
	cases := []struct {
		name, answer string
		status       int
		body         string
		length       int64
		broken       bool
	}{
		{"chunked", "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nX-A: 1\r\nDate: Wed, 18 Jun 2025 17:28:59 GMT\r\n\r\n3\r\none\r\n4\r\n two\r\n0\r\n\r\n", 201, "one two", -1, false},
		{"of a length", "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 3\r\n\r\none", 200, "one", 3, false},
		{"of none", "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n", 200, "", 0, false},
		{"an error", "HTTP/1.1 500 No\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nno", 500, "no", 2, false},
		{"cut", "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\nclose:", 200, "one", -1, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			address := rawBackend(t, func(string) string { return c.answer })
			if c.broken {
				address = cuttingBackend(t, strings.TrimSuffix(c.answer, "close:"))
			}
			m := httpMethod(apigw.IntegrationHTTPProxy, "http://"+address+"/x", nil)
			m.Integration.ResponseMode = "STREAM"
			s := compileStage(t, define(map[string]*apigw.Method{"GET /r": m}), nil, nil)
			for range 2 { // the connection is used again
				x, got := serve(s, call{method: "GET", target: "/r"})
				body, err := sent(t, x)
				if got.Status != c.status || body != c.body || (err != nil) != c.broken || x.Response.Length != c.length {
					t.Errorf("%d, %q, length %d, %v", got.Status, body, x.Response.Length, err)
				}
				if a := fields(&x.Response.Header, "X-A"); len(a) != 1 || fields(&x.Response.Header, "x-amzn-Remapped-Content-Length") != nil {
					t.Errorf("fields %v", a)
				}
				x.End()
			}
		})
	}
}

// cuttingBackend answers each connection with text and closes it.
func cuttingBackend(t testing.TB, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 4096))
			io.WriteString(c, text)
			c.Close()
		}
	}()
	return l.Addr().String()
}

// TestStreamTimeout: before the head it is 504, later the answer is cut.
func TestStreamTimeout(t *testing.T) {
	for _, c := range []struct {
		name, answer string
		status       int
	}{{"head", " ", 504}, {"body", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n", 200}} {
		t.Run(c.name, func(t *testing.T) {
			m := httpMethod(apigw.IntegrationHTTPProxy, "http://"+rawBackend(t, func(string) string { return c.answer })+"/x", nil)
			m.Integration.ResponseMode, m.Integration.TimeoutMillis = "STREAM", 60
			s := compileStage(t, define(map[string]*apigw.Method{"GET /r": m}), nil, nil)
			x, got := serve(s, call{method: "GET", target: "/r"})
			body, err := sent(t, x)
			if got.Status != c.status || c.status == 200 && (body != "one" || err == nil) {
				t.Errorf("%d, %q, %v", got.Status, body, err)
			}
			x.End()
		})
	}
}

// TestStreamVariables: what an access log tells of a streamed answer
// (developer guide, "Variables for access logging").
func TestStreamVariables(t *testing.T) {
	format, err := telemetry.CompileFormat("$context.requestId $context.integration.responseTransferMode $context.integration.timeToAllHeaders $context.integration.timeToFirstContent $context.integrationLatency $context.integration.status $context.integration.error")
	if err != nil {
		t.Fatal(err)
	}
	if u := format.Unknown(); u != nil {
		t.Errorf("unknown: %v", u)
	}
	start := time.Now()
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	cases := []struct {
		name string
		i    exchange.Integration
		want string
	}{
		{"none", exchange.Integration{}, "- - - - - -"},
		{"collected", exchange.Integration{Type: "HTTP_PROXY", Began: start, Ended: at(9)}, "BUFFERED - - 9 - -"},
		{"streamed", exchange.Integration{Type: "HTTP_PROXY", Began: start, Streamed: true, Headers: at(2), Content: at(3), Ended: at(9)}, "STREAMED 2 3 9 - -"},
		{"without content", exchange.Integration{Type: "HTTP_PROXY", Began: start, Streamed: true, Headers: at(2), Ended: at(9), Error: "cut\nshort"}, "STREAMED 2 - 9 - cut short"},
	}
	for _, c := range cases {
		x := new(exchange.Exchange)
		x.Outcome.Integration = c.i
		line := string(format.Append(nil, x, at(10)))
		if _, got, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// FuzzMetadata: whatever a function sends before its body.
func FuzzMetadata(f *testing.F) {
	f.Add(`{"statusCode":201,"headers":{"a":"1"},"multiValueHeaders":{"b":["2"]},"cookies":["c=1"]}` + zeros8 + "body")
	f.Add(`{"headers":{"Content-Length":"3"}}` + zeros8 + "abc")
	f.Add(`{}`)
	f.Fuzz(func(t *testing.T, stream string) {
		head, rest, err := readMetadata(strings.NewReader(stream))
		if err != nil {
			if !errors.Is(err, integration.ErrMetadata) {
				t.Fatal(err)
			}
			return
		}
		if !strings.HasPrefix(stream, string(head)+zeros8+string(rest)) {
			t.Fatalf("%q became %q and %q", stream, head, rest)
		}
		o, length, err := integration.ParseMetadata(head)
		if err == nil && (o.Status < 200 || o.Status > 599 || length < -1) {
			t.Fatalf("%+v, %d", o, length)
		}
	})
}
