package control

import (
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/google/go-cmp/cmp"
)

const (
	noAuthorizer = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
	mapping      = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: "
	parameter    = "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: "
	lambdaURI    = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"
)

func TestPutMethod(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	w.newMock(api)
	tests := []struct {
		name     string
		resource apigw.ResourceID
		verb     apigw.Verb
		method   apigw.Method
		kind     apigw.Kind
		want     string
	}{
		{"unknown resource", "nothing", "GET", apigw.Method{AuthorizationType: "NONE"}, apigw.NotFound, "Invalid Resource identifier specified"},
		{"verb", api.RootResourceID, "get", apigw.Method{AuthorizationType: "NONE"}, apigw.BadRequest, "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"},
		{"there", api.RootResourceID, "GET", apigw.Method{AuthorizationType: "NONE"}, apigw.Conflict, "Method already exists for this resource"},
		{"custom", api.RootResourceID, "PUT", apigw.Method{AuthorizationType: "CUSTOM", AuthorizerID: "nothing"}, apigw.BadRequest, noAuthorizer},
		{"cognito", api.RootResourceID, "PUT", apigw.Method{AuthorizationType: "COGNITO_USER_POOLS"}, apigw.BadRequest, noAuthorizer},
		{"validator", api.RootResourceID, "PUT", apigw.Method{AuthorizationType: "NONE", RequestValidatorID: "nothing"}, apigw.BadRequest, "Invalid Request Validator identifier specified"},
		{"model", api.RootResourceID, "PUT", apigw.Method{AuthorizationType: "NONE", RequestModels: map[string]apigw.ModelName{"application/json": "Nothing"}}, apigw.BadRequest, "Invalid model identifier specified: Nothing"},
		{"parameter", api.RootResourceID, "PUT", apigw.Method{AuthorizationType: "NONE", RequestParameters: map[string]bool{"method.request.cookie.a": true}}, apigw.BadRequest, mapping + "method.request.cookie.a]"},
		{"name twice", api.RootResourceID, "PUT", apigw.Method{AuthorizationType: "NONE", RequestParameters: map[string]bool{"method.request.path.a": true, "method.request.header.a": true}},
			apigw.BadRequest, "Parameter names must be unique across querystring, header and path"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.PutMethod(t.Context(), w.method(api, tc.resource, tc.verb), tc.method)
			wantError(t, err, tc.kind, tc.want)
		})
	}
	m := must[*apigw.Method](t)(w.PutMethod(t.Context(), w.method(api, api.RootResourceID, "ANY"), apigw.Method{AuthorizationType: "none", AuthorizerID: "abc123"}))
	if m.AuthorizationType != "NONE" || m.AuthorizerID != "" {
		t.Fatalf("%+v", m)
	}
	_, err := w.Method(t.Context(), w.method(api, api.RootResourceID, "HEAD"))
	wantError(t, err, apigw.NotFound, "Invalid Method identifier specified")
}

