package restapi

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// TestCheck changes one thing of a definition or stage that can be served,
// and looks at what is said of it.
func TestCheck(t *testing.T) {
	yes := true
	size := -1
	type subject struct {
		def    *apigw.Definition
		stage  *apigw.Stage
		method *apigw.Method
	}
	tests := map[string]struct {
		change func(s *subject)
		want   []string // parts of each problem; a warning begins with "!"
	}{
		"all is well":              {func(*subject) {}, nil},
		"resource policy":          {func(s *subject) { s.def.API.Policy = "{}" }, []string{"API: policy: Statement: missing"}},
		"private without a policy": {func(s *subject) { s.def.API.Endpoint.Type = "PRIVATE" }, []string{"API: Private REST API doesn't have a resource policy"}},
		"security policy":          {func(s *subject) { s.def.API.SecurityPolicy = "SecurityPolicy_TLS13_1_3_2025_09" }, []string{"securityPolicy SecurityPolicy_TLS13_1_3_2025_09"}},
		"access mode":              {func(s *subject) { s.def.API.EndpointAccessMode = "STRICT" }, []string{"endpointAccessMode"}},
		"a certificate in a header": {func(s *subject) {
			s.method.Integration.RequestParameters = map[string]string{"integration.request.header.X-Cert": "context.identity.clientCert.clientCertPem"}
		}, []string{"!integration.request.header.X-Cert: a certificate has line breaks"}},
		"compression size":      {func(s *subject) { s.def.API.MinimumCompressionSize = &size }, []string{"minimumCompressionSize -1"}},
		"gateway response type": {func(s *subject) { s.def.GatewayResponses = map[string]*apigw.GatewayResponse{"FORBIDDEN": {}} }, []string{"gateway response FORBIDDEN"}},
		"gateway response status": {func(s *subject) {
			s.def.GatewayResponses = map[string]*apigw.GatewayResponse{"THROTTLED": {StatusCode: "99"}}
		}, []string{`"99"`}},
		"gateway response source": {func(s *subject) {
			s.def.GatewayResponses = map[string]*apigw.GatewayResponse{"THROTTLED": {ResponseParameters: map[string]string{"gatewayresponse.header.X": "method.request.body"}}}
		}, []string{"bodies"}},
		"gateway response variable": {func(s *subject) {
			s.def.GatewayResponses = map[string]*apigw.GatewayResponse{"THROTTLED": {ResponseTemplates: map[string]string{"a/b": "$context.nothing"}}}
		}, []string{"$context.nothing"}},
		"too large is AWS's own": {func(s *subject) {
			s.def.GatewayResponses = map[string]*apigw.GatewayResponse{"REQUEST_TOO_LARGE": {StatusCode: "400"}}
		}, []string{"!REQUEST_TOO_LARGE"}},
		"cache size": {func(s *subject) {
			s.stage.CacheClusterEnabled, s.stage.CacheClusterSize = true, "0.7"
			s.stage.MethodSettings = map[string]*apigw.MethodSetting{"*/*": {CachingEnabled: true}}
		}, []string{"stage prod: cacheClusterSize"}},
		"tracing": {func(s *subject) { s.stage.TracingEnabled = true }, []string{"tracingEnabled"}},
		"access log": {func(s *subject) {
			s.stage.AccessLog = &apigw.AccessLogSettings{DestinationARN: "arn:aws:logs:us-east-1:123456789012:log-group:prod", Format: "$context.requestId"}
		}, nil},
		"access log of what isn't": {func(s *subject) {
			s.stage.AccessLog = &apigw.AccessLogSettings{DestinationARN: "arn:aws:logs:us-east-1:123456789012:log-group:prod", Format: "$context.requestId $context.identity.user $context.statuscode"}
		}, []string{"!nothing is called $context.statuscode"}},
		"access log, elsewhere": {func(s *subject) {
			s.stage.AccessLog = &apigw.AccessLogSettings{DestinationARN: "arn:aws:sqs:us-east-1:123456789012:prod", Format: "$context.requestId"}
		}, []string{"stage prod: accessLogSettings destinationArn"}},
		"access log without an ID": {func(s *subject) {
			s.stage.AccessLog = &apigw.AccessLogSettings{DestinationARN: "arn:aws:logs:us-east-1:123456789012:log-group:prod", Format: "$context.status"}
		}, []string{"accessLogSettings format: the access log format must contain $context.requestId"}},
		"logging level": {func(s *subject) {
			s.stage.MethodSettings = map[string]*apigw.MethodSetting{"*/*": {LoggingLevel: "DEBUG", ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000}}
		}, []string{"loggingLevel DEBUG"}},
		"access log, half of one": {func(s *subject) { s.stage.AccessLog = &apigw.AccessLogSettings{DestinationARN: "a"} }, nil},
		"web ACL":                 {func(s *subject) { s.stage.WebACLARN = "a" }, []string{"webAclArn"}},
		"settings": {func(s *subject) {
			s.stage.MethodSettings = map[string]*apigw.MethodSetting{"*/*": {MetricsEnabled: true, LoggingLevel: "INFO", DataTraceEnabled: true, ThrottlingRateLimit: 1, ThrottlingBurstLimit: 5000}}
		}, nil},
		"negative rate": {func(s *subject) {
			s.stage.MethodSettings = map[string]*apigw.MethodSetting{"*/*": {ThrottlingRateLimit: -2, ThrottlingBurstLimit: -1}}
		}, []string{"stage prod methodSettings */*: throttling -2 requests/s, burst -1: a limit is -1, for none, or not negative"}},
		"settings that are defaults": {func(s *subject) {
			s.stage.MethodSettings = map[string]*apigw.MethodSetting{"*/*": {CachingEnabled: true, LoggingLevel: "OFF", ThrottlingRateLimit: 10000, ThrottlingBurstLimit: 5000}}
		}, nil},
		"authorization":            {func(s *subject) { s.method.AuthorizationType = "OTHER" }, []string{"GET /r: authorizationType OTHER"}},
		"authorizer":               {func(s *subject) { s.method.AuthorizationType = "CUSTOM" }, []string{`authorizerId "" names no authorizer`}},
		"API key":                  {func(s *subject) { s.method.APIKeyRequired = true }, nil},
		"API key source":           {func(s *subject) { s.def.API.APIKeySource = "COOKIE" }, []string{`API: apiKeySource "COOKIE" is none that API Gateway has`}},
		"API key of no authorizer": {func(s *subject) { s.def.API.APIKeySource, s.method.APIKeyRequired = "AUTHORIZER", true }, []string{"!GET /r: apiKeyRequired: the API's keys come from Lambda authorizers, and the method has none"}},
		"validator": {func(s *subject) {
			s.method.RequestValidatorID = "v"
			s.def.Validators = map[apigw.ValidatorID]*apigw.RequestValidator{"v": {ValidateBody: true, ValidateParameters: true}}
			s.method.RequestParameters = map[string]bool{"method.request.header.a": true}
			s.method.RequestModels = map[string]apigw.ModelName{"application/json": "M"}
			s.def.Models = map[apigw.ModelName]*apigw.Model{"M": {Name: "M", Schema: `{"$ref":"#/definitions/m","definitions":{"m":{}}}`}}
		}, nil},
		"unknown validator": {func(s *subject) { s.method.RequestValidatorID = "v" }, []string{"GET /r: Invalid Request Validator identifier specified: v"}},
		"unknown model": {func(s *subject) {
			s.method.RequestValidatorID = "v"
			s.def.Validators = map[apigw.ValidatorID]*apigw.RequestValidator{"v": {ValidateBody: true}}
			s.method.RequestModels = map[string]apigw.ModelName{"application/json": "M"}
		}, []string{"requestModels application/json: Invalid model identifier specified: M"}},
		"bad model": {func(s *subject) {
			s.method.RequestValidatorID = "v"
			s.def.Validators = map[apigw.ValidatorID]*apigw.RequestValidator{"v": {ValidateBody: true}}
			s.method.RequestModels = map[string]apigw.ModelName{"application/json": "M"}
			s.def.Models = map[apigw.ModelName]*apigw.Model{"M": {Name: "M", Schema: `{"properties":{"a":{"$ref":"https://apigateway.amazonaws.com/restapis/other/models/N"}}}`}}
		}, []string{`model M: Invalid model schema specified: at /properties/a/$ref: "https://apigateway.amazonaws.com/restapis/other/models/N": Model reference must be in canonical form`}},
		"validator of nothing": {func(s *subject) {
			s.method.RequestValidatorID = "v"
			s.def.Validators = map[apigw.ValidatorID]*apigw.RequestValidator{"v": {}}
		}, nil},
		"no integration": {func(s *subject) { s.method.Integration = nil }, []string{"No integration defined for method"}},
		"AWS": {func(s *subject) {
			s.method.Integration.Type = "AWS"
			s.method.Integration.Credentials = "arn:aws:iam::1:role/r"
		}, []string{"Invalid ARN specified in the request"}},
		"AWS without a role": {func(s *subject) {
			s.method.Integration.Type, s.method.Integration.URI = "AWS", "arn:aws:apigateway:us-east-1:sqs:path/1/queue"
		}, []string{"Role ARN must be specified"}},
		"AWS without path or action": {func(s *subject) {
			s.method.Integration.Type, s.method.Integration.URI = "AWS", "arn:aws:apigateway:us-east-1:sqs:queue"
			s.method.Integration.Credentials = "arn:aws:iam::1:role/r"
		}, []string{"AWS ARN for integration must contain path or action"}},
		"AWS as the caller": {func(s *subject) {
			s.method.Integration.Type, s.method.Integration.URI = "AWS", "arn:aws:apigateway:us-east-1:sqs:path/1/queue"
			s.method.Integration.Credentials = "arn:aws:iam::*:user/*"
		}, []string{"whom only authorizationType AWS_IAM knows"}},
		"HTTP as the caller": {func(s *subject) {
			s.method.AuthorizationType, s.method.Integration.Credentials = "AWS_IAM", "arn:aws:iam::*:user/*"
		}, []string{"calling an integration as another identity"}},
		"a mapped signature": {func(s *subject) {
			s.method.Integration.Type, s.method.Integration.URI = "AWS", "arn:aws:apigateway:us-east-1:sqs:path/1/queue"
			s.method.Integration.Credentials = "arn:aws:iam::1:role/r"
			s.method.Integration.RequestParameters = map[string]string{"integration.request.header.x-amz-date": "'now'"}
		}, []string{"x-amz-date, which API Gateway writes itself"}},
		"a mapped source": {func(s *subject) {
			*s.method.Integration = *lambdaMethod().Integration
			s.method.Integration.Type = "AWS"
			s.method.Integration.RequestParameters = map[string]string{"integration.request.header.x-amz-source-arn": "'arn:aws:execute-api:x'"}
		}, []string{"x-amz-source-arn, which API Gateway writes itself"}},
		"function's log": {func(s *subject) {
			*s.method.Integration = *lambdaMethod().Integration
			s.method.Integration.Type = "AWS"
			s.method.Integration.RequestParameters = map[string]string{"integration.request.header.X-Amz-Log-Type": "'Tail'"}
		}, []string{"X-Amz-Log-Type"}},
		"function named by the client": {func(s *subject) {
			*s.method.Integration = *lambdaMethod().Integration
			s.method.Integration.Type, s.method.Integration.URI = "AWS", strings.Replace(functionURI, "function:fn", "function:{fn}", 1)
		}, []string{"named by path parameters"}},
		"unknown type":       {func(s *subject) { s.method.Integration.Type = "FTP" }, []string{`"FTP"`}},
		"VPC link of a mock": {func(s *subject) { s.method.Integration.Type, s.method.Integration.ConnectionType = "MOCK", "VPC_LINK" }, []string{"connectionType VPC_LINK is for HTTP and HTTP_PROXY integrations"}},
		"VPC link unnamed": {func(s *subject) {
			s.method.Integration.Type, s.method.Integration.ConnectionType = "HTTP_PROXY", "VPC_LINK"
		}, []string{"connectionType VPC_LINK needs a connectionId"}},
		"VPC link by a variable": {func(s *subject) {
			i := s.method.Integration
			i.Type, i.ConnectionType, i.ConnectionID = "HTTP_PROXY", "VPC_LINK", "${stageVariables.link}"
		}, nil},
		"target in the open": {func(s *subject) { s.method.Integration.Target = "arn:x" }, []string{"integrationTarget is for integrations with connectionType VPC_LINK"}},
		"connection":         {func(s *subject) { s.method.Integration.ConnectionType = "PIGEON" }, []string{"connectionType PIGEON"}},
		"streaming":          {func(s *subject) { s.method.Integration.ResponseMode = "STREAM" }, []string{"responseTransferMode STREAM is for HTTP_PROXY and AWS_PROXY"}},
		"streaming of a proxy": {func(s *subject) {
			s.method.Integration.Type, s.method.Integration.ResponseMode = "HTTP_PROXY", "STREAM"
		}, nil},
		"transfer mode": {func(s *subject) { s.method.Integration.ResponseMode = "LATER" }, []string{"responseTransferMode LATER"}},
		"streaming, URI not": {func(s *subject) {
			*s.method.Integration = *lambdaMethod().Integration
			s.method.Integration.ResponseMode = "STREAM"
		}, []string{"responseTransferMode STREAM needs a URI"}},
		"credentials for HTTP": {func(s *subject) { s.method.Integration.Credentials = "arn:aws:iam::1:role/r" }, []string{"credentials arn:aws:iam::1:role/r"}},
		"content handling":     {func(s *subject) { s.method.Integration.ContentHandling = "CONVERT" }, []string{`contentHandling "CONVERT"`}},
		"passthrough":          {func(s *subject) { s.method.Integration.PassthroughBehavior = "SOMETIMES" }, []string{"SOMETIMES"}},
		"request template": {func(s *subject) {
			s.method.Integration.RequestTemplates = map[string]*string{"application/json": text("#if($input.body")}
		}, []string{`!GET /r: requestTemplates application/json: line 1, column `}},
		"response template": {func(s *subject) {
			s.method.Integration.Responses["200"].ResponseTemplates = map[string]*string{"application/json": text("#set($a=)")}
		}, []string{`!GET /r response 200: responseTemplates application/json: line 1, column `}},
		"mapping from a body": {func(s *subject) {
			s.method.Integration.RequestParameters = map[string]string{"integration.request.header.X": "method.request.body.a["}
		}, []string{`requestParameters integration.request.header.X: "method.request.body.a[": JSONPath "$.a["`}},
		"response mapping": {func(s *subject) {
			s.method.Integration.Responses["200"].ResponseParameters = map[string]string{"method.response.header.X": "integration.response.body.."}
		}, []string{`GET /r response 200: responseParameters method.response.header.X: "integration.response.body..": JSONPath`}},
		"pattern": {func(s *subject) { s.method.Integration.Responses["200"].SelectionPattern = text("(2") }, []string{"selectionPattern"}},
		"status that is none": {func(s *subject) {
			s.method.Integration.Responses["100"] = &apigw.IntegrationResponse{StatusCode: "100", SelectionPattern: text("1")}
		}, []string{`"100" can't be answered`}},
		"method":                      {func(s *subject) { s.method.Integration.HTTPMethod = "FETCH" }, []string{"integrationHttpMethod FETCH"}},
		"URI without a host":          {func(s *subject) { s.method.Integration.URI = "http:///x" }, []string{"!is no host"}},
		"variables make the URI none": {func(s *subject) { s.method.Integration.URI = "http://${stageVariables.host}/x" }, []string{"!is no host"}},
		"insecure mock":               {func(s *subject) { s.method.Integration.Type = "MOCK"; s.method.Integration.TLSInsecure = &yes }, []string{"tlsConfig"}},
		"insecure HTTP":               {func(s *subject) { s.method.Integration.TLSInsecure = &yes }, nil},
		"function with a role": {func(s *subject) {
			*s.method.Integration = *lambdaMethod().Integration
			s.method.Integration.Credentials = "arn:aws:iam::1:role/r"
		}, nil},
		"function as the caller": {func(s *subject) {
			*s.method.Integration = *lambdaMethod().Integration
			s.method.Integration.Credentials = "arn:aws:iam::*:user/*"
		}, []string{"whom only authorizationType AWS_IAM knows"}},
		"function as the caller, who signs": {func(s *subject) {
			*s.method.Integration = *lambdaMethod().Integration
			s.method.AuthorizationType, s.method.Integration.Credentials = "AWS_IAM", "arn:aws:iam::*:user/*"
		}, nil},
		"streamed function": {func(s *subject) {
			*s.method.Integration = *lambdaMethod().Integration
			s.method.Integration.URI = "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/arn:aws:lambda:us-east-1:123456789012:function:fn/response-streaming-invocations"
		}, []string{"needs responseTransferMode STREAM"}},
		"another service": {func(s *subject) {
			*s.method.Integration = *lambdaMethod().Integration
			s.method.Integration.URI = "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"
		}, []string{"other than a Lambda function"}},
		"two resources as one": {func(s *subject) {
			s.def.Resources["x"] = &apigw.Resource{ID: "x", Path: "/{a}", Methods: map[apigw.Verb]*apigw.Method{"GET": mockMethod("")}}
			s.def.Resources["y"] = &apigw.Resource{ID: "y", Path: "/{b}", Methods: map[apigw.Verb]*apigw.Method{"GET": mockMethod("")}}
		}, []string{"another resource stands for the same paths"}},
		"a verb that is none": {func(s *subject) { s.def.Resources["id:/r"].Methods["TRACE"] = mockMethod("") }, []string{"TRACE /r"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			m := httpMethod(apigw.IntegrationHTTP, "http://backend.internal/x", nil)
			s := &subject{define(map[string]*apigw.Method{"GET /r": m}), &apigw.Stage{Name: "prod"}, m}
			tt.change(s)
			problems := Check(s.def, s.stage)
			refused := false
			var texts []string
			for _, p := range problems {
				texts = append(texts, p.String())
				refused = refused || !p.Warning
			}
			if len(problems) < len(tt.want) || len(tt.want) == 0 && len(problems) > 0 {
				t.Fatalf("problems %q, want %q", texts, tt.want)
			}
			for i, want := range tt.want {
				part, warning := strings.CutPrefix(want, "!")
				if !strings.Contains(texts[i], part) || problems[i].Warning != warning {
					t.Errorf("problem %q (warning %v), want %q", texts[i], problems[i].Warning, want)
				}
			}
			compiled, err := Compile(s.def, s.stage, "d", testEnv(nil))
			if (err != nil) != refused {
				t.Errorf("Compile says %v", err)
			}
			if compiled != nil {
				compiled.Close()
			}
		})
	}
}

// TestCheckWithoutStage: what depends on stage variables is left open.
func TestCheckWithoutStage(t *testing.T) {
	fn := lambdaMethod()
	fn.Integration.URI = strings.Replace(functionURI, "function:fn", "function:${stageVariables.fn}", 1)
	def := define(map[string]*apigw.Method{
		"GET /a": httpMethod(apigw.IntegrationHTTP, "http://${stageVariables.host}/x", nil),
		"GET /b": fn,
	})
	if d := cmp.Diff([]Problem(nil), Check(def, nil)); d != "" {
		t.Error(d)
	}
}

// TestCompileReleases: a refused stage keeps no backend.
func TestCompileReleases(t *testing.T) {
	bad := mockMethod("")
	bad.AuthorizationType = "OTHER"
	def := define(map[string]*apigw.Method{"GET /a": httpMethod(apigw.IntegrationHTTP, "http://backend.internal/x", nil), "GET /b": bad})
	if s, err := Compile(def, &apigw.Stage{Name: "prod"}, "d", testEnv(nil)); err == nil || s != nil {
		t.Fatal("compiled")
	} else if !strings.Contains(err.Error(), "GET /b: authorizationType OTHER") {
		t.Error(err)
	}
}
