package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

type routeVars struct{}

func (routeVars) AppendVariable(dst []byte, _ *exchange.Exchange, v exchange.Variable) ([]byte, bool) {
	switch v.Name {
	case exchange.VarRouteKey:
		return append(dst, "GET /pets/{id}"...), true
	case exchange.VarAuthorizer:
		return append(dst, v.Key...), true
	}
	return dst, false
}

func routeInput(body string) *Input {
	x := &exchange.Exchange{Header: new(http1.Header), Vars: routeVars{}}
	x.Header.Add("X-Tag", "a")
	x.Header.Add("x-tag", "b")
	x.Header.Add("X-Quote", `"},"admin":true,"x":{"y":"`)
	x.Address.StagePath = []byte("/pets/a%2Fb")
	in := &Input{X: x, Query: new(Query), Body: &Body{Limit: MaxRouteBody}, Response: new(http1.Header), ResponseBody: &Body{Limit: MaxRouteBody}}
	in.Query.Parse([]byte("n=1&n=2&N=3&s=a%20b"))
	in.Params.Add("id", "a%2Fb")
	in.Body.Set([]byte(body))
	in.Response.Add("X-From", "backend")
	in.ResponseBody.Set([]byte(`{"code":404}`))
	return in
}

// TestRouteValue: developer guide, "Transform API requests and responses for
// HTTP APIs".
func TestRouteValue(t *testing.T) {
	const body = `{"id":7,"name":"Rex","tags":["a","b"],"owner":{"n":1},"none":null}`
	long := `{"id":7,"pad":"` + strings.Repeat("x", MaxRouteBody) + `"}`
	vars := map[string]string{"table": "orders"}
	for _, tt := range []struct {
		name, value, body, want, missing string
		phase                            Phase
	}{
		{name: "text", value: "static", want: "static"},
		{name: "a price is text", value: "$5.00", want: "$5.00"},
		{name: "header, in any case", value: "$request.header.X-TAG", want: "a,b"},
		{name: "query, in its case", value: "$request.querystring.n", want: "1,2"},
		{name: "query decoded", value: "${request.querystring.s}", want: "a b"},
		{name: "path without stage", value: "$request.path", want: "/pets/a%2Fb"},
		{name: "path parameter", value: "$request.path.id", want: "a/b"},
		{name: "body", value: "$request.body", body: body, want: body},
		{name: "no body", value: "$request.body", missing: "$request.body"},
		{name: "text of the body", value: "$request.body.name", body: body, want: "Rex"},
		{name: "number", value: "$request.body.id", body: body, want: "7"},
		{name: "list", value: "$request.body.tags", body: body, want: `["a","b"]`},
		{name: "object", value: "$request.body.owner", body: body, want: `{"n":1}`},
		{name: "element", value: "${request.body.tags[1]}", body: body, want: "b"},
		{name: "null is missing", value: "$request.body.none", body: body, missing: "$request.body.none"},
		{name: "body that is no JSON", value: "$request.body.id", body: "{oops", missing: "$request.body.id"},
		{name: "cut at 100 KB", value: "$request.body.id", body: long, missing: "$request.body.id"},
		{name: "not cut as a whole", value: "$request.body", body: long, want: long},
		{name: "context", value: "$context.routeKey", want: "GET /pets/{id}"},
		{name: "authorizer", value: "$context.authorizer.claims.sub", want: "claims.sub"},
		{name: "stage variable", value: "$stageVariables.table", want: "orders"},
		{name: "unset stage variable", value: "$stageVariables.none", missing: "$stageVariables.none"},
		{name: "several", value: "${stageVariables.table}/${request.path.id}?${request.header.none}!", want: "orders/a/b?!", missing: "$request.header.none"},
		{name: "inside a JSON string", value: `{"a":{"b":"-${request.header.x-quote}-"}}`, want: `{"a":{"b":"-\"},\"admin\":true,\"x\":{\"y\":\"-"}}`},
		{name: "as a JSON value", value: `{"a":${request.body.tags},"b":${request.header.x-quote}}`, body: body, want: `{"a":["a","b"],"b":null}`},
		{name: "text that only looks like JSON", value: `[log] ${request.header.x-tag}`, want: `[log] a,b`},
		{name: "response header", value: "$response.header.x-from", phase: ResponsePhase, want: "backend"},
		{name: "response body", value: "$response.body.code", phase: ResponsePhase, want: "404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, err := ParseRouteValue(tt.value, tt.phase, vars)
			if err != nil {
				t.Fatal(err)
			}
			got, missing, ok := v.Append([]byte("+"), routeInput(tt.body))
			if string(got) != "+"+tt.want || missing != tt.missing || ok != (tt.want != "") {
				t.Errorf("%.200q, missing %q, %v", got, missing, ok)
			}
		})
	}
}

