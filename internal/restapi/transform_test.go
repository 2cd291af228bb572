package restapi

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// templated is a mock that is rendered by a request and a response template.
func templated(request, response string) *apigw.Method {
	m := mockMethod(response)
	m.Integration.RequestTemplates = map[string]*string{"application/json": text(request)}
	return m
}

// TestTransform covers templates through the pipeline: what they see, what
// they override, how they fail.
func TestTransform(t *testing.T) {
	const ok = `{"statusCode": 200}`
	failed := reply{500, serverError, "InternalServerErrorException"}
	invalid := reply{400, `{"message": "Invalid JSON in request body"}`, "BadRequestException"}
	keep := func(expression string) string {
		return `#set($context.responseOverride.kept = ` + expression + `)` + ok
	}
	const kept = "$context.responseOverride.kept"
	type shown struct {
		Reply  reply
		Header map[string]string
	}
	plain := func(status int, body string) shown { return shown{reply{status, body, ""}, nil} }
	tests := map[string]struct {
		request, response string
		call              call
		want              shown
	}{
		"parameters of a response (recorded on AWS)": {ok, "$input.params().path.id $input.params('q') [$input.params('none')]", call{target: "/r/42?q=a&q=b"}, plain(200, "42 b []")},
		"path before query before header (guide)":    {ok, "$input.params('id')$input.params('q')$input.params('H')", call{target: "/r/1?id=x&q=2", header: "id: y\nq: z\nH: 3"}, plain(200, "123")},
		"header names in their case":                 {ok, "[$input.params('x-a')][$input.params('X-A')]", call{header: "X-A: 1"}, plain(200, "[][1]")},
		"a field that nobody sees":                   {ok, "[$input.params('Connection')]", call{header: "Connection: close"}, plain(200, "[]")},
		"what the front end writes":                  {ok, "$input.params().header.get('X-Forwarded-For')", call{}, plain(200, "198.51.100.7")},
		"parameters as maps":                         {ok, "$input.params().path $input.params().querystring", call{target: "/r/1?b=2&a=3&b=4"}, plain(200, "{id=1} {b=4, a=3}")},
		"an empty body (recorded on AWS)":            {keep(`"$input.body $input.json('$')"`), kept + " $input.body", call{}, plain(200, "{} {} {}")},
		"a mock's body isn't the response's":         {`#set($x = 1){"statusCode": 200, "a": 1}`, "[$input.path('$.a')]", call{body: `{"a": 2}`}, plain(200, "[]")},
		"the body":                                   {keep("$input.json('$.a')"), kept, call{body: `{"a": [1.50, "x", null]}`}, plain(200, `[1.50,"x",null]`)},
		"a body that is no JSON":                     {keep(`"$input.path('$.a')$input.json('$.a')"`), kept, call{body: "text"}, plain(200, `""`)},
		"a body that breaks off":                     {keep("$input.json('$.a')"), kept, call{body: `{"a": `}, shown{invalid, nil}},
		"one that no template looks into":            {keep("$input.body"), kept, call{body: `{"a": `}, plain(200, `{"a": `)},
		"context": {ok, "$context.stage $context.httpMethod $context.resourcePath $context.apiId $context.identity.sourceIp $context.requestTimeEpoch [$context.identity.user][$context.nothing]$context.identity",
			call{target: "/r/1"}, plain(200, "prod POST /r/{id} a1b2c3d4e5 198.51.100.7 1750267739123 [][]")},
		"keys of the context (recorded on AWS)": {ok, `#foreach($k in $context.keySet())$k #end`, call{}, plain(200, strings.Join([]string{
			"resourceId", "resourcePath", "httpMethod", "extendedRequestId", "requestTime", "path", "accountId", "protocol", "requestOverride", "stage", "domainPrefix",
			"requestTimeEpoch", "requestId", "identity", "domainName", "deploymentId", "responseOverride", "apiId"}, " ")+" ")},
		"keys of the identity (recorded on AWS)": {ok, `#foreach($k in $context.identity.keySet())$k #end`, call{}, plain(200, strings.Join([]string{
			"cognitoIdentityPoolId", "accountId", "cognitoIdentityId", "caller", "sourceIp", "principalOrgId", "accessKey", "cognitoAuthenticationType",
			"cognitoAuthenticationProvider", "userArn", "userAgent", "user"}, " ")+" ")},
		"keys of overrides (recorded on AWS)": {ok, `#foreach($k in $context.requestOverride.keySet())$k #end$context.responseOverride.keySet()`, call{}, plain(200, "path header querystring [header]")},
		"stage variables":                     {ok, "$stageVariables.a ${stageVariables['b']} [$stageVariables.none] $stageVariables.keySet()", call{}, plain(200, "va vb [] [a, b]")},
		"an authorizer that isn't there":      {ok, `{#foreach($k in $context.authorizer.keySet())$k#end}`, call{}, plain(200, "{}")},
		"overrides survive (recorded on AWS)": {"#set($context.responseOverride.status = 444)#set($context.responseOverride.header.foo = 'bar')" + ok,
			"$context.responseOverride.status $context.responseOverride.header.foo", call{}, shown{reply{444, "444 bar", ""}, map[string]string{"foo": "bar"}}},
		"a status that is none":         {ok, "#set($context.responseOverride.status = 600)x", call{}, plain(200, "x")},
		"a status as a text":            {ok, "#set($context.responseOverride.status = '404')x", call{}, plain(404, "x")},
		"an override beats a mapping":   {ok, "#set($context.responseOverride.header.mapped = 'override')x", call{}, shown{reply{200, "x", ""}, map[string]string{"mapped": "override"}}},
		"a type":                        {ok, "#set($context.responseOverride.header['Content-Type'] = 'text/plain')x", call{}, shown{reply{200, "x", ""}, map[string]string{"Content-Type": "text/plain", "mapped": "mapping"}}},
		"a field that is remapped":      {ok, "#set($context.responseOverride.header.Date = 'now')x", call{}, shown{reply{200, "x", ""}, map[string]string{"x-amzn-Remapped-Date": "now", "Date": ""}}},
		"several values":                {ok, "#set($context.responseOverride.header.many = ['a', 'b'])x", call{}, shown{reply{200, "x", ""}, map[string]string{"many": "a|b"}}},
		"overridden twice (guide)":      {ok, "#set($context.responseOverride.header.a = '1')#set($context.responseOverride.header.a = '2')x", call{}, shown{failed, nil}},
		"again by the response":         {"#set($context.responseOverride.header.a = '1')" + ok, "#set($context.responseOverride.header.a = '2')x", call{}, shown{reply{200, "x", ""}, map[string]string{"a": "2"}}},
		"an override that breaks":       {ok, `#set($context.responseOverride.header.a = $util.urlDecode("a%0d%0ab"))x`, call{}, shown{failed, nil}},
		"what can't be set":             {ok, "#set($context.stage = 'x')x", call{}, shown{failed, nil}},
		"a request template that fails": {"$util.parseJson('{')" + ok, "x", call{}, shown{failed, nil}},
		"one that can't be compiled":    {"#if(" + ok, "x", call{}, shown{failed, nil}},
		"a path that is none":           {keep("$input.path('$[')"), "x", call{}, shown{failed, nil}},
		"such a path, not reached":      {"#if(false)$input.path('$[')#end" + ok, "x", call{}, plain(200, "x")},
		"a response that fails":         {ok, "$util.base64Decode('!')", call{}, shown{failed, nil}},
		"a mock's code by a template":   {`{"statusCode": $input.params('code')}`, "x", call{target: "/r/1?code=404"}, plain(404, "not found")},
		"util": {ok, `$util.escapeJavaScript("it's").replaceAll("\\'","'") $util.urlEncode('a b{') $util.urlDecode('a+b') $util.base64Encode('hi') $util.base64Decode('aGk=') $util.parseJson('{"a":[1]}').a[0] [$util.urlEncode($none)]`,
			call{}, plain(200, "it's a+b%7B a b aGk= hi 1 []")},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := templated(tt.request, tt.response)
			m.Responses["404"] = &apigw.MethodResponse{StatusCode: "404"}
			m.Integration.Responses["200"].ResponseParameters = map[string]string{"method.response.header.mapped": "'mapping'"}
			m.Integration.Responses["404"] = &apigw.IntegrationResponse{StatusCode: "404", SelectionPattern: text("404"), ResponseTemplates: map[string]*string{"application/json": text("not found")}}
			other := *m
			s := compileStage(t, define(map[string]*apigw.Method{"POST /r": m, "POST /r/{id}": &other}), &apigw.Stage{Name: "prod", Variables: map[string]string{"b": "vb", "a": "va"}}, nil)
			tt.call.method = "POST"
			if tt.call.target == "" {
				tt.call.target = "/r"
			}
			x, r := serve(s, tt.call)
			got := shown{Reply: r}
			if tt.want.Header != nil {
				got.Header = map[string]string{}
				for name := range tt.want.Header {
					got.Header[name] = strings.Join(fields(&x.Response.Header, name), "|")
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			x.End()
		})
	}
}

