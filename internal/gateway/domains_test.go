package gateway

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

const (
	mappedAPI = "a1b2c3d4e5"
	ownName   = "api.example.com"
)

func mapping(path string, stage apigw.StageName) apigw.BasePathMapping {
	return apigw.BasePathMapping{BasePath: path, API: mappedAPI, Stage: stage}
}

func named(name string, mappings ...apigw.BasePathMapping) *apigw.DomainName {
	return &apigw.DomainName{Name: name, Types: []string{"REGIONAL"}, Mappings: mappings}
}

func withDomains(t testing.TB) *Gateway {
	g := addressed(t)
	private := named("private.example.com", mapping("", "prod"))
	private.Types = []string{"PRIVATE"}
	g.SetDomainNames([]*apigw.DomainName{
		named(ownName, mapping("v1", "prod"), mapping("v1/deep/er", "_aws"), mapping("any", ""), mapping("gone", "none"),
			apigw.BasePathMapping{BasePath: "unknown", API: "zzzzzzzzzz", Stage: "prod"}, mapping("", "restapis")),
		named("staged.example.com", mapping("", "")),
		named("bare.example.com", mapping("v1", "prod")),
		named("*.example.com", mapping("", "prod")),
		private,
	})
	return g
}

// routed is what a request to a custom domain name came to.
type routed struct {
	Stage, Domain, Prefix, BasePath, RequestPath, StagePath, EventPath string
	Status                                                             int
}

func route(g *Gateway, f *finder, host, path string) routed {
	return routeThrough(g, f, nil, host, path)
}

// routeThrough is route through an endpoint.
func routeThrough(g *Gateway, f *finder, through *exchange.Endpoint, host, path string) routed {
	var x exchange.Exchange
	x.Begin(nil)
	x.Client.Endpoint = through
	x.Host, x.Path, x.Header = []byte(host), []byte(path), new(http1.Header)
	if s := f.find(g, &x); s == nil {
		return routed{Status: x.Response.Status}
	}
	a := x.Address
	return routed{a.Stage, a.DomainName, a.DomainPrefix, a.BasePath, string(a.RequestPath), string(a.StagePath), string(a.EventPath), 0}
}

