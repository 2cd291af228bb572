package restapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestClientHeaderTable has, for every name in the developer guide's table of
// header treatment ("Important notes"), what becomes of a client's field, as
// recorded on AWS: whether mappings of a non-proxy integration read it, an
// HTTP_PROXY backend gets it, and a function's event has it. Host is another
// test's: backends get their own.
func TestClientHeaderTable(t *testing.T) {
	type fate struct{ Readable, Proxied, InEvent bool }
	all, none := fate{true, true, true}, fate{}
	tests := map[string]struct {
		value string
		want  fate
	}{
		"Accept": {"text/plain", all}, "Accept-Charset": {"utf-8", all}, "Accept-Encoding": {"gzip", all}, "Age": {"1", all}, "Authorization": {"token", all},
		"Connection": {"close", none}, "Content-Encoding": {"identity", fate{true, false, true}}, "Content-Length": {"0", none}, "Content-MD5": {"x", none},
		"Content-Type": {"text/plain", all}, "Date": {"now", all}, "Expect": {"more", none}, "Max-Forwards": {"2", none}, "Pragma": {"no-cache", all},
		"Proxy-Authenticate": {"Basic", none}, "Range": {"bytes=0-1", all}, "Referer": {"there", all}, "Server": {"s", none}, "TE": {"gzip", none},
		"Trailer": {"Expires", none}, "Transfer-Encoding": {"gzip", none}, "Upgrade": {"HTTP/2.0", none}, "User-Agent": {"u", all},
		"Via": {"1.1 v", fate{true, false, true}}, "Warn": {"w", all}, "WWW-Authenticate": {"Basic", none}, "X-Own": {"x", all},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			address, requests := seen(t)
			var event map[string]any
			s := compileStage(t, define(map[string]*apigw.Method{
				"GET /mapped":   httpMethod(apigw.IntegrationHTTP, "http://"+address, map[string]string{"integration.request.header.X-Read": "method.request.header." + name}),
				"GET /proxied":  httpMethod(apigw.IntegrationHTTPProxy, "http://"+address, nil),
				"GET /function": lambdaMethod(),
			}), nil, testEnv(capture(t, &event)))
			sent := func(path string) string {
				if _, r := serve(s, call{method: "GET", target: path, header: name + ": " + tt.value}); r.Status != 200 {
					t.Fatalf("%s answers %+v", path, r)
				}
				return <-requests
			}
			got := fate{Readable: strings.Contains(sent("/mapped"), "\r\nX-Read: "+tt.value+"\r\n"), Proxied: strings.Contains(sent("/proxied"), "\r\n"+name+": "+tt.value+"\r\n")}
			if name == "Content-Length" {
				got.Proxied = false // the connection to the backend has one of its own
			}
			serve(s, call{method: "GET", target: "/function", header: name + ": " + tt.value})
			got.InEvent = event["headers"].(map[string]any)[name] == tt.value
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