// TestTransformHTTP: what a backend gets of a request template and its
// overrides, and what a response template makes of its answer.
func TestTransformHTTP(t *testing.T) {
	addr, requests := seen(t)
	const overrides = `#set($context.requestOverride.header.X-New = "$input.params('a')$input.params('b')")
#set($context.requestOverride.header.X-Mapped = 'override')
#set($context.requestOverride.header.Accept = 'text/plain')
#set($context.requestOverride.header['User-Agent'] = 'me')
#set($context.requestOverride.header.Many = ['1', '2'])
#set($context.requestOverride.path.id = 'a b/c')
#set($context.requestOverride.path["unmapped"] = 'u?')
#set($context.requestOverride.querystring.q = 'x&y')
#set($context.requestOverride.querystring.new = ['1', '2'])
`
	m := &apigw.Method{
		Responses: map[apigw.StatusCode]*apigw.MethodResponse{"200": {StatusCode: "200"}},
		Integration: &apigw.Integration{
			Type: apigw.IntegrationHTTP, HTTPMethod: "PUT", URI: "http://" + addr + "/{id}/{unmapped}?own={id}",
			RequestParameters: map[string]string{"integration.request.header.X-Mapped": "'mapping'", "integration.request.header.X-Kept": "'kept'",
				"integration.request.path.id": "'mapping'", "integration.request.querystring.q": "'mapping'"},
			RequestTemplates: map[string]*string{"application/json": text(overrides + `{"b": $input.json('$.a')}`)},
			Responses:        map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": text("<$input.body>")}}},
		},
	}
	s := compileStage(t, define(map[string]*apigw.Method{"POST /r": m}), nil, nil)
	for range 2 { // with the memory of the one before
		x, r := serve(s, call{method: "POST", target: "/r?a=1&b=2", body: `{"a": {"x": [1]}}`})
		x.End()
		if d := cmp.Diff(reply{200, "<ok>", ""}, r); d != "" {
			t.Error(d)
		}
		got := <-requests
		for _, line := range []string{
			"PUT /a%20b/c/u%3F?own=a%20b%2Fc&q=x%26y&new=1&new=2 HTTP/1.1", "X-New: 12", "X-Mapped: override", "X-Kept: kept", "Accept: text/plain",
			"User-Agent: me", "Many: 1", "Many: 2", "Content-Type: application/json",
		} {
			if !strings.Contains(got, line+"\r\n") {
				t.Errorf("no line %q in %s", line, got)
			}
		}
		if !strings.HasSuffix(got, "\r\n\r\n{\"b\": {\"x\":[1]}}") || strings.Contains(got, "mapping") {
			t.Error(got)
		}
	}
}

