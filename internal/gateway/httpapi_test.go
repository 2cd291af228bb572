package gateway

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/httpapi"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/store"
)

// startHTTPAPI is an edge with an HTTP API before backend.
func startHTTPAPI(t *testing.T, backend string) *edge {
	t.Helper()
	env := &httpapi.Env{Env: &serving.Env{
		Scope: apigw.Scope{Partition: "aws", Account: "000000000000", Region: "eu-west-1"}, Pools: integration.NewPools(integration.PoolConfig{}),
	}}
	e := startEdge(t, &fakeKind{}, func(c *Config) {
		c.HTTP = Kind{NoStage: httpapi.NotFound, Broken: httpapi.Broken, Compile: func(st *apigw.Stage, def, _ *apigw.Definition) (Stage, error) {
			s, err := httpapi.Compile(def, st, env)
			if err != nil {
				return nil, err
			}
			return s, nil
		}}
	})
	for _, api := range []string{"h000000001", "h000000002"} {
		e.source.define(api, "d1", func(def *apigw.Definition) {
			i := &apigw.RouteIntegration{ID: "i", Type: apigw.IntegrationHTTPProxy, Method: "ANY", ConnectionType: "INTERNET", URI: backend + "/{proxy}"}
			def.RouteAPI = &apigw.RouteAPI{ID: def.API.ID, Protocol: apigw.ProtocolHTTP, CORS: &apigw.CORS{AllowOrigins: []string{"https://a.example"}, AllowMethods: []string{"*"}}}
			def.Routes = map[apigw.RouteID]*apigw.Route{"r": {ID: "r", Key: "ANY /{proxy+}", Target: "i"}}
			def.RouteIntegrations = map[apigw.RouteIntegrationID]*apigw.RouteIntegration{"i": i}
			if def.API.ID == "h000000002" {
				i.Method = "FETCH" // refused: nothing comes of the stage
			}
		})
	}
	zero := 0.0
	dev := func(st *apigw.Stage) { st.Routes = &apigw.RouteStage{} }
	shut := func(st *apigw.Stage) {
		st.Routes = &apigw.RouteStage{DefaultSettings: &apigw.RouteSettings{ThrottlingRateLimit: &zero}}
	}
	e.source.batches <- store.Batch{Revision: 2, Events: []store.Event{record("h000000001", "dev", "d1", dev), record("h000000001", "shut", "d1", shut), record("h000000002", "dev", "d1", dev)}}
	wait(t, e.Gateway, 2)
	return e
}

// shape is an answer as both protocols have it.
func shape(t *testing.T, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	if resp.Header.Get("Date") == "" || len(resp.Header.Get("Apigw-Requestid")) != 16 {
		t.Errorf("%v lacks a field that every answer has", resp.Header)
	}
	for _, own := range []string{"Date", "Apigw-Requestid", "Connection"} {
		resp.Header.Del(own)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", resp.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(resp.Header[name], " | "))
	}
	return b.String() + "\n" + string(body)
}

// TestHTTPAPIByBothProtocols: clients of HTTP/1.1 and HTTP/2 see the same answers,
// but for the case of names.
func TestHTTPAPIByBothProtocols(t *testing.T) {
	large := strings.Repeat("0123456789", 300_000)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Add("Set-Cookie", "a=b")
		w.Header().Add("Set-Cookie", "c=d")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		if r.URL.Path == "/large" {
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		} else {
			w.WriteHeader(201)
			fmt.Fprintf(w, "%s %s ", r.Method, r.RequestURI)
		}
		w.Write(body)
	}))
	defer backend.Close()
	e := startHTTPAPI(t, backend.URL)
	ask := func(h2 bool, method, host, path, body string, header http.Header) string {
		c := client(t, nil)
		if h2 {
			c = client(t, overHTTP2)
		}
		r, _ := http.NewRequestWithContext(t.Context(), method, "http://"+e.addr()+path, strings.NewReader(body))
		r.Host = host + ".execute-api.localhost"
		maps.Copy(r.Header, header)
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if (resp.ProtoMajor == 2) != h2 {
			t.Fatal(resp.Proto)
		}
		return shape(t, resp)
	}
	origin := http.Header{"Origin": {"https://a.example"}}
	preflight := http.Header{"Origin": {"https://a.example"}, "Access-Control-Request-Method": {"PUT"}}
	const cors = "Access-Control-Allow-Origin: https://a.example\n"
	for name, c := range map[string]struct {
		method, host, path, body string
		header                   http.Header
		want                     string
	}{
		"passes":      {"POST", "h000000001", "/dev/x/y?q=1&q=2", "body", nil, "201\nContent-Length: 22\nContent-Type: text/plain; charset=utf-8\nSet-Cookie: a=b | c=d\n\nPOST /x/y?q=1&q=2 body"},
		"large":       {"POST", "h000000001", "/dev/large", large, nil, "200\nContent-Length: 3000000\nContent-Type: text/plain; charset=utf-8\nSet-Cookie: a=b | c=d\n\n" + large},
		"cors":        {"GET", "h000000001", "/dev/x", "", origin, "201\n" + cors + "Content-Length: 7\nContent-Type: text/plain; charset=utf-8\nSet-Cookie: a=b | c=d\nVary: Origin\n\nGET /x "},
		"preflight":   {"OPTIONS", "h000000001", "/dev/x", "", preflight, "204\nAccess-Control-Allow-Methods: DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT\n" + cors + "Vary: Origin\n\n"},
		"no stage":    {"GET", "h000000001", "/x", "", nil, "404\nContent-Length: 23\nContent-Type: application/json\n\n" + `{"message":"Not Found"}`},
		"no route":    {"GET", "h000000001", "/dev", "", nil, "404\nContent-Length: 23\nContent-Type: application/json\n\n" + `{"message":"Not Found"}`},
		"throttled":   {"GET", "h000000001", "/shut/x", "", origin, "429\n" + cors + "Content-Length: 31\nContent-Type: application/json\nVary: Origin\n\n" + `{"message":"Too Many Requests"}`},
		"can't serve": {"GET", "h000000002", "/dev/x", "", nil, "500\nContent-Length: 35\nContent-Type: application/json\n\n" + `{"message":"Internal Server Error"}`},
	} {
		t.Run(name, func(t *testing.T) {
			for _, h2 := range []bool{false, true} {
				if d := cmp.Diff(c.want, ask(h2, c.method, c.host, c.path, c.body, c.header)); d != "" {
					t.Errorf("h2 %v: %s", h2, d)
				}
			}
		})
	}
}