func TestCustomDomains(t *testing.T) {
	g := withDomains(t)
	at := func(stage, base, path, rest string) routed {
		return routed{stage, ownName, "api", base, path, rest, path, 0}
	}
	refused, unknown := routed{Status: 403}, routed{Status: 404}
	cases := []struct {
		name, host, path string
		want             routed
	}{
		{"a base path", ownName, "/v1/pets/1", at("prod", "v1", "/v1/pets/1", "/pets/1")},
		{"it alone", ownName, "/v1", at("prod", "v1", "/v1", "")},
		{"with a slash", ownName, "/v1/", at("prod", "v1", "/v1/", "/")},
		{"the longest wins", ownName, "/v1/deep/er/x", at("_aws", "v1/deep/er", "/v1/deep/er/x", "/x")},
		{"a part of the longest", ownName, "/v1/deep/x", at("prod", "v1", "/v1/deep/x", "/deep/x")},
		{"by whole segments", ownName, "/v10/x", at("restapis", "", "/v10/x", "/v10/x")},
		{"in this case", ownName, "/V1/x", at("restapis", "", "/V1/x", "/V1/x")},
		{"the root", ownName, "/", at("restapis", "", "/", "/")},
		{"slashes before it", ownName, "//v1//pets", at("prod", "v1", "/v1//pets", "/pets")},
		{"not what addresses APIs", ownName, "/_aws/execute-api/" + mappedAPI + "/prod", at("restapis", "", "/_aws/execute-api/"+mappedAPI+"/prod", "/_aws/execute-api/"+mappedAPI+"/prod")},
		{"the client names the stage", ownName, "/any/prod/pets", routed{"prod", ownName, "api", "any", "/any/prod/pets", "/pets", "/any/pets", 0}},
		{"and none", ownName, "/any", refused},
		{"and another", ownName, "/any/none", refused},
		{"a stage that isn't there", ownName, "/gone/x", refused},
		{"an API that isn't there", ownName, "/unknown/x", refused},
		{"the asterisk form", ownName, "*", refused},

		{"any case, port and root", "API.Example.COM.:8443", "/v1", routed{"prod", "API.Example.COM.", "API", "v1", "/v1", "", "/v1", 0}},
		{"the client names the stage of the root", "staged.example.com", "/prod/pets", routed{"prod", "staged.example.com", "staged", "", "/prod/pets", "/pets", "/pets", 0}},
		{"no empty base path", "bare.example.com", "/v2", refused},
		{"a wildcard", "x.example.com", "/pets", routed{"prod", "x.example.com", "x", "", "/pets", "/pets", "/pets", 0}},
		{"covers a private name: it is served as public", "private.example.com", "/pets", routed{"prod", "private.example.com", "private", "", "/pets", "/pets", "/pets", 0}},
		{"not two labels", "x.y.example.com", "/pets", unknown},
		{"not none", "example.com", "/pets", unknown},
		{"not an empty one", ".example.com", "/pets", unknown},
		{"another name", "api.example.org", "/v1", unknown},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, route(g, &finder{}, c.host, c.path)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	t.Run("a private endpoint serves no public name", func(t *testing.T) {
		if got := routeThrough(g, &finder{}, &exchange.Endpoint{ID: "vpce-1"}, ownName, "/v1"); got != refused {
			t.Errorf("%+v", got)
		}
	})
}

// TestPrivateNames are served at the endpoints that they are associated with,
// and each endpoint may have another one of a name (sheet "private networking",
// 10: two domain names of one name need different endpoints).
func TestPrivateNames(t *testing.T) {
	g := addressed(t)
	private := func(id, path string, associations ...apigw.DomainAccess) *apigw.DomainName {
		d := named(ownName, mapping(path, "prod"))
		d.ID, d.Types, d.Associations = apigw.DomainID(id), []string{"PRIVATE"}, associations
		return d
	}
	g.SetDomainNames([]*apigw.DomainName{
		private("id1", "one", apigw.DomainAccess{Source: "vpce-1"}, apigw.DomainAccess{Source: "vpce-3", Rejected: true}),
		private("id2", "two", apigw.DomainAccess{Source: "vpce-2", Account: "111122223333"}),
	})
	for _, c := range []struct {
		through, path string
		status        int
	}{
		{"", "/one", 404}, {"vpce-1", "/one", 0}, {"vpce-1", "/two", 403}, {"vpce-2", "/two", 0}, {"vpce-2", "/one", 403}, {"vpce-3", "/one", 403}, {"vpce-4", "/one", 403},
	} {
		var e *exchange.Endpoint
		if c.through != "" {
			e = &exchange.Endpoint{ID: c.through}
		}
		if got := routeThrough(g, &finder{}, e, ownName, c.path); got.Status != c.status {
			t.Errorf("%s through %q: %+v", c.path, c.through, got)
		}
	}
}

// TestCustomDomainsAllocateNothing, whether the host repeats or not.
func TestCustomDomainsAllocateNothing(t *testing.T) {
	g := withDomains(t)
	var x exchange.Exchange
	x.Begin(nil)
	x.Header, x.Path = new(http1.Header), []byte("/any/prod/pets/1")
	f := &finder{}
	for _, host := range []string{"API.example.com:8080", pathsOf} {
		x.Host = []byte(host)
		if host == pathsOf {
			x.Path = []byte("/prod/pets")
		}
		f.find(g, &x)
		if n := testing.AllocsPerRun(100, func() { f.find(g, &x) }); n != 0 {
			t.Errorf("%s: %v", host, n)
		}
	}
}

func TestCustomDomainIsExplained(t *testing.T) {
	g := withDomains(t)
	var x exchange.Exchange
	x.Begin(nil)
	x.Explain()
	x.Host, x.Path, x.Header = []byte(ownName), []byte("/v1/pets"), new(http1.Header)
	(&finder{}).find(g, &x)
	list := x.Decisions()
	if len(list) != 1 || list[0].Result != mappedAPI+"/prod" || list[0].Why != "the custom domain name maps the base path v1 to it" {
		t.Errorf("%+v", list)
	}
}

func FuzzCustomDomain(f *testing.F) {
	g := withDomains(f)
	f.Add(ownName, "/v1/deep/er//x")
	f.Add("x.Example.com.:1", "//any//prod")
	f.Add("*.example.com", "*")
	f.Fuzz(func(t *testing.T, host, path string) { route(g, &finder{}, host, path) })
}
