package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	api "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

const routesDocument = `{"openapi":"3.0.1","info":{"title":"imported","version":"1"},"paths":{"/pets":{"get":{"x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","payloadFormatVersion":"1.0","uri":"https://backend.example"}}}}}`

const mockDocument = `{"swagger":"2.0","info":{"title":"rest","version":"1"},"paths":{"/":{"get":{"responses":{},"x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\": 200}"}}}}}}`

var one = aws.String("1")

// routesWalked is what the walk makes once and its parts share.
type routesWalked struct{ http, socket, integration, route, deployment *string }

// everything makes what the model has, reads, lists, changes and deletes it.
func (w *routeWalk) everything(s *server) {
	x := new(routesWalked)
	w.apis(x)
	w.integrations(x)
	w.links()
	w.routes(x)
	w.authorizers(x)
	w.models(x)
	w.responses(x)
	w.stages(x)
	w.imports(x)
	w.domainNames(s, x)
	w.tags(x)
	w.DeleteRoute(w.ctx, &api.DeleteRouteInput{ApiId: x.http, RouteId: x.route})
	w.DeleteIntegration(w.ctx, &api.DeleteIntegrationInput{ApiId: x.http, IntegrationId: x.integration})
	w.DeleteApi(w.ctx, &api.DeleteApiInput{ApiId: x.http})
	w.DeleteApi(w.ctx, &api.DeleteApiInput{ApiId: x.socket})
}

