package awsapi

import (
	"context"
	"maps"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) createRoute(ctx context.Context, c *Call, in *v2.CreateRouteRequest) (*v2.CreateRouteResult, error) {
	r := apigw.Route{
		Key: val(in.RouteKey), AuthorizationType: val(in.AuthorizationType), AuthorizerID: apigw.AuthorizerID(val(in.AuthorizerId)),
		AuthorizationScopes: in.AuthorizationScopes, OperationName: val(in.OperationName), APIKeyRequired: val(in.ApiKeyRequired),
		ModelSelection: val(in.ModelSelectionExpression), RequestModels: in.RequestModels,
		RequestParameters: mergedConstraints(nil, in.RequestParameters), ResponseSelection: val(in.RouteResponseSelectionExpression),
	}
	if err := routeTarget(&r.Target, in.Target); err != nil {
		return nil, err
	}
	made, err := o.c.CreateRoute(ctx, c.Scope, apiID(in.ApiId), r)
	return (*v2.CreateRouteResult)(routeView(made)), err
}

func (o routed) getRoute(ctx context.Context, c *Call, in *v2.GetRouteRequest) (*v2.GetRouteResult, error) {
	r, err := o.c.Route(ctx, c.Scope, apiID(in.ApiId), apigw.RouteID(in.RouteId))
	return (*v2.GetRouteResult)(routeView(r)), err
}

func (o routed) getRoutes(ctx context.Context, c *Call, in *v2.GetRoutesRequest) (*v2.GetRoutesResponse, error) {
	list, err := o.c.Routes(ctx, c.Scope, apiID(in.ApiId))
	if err != nil {
		return nil, err
	}
	items, next, err := onPage(in.NextToken, in.MaxResults, list, func(r *apigw.Route) string { return string(r.ID) }, routeView)
	return &v2.GetRoutesResponse{Items: items, NextToken: next}, err
}

func (o routed) updateRoute(ctx context.Context, c *Call, in *v2.UpdateRouteRequest) (*v2.UpdateRouteResult, error) {
	r, err := o.c.UpdateRoute(ctx, c.Scope, apiID(in.ApiId), apigw.RouteID(in.RouteId), func(r *apigw.Route) error {
		putText(&r.Key, in.RouteKey)
		putText(&r.AuthorizationType, in.AuthorizationType)
		putText(&r.AuthorizerID, in.AuthorizerId)
		putText(&r.OperationName, in.OperationName)
		putText(&r.ModelSelection, in.ModelSelectionExpression)
		putText(&r.ResponseSelection, in.RouteResponseSelectionExpression)
		putList(&r.AuthorizationScopes, in.AuthorizationScopes)
		put(&r.APIKeyRequired, in.ApiKeyRequired)
		putMap(&r.RequestModels, in.RequestModels)
		r.RequestParameters = mergedConstraints(r.RequestParameters, in.RequestParameters)
		return routeTarget(&r.Target, in.Target)
	})
	return (*v2.UpdateRouteResult)(routeView(r)), err
}

func (o routed) deleteRoute(ctx context.Context, c *Call, in *v2.DeleteRouteRequest) error {
	return o.c.DeleteRoute(ctx, c.Scope, apiID(in.ApiId), apigw.RouteID(in.RouteId))
}

func (o routed) deleteRouteRequestParameter(ctx context.Context, c *Call, in *v2.DeleteRouteRequestParameterRequest) error {
	_, err := o.c.UpdateRoute(ctx, c.Scope, apiID(in.ApiId), apigw.RouteID(in.RouteId), func(r *apigw.Route) error {
		if _, ok := r.RequestParameters[in.RequestParameterKey]; !ok {
			return apigw.Errorf(apigw.NotFound, "Invalid Route request parameter specified %s", in.RequestParameterKey)
		}
		r.RequestParameters = maps.Clone(r.RequestParameters)
		delete(r.RequestParameters, in.RequestParameterKey)
		return nil
	})
	return err
}

// mergedConstraints is a copy of have with what was sent; nothing takes an
// entry out but DeleteRouteRequestParameter.
func mergedConstraints(have map[string]bool, sent map[string]*v2.ParameterConstraints) map[string]bool {
	if len(sent) == 0 {
		return have
	}
	out := maps.Clone(have)
	if out == nil {
		out = map[string]bool{}
	}
	for name, k := range sent {
		out[name] = val(k.Required)
	}
	return out
}
