package gateway

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/store"
)

// TestSpellingsOfAddresses: no spelling of a name, a path or a field leads past
// the endpoint to a private API, through it to another one, to an API whose own
// address is off, or by a private domain name without being told of it, whose
// policy is asked then.
func TestSpellingsOfAddresses(t *testing.T) {
	const private, public, disabled, routes, socket = "private000", "a1b2c3d4e5", "disabled00", "routes0000", "socket0000"
	kind := &fakeKind{serve: func(x *exchange.Exchange, _ *apigw.Definition, _ *apigw.Stage) {
		x.Response.Status, x.Response.Body = 200, []byte(x.Address.APIID)
		if d := x.Address.Private; d != nil {
			x.Response.Body = append(x.Response.Body, " by "+d.ARN...)
		}
	}}
	e := startEdge(t, kind, func(c *Config) {
		c.HTTP, c.WebSocket = kind.kind(), kind.kind()
		for _, id := range []string{"vpce-1", "vpce-2"} {
			c.Listeners = append(c.Listeners, ListenerConfig{Address: "127.0.0.1:0", Endpoint: &exchange.Endpoint{ID: id}})
		}
	})
	endpoint := func(d *apigw.Definition) {
		d.API.Endpoint = apigw.EndpointConfiguration{Type: "PRIVATE", VPCEndpointIDs: []string{"vpce-1"}}
	}
	e.source.define(private, "d1", endpoint)
	e.source.define(disabled, "d1", endpoint, func(d *apigw.Definition) { d.API.DisableExecuteAPIEndpoint = true })
	e.source.define(routes, "d1", func(d *apigw.Definition) {
		d.RouteAPI = &apigw.RouteAPI{ID: routes, DisableExecuteAPIEndpoint: true}
	})
	e.source.define(socket, "d1", func(d *apigw.Definition) { d.RouteAPI = &apigw.RouteAPI{ID: socket} })
	e.source.batches <- store.Batch{Revision: 2, Events: []store.Event{record(private, "prod", "d1"), record(disabled, "prod", "d1"),
		record(routes, "prod", "d1", func(s *apigw.Stage) { s.Routes = &apigw.RouteStage{} }),
		record(socket, "prod", "d1", func(s *apigw.Stage) { s.Routes = &apigw.RouteStage{Protocol: apigw.ProtocolWebSocket} })}}
	if err := e.WaitFor(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	const inside, outside = "orders.internal", "api.example"
	byDomain := func(api string) string {
		return api + " by arn:aws:execute-api:us-east-1:123456789012:/domainnames/" + inside + "+d1"
	}
	mapped := func(path string, api apigw.APIID) apigw.BasePathMapping {
		return apigw.BasePathMapping{BasePath: path, API: api, Stage: "prod"}
	}
	e.SetDomainNames([]*apigw.DomainName{
		{Name: inside, ID: "d1", Types: []string{"PRIVATE"}, Scope: apigw.Scope{Partition: "aws", Account: "123456789012", Region: "us-east-1"},
			Associations: []apigw.DomainAccess{{Source: "vpce-1"}, {Source: "vpce-2", Account: "111122223333", Rejected: true}},
			Mappings:     []apigw.BasePathMapping{mapped("v1", private), mapped("open", public), mapped("off", disabled), mapped("http", routes), mapped("ws", socket)}},
		{Name: outside, Types: []string{"REGIONAL"}, Mappings: []apigw.BasePathMapping{mapped("v1", private), mapped("open", public), mapped("http", routes)}},
	})
	const anywhere, one, two = 0, 1, 2 // listeners
	at := func(api string) string { return api + ".execute-api.x" }
	for _, c := range []struct {
		listener     int
		target, host string
		fields       string
		status       int
		body         string // of 200
	}{
		// A private API, from outside.
		{anywhere, "/prod/", "PRIVATE000.Execute-API.x:443", "", 403, ""},
		{anywhere, "/prod/", at(private) + ".", "", 403, ""},
		{anywhere, "/prod/", private + ".execute-api.", "", 403, ""},
		{anywhere, "//prod//", at(private), "", 403, ""},
		{anywhere, "http://" + at(private) + "/prod/", at(public), "", 403, ""},
		{anywhere, "http://" + at(public) + "/prod/", at(private), "", 200, public},
		{anywhere, "/prod/", at(public), "x-apigw-api-id: " + private + "\r\nX-Forwarded-Host: " + at(private), 200, public},
		{anywhere, "/prod/", at(public), "Host: " + at(private), 400, ""},
		{anywhere, "/prod/", private + "-VPCE-1.execute-api.x", "", 403, ""},
		{anywhere, "/prod/", "127.0.0.1", "x-apigw-api-id: " + private, 404, ""},
		{anywhere, "/prod/", at(private), "Connection: Upgrade\r\nUpgrade: websocket", 403, ""},
		{anywhere, "/_aws/execute-api/" + private + "/prod/", "[::1]:80", "", 403, ""},
		{anywhere, "/_aws/execute-api/" + private + "//prod/", "localhost", "", 403, ""},
		{anywhere, "/_aws/execute-api/%70rivate000/prod/", "localhost", "", 404, ""},
		{anywhere, "/_aws/execute-api/x/../" + private + "/prod/", "localhost", "", 404, ""},
		{anywhere, "/restapis/" + private + "/prod/_user_request_/", "127.0.0.1", "", 403, ""},
		{anywhere, "/restapis//" + private + "/prod/_user_request_/", "127.0.0.1", "", 404, ""},
		{anywhere, "/v1/", outside, "", 403, ""},
		{anywhere, "/v1/", strings.ToUpper(outside) + ".:80", "", 403, ""},
		{anywhere, "/v1/", inside, "", 404, ""},
		// What isn't private, through an endpoint.
		{one, "/prod/", at(public) + ".", "", 403, ""},
		{one, "/prod/", at(public), "x-apigw-api-id: " + private, 403, ""},
		{one, "/prod/", "x", "x-apigw-api-id: " + public + "\r\nx-apigw-api-id: " + private, 403, ""},
		{one, "/prod/", "x", "X-APIGW-API-ID: \t" + private + " \r\nx-apigw-api-id: " + public, 200, private},
		{one, "/prod/", "x", "x-apigw-api-id: " + private + ", " + public, 403, ""},
		{one, "/prod/", "x", "x-apigw-api-id: PRIVATE000", 403, ""},
		{one, "/prod/", "x", "x-apigw-api-id:", 403, ""},
		{one, "/_aws/execute-api/" + public + "/prod/", "localhost", "", 403, ""},
		{one, "/_aws/execute-api/" + private + "/prod/", "localhost", "", 403, ""},
		{one, "/restapis/" + public + "/prod/_user_request_/", "localhost", "", 403, ""},
		{one, "/prod/", at(socket), "Connection: Upgrade\r\nUpgrade: websocket", 403, ""},
		{one, "/prod/", at(routes), "", 403, ""},
		{one, "/open/", outside, "", 403, ""},
		// By a private domain name.
		{one, "/v1/", inside, "", 200, byDomain(private)},
		{one, "///v1//", "Orders.INTERNAL.:443", "", 200, byDomain(private)},
		{one, "http://" + inside + "/v1", "x", "", 200, byDomain(private)},
		{one, "/v1/", inside, "x-apigw-api-id: " + private, 200, byDomain(private)},
		{one, "/prod/", inside, "x-apigw-api-id: " + private, 403, ""},
		{one, "/%76%31/", inside, "", 403, ""},
		{one, "/V1/", inside, "", 403, ""},
		{one, "/open/", inside, "", 403, ""},
		{one, "/http/", inside, "", 403, ""},
		{one, "/ws/", inside, "Connection: Upgrade\r\nUpgrade: websocket", 403, ""},
		{one, "/v1/", "x." + inside, "", 403, ""},
		{two, "/v1/", inside, "", 403, ""}, // its owner has rejected it
		// An API whose own address is off.
		{one, "/prod/", at(disabled) + ".", "", 403, ""},
		{one, "/prod/", "DISABLED00-vpce-1.execute-api.x", "", 403, ""},
		{one, "/prod/", "x", "x-apigw-api-id: " + disabled, 403, ""},
		{one, "/off/", inside, "", 200, byDomain(disabled)},
		{anywhere, "/prod/", at(routes), "", 403, ""},
		{anywhere, "/_aws/execute-api/" + routes + "/prod/", "localhost", "", 403, ""},
		{anywhere, "/restapis/" + routes + "/prod/_user_request_/", "localhost", "", 403, ""},
		{anywhere, "/http/", outside, "", 200, routes},
	} {
		head := "GET " + c.target + " HTTP/1.1\r\nHost: " + c.host + "\r\n"
		if c.fields != "" {
			head += c.fields + "\r\n"
		}
		status, body := asIs(t, e.Addrs()[c.listener].String(), head+"\r\n")
		if status != c.status || c.status == 200 && body != c.body {
			t.Errorf("listener %d: %d %s, to\n%s", c.listener, status, body, head)
		}
	}
}

// asIs sends a request as it stands.
func asIs(t *testing.T, address, request string) (status int, body string) {
	t.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	io.WriteString(nc, request)
	resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatalf("%v, to\n%s", err, request)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}
