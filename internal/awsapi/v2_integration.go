package awsapi

import (
	"context"
	"maps"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) createIntegration(ctx context.Context, c *Call, in *v2.CreateIntegrationRequest) (*v2.CreateIntegrationResult, error) {
	i := apigw.RouteIntegration{
		Type: apigw.IntegrationType(val(in.IntegrationType)), Subtype: val(in.IntegrationSubtype), URI: val(in.IntegrationUri),
		Method: val(in.IntegrationMethod), ConnectionType: val(in.ConnectionType), ConnectionID: val(in.ConnectionId),
		Credentials: val(in.CredentialsArn), Description: val(in.Description), PayloadFormat: val(in.PayloadFormatVersion),
		RequestParameters: in.RequestParameters, ResponseParameters: statusesOf(in.ResponseParameters), TimeoutMillis: val(in.TimeoutInMillis),
		RequestTemplates: in.RequestTemplates, TemplateSelection: val(in.TemplateSelectionExpression),
		Passthrough: val(in.PassthroughBehavior), ContentHandling: val(in.ContentHandlingStrategy),
	}
	if in.TlsConfig != nil {
		i.TLSServerName = new(val(in.TlsConfig.ServerNameToVerify))
	}
	if err := c.PassRole(i.Credentials, apiGatewayPrincipal); err != nil {
		return nil, err
	}
	made, err := o.c.CreateRouteIntegration(ctx, c.Scope, apiID(in.ApiId), i)
	return (*v2.CreateIntegrationResult)(routeIntegrationView(made)), err
}

func (o routed) getIntegration(ctx context.Context, c *Call, in *v2.GetIntegrationRequest) (*v2.GetIntegrationResult, error) {
	i, err := o.c.RouteIntegration(ctx, c.Scope, apiID(in.ApiId), apigw.RouteIntegrationID(in.IntegrationId))
	return (*v2.GetIntegrationResult)(routeIntegrationView(i)), err
}

func (o routed) getIntegrations(ctx context.Context, c *Call, in *v2.GetIntegrationsRequest) (*v2.GetIntegrationsResponse, error) {
	list, err := o.c.RouteIntegrations(ctx, c.Scope, apiID(in.ApiId))
	if err != nil {
		return nil, err
	}
	items, next, err := onPage(in.NextToken, in.MaxResults, list, func(i *apigw.RouteIntegration) string { return string(i.ID) }, routeIntegrationView)
	return &v2.GetIntegrationsResponse{Items: items, NextToken: next}, err
}

func (o routed) updateIntegration(ctx context.Context, c *Call, in *v2.UpdateIntegrationRequest) (*v2.UpdateIntegrationResult, error) {
	id := apigw.RouteIntegrationID(in.IntegrationId)
	i, err := o.c.UpdateRouteIntegration(ctx, c.Scope, apiID(in.ApiId), id, func(i *apigw.RouteIntegration) error {
		return passing(c, &i.Credentials, apiGatewayPrincipal, func() error {
			mergeIntegration(i, in)
			return nil
		})
	})
	return (*v2.UpdateIntegrationResult)(routeIntegrationView(i)), err
}

func mergeIntegration(i *apigw.RouteIntegration, in *v2.UpdateIntegrationRequest) {
	putText(&i.Type, in.IntegrationType)
	putText(&i.Subtype, in.IntegrationSubtype)
	putText(&i.URI, in.IntegrationUri)
	putText(&i.Method, in.IntegrationMethod)
	putText(&i.ConnectionType, in.ConnectionType)
	putText(&i.ConnectionID, in.ConnectionId)
	putText(&i.Credentials, in.CredentialsArn)
	putText(&i.Description, in.Description)
	putText(&i.PayloadFormat, in.PayloadFormatVersion)
	putText(&i.TemplateSelection, in.TemplateSelectionExpression)
	putText(&i.Passthrough, in.PassthroughBehavior)
	putText(&i.ContentHandling, in.ContentHandlingStrategy)
	put(&i.TimeoutMillis, in.TimeoutInMillis)
	i.RequestParameters = merged(i.RequestParameters, in.RequestParameters)
	putMap(&i.RequestTemplates, in.RequestTemplates)
	i.ResponseParameters = mergedStatuses(i.ResponseParameters, in.ResponseParameters)
	if in.TlsConfig != nil { // {} is what Terraform takes it back with
		i.TLSServerName = in.TlsConfig.ServerNameToVerify
	}
}

func (o routed) deleteIntegration(ctx context.Context, c *Call, in *v2.DeleteIntegrationRequest) error {
	return o.c.DeleteRouteIntegration(ctx, c.Scope, apiID(in.ApiId), apigw.RouteIntegrationID(in.IntegrationId))
}

// statusesOf is what was sent, as it is: what is empty in it has no meaning in a
// new integration, and is refused.
func statusesOf(sent map[string]map[string]string) map[apigw.StatusCode]map[string]string {
	if sent == nil {
		return nil
	}
	out := make(map[apigw.StatusCode]map[string]string, len(sent))
	for status, parameters := range sent {
		out[apigw.StatusCode(status)] = parameters
	}
	return out
}

// mergedStatuses is a copy of have with what was sent, status by status; {}
// takes a status out, and an empty text one of its parameters.
func mergedStatuses(have map[apigw.StatusCode]map[string]string, sent map[string]map[string]string) map[apigw.StatusCode]map[string]string {
	if len(sent) == 0 {
		return have
	}
	out := maps.Clone(have)
	if out == nil {
		out = map[apigw.StatusCode]map[string]string{}
	}
	for status, parameters := range sent {
		code := apigw.StatusCode(status)
		if out[code] = merged(out[code], parameters); len(parameters) == 0 || out[code] == nil {
			delete(out, code)
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
