package control

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func (w *world) newWebSocketAPI() *apigw.RouteAPI {
	w.Helper()
	return must[*apigw.RouteAPI](w)(w.CreateRouteAPI(w.Context(), w.scope, NewRouteAPI{API: apigw.RouteAPI{Name: "chat", Protocol: apigw.ProtocolWebSocket, RouteSelection: "$request.body.action"}}))
}

func (w *world) newProxy(api *apigw.RouteAPI) *apigw.RouteIntegration {
	w.Helper()
	return must[*apigw.RouteIntegration](w)(w.CreateRouteIntegration(w.Context(), w.scope, api.ID, httpProxy()))
}

func httpProxy() apigw.RouteIntegration {
	return apigw.RouteIntegration{Type: apigw.IntegrationHTTPProxy, Method: "ANY", URI: "https://backend.example"}
}

func jwtAuthorizer(name string) apigw.RouteAuthorizer {
	return apigw.RouteAuthorizer{Name: name, Type: "JWT", IdentitySource: []string{"$request.header.Authorization"}, Issuer: "https://issuer.example/", Audience: []string{"a"}}
}

const functionARN = "arn:aws:lambda:us-east-1:123456789012:function:hello"

func requestAuthorizer(name string) apigw.RouteAuthorizer {
	return apigw.RouteAuthorizer{Name: name, Type: "REQUEST", PayloadFormat: "2.0", URI: "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + functionARN + "/invocations"}
}

// refusals runs calls that are to be refused, all with 400.
func refusals[T any](t *testing.T, cases map[string]struct {
	change func(*T)
	want   string
}, valid func() T, call func(T) error) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		t.Run(name, func(t *testing.T) {
			v := valid()
			cases[name].change(&v)
			wantError(t, call(v), apigw.BadRequest, cases[name].want)
		})
	}
}

// TestRouteAPIDefaults has what AWS shows of a new API (CLI examples; the
// expressions are what Terraform's provider expects).
func TestRouteAPIDefaults(t *testing.T) {
	w := newWorld(t)
	http, chat := w.newHTTPAPI(), w.newWebSocketAPI()
	want := &apigw.RouteAPI{ID: http.ID, Name: "test", Protocol: "HTTP", RouteSelection: "$request.method $request.path",
		APIKeySelection: "$request.header.x-api-key", IPAddressType: "ipv4", Created: w.clock}
	if d := cmp.Diff(want, must[*apigw.RouteAPI](t)(w.RouteAPI(t.Context(), w.scope, http.ID))); d != "" {
		t.Error(d)
	}
	want = &apigw.RouteAPI{ID: chat.ID, Name: "chat", Protocol: "WEBSOCKET", RouteSelection: "$request.body.action",
		APIKeySelection: "$request.header.x-api-key", IPAddressType: "ipv4", Created: w.clock}
	if d := cmp.Diff(want, must[*apigw.RouteAPI](t)(w.RouteAPI(t.Context(), w.scope, chat.ID))); d != "" {
		t.Error(d)
	}
	changed := must[*apigw.RouteAPI](t)(w.UpdateRouteAPI(t.Context(), w.scope, http.ID, func(a *apigw.RouteAPI) error {
		a.ID, a.Protocol, a.RouteSelection, a.Description = "other", "WEBSOCKET", "${request.method} ${request.path}", "d"
		return nil
	}))
	if changed.ID != http.ID || changed.Protocol != "HTTP" || changed.RouteSelection != "$request.method $request.path" || changed.Description != "d" {
		t.Errorf("%+v", changed)
	}
}

