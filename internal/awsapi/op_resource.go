package awsapi

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

func (o rest) createResource(ctx context.Context, c *Call, in *apigateway.CreateResourceRequest) (*apigateway.Resource, error) {
	r, err := o.c.CreateResource(ctx, c.Scope, apiID(in.RestApiId), apigw.ResourceID(in.ParentId), val(in.PathPart))
	return resourceView(r, false), err
}

func (o rest) getResource(ctx context.Context, c *Call, in *apigateway.GetResourceRequest) (*apigateway.Resource, error) {
	r, err := o.c.Resource(ctx, c.Scope, apiID(in.RestApiId), apigw.ResourceID(in.ResourceId))
	return resourceView(r, slices.Contains(in.Embed, "methods")), err
}

func (o rest) getResources(ctx context.Context, c *Call, in *apigateway.GetResourcesRequest) (*apigateway.Resources, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.Resources(ctx, c.Scope, apiID(in.RestApiId))
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(r *apigw.Resource) string { return r.Path })
	out := &apigateway.Resources{Items: []*apigateway.Resource{}, Position: next}
	for _, r := range list {
		out.Items = append(out.Items, resourceView(r, slices.Contains(in.Embed, "methods")))
	}
	return out, nil
}

func (o rest) updateResource(ctx context.Context, c *Call, in *apigateway.UpdateResourceRequest) (*apigateway.Resource, error) {
	r, err := o.c.UpdateResource(ctx, c.Scope, apiID(in.RestApiId), apigw.ResourceID(in.ResourceId), patchResource(Patch(in.PatchOperations)))
	return resourceView(r, false), err
}

func (o rest) deleteResource(ctx context.Context, c *Call, in *apigateway.DeleteResourceRequest) error {
	return o.c.DeleteResource(ctx, c.Scope, apiID(in.RestApiId), apigw.ResourceID(in.ResourceId))
}

// resourceView shows a resource; its methods are empty objects unless they
// are embedded (recorded on AWS).
func resourceView(r *apigw.Resource, embed bool) *apigateway.Resource {
	if r == nil {
		return nil
	}
	out := &apigateway.Resource{Id: set(r.ID), ParentId: set(r.ParentID), PathPart: set(r.PathPart), Path: set(r.Path)}
	if len(r.Methods) == 0 {
		return out
	}
	out.ResourceMethods = make(map[string]*apigateway.Method, len(r.Methods))
	for verb, m := range r.Methods {
		if embed {
			out.ResourceMethods[string(verb)] = methodView(m)
		} else {
			out.ResourceMethods[string(verb)] = &apigateway.Method{}
		}
	}
	return out
}