// TestTransformHTTPFails: overrides that can't be sent.
func TestTransformHTTPFails(t *testing.T) {
	addr, _ := seen(t)
	for name, template := range map[string]string{
		"a length":            "#set($context.requestOverride.header['Content-Length'] = '1')",
		"an encoding":         "#set($context.requestOverride.header['Transfer-Encoding'] = 'chunked')",
		"a name that is none": "#set($context.requestOverride.header['a b'] = '1')",
		"a value that breaks": `#set($context.requestOverride.header.a = $util.urlDecode("%0a"))`,
		"a host that breaks":  `#set($context.requestOverride.header.Host = $util.urlDecode("%0a"))`,
	} {
		m := &apigw.Method{Responses: map[apigw.StatusCode]*apigw.MethodResponse{"200": {StatusCode: "200"}}, Integration: &apigw.Integration{
			Type: apigw.IntegrationHTTP, HTTPMethod: "PUT", URI: "http://" + addr + "/",
			RequestTemplates: map[string]*string{"application/json": text(template)},
			Responses:        map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200"}},
		}}
		_, r := serve(compileStage(t, define(map[string]*apigw.Method{"POST /r": m}), nil, nil), call{method: "POST", target: "/r"})
		if d := cmp.Diff(reply{500, serverError, "InternalServerErrorException"}, r); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestTransformHostile: templates that would take all the time or memory there
// is are answered 500.
func TestTransformHostile(t *testing.T) {
	double := strings.Repeat("#set($a = $a + $a)", 64)
	for name, template := range map[string]string{
		"nested loops":        strings.Repeat("#foreach($i in [1..1000])", 6) + "x" + strings.Repeat("#end", 6),
		"doubling":            "#set($a = 'xxxxxxxxxxxxxxxx')" + double + "$a.length()",
		"doubling by text":    `#set($a = "xxxxxxxxxxxxxxxx")` + strings.Repeat(`#set($a = "$a$a")`, 64) + "$a.length()",
		"recursion":           "#macro(f)#f()#end#f()",
		"paths in a loop":     "#foreach($i in [1..1000])#foreach($j in [1..1000])$input.path('$..a').size()#end#end",
		"encodings in a loop": "#set($a = 'xxxxxxxxxxxxxxxx')" + strings.Repeat("#set($a = $a + $a)", 16) + "#foreach($i in [1..1000])#foreach($j in [1..1000])#set($b = $util.base64Encode($a))#end#end",
		"JSON in a loop":      "#foreach($i in [1..1000])#foreach($j in [1..1000])#set($b = $util.parseJson($input.body))#end#end",
		"headers in a loop":   "#foreach($i in [1..1000])#foreach($j in [1..1000])#set($b = $input.params().header.keySet())#end#end",
		"encodings":           `#set($a = "xxxxxxxxxxxxxxxx")` + strings.Repeat(`#set($a = $util.base64Encode($a))`, 100),
	} {
		t.Run(name, func(t *testing.T) {
			s := compileStage(t, define(map[string]*apigw.Method{"POST /r": templated(template+`{"statusCode": 200}`, "x")}), nil, nil)
			_, r := serve(s, call{method: "POST", target: "/r", body: `{"a": [` + strings.Repeat(`{"a": 1},`, 1000) + `1]}`})
			if d := cmp.Diff(reply{500, serverError, "InternalServerErrorException"}, r); d != "" {
				t.Error(d)
			}
		})
	}
}

// orders is about 1 KB of JSON, and template one of about 2 KB that loops over
// it.
var benchmarkOrders = func() string {
	line := `{"id": 12345, "what": "a wooden loom", "count": 3, "price": 129.90, "notes": "handle with care"}`
	return `{"customer": {"name": "Ada", "mail": "ada@example.com"}, "lines": [` + strings.Repeat(line+", ", 9) + line + `]}`
}()

var benchmarkTemplate = `#set($root = $input.path('$'))
` + strings.Repeat("## a comment of some length that says what the next part is for\n", 14) + `{
  "request": {"id": "$context.requestId", "method": "$context.httpMethod", "path": "$context.path", "stage": "$context.stage"},
  "caller": {"ip": "$context.identity.sourceIp", "agent": "$util.escapeJavaScript($context.identity.userAgent)"},
  "query": "$util.escapeJavaScript($input.params('q'))",
  "customer": {
    "name": "$root.customer.name",
    "mail": "$root.customer.mail"
  },
  "lines": [
#foreach($line in $root.lines)
    {
      "number": $foreach.count,
      "article": "$line.id",
      "text": "$util.escapeJavaScript($line.what)",
      "count": $line.count,
      "price": $line.price#if($line.notes != ''),
      "notes": "$line.notes"#end

    }#if($foreach.hasNext),#end

#end
  ],
  "total": $root.lines.size(),
  "first": $input.json('$.lines[0].what')
}
`

func BenchmarkTransform(b *testing.B) {
	s := compileStage(b, define(map[string]*apigw.Method{"GET /r": templated(`{"statusCode": 200}`, benchmarkTemplate)}), nil, nil)
	x := newExchange(call{method: "GET", target: "/r"})
	r := s.begin(x)
	if f := r.findRoute(); f != nil {
		b.Fatal(f)
	}
	list := r.route.backend.(mock).answers.fallback
	b.SetBytes(int64(len(benchmarkTemplate)))
	b.ReportAllocs()
	for b.Loop() {
		r.input.ResponseBody = nil
		body := append(x.Response.Body[:0], benchmarkOrders...)
		if f := r.transformResponse(list.templates.ForResponse(nil), body); f != nil {
			b.Fatal(f.Cause)
		}
	}
}

// BenchmarkServeHTTP is BenchmarkServeHTTPProxy with a template each way.
func BenchmarkServeHTTP(b *testing.B) {
	m := httpMethod(apigw.IntegrationHTTP, "http://"+fastBackend(b)+"/{proxy}", map[string]string{"integration.request.path.proxy": "method.request.path.proxy"})
	m.Integration.HTTPMethod = "GET"
	m.Integration.RequestTemplates = map[string]*string{"application/json": text(`#set($context.requestOverride.header.X-Id = $context.requestId){"path": "$context.path", "a": "$input.params('a')"}`)}
	m.Integration.Responses = map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200",
		ResponseTemplates: map[string]*string{"application/json": text(`{"answer": "$util.escapeJavaScript($input.body)", "id": "$context.requestId"}`)}}}
	s := compileStage(b, define(map[string]*apigw.Method{"ANY /{proxy+}": m}), nil, nil)
	e := newReused("/a/b")
	b.ReportAllocs()
	for b.Loop() {
		e.serve(b, s)
	}
}

