package httpapi

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestCORS has what browsers of other origins read (developer guide, "Configure
// CORS for HTTP APIs"; a preflight of an origin that isn't allowed is 204 without
// more, and what a backend says of CORS is dropped: seen on AWS).
func TestCORS(t *testing.T) {
	address, heads := recorder(t, "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://backend.example\r\naccess-control-max-age: 1\r\nX-Kept: 1\r\nContent-Length: 2\r\n\r\nok")
	go func() {
		for range heads {
		}
	}()
	age, yes := 300, true
	listed := &apigw.CORS{
		AllowOrigins: []string{"https://a.example", "http://*"}, AllowMethods: []string{"GET", "POST"}, AllowHeaders: []string{"content-type", "x-a"},
		ExposeHeaders: []string{"x-b", "date"}, MaxAge: &age, AllowCredentials: &yes,
	}
	every := &apigw.CORS{AllowOrigins: []string{"*"}, AllowMethods: []string{"*"}, AllowHeaders: []string{"*"}}
	const id = "Apigw-Requestid"
	const preflight = "Access-Control-Request-Method: GET\nOrigin: "
	nothing := map[string]string{id: "JKJaXmPLvHcESHA="}
	allowed := func(origin string) map[string]string {
		return map[string]string{
			"access-control-allow-origin": origin, "vary": "Origin", "access-control-allow-credentials": "true", "access-control-allow-methods": "GET,POST",
			"access-control-allow-headers": "content-type,x-a", "access-control-max-age": "300", id: "JKJaXmPLvHcESHA=",
		}
	}
	plain := func(origin string) map[string]string {
		h := map[string]string{"X-Kept": "1", id: "JKJaXmPLvHcESHA="}
		if origin != "" {
			h["access-control-allow-origin"], h["vary"], h["access-control-allow-credentials"], h["access-control-expose-headers"] = origin, "Origin", "true", "x-b,date"
		}
		return h
	}
	refused := plain("https://a.example")
	delete(refused, "X-Kept")
	refused["Content-Type"] = "application/json"
	for name, c := range map[string]struct {
		cors                   *apigw.CORS
		method, target, header string
		want                   reply
	}{
		"preflight":                          {listed, "OPTIONS", "/nowhere", preflight + "https://a.example", reply{204, allowed("https://a.example"), ""}},
		"preflight by a scheme":              {listed, "OPTIONS", "/", preflight + "http://b.example:8080", reply{204, allowed("http://b.example:8080"), ""}},
		"preflight of another origin":        {listed, "OPTIONS", "/", preflight + "https://b.example", reply{204, nothing, ""}},
		"preflight of an origin in capitals": {listed, "OPTIONS", "/", preflight + "HTTPS://A.example", reply{204, nothing, ""}},
		"preflight for another method":       {listed, "OPTIONS", "/", "Access-Control-Request-Method: PUT\nOrigin: https://a.example", reply{204, nothing, ""}},
		"preflight where all is allowed": {every, "OPTIONS", "/", preflight + "https://x\nAccess-Control-Request-Headers: authorization, x-y", reply{204, map[string]string{
			"access-control-allow-origin": "*", "access-control-allow-methods": "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT", "access-control-allow-headers": "authorization, x-y", id: "JKJaXmPLvHcESHA=",
		}, ""}},
		"OPTIONS without a method asked for": {listed, "OPTIONS", "/pets", "Origin: https://b.example", reply{404, map[string]string{"Content-Type": "application/json", id: "JKJaXmPLvHcESHA="}, `{"message":"Not Found"}`}},
		"a request":                          {listed, "GET", "/pets", "Origin: https://a.example", reply{200, plain("https://a.example"), "ok"}},
		"a request of another origin":        {listed, "GET", "/pets", "Origin: https://b.example", reply{200, plain(""), "ok"}},
		"a request without an origin":        {listed, "GET", "/pets", "", reply{200, plain(""), "ok"}},
		"a fault":                            {listed, "GET", "/none", "Origin: https://a.example", reply{404, refused, `{"message":"Not Found"}`}},
		"not configured": {nil, "GET", "/pets", "Origin: https://a.example", reply{200, map[string]string{
			"X-Kept": "1", id: "JKJaXmPLvHcESHA=", "Access-Control-Allow-Origin": "https://backend.example", "access-control-max-age": "1"}, "ok"}},
		"not configured, preflight": {nil, "OPTIONS", "/pets", preflight + "https://a.example", reply{404, map[string]string{"Content-Type": "application/json", id: "JKJaXmPLvHcESHA="}, `{"message":"Not Found"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			def := definition(map[string]string{"GET /pets": "i"}, proxyTo("i", "http://"+address))
			def.RouteAPI.CORS = c.cors
			if d := cmp.Diff(c.want, serve(t, compileStage(t, def, nil, nil), c.method, c.target, c.header, "")); d != "" {
				t.Error(d)
			}
		})
	}
}