func TestRouteAPIRefusals(t *testing.T) {
	w := newWorld(t)
	yes, age := true, 86401
	type change = struct {
		change func(*apigw.RouteAPI)
		want   string
	}
	cors := func(c apigw.CORS, want string) change {
		return change{func(a *apigw.RouteAPI) { a.CORS = &c }, want}
	}
	refusals(t, map[string]change{
		"protocol":         {func(a *apigw.RouteAPI) { a.Protocol = "REST" }, "Invalid protocol specified. Must be one of [HTTP, WEBSOCKET]"},
		"no name":          {func(a *apigw.RouteAPI) { a.Name = "" }, "Name cannot be an empty string"},
		"long name":        {func(a *apigw.RouteAPI) { a.Name = strings.Repeat("n", 129) }, "Name has 129 characters, 128 at most"},
		"address type":     {func(a *apigw.RouteAPI) { a.IPAddressType = "ipv6" }, "Invalid ipAddressType specified: ipv6. Must be one of [ipv4, dualstack]"},
		"selection":        {func(a *apigw.RouteAPI) { a.RouteSelection = "$request.body.action" }, "Invalid routeSelectionExpression specified: $request.body.action. The one of HTTP APIs is ${request.method} ${request.path}"},
		"key selection":    {func(a *apigw.RouteAPI) { a.APIKeySelection = "$context.authorizer.usageIdentifierKey" }, "API key selection expressions are not supported on protocolType HTTP"},
		"schemas":          {func(a *apigw.RouteAPI) { a.DisableSchemaValidation = true }, "Schema validation settings are not supported on protocolType HTTP"},
		"tag":              {func(a *apigw.RouteAPI) { a.Tags = map[string]string{"aws:x": "y"} }, `Invalid tag key "aws:x": names that begin with aws: are reserved`},
		"no selection":     {func(a *apigw.RouteAPI) { a.Protocol = "WEBSOCKET" }, "A routeSelectionExpression is required for APIs of protocolType WEBSOCKET"},
		"CORS of messages": {func(a *apigw.RouteAPI) { a.Protocol, a.RouteSelection, a.CORS = "WEBSOCKET", "x", &apigw.CORS{} }, "CORS configuration is not supported on protocolType WEBSOCKET"},
		"credentials":      cors(apigw.CORS{AllowOrigins: []string{"*"}, AllowCredentials: &yes}, "allow-credentials is not supported if 'allow-origin' is *"),
		"age":              cors(apigw.CORS{MaxAge: &age}, "Invalid maxAge specified: 86401. Must be between -1 and 86400 seconds"),
		"subdomains":       cors(apigw.CORS{AllowOrigins: []string{"https://*.example.com"}}, `Invalid allowOrigins specified: "https://*.example.com"`),
		"origin's path":    cors(apigw.CORS{AllowOrigins: []string{"https://example.com/"}}, `Invalid allowOrigins specified: "https://example.com/"`),
		"bare host":        cors(apigw.CORS{AllowOrigins: []string{"example.com"}}, `Invalid allowOrigins specified: "example.com"`),
		"method":           cors(apigw.CORS{AllowMethods: []string{"ANY"}}, `Invalid allowMethods specified: "ANY"`),
		"header":           cors(apigw.CORS{AllowHeaders: []string{"a b"}}, `Invalid allowHeaders specified: "a b"`),
		"header injection": cors(apigw.CORS{ExposeHeaders: []string{"a\r\nb"}}, `Invalid exposeHeaders specified: "a\r\nb"`),
	}, func() apigw.RouteAPI { return apigw.RouteAPI{Name: "n", Protocol: "HTTP"} }, func(a apigw.RouteAPI) error {
		_, err := w.CreateRouteAPI(t.Context(), w.scope, NewRouteAPI{API: a})
		return err
	})
	good := apigw.CORS{AllowOrigins: []string{"https://a.example:8443", "http://localhost:3000", "https://*", "capacitor://localhost"}, AllowMethods: []string{"*", "GET"}, AllowHeaders: []string{"*", "x-a"}, AllowCredentials: &yes}
	must[*apigw.RouteAPI](t)(w.CreateRouteAPI(t.Context(), w.scope, NewRouteAPI{API: apigw.RouteAPI{Name: "n", Protocol: "HTTP", CORS: &good}}))
}