// TestTransformAWS: overrides on the way to a service are signed, and what
// signs can't be overridden.
func TestTransformAWS(t *testing.T) {
	addr, requests := seen(t)
	serveOne := func(template string) reply {
		m := awsMethod("kinesis:action/PutRecord", nil)
		m.Integration.RequestTemplates = map[string]*string{"application/json": text(template)}
		_, r := serve(compileStage(t, define(map[string]*apigw.Method{"POST /r": m}), nil, servicesEnv(addr, nil)), call{method: "POST", target: "/r", body: `{"a": 1}`})
		return r
	}
	r := serveOne(`#set($context.requestOverride.header.x-amz-target = 'Kinesis_20131202.PutRecords')#set($context.requestOverride.header.Accept = 'a/b')$input.json('$')`)
	if d := cmp.Diff(reply{200, "ok", ""}, r); d != "" {
		t.Fatal(d)
	}
	got := <-requests
	for _, part := range []string{"\r\nAccept: a/b\r\n", "\r\nx-amz-target: Kinesis_20131202.PutRecords\r\n", "SignedHeaders=accept;content-type;host;x-amz-date;x-amz-target;", "\r\n\r\n{\"a\":1}"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in %s", part, got)
		}
	}
	if strings.Contains(got, "PutRecord\r\n") {
		t.Error(got)
	}
	for _, name := range []string{"Authorization", "X-Amz-Date", "x-amz-security-token", "Content-Length"} {
		if d := cmp.Diff(reply{500, serverError, "InternalServerErrorException"}, serveOne("#set($context.requestOverride.header['"+name+"'] = 'x')")); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// TestTransformLambda: a template makes a function's event, and says how it is
// called.
func TestTransformLambda(t *testing.T) {
	var got lambda.Invocation
	functions := fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		got = *in
		got.Payload = append([]byte(nil), in.Payload...)
		out.Payload = append(out.Payload, `{"n": 1}`...)
		return nil
	})
	m := lambdaMethod()
	m.Responses = map[apigw.StatusCode]*apigw.MethodResponse{"200": {StatusCode: "200"}}
	m.Integration.Type = apigw.IntegrationAWS
	m.Integration.RequestTemplates = map[string]*string{"application/json": text(`#set($context.requestOverride.header.X-Amz-Invocation-Type = 'Event')` +
		`#set($context.requestOverride.querystring.Qualifier = 'live'){"event": $input.json('$.a')}`)}
	m.Integration.Responses = map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": text("$input.path('$.n')")}}}
	_, r := serve(compileStage(t, define(map[string]*apigw.Method{"POST /r": m}), nil, testEnv(functions)), call{method: "POST", target: "/r", body: `{"a": [1]}`})
	if d := cmp.Diff(reply{200, "1", ""}, r); d != "" {
		t.Error(d)
	}
	if got.Type != lambda.Event || !strings.HasSuffix(got.Function, ":live") || string(got.Payload) != `{"event": [1]}` {
		t.Errorf("invoked %+v with %s", got, got.Payload)
	}
}

