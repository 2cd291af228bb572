package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) createIntegrationResponse(ctx context.Context, c *Call, in *v2.CreateIntegrationResponseRequest) (*v2.CreateIntegrationResponseResponse, error) {
	id := apigw.RouteIntegrationID(in.IntegrationId)
	r, err := o.c.CreateRouteIntegrationResponse(ctx, c.Scope, apiID(in.ApiId), id, apigw.RouteIntegrationResponse{
		Key: val(in.IntegrationResponseKey), ResponseTemplates: in.ResponseTemplates, TemplateSelection: val(in.TemplateSelectionExpression),
		ResponseParameters: in.ResponseParameters, ContentHandling: val(in.ContentHandlingStrategy),
	})
	return (*v2.CreateIntegrationResponseResponse)(routeIntegrationResponseView(r)), err
}

func (o routed) getIntegrationResponse(ctx context.Context, c *Call, in *v2.GetIntegrationResponseRequest) (*v2.GetIntegrationResponseResponse, error) {
	id := apigw.RouteIntegrationID(in.IntegrationId)
	r, err := o.c.RouteIntegrationResponse(ctx, c.Scope, apiID(in.ApiId), id, apigw.IntegrationResponseID(in.IntegrationResponseId))
	return (*v2.GetIntegrationResponseResponse)(routeIntegrationResponseView(r)), err
}

func (o routed) getIntegrationResponses(ctx context.Context, c *Call, in *v2.GetIntegrationResponsesRequest) (*v2.GetIntegrationResponsesResponse, error) {
	list, err := o.c.RouteIntegrationResponses(ctx, c.Scope, apiID(in.ApiId), apigw.RouteIntegrationID(in.IntegrationId))
	if err != nil {
		return nil, err
	}
	key := func(r *apigw.RouteIntegrationResponse) string { return string(r.ID) }
	items, next, err := onPage(in.NextToken, in.MaxResults, list, key, routeIntegrationResponseView)
	return &v2.GetIntegrationResponsesResponse{Items: items, NextToken: next}, err
}

func (o routed) updateIntegrationResponse(ctx context.Context, c *Call, in *v2.UpdateIntegrationResponseRequest) (*v2.UpdateIntegrationResponseResponse, error) {
	of, id := apigw.RouteIntegrationID(in.IntegrationId), apigw.IntegrationResponseID(in.IntegrationResponseId)
	r, err := o.c.UpdateRouteIntegrationResponse(ctx, c.Scope, apiID(in.ApiId), of, id, func(r *apigw.RouteIntegrationResponse) error {
		putText(&r.Key, in.IntegrationResponseKey)
		putText(&r.TemplateSelection, in.TemplateSelectionExpression)
		putText(&r.ContentHandling, in.ContentHandlingStrategy)
		putMap(&r.ResponseTemplates, in.ResponseTemplates)
		r.ResponseParameters = merged(r.ResponseParameters, in.ResponseParameters)
		return nil
	})
	return (*v2.UpdateIntegrationResponseResponse)(routeIntegrationResponseView(r)), err
}

func (o routed) deleteIntegrationResponse(ctx context.Context, c *Call, in *v2.DeleteIntegrationResponseRequest) error {
	of, id := apigw.RouteIntegrationID(in.IntegrationId), apigw.IntegrationResponseID(in.IntegrationResponseId)
	return o.c.DeleteRouteIntegrationResponse(ctx, c.Scope, apiID(in.ApiId), of, id)
}
