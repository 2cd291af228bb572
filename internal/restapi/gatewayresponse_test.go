package restapi

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
)

type gatewaySet = map[string]*apigw.GatewayResponse

// TestGatewayResponses covers how an API shows its faults.
func TestGatewayResponses(t *testing.T) {
	const stock = `{"message":$context.error.messageString}`
	fails := mockMethod("")
	fails.Integration.RequestTemplates["application/json"] = text("no status")
	type shown struct {
		Reply  reply
		Header map[string]string
	}
	tests := map[string]struct {
		set  gatewaySet
		call call
		want shown
	}{
		"status alone": {gatewaySet{"MISSING_AUTHENTICATION_TOKEN": {StatusCode: "405"}}, call{target: "/nowhere"},
			shown{reply{405, missingToken, "MissingAuthenticationTokenException"}, nil}},
		"all of it (recorded on AWS)": {gatewaySet{"MISSING_AUTHENTICATION_TOKEN": {StatusCode: "404",
			ResponseParameters: map[string]string{"gatewayresponse.header.x-request-path": "method.request.path.petId", "gatewayresponse.header.Access-Control-Allow-Origin": "'a.b.c'",
				"gatewayresponse.header.x-request-query": "method.request.querystring.q", "gatewayresponse.header.x-request-header": "method.request.header.Accept"},
			ResponseTemplates: map[string]string{"application/json": `{"message": $context.error.messageString, "type": "$context.error.responseType", "stage": "$context.stage", "path": "$context.resourcePath", "a": "$stageVariables.a", "b": "${stageVariables.b}", "status": "'404'", "plain": $5, "raw": "$context.error.message.", "e": "$context.error.validationErrorString", "q": "$method.request.querystring.q"}`}}},
			call{target: "/nowhere?q=v", header: "Accept: text/x"},
			shown{reply{404, `{"message": "Missing Authentication Token", "type": "MISSING_AUTHENTICATION_TOKEN", "stage": "prod", "path": "", "a": "va", "b": "", "status": "'404'", "plain": $5, "raw": "Missing Authentication Token.", "e": "", "q": "v"}`, "MissingAuthenticationTokenException"},
				map[string]string{"x-request-path": "", "Access-Control-Allow-Origin": "a.b.c", "x-request-query": "v", "x-request-header": "text/x", "Content-Type": "application/json"}}},
		"inherited whole (recorded on AWS)": {gatewaySet{"DEFAULT_5XX": {StatusCode: "599", ResponseParameters: map[string]string{"gatewayresponse.header.foo": "'bar'"}, ResponseTemplates: map[string]string{"application/json": stock}}}, call{target: "/fails"},
			shown{reply{599, `{"message":"Internal server error"}`, "InternalServerErrorException"}, map[string]string{"foo": "bar"}}},
		"set, so nothing inherited (recorded on AWS)": {gatewaySet{"DEFAULT_5XX": {StatusCode: "599", ResponseParameters: map[string]string{"gatewayresponse.header.foo": "'bar'"}}, "API_CONFIGURATION_ERROR": {ResponseParameters: map[string]string{"gatewayresponse.header.x": "'y'"}}}, call{target: "/fails"},
			shown{reply{500, serverError, "InternalServerErrorException"}, map[string]string{"foo": "", "x": "y"}}},
		"inherited without a status": {gatewaySet{"DEFAULT_4XX": {ResponseParameters: map[string]string{"gatewayresponse.header.foo": "'bar'"}}}, call{target: "/nowhere"},
			shown{reply{403, missingToken, "MissingAuthenticationTokenException"}, map[string]string{"foo": "bar"}}},
		"another class is not inherited": {gatewaySet{"DEFAULT_5XX": {StatusCode: "599"}}, call{target: "/nowhere"},
			shown{reply{403, missingToken, "MissingAuthenticationTokenException"}, nil}},
		"errors without a type of their own": {gatewaySet{"DEFAULT_4XX": {StatusCode: "418"}}, call{target: "/nowhere?" + strings.Repeat("q", maxURL)},
			shown{reply{418, `{"message":"Request URI too long"}`, "BadRequestException"}, nil}},
		"template by accept": {gatewaySet{"DEFAULT_4XX": {ResponseTemplates: map[string]string{"application/json": "j", "text/html": "<h>"}}}, call{target: "/nowhere", header: "Accept: text/html,*/*"},
			shown{reply{403, "<h>", "MissingAuthenticationTokenException"}, map[string]string{"Content-Type": "text/html"}}},
		"the only template": {gatewaySet{"DEFAULT_4XX": {ResponseTemplates: map[string]string{"text/html": "<h>"}}}, call{target: "/nowhere"},
			shown{reply{403, "<h>", "MissingAuthenticationTokenException"}, map[string]string{"Content-Type": "text/html"}}},
		"type mapped": {gatewaySet{"DEFAULT_4XX": {ResponseParameters: map[string]string{"gatewayresponse.header.Content-Type": "'a/b'", "gatewayresponse.header.Date": "'d'"}, ResponseTemplates: map[string]string{"text/html": "<h>"}}}, call{target: "/nowhere"},
			shown{reply{403, "<h>", "MissingAuthenticationTokenException"}, map[string]string{"Content-Type": "a/b", "Date": "", "x-amzn-Remapped-Date": "d"}}},
		"a request for a password (seen on AWS)": {gatewaySet{"DEFAULT_4XX": {ResponseParameters: map[string]string{"gatewayresponse.header.WWW-Authenticate": "'Basic'"}}}, call{target: "/nowhere"},
			shown{reply{403, missingToken, "MissingAuthenticationTokenException"}, map[string]string{"WWW-Authenticate": "Basic", "x-amzn-Remapped-WWW-Authenticate": ""}}},
		"a value that breaks the header": {gatewaySet{"DEFAULT_4XX": {ResponseParameters: map[string]string{"gatewayresponse.header.X": "method.request.querystring.q"}}}, call{target: "/nowhere?q=a%0d%0ab"},
			shown{reply{403, missingToken, "MissingAuthenticationTokenException"}, map[string]string{"X": ""}}},
		"what failed as a field": {gatewaySet{"DEFAULT_4XX": {ResponseParameters: map[string]string{"gatewayresponse.header.X": "context.error.responseType", "gatewayresponse.header.Y": "context.error.messageString"}}}, call{target: "/nowhere"},
			shown{reply{403, missingToken, "MissingAuthenticationTokenException"}, map[string]string{"X": "MISSING_AUTHENTICATION_TOKEN", "Y": `"Missing Authentication Token"`}}},
		"path of a route": {gatewaySet{"DEFAULT_5XX": {ResponseParameters: map[string]string{"gatewayresponse.header.X": "method.request.path.id"}, ResponseTemplates: map[string]string{"a/b": "$context.resourcePath"}}}, call{target: "/fails/12"},
			shown{reply{500, "/fails/{id}", "InternalServerErrorException"}, map[string]string{"X": "12"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			def := define(map[string]*apigw.Method{"GET /fails": fails, "GET /fails/{id}": fails})
			def.GatewayResponses = tt.set
			s := compileStage(t, def, &apigw.Stage{Name: "prod", Variables: map[string]string{"a": "va"}}, nil)
			tt.call.method = "GET"
			x, r := serve(s, tt.call)
			got := shown{Reply: r}
			if tt.want.Header != nil {
				got.Header = map[string]string{}
				for name := range tt.want.Header {
					got.Header[name] = string(x.Response.Header.Get(name))
				}
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestKinds shows the stock answer of each kind of fault.
func TestKinds(t *testing.T) {
	s := compileStage(t, define(nil), nil, nil)
	tests := []struct {
		fault exchange.Fault
		want  reply
	}{
		{exchange.Fault{Kind: exchange.AccessDenied}, reply{403, `{"Message":"User is not authorized to access this resource"}`, "AccessDeniedException"}},
		{exchange.Fault{Kind: exchange.InvalidAPIKey}, reply{403, `{"message":"Forbidden"}`, "ForbiddenException"}},
		{exchange.Fault{Kind: exchange.Throttled}, reply{429, `{"message":"Too Many Requests"}`, "TooManyRequestsException"}},
		{exchange.Fault{Kind: exchange.QuotaExceeded}, reply{429, `{"message":"Limit Exceeded"}`, "LimitExceededException"}},
		{exchange.Fault{Kind: exchange.BadRequestParameters, Message: "Missing required request parameters: [a, b]"}, reply{400, `{"message":"Missing required request parameters: [a, b]"}`, "BadRequestException"}},
		{exchange.Fault{Kind: exchange.IntegrationTimeout, AfterIntegration: true}, reply{504, `{"message": "Endpoint request timed out"}`, "InternalServerErrorException"}},
		{exchange.Fault{Kind: exchange.IntegrationFailure, AfterIntegration: true}, reply{504, `{"message": "Network error communicating with endpoint"}`, "InternalServerErrorException"}},
		{exchange.Fault{Kind: exchange.Default5XX, Status: 502, AfterIntegration: true}, reply{502, serverError, "InternalServerErrorException"}},
		{exchange.Fault{Kind: exchange.Unauthorized}, reply{401, `{"message":"Unauthorized"}`, "UnauthorizedException"}},
		{exchange.Fault{Kind: exchange.WAFFiltered}, reply{403, `{"message":"Forbidden"}`, "ForbiddenException"}},
		{exchange.Fault{Kind: exchange.UnsupportedMediaType}, reply{415, `{"message":"Unsupported Media Type"}`, "BadRequestException"}},
	}
	for _, tt := range tests {
		x := newExchange(call{method: "GET", target: "/"})
		r := s.begin(x)
		r.fail(&tt.fault)
		if d := cmp.Diff(tt.want, replyOf(x)); d != "" {
			t.Errorf("%s: %s", tt.fault.Kind, d)
		}
		x.End()
	}
}

// TestEveryGatewayResponseType: what can be stored for a type is served, but
// for the one that AWS answers in its own way.
func TestEveryGatewayResponseType(t *testing.T) {
	for _, kind := range apigw.GatewayResponseTypes() {
		rule, ok := kindRules[exchange.FaultKind(kind.Name)]
		if !ok {
			t.Errorf("%s is unknown to the pipeline", kind.Name)
		}
		if kind.StatusCode != "" && kind.StatusCode != strconv.Itoa(rule.status) {
			t.Errorf("%s shows %s and answers %d", kind.Name, kind.StatusCode, rule.status)
		}
		if kind.Name == "REQUEST_TOO_LARGE" {
			continue
		}
		if string(rule.fallback) != kind.Fallback {
			t.Errorf("%s shows %q and answers %q", kind.Name, kind.Fallback, rule.fallback)
		}
		def := define(nil)
		def.GatewayResponses = gatewaySet{kind.Name: {StatusCode: "498", ResponseTemplates: map[string]string{"application/json": "$context.error.responseType"}}}
		s := compileStage(t, def, nil, nil)
		x := newExchange(call{method: "GET", target: "/"})
		r := s.begin(x)
		r.fail(&exchange.Fault{Kind: exchange.FaultKind(kind.Name)})
		if got := replyOf(x); got.Status != 498 || got.Body != kind.Name {
			t.Errorf("%s: %v", kind.Name, got)
		}
		x.End()
	}
}
