package main

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	wireapi "github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
)

// notServed are the operations of AWS's model that aren't served: each must be
// answered 501, and all others must be in the walks below. There are none.
var notServed []string

// walk calls operations with AWS's SDK for Go and keeps which ones succeeded.
// A call that fails ends the test.
type walk struct {
	*testing.T
	*apigateway.Client
	ctx    context.Context
	called map[string]int

	certificate string // that domain names show
}

func newWalk(t *testing.T, s *server) *walk {
	w := &walk{T: t, ctx: t.Context(), called: map[string]int{}, certificate: s.certificate("*.example.com")}
	w.Client = apigateway.New(apigateway.Options{
		BaseEndpoint: aws.String(s.control), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("walk", w.record), middleware.After)
		}},
	})
	return w
}

// record runs around every call, in the test's own goroutine.
func (w *walk) record(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, meta, err := next.HandleInitialize(ctx, in)
	name := sdkmiddleware.GetOperationName(ctx)
	if err != nil {
		w.Helper()
		w.Fatalf("%s: %v", name, err)
	}
	w.called[name]++
	return out, meta, err
}

// same fails the test where what was read differs from what was meant.
func (w *walk) same(what string, got, want any) {
	w.Helper()
	if d := cmp.Diff(want, got); d != "" {
		w.Errorf("%s: %s", what, d)
	}
}

// paginator is any of the SDK's.
type paginator[O any] interface {
	HasMorePages() bool
	NextPage(context.Context, ...func(*apigateway.Options)) (O, error)
}

// pages reads all pages of one item each, and checks how many items there are.
func pages[O any](w *walk, what string, p paginator[O], count func(O) int, want int) {
	w.Helper()
	total := 0
	for p.HasMorePages() {
		page, err := p.NextPage(w.ctx)
		if err != nil {
			w.Fatal(err)
		}
		if n := count(page); n > 1 {
			w.Errorf("%s: a page of %d", what, n)
		}
		total += count(page)
	}
	w.same(what, total, want)
}

// allower stands for Lambda: a function that lets everybody in.
func allower(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, `{"principalId":"ann","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}}`)
	}))
	t.Cleanup(s.Close)
	return write(t, "gatehouse.yaml", "endpoints: {lambda: \""+s.URL+"\"}\n")
}

// TestWalkControlPlane calls every operation of AWS's model of the REST control
// plane with AWS's SDK for Go, all of its paginators included (it has no
// waiters), and sees that what isn't served says so.
func TestWalkControlPlane(t *testing.T) {
	t.Parallel()
	s := serveWith(t, "--config", allower(t))
	w := newWalk(t, s)
	w.everything()

	var missing, odd []string
	for _, o := range new(wireapi.Operations).Table() {
		except := slices.Contains(notServed, o.Name)
		if except && s.bare(o.Method, o.Path, o.Query) != http.StatusNotImplemented {
			odd = append(odd, o.Name)
		}
		if !except && w.called[o.Name] == 0 {
			missing = append(missing, o.Name)
		}
	}
	w.same("operations that the walk doesn't call", missing, []string(nil))
	w.same("operations that are served now: take them off notServed and add them to the walk", odd, []string(nil))
	w.same("operations in all", len(w.called)+len(notServed), len(new(wireapi.Operations).Table()))
}

var pathLabel = regexp.MustCompile(`\{[^}]+\}`)

// bare sends an operation without a body, and returns the status.
func (s *server) bare(method, path, query string) int {
	s.t.Helper()
	r, err := http.NewRequest(method, s.control+pathLabel.ReplaceAllString(path, "x")+"?"+query, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=any/20260531/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=00")
	status, _ := s.json(r)
	return status
}

// TestWalkControlPlaneBoto3 does the same with boto3, whose model checks every
// answer, and with all paginators that botocore has.
func TestWalkControlPlaneBoto3(t *testing.T) {
	t.Parallel()
	needBoto(t)
	s := serveWith(t, "--config", allower(t))
	s.walks(namesOf(new(wireapi.Operations).Table(), func(o string) bool { return !slices.Contains(notServed, o) }), "walk.py", notServed...)
}

// namesOf are the operations of a table that are served.
func namesOf(table []wire.Operation, served func(operation string) bool) (names []string) {
	for _, o := range table {
		if served(o.Name) {
			names = append(names, o.Name)
		}
	}
	slices.Sort(names)
	return names
}

// walks runs a walk of testdata/control, and sees that it calls what is served.
func (s *server) walks(served []string, script string, args ...string) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), "python3", append([]string{filepath.Join("testdata", "control", script), s.control}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	called := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "called "); ok {
			called[name] = true
		}
	}
	if d := cmp.Diff(served, slices.Sorted(maps.Keys(called))); d != "" {
		s.t.Error(d)
	}
}
