package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

func (o rest) putIntegration(ctx context.Context, c *Call, in *apigateway.PutIntegrationRequest) (*apigateway.Integration, error) {
	i := apigw.Integration{
		Type: apigw.IntegrationType(val(in.Type)), HTTPMethod: val(in.IntegrationHttpMethod), URI: val(in.Uri),
		ConnectionType: val(in.ConnectionType), ConnectionID: val(in.ConnectionId), Credentials: val(in.Credentials),
		RequestParameters: in.RequestParameters, RequestTemplates: in.RequestTemplates, TemplateOrder: in.RequestTemplatesOrder,
		PassthroughBehavior: val(in.PassthroughBehavior), ContentHandling: val(in.ContentHandling),
		TimeoutMillis: timeout(in.TimeoutInMillis), CacheNamespace: val(in.CacheNamespace), CacheKeyParameters: in.CacheKeyParameters,
		ResponseMode: val(in.ResponseTransferMode), Target: val(in.IntegrationTarget),
	}
	if in.TlsConfig != nil {
		i.TLSInsecure = new(val(in.TlsConfig.InsecureSkipVerification))
	}
	if err := c.PassRole(i.Credentials, apiGatewayPrincipal); err != nil {
		return nil, err
	}
	made, err := o.c.PutIntegration(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), i)
	return integrationView(made), err
}

// timeout is 0, which takes the default, only when none was sent.
func timeout(ms *int) int {
	if ms != nil && *ms == 0 {
		return -1
	}
	return val(ms)
}

func (o rest) getIntegration(ctx context.Context, c *Call, in *apigateway.GetIntegrationRequest) (*apigateway.Integration, error) {
	i, err := o.c.Integration(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod))
	return integrationView(i), err
}

func (o rest) updateIntegration(ctx context.Context, c *Call, in *apigateway.UpdateIntegrationRequest) (*apigateway.Integration, error) {
	patch := patchIntegration(Patch(in.PatchOperations))
	i, err := o.c.UpdateIntegration(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), func(i *apigw.Integration) error {
		return passing(c, &i.Credentials, apiGatewayPrincipal, func() error { return patch(i) })
	})
	return integrationView(i), err
}

func (o rest) deleteIntegration(ctx context.Context, c *Call, in *apigateway.DeleteIntegrationRequest) error {
	return o.c.DeleteIntegration(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod))
}

func (o rest) putIntegrationResponse(ctx context.Context, c *Call, in *apigateway.PutIntegrationResponseRequest) (*apigateway.IntegrationResponse, error) {
	r, err := o.c.PutIntegrationResponse(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), apigw.IntegrationResponse{
		StatusCode: apigw.StatusCode(in.StatusCode), SelectionPattern: in.SelectionPattern,
		ResponseParameters: in.ResponseParameters, ResponseTemplates: in.ResponseTemplates,
		TemplateOrder: in.ResponseTemplatesOrder, ContentHandling: val(in.ContentHandling),
	})
	return integrationResponseView(r), err
}

func (o rest) getIntegrationResponse(ctx context.Context, c *Call, in *apigateway.GetIntegrationResponseRequest) (*apigateway.IntegrationResponse, error) {
	r, err := o.c.IntegrationResponse(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), apigw.StatusCode(in.StatusCode))
	return integrationResponseView(r), err
}

func (o rest) updateIntegrationResponse(ctx context.Context, c *Call, in *apigateway.UpdateIntegrationResponseRequest) (*apigateway.IntegrationResponse, error) {
	r, err := o.c.UpdateIntegrationResponse(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), apigw.StatusCode(in.StatusCode),
		patchIntegrationResponse(Patch(in.PatchOperations)))
	return integrationResponseView(r), err
}

func (o rest) deleteIntegrationResponse(ctx context.Context, c *Call, in *apigateway.DeleteIntegrationResponseRequest) error {
	return o.c.DeleteIntegrationResponse(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), apigw.StatusCode(in.StatusCode))
}

// integrationView shows an integration; its defaults are always in it
// (recorded on AWS).
func integrationView(i *apigw.Integration) *apigateway.Integration {
	if i == nil {
		return nil
	}
	out := &apigateway.Integration{
		Type: set(i.Type), HttpMethod: set(i.HTTPMethod), Uri: set(i.URI), ConnectionType: set(i.ConnectionType),
		ConnectionId: set(i.ConnectionID), Credentials: set(i.Credentials), RequestParameters: i.RequestParameters,
		RequestTemplates: i.RequestTemplates, PassthroughBehavior: set(i.PassthroughBehavior),
		ContentHandling: set(i.ContentHandling), TimeoutInMillis: new(i.TimeoutMillis), CacheNamespace: set(i.CacheNamespace),
		CacheKeyParameters: append([]string{}, i.CacheKeyParameters...), ResponseTransferMode: set(i.ResponseMode),
		IntegrationTarget: set(i.Target),
	}
	if i.TLSInsecure != nil {
		out.TlsConfig = &apigateway.TlsConfig{InsecureSkipVerification: i.TLSInsecure}
	}
	if len(i.Responses) > 0 {
		out.IntegrationResponses = make(map[string]*apigateway.IntegrationResponse, len(i.Responses))
		for status, r := range i.Responses {
			out.IntegrationResponses[string(status)] = integrationResponseView(r)
		}
	}
	return out
}

func integrationResponseView(r *apigw.IntegrationResponse) *apigateway.IntegrationResponse {
	if r == nil {
		return nil
	}
	return &apigateway.IntegrationResponse{
		StatusCode: set(r.StatusCode), SelectionPattern: r.SelectionPattern, ResponseParameters: r.ResponseParameters,
		ResponseTemplates: r.ResponseTemplates, ContentHandling: set(r.ContentHandling),
	}
}
