package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) createRouteResponse(ctx context.Context, c *Call, in *v2.CreateRouteResponseRequest) (*v2.CreateRouteResponseResponse, error) {
	r, err := o.c.CreateRouteResponse(ctx, c.Scope, apiID(in.ApiId), apigw.RouteID(in.RouteId), apigw.RouteResponse{
		Key: val(in.RouteResponseKey), ModelSelection: val(in.ModelSelectionExpression), ResponseModels: in.ResponseModels,
		ResponseParameters: mergedConstraints(nil, in.ResponseParameters),
	})
	return (*v2.CreateRouteResponseResponse)(routeResponseView(r)), err
}

func (o routed) getRouteResponse(ctx context.Context, c *Call, in *v2.GetRouteResponseRequest) (*v2.GetRouteResponseResponse, error) {
	r, err := o.c.RouteResponse(ctx, c.Scope, apiID(in.ApiId), apigw.RouteID(in.RouteId), apigw.RouteResponseID(in.RouteResponseId))
	return (*v2.GetRouteResponseResponse)(routeResponseView(r)), err
}

func (o routed) getRouteResponses(ctx context.Context, c *Call, in *v2.GetRouteResponsesRequest) (*v2.GetRouteResponsesResponse, error) {
	list, err := o.c.RouteResponses(ctx, c.Scope, apiID(in.ApiId), apigw.RouteID(in.RouteId))
	if err != nil {
		return nil, err
	}
	items, next, err := onPage(in.NextToken, in.MaxResults, list, func(r *apigw.RouteResponse) string { return string(r.ID) }, routeResponseView)
	return &v2.GetRouteResponsesResponse{Items: items, NextToken: next}, err
}

func (o routed) updateRouteResponse(ctx context.Context, c *Call, in *v2.UpdateRouteResponseRequest) (*v2.UpdateRouteResponseResponse, error) {
	id := apigw.RouteResponseID(in.RouteResponseId)
	r, err := o.c.UpdateRouteResponse(ctx, c.Scope, apiID(in.ApiId), apigw.RouteID(in.RouteId), id, func(r *apigw.RouteResponse) error {
		putText(&r.Key, in.RouteResponseKey)
		putText(&r.ModelSelection, in.ModelSelectionExpression)
		putMap(&r.ResponseModels, in.ResponseModels)
		r.ResponseParameters = mergedConstraints(r.ResponseParameters, in.ResponseParameters)
		return nil
	})
	return (*v2.UpdateRouteResponseResponse)(routeResponseView(r)), err
}

func (o routed) deleteRouteResponse(ctx context.Context, c *Call, in *v2.DeleteRouteResponseRequest) error {
	return o.c.DeleteRouteResponse(ctx, c.Scope, apiID(in.ApiId), apigw.RouteID(in.RouteId), apigw.RouteResponseID(in.RouteResponseId))
}
