package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"

	wireapi "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

// routesNotServed says which operations of version 2 of AWS's model aren't
// served: each must be answered 501, and all others must be in the walks.
func routesNotServed(operation string) bool {
	for _, part := range []string{"Portal", "ProductPage", "ProductRestEndpointPage"} {
		if strings.Contains(operation, part) {
			return true
		}
	}
	return false
}

// routesServed are the others.
func routesServed() []string {
	return namesOf(new(wireapi.Operations).Table(), func(o string) bool { return !routesNotServed(o) })
}

// routeWalk calls operations of version 2 with AWS's SDK for Go and keeps which
// ones succeeded. A call that fails ends the test.
type routeWalk struct {
	*testing.T
	*apigatewayv2.Client
	ctx    context.Context
	called map[string]bool
}

func newRouteWalk(t *testing.T, s *server) *routeWalk {
	w := &routeWalk{T: t, ctx: t.Context(), called: map[string]bool{}}
	w.Client = apigatewayv2.New(apigatewayv2.Options{
		BaseEndpoint: aws.String(s.control), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		APIOptions: []func(*middleware.Stack) error{func(stack *middleware.Stack) error {
			return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("walk", w.record), middleware.After)
		}},
	})
	return w
}

// record runs around every call, in the test's own goroutine.
func (w *routeWalk) record(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	out, meta, err := next.HandleInitialize(ctx, in)
	name := sdkmiddleware.GetOperationName(ctx)
	if err != nil {
		w.Helper()
		w.Fatalf("%s: %v", name, err)
	}
	w.called[name] = true
	return out, meta, err
}

// same fails the test where what was read differs from what was meant.
func (w *routeWalk) same(what string, got, want any) {
	w.Helper()
	if d := cmp.Diff(want, got); d != "" {
		w.Errorf("%s: %s", what, d)
	}
}

// paged reads all pages of a list, of one item each, and checks how many items
// there are. The SDK for Go has paginators for few lists of version 2.
func (w *routeWalk) paged(what string, want int, page func(token *string) (items int, next *string)) {
	w.Helper()
	total := 0
	for token, first := (*string)(nil), true; first || token != nil; first = false {
		items, next := page(token)
		if items > 1 {
			w.Fatalf("%s: a page of %d", what, items)
		}
		total, token = total+items, next
	}
	w.same(what, total, want)
}

// keyServer is an issuer of tokens as far as a JWT authorizer that is made asks.
func keyServer(t *testing.T) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	modulus := base64.RawURLEncoding.EncodeToString(key.N.Bytes())
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keys" {
			io.WriteString(w, `{"keys":[{"kty":"RSA","kid":"1","alg":"RS256","use":"sig","e":"AQAB","n":"`+modulus+`"}]}`)
			return
		}
		io.WriteString(w, `{"issuer":"`+s.URL+`","jwks_uri":"`+s.URL+`/keys"}`)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// TestWalkRoutesControlPlane calls every operation of version 2 that is served
// with AWS's SDK for Go, and sees that what isn't served says so.
func TestWalkRoutesControlPlane(t *testing.T) {
	t.Parallel()
	s := serveWith(t, "--config", allower(t))
	w := newRouteWalk(t, s)
	w.everything(s)

	w.same("operations called", slices.Sorted(maps.Keys(w.called)), routesServed())
	for _, o := range new(wireapi.Operations).Table() {
		if routesNotServed(o.Name) && s.bare(o.Method, o.Path, o.Query) != http.StatusNotImplemented {
			t.Errorf("%s is served now: take it off routesNotServed and add it to the walks", o.Name)
		}
	}
}

// TestWalkRoutesControlPlaneBoto3 does the same with boto3, whose model checks
// every answer, and TestWalkRoutesControlPlaneCLI with the AWS CLI; both read
// lists with all paginators that botocore has.
func TestWalkRoutesControlPlaneBoto3(t *testing.T) { walkRoutes(t, "boto3") }

// TestWalkRoutesControlPlaneCLI calls the CLI's own program in one process:
// starting it for each of a hundred calls would take a minute.
func TestWalkRoutesControlPlaneCLI(t *testing.T) { walkRoutes(t, "cli") }

func walkRoutes(t *testing.T, client string) {
	t.Parallel()
	needBoto(t)
	s := serveWith(t, "--config", allower(t))
	s.walks(routesServed(), "routewalk.py", client, keyServer(t))
}
