package main

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	v1types "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// refusedMember is a member that a WebSocket API can't have: the refusal names
// it, or what is wrong with it.
type refusedMember struct {
	value any
	says  string
}

// TestEveryMemberOfSockets changes each member of AWS's model alone, of everything
// that a WebSocket API has, and reads it back; what isn't kept is refused by name.
func TestEveryMemberOfSockets(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	a := s.socketAPI()
	ctx := t.Context()
	function := aws.String("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations")
	integration := a.integrate(types.IntegrationTypeHttp, "http://127.0.0.1:9/a")
	answer := must1(a.c.CreateIntegrationResponse(ctx, &api.CreateIntegrationResponseInput{ApiId: &a.id, IntegrationId: &integration, IntegrationResponseKey: aws.String("$default")}))(t).IntegrationResponseId
	connect, _ := a.route("$connect", integration), a.route("say", integration)
	route := must1(a.c.CreateRoute(ctx, &api.CreateRouteInput{ApiId: &a.id, RouteKey: aws.String("other"), Target: aws.String("integrations/" + integration)}))(t).RouteId
	response := must1(a.c.CreateRouteResponse(ctx, &api.CreateRouteResponseInput{ApiId: &a.id, RouteId: route, RouteResponseKey: aws.String("$default")}))(t).RouteResponseId
	must1(a.c.CreateModel(ctx, &api.CreateModelInput{ApiId: &a.id, Name: aws.String("M"), ContentType: aws.String("application/json"), Schema: aws.String("{}")}))(t)
	authorizer := must1(a.c.CreateAuthorizer(ctx, &api.CreateAuthorizerInput{ApiId: &a.id, Name: aws.String("a"), AuthorizerType: types.AuthorizerTypeRequest, AuthorizerUri: function,
		IdentitySource: []string{"route.request.querystring.q"}}))(t).AuthorizerId
	spare := must1(a.c.CreateModel(ctx, &api.CreateModelInput{ApiId: &a.id, Name: aws.String("Spare"), ContentType: aws.String("application/json"), Schema: aws.String("{}")}))(t).ModelId
	must1(a.c.UpdateRoute(ctx, &api.UpdateRouteInput{ApiId: &a.id, RouteId: &connect, AuthorizationType: types.AuthorizationTypeCustom, AuthorizerId: authorizer}))(t)
	must1(s.sdk().UpdateAccount(ctx, &apigateway.UpdateAccountInput{PatchOperations: []v1types.PatchOperation{replace("/cloudwatchRoleArn", "arn:aws:iam::000000000000:role/logs")}}))(t)
	a.deploy()
	deployment := must1(a.c.CreateDeployment(ctx, &api.CreateDeploymentInput{ApiId: &a.id}))(t).DeploymentId
	prod := aws.String("prod")
	text := func(v string) *string { return &v }

	for _, op := range []struct {
		in      any            // with the names of what is changed
		members map[string]any // each with the value that is set, or a refusedMember
	}{
		{&api.UpdateApiInput{ApiId: &a.id}, map[string]any{
			"Name": text("n"), "Description": text("d"), "Version": text("2"), "RouteSelectionExpression": text("${request.body.a}/${request.body.b}"),
			"ApiKeySelectionExpression": text("$context.authorizer.usageIdentifierKey"), "DisableExecuteApiEndpoint": aws.Bool(true), "DisableSchemaValidation": aws.Bool(true),
			"IpAddressType":     types.IpAddressTypeDualstack,
			"CorsConfiguration": refusedMember{&types.Cors{AllowOrigins: []string{"*"}}, "cors"},
			"Target":            refusedMember{text("http://127.0.0.1:9/"), "quick create"}, "RouteKey": refusedMember{text("$default"), "quick create"}, "CredentialsArn": refusedMember{text("arn:aws:iam::000000000000:role/r"), "quick create"},
		}},
		{&api.UpdateRouteInput{ApiId: &a.id, RouteId: &connect}, map[string]any{
			"ApiKeyRequired": aws.Bool(true), "AuthorizationType": types.AuthorizationTypeCustom, "AuthorizerId": authorizer, "ModelSelectionExpression": text("$request.body.kind"),
			"OperationName": text("Connect"), "RequestModels": map[string]string{"$default": "M"},
			"RequestParameters":                map[string]types.ParameterConstraints{"route.request.querystring.q": {Required: aws.Bool(true)}},
			"RouteResponseSelectionExpression": text("$default"), "Target": text("integrations/" + integration), "RouteKey": text("renamed"),
			"AuthorizationScopes": refusedMember{[]string{"a"}, "scopes"},
		}},
		{&api.UpdateIntegrationInput{ApiId: &a.id, IntegrationId: &integration}, map[string]any{
			"ContentHandlingStrategy": types.ContentHandlingStrategyConvertToBinary, "Description": text("d"), "IntegrationMethod": text("PUT"), "IntegrationUri": text("http://127.0.0.1:9/b"),
			"PassthroughBehavior": types.PassthroughBehaviorNever, "RequestParameters": map[string]string{"integration.request.header.connectionId": "context.connectionId", "integration.request.header.h": "'v'"},
			"RequestTemplates": map[string]string{"$default": "{}"}, "TemplateSelectionExpression": text("$request.body.t"), "TimeoutInMillis": aws.Int32(500),
			"IntegrationType": types.IntegrationTypeHttpProxy, "ConnectionType": types.ConnectionTypeInternet, "PayloadFormatVersion": text("1.0"),
			"CredentialsArn":     text("arn:aws:iam::000000000000:role/r"),
			"ConnectionId":       refusedMember{text("v"), "connection"},
			"IntegrationSubtype": refusedMember{text("SQS-SendMessage"), "subtype"},
			"ResponseParameters": refusedMember{map[string]map[string]string{"200": {"overwrite:header.h": "v"}}, "response"},
			"TlsConfig":          refusedMember{&types.TlsConfigInput{ServerNameToVerify: text("a.example")}, "tls"},
		}},
		{&api.UpdateIntegrationResponseInput{ApiId: &a.id, IntegrationId: &integration, IntegrationResponseId: answer}, map[string]any{
			"ContentHandlingStrategy": types.ContentHandlingStrategyConvertToText, "IntegrationResponseKey": text("/2\\d\\d/"), "ResponseTemplates": map[string]string{"$default": "x"},
			"TemplateSelectionExpression": text("${integration.response.statuscode}"), "ResponseParameters": map[string]string{"route.response.header.h": "integration.response.header.h"},
		}},
		{&api.UpdateRouteResponseInput{ApiId: &a.id, RouteId: route, RouteResponseId: response}, map[string]any{
			"ModelSelectionExpression": text("$integration.response.body.a"), "ResponseModels": map[string]string{"$default": "M"},
			"ResponseParameters": map[string]types.ParameterConstraints{"route.response.header.h": {Required: aws.Bool(false)}}, "RouteResponseKey": text("$default"),
		}},
		{&api.UpdateModelInput{ApiId: &a.id, ModelId: spare}, map[string]any{
			"ContentType": text("application/x"), "Description": text("d"), "Name": text("N"), "Schema": text(`{"type":"object"}`),
		}},
		{&api.UpdateAuthorizerInput{ApiId: &a.id, AuthorizerId: authorizer}, map[string]any{
			"AuthorizerCredentialsArn": text("arn:aws:iam::000000000000:role/r"), "AuthorizerType": types.AuthorizerTypeRequest, "AuthorizerUri": function,
			"IdentitySource": []string{"route.request.header.X-Auth"}, "Name": text("b"),
			"AuthorizerPayloadFormatVersion": refusedMember{text("2.0"), "payload"},
			"AuthorizerResultTtlInSeconds":   refusedMember{aws.Int32(60), "ttl"},
			"EnableSimpleResponses":          refusedMember{aws.Bool(true), "simple"},
			"IdentityValidationExpression":   refusedMember{text(".*"), "identityvalidation"},
			"JwtConfiguration":               refusedMember{&types.JWTConfiguration{Issuer: text("https://a.example"), Audience: []string{"a"}}, "jwt"},
		}},
		{&api.UpdateStageInput{ApiId: &a.id, StageName: prod}, map[string]any{
			"AccessLogSettings": &types.AccessLogSettings{DestinationArn: text("arn:aws:logs:us-east-1:000000000000:log-group:g"), Format: text("$context.requestId")},
			"DeploymentId":      deployment, "Description": text("d"), "StageVariables": map[string]string{"v": "1"},
			"DefaultRouteSettings": &types.RouteSettings{LoggingLevel: types.LoggingLevelInfo, DataTraceEnabled: aws.Bool(true), DetailedMetricsEnabled: aws.Bool(true), ThrottlingBurstLimit: aws.Int32(7), ThrottlingRateLimit: aws.Float64(3)},
			"RouteSettings":        map[string]types.RouteSettings{"say": {LoggingLevel: types.LoggingLevelError, ThrottlingBurstLimit: aws.Int32(1), ThrottlingRateLimit: aws.Float64(1), DataTraceEnabled: aws.Bool(false), DetailedMetricsEnabled: aws.Bool(false)}},
			"AutoDeploy":           aws.Bool(true),
			"ClientCertificateId":  refusedMember{text("abcdef"), "certificate"},
		}},
		{&api.UpdateDeploymentInput{ApiId: &a.id, DeploymentId: deployment}, map[string]any{"Description": text("d")}},
	} {
		name := strings.TrimSuffix(reflect.TypeOf(op.in).Elem().Name(), "Input")
		t.Run(name, func(t *testing.T) {
			template := reflect.ValueOf(op.in).Elem()
			for i := range slices.Backward(make([]struct{}, template.NumField())) { // autoDeploy comes last: it takes deploymentId's place
				field := template.Type().Field(i)
				if !field.IsExported() || !template.Field(i).IsZero() {
					continue
				}
				value, known := op.members[field.Name]
				if !known {
					t.Errorf("nobody knows what becomes of %s", field.Name)
					continue
				}
				in := reflect.New(template.Type())
				in.Elem().Set(template)
				refused, isRefused := value.(refusedMember)
				if isRefused {
					value = refused.value
				}
				in.Elem().Field(i).Set(reflect.ValueOf(value))
				results := reflect.ValueOf(a.c).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(context.Background()), in})
				err, _ := results[1].Interface().(error)
				if isRefused {
					if err == nil || !strings.Contains(strings.ToLower(err.Error()), refused.says) {
						t.Errorf("%s: %v, want a refusal that says %s", field.Name, err, refused.says)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s: %v", field.Name, err)
					continue
				}
				got := results[0].Elem().FieldByName(field.Name)
				if d := cmp.Diff(value, got.Interface(), cmpopts.IgnoreUnexported(types.AccessLogSettings{}, types.RouteSettings{}, types.ParameterConstraints{})); d != "" {
					t.Errorf("%s: %s", field.Name, d)
				}
			}
			for member := range op.members {
				if !slices.ContainsFunc(reflect.VisibleFields(template.Type()), func(f reflect.StructField) bool { return f.Name == member }) {
					t.Errorf("the model has no %s", member)
				}
			}
		})
	}
}