func TestRouteRefusals(t *testing.T) {
	w := newWorld(t)
	api := w.newHTTPAPI()
	w.newRoute(api, "GET /pets/{id}")
	jwt := must[*apigw.RouteAuthorizer](t)(w.CreateRouteAuthorizer(t.Context(), w.scope, api.ID, jwtAuthorizer("jwt")))
	custom := must[*apigw.RouteAuthorizer](t)(w.CreateRouteAuthorizer(t.Context(), w.scope, api.ID, requestAuthorizer("custom")))
	type change = struct {
		change func(*apigw.Route)
		want   string
	}
	const noJWT = "Invalid authorizer ID specified. Setting the authorization type to JWT requires a valid JWT authorizer."
	const noCustom = "Invalid authorizer ID specified. Setting the authorization type to CUSTOM requires a valid authorizer."
	refusals(t, map[string]change{
		"no key":              {func(r *apigw.Route) { r.Key = "" }, "Invalid route key specified: it is empty"},
		"slash at the end":    {func(r *apigw.Route) { r.Key = "GET /a/" }, "Invalid route key specified: GET /a/. For protocolType HTTP a path doesn't end in a slash"},
		"target":              {func(r *apigw.Route) { r.Target = "nothing" }, "Invalid Integration identifier specified nothing"},
		"type":                {func(r *apigw.Route) { r.AuthorizationType = "OTHER" }, "Invalid authorization type specified: OTHER. Must be one of [NONE, AWS_IAM, CUSTOM, JWT]"},
		"JWT without":         {func(r *apigw.Route) { r.AuthorizationType = "JWT" }, noJWT},
		"JWT with another":    {func(r *apigw.Route) { r.AuthorizationType, r.AuthorizerID = "JWT", custom.ID }, noJWT},
		"CUSTOM without":      {func(r *apigw.Route) { r.AuthorizationType = "CUSTOM" }, noCustom},
		"CUSTOM with another": {func(r *apigw.Route) { r.AuthorizationType, r.AuthorizerID = "CUSTOM", jwt.ID }, noCustom},
		"scopes without JWT":  {func(r *apigw.Route) { r.AuthorizationType, r.AuthorizationScopes = "AWS_IAM", []string{"a"} }, "AuthorizationScopes can only be set when the authorization type is JWT"},
		"many scopes": {func(r *apigw.Route) {
			r.AuthorizationType, r.AuthorizerID, r.AuthorizationScopes = "JWT", jwt.ID, make([]string, 11)
		}, "A route has at most 10 authorization scopes"},
		"scope with a blank": {func(r *apigw.Route) {
			r.AuthorizationType, r.AuthorizerID, r.AuthorizationScopes = "JWT", jwt.ID, []string{"a b"}
		}, `Invalid authorization scope specified: "a b"`},
		"operation":          {func(r *apigw.Route) { r.OperationName = strings.Repeat("o", 65) }, "OperationName has 65 characters, 64 at most"},
		"API key":            {func(r *apigw.Route) { r.APIKeyRequired = true }, "API keys are not supported on protocolType HTTP"},
		"model selection":    {func(r *apigw.Route) { r.ModelSelection = "m" }, "Model selection expressions are not supported on protocolType HTTP"},
		"models":             {func(r *apigw.Route) { r.RequestModels = map[string]string{"a": "b"} }, "Request models are not supported on protocolType HTTP"},
		"parameters":         {func(r *apigw.Route) { r.RequestParameters = map[string]bool{"a": true} }, "Request parameters of routes are not supported on protocolType HTTP"},
		"response selection": {func(r *apigw.Route) { r.ResponseSelection = "$default" }, "Route response selection expressions are not supported on protocolType HTTP"},
	}, func() apigw.Route { return apigw.Route{Key: "GET /new"} }, func(r apigw.Route) error {
		_, err := w.CreateRoute(t.Context(), w.scope, api.ID, r)
		return err
	})
	for _, key := range []string{"GET /pets/{id}", "GET /pets/{other}"} { // recorded on AWS
		_, err := w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: key})
		wantError(t, err, apigw.Conflict, "Route with key "+key+" already exists for this API")
	}
	w.newRoute(api, "GET /pets/{id+}")
	w.newRoute(api, "POST /pets/{id}")
}