// TestTransformConsole: the template that AWS's console generates to pass all
// there is on to a function ("Method Request passthrough").
func TestTransformConsole(t *testing.T) {
	const template = `##  See http://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
##  This template will pass through all parameters including path, querystring, header, stage variables, and context through to the integration endpoint via the body/payload
#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"stage-variables" : {
#foreach($key in $stageVariables.keySet())
"$key" : "$util.escapeJavaScript($stageVariables.get($key))"
    #if($foreach.hasNext),#end
#end
},
"context" : {
    "account-id" : "$context.identity.accountId",
    "api-id" : "$context.apiId",
    "authorizer-principal-id" : "$context.authorizer.principalId",
    "http-method" : "$context.httpMethod",
    "stage" : "$context.stage",
    "source-ip" : "$context.identity.sourceIp",
    "user-agent" : "$context.identity.userAgent",
    "request-id" : "$context.requestId",
    "resource-path" : "$context.resourcePath"
    }
}
`
	var got map[string]any
	m := lambdaMethod()
	m.Responses = map[apigw.StatusCode]*apigw.MethodResponse{"200": {StatusCode: "200"}}
	m.Integration.Type = apigw.IntegrationAWS
	m.Integration.RequestTemplates = map[string]*string{"application/json": text(template)}
	m.Integration.Responses = map[apigw.StatusCode]*apigw.IntegrationResponse{"200": {StatusCode: "200"}}
	s := compileStage(t, define(map[string]*apigw.Method{"POST /r/{id}": m}), &apigw.Stage{Name: "prod", Variables: map[string]string{"env": "blue"}}, testEnv(capture(t, &got)))
	x, r := serve(s, call{method: "POST", target: "/r/1?q=a%22b", header: "User-Agent: me/1\nAccept: */*", body: `{"a": [1, {"b": null}]}`})
	if r.Status != 200 {
		t.Fatal(r)
	}
	params := got["params"].(map[string]any)
	for _, name := range []string{"X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"} {
		if params["header"].(map[string]any)[name] == "" {
			t.Errorf("no %s", name)
		}
		delete(params["header"].(map[string]any), name)
	}
	want := map[string]any{
		"body-json": map[string]any{"a": []any{1.0, map[string]any{"b": nil}}},
		"params": map[string]any{"path": map[string]any{"id": "1"}, "querystring": map[string]any{"q": `a"b`},
			"header": map[string]any{"Host": "a1b2c3d4e5.execute-api.localhost", "User-Agent": "me/1", "Accept": "*/*"}},
		"stage-variables": map[string]any{"env": "blue"},
		"context": map[string]any{"account-id": "", "api-id": "a1b2c3d4e5", "authorizer-principal-id": "", "http-method": "POST", "stage": "prod",
			"source-ip": "198.51.100.7", "user-agent": "me/1", "request-id": string(x.RequestID[:]), "resource-path": "/r/{id}"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestTransformConcurrent: requests that share a stage, programs and pooled
// memory keep to themselves.
func TestTransformConcurrent(t *testing.T) {
	const template = `#set($context.responseOverride.header.who = $input.params('who'))#set($context.responseOverride.kept = $input.json('$.list')){"statusCode": 200}`
	s := compileStage(t, define(map[string]*apigw.Method{"POST /r": templated(template, "$input.params('who') $context.responseOverride.kept")}), nil, nil)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			who := strings.Repeat(string(rune('a'+n)), n+1)
			body := `{"list": ["` + strings.Repeat(who+`","`, 20*n) + `"]}`
			for range 200 {
				x, r := serve(s, call{method: "POST", target: "/r?who=" + who, body: body})
				want := who + " " + strings.ReplaceAll(body[len(`{"list": `):len(body)-1], " ", "")
				if r.Body != want || string(x.Response.Header.Get("who")) != who {
					t.Errorf("%s: %q, want %q", who, r.Body, want)
					return
				}
				x.End()
			}
		})
	}
	all.Wait()
}
