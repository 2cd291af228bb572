package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) createAuthorizer(ctx context.Context, c *Call, in *v2.CreateAuthorizerRequest) (*v2.CreateAuthorizerResponse, error) {
	a := apigw.RouteAuthorizer{
		Name: val(in.Name), Type: val(in.AuthorizerType), URI: val(in.AuthorizerUri), Credentials: val(in.AuthorizerCredentialsArn),
		PayloadFormat: val(in.AuthorizerPayloadFormatVersion), SimpleResponses: val(in.EnableSimpleResponses),
		TTLSeconds: val(in.AuthorizerResultTtlInSeconds), IdentitySource: in.IdentitySource,
	}
	if err := notValidated(in.IdentityValidationExpression); err != nil {
		return nil, err
	}
	if j := in.JwtConfiguration; j != nil {
		a.Issuer, a.Audience = val(j.Issuer), j.Audience
	}
	if err := c.PassRole(a.Credentials, apiGatewayPrincipal); err != nil {
		return nil, err
	}
	if err := o.askIssuer(ctx, a.Type, in.JwtConfiguration); err != nil {
		return nil, err
	}
	made, err := o.c.CreateRouteAuthorizer(ctx, c.Scope, apiID(in.ApiId), a)
	return (*v2.CreateAuthorizerResponse)(routeAuthorizerView(made)), err
}

// notValidated refuses what API Gateway V2 has a member for and doesn't use
// ("This parameter is not used", API Gateway V2 reference, "Authorizer"):
// whoever sends it counts on it.
func notValidated(expression *string) error {
	if val(expression) == "" {
		return nil
	}
	return apigw.Errorf(apigw.BadRequest, "identityValidationExpression isn't used by authorizers of HTTP and WebSocket APIs: leave it out")
}

// askIssuer asks the new issuer of an authorizer of that type for its keys before
// anybody relies on it, as AWS does (error text seen on AWS).
func (o routed) askIssuer(ctx context.Context, kind string, j *v2.JWTConfiguration) error {
	if o.issuer == nil || kind != "JWT" || j == nil || val(j.Issuer) == "" {
		return nil
	}
	return o.issuer(ctx, *j.Issuer)
}

func (o routed) getAuthorizer(ctx context.Context, c *Call, in *v2.GetAuthorizerRequest) (*v2.GetAuthorizerResponse, error) {
	a, err := o.c.RouteAuthorizer(ctx, c.Scope, apiID(in.ApiId), apigw.AuthorizerID(in.AuthorizerId))
	return (*v2.GetAuthorizerResponse)(routeAuthorizerView(a)), err
}

func (o routed) getAuthorizers(ctx context.Context, c *Call, in *v2.GetAuthorizersRequest) (*v2.GetAuthorizersResponse, error) {
	list, err := o.c.RouteAuthorizers(ctx, c.Scope, apiID(in.ApiId))
	if err != nil {
		return nil, err
	}
	items, next, err := onPage(in.NextToken, in.MaxResults, list, func(a *apigw.RouteAuthorizer) string { return string(a.ID) }, routeAuthorizerView)
	return &v2.GetAuthorizersResponse{Items: items, NextToken: next}, err
}

func (o routed) updateAuthorizer(ctx context.Context, c *Call, in *v2.UpdateAuthorizerRequest) (*v2.UpdateAuthorizerResponse, error) {
	if err := notValidated(in.IdentityValidationExpression); err != nil {
		return nil, err
	}
	if in.JwtConfiguration != nil {
		old, err := o.c.RouteAuthorizer(ctx, c.Scope, apiID(in.ApiId), apigw.AuthorizerID(in.AuthorizerId))
		if err != nil {
			return nil, err
		}
		kind := old.Type
		putText(&kind, in.AuthorizerType)
		if err := o.askIssuer(ctx, kind, in.JwtConfiguration); err != nil {
			return nil, err
		}
	}
	a, err := o.c.UpdateRouteAuthorizer(ctx, c.Scope, apiID(in.ApiId), apigw.AuthorizerID(in.AuthorizerId), func(a *apigw.RouteAuthorizer) error {
		return passing(c, &a.Credentials, apiGatewayPrincipal, func() error {
			mergeAuthorizer(a, in)
			return nil
		})
	})
	return (*v2.UpdateAuthorizerResponse)(routeAuthorizerView(a)), err
}

func mergeAuthorizer(a *apigw.RouteAuthorizer, in *v2.UpdateAuthorizerRequest) {
	putText(&a.Name, in.Name)
	putText(&a.Type, in.AuthorizerType)
	putText(&a.URI, in.AuthorizerUri)
	putText(&a.Credentials, in.AuthorizerCredentialsArn)
	putText(&a.PayloadFormat, in.AuthorizerPayloadFormatVersion)
	put(&a.SimpleResponses, in.EnableSimpleResponses)
	put(&a.TTLSeconds, in.AuthorizerResultTtlInSeconds)
	putList(&a.IdentitySource, in.IdentitySource)
	if j := in.JwtConfiguration; j != nil {
		putText(&a.Issuer, j.Issuer)
		putList(&a.Audience, j.Audience)
	}
}

func (o routed) deleteAuthorizer(ctx context.Context, c *Call, in *v2.DeleteAuthorizerRequest) error {
	return o.c.DeleteRouteAuthorizer(ctx, c.Scope, apiID(in.ApiId), apigw.AuthorizerID(in.AuthorizerId))
}

func (o routed) resetAuthorizersCache(ctx context.Context, c *Call, in *v2.ResetAuthorizersCacheRequest) error {
	return o.c.ResetAuthorizersCache(ctx, c.Scope, apiID(in.ApiId), apigw.StageName(in.StageName))
}
