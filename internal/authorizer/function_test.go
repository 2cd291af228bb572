package authorizer

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// lambdaServer answers Lambda's Invoke calls as lies does, or well.
type lambdaServer struct {
	*httptest.Server
	lies  atomic.Pointer[http.HandlerFunc]
	calls atomic.Int32
}

const goodAnswer = `{"principalId":"u","policyDocument":` + allow + `}`

func newLambdaServer(t testing.TB) *lambdaServer {
	t.Helper()
	s := new(lambdaServer)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		_, _ = io.Copy(io.Discard, r.Body) // else the server doesn't see the client leave
		if lies := s.lies.Load(); lies != nil {
			(*lies)(w, r)
			return
		}
		fmt.Fprint(w, goodAnswer)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *lambdaServer) lie(f http.HandlerFunc) {
	if f == nil {
		s.lies.Store(nil)
		return
	}
	s.lies.Store(&f)
}

// guard is a function at the server, whose answers are kept for ttl.
func (s *lambdaServer) guard(t testing.TB, ttl time.Duration) *Function {
	t.Helper()
	functions, err := lambda.New(lambda.Config{Partition: "aws", Account: "123456789012", Region: "us-east-1", Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { functions.Close() })
	return &Function{Name: "guard", Invoker: functions, Cache: NewCache(), TTL: ttl, Timeout: 500 * time.Millisecond}
}

func failing(message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		fmt.Fprintf(w, `{"errorMessage":%q}`, message)
	}
}

// TestMisbehavingFunction has a Lambda service in every way that one can
// misbehave: there is no answer, so nobody is let in; answers that are kept
// serve; failures aren't kept, and all is well at once when the service is.
func TestMisbehavingFunction(t *testing.T) {
	call := Call{Event: func() []byte { return []byte(`{}`) }}
	for name, c := range map[string]struct {
		lies http.HandlerFunc
		kind Kind
		want string
	}{
		"hangs":            {hangs, Broken, "no answer in the caller's time"},
		"drips":            {endless(" ", 20*time.Millisecond), Broken, "no answer in the caller's time"},
		"never ends":       {endless(strings.Repeat(" ", 1<<16), 0), Broken, "larger than"},
		"breaks off":       {breaksOff, Broken, "EOF"},
		"tears down":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, Broken, "can't be reached"},
		"500":              {status(500), Broken, ""},
		"503":              {status(503), Broken, ""},
		"403":              {status(403), Broken, ""},
		"429":              {status(429), Broken, ""},
		"redirects":        {redirect("http://169.254.169.254/latest/meta-data/"), Broken, ""},
		"empty":            {says(""), Broken, "no JSON"},
		"a web page":       {says("<!doctype html>"), Broken, "no JSON"},
		"null":             {says("null"), Broken, "no object"},
		"not an answer":    {says(`{"statusCode":200}`), Broken, "principalId"},
		"allows by a word": {says(`"allow"`), Broken, "no object"},
		"a huge answer":    {says(strings.Replace(goodAnswer, `"u"`, `"`+strings.Repeat("u", maxAnswer)+`"`, 1)), Broken, "longer than"},
		"deep":             {says(strings.Repeat(`{"context":`, 200) + "1" + strings.Repeat("}", 200)), Broken, "no JSON"},
		"fails":            {failing("boom"), Broken, "boom"},
		"fails with an allow": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amz-Function-Error", "Handled")
			fmt.Fprint(w, goodAnswer)
		}, Broken, "the function failed"},
		"says Unauthorized": {failing("Unauthorized"), Unauthorized, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newLambdaServer(t)
			s.lie(c.lies)
			f := s.guard(t, time.Minute)
			refused := func(key Key) {
				t.Helper()
				answer, err := f.Ask(t, key, call)
				own, ok := errors.AsType[*Error](err)
				if answer != nil || !ok || own.Kind != c.kind || !strings.Contains(own.Error(), c.want) {
					t.Errorf("%v %v, want %d %q", answer, err, c.kind, c.want)
				}
			}
			began := time.Now()
			refused(Key{1})
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			s.lie(nil)
			if answer, err := f.Ask(t, Key{1}, call); err != nil || answer.Decide(&iam.Request{Action: "execute-api:invoke", Resource: "r"}).Effect != iam.Allow {
				t.Errorf("well again: %v", err)
			}
			s.lie(c.lies)
			before := s.calls.Load()
			if _, err := f.Ask(t, Key{1}, call); err != nil || s.calls.Load() != before {
				t.Errorf("kept: %v", err)
			}
			refused(Key{2})
		})
	}
}

// TestFunctionIsAskedOnce: clients of one identity who come at once are one
// call, answered or not, and one who leaves takes nobody along.
func TestFunctionIsAskedOnce(t *testing.T) {
	s := newLambdaServer(t)
	s.lie(func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(200 * time.Millisecond)
		fmt.Fprint(w, goodAnswer)
	})
	f := s.guard(t, time.Minute)
	f.Timeout = 10 * time.Second
	call := Call{Event: func() []byte { return []byte(`{}`) }}
	var clients sync.WaitGroup
	for range 64 {
		clients.Go(func() {
			if _, err := f.Ask(t, Key{1}, call); err != nil {
				t.Error(err)
			}
		})
	}
	clients.Wait()
	if n := s.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
}

// FuzzAnswer: whatever a function answers, in whatever form, is an answer or
// an error, and nobody is let in by what doesn't say so.
func FuzzAnswer(f *testing.F) {
	for form := range uint8(Simple) + 1 {
		f.Add(form, []byte(goodAnswer))
		f.Add(form, []byte(`{"isAuthorized":true,"context":{"a":[1,{"b":null}]}}`))
		f.Add(form, []byte(`{"isAuthorized":false,"isAuthorized":true}`))
		f.Add(form, []byte(`{"principalId":"u","policyDocument":{"Statement":{}}}`))
	}
	ask := iam.Request{Action: "execute-api:invoke", Resource: "arn:aws:execute-api:us-east-1:123456789012:a/s/GET/x"}
	f.Fuzz(func(t *testing.T, form uint8, payload []byte) {
		answer, err := Form(form % (uint8(Simple) + 1)).Parse(payload)
		if (answer == nil) == (err == nil) {
			t.Fatal("neither an answer nor an error, or both")
		}
		if answer == nil || answer.Decide(&ask).Effect != iam.Allow {
			return
		}
		if text := strings.ToLower(string(payload)); !strings.Contains(text, "true") && !strings.Contains(text, "allow") && !strings.Contains(text, `\u`) {
			t.Fatalf("%s lets in", payload)
		}
	})
}
