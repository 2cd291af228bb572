package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) createAPIMapping(ctx context.Context, c *Call, in *v2.CreateApiMappingRequest) (*v2.CreateApiMappingResponse, error) {
	m, err := o.c.CreateAPIMapping(ctx, c.Scope, in.DomainName, apigw.BasePathMapping{
		BasePath: val(in.ApiMappingKey), API: apiID(val(in.ApiId)), Stage: apigw.StageName(val(in.Stage)),
	})
	return (*v2.CreateApiMappingResponse)(apiMappingView(m)), err
}

func (o routed) getAPIMapping(ctx context.Context, c *Call, in *v2.GetApiMappingRequest) (*v2.GetApiMappingResponse, error) {
	m, err := o.c.APIMapping(ctx, c.Scope, in.DomainName, in.ApiMappingId)
	return (*v2.GetApiMappingResponse)(apiMappingView(m)), err
}

func (o routed) getAPIMappings(ctx context.Context, c *Call, in *v2.GetApiMappingsRequest) (*v2.GetApiMappingsResponse, error) {
	list, err := o.c.APIMappings(ctx, c.Scope, in.DomainName)
	if err != nil {
		return nil, err
	}
	items, next, err := onPage(in.NextToken, in.MaxResults, list, func(m *apigw.BasePathMapping) string { return m.ID }, apiMappingView)
	return &v2.GetApiMappingsResponse{Items: items, NextToken: next}, err
}

func (o routed) updateAPIMapping(ctx context.Context, c *Call, in *v2.UpdateApiMappingRequest) (*v2.UpdateApiMappingResponse, error) {
	m, err := o.c.UpdateAPIMapping(ctx, c.Scope, in.DomainName, in.ApiMappingId, apiID(val(in.ApiId)), func(m *apigw.BasePathMapping) {
		putText(&m.BasePath, in.ApiMappingKey)
		putText(&m.Stage, in.Stage)
	})
	return (*v2.UpdateApiMappingResponse)(apiMappingView(m)), err
}

func (o routed) deleteAPIMapping(ctx context.Context, c *Call, in *v2.DeleteApiMappingRequest) error {
	return o.c.DeleteAPIMapping(ctx, c.Scope, in.DomainName, in.ApiMappingId)
}

func apiMappingView(m *apigw.BasePathMapping) *v2.ApiMapping {
	if m == nil {
		return nil
	}
	return &v2.ApiMapping{ApiId: set(m.API), ApiMappingId: set(m.ID), ApiMappingKey: &m.BasePath, Stage: set(m.Stage)}
}