// TestRoutePath: path parameters keep their escapes in a path, and no value ends
// it.
func TestRoutePath(t *testing.T) {
	for value, want := range map[string]string{
		"$request.path":               "/pets/a%2Fb",
		"/v2/${request.path.id}":      "/v2/a%2Fb",
		"/q/${request.querystring.s}": "/q/a%20b",
		"/x?y#z":                      "/x%3Fy%23z",
		"/${request.header.x-tag}":    "/a,b",
		"/${request.header.x-quote}/${stageVariables.no}": "/%22%7D,%22admin%22:true,%22x%22:%7B%22y%22:%22/",
	} {
		v, err := ParseRouteValue(value, RequestPhase, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, _ := v.AppendPath(nil, routeInput("")); string(got) != want {
			t.Errorf("%s: %s", value, got)
		}
	}
}

func TestRouteValueRefused(t *testing.T) {
	for value, phase := range map[string]Phase{
		"$request.body..id":       RequestPhase,
		"$request.body[?(@.a>1)]": RequestPhase,
		"$request.cookie.a":       RequestPhase,
		"$request.header.":        RequestPhase,
		"$context.nothing":        RequestPhase,
		"$requests.header.a":      RequestPhase,
		"${request.header.a":      RequestPhase,
		"a ${unknown}":            RequestPhase,
		"$response.header.a":      RequestPhase,
		"$request.header.a":       ResponsePhase,
		"$response.path":          ResponsePhase,
	} {
		if _, err := ParseRouteValue(value, phase, nil); err == nil || !strings.HasPrefix(err.Error(), "Invalid mapping expression specified: ") {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// TestParseRouteChanges: the order of §"remove, overwrite, append" and what each
// target takes.
func TestParseRouteChanges(t *testing.T) {
	list, err := ParseRouteChanges(map[string]string{
		"append:header.b": "$request.header.a", "remove:header.a": "''", "overwrite:path": "/x", "overwrite:querystring.q": "1", "append:querystring.q": "2",
		"overwrite:header.Host": "backend.example",
	}, RequestPhase, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range list {
		got = append(got, fmt.Sprint(c.Operation, " ", c.Place, " ", c.Name))
	}
	if d := cmp.Diff([]string{"0 2 a", "1 2 Host", "1 0 ", "1 1 q", "2 2 b", "2 1 q"}, got); d != "" {
		t.Error(d)
	}
}

func TestParseRouteChangesRefused(t *testing.T) {
	request := []string{
		"append:header.access-control-allow-origin", "append:header.apigw-x", "overwrite:header.Authorization", "remove:header.connection", "append:header.Content-Encoding",
		"append:header.content-length", "append:header.content-location", "append:header.forwarded", "append:header.keep-alive", "append:header.origin",
		"append:header.proxy-authenticate", "append:header.proxy-authorization", "append:header.TE", "append:header.trailers", "append:header.trailer", "append:header.transfer-encoding",
		"append:header.upgrade", "append:header.x-amz-date", "append:header.X-Amzn-Trace-Id", "append:header.x-forwarded-for", "append:header.x-forwarded-host",
		"append:header.x-forwarded-proto", "append:header.via", // reserved headers, developer guide
		"append:header.host", "append:header.", "append:header.a b", "append:header.content_length", "append:path", "overwrite:path.x", "append:body", "header.a", "set:header.a",
		"overwrite:statuscode", "remove:path",
	}
	for _, key := range request {
		if _, err := ParseRouteChanges(map[string]string{key: ""}, RequestPhase, nil); err == nil {
			t.Errorf("request %s is taken", key)
		} else if !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%v doesn't name %s", err, key)
		}
	}
	for _, key := range []string{"append:querystring.a", "overwrite:path", "append:statuscode", "overwrite:header.host", "remove:statuscode"} {
		if _, err := ParseRouteChanges(map[string]string{key: "200"}, ResponsePhase, nil); err == nil {
			t.Errorf("response %s is taken", key)
		}
	}
	for key, value := range map[string]string{"remove:header.a": "x", "overwrite:header.a": "a\nb", "overwrite:path": "x"} {
		if _, err := ParseRouteChanges(map[string]string{key: value}, RequestPhase, nil); err == nil {
			t.Errorf("%s = %q is taken", key, value)
		}
	}
	if _, err := ParseRouteChanges(map[string]string{"overwrite:statuscode": "99"}, ResponsePhase, nil); err == nil {
		t.Error("the status code 99 is taken")
	}
}

// FuzzRouteValue: no header ends the JSON string that it stands in, and a value
// is read the same way twice.
func FuzzRouteValue(f *testing.F) {
	for _, s := range []string{"$request.header.a", "${request.header.a}${stageVariables.x}", `{"a":"${request.header.a}"}`, `[${request.header.a}]`, "$request.body.a[0]['b']", "${", "$", "${}"} {
		f.Add(s, `"x`)
	}
	f.Fuzz(func(t *testing.T, expr, header string) {
		v, err := ParseRouteValue(expr, RequestPhase, nil)
		if err != nil || len(header) > 1000 {
			return
		}
		in := routeInput(`{"a":[{"b":"c"}]}`)
		in.X.Header.Add("a", header)
		got, _, _ := v.Append(nil, in)
		again, _, _ := v.Append(nil, in)
		if string(got) != string(again) {
			t.Errorf("%q, then %q", got, again)
		}
		if path, _, _ := v.AppendPath(nil, in); strings.ContainsAny(string(path), " ?#\r\n\x00") {
			t.Errorf("the path %q", path)
		}
	})
}
