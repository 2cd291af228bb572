package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/store"
)

// reached is what a request came to.
type reached struct {
	API, Stage, Domain, Prefix, RequestPath, StagePath string
	Status                                             int
	Message                                            string
}

func locate(g *Gateway, f *finder, host, path string, header ...string) reached {
	return locateThrough(g, f, nil, host, path, header...)
}

// locateThrough is locate through an endpoint.
func locateThrough(g *Gateway, f *finder, through *exchange.Endpoint, host, path string, header ...string) reached {
	var x exchange.Exchange
	x.Begin(nil)
	x.Client.Endpoint = through
	x.Host, x.Path, x.Header = []byte(host), []byte(path), new(http1.Header)
	for i := 0; i < len(header); i += 2 {
		x.Header.Add(header[i], header[i+1])
	}
	if s := f.find(g, &x); s == nil {
		return reached{Status: x.Response.Status, Message: string(x.Response.Body)}
	}
	a := x.Address
	return reached{API: a.APIID, Stage: a.Stage, Domain: a.DomainName, Prefix: a.DomainPrefix,
		RequestPath: string(a.RequestPath), StagePath: string(a.StagePath)}
}

const (
	forbidden = `{"message":"Forbidden"}`
	pathsOf   = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
)

func addressed(t testing.TB) *Gateway {
	g := newGateway(t, &fakeKind{})
	src := newFakeSource()
	src.define("a1b2c3d4e5", "d1")
	src.batches <- store.Batch{Revision: 1, Reset: true, Events: []store.Event{
		record("a1b2c3d4e5", "prod", "d1"), record("a1b2c3d4e5", "_aws", "d1"), record("a1b2c3d4e5", "restapis", "d1"),
	}}
	follow(t, g, src, 1)
	return g
}

