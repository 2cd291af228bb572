package awsapi

import (
	"cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

// What version 2 shows of each thing: which members always, which only where
// they are set (API Gateway V2 reference, and the examples of the AWS CLI's
// and of the developer guide).

// yes shows true and leaves false out.
func yes(v bool) *bool {
	if !v {
		return nil
	}
	return &v
}

// orEmpty shows a map even when there is nothing in it.
func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

// routeAPIView is an API as all operations but CreateApi show it.
func routeAPIView(c *Call) func(*apigw.RouteAPI) *v2.Api {
	return func(a *apigw.RouteAPI) *v2.Api {
		if a == nil {
			return nil
		}
		return &v2.Api{
			ApiId: set(a.ID), Name: &a.Name, ProtocolType: set(a.Protocol), ApiEndpoint: new(routeAPIEndpoint(c.Scope, a)),
			ApiKeySelectionExpression: set(a.APIKeySelection), RouteSelectionExpression: set(a.RouteSelection), CreatedDate: &a.Created,
			DisableExecuteApiEndpoint: &a.DisableExecuteAPIEndpoint, DisableSchemaValidation: yes(a.DisableSchemaValidation),
			IpAddressType: set(a.IPAddressType), Description: set(a.Description), Version: set(a.Version), CorsConfiguration: corsView(a.CORS),
			ApiGatewayManaged: yes(a.Managed), ImportInfo: omitEmpty(a.ImportInfo), Warnings: omitEmpty(a.Warnings), Tags: orEmpty(a.Tags),
		}
	}
}

// routeAPIEndpoint is the address under which AWS would serve an API.
func routeAPIEndpoint(s apigw.Scope, a *apigw.RouteAPI) string {
	scheme := "https://"
	if a.Protocol == apigw.ProtocolWebSocket {
		scheme = "wss://"
	}
	return scheme + string(a.ID) + ".execute-api." + s.Region + "." + apigw.DNSSuffix(s.Partition)
}

func corsView(k *apigw.CORS) *v2.Cors {
	if k == nil {
		return nil
	}
	return &v2.Cors{
		AllowOrigins: k.AllowOrigins, AllowMethods: k.AllowMethods, AllowHeaders: k.AllowHeaders, ExposeHeaders: k.ExposeHeaders,
		MaxAge: k.MaxAge, AllowCredentials: k.AllowCredentials,
	}
}

func routeView(r *apigw.Route) *v2.Route {
	if r == nil {
		return nil
	}
	out := &v2.Route{
		RouteId: set(r.ID), RouteKey: &r.Key, ApiKeyRequired: &r.APIKeyRequired, AuthorizationType: set(r.AuthorizationType),
		AuthorizerId: set(r.AuthorizerID), AuthorizationScopes: omitEmpty(r.AuthorizationScopes), OperationName: set(r.OperationName),
		ApiGatewayManaged: yes(r.Managed), ModelSelectionExpression: set(r.ModelSelection), RequestModels: shown(r.RequestModels),
		RequestParameters: constraintsView(r.RequestParameters), RouteResponseSelectionExpression: set(r.ResponseSelection),
	}
	if r.Target != "" {
		out.Target = new("integrations/" + string(r.Target))
	}
	return out
}

// constraintsView are the parameters of a route and whether each is required.
func constraintsView(m map[string]bool) map[string]*v2.ParameterConstraints {
	var out map[string]*v2.ParameterConstraints
	for name, required := range m {
		if out == nil {
			out = map[string]*v2.ParameterConstraints{}
		}
		out[name] = &v2.ParameterConstraints{Required: &required}
	}
	return out
}

func routeResponseView(r *apigw.RouteResponse) *v2.RouteResponse {
	if r == nil {
		return nil
	}
	return &v2.RouteResponse{
		RouteResponseId: set(r.ID), RouteResponseKey: &r.Key, ModelSelectionExpression: set(r.ModelSelection),
		ResponseModels: shown(r.ResponseModels), ResponseParameters: constraintsView(r.ResponseParameters),
	}
}

func routeIntegrationView(i *apigw.RouteIntegration) *v2.Integration {
	if i == nil {
		return nil
	}
	out := &v2.Integration{
		IntegrationId: set(i.ID), IntegrationType: set(i.Type), IntegrationSubtype: set(i.Subtype), IntegrationUri: set(i.URI),
		IntegrationMethod: set(i.Method), ConnectionType: set(i.ConnectionType), ConnectionId: set(i.ConnectionID),
		CredentialsArn: set(i.Credentials), Description: set(i.Description), PayloadFormatVersion: set(i.PayloadFormat),
		RequestParameters: shown(i.RequestParameters), ResponseParameters: shown(statusesView(i.ResponseParameters)),
		TimeoutInMillis: &i.TimeoutMillis, ApiGatewayManaged: yes(i.Managed),
		RequestTemplates: shown(i.RequestTemplates), TemplateSelectionExpression: set(i.TemplateSelection),
		PassthroughBehavior: set(i.Passthrough), ContentHandlingStrategy: set(i.ContentHandling),
		IntegrationResponseSelectionExpression: set(i.ResponseSelection),
	}
	if i.TLSServerName != nil {
		out.TlsConfig = &v2.TlsConfig{ServerNameToVerify: set(*i.TLSServerName)}
	}
	return out
}

func statusesView(m map[apigw.StatusCode]map[string]string) map[string]map[string]string {
	out := make(map[string]map[string]string, len(m))
	for status, parameters := range m {
		out[string(status)] = parameters
	}
	return out
}

func routeIntegrationResponseView(r *apigw.RouteIntegrationResponse) *v2.IntegrationResponse {
	if r == nil {
		return nil
	}
	return &v2.IntegrationResponse{
		IntegrationResponseId: set(r.ID), IntegrationResponseKey: &r.Key, ResponseTemplates: shown(r.ResponseTemplates),
		TemplateSelectionExpression: set(r.TemplateSelection), ResponseParameters: shown(r.ResponseParameters),
		ContentHandlingStrategy: set(r.ContentHandling),
	}
}

func routeAuthorizerView(a *apigw.RouteAuthorizer) *v2.Authorizer {
	if a == nil {
		return nil
	}
	out := &v2.Authorizer{
		AuthorizerId: set(a.ID), AuthorizerType: set(a.Type), Name: &a.Name, IdentitySource: omitEmpty(a.IdentitySource),
		AuthorizerUri: set(a.URI), AuthorizerCredentialsArn: set(a.Credentials), AuthorizerPayloadFormatVersion: set(a.PayloadFormat),
		EnableSimpleResponses: yes(a.SimpleResponses),
	}
	if a.TTLSeconds != 0 {
		out.AuthorizerResultTtlInSeconds = &a.TTLSeconds
	}
	if a.Issuer != "" || len(a.Audience) > 0 {
		out.JwtConfiguration = &v2.JWTConfiguration{Issuer: set(a.Issuer), Audience: a.Audience}
	}
	return out
}

func routeModelView(m *apigw.RouteModel) *v2.Model {
	if m == nil {
		return nil
	}
	return &v2.Model{ModelId: set(m.ID), Name: &m.Name, ContentType: set(m.ContentType), Description: set(m.Description), Schema: &m.Schema}
}

// routeDeploymentView: a deployment is made whole or not at all.
func routeDeploymentView(d *apigw.Deployment) *v2.Deployment {
	if d == nil {
		return nil
	}
	return &v2.Deployment{
		DeploymentId: set(d.ID), AutoDeployed: &d.AutoDeployed, CreatedDate: &d.Created, DeploymentStatus: new("DEPLOYED"), Description: set(d.Description),
	}
}

func routeStageView(protocol string, s *apigw.Stage) *v2.Stage {
	if s == nil {
		return nil
	}
	r := s.Routes
	out := &v2.Stage{
		StageName: set(s.Name), CreatedDate: &s.Created, LastUpdatedDate: &s.Updated, DeploymentId: set(s.DeploymentID),
		Description: set(s.Description), ClientCertificateId: set(s.ClientCertificateID), AutoDeploy: yes(r.AutoDeploy),
		LastDeploymentStatusMessage: set(r.DeploymentMessage), ApiGatewayManaged: yes(r.Managed),
		StageVariables: orEmpty(s.Variables), Tags: orEmpty(s.Tags),
		DefaultRouteSettings: routeSettingsView(protocol, r.DefaultSettings), RouteSettings: map[string]*v2.RouteSettings{},
	}
	for key, settings := range r.Settings {
		out.RouteSettings[key] = routeSettingsView(protocol, settings)
	}
	if l := s.AccessLog; l != nil {
		out.AccessLogSettings = &v2.AccessLogSettings{DestinationArn: set(l.DestinationARN), Format: set(l.Format)}
	}
	return out
}

// routeSettingsView shows logging for WebSocket APIs alone: HTTP APIs have
// none, and Terraform takes a level for a difference.
func routeSettingsView(protocol string, s *apigw.RouteSettings) *v2.RouteSettings {
	if s == nil {
		s = new(apigw.RouteSettings)
	}
	out := &v2.RouteSettings{
		DetailedMetricsEnabled: &s.DetailedMetrics, ThrottlingBurstLimit: s.ThrottlingBurstLimit, ThrottlingRateLimit: s.ThrottlingRateLimit,
	}
	if protocol == apigw.ProtocolWebSocket {
		out.LoggingLevel, out.DataTraceEnabled = new(cmp.Or(s.LoggingLevel, "OFF")), &s.DataTrace
	}
	return out
}
