package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) createModel(ctx context.Context, c *Call, in *v2.CreateModelRequest) (*v2.CreateModelResponse, error) {
	m, err := o.c.CreateRouteModel(ctx, c.Scope, apiID(in.ApiId), apigw.RouteModel{
		Name: val(in.Name), Description: val(in.Description), ContentType: val(in.ContentType), Schema: val(in.Schema),
	})
	return (*v2.CreateModelResponse)(routeModelView(m)), err
}

func (o routed) getModel(ctx context.Context, c *Call, in *v2.GetModelRequest) (*v2.GetModelResponse, error) {
	m, err := o.c.RouteModel(ctx, c.Scope, apiID(in.ApiId), apigw.RouteModelID(in.ModelId))
	return (*v2.GetModelResponse)(routeModelView(m)), err
}

func (o routed) getModels(ctx context.Context, c *Call, in *v2.GetModelsRequest) (*v2.GetModelsResponse, error) {
	list, err := o.c.RouteModels(ctx, c.Scope, apiID(in.ApiId))
	if err != nil {
		return nil, err
	}
	items, next, err := onPage(in.NextToken, in.MaxResults, list, func(m *apigw.RouteModel) string { return string(m.ID) }, routeModelView)
	return &v2.GetModelsResponse{Items: items, NextToken: next}, err
}

func (o routed) getModelTemplate(ctx context.Context, c *Call, in *v2.GetModelTemplateRequest) (*v2.GetModelTemplateResponse, error) {
	text, err := o.c.RouteModelTemplate(ctx, c.Scope, apiID(in.ApiId), apigw.RouteModelID(in.ModelId))
	return &v2.GetModelTemplateResponse{Value: &text}, err
}

func (o routed) updateModel(ctx context.Context, c *Call, in *v2.UpdateModelRequest) (*v2.UpdateModelResponse, error) {
	m, err := o.c.UpdateRouteModel(ctx, c.Scope, apiID(in.ApiId), apigw.RouteModelID(in.ModelId), func(m *apigw.RouteModel) error {
		putText(&m.Name, in.Name)
		putText(&m.Description, in.Description)
		putText(&m.ContentType, in.ContentType)
		putText(&m.Schema, in.Schema)
		return nil
	})
	return (*v2.UpdateModelResponse)(routeModelView(m)), err
}

func (o routed) deleteModel(ctx context.Context, c *Call, in *v2.DeleteModelRequest) error {
	return o.c.DeleteRouteModel(ctx, c.Scope, apiID(in.ApiId), apigw.RouteModelID(in.ModelId))
}
