package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// atOnce has 16 clients make n resources of one API between them, and returns
// how long each call took, the shortest first. AWS refuses some of such calls
// with a 409 that means nothing; here every one succeeds, and all are there.
func (s *server) atOnce(ctx context.Context, n int) []time.Duration {
	s.t.Helper()
	api, err := s.sdk().CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("many")})
	if err != nil {
		s.t.Fatal(err)
	}
	const clients = 16
	times, errs := make([]time.Duration, n), make([]error, clients)
	var wg sync.WaitGroup
	for k := range clients {
		wg.Go(func() {
			c := s.sdk()
			for i := k; i < n && errs[k] == nil; i += clients {
				began := time.Now()
				_, errs[k] = c.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String(fmt.Sprint("r", i))})
				times[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	paths := map[string]bool{}
	for p := apigateway.NewGetResourcesPaginator(s.sdk(), &apigateway.GetResourcesInput{RestApiId: api.Id, Limit: aws.Int32(500)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, r := range page.Items {
			paths[*r.Path] = true
		}
	}
	if len(paths) != n+1 {
		s.t.Fatalf("%d resources of %d", len(paths)-1, n)
	}
	slices.Sort(times)
	return times
}

func TestManyClientsWriteOneAPI(t *testing.T) {
	t.Parallel()
	serveWith(t).atOnce(t.Context(), 160)
}

// BenchmarkManyClients tells what a call takes among 16 clients that make 1,000
// resources.
func BenchmarkManyClients(b *testing.B) {
	s := serveWith(b)
	var times []time.Duration
	for b.Loop() {
		times = s.atOnce(b.Context(), 1000)
	}
	b.ReportMetric(float64(times[500].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[990].Microseconds())/1000, "p99-ms")
}

// largeDefinition has as many operations with templates as bytes are given.
func largeDefinition(size int) ([]byte, int) {
	var b bytes.Buffer
	b.WriteString("openapi: 3.0.1\ninfo: {title: large, version: '1'}\ncomponents: {schemas: {Pet: {type: object, properties: {name: {type: string}}}}}\npaths:\n")
	n := 0
	for ; b.Len() < size-(4<<10); n++ {
		fmt.Fprintf(&b, `  /pets%d/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      responses: {'200': {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}}
      x-amazon-apigateway-integration:
        type: http
        httpMethod: GET
        uri: http://example.com/{id}
        requestParameters: {integration.request.path.id: method.request.path.id}
        responses: {default: {statusCode: '200', responseTemplates: {application/json: "#set($in = $input.path('$'))%s"}}}
`, n, bytes.Repeat([]byte(` {\"name\": \"$in.name\"}`), 100))
	}
	return b.Bytes(), n
}

// TestLargeImport imports as large a definition as AWS takes.
func TestLargeImport(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	body, n := largeDefinition(6 << 20)
	api, err := s.sdk().ImportRestApi(t.Context(), &apigateway.ImportRestApiInput{Body: body})
	if err != nil {
		t.Fatal(err)
	}
	last := fmt.Sprintf("/pets%d/{id}", n-1)
	found := false
	for p := apigateway.NewGetResourcesPaginator(s.sdk(), &apigateway.GetResourcesInput{RestApiId: api.Id, Limit: aws.Int32(500)}); p.HasMorePages(); {
		page, err := p.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found = found || slices.ContainsFunc(page.Items, func(r types.Resource) bool { return *r.Path == last })
	}
	if !found {
		t.Errorf("%s is not there", last)
	}
}

// BenchmarkLargeImport tells what an import of 6 MB takes.
func BenchmarkLargeImport(b *testing.B) {
	s := serveWith(b)
	c := s.sdk()
	body, _ := largeDefinition(6 << 20)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := c.ImportRestApi(b.Context(), &apigateway.ImportRestApiInput{Body: body}); err != nil {
			b.Fatal(err)
		}
	}
}