func TestAddresses(t *testing.T) {
	g := addressed(t)
	at := func(stage, domain, prefix, request, rest string) reached {
		return reached{API: "a1b2c3d4e5", Stage: stage, Domain: domain, Prefix: prefix, RequestPath: request, StagePath: rest}
	}
	cases := []struct {
		name, host, path string
		want             reached
	}{
		{"local name", "a1b2c3d4e5.execute-api.localhost:8080", "/prod/pets/1",
			at("prod", "a1b2c3d4e5.execute-api.localhost", "a1b2c3d4e5", "/prod/pets/1", "/pets/1")},
		{"the name on AWS", pathsOf, "/prod/pets", at("prod", pathsOf, "a1b2c3d4e5", "/prod/pets", "/pets")},
		{"two labels are enough", "a1b2c3d4e5.execute-api", "/prod", at("prod", "a1b2c3d4e5.execute-api", "a1b2c3d4e5", "/prod", "")},
		{"labels in capitals", "A1B2C3D4E5.Execute-API.LocalHost", "/prod/x",
			at("prod", "A1B2C3D4E5.Execute-API.LocalHost", "A1B2C3D4E5", "/prod/x", "/x")},
		{"an endpoint's alias", "a1b2c3d4e5-vpce-0123456789abcdef0.execute-api.eu-west-1.amazonaws.com", "/prod/x", reached{Status: 403, Message: forbidden}},
		{"a host wins over a path", "a1b2c3d4e5.execute-api.localhost", "/_aws/execute-api/zzz/prod",
			at("_aws", "a1b2c3d4e5.execute-api.localhost", "a1b2c3d4e5", "/_aws/execute-api/zzz/prod", "/execute-api/zzz/prod")},
		{"and over the peers' path", "a1b2c3d4e5.execute-api.localhost", "/restapis/zzz/prod/_user_request_/",
			at("restapis", "a1b2c3d4e5.execute-api.localhost", "a1b2c3d4e5", "/restapis/zzz/prod/_user_request_/", "/zzz/prod/_user_request_/")},

		{"path form", "localhost:8080", "/_aws/execute-api/a1b2c3d4e5/prod/pets/1", at("prod", pathsOf, "a1b2c3d4e5", "/prod/pets/1", "/pets/1")},
		{"path form by address", "127.0.0.1:8080", "/_aws/execute-api/a1b2c3d4e5/prod/", at("prod", pathsOf, "a1b2c3d4e5", "/prod/", "/")},
		{"path form by IPv6 address", "[::1]:8080", "/_aws/execute-api/a1b2c3d4e5/prod", at("prod", pathsOf, "a1b2c3d4e5", "/prod", "")},
		{"path form with blanks to collapse", "h", "/_aws/execute-api/a1b2c3d4e5//prod//pets//1",
			at("prod", pathsOf, "a1b2c3d4e5", "/prod//pets//1", "/pets//1")},
		{"peers' path form", "localhost:8080", "/restapis/a1b2c3d4e5/prod/_user_request_/pets/1", at("prod", pathsOf, "a1b2c3d4e5", "/prod/pets/1", "/pets/1")},
		{"peers' path form, root", "localhost:8080", "/restapis/a1b2c3d4e5/prod/_user_request_/", at("prod", pathsOf, "a1b2c3d4e5", "/prod/", "/")},
		{"peers' path form, stage alone", "localhost:8080", "/restapis/a1b2c3d4e5/prod/_user_request_", at("prod", pathsOf, "a1b2c3d4e5", "/prod", "")},
		{"peers' path form, double slash", "localhost:8080", "/restapis/a1b2c3d4e5/prod/_user_request_//pets", at("prod", pathsOf, "a1b2c3d4e5", "/prod//pets", "/pets")},

		// Recorded on AWS: requestContext.path and path of a proxy event.
		{"trailing slash", "a1b2c3d4e5.execute-api.h", "/prod/v/", at("prod", "a1b2c3d4e5.execute-api.h", "a1b2c3d4e5", "/prod/v/", "/v/")},
		{"inner double slash", "a1b2c3d4e5.execute-api.h", "/prod/v//w", at("prod", "a1b2c3d4e5.execute-api.h", "a1b2c3d4e5", "/prod/v//w", "/v//w")},
		{"double slash before the stage", "a1b2c3d4e5.execute-api.h", "//prod/v", at("prod", "a1b2c3d4e5.execute-api.h", "a1b2c3d4e5", "/prod/v", "/v")},
		{"double slash after the stage", "a1b2c3d4e5.execute-api.h", "/prod//v", at("prod", "a1b2c3d4e5.execute-api.h", "a1b2c3d4e5", "/prod//v", "/v")},
		{"escapes stay", "a1b2c3d4e5.execute-api.h", "/prod/t%2Ba@x/plus/t+a@x", at("prod", "a1b2c3d4e5.execute-api.h", "a1b2c3d4e5", "/prod/t%2Ba@x/plus/t+a@x", "/t%2Ba@x/plus/t+a@x")},
		{"many slashes", "a1b2c3d4e5.execute-api.h", "////prod////", at("prod", "a1b2c3d4e5.execute-api.h", "a1b2c3d4e5", "/prod////", "/")},

		{"unknown stage", "a1b2c3d4e5.execute-api.localhost", "/dev/pets", reached{Status: 403, Message: forbidden}},
		{"stage in capitals", "a1b2c3d4e5.execute-api.localhost", "/PROD/pets", reached{Status: 403, Message: forbidden}},
		{"no stage", "a1b2c3d4e5.execute-api.localhost", "/", reached{Status: 403, Message: forbidden}},
		{"slashes alone", "a1b2c3d4e5.execute-api.localhost", "///", reached{Status: 403, Message: forbidden}},
		{"asterisk form", "a1b2c3d4e5.execute-api.localhost", "*", reached{Status: 403, Message: forbidden}},
		{"no stage in a path form", "h", "/_aws/execute-api/a1b2c3d4e5", reached{Status: 403, Message: forbidden}},
		{"unknown API by host", "zzzzzzzzzz.execute-api.localhost", "/prod", reached{Status: 404, Message: `{"message":"No API with the ID \"zzzzzzzzzz\" is deployed here."}`}},
		{"unknown API by path", "h", "/_aws/execute-api/zzzzzzzzzz/prod", reached{Status: 404, Message: `{"message":"No API with the ID \"zzzzzzzzzz\" is deployed here."}`}},
		{"IDs in paths are case-sensitive", "h", "/_aws/execute-api/A1B2C3D4E5/prod", reached{Status: 404, Message: `{"message":"No API with the ID \"A1B2C3D4E5\" is deployed here."}`}},
		{"peers' path without marker", "h", "/restapis/a1b2c3d4e5/prod/pets", reached{Status: 404, Message: `{"message":"The path form is /restapis/{api-id}/{stage}/_user_request_/{path}."}`}},
		{"marker that is longer", "h", "/restapis/a1b2c3d4e5/prod/_user_request_x", reached{Status: 404, Message: `{"message":"The path form is /restapis/{api-id}/{stage}/_user_request_/{path}."}`}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, locate(g, &finder{}, c.host, c.path)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestUnknownHostNamesTheForms(t *testing.T) {
	g := addressed(t)
	for _, host := range []string{"", "localhost:8080", "example.com", "execute-api.localhost", ".execute-api.localhost",
		"x.a1b2c3d4e5.execute-api.localhost", "a1b2c3d4e5.execute-apis.localhost", strings.Repeat("a", 65) + ".execute-api.h",
		"vpce-0123-abc.execute-api.eu-west-1.vpce.amazonaws.com", "[::1"} {
		got := locate(g, &finder{}, host, "/prod/pets", "x-apigw-api-id", "a1b2c3d4e5")
		if got.Status != 404 {
			t.Errorf("host %q: status %d, %+v", host, got.Status, got)
		}
		for _, form := range []string{"{api-id}.execute-api.localhost", "/_aws/execute-api/", "/restapis/"} {
			if !strings.Contains(got.Message, form) {
				t.Errorf("host %q: the answer doesn't name %s: %s", host, form, got.Message)
			}
		}
	}
}

func TestPrivateEndpoint(t *testing.T) {
	g := addressed(t)
	const endpoint = "vpce-0123-abc.execute-api.eu-west-1.vpce.amazonaws.com"
	const alias = "A1B2C3D4E5-VPCE-0123.execute-api.eu-west-1.amazonaws.com"
	byHeader := reached{API: "a1b2c3d4e5", Stage: "prod", Domain: endpoint, Prefix: "vpce-0123-abc", RequestPath: "/prod/pets", StagePath: "/pets"}
	refused := reached{Status: 403, Message: forbidden}
	cases := []struct {
		name, host string
		header     []string
		want       reached
	}{
		{"by header", endpoint, []string{"X-ApiGW-Api-Id", "a1b2c3d4e5"}, byHeader},
		{"wrong ID", endpoint, []string{"x-apigw-api-id", "zzzzzzzzzz"}, refused},
		{"no ID", endpoint, nil, refused},
		{"by alias", alias, nil, reached{API: "a1b2c3d4e5", Stage: "prod", Domain: alias, Prefix: "A1B2C3D4E5-VPCE-0123", RequestPath: "/prod/pets", StagePath: "/pets"}},
		{"another endpoint's alias", strings.Replace(alias, "0123", "0124", 1), nil, refused},
		{"the host wins", "zzzzzzzzzz.execute-api.h", []string{"x-apigw-api-id", "a1b2c3d4e5"}, refused},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, locateThrough(g, &finder{}, &exchange.Endpoint{ID: "vpce-0123"}, c.host, "/prod/pets", c.header...)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestFinderRemembersTheHost(t *testing.T) {
	g, f := addressed(t), &finder{}
	for _, host := range []string{"a1b2c3d4e5.execute-api.one", "a1b2c3d4e5.execute-api.two:80", "a1b2c3d4e5.execute-api.one"} {
		want, _, _ := strings.Cut(host, ":")
		if got := locate(g, f, host, "/prod"); got.Domain != want || got.Prefix != "a1b2c3d4e5" {
			t.Errorf("%s: domain %q, prefix %q", host, got.Domain, got.Prefix)
		}
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	g, f := addressed(t), &finder{}
	var x exchange.Exchange
	x.Begin(nil)
	x.Header = new(http1.Header)
	for _, c := range [][2]string{{"a1b2c3d4e5.execute-api.localhost:8080", "/prod/pets"}, {"h", "/restapis/a1b2c3d4e5/prod/_user_request_/pets"}} {
		x.Host, x.Path = []byte(c[0]), []byte(c[1])
		if n := testing.AllocsPerRun(100, func() {
			if f.find(g, &x) == nil {
				t.Fatal("not found")
			}
		}); n != 0 {
			t.Errorf("%v: %v allocations", c, n)
		}
	}
}

func FuzzAddress(f *testing.F) {
	f.Add("a1b2c3d4e5.execute-api.localhost:8080", "//prod//pets")
	f.Add("[::1]:80", "/restapis/a/b/_user_request_//c")
	f.Add("a-vpce-1.execute-api", "/_aws/execute-api/a/b/c")
	f.Fuzz(func(t *testing.T, host, path string) {
		var x exchange.Exchange
		x.Begin(nil)
		x.Host, x.Path, x.Header = []byte(host), []byte(path), new(http1.Header)
		var a addresser
		at := a.find(&x, &domainTable{})
		request, stage, rest := splitStage(at.path)
		if len(stage) > len(request) || len(rest) > 1 && rest[0] == '/' && rest[1] == '/' || strings.Contains(string(stage), "/") {
			t.Errorf("%q %q: %q %q %q", host, path, request, stage, rest)
		}
		splitPeer(at.path, nil)
	})
}

func BenchmarkFind(b *testing.B) {
	g := newGateway(b, &fakeKind{})
	src := newFakeSource()
	batch := store.Batch{Revision: 1, Reset: true}
	for i := range 10_000 {
		batch.Events = append(batch.Events, record(fmt.Sprintf("a%09d", i), "prod", "d1"))
	}
	src.batches <- batch
	follow(b, g, src, 1)
	var x exchange.Exchange
	x.Begin(nil)
	x.Header, x.Host, x.Path = new(http1.Header), []byte("a000004711.execute-api.localhost:8080"), []byte("/prod/pets/1")
	f := &finder{}
	b.ReportAllocs()
	for b.Loop() {
		if f.find(g, &x) == nil {
			b.Fatal("not found")
		}
	}
}
