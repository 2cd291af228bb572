package gateway

import (
	"io"
	"net/http"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/store"
)

// TestPrivateAPIs: an endpoint leads to private APIs alone, and nothing else
// does (sheet "private networking", 2 and 3: 403 Forbidden); an alias leads
// there while the API is associated with the endpoint that it names.
func TestPrivateAPIs(t *testing.T) {
	const private, public, disabled, routes = "private000", "a1b2c3d4e5", "disabled00", "routes0000"
	kind := &fakeKind{serve: mirror}
	e := startEdge(t, kind, func(c *Config) {
		c.HTTP = kind.kind()
		c.Listeners = append(c.Listeners, ListenerConfig{Address: "127.0.0.1:0", Endpoint: &exchange.Endpoint{ID: "vpce-1"}},
			ListenerConfig{Address: "127.0.0.1:0", Endpoint: &exchange.Endpoint{ID: "vpce-2"}})
	})
	endpoint := func(d *apigw.Definition) {
		d.API.Endpoint = apigw.EndpointConfiguration{Type: "PRIVATE", VPCEndpointIDs: []string{"vpce-1"}}
	}
	e.source.define(private, "d1", endpoint)
	e.source.define(disabled, "d1", endpoint, func(d *apigw.Definition) { d.API.DisableExecuteAPIEndpoint = true })
	e.source.define(routes, "d1", func(d *apigw.Definition) { d.RouteAPI = &apigw.RouteAPI{ID: routes} })
	e.source.batches <- store.Batch{Revision: 2, Events: []store.Event{record(private, "prod", "d1"), record(disabled, "prod", "d1"),
		record(routes, "prod", "d1", func(s *apigw.Stage) { s.Routes = &apigw.RouteStage{} })}}
	if err := e.WaitFor(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	const anywhere, one, two = 0, 1, 2 // listeners
	for name, c := range map[string]struct {
		listener     int
		host, header string
		want         int
	}{
		"private API on a public listener":  {anywhere, private + ".execute-api.x", "", 403},
		"its alias on a public listener":    {anywhere, private + "-vpce-1.execute-api.x", "", 403},
		"the header on a public listener":   {anywhere, "x.example", private, 404},
		"public API on a public listener":   {anywhere, public + ".execute-api.x", "", 200},
		"private API by its name":           {one, private + ".execute-api.x", "", 200},
		"the same through another endpoint": {two, private + ".execute-api.x", "", 200},
		"private API by the header":         {two, "vpce-2-abc.execute-api.us-east-1.vpce.amazonaws.com", private, 200},
		"private API by its alias":          {one, private + "-vpce-1.execute-api.x", "", 200},
		"an alias of another endpoint":      {two, private + "-vpce-1.execute-api.x", "", 403},
		"no association":                    {two, private + "-vpce-2.execute-api.x", "", 403},
		"public API through an endpoint":    {one, public + ".execute-api.x", "", 403},
		"the same by the header":            {one, "x.example", public, 403},
		"HTTP API through an endpoint":      {one, routes + ".execute-api.x", "", 403},
		"no name of its own":                {one, disabled + ".execute-api.x", "", 403},
		"no alias of its own":               {one, disabled + "-vpce-1.execute-api.x", "", 403},
		"no header for it":                  {one, "x.example", disabled, 403},
		"unknown":                           {one, "zzzzzzzzzz.execute-api.x", "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			r, _ := http.NewRequest("GET", "http://"+e.Addrs()[c.listener].String()+"/prod/", nil)
			r.Host = c.host
			if c.header != "" {
				r.Header.Set("x-apigw-api-id", c.header)
			}
			resp, err := client(t, nil).Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if resp.StatusCode != c.want || c.want == 403 && string(body) != forbidden {
				t.Errorf("%s %s", resp.Status, body)
			}
		})
	}
}
