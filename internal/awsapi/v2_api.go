package awsapi

import (
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o routed) createAPI(ctx context.Context, c *Call, in *v2.CreateApiRequest) (*v2.CreateApiResponse, error) {
	if err := checkProtocol(*in.ProtocolType); err != nil {
		return nil, err
	}
	api := control.NewRouteAPI{
		API: apigw.RouteAPI{
			Name: val(in.Name), Description: val(in.Description), Version: val(in.Version), Protocol: val(in.ProtocolType),
			RouteSelection: val(in.RouteSelectionExpression), APIKeySelection: val(in.ApiKeySelectionExpression), CORS: corsOf(in.CorsConfiguration),
			DisableExecuteAPIEndpoint: val(in.DisableExecuteApiEndpoint), DisableSchemaValidation: val(in.DisableSchemaValidation),
			IPAddressType: val(in.IpAddressType), Tags: in.Tags,
		},
	}
	if quick := quickOf(in.Target, in.RouteKey, in.CredentialsArn); quick != (control.QuickCreate{}) {
		api.Quick = &quick
	}
	if err := c.PassRole(val(in.CredentialsArn), apiGatewayPrincipal); err != nil {
		return nil, err
	}
	made, err := o.c.CreateRouteAPI(ctx, c.Scope, api)
	if err != nil {
		return nil, err
	}
	out := routeAPIView(c)(made)
	out.Tags = shown(out.Tags) // it alone leaves out that there are none
	return (*v2.CreateApiResponse)(out), nil
}

// checkProtocol has words of its own, those of the service's documentation.
func checkProtocol(protocol string) error {
	protocols := []string{apigw.ProtocolHTTP, apigw.ProtocolWebSocket}
	if slices.Contains(protocols, protocol) {
		return nil
	}
	return apigw.Errorf(apigw.BadRequest, "Invalid protocol specified. Must be one of [%s]", strings.Join(protocols, ", "))
}

func (o routed) getAPI(ctx context.Context, c *Call, in *v2.GetApiRequest) (*v2.GetApiResponse, error) {
	a, err := o.c.RouteAPI(ctx, c.Scope, apiID(in.ApiId))
	return (*v2.GetApiResponse)(routeAPIView(c)(a)), err
}

func (o routed) getAPIs(ctx context.Context, c *Call, in *v2.GetApisRequest) (*v2.GetApisResponse, error) {
	p, err := routePage(in.NextToken, in.MaxResults)
	if err != nil {
		return nil, err
	}
	list, more, err := o.c.RouteAPIs(ctx, c.Scope, apiID(p.After), p.Limit)
	if err != nil {
		return nil, err
	}
	out := &v2.GetApisResponse{Items: views(list, routeAPIView(c))}
	if more && len(list) > 0 {
		out.NextToken = Position(string(list[len(list)-1].ID))
	}
	return out, nil
}

func (o routed) updateAPI(ctx context.Context, c *Call, in *v2.UpdateApiRequest) (*v2.UpdateApiResponse, error) {
	if err := c.PassRole(val(in.CredentialsArn), apiGatewayPrincipal); err != nil {
		return nil, err
	}
	quick := quickOf(in.Target, in.RouteKey, in.CredentialsArn)
	a, err := o.c.UpdateQuickRouteAPI(ctx, c.Scope, apiID(in.ApiId), quick, func(a *apigw.RouteAPI) error {
		putText(&a.Name, in.Name)
		putText(&a.Description, in.Description)
		putText(&a.Version, in.Version)
		putText(&a.RouteSelection, in.RouteSelectionExpression)
		putText(&a.APIKeySelection, in.ApiKeySelectionExpression)
		putText(&a.IPAddressType, in.IpAddressType)
		put(&a.DisableExecuteAPIEndpoint, in.DisableExecuteApiEndpoint)
		put(&a.DisableSchemaValidation, in.DisableSchemaValidation)
		if in.CorsConfiguration != nil {
			a.CORS = corsOf(in.CorsConfiguration) // in whole
		}
		return nil
	})
	return (*v2.UpdateApiResponse)(routeAPIView(c)(a)), err
}

func (o routed) deleteAPI(ctx context.Context, c *Call, in *v2.DeleteApiRequest) error {
	return o.c.DeleteRouteAPI(ctx, c.Scope, apiID(in.ApiId))
}

func (o routed) deleteCORS(ctx context.Context, c *Call, in *v2.DeleteCorsConfigurationRequest) error {
	_, err := o.c.UpdateRouteAPI(ctx, c.Scope, apiID(in.ApiId), func(a *apigw.RouteAPI) error {
		a.CORS = nil
		return nil
	})
	return err
}

// quickOf is what a call says of an API's quick creation.
func quickOf(target, routeKey, credentials *string) control.QuickCreate {
	return control.QuickCreate{Target: val(target), RouteKey: val(routeKey), Credentials: val(credentials)}
}

func corsOf(in *v2.Cors) *apigw.CORS {
	if in == nil {
		return nil
	}
	return &apigw.CORS{
		AllowOrigins: in.AllowOrigins, AllowMethods: in.AllowMethods, AllowHeaders: in.AllowHeaders, ExposeHeaders: in.ExposeHeaders,
		MaxAge: in.MaxAge, AllowCredentials: in.AllowCredentials,
	}
}