func TestPutIntegration(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	m := w.method(api, api.RootResourceID, "GET")
	must[*apigw.Method](t)(w.PutMethod(t.Context(), m, apigw.Method{AuthorizationType: "NONE", RequestParameters: map[string]bool{"method.request.querystring.q": false}}))
	post := func(kind apigw.IntegrationType, uri string) apigw.Integration {
		return apigw.Integration{Type: kind, URI: uri, HTTPMethod: "POST"}
	}
	with := func(in apigw.Integration, change func(*apigw.Integration)) apigw.Integration {
		change(&in)
		return in
	}
	parameters := func(key, value string) apigw.Integration {
		return with(post("HTTP", "http://example.com"), func(in *apigw.Integration) { in.RequestParameters = map[string]string{key: value} })
	}
	const proxy = "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
	tests := []struct {
		name string
		in   apigw.Integration
		want string // empty: taken
	}{
		{"no method", apigw.Integration{Type: "HTTP", URI: "http://example.com"}, "Enumeration value for HttpMethod must be non-empty"},
		{"no method, bad URI", apigw.Integration{Type: "AWS", URI: "http://example.com"}, "Enumeration value for HttpMethod must be non-empty"},
		{"not HTTP", post("HTTP", "non-valid-http"), "Invalid HTTP endpoint specified for URI"},
		{"not HTTP proxy", post("HTTP_PROXY", "ftp://example.com"), "Invalid HTTP endpoint specified for URI"},
		{"no URI", post("HTTP", ""), "Invalid HTTP endpoint specified for URI"},
		{"host of a stage variable", post("HTTP", "http://${stageVariables.host}/{proxy}"), ""},
		{"stage variable alone", post("HTTP", "${stageVariables.uri}"), ""},
		{"port and query", post("HTTP_PROXY", "https://user.example.com:8443/a/{b}?c=d"), ""},
		{"no ARN", post("AWS", "non-valid-arn"), "Invalid ARN specified in the request"},
		{"no path", post("AWS", "arn:aws:iam::0000000000:role/service-role/asdf"), "AWS ARN for integration must contain path or action"},
		{"proxy of S3", post("AWS_PROXY", "arn:aws:apigateway:us-east-1:s3:path/b/k"), proxy},
		{"proxy of half a function", post("AWS_PROXY", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f"), proxy},
		{"proxy of a function", post("AWS_PROXY", lambdaURI), ""},
		{"proxy of a stage variable", post("AWS_PROXY", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${stageVariables.arn}/invocations"), ""},
		{"service without role", post("AWS", "arn:aws:apigateway:us-east-1:s3:path/b/k"), "Role ARN must be specified for AWS integrations"},
		{"short timeout", with(post("HTTP", "http://e"), func(in *apigw.Integration) { in.TimeoutMillis = 49 }), "Timeout should be between 50 ms and 29000 ms"},
		{"long timeout", with(post("HTTP", "http://e"), func(in *apigw.Integration) { in.TimeoutMillis = 29001 }), "Timeout should be between 50 ms and 29000 ms"},
		{"content type", with(post("HTTP", "http://e"), func(in *apigw.Integration) { in.RequestTemplates = map[string]*string{"123": nil} }),
			"Validation Result: warnings : [], errors : [Invalid content type specified: 123]"},
		{"mapping of nothing", parameters("integration.request.header.a", "true"), mapping + "true]"},
		{"mapping to nothing", parameters("integration.request.cookie.a", "'b'"), mapping + "integration.request.cookie.a]"},
		{"mapping to a name that is none", parameters("integration.request.querystring.a[]", "'b'"), mapping + "integration.request.querystring.a[]]"},
		{"mapping of a name that is none", parameters("integration.request.querystring.a", "method.request.querystring.a b"), mapping + "method.request.querystring.a b]"},
		{"undeclared", parameters("integration.request.header.a", "method.request.header.b"), parameter + "method.request.header.b]"},
		{"declared", parameters("integration.request.header.a", "method.request.querystring.q"), ""},
		{"declared, all values", parameters("integration.request.header.a", "method.request.multivaluequerystring.q"), ""},
		{"constant", parameters("integration.request.querystring.a", "'b'"), ""},
		{"context", parameters("integration.request.path.a", "context.requestId"), ""},
		{"body", parameters("integration.request.header.a", "method.request.body.a.b"), ""},
		{"VPC link", with(post("HTTP", "http://e"), func(in *apigw.Integration) { in.ConnectionType = "VPC_LINK" }), "A VPC link must be specified in connectionId for connection type VPC_LINK"},
		{"passthrough", with(post("HTTP", "http://e"), func(in *apigw.Integration) { in.PassthroughBehavior = "SOMETIMES" }), "Invalid passthroughBehavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			_, err := w.PutIntegration(t.Context(), m, tc.in)
			if tc.want != "" {
				wantError(t, err, apigw.BadRequest, tc.want)
			} else if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestIntegrationForm(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	m := w.method(api, api.RootResourceID, "GET")
	must[*apigw.Method](t)(w.PutMethod(t.Context(), m, apigw.Method{AuthorizationType: "NONE"}))
	space := string(api.RootResourceID)
	tests := []struct {
		name     string
		in, want apigw.Integration
	}{
		{"mock drops what it doesn't call",
			apigw.Integration{Type: "MOCK", URI: "http://example.com", HTTPMethod: "POST"},
			apigw.Integration{Type: "MOCK", PassthroughBehavior: "WHEN_NO_MATCH", TimeoutMillis: 29000, CacheNamespace: space}},
		{"HTTP shows its connection",
			apigw.Integration{Type: "HTTP", URI: "http://example.com", HTTPMethod: "post"},
			apigw.Integration{Type: "HTTP", URI: "http://example.com", HTTPMethod: "POST", ConnectionType: "INTERNET", PassthroughBehavior: "WHEN_NO_MATCH", TimeoutMillis: 29000, CacheNamespace: space}},
		{"Lambda doesn't",
			apigw.Integration{Type: "AWS_PROXY", URI: lambdaURI, HTTPMethod: "POST", ConnectionType: "INTERNET"},
			apigw.Integration{Type: "AWS_PROXY", URI: lambdaURI, HTTPMethod: "POST", PassthroughBehavior: "WHEN_NO_MATCH", TimeoutMillis: 29000, CacheNamespace: space}},
		{"empty templates are null, in their order",
			apigw.Integration{Type: "MOCK", RequestTemplates: map[string]*string{"b/b": text(""), "a/a": text("x")}, TemplateOrder: []string{"b/b", "gone/gone"}},
			apigw.Integration{Type: "MOCK", RequestTemplates: map[string]*string{"b/b": nil, "a/a": text("x")}, TemplateOrder: []string{"b/b", "a/a"},
				PassthroughBehavior: "WHEN_NO_MATCH", TimeoutMillis: 29000, CacheNamespace: space}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			must[*apigw.Integration](t)(w.PutIntegration(t.Context(), m, tc.in))
			got := must[*apigw.Integration](t)(w.Integration(t.Context(), m))
			if d := cmp.Diff(&tc.want, got); d != "" {
				t.Fatal(d)
			}
		})
	}
}

func TestIntegrationResponses(t *testing.T) {
	w := newWorld(t)
	api := w.newAPI()
	m := w.method(api, api.RootResourceID, "GET")
	must[*apigw.Method](t)(w.PutMethod(t.Context(), m, apigw.Method{AuthorizationType: "NONE"}))
	put := func(r apigw.IntegrationResponse) error {
		_, err := w.PutIntegrationResponse(t.Context(), m, r)
		return err
	}
	wantError(t, put(apigw.IntegrationResponse{StatusCode: "200"}), apigw.NotFound, "Invalid Integration identifier specified")
	must[*apigw.Integration](t)(w.PutIntegration(t.Context(), m, apigw.Integration{Type: "MOCK"}))
	must[*apigw.MethodResponse](t)(w.PutMethodResponse(t.Context(), m, apigw.MethodResponse{StatusCode: "200", ResponseParameters: map[string]bool{"method.response.header.A": false}}))
	tests := []struct {
		name string
		r    apigw.IntegrationResponse
		kind apigw.Kind
		want string
	}{
		{name: "default", r: apigw.IntegrationResponse{StatusCode: "200"}},
		{name: "again", r: apigw.IntegrationResponse{StatusCode: "200", SelectionPattern: text("")}},
		{"second default", apigw.IntegrationResponse{StatusCode: "201", SelectionPattern: text("")}, apigw.Conflict, "Integration response with selection pattern default already exists"},
		{name: "pattern", r: apigw.IntegrationResponse{StatusCode: "201", SelectionPattern: text("4..")}},
		{"second of the pattern", apigw.IntegrationResponse{StatusCode: "202", SelectionPattern: text("4..")}, apigw.Conflict, "Integration response with selection pattern 4.. already exists"},
		{"content type", apigw.IntegrationResponse{StatusCode: "200", ResponseTemplates: map[string]*string{"123": text("x")}}, apigw.BadRequest, "Validation Result: warnings : [], errors : [Invalid content type specified: 123]"},
		{name: "declared header", r: apigw.IntegrationResponse{StatusCode: "200", ResponseParameters: map[string]string{"method.response.header.A": "integration.response.header.B"}}},
		{"undeclared header", apigw.IntegrationResponse{StatusCode: "200", ResponseParameters: map[string]string{"method.response.header.X": "'y'"}}, apigw.BadRequest, parameter + "method.response.header.X]"},
		{"bad name in a source", apigw.IntegrationResponse{StatusCode: "200", ResponseParameters: map[string]string{"method.response.header.A": "integration.response.header.a:b"}}, apigw.BadRequest, mapping + "integration.response.header.a:b]"},
		{"bad source", apigw.IntegrationResponse{StatusCode: "200", ResponseParameters: map[string]string{"method.response.header.A": "y"}}, apigw.BadRequest, mapping + "y]"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			err := put(tc.r)
			if tc.want != "" {
				wantError(t, err, tc.kind, tc.want)
			} else if err != nil {
				t.Fatal(err)
			}
		})
	}
	unknown := m
	unknown.Verb = "WRONG"
	wantError(t, w.DeleteIntegrationResponse(t.Context(), unknown, "200"), apigw.NotFound, "Invalid Integration identifier specified")
	wantError(t, w.DeleteIntegrationResponse(t.Context(), m, "299"), apigw.NotFound, "Invalid Response status code specified")
	_, err := w.PutMethodResponse(t.Context(), m, apigw.MethodResponse{StatusCode: "200"})
	wantError(t, err, apigw.Conflict, "Response already exists for this resource")
	if err := w.DeleteIntegration(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	_, err = w.IntegrationResponse(t.Context(), m, "200")
	wantError(t, err, apigw.NotFound, "Invalid Integration identifier specified")
}
