package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/store"
)

// tellPaths answers with the stage and the paths that it sees.
func tellPaths(x *exchange.Exchange, _ *apigw.Definition, st *apigw.Stage) {
	x.Response.Status = 200
	x.Response.Body = fmt.Appendf(x.Response.Body[:0], "%s %s %s", st.Name, x.Address.RequestPath, x.Address.StagePath)
}

// TestStagesOfRoutes has the rules by which a stage of an HTTP API is chosen
// (developer guide, "Stages for HTTP APIs" and "Map API stages to a custom domain
// name"; 404 seen on AWS).
func TestStagesOfRoutes(t *testing.T) {
	rest, http := &fakeKind{}, &fakeKind{serve: tellPaths}
	g := newGateway(t, rest, func(c *Config) {
		c.HTTP = http.kind()
		c.HTTP.NoStage = func(x *exchange.Exchange) {
			x.Response.Status, x.Response.Body = 404, append(x.Response.Body[:0], "no stage"...)
		}
	})
	source := newFakeSource()
	routes := func(st *apigw.Stage) { st.Routes = &apigw.RouteStage{} }
	disabled := func(def *apigw.Definition) {
		def.RouteAPI = &apigw.RouteAPI{ID: def.API.ID, DisableExecuteAPIEndpoint: def.API.ID == "off0000000"}
	}
	events := []store.Event{record("r000000000", "prod", "d1")}
	for _, stage := range []string{"both00000a/$default", "both00000a/dev", "named0000a/dev", "off0000000/$default"} {
		api, name, _ := strings.Cut(stage, "/")
		source.define(api, "d1", disabled)
		events = append(events, record(api, name, "d1", routes))
	}
	events = append(events, record("none000000", "$default", "", routes))
	source.define("r000000000", "d1")
	source.batches <- store.Batch{Revision: 1, Reset: true, Events: events}
	follow(t, g, source, 1)
	g.SetDomainNames([]*apigw.DomainName{
		{Name: "api.example.com", Mappings: []apigw.BasePathMapping{{BasePath: "v1", API: "both00000a", Stage: "dev"}, {BasePath: "v2", API: "both00000a", Stage: "$default"}, {BasePath: "any", API: "both00000a"}, {BasePath: "off", API: "off0000000", Stage: "$default"}, {BasePath: "gone", API: "both00000a", Stage: "gone"}}},
		{Name: "mixed.example.com", Mappings: []apigw.BasePathMapping{{BasePath: "v1", API: "both00000a", Stage: "dev"}, {BasePath: "rest", API: "r000000000", Stage: "prod"}}},
	})
	const forbidden = `403 {"message":"Forbidden"}`
	for _, c := range []struct{ host, path, want string }{
		{"both00000a.execute-api.localhost", "/dev/pets/1", "200 dev /dev/pets/1 /pets/1"},
		{"both00000a.execute-api.localhost", "/dev", "200 dev /dev "},
		{"both00000a.execute-api.localhost", "/dev/", "200 dev /dev/ /"},
		{"both00000a.execute-api.localhost", "/pets/1", "200 $default /pets/1 /pets/1"},
		{"both00000a.execute-api.localhost", "/", "200 $default / /"},
		{"both00000a.execute-api.localhost", "/devil/x", "200 $default /devil/x /devil/x"},
		{"both00000a.execute-api.localhost", "/$default/x", "200 $default /$default/x /$default/x"},
		{"named0000a.execute-api.localhost", "/pets", "404 no stage"},
		{"off0000000.execute-api.localhost", "/pets", "404 no stage"},
		{"none000000.execute-api.localhost", "/pets", "404 no stage"}, // not deployed yet
		{"r000000000.execute-api.localhost", "/pets", forbidden},

		{"localhost", "/_aws/execute-api/both00000a/dev/x", "200 dev /dev/x /x"},
		{"localhost", "/_aws/execute-api/both00000a/x/y", "200 $default /x/y /x/y"},
		{"localhost", "/_aws/execute-api/both00000a/$default/x", "200 $default /x /x"},
		{"localhost", "/_aws/execute-api/both00000a/%24default/x", "200 $default /x /x"},
		{"localhost", "/_aws/execute-api/both00000a/$default", "200 $default / /"},
		{"localhost", "/_aws/execute-api/both00000a", "200 $default / /"},
		{"localhost", "/restapis/both00000a/dev/_user_request_/x", "200 dev /dev/x /x"},
		{"localhost", "/restapis/both00000a/$default/_user_request_/x", "200 $default /x /x"},

		{"api.example.com", "/v1/pets", "200 dev /v1/pets /pets"},
		{"api.example.com", "/v2/dev/pets", "200 $default /v2/dev/pets /dev/pets"},
		{"api.example.com", "/any/dev/pets", "200 dev /any/dev/pets /pets"},
		{"api.example.com", "/any/pets", "200 $default /any/pets /pets"},
		{"api.example.com", "/off/pets", "200 $default /off/pets /pets"},
		{"api.example.com", "/gone/pets", "404 no stage"},
		{"api.example.com", "/none", "404 no stage"},
		{"mixed.example.com", "/none", forbidden},
	} {
		x, f := new(exchange.Exchange), new(finder)
		x.Begin(nil)
		x.Method, x.Host, x.Path, x.Header = "GET", []byte(c.host), []byte(c.path), new(http1.Header)
		g.run(f, x)
		if d := cmp.Diff(c.want, fmt.Sprintf("%d %s", x.Response.Status, x.Response.Body)); d != "" {
			t.Errorf("%s%s: %s", c.host, c.path, d)
		}
		x.End()
	}
}
