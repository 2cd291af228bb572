package restapi

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
)

const missingToken = `{"message":"Missing Authentication Token"}`

// TestUnmatched covers what is answered when nothing matches.
func TestUnmatched(t *testing.T) {
	s := compileStage(t, define(map[string]*apigw.Method{"GET /existing": mockMethod("ok")}), nil, nil)
	missing := reply{403, missingToken, "MissingAuthenticationTokenException"}
	const hash = "w1Xc6WwWEogNEZQP/dkBTThsJT4MNlKmzQanIm970rY=" // of "Bearer abc"
	tests := map[string]struct {
		call call
		want reply
	}{
		"found":                            {call{method: "GET", target: "/existing"}, reply{200, "ok", ""}},
		"no resource (recorded on AWS)":    {call{method: "GET", target: "/random"}, missing},
		"no such method (recorded on AWS)": {call{method: "POST", target: "/existing"}, missing},
		"root (guide)":                     {call{method: "GET", target: "/"}, missing},
		"override finds it (guide)":        {call{method: "POST", target: "/existing", header: "X-HTTP-Method-Override: GET"}, reply{200, "ok", ""}},
		"override loses it (guide)":        {call{method: "GET", target: "/existing", header: "X-HTTP-Method-Override: PUT"}, missing},
		"a token (seen on AWS)": {call{method: "GET", target: "/random", header: "Authorization: Bearer abc"},
			reply{403, `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '` + hash + `'."}`, "IncompleteSignatureException"}},
		"basic credentials (seen on AWS)": {call{method: "GET", target: "/random", header: "Authorization: Basic dTpw="},
			reply{403, "Authorization header requires 'Credential' parameter.", "IncompleteSignatureException"}},
		"a signature":        {call{method: "GET", target: "/random", header: "Authorization: AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c"}, missing},
		"a token on a route": {call{method: "GET", target: "/existing", header: "Authorization: Bearer abc"}, reply{200, "ok", ""}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, got := serve(s, tt.call)
			if strings.HasSuffix(tt.want.Body, "parameter.") && strings.Contains(got.Body, tt.want.Body) {
				got.Body = tt.want.Body
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestStandardHeader covers the fields of every answer (recorded on AWS).
func TestStandardHeader(t *testing.T) {
	def := define(map[string]*apigw.Method{"GET /mock": mockMethod("ok"), "GET /fn": lambdaMethod()})
	s := compileStage(t, def, nil, testEnv(returning("{}")))
	const full = "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1"
	tests := map[string]struct{ target, sent, trace string }{
		"mock has no trace":           {"/mock", "", "^$"},
		"mock has none of a client's": {"/mock", full, "^$"},
		"no route has none":           {"/none", full, "^$"},
		"a new one":                   {"/fn", "", `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`},
		"a whole one is kept":         {"/fn", full, "^" + full + "$"},
		"a root gains a parent":       {"/fn", "Root=1-3152b799-8954dae64eda91bc9a23a7e8", `^Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=[0-9a-f]{16};Sampled=0$`},
		"a parent is sampled":         {"/fn", "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72", `^Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1$`},
		"a sampled root":              {"/fn", "Root=1-3152b799-8954dae64eda91bc9a23a7e8;Sampled=1", `^Root=1-3152b799-8954dae64eda91bc9a23a7e8;Sampled=1;Parent=[0-9a-f]{16}$`},
		"garbage is replaced":         {"/fn", "nonsense", `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`},
		"too long is replaced":        {"/fn", "Root=" + strings.Repeat("1", 2000), `^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := call{method: "GET", target: tt.target}
			if tt.sent != "" {
				c.header = "x-amzn-trace-id: " + tt.sent
			}
			x, _ := serve(s, c)
			h := &x.Response.Header
			for field, pattern := range map[string]string{
				"x-amzn-RequestId": `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`,
				"x-amz-apigw-id":   `^[A-Za-z0-9+/]{15}=$`, "Content-Type": "^application/json$", "X-Amzn-Trace-Id": tt.trace,
			} {
				if got := h.Get(field); !regexp.MustCompile(pattern).Match(got) {
					t.Errorf("%s: %q", field, got)
				}
			}
		})
	}
}

// TestLimits covers sizes.
func TestLimits(t *testing.T) {
	def := define(map[string]*apigw.Method{"ANY /{p+}": lambdaMethod()})
	s := compileStage(t, def, nil, testEnv(returning("{}")))
	tooLarge := reply{413, `{"message":"Request Too Long"}`, "RequestTooLargeException"}
	tooLong := reply{414, `{"message":"Request URI too long"}`, "BadRequestException"}
	ok := reply{200, "", ""}
	tests := map[string]struct {
		call call
		want reply
	}{
		"headers within":     {call{target: "/p", header: "X-Big: " + strings.Repeat("x", 10000)}, ok},
		"headers beyond":     {call{target: "/p", header: "X-Big: " + strings.Repeat("x", 10240)}, tooLarge},
		"announced too long": {call{target: "/p", length: 10<<20 + 1}, tooLarge},
		"chunked too long":   {call{target: "/p", length: -1, body: strings.Repeat("x", 10<<20+1)}, tooLarge},
		"10 MB":              {call{target: "/p", body: strings.Repeat("x", 10<<20)}, ok},
		"URL within":         {call{target: "/p?" + strings.Repeat("q", 9000)}, ok},
		"URL beyond":         {call{target: "/p?" + strings.Repeat("q", 10240)}, tooLong},
		"method ARN within":  {call{target: "/" + strings.Repeat("p", 1500)}, ok},
		"method ARN beyond":  {call{target: "/" + strings.Repeat("p", 1600)}, tooLong},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.call.method = "POST"
			if _, got := serve(s, tt.call); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func compressed(t testing.TB, coding, s string) string {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch coding {
	case "gzip":
		w := gzip.NewWriter(&b)
		_, err = w.Write([]byte(s))
		w.Close()
	case "zlib":
		w := zlib.NewWriter(&b)
		_, err = w.Write([]byte(s))
		w.Close()
	case "flate":
		w, _ := flate.NewWriter(&b, 1)
		_, err = w.Write([]byte(s))
		w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestRequestCoding covers compressed requests (developer guide, "Enable
// payload compression").
func TestRequestCoding(t *testing.T) {
	type result struct {
		Status int
		Body   any
	}
	refused := result{415, nil}
	tests := map[string]struct {
		coding, body string
		want         result
	}{
		"gzip":            {"gzip", compressed(t, "gzip", "hello"), result{200, "hello"}},
		"deflate":         {"deflate", compressed(t, "zlib", "hello"), result{200, "hello"}},
		"bare deflate":    {"deflate", compressed(t, "flate", "hello"), result{200, "hello"}},
		"identity":        {"identity", "hello", result{200, "hello"}},
		"any case":        {"GZip", compressed(t, "gzip", "hello"), result{200, "hello"}},
		"no body":         {"deflate", "", result{200, nil}},
		"unsupported":     {"br", "hello", refused},
		"corrupt":         {"gzip", "hello", refused},
		"cut off":         {"gzip", compressed(t, "gzip", "hello")[:12], refused},
		"one that swells": {"gzip", compressed(t, "gzip", strings.Repeat("\x00", 11<<20)), result{413, nil}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var event map[string]any
			s := proxyStage(t, "REGIONAL", nil, capture(t, &event))
			_, r := serve(s, call{method: "POST", target: "/p", body: tt.body, header: "Content-Encoding: " + tt.coding})
			if d := cmp.Diff(tt.want, result{r.Status, event["body"]}); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestResponseCoding covers minimumCompressionSize.
func TestResponseCoding(t *testing.T) {
	size := 10
	large := strings.Repeat("x", 100)
	tests := map[string]struct{ accept, body, want string }{
		"gzip":             {"gzip", large, "gzip"},
		"deflate":          {"deflate", large, "deflate"},
		"first of equals":  {"gzip, deflate, br", large, "gzip"},
		"highest quality":  {"gzip;q=0.5, deflate;q=0.9", large, "deflate"},
		"another higher":   {"gzip;q=0.5, br", large, ""},
		"identity higher":  {"gzip;q=0.5, identity", large, ""},
		"refused":          {"gzip;q=0", large, ""},
		"any":              {"*", large, ""},
		"none":             {"", large, ""},
		"small":            {"gzip", "x", ""},
		"exactly the size": {"gzip", "xxxxxxxxxx", "gzip"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			def := define(map[string]*apigw.Method{"GET /": mockMethod(tt.body)})
			def.API.MinimumCompressionSize = &size
			x, r := serve(compileStage(t, def, nil, nil), call{method: "GET", target: "/", header: "Accept-Encoding: " + tt.accept})
			if got := string(x.Response.Header.Get("Content-Encoding")); got != tt.want {
				t.Fatalf("coding %q, want %q", got, tt.want)
			}
			body := r.Body
			if tt.want != "" {
				rd, err := decompressor([]byte(tt.want), []byte(body))
				if err != nil {
					t.Fatal(err)
				}
				var b bytes.Buffer
				if _, err := b.ReadFrom(rd); err != nil {
					t.Fatal(err)
				}
				body = b.String()
			}
			if body != tt.body {
				t.Errorf("body %q", body)
			}
		})
	}
}

// TestResponseCodingOfBackends: what an integration has encoded stays as it is,
// and what it hasn't is compressed, whatever kind it is (developer guide,
// "Enable payload compression").
func TestResponseCodingOfBackends(t *testing.T) {
	address := rawBackend(t, func(request string) string {
		coding := ""
		if strings.HasPrefix(request, "GET /coded") {
			coding = "Content-Encoding: br\r\n"
		}
		return "HTTP/1.1 200 OK\r\n" + coding + "Content-Length: 20\r\n\r\n01234567890123456789"
	})
	zero := 0
	passed := httpMethod(apigw.IntegrationHTTP, "http://"+address+"/coded", nil)
	passed.Integration.HTTPMethod = "GET"
	passed.Integration.Responses["200"].ResponseParameters = map[string]string{"method.response.header.Content-Encoding": "integration.response.header.Content-Encoding"}
	coded, plain := httpMethod(apigw.IntegrationHTTPProxy, "http://"+address+"/coded", nil), httpMethod(apigw.IntegrationHTTPProxy, "http://"+address+"/plain", nil)
	coded.Integration.HTTPMethod, plain.Integration.HTTPMethod = "GET", "GET"
	def := define(map[string]*apigw.Method{"GET /coded": coded, "GET /plain": plain, "GET /mapped": passed, "GET /function": lambdaMethod()})
	def.API.MinimumCompressionSize = &zero
	s := compileStage(t, def, nil, testEnv(returning(`{"body": "01234567890123456789"}`)))
	for path, want := range map[string]string{"/coded": "br", "/plain": "gzip", "/mapped": "br", "/function": "gzip"} {
		x, r := serve(s, call{method: "GET", target: path, header: "Accept-Encoding: gzip"})
		if got := string(x.Response.Header.Get("Content-Encoding")); got != want || r.Status != 200 {
			t.Errorf("%s: %d, coding %q, want %q", path, r.Status, got, want)
		}
	}
}

// TestVariables resolves each context variable.
func TestVariables(t *testing.T) {
	s := compileStage(t, define(map[string]*apigw.Method{"GET /pets/{id}": mockMethod("")}), nil, nil)
	x := newExchange(call{method: "GET", target: "/pets/1?x=y", header: "User-Agent: demo/1.0"})
	s.Serve(x)
	want := map[string]string{
		"accountId": "123456789012", "apiId": "a1b2c3d4e5", "deploymentId": "d3p10y", "domainName": "a1b2c3d4e5.execute-api.localhost",
		"domainPrefix": "a1b2c3d4e5", "extendedRequestId": string(x.ExtendedID[:]), "httpMethod": "GET", "identity.sourceIp": "198.51.100.7",
		"identity.userAgent": "demo/1.0", "path": "/prod/pets/1", "protocol": "HTTP/1.1", "requestId": string(x.RequestID[:]),
		"requestTime": "18/Jun/2025:17:28:59 +0000", "requestTimeEpoch": "1750267739123", "resourceId": "id:/pets/{id}",
		"resourcePath": "/pets/{id}", "stage": "prod", "identity.user": "unset",
	}
	got := map[string]string{}
	for name := range want {
		v, err := exchange.ParseVariable(name)
		if err != nil {
			t.Fatal(err)
		}
		value, ok := x.Vars.AppendVariable(nil, x, v)
		if got[name] = string(value); !ok {
			got[name] = "unset"
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	x.End()
	if x.Vars != nil {
		t.Error("variables outlive the exchange")
	}
}

func TestForbidden(t *testing.T) {
	x := newExchange(call{method: "GET", target: "/"})
	Forbidden(x)
	want := reply{403, `{"message":"Forbidden"}`, "ForbiddenException"}
	if got := replyOf(x); got != want {
		t.Errorf("got %+v", got)
	}
}
