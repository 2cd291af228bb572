package restapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func httpMethod(kind apigw.IntegrationType, uri string, params map[string]string) *apigw.Method {
	return &apigw.Method{
		Responses: map[apigw.StatusCode]*apigw.MethodResponse{"200": {StatusCode: "200"}},
		Integration: &apigw.Integration{
			Type: kind, HTTPMethod: "POST", URI: uri, RequestParameters: params,
			Responses: map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200"}},
		},
	}
}

// lines are a raw request's request line, fields and body, the backend's
// address and the trace replaced.
func lines(request, address string) []string {
	request = strings.ReplaceAll(request, address, "BACKEND")
	if i := strings.Index(request, "Root=1-"); i >= 0 {
		request = request[:i] + "TRACE" + request[i+len("Root=")+35:]
	}
	return strings.Split(strings.ReplaceAll(request, "\r\n", "\n"), "\n")
}

// TestHTTPProxyRequest covers what an HTTP_PROXY backend receives.
func TestHTTPProxyRequest(t *testing.T) {
	const own = "X-Forwarded-For: 198.51.100.7\nX-Forwarded-Port: 443\nX-Forwarded-Proto: https\nx-amzn-apigateway-api-id: a1b2c3d4e5\nX-Amzn-Trace-Id: TRACE"
	tests := map[string]struct {
		path, uri string
		params    map[string]string
		vars      map[string]string
		verb      string // integrationHttpMethod
		call      call
		want      string
	}{
		"fields pass in their spelling (recorded on AWS)": {uri: "http://B/anything", call: call{target: "/r", body: `{"a":1}`, header: "accept: application/xml\nuser-Agent: test\nX-CuStOm: 1\nContent-Type: application/json\nContent-Length: 7"},
			want: "POST /anything HTTP/1.1\nHost: BACKEND\naccept: application/xml\nuser-Agent: test\nX-CuStOm: 1\nContent-Type: application/json\n" + own + "\nContent-Length: 7\n\n{\"a\":1}"},
		"fields that don't pass (recorded on AWS)": {uri: "http://B/", call: call{target: "/r", header: "Accept: a\nAccept-Charset: UTF-8\nAccept-Encoding: br\nAge: 1\nAuthorization: x\nConnection: close\nContent-Encoding: deflate\nContent-MD5: m\nContent-Type: application/json\nDate: d\nExpect: e\nMax-Forwards: 2\nPragma: p\nProxy-Authenticate: Basic\nRange: r\nReferer: f\nServer: s\nTE: deflate\nTrailer: Expires\nUpgrade: HTTP/2.0\nUser-Agent: u\nVia: v\nWarn: w\nWWW-Authenticate: Basic"},
			want: "POST / HTTP/1.1\nHost: BACKEND\nAccept: a\nAccept-Charset: UTF-8\nAccept-Encoding: br\nAge: 1\nAuthorization: x\nContent-Type: application/json\nDate: d\nPragma: p\nRange: r\nReferer: f\nUser-Agent: u\nWarn: w\n" + own + "\nContent-Length: 0\n\n"},
		"mapped fields (recorded on AWS)": {uri: "http://B/", params: map[string]string{
			"integration.request.header.Content-MD5": "'m'", "integration.request.header.Content-Encoding": "'compress'", "integration.request.header.Max-Forwards": "'2'",
			"integration.request.header.Server": "'s'", "integration.request.header.Trailer": "'t'", "integration.request.header.Upgrade": "'HTTP/2.0'", "integration.request.header.WWW-Authenticate": "'Basic'",
			"integration.request.header.Connection": "'keep-alive'", "integration.request.header.Expect": "'200-ok'", "integration.request.header.Proxy-Authenticate": "'x'", "integration.request.header.TE": "'gzip'", "integration.request.header.Via": "'v'",
			"integration.request.header.Host": "method.request.header.Host", "integration.request.header.User-Agent": "'Override-Agent'", "integration.request.header.Authorization": "'mine'"},
			call: call{target: "/r", header: "User-Agent: u\nauthorization: theirs"},
			want: "POST / HTTP/1.1\nHost: a1b2c3d4e5.execute-api.localhost\n" + own + "\nAuthorization: mine\nContent-Encoding: compress\nContent-MD5: m\nMax-Forwards: 2\nServer: s\nTrailer: t\nUpgrade: HTTP/2.0\nUser-Agent: Override-Agent\nWWW-Authenticate: Basic\nContent-Length: 0\n\n"},
		"merged query (recorded on AWS)": {path: "/{pathVariable}", uri: "http://B/x?testVar={pathVar}&testQs={qsVar}", params: map[string]string{
			"integration.request.header.headerVar": "method.request.header.foobar", "integration.request.path.qsVar": "method.request.querystring.testVar", "integration.request.path.pathVar": "method.request.path.pathVariable",
			"integration.request.querystring.queryString": "method.request.querystring.testQueryString", "integration.request.querystring.testQs": "method.request.querystring.testQueryString", "integration.request.querystring.testEmptyQs": "method.request.header.emptyheader"},
			call: call{target: "/foobar?testQueryString=foo&testVar=bar", header: "foobar: mapped-value\nheaderVar: request-value\nUser-Agent: u"},
			want: "POST /x?testVar=foobar&testQs=bar&testQueryString=foo&testVar=bar&queryString=foo&testQs=foo HTTP/1.1\nHost: BACKEND\nfoobar: mapped-value\nUser-Agent: u\n" + own + "\nheaderVar: mapped-value\nContent-Length: 0\n\n"},
		"greedy path, escapes as sent": {path: "/{proxy+}", uri: "http://B/base/{proxy}", params: map[string]string{"integration.request.path.proxy": "method.request.path.proxy"},
			call: call{target: "/a%2Fb//c/d%20e/", header: "User-Agent: u"},
			want: "POST /base/a%2Fb//c/d%20e HTTP/1.1\nHost: BACKEND\nUser-Agent: u\n" + own + "\nContent-Length: 0\n\n"},
		"query decoded and encoded anew (guide)": {uri: "http://B/", call: call{target: "/r?a=b+c%20d%2B&e[]=1;f&g=%zz&&h=100%25", header: "User-Agent: u"},
			want: "POST /?a=b%20c%20d%2B&e%5B%5D=1&f=&g=%25zz&h=100%25 HTTP/1.1\nHost: BACKEND\nUser-Agent: u\n" + own + "\nContent-Length: 0\n\n"},
		"several values of a query": {uri: "http://B/", params: map[string]string{"integration.request.querystring.x": "method.request.multivaluequerystring.a", "integration.request.querystring.b": "method.request.querystring.a"},
			call: call{target: "/r?a=1&a=2&b=3", header: "User-Agent: u"},
			want: "POST /?a=1&a=2&b=2&x=1&x=2 HTTP/1.1\nHost: BACKEND\nUser-Agent: u\n" + own + "\nContent-Length: 0\n\n"},
		"an unmapped name stays": {uri: "http://B/{none}/x", call: call{target: "/r", header: "User-Agent: u"},
			want: "POST /%7Bnone%7D/x HTTP/1.1\nHost: BACKEND\nUser-Agent: u\n" + own + "\nContent-Length: 0\n\n"},
		"stage variables": {uri: "http://${stageVariables.host}/${stageVariables.path}/${stageVariables.none}x", vars: map[string]string{"host": "B", "path": "p/q"}, call: call{target: "/r", header: "User-Agent: u"},
			want: "POST /p/q/x HTTP/1.1\nHost: BACKEND\nUser-Agent: u\n" + own + "\nContent-Length: 0\n\n"},
		"method ANY passes the client's": {uri: "http://B/", verb: "ANY", call: call{method: "PATCH", target: "/r", header: "User-Agent: u\nX-Forwarded-For: 203.0.113.1\nX-Forwarded-Proto: gopher"},
			want: "PATCH / HTTP/1.1\nHost: BACKEND\nUser-Agent: u\nX-Forwarded-For: 203.0.113.1, 198.51.100.7\n" + strings.TrimPrefix(own, "X-Forwarded-For: 198.51.100.7\n") + "\nContent-Length: 0\n\n"},
		"no agent of the client's": {uri: "http://B/", call: call{target: "/r"},
			want: "POST / HTTP/1.1\nHost: BACKEND\nUser-Agent: AmazonAPIGateway_a1b2c3d4e5\n" + own + "\nContent-Length: 0\n\n"},
		"hop-by-hop by name (RFC 9110)": {uri: "http://B/", call: call{target: "/r", header: "Connection: X-Hop, close\nx-hop: 1\nKeep-Alive: 5\nUser-Agent: u"},
			want: "POST / HTTP/1.1\nHost: BACKEND\nUser-Agent: u\n" + own + "\nContent-Length: 0\n\n"},
		"compressed body arrives decompressed": {uri: "http://B/", call: call{target: "/r", header: "Content-Encoding: gzip\nUser-Agent: u", body: compressed(t, "gzip", "hello")},
			want: "POST / HTTP/1.1\nHost: BACKEND\nUser-Agent: u\n" + own + "\nContent-Length: 5\n\nhello"},
		"an override does not pass (guide)": {uri: "http://B/", verb: "ANY", call: call{method: "GET", target: "/r", header: "X-HTTP-Method-Override: PUT\nUser-Agent: u"},
			want: "PUT / HTTP/1.1\nHost: BACKEND\nUser-Agent: u\n" + own + "\nContent-Length: 0\n\n"},
		"binary as it is": {uri: "http://B/", call: call{target: "/r", header: "User-Agent: u", body: "\x00\xff"},
			want: "POST / HTTP/1.1\nHost: BACKEND\nUser-Agent: u\n" + own + "\nContent-Length: 2\n\n\x00\xff"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			address, requests := seen(t)
			if tt.path == "" {
				tt.path = "/r"
			}
			m := httpMethod(apigw.IntegrationHTTPProxy, strings.ReplaceAll(tt.uri, "//B", "//"+address), tt.params)
			if tt.verb != "" {
				m.Integration.HTTPMethod = tt.verb
			}
			if tt.call.method == "" {
				tt.call.method = "POST"
			}
			st := &apigw.Stage{Name: "prod", Variables: map[string]string{}}
			for k, v := range tt.vars {
				st.Variables[k] = strings.ReplaceAll(v, "B", address)
			}
			s := compileStage(t, define(map[string]*apigw.Method{"ANY " + tt.path: m}), st, nil)
			if _, r := serve(s, tt.call); r.Status != 200 {
				t.Fatalf("answered %+v", r)
			}
			if d := cmp.Diff(strings.Split(tt.want, "\n"), lines(<-requests, address)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestHTTPRequest covers what a backend of a non-proxy integration receives.
func TestHTTPRequest(t *testing.T) {
	const own = "x-amzn-apigateway-api-id: a1b2c3d4e5\nX-Amzn-Trace-Id: TRACE"
	tests := map[string]struct {
		uri       string
		params    map[string]string
		templates map[string]*string
		handling  string
		call      call
		want      string
	}{
		"nothing of the client's (recorded on AWS)": {uri: "http://B/p?q=1", call: call{target: "/r?c=d", body: `{"a":1}`, header: "Accept: application/xml\nUser-Agent: u\nX-A: 1\nContent-Type: application/json"},
			want: "POST /p?q=1 HTTP/1.1\nHost: BACKEND\nAccept: application/json\nUser-Agent: AmazonAPIGateway_a1b2c3d4e5\nContent-Type: application/json\n" + own + "\nContent-Length: 7\n\n{\"a\":1}"},
		"no type without a body (recorded on AWS)": {uri: "http://B", call: call{target: "/r", header: "Content-Type: application/json"},
			want: "POST / HTTP/1.1\nHost: BACKEND\nAccept: application/json\nUser-Agent: AmazonAPIGateway_a1b2c3d4e5\n" + own + "\nContent-Length: 0\n\n"},
		"mapped": {uri: "http://B", params: map[string]string{"integration.request.header.accept": "method.request.header.Accept", "integration.request.header.User-Agent": "'me'", "integration.request.header.Content-Type": "'text/plain'",
			"integration.request.querystring.c d": "method.request.querystring.c", "integration.request.header.X": "context.stage", "integration.request.header.None": "method.request.header.None"},
			call: call{target: "/r?c=d%26e", body: "x", header: "Accept: application/xml"},
			want: "POST /?c%20d=d%26e HTTP/1.1\nHost: BACKEND\n" + own + "\nContent-Type: text/plain\nUser-Agent: me\nX: prod\naccept: application/xml\nContent-Length: 1\n\nx"},
		"template": {uri: "http://B", templates: map[string]*string{"application/json": text(`{"foo":"bar"}`)}, call: call{target: "/r", body: "client body"},
			want: "POST / HTTP/1.1\nHost: BACKEND\nAccept: application/json\nUser-Agent: AmazonAPIGateway_a1b2c3d4e5\nContent-Type: application/json\n" + own + "\nContent-Length: 13\n\n{\"foo\":\"bar\"}"},
		"text that is none (recorded on AWS)": {uri: "http://B", call: call{target: "/r", body: "a\xffb"},
			want: "POST / HTTP/1.1\nHost: BACKEND\nAccept: application/json\nUser-Agent: AmazonAPIGateway_a1b2c3d4e5\nContent-Type: application/json\n" + own + "\nContent-Length: 5\n\na\uFFFDb"},
		"base64 to bytes (recorded on AWS)": {uri: "http://B", handling: "CONVERT_TO_BINARY", call: call{target: "/r", body: "aGVsbG8="},
			want: "POST / HTTP/1.1\nHost: BACKEND\nAccept: application/json\nUser-Agent: AmazonAPIGateway_a1b2c3d4e5\nContent-Type: application/json\n" + own + "\nContent-Length: 5\n\nhello"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			address, requests := seen(t)
			m := httpMethod(apigw.IntegrationHTTP, strings.ReplaceAll(tt.uri, "//B", "//"+address), tt.params)
			m.Integration.RequestTemplates, m.Integration.ContentHandling = tt.templates, tt.handling
			s := compileStage(t, define(map[string]*apigw.Method{"POST /r": m}), nil, nil)
			tt.call.method = "POST"
			x, r := serve(s, tt.call)
			if r.Status != 200 || r.Body != "ok" {
				t.Fatalf("answered %+v", r)
			}
			if len(x.Response.Header.Get("X-Amzn-Trace-Id")) == 0 {
				t.Error("the answer has no trace (recorded on AWS)")
			}
			if d := cmp.Diff(strings.Split(tt.want, "\n"), lines(<-requests, address)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestHTTPProxyResponse covers what reaches the client of a backend's fields.
func TestHTTPProxyResponse(t *testing.T) {
	address := rawBackend(t, func(string) string {
		return "HTTP/1.1 418 Short And Stout\r\nDate: d\r\nServer: s\r\nConnection: keep-alive\r\nx-amzn-RequestId: theirs\r\nX-Amzn-Trace-Id: Root=1\r\n" +
			"x-amz-apigw-id: theirs\r\nVia: v\r\nTE: t\r\nTrailer: t\r\nHost: h\r\nExpect: e\r\nProxy-Authenticate: p\r\nUpgrade: u\r\nKeep-Alive: timeout=5\r\n" +
			"Authorization: a\r\nContent-MD5: m\r\nMax-Forwards: 1\r\nUser-Agent: u\r\nWWW-Authenticate: w\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Own: x\r\nContent-Length: 3\r\n\r\ntea"
	})
	s := compileStage(t, define(map[string]*apigw.Method{"GET /r": httpMethod(apigw.IntegrationHTTPProxy, "http://"+address, nil)}), nil, nil)
	x, r := serve(s, call{method: "GET", target: "/r"})
	var got []string
	for i := range x.Response.Header.Len() {
		name, value := x.Response.Header.At(i)
		got = append(got, string(name)+": "+string(value))
	}
	want := []string{
		"x-amzn-RequestId: " + string(x.RequestID[:]), "x-amz-apigw-id: " + string(x.ExtendedID[:]),
		"x-amzn-Remapped-Date: d", "x-amzn-Remapped-Server: s", "x-amzn-Remapped-Connection: keep-alive", "x-amzn-Remapped-X-Amzn-RequestId: theirs", "X-Amzn-Trace-Id: Root=1",
		"x-amzn-Remapped-Authorization: a", "x-amzn-Remapped-Content-MD5: m", "x-amzn-Remapped-Max-Forwards: 1", "x-amzn-Remapped-User-Agent: u", "x-amzn-Remapped-WWW-Authenticate: w",
		"Set-Cookie: a=1", "set-cookie: b=2", "X-Own: x", "x-amzn-Remapped-Content-Length: 3", "Content-Type: application/json",
	}
	if d := cmp.Diff(want, got); d != "" || r.Status != 418 || r.Body != "tea" {
		t.Errorf("%+v\n%s", r, d)
	}
}

// TestHTTPAnswer covers response selection, mapping and conversion.
func TestHTTPAnswer(t *testing.T) {
	backend := func(status int, fields, body string) string {
		return fmt.Sprintf("HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s", status, fields, len(body), body)
	}
	type responses = map[apigw.StatusCode]*apigw.IntegrationResponse
	one := func(r apigw.IntegrationResponse) responses {
		r.StatusCode = "200"
		return responses{"200": &r}
	}
	failed := reply{500, serverError, "InternalServerErrorException"}
	tests := map[string]struct {
		backend   string
		responses responses
		binary    []string
		accept    string
		want      reply
		header    map[string]string
	}{
		"the response's status, not the backend's (recorded on AWS)": {backend(400, "", "x"), one(apigw.IntegrationResponse{}), nil, "", reply{200, "x", ""}, map[string]string{"Content-Type": "application/json"}},
		"nothing fits":               {backend(400, "", "x"), one(apigw.IntegrationResponse{SelectionPattern: text(`2\d{2}`)}), nil, "", failed, nil},
		"whole text":                 {backend(400, "", "x"), one(apigw.IntegrationResponse{SelectionPattern: text(`4`)}), nil, "", failed, nil},
		"Java's own constructs":      {backend(404, "", "x"), responses{"405": {StatusCode: "405", SelectionPattern: text(`^(?!2)[0-9&&[^5]]++$`)}, "502": {StatusCode: "502", SelectionPattern: text(".+")}}, nil, "", reply{405, "x", ""}, nil},
		"lowest of several":          {backend(404, "", "x"), responses{"405": {StatusCode: "405", SelectionPattern: text("4.*")}, "502": {StatusCode: "502", SelectionPattern: text(".+")}}, nil, "", reply{405, "x", ""}, nil},
		".* is a default":            {backend(404, "", "x"), responses{"200": {StatusCode: "200", SelectionPattern: text(".*")}, "405": {StatusCode: "405", SelectionPattern: text("404")}}, nil, "", reply{405, "x", ""}, nil},
		"status without a method's":  {backend(200, "", "x"), responses{"201": {StatusCode: "201"}}, nil, "", failed, nil},
		"only mapped fields":         {backend(200, "X-A: 1\r\nX-A: 2\r\nx-a: 3\r\nContent-Type: text/xml\r\n", "x"), one(apigw.IntegrationResponse{ResponseParameters: map[string]string{"method.response.header.One": "integration.response.header.X-A", "method.response.header.All": "integration.response.multivalueheader.X-A", "method.response.header.None": "integration.response.header.X-B", "method.response.header.Date": "'d'", "method.response.header.Transfer-Encoding": "'t'", "method.response.header.Stage": "context.stage"}}), nil, "", reply{200, "x", ""}, map[string]string{"One": "2", "All": "1,2", "None": "", "X-A": "", "x-amzn-Remapped-Date": "d", "Date": "", "Transfer-Encoding": "", "Content-Type": "application/json", "Stage": "prod"}},
		"type mapped":                {backend(200, "", "x"), one(apigw.IntegrationResponse{ResponseParameters: map[string]string{"method.response.header.Content-Type": "'text/html'"}}), nil, "", reply{200, "x", ""}, map[string]string{"Content-Type": "text/html"}},
		"template":                   {backend(200, "", "x"), one(apigw.IntegrationResponse{ResponseTemplates: map[string]*string{"application/json": text("y")}}), nil, "", reply{200, "y", ""}, nil},
		"empty template passes":      {backend(200, "", "x"), one(apigw.IntegrationResponse{ResponseTemplates: map[string]*string{"application/json": nil}}), nil, "", reply{200, "x", ""}, nil},
		"template by accept":         {backend(200, "", "x"), one(apigw.IntegrationResponse{ResponseTemplates: map[string]*string{"application/json": text("j"), "text/html": text("h")}}), nil, "text/html, */*", reply{200, "h", ""}, nil},
		"template by no accept":      {backend(200, "", "x"), one(apigw.IntegrationResponse{ResponseTemplates: map[string]*string{"application/json": text("j"), "text/html": text("h")}}), nil, "text/plain", reply{200, "j", ""}, nil},
		"the first template":         {backend(200, "", "x"), one(apigw.IntegrationResponse{TemplateOrder: []string{"text/z", "text/a"}, ResponseTemplates: map[string]*string{"text/a": text("a"), "text/z": text("z")}}), nil, "text/plain", reply{200, "z", ""}, nil},
		"text, text, none":           {backend(200, "Content-Type: text/plain\r\n", "a\xff"), one(apigw.IntegrationResponse{}), []string{"image/png"}, "", reply{200, "a\uFFFD", ""}, nil},
		"text, binary, none":         {backend(200, "Content-Type: text/plain\r\n", "aGk="), one(apigw.IntegrationResponse{}), []string{"image/png"}, "image/png", reply{200, "hi", ""}, nil},
		"text, binary, none, broken": {backend(200, "Content-Type: text/plain\r\n", "?"), one(apigw.IntegrationResponse{}), []string{"image/png"}, "image/png", failed, nil},
		"binary, text, none":         {backend(200, "Content-Type: image/png\r\n", "hi"), one(apigw.IntegrationResponse{}), []string{"image/png"}, "", reply{200, "aGk=", ""}, nil},
		"binary, binary, none":       {backend(200, "Content-Type: image/png\r\n", "\xff"), one(apigw.IntegrationResponse{}), []string{"image/png"}, "image/png", reply{200, "\xff", ""}, nil},
		"binary, binary, to text":    {backend(200, "Content-Type: image/png\r\n", "hi"), one(apigw.IntegrationResponse{ContentHandling: "CONVERT_TO_TEXT"}), []string{"image/png"}, "image/png", reply{200, "aGk=", ""}, nil},
		"text, text, to binary":      {backend(200, "", "aGk="), one(apigw.IntegrationResponse{ContentHandling: "CONVERT_TO_BINARY"}), nil, "", reply{200, "hi", ""}, nil},
		"template on bytes":          {backend(200, "", "aGk="), one(apigw.IntegrationResponse{ContentHandling: "CONVERT_TO_BINARY", ResponseTemplates: map[string]*string{"application/json": text("y")}}), nil, "", failed, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			address := rawBackend(t, func(string) string { return tt.backend })
			m := httpMethod(apigw.IntegrationHTTP, "http://"+address, nil)
			m.Integration.Responses = tt.responses
			m.Responses["405"] = &apigw.MethodResponse{StatusCode: "405"}
			def := define(map[string]*apigw.Method{"GET /r": m})
			def.API.BinaryMediaTypes = tt.binary
			c := call{method: "GET", target: "/r"}
			if tt.accept != "" {
				c.header = "Accept: " + tt.accept
			}
			x, got := serve(compileStage(t, def, nil, nil), c)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			for name, want := range tt.header {
				if got := string(x.Response.Header.Get(name)); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

// TestBackendFailures covers backends that don't answer as they should.
func TestBackendFailures(t *testing.T) {
	refusing := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return "http://" + l.Addr().String()
	}
	hang := make(chan struct{})
	defer close(hang)
	untrusted := httptest.NewTLSServer(http.NotFoundHandler())
	defer untrusted.Close()
	untrusted.Config.ErrorLog = nil
	const errorType = "InternalServerErrorException"
	network := reply{504, `{"message": "Network error communicating with endpoint"}`, errorType}
	failed := reply{500, serverError, errorType}
	raw := func(reply string) string { return "http://" + rawBackend(t, func(string) string { return reply }) }
	tests := map[string]struct {
		uri  string
		want reply
	}{
		"refuses":             {refusing(), network},
		"closes":              {raw(""), network},
		"garbage":             {raw("garbage\r\n\r\n"), network},
		"half a body":         {raw("HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhalf" + "close:"), reply{}},
		"hangs":               {"http://" + rawBackend(t, func(string) string { <-hang; return "" }), reply{504, `{"message": "Endpoint request timed out"}`, errorType}},
		"unresolvable":        {"http://no-such-host.invalid/", failed},
		"untrusted":           {untrusted.URL, failed},
		"malformed":           {"http://${stageVariables.none}/x", failed},
		"answers beyond 10MB": {raw("HTTP/1.1 200 OK\r\nContent-Length: 10485761\r\n\r\n" + strings.Repeat("x", 10485761)), failed},
	}
	for name, tt := range tests {
		for _, kind := range []apigw.IntegrationType{apigw.IntegrationHTTP, apigw.IntegrationHTTPProxy} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				m := httpMethod(kind, tt.uri, nil)
				m.Integration.TimeoutMillis = 2000
				if name == "hangs" {
					m.Integration.TimeoutMillis = 50
				}
				want := tt.want
				if name == "half a body" {
					want = network
					m.Integration.URI = halfBody(t)
				}
				if _, got := serve(compileStage(t, define(map[string]*apigw.Method{"GET /r": m}), nil, nil), call{method: "GET", target: "/r"}); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
			})
		}
	}
}

// halfBody is a backend that announces more than it sends.
func halfBody(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			readRaw(bufio.NewReader(c))
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
			c.Close()
		}
	}()
	return "http://" + l.Addr().String()
}

// TestMappedFieldsThatFail: some names can't be sent (recorded on AWS), and no
// value can break a request apart.
func TestMappedFieldsThatFail(t *testing.T) {
	address := rawBackend(t, func(string) string { return rawOK })
	tests := map[string]struct {
		target, source string
		call           call
		status         int
	}{
		"Content-Length":    {"header.Content-Length", "'0'", call{target: "/r"}, 500},
		"Transfer-Encoding": {"header.Transfer-Encoding", "'deflate'", call{target: "/r"}, 500},
		"absent":            {"header.Content-Length", "method.request.header.None", call{target: "/r"}, 200},
		"line break":        {"header.X", "method.request.querystring.a", call{target: "/r?a=b%0d%0aEvil:%20x"}, 400},
		"host":              {"header.Host", "method.request.querystring.a", call{target: "/r?a=b%0d%0aEvil:%20x"}, 400},
	}
	for name, tt := range tests {
		for _, kind := range []apigw.IntegrationType{apigw.IntegrationHTTP, apigw.IntegrationHTTPProxy} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				m := httpMethod(kind, "http://"+address, map[string]string{"integration.request." + tt.target: tt.source})
				tt.call.method = "GET"
				if _, got := serve(compileStage(t, define(map[string]*apigw.Method{"GET /r": m}), nil, nil), tt.call); got.Status != tt.status {
					t.Errorf("got %+v, want %d", got, tt.status)
				}
			})
		}
	}
}

// fakeEdge keeps what a stage wants done when the client leaves.
type fakeEdge struct{ armed chan func() }

func (e *fakeEdge) OnAbandon(cancel func()) {
	if cancel != nil {
		e.armed <- cancel
	}
}

// TestClientLeaves: the call to the backend ends with the client.
func TestClientLeaves(t *testing.T) {
	hang := make(chan struct{})
	arrived := make(chan struct{}, 1)
	defer close(hang)
	address := rawBackend(t, func(string) string { arrived <- struct{}{}; <-hang; return "" })
	s := compileStage(t, define(map[string]*apigw.Method{"GET /r": httpMethod(apigw.IntegrationHTTPProxy, "http://"+address, nil)}), nil, nil)
	x := newExchange(call{method: "GET", target: "/r"})
	edge := &fakeEdge{make(chan func(), 1)}
	h := x.Header
	method, address2, client := x.Method, x.Address, x.Client
	x.Begin(edge)
	x.Header, x.Method, x.Address, x.Client = h, method, address2, client
	done := make(chan struct{})
	go func() { s.Serve(x); close(done) }()
	<-arrived
	(<-edge.armed)()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatal("the call goes on without its client")
	}
}

// TestLargeBodyStreams: a body with a length passes as it comes.
func TestLargeBodyStreams(t *testing.T) {
	address, requests := seen(t)
	s := compileStage(t, define(map[string]*apigw.Method{"POST /r": httpMethod(apigw.IntegrationHTTPProxy, "http://"+address, nil)}), nil, nil)
	body := strings.Repeat("0123456789abcdef", 1<<16)
	if _, r := serve(s, call{method: "POST", target: "/r", body: body}); r.Status != 200 {
		t.Fatalf("answered %+v", r)
	}
	if got := <-requests; !strings.HasSuffix(got, "\r\n\r\n"+body) {
		t.Errorf("%d bytes arrived", len(got))
	}
}