func TestUpdateRoute(t *testing.T) {
	w := newWorld(t)
	api := w.newHTTPAPI()
	i := w.newProxy(api)
	jwt := must[*apigw.RouteAuthorizer](t)(w.CreateRouteAuthorizer(t.Context(), w.scope, api.ID, jwtAuthorizer("jwt")))
	r := must[*apigw.Route](t)(w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: "GET /{id}", Target: i.ID, AuthorizationType: "JWT", AuthorizerID: jwt.ID, AuthorizationScopes: []string{"a"}}))
	update := func(id apigw.RouteID, change func(*apigw.Route)) (*apigw.Route, error) {
		return w.UpdateRoute(t.Context(), w.scope, api.ID, id, func(r *apigw.Route) error {
			change(r)
			return nil
		})
	}
	// CloudFormation sends the type alone.
	open := must[*apigw.Route](t)(update(r.ID, func(r *apigw.Route) { r.AuthorizationType = "NONE" }))
	if d := cmp.Diff(&apigw.Route{ID: r.ID, Key: "GET /{id}", Target: i.ID, AuthorizationType: "NONE"}, open); d != "" {
		t.Error(d)
	}
	renamed := must[*apigw.Route](t)(update(r.ID, func(r *apigw.Route) { r.Key, r.ID, r.Managed = "GET /{name}", "other", true }))
	if renamed.Key != "GET /{name}" || renamed.ID != r.ID || renamed.Managed {
		t.Errorf("%+v", renamed)
	}
	other := w.newRoute(api, "GET /a")
	_, err := update(other.ID, func(r *apigw.Route) { r.Key = "GET /{x}" })
	wantError(t, err, apigw.Conflict, "Route with key GET /{x} already exists for this API")
	fallback := w.newRoute(api, "$default")
	_, err = update(fallback.ID, func(r *apigw.Route) { r.Key = "GET /b" })
	wantError(t, err, apigw.BadRequest, "The key of route "+string(fallback.ID)+" cannot be changed: $default")
	_, err = update("nothing", func(*apigw.Route) {})
	wantError(t, err, apigw.NotFound, "Invalid Route identifier specified nothing")
	wantError(t, w.DeleteRoute(t.Context(), w.scope, api.ID, "nothing"), apigw.NotFound, "Invalid Route identifier specified nothing")
	if err := w.DeleteRoute(t.Context(), w.scope, api.ID, other.ID); err != nil {
		t.Error(err)
	}
}

