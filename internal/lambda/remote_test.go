package lambda

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// elsewhere is a Functions whose every function is at endpoint.
func elsewhere(t *testing.T, endpoint string, source credentials.Source) *Functions {
	t.Helper()
	cfg, _ := testConfig(t, nil)
	cfg.Endpoint, cfg.Credentials = endpoint, source
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestRemoteAnswers(t *testing.T) {
	cases := []struct {
		name   string
		answer http.HandlerFunc
		want   Result
		kind   Kind
		text   string // of the error; empty: none
	}{
		{"success", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Amzn-RequestId", "r1")
			w.Header().Set("X-Amz-Executed-Version", "$LATEST")
			io.Copy(w, r.Body)
		}, Result{Status: 200, RequestID: "r1", ExecutedVersion: "$LATEST", Payload: []byte(`{"a":1}`)}, 0, ""},
		{"function error", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			io.WriteString(w, `{"errorMessage":"x"}`)
		}, Result{Status: 200, FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"x"}`)}, 0, ""},
		{"not found", refusalOf(404, "ResourceNotFoundException:http://internal/", `{"Type":"User","Message":"Function not found: arn"}`),
			Result{Status: 404, RequestID: "r2"}, NotFound, "function f: Function not found: arn"},
		{"throttled", refusalOf(429, "TooManyRequestsException", `{"Reason":"x","message":"Rate Exceeded."}`),
			Result{Status: 429, RequestID: "r2"}, Throttled, "function f: Rate Exceeded."},
		{"denied", refusalOf(403, "AccessDeniedException", `{"Message":"no\r\nway"}`), Result{Status: 403, RequestID: "r2"}, AccessDenied, "function f: no  way"},
		{"too large", refusalOf(413, "RequestTooLargeException", `{"message":"big"}`), Result{Status: 413, RequestID: "r2"}, TooLarge, "function f: big"},
		{"malformed", refusalOf(400, "InvalidRequestContentException", `{"message":"json"}`), Result{Status: 400, RequestID: "r2"}, BadRequest, "function f: json"},
		{"no document", refusalOf(502, "", `<html>`), Result{Status: 502, RequestID: "r2"}, Unavailable, "function f: Lambda answered 502 Bad Gateway"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		},
			Result{Status: 307}, Unavailable, "function f: Lambda answered 307 Temporary Redirect"},
		{"answer too large", func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, maxPayload+1)) },
			Result{Status: 200}, Unavailable, "function f: the endpoint's answer is larger than 6291556 bytes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.answer)
			defer server.Close()
			var out Result
			err := elsewhere(t, server.URL, nil).Invoke(t.Context(), &Invocation{Function: "f", Payload: []byte(`{"a":1}`)}, &out)
			if c.want.Payload == nil {
				out.Payload = nil
			}
			if d := cmp.Diff(c.want, out); d != "" {
				t.Error(d)
			}
			if c.text == "" && err != nil || c.text != "" && (err == nil || err.Error() != c.text || KindOf(err) != c.kind) {
				t.Errorf("error %v (%v), want %q (%v)", err, KindOf(err), c.text, c.kind)
			}
		})
	}
}

func refusalOf(status int, errorType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-RequestId", "r2")
		w.Header().Set("X-Amzn-ErrorType", errorType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestRemoteRequest(t *testing.T) {
	var got http.Request
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = *r }))
	defer server.Close()
	key := func(context.Context) (sigv4.Credentials, error) {
		return sigv4.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}, nil
	}
	f := elsewhere(t, server.URL+"/base/", key)
	var out Result
	err := f.Invoke(t.Context(), &Invocation{
		Function: "arn:aws:lambda:us-east-2:210987654321:function:f:live", Type: Event, Payload: []byte(`1`),
		TraceID: "Root=1-2-3", ClientContext: "e30=",
		Header: map[string]string{"x-amzn-lambda-integration-tag": "tag", "X-Amz-Source-Arn": "arn:aws:execute-api:x"},
	}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if want := "/base/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-2%3A210987654321%3Afunction%3Af/invocations?Qualifier=live"; got.RequestURI != want || got.Method != "POST" {
		t.Errorf("%s %s, want %s", got.Method, got.RequestURI, want)
	}
	for name, want := range map[string]string{
		"X-Amz-Invocation-Type": "Event", "X-Amzn-Trace-Id": "Root=1-2-3", "X-Amz-Client-Context": "e30=",
		"X-Amzn-Lambda-Integration-Tag": "tag", "X-Amz-Source-Arn": "arn:aws:execute-api:x",
		"Content-Type": "application/json", "X-Amz-Security-Token": "token",
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	if a := got.Header.Get("Authorization"); !strings.HasPrefix(a, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") ||
		!strings.Contains(a, "/us-east-2/lambda/aws4_request") || !strings.Contains(a, "x-amzn-lambda-integration-tag") {
		t.Errorf("Authorization %q", a)
	}
}

func TestRemoteUnsigned(t *testing.T) {
	var authorization []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { authorization = r.Header["Authorization"] }))
	defer server.Close()
	none := func(context.Context) (sigv4.Credentials, error) { return sigv4.Credentials{}, errors.New("none") }
	f := elsewhere(t, server.URL, none)
	var out Result
	if err := f.Invoke(t.Context(), &Invocation{Function: "f"}, &out); err != nil || authorization != nil {
		t.Errorf("%v, Authorization %q", err, authorization)
	}
}

func TestRemoteFailures(t *testing.T) {
	hang := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
	defer hanging.Close()
	defer close(hang)
	breaking := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "half")
	}))
	defer breaking.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()

	cases := []struct {
		name, endpoint string
		kind           Kind
	}{
		{"refused", "http://" + closed.Addr().String(), Unreachable},
		{"unknown host", "http://nowhere.invalid", Unreachable},
		{"hangs", hanging.URL, Timeout},
		{"breaks off", breaking.URL, Unreachable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			in := &Invocation{Function: "f"}
			if c.kind == Timeout {
				in.Deadline = time.Now().Add(20 * time.Millisecond)
			}
			var out Result
			if err := elsewhere(t, c.endpoint, nil).Invoke(t.Context(), in, &out); KindOf(err) != c.kind {
				t.Errorf("%v (%v), want %v", err, KindOf(err), c.kind)
			}
		})
	}
}

// TestRemoteAsRole: a role's credentials sign, and no resource's policy is asked.
func TestRemoteAsRole(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer server.Close()
	own := func(context.Context) (sigv4.Credentials, error) {
		return sigv4.Credentials{AccessKeyID: "AKIDOWN", SecretAccessKey: "secret"}, nil
	}
	role := credentials.NewRoles(credentials.Config{Account: "000000000000"}).Local("arn:aws:iam::123456789012:role/r")
	var out Result
	in := &Invocation{Function: "f", Session: role, Header: map[string]string{"X-Amz-Source-Arn": "arn:aws:execute-api:x"}}
	if err := elsewhere(t, server.URL, own).Invoke(t.Context(), in, &out); err != nil {
		t.Fatal(err)
	}
	if a := got.Get("Authorization"); !strings.Contains(a, "Credential=123456789012/") || got.Get("X-Amz-Source-Arn") != "" {
		t.Errorf("signed %q for %q", a, got.Get("X-Amz-Source-Arn"))
	}
	nobody := credentials.NewRoles(credentials.Config{}).Session("arn:aws:iam::123456789012:role/r", credentials.OnAWS)
	err := elsewhere(t, server.URL, own).Invoke(t.Context(), &Invocation{Function: "f", Session: nobody}, &out)
	if KindOf(err) != AccessDenied {
		t.Errorf("without the role's credentials: %v", err)
	}
}