func (w *routeWalk) apis(x *routesWalked) {
	made, _ := w.CreateApi(w.ctx, &api.CreateApiInput{Name: aws.String("walk"), ProtocolType: types.ProtocolTypeHttp})
	w.same("created", []any{made.Tags, *made.RouteSelectionExpression, *made.ApiKeySelectionExpression, *made.ApiEndpoint},
		[]any{map[string]string(nil), "$request.method $request.path", "$request.header.x-api-key", "https://" + *made.ApiId + ".execute-api.us-east-1.amazonaws.com"})
	socket, _ := w.CreateApi(w.ctx, &api.CreateApiInput{Name: aws.String("socket"), ProtocolType: types.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action")})
	x.http, x.socket = made.ApiId, socket.ApiId
	changed, _ := w.UpdateApi(w.ctx, &api.UpdateApiInput{ApiId: x.http, Description: aws.String("d"), CorsConfiguration: &types.Cors{AllowOrigins: []string{"*"}, AllowMethods: []string{"GET"}, MaxAge: aws.Int32(-1)}})
	w.same("CORS", []any{changed.CorsConfiguration.AllowOrigins, changed.CorsConfiguration.AllowHeaders, *changed.CorsConfiguration.MaxAge}, []any{[]string{"*"}, []string(nil), int32(-1)})
	w.DeleteCorsConfiguration(w.ctx, &api.DeleteCorsConfigurationInput{ApiId: x.http})
	read, _ := w.GetApi(w.ctx, &api.GetApiInput{ApiId: x.http})
	w.same("read", []any{read.CorsConfiguration, *read.Description, read.Tags, read.CreatedDate.Equal(*made.CreatedDate)}, []any{(*types.Cors)(nil), "d", map[string]string{}, true})
	w.paged("GetApis", 2, func(token *string) (int, *string) {
		out, _ := w.GetApis(w.ctx, &api.GetApisInput{MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
}

func (w *routeWalk) integrations(x *routesWalked) {
	made, _ := w.CreateIntegration(w.ctx, &api.CreateIntegrationInput{ApiId: x.http, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("ANY"), IntegrationUri: aws.String("https://backend.example")})
	w.same("defaults", []any{made.ConnectionType, *made.TimeoutInMillis, *made.PayloadFormatVersion}, []any{types.ConnectionTypeInternet, int32(30000), "1.0"})
	x.integration = made.IntegrationId
	gone, _ := w.CreateIntegration(w.ctx, &api.CreateIntegrationInput{ApiId: x.http, IntegrationType: types.IntegrationTypeAwsProxy, PayloadFormatVersion: aws.String("2.0"), IntegrationUri: aws.String("arn:aws:lambda:us-east-1:000000000000:function:f")})
	w.same("method", *gone.IntegrationMethod, "POST")
	w.UpdateIntegration(w.ctx, &api.UpdateIntegrationInput{ApiId: x.http, IntegrationId: gone.IntegrationId, RequestParameters: map[string]string{"append:header.a": "1", "append:header.b": "2"},
		ResponseParameters: map[string]map[string]string{"404": {"overwrite:statuscode": "403"}, "500": {"append:header.a": "1"}}})
	w.UpdateIntegration(w.ctx, &api.UpdateIntegrationInput{ApiId: x.http, IntegrationId: gone.IntegrationId, RequestParameters: map[string]string{"append:header.a": ""}, ResponseParameters: map[string]map[string]string{"500": {}}})
	read, _ := w.GetIntegration(w.ctx, &api.GetIntegrationInput{ApiId: x.http, IntegrationId: gone.IntegrationId})
	w.same("parameters", []any{read.RequestParameters, read.ResponseParameters}, []any{map[string]string{"append:header.b": "2"}, map[string]map[string]string{"404": {"overwrite:statuscode": "403"}}})
	w.paged("GetIntegrations", 2, func(token *string) (int, *string) {
		out, _ := w.GetIntegrations(w.ctx, &api.GetIntegrationsInput{ApiId: x.http, MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	w.DeleteIntegration(w.ctx, &api.DeleteIntegrationInput{ApiId: x.http, IntegrationId: gone.IntegrationId})
}

// links are VPC links of version 2.
func (w *routeWalk) links() {
	made, _ := w.CreateVpcLink(w.ctx, &api.CreateVpcLinkInput{Name: aws.String("walk"), SubnetIds: []string{"subnet-1", "subnet-2"}, SecurityGroupIds: []string{"sg-1"}})
	w.same("link", []any{made.VpcLinkStatus, made.VpcLinkVersion, made.SubnetIds}, []any{types.VpcLinkStatusPending, types.VpcLinkVersionV2, []string{"subnet-1", "subnet-2"}})
	w.UpdateVpcLink(w.ctx, &api.UpdateVpcLinkInput{VpcLinkId: made.VpcLinkId, Name: aws.String("link")})
	read, _ := w.GetVpcLink(w.ctx, &api.GetVpcLinkInput{VpcLinkId: made.VpcLinkId})
	w.same("link", []any{*read.Name, read.VpcLinkStatus, read.SecurityGroupIds, read.Tags}, []any{"link", types.VpcLinkStatusAvailable, []string{"sg-1"}, map[string]string{}})
	other, _ := w.CreateVpcLink(w.ctx, &api.CreateVpcLinkInput{Name: aws.String("other"), SubnetIds: []string{"subnet-1"}})
	w.paged("GetVpcLinks", 2, func(token *string) (int, *string) {
		out, _ := w.GetVpcLinks(w.ctx, &api.GetVpcLinksInput{MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	for _, id := range []*string{made.VpcLinkId, other.VpcLinkId} {
		w.DeleteVpcLink(w.ctx, &api.DeleteVpcLinkInput{VpcLinkId: id})
	}
}

func (w *routeWalk) routes(x *routesWalked) {
	target := aws.String("integrations/" + *x.integration)
	made, _ := w.CreateRoute(w.ctx, &api.CreateRouteInput{ApiId: x.http, RouteKey: aws.String("GET /pets/{id}"), Target: target})
	x.route = made.RouteId
	w.UpdateRoute(w.ctx, &api.UpdateRouteInput{ApiId: x.http, RouteId: x.route, OperationName: aws.String("getPet"), RouteKey: aws.String("ANY /pets/{id}")})
	read, _ := w.GetRoute(w.ctx, &api.GetRouteInput{ApiId: x.http, RouteId: x.route})
	w.same("route", []any{*read.RouteKey, *read.Target, *read.OperationName, *read.ApiKeyRequired, read.AuthorizationType}, []any{"ANY /pets/{id}", *target, "getPet", false, types.AuthorizationTypeNone})
	second, _ := w.CreateRoute(w.ctx, &api.CreateRouteInput{ApiId: x.http, RouteKey: aws.String("$default"), Target: target})
	w.paged("GetRoutes", 2, func(token *string) (int, *string) {
		out, _ := w.GetRoutes(w.ctx, &api.GetRoutesInput{ApiId: x.http, MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	w.DeleteRoute(w.ctx, &api.DeleteRouteInput{ApiId: x.http, RouteId: second.RouteId})
}

func (w *routeWalk) authorizers(x *routesWalked) {
	jwt, _ := w.CreateAuthorizer(w.ctx, &api.CreateAuthorizerInput{ApiId: x.http, Name: aws.String("jwt"), AuthorizerType: types.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"},
		JwtConfiguration: &types.JWTConfiguration{Issuer: aws.String(keyServer(w.T)), Audience: []string{"a"}}})
	request, _ := w.CreateAuthorizer(w.ctx, &api.CreateAuthorizerInput{ApiId: x.http, Name: aws.String("request"), AuthorizerType: types.AuthorizerTypeRequest, IdentitySource: []string{"$request.header.Authorization"},
		AuthorizerPayloadFormatVersion: aws.String("2.0"), AuthorizerUri: aws.String("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations")})
	w.UpdateAuthorizer(w.ctx, &api.UpdateAuthorizerInput{ApiId: x.http, AuthorizerId: request.AuthorizerId, EnableSimpleResponses: aws.Bool(true), AuthorizerResultTtlInSeconds: aws.Int32(60)})
	read, _ := w.GetAuthorizer(w.ctx, &api.GetAuthorizerInput{ApiId: x.http, AuthorizerId: request.AuthorizerId})
	w.same("authorizer", []any{*read.EnableSimpleResponses, *read.AuthorizerResultTtlInSeconds, read.JwtConfiguration}, []any{true, int32(60), (*types.JWTConfiguration)(nil)})
	w.paged("GetAuthorizers", 2, func(token *string) (int, *string) {
		out, _ := w.GetAuthorizers(w.ctx, &api.GetAuthorizersInput{ApiId: x.http, MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	for _, id := range []*string{jwt.AuthorizerId, request.AuthorizerId} {
		w.DeleteAuthorizer(w.ctx, &api.DeleteAuthorizerInput{ApiId: x.http, AuthorizerId: id})
	}
}

func (w *routeWalk) models(x *routesWalked) {
	made, _ := w.CreateModel(w.ctx, &api.CreateModelInput{ApiId: x.socket, Name: aws.String("Message"), ContentType: aws.String("application/json"), Schema: aws.String(`{"type":"object","properties":{"a":{"type":"string"}}}`)})
	w.UpdateModel(w.ctx, &api.UpdateModelInput{ApiId: x.socket, ModelId: made.ModelId, Description: aws.String("d")})
	read, _ := w.GetModel(w.ctx, &api.GetModelInput{ApiId: x.socket, ModelId: made.ModelId})
	w.same("model", []string{*read.Name, *read.Description}, []string{"Message", "d"})
	template, _ := w.GetModelTemplate(w.ctx, &api.GetModelTemplateInput{ApiId: x.socket, ModelId: made.ModelId})
	w.same("template", strings.Contains(*template.Value, `"a"`), true)
	w.paged("GetModels", 1, func(token *string) (int, *string) {
		out, _ := w.GetModels(w.ctx, &api.GetModelsInput{ApiId: x.socket, MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	w.DeleteModel(w.ctx, &api.DeleteModelInput{ApiId: x.socket, ModelId: made.ModelId})
}

// responses are of WebSocket APIs.
func (w *routeWalk) responses(x *routesWalked) {
	made, _ := w.CreateIntegration(w.ctx, &api.CreateIntegrationInput{ApiId: x.socket, IntegrationType: types.IntegrationTypeMock})
	w.same("defaults", []any{*made.TimeoutInMillis, made.PassthroughBehavior}, []any{int32(29000), types.PassthroughBehaviorWhenNoMatch})
	of := made.IntegrationId
	answer, _ := w.CreateIntegrationResponse(w.ctx, &api.CreateIntegrationResponseInput{ApiId: x.socket, IntegrationId: of, IntegrationResponseKey: aws.String("$default")})
	w.UpdateIntegrationResponse(w.ctx, &api.UpdateIntegrationResponseInput{ApiId: x.socket, IntegrationId: of, IntegrationResponseId: answer.IntegrationResponseId, ResponseTemplates: map[string]string{"$default": "hello"}})
	answered, _ := w.GetIntegrationResponse(w.ctx, &api.GetIntegrationResponseInput{ApiId: x.socket, IntegrationId: of, IntegrationResponseId: answer.IntegrationResponseId})
	w.same("templates", answered.ResponseTemplates, map[string]string{"$default": "hello"})
	w.paged("GetIntegrationResponses", 1, func(token *string) (int, *string) {
		out, _ := w.GetIntegrationResponses(w.ctx, &api.GetIntegrationResponsesInput{ApiId: x.socket, IntegrationId: of, MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	w.DeleteIntegrationResponse(w.ctx, &api.DeleteIntegrationResponseInput{ApiId: x.socket, IntegrationId: of, IntegrationResponseId: answer.IntegrationResponseId})

	route, _ := w.CreateRoute(w.ctx, &api.CreateRouteInput{ApiId: x.socket, RouteKey: aws.String("$connect"), RequestParameters: map[string]types.ParameterConstraints{"route.request.querystring.q": {Required: aws.Bool(true)}}})
	w.DeleteRouteRequestParameter(w.ctx, &api.DeleteRouteRequestParameterInput{ApiId: x.socket, RouteId: route.RouteId, RequestParameterKey: aws.String("route.request.querystring.q")})
	read, _ := w.GetRoute(w.ctx, &api.GetRouteInput{ApiId: x.socket, RouteId: route.RouteId})
	w.same("parameters", len(read.RequestParameters), 0)
	response, _ := w.CreateRouteResponse(w.ctx, &api.CreateRouteResponseInput{ApiId: x.socket, RouteId: route.RouteId, RouteResponseKey: aws.String("$default")})
	w.UpdateRouteResponse(w.ctx, &api.UpdateRouteResponseInput{ApiId: x.socket, RouteId: route.RouteId, RouteResponseId: response.RouteResponseId, ModelSelectionExpression: aws.String("$integration.response.body.a")})
	responded, _ := w.GetRouteResponse(w.ctx, &api.GetRouteResponseInput{ApiId: x.socket, RouteId: route.RouteId, RouteResponseId: response.RouteResponseId})
	w.same("response", *responded.ModelSelectionExpression, "$integration.response.body.a")
	w.paged("GetRouteResponses", 1, func(token *string) (int, *string) {
		out, _ := w.GetRouteResponses(w.ctx, &api.GetRouteResponsesInput{ApiId: x.socket, RouteId: route.RouteId, MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	w.DeleteRouteResponse(w.ctx, &api.DeleteRouteResponseInput{ApiId: x.socket, RouteId: route.RouteId, RouteResponseId: response.RouteResponseId})
}

func (w *routeWalk) stages(x *routesWalked) {
	dev := aws.String("dev")
	key := aws.String("ANY /pets/{id}")
	w.CreateStage(w.ctx, &api.CreateStageInput{ApiId: x.http, StageName: dev, StageVariables: map[string]string{"a": "1", "b": "2"}})
	made, _ := w.CreateDeployment(w.ctx, &api.CreateDeploymentInput{ApiId: x.http, StageName: dev})
	second, _ := w.CreateDeployment(w.ctx, &api.CreateDeploymentInput{ApiId: x.http})
	x.deployment = made.DeploymentId
	w.UpdateDeployment(w.ctx, &api.UpdateDeploymentInput{ApiId: x.http, DeploymentId: x.deployment, Description: aws.String("d")})
	read, _ := w.GetDeployment(w.ctx, &api.GetDeploymentInput{ApiId: x.http, DeploymentId: x.deployment})
	w.same("deployment", []any{*read.Description, read.DeploymentStatus, *read.AutoDeployed}, []any{"d", types.DeploymentStatusDeployed, false})
	w.paged("GetDeployments", 2, func(token *string) (int, *string) {
		out, _ := w.GetDeployments(w.ctx, &api.GetDeploymentsInput{ApiId: x.http, MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	w.DeleteDeployment(w.ctx, &api.DeleteDeploymentInput{ApiId: x.http, DeploymentId: second.DeploymentId})
	w.UpdateStage(w.ctx, &api.UpdateStageInput{ApiId: x.http, StageName: dev, StageVariables: map[string]string{"a": ""},
		AccessLogSettings:    &types.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:us-east-1:000000000000:log-group:g"), Format: aws.String("$context.requestId")},
		DefaultRouteSettings: &types.RouteSettings{ThrottlingRateLimit: aws.Float64(2.5), ThrottlingBurstLimit: aws.Int32(3)},
		RouteSettings:        map[string]types.RouteSettings{*key: {DetailedMetricsEnabled: aws.Bool(true)}}})
	stage, _ := w.GetStage(w.ctx, &api.GetStageInput{ApiId: x.http, StageName: dev})
	w.same("stage", []any{stage.StageVariables, *stage.DefaultRouteSettings.ThrottlingRateLimit, *stage.RouteSettings[*key].DetailedMetricsEnabled, *stage.AccessLogSettings.Format},
		[]any{map[string]string{"b": "2"}, 2.5, true, "$context.requestId"})
	w.DeleteRouteSettings(w.ctx, &api.DeleteRouteSettingsInput{ApiId: x.http, StageName: dev, RouteKey: key})
	w.DeleteAccessLogSettings(w.ctx, &api.DeleteAccessLogSettingsInput{ApiId: x.http, StageName: dev})
	w.ResetAuthorizersCache(w.ctx, &api.ResetAuthorizersCacheInput{ApiId: x.http, StageName: dev})
	w.CreateStage(w.ctx, &api.CreateStageInput{ApiId: x.http, StageName: aws.String("$default"), AutoDeploy: aws.Bool(true)})
	w.paged("GetStages", 2, func(token *string) (int, *string) {
		out, _ := w.GetStages(w.ctx, &api.GetStagesInput{ApiId: x.http, MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	left, _ := w.GetStage(w.ctx, &api.GetStageInput{ApiId: x.http, StageName: dev})
	w.same("taken back", []any{len(left.RouteSettings), left.AccessLogSettings}, []any{0, (*types.AccessLogSettings)(nil)})
	w.DeleteStage(w.ctx, &api.DeleteStageInput{ApiId: x.http, StageName: dev})
}

func (w *routeWalk) imports(x *routesWalked) {
	made, _ := w.ImportApi(w.ctx, &api.ImportApiInput{Body: aws.String(routesDocument)})
	w.ReimportApi(w.ctx, &api.ReimportApiInput{ApiId: made.ApiId, Body: aws.String(strings.Replace(routesDocument, `"imported"`, `"again"`, 1)), Basepath: aws.String("ignore"), FailOnWarnings: aws.Bool(true)})
	for _, stage := range []*string{nil, aws.String("$default")} {
		doc, _ := w.ExportApi(w.ctx, &api.ExportApiInput{ApiId: x.http, Specification: aws.String("OAS30"), OutputType: aws.String("YAML"), StageName: stage})
		w.same("export", strings.Contains(string(doc.Body), "/pets/{id}"), true)
	}
	w.DeleteApi(w.ctx, &api.DeleteApiInput{ApiId: made.ApiId})
}

func (w *routeWalk) domainNames(s *server, x *routesWalked) {
	name := aws.String("walk.example.com")
	made, _ := w.CreateDomainName(w.ctx, &api.CreateDomainNameInput{DomainName: name, DomainNameConfigurations: []types.DomainNameConfiguration{
		{CertificateArn: aws.String(s.certificate("*.example.com")), EndpointType: types.EndpointTypeRegional, SecurityPolicy: types.SecurityPolicyTls12}}})
	w.same("domain name", []any{made.DomainNameConfigurations[0].DomainNameStatus, made.RoutingMode, made.Tags}, []any{types.DomainNameStatusAvailable, types.RoutingModeApiMappingOnly, map[string]string{}})
	changed, _ := w.UpdateDomainName(w.ctx, &api.UpdateDomainNameInput{DomainName: name, DomainNameConfigurations: []types.DomainNameConfiguration{{IpAddressType: types.IpAddressTypeDualstack}}})
	read, _ := w.GetDomainName(w.ctx, &api.GetDomainNameInput{DomainName: name})
	w.same("address type", []types.IpAddressType{changed.DomainNameConfigurations[0].IpAddressType, read.DomainNameConfigurations[0].IpAddressType}, []types.IpAddressType{"dualstack", "dualstack"})
	w.paged("GetDomainNames", 1, func(token *string) (int, *string) {
		out, _ := w.GetDomainNames(w.ctx, &api.GetDomainNamesInput{MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	mapping, _ := w.CreateApiMapping(w.ctx, &api.CreateApiMappingInput{DomainName: name, ApiId: x.http, Stage: aws.String("$default"), ApiMappingKey: aws.String("shop/v1")})
	w.UpdateApiMapping(w.ctx, &api.UpdateApiMappingInput{DomainName: name, ApiMappingId: mapping.ApiMappingId, ApiId: x.http, ApiMappingKey: aws.String("shop/v2")})
	mapped, _ := w.GetApiMapping(w.ctx, &api.GetApiMappingInput{DomainName: name, ApiMappingId: mapping.ApiMappingId})
	w.same("mapping", []string{*mapped.ApiMappingKey, *mapped.Stage}, []string{"shop/v2", "$default"})
	w.paged("GetApiMappings", 1, func(token *string) (int, *string) {
		out, _ := w.GetApiMappings(w.ctx, &api.GetApiMappingsInput{DomainName: name, MaxResults: one, NextToken: token})
		return len(out.Items), out.NextToken
	})
	w.DeleteApiMapping(w.ctx, &api.DeleteApiMappingInput{DomainName: name, ApiMappingId: mapping.ApiMappingId})
	w.routingRules(s, name)
	w.DeleteDomainName(w.ctx, &api.DeleteDomainNameInput{DomainName: name})
}

// routingRules lead to REST APIs only.
func (w *routeWalk) routingRules(s *server, name *string) {
	rest := s.mockAPI(w.T)
	to := []types.RoutingRuleAction{{InvokeApi: &types.RoutingRuleActionInvokeApi{ApiId: &rest, Stage: aws.String("dev")}}}
	rule, _ := w.CreateRoutingRule(w.ctx, &api.CreateRoutingRuleInput{DomainName: name, Priority: aws.Int32(2), Conditions: []types.RoutingRuleCondition{}, Actions: to})
	w.PutRoutingRule(w.ctx, &api.PutRoutingRuleInput{DomainName: name, RoutingRuleId: rule.RoutingRuleId, Priority: aws.Int32(5), Actions: to,
		Conditions: []types.RoutingRuleCondition{{MatchBasePaths: &types.RoutingRuleMatchBasePaths{AnyOf: []string{"v2"}}}}})
	read, _ := w.GetRoutingRule(w.ctx, &api.GetRoutingRuleInput{DomainName: name, RoutingRuleId: rule.RoutingRuleId})
	w.same("routing rule", []any{*read.Priority, read.Conditions[0].MatchBasePaths.AnyOf}, []any{int32(5), []string{"v2"}})
	w.paged("ListRoutingRules", 1, func(token *string) (int, *string) {
		out, _ := w.ListRoutingRules(w.ctx, &api.ListRoutingRulesInput{DomainName: name, MaxResults: aws.Int32(1), NextToken: token})
		return len(out.RoutingRules), out.NextToken
	})
	w.DeleteRoutingRule(w.ctx, &api.DeleteRoutingRuleInput{DomainName: name, RoutingRuleId: rule.RoutingRuleId})
}

// mockAPI is a REST API with a stage dev.
func (s *server) mockAPI(t *testing.T) string {
	t.Helper()
	made := must1(s.sdk().ImportRestApi(t.Context(), &apigateway.ImportRestApiInput{Body: []byte(mockDocument)}))(t)
	must1(s.sdk().CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: made.Id, StageName: aws.String("dev")}))(t)
	return *made.Id
}

func (w *routeWalk) tags(x *routesWalked) {
	for _, of := range []string{"", "/stages/$default"} {
		arn := aws.String("arn:aws:apigateway:us-east-1::/apis/" + *x.http + of)
		w.TagResource(w.ctx, &api.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"team": "blue", "gone": "x"}})
		w.UntagResource(w.ctx, &api.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"gone"}})
		tags, _ := w.GetTags(w.ctx, &api.GetTagsInput{ResourceArn: arn})
		w.same("tags", tags.Tags, map[string]string{"team": "blue"})
	}
}