// TestInUse has the texts of parts that are in use, as reported in the field.
func TestInUse(t *testing.T) {
	w := newWorld(t)
	api := w.newHTTPAPI()
	i := w.newProxy(api)
	jwt := must[*apigw.RouteAuthorizer](t)(w.CreateRouteAuthorizer(t.Context(), w.scope, api.ID, jwtAuthorizer("jwt")))
	var ids []string
	for _, key := range []string{"GET /a", "GET /b"} {
		r := must[*apigw.Route](t)(w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: key, Target: i.ID, AuthorizationType: "JWT", AuthorizerID: jwt.ID}))
		ids = append(ids, string(r.ID))
	}
	slices.Sort(ids)
	wantError(t, w.DeleteRouteIntegration(t.Context(), w.scope, api.ID, i.ID), apigw.Conflict,
		"Cannot delete Integration because it is referenced by the following Routes with Ids: ["+strings.Join(ids, ", ")+"]")
	wantError(t, w.DeleteRouteAuthorizer(t.Context(), w.scope, api.ID, jwt.ID), apigw.Conflict,
		"Cannot delete authorizer 'jwt', is referenced in route: GET /a")
	_, err := w.UpdateRouteAuthorizer(t.Context(), w.scope, api.ID, jwt.ID, func(a *apigw.RouteAuthorizer) error {
		*a = requestAuthorizer("jwt")
		return nil
	})
	wantError(t, err, apigw.BadRequest, "Cannot change the type of authorizer 'jwt', is referenced in route: GET /a")
	for _, id := range ids {
		if err := w.DeleteRoute(t.Context(), w.scope, api.ID, apigw.RouteID(id)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.DeleteRouteIntegration(t.Context(), w.scope, api.ID, i.ID); err != nil {
		t.Error(err)
	}
	if err := w.DeleteRouteAuthorizer(t.Context(), w.scope, api.ID, jwt.ID); err != nil {
		t.Error(err)
	}
	wantError(t, w.DeleteRouteIntegration(t.Context(), w.scope, api.ID, i.ID), apigw.NotFound, "Invalid Integration identifier specified "+string(i.ID))
}

func TestRouteIntegrationRefusals(t *testing.T) {
	w := newWorldWith(t, Options{CheckPart: func(_ *apigw.RouteAPI, i *apigw.RouteIntegration) error {
		if i.RequestParameters["overwrite:header.via"] != "" {
			return apigw.Errorf(apigw.BadRequest, "via is reserved")
		}
		return nil
	}})
	api := w.newHTTPAPI()
	type change = struct {
		change func(*apigw.RouteIntegration)
		want   string
	}
	lambda := func(i *apigw.RouteIntegration) {
		*i = apigw.RouteIntegration{Type: apigw.IntegrationAWSProxy, URI: functionARN, PayloadFormat: "2.0"}
	}
	service := func(i *apigw.RouteIntegration) {
		*i = apigw.RouteIntegration{Type: apigw.IntegrationAWSProxy, Subtype: "SQS-SendMessage", Credentials: "arn:aws:iam::123456789012:role/r"}
	}
	with := func(base, then func(*apigw.RouteIntegration)) func(*apigw.RouteIntegration) {
		return func(i *apigw.RouteIntegration) { base(i); then(i) }
	}
	refusals(t, map[string]change{
		"type":             {func(i *apigw.RouteIntegration) { i.Type = "MOCK" }, "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)"},
		"short timeout":    {func(i *apigw.RouteIntegration) { i.TimeoutMillis = 49 }, "Timeout should be between 50 ms and 30000 ms"},
		"long timeout":     {func(i *apigw.RouteIntegration) { i.TimeoutMillis = 30001 }, "Timeout should be between 50 ms and 30000 ms"},
		"connection type":  {func(i *apigw.RouteIntegration) { i.ConnectionType = "OTHER" }, "Invalid connection type specified: OTHER. Must be one of [INTERNET, VPC_LINK]"},
		"link without ID":  {func(i *apigw.RouteIntegration) { i.ConnectionType = "VPC_LINK" }, "A connectionId is required when the connection type is VPC_LINK"},
		"ID without link":  {func(i *apigw.RouteIntegration) { i.ConnectionID = "abc" }, "A connectionId can only be set when the connection type is VPC_LINK"},
		"link's address":   {func(i *apigw.RouteIntegration) { i.ConnectionType, i.ConnectionID = "VPC_LINK", "abc" }, "For VpcLink VPC_LINK, integration uri should be a valid ELB listener ARN or a valid Cloud Map service ARN."},
		"no method":        {func(i *apigw.RouteIntegration) { i.Method = "" }, "HttpMethod must be specified for integration type HTTP_PROXY"},
		"method":           {func(i *apigw.RouteIntegration) { i.Method = "TRACE" }, "Invalid integration method specified: TRACE"},
		"address":          {func(i *apigw.RouteIntegration) { i.URI = "backend.example" }, "Invalid HTTP endpoint specified for URI"},
		"no address":       {func(i *apigw.RouteIntegration) { i.URI = "" }, "Invalid HTTP endpoint specified for URI"},
		"payload":          {func(i *apigw.RouteIntegration) { i.PayloadFormat = "2.0" }, "Invalid payload format version specified: 2.0. The one of HTTP_PROXY integrations is 1.0"},
		"credentials":      {func(i *apigw.RouteIntegration) { i.Credentials = "me" }, "Invalid ARN specified in the request: me"},
		"TLS in the open":  {func(i *apigw.RouteIntegration) { i.TLSServerName = text("x") }, "A tlsConfig can only be set for private integrations, whose connection type is VPC_LINK"},
		"templates":        {func(i *apigw.RouteIntegration) { i.RequestTemplates = map[string]string{"a": "b"} }, "Request templates are not supported on protocolType HTTP"},
		"passthrough":      {func(i *apigw.RouteIntegration) { i.Passthrough = "NEVER" }, "Passthrough behaviors are not supported on protocolType HTTP"},
		"content handling": {func(i *apigw.RouteIntegration) { i.ContentHandling = "CONVERT_TO_TEXT" }, "Content handling strategies are not supported on protocolType HTTP"},
		"status": {func(i *apigw.RouteIntegration) {
			i.ResponseParameters = map[apigw.StatusCode]map[string]string{"600": {"a": "b"}}
		}, "Invalid status code specified for response parameters: 600. Must be between 200 and 599"},
		"reserved header":      {func(i *apigw.RouteIntegration) { i.RequestParameters = map[string]string{"overwrite:header.via": "x"} }, "via is reserved"},
		"function, payload":    {with(lambda, func(i *apigw.RouteIntegration) { i.PayloadFormat = "" }), "PayloadFormatVersion is a required parameter for Lambda proxy integrations"},
		"function, version":    {with(lambda, func(i *apigw.RouteIntegration) { i.PayloadFormat = "3.0" }), "Invalid payload format version specified: 3.0. Must be one of [1.0, 2.0]"},
		"function, ARN":        {with(lambda, func(i *apigw.RouteIntegration) { i.URI = "hello" }), "Invalid ARN specified in the request"},
		"function, action":     {with(lambda, func(i *apigw.RouteIntegration) { i.URI = "arn:aws:apigateway:us-east-1:sqs:path/x" }), "Invalid Lambda function ARN specified for URI: arn:aws:apigateway:us-east-1:sqs:path/x"},
		"service, payload":     {with(service, func(i *apigw.RouteIntegration) { i.PayloadFormat = "2.0" }), "Invalid payload format version specified: 2.0. The one of integrations with an integrationSubtype is 1.0"},
		"service, address":     {with(service, func(i *apigw.RouteIntegration) { i.URI = functionARN }), "An integrationUri can't be set for integrations with an integrationSubtype"},
		"service, credentials": {with(service, func(i *apigw.RouteIntegration) { i.Credentials = "" }), "A credentialsArn is required for integrations with an integrationSubtype"},
	}, httpProxy, func(i apigw.RouteIntegration) error {
		_, err := w.CreateRouteIntegration(t.Context(), w.scope, api.ID, i)
		return err
	})
	for _, uri := range []string{functionARN, "arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.f}",
		"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + functionARN + "/invocations"} {
		made := must[*apigw.RouteIntegration](t)(w.CreateRouteIntegration(t.Context(), w.scope, api.ID, apigw.RouteIntegration{Type: apigw.IntegrationAWSProxy, URI: uri, PayloadFormat: "2.0"}))
		want := &apigw.RouteIntegration{ID: made.ID, Type: "AWS_PROXY", URI: uri, Method: "POST", ConnectionType: "INTERNET", PayloadFormat: "2.0", TimeoutMillis: 30000}
		if d := cmp.Diff(want, made); d != "" {
			t.Error(d)
		}
	}
}

func TestRouteAuthorizerRefusals(t *testing.T) {
	w := newWorld(t)
	api := w.newHTTPAPI()
	must[*apigw.RouteAuthorizer](t)(w.CreateRouteAuthorizer(t.Context(), w.scope, api.ID, jwtAuthorizer("taken")))
	type change = struct {
		change func(*apigw.RouteAuthorizer)
		want   string
	}
	request := func(then func(*apigw.RouteAuthorizer)) func(*apigw.RouteAuthorizer) {
		return func(a *apigw.RouteAuthorizer) { *a = requestAuthorizer("new"); then(a) }
	}
	const jwtSource = "Invalid identity source specified for a JWT authorizer: it has one, such as $request.header.Authorization"
	refusals(t, map[string]change{
		"no name":         {func(a *apigw.RouteAuthorizer) { a.Name = " " }, "Authorizer name cannot be empty"},
		"name taken":      {func(a *apigw.RouteAuthorizer) { a.Name = "taken" }, "Authorizer name must be unique. Authorizer taken already exists in this RestApi."},
		"type":            {func(a *apigw.RouteAuthorizer) { a.Type = "TOKEN" }, "Invalid authorizer type specified: TOKEN. Must be one of [REQUEST, JWT]"},
		"no source":       {func(a *apigw.RouteAuthorizer) { a.IdentitySource = nil }, jwtSource},
		"two sources":     {func(a *apigw.RouteAuthorizer) { a.IdentitySource = append(a.IdentitySource, "$request.header.x") }, jwtSource},
		"source":          {func(a *apigw.RouteAuthorizer) { a.IdentitySource = []string{"method.request.header.x"} }, jwtSource},
		"no issuer":       {func(a *apigw.RouteAuthorizer) { a.Issuer = "" }, "Issuer is a required parameter for JWT authorizer"},
		"issuer":          {func(a *apigw.RouteAuthorizer) { a.Issuer = "issuer" }, "Invalid issuer specified: issuer. It should be the URL that tokens have as their iss"},
		"audiences":       {func(a *apigw.RouteAuthorizer) { a.Audience = make([]string, 51) }, "A JWT authorizer has at most 50 audiences"},
		"JWT's address":   {func(a *apigw.RouteAuthorizer) { a.URI = functionARN }, "AuthorizerUri, AuthorizerCredentialsArn, AuthorizerPayloadFormatVersion, AuthorizerResultTtlInSeconds and EnableSimpleResponses are of REQUEST authorizers"},
		"no version":      {request(func(a *apigw.RouteAuthorizer) { a.PayloadFormat = "" }), "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer"},
		"version":         {request(func(a *apigw.RouteAuthorizer) { a.PayloadFormat = "3.0" }), "Invalid authorizer payload format version specified: 3.0. Must be one of [1.0, 2.0]"},
		"simple with 1.0": {request(func(a *apigw.RouteAuthorizer) { a.PayloadFormat, a.SimpleResponses = "1.0", true }), "EnableSimpleResponses needs the authorizer payload format version 2.0"},
		"TTL":             {request(func(a *apigw.RouteAuthorizer) { a.TTLSeconds = 3601 }), "Authorizer result TTL must be between 0 and 3600 seconds"},
		"TTL, no source":  {request(func(a *apigw.RouteAuthorizer) { a.TTLSeconds = 1 }), "Identity source is required for authorizers of type REQUEST when caching is enabled"},
		"request source":  {request(func(a *apigw.RouteAuthorizer) { a.IdentitySource = []string{"route.request.header.x"} }), "Invalid identity source specified: route.request.header.x"},
		"no address":      {request(func(a *apigw.RouteAuthorizer) { a.URI = "" }), "Authorizer URI cannot be empty for authorizers of type REQUEST"},
		"audience":        {request(func(a *apigw.RouteAuthorizer) { a.Audience = []string{"a"} }), "A jwtConfiguration is of JWT authorizers"},
	}, func() apigw.RouteAuthorizer { return jwtAuthorizer("new") }, func(a apigw.RouteAuthorizer) error {
		_, err := w.CreateRouteAuthorizer(t.Context(), w.scope, api.ID, a)
		return err
	})
}

// TestRouteLimits: what is full answers so, and says of what (developer guide,
// "Quotas for HTTP APIs").
func TestRouteLimits(t *testing.T) {
	w := newWorldWith(t, Options{Limits: Limits{Routes: 2, RouteIntegrations: 2, RouteAuthorizers: 2, RouteStages: 2, RouteModels: 2}})
	api, chat := w.newHTTPAPI(), w.newWebSocketAPI()
	for what, make := range map[string]func(n string) error{
		"Routes": func(n string) error {
			_, err := w.CreateRoute(t.Context(), w.scope, api.ID, apigw.Route{Key: "GET /" + n})
			return err
		},
		"Integrations": func(string) error {
			_, err := w.CreateRouteIntegration(t.Context(), w.scope, api.ID, httpProxy())
			return err
		},
		"Authorizers": func(n string) error {
			_, err := w.CreateRouteAuthorizer(t.Context(), w.scope, api.ID, jwtAuthorizer(n))
			return err
		},
		"Models": func(n string) error {
			_, err := w.CreateRouteModel(t.Context(), w.scope, chat.ID, apigw.RouteModel{Name: "m" + n, Schema: "{}"})
			return err
		},
		"Stages": func(n string) error {
			_, err := w.CreateRouteStage(t.Context(), w.scope, api.ID, apigw.Stage{Name: apigw.StageName("s" + n)})
			return err
		},
	} {
		for n := range 2 {
			if err := make(fmt.Sprint(n)); err != nil {
				t.Fatal(what, err)
			}
		}
		wantError(t, make("2"), apigw.LimitExceeded, "Maximum number of "+what+" for this API has been reached: 2")
	}
}
