package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o rest) createRestAPI(ctx context.Context, c *Call, in *apigateway.CreateRestApiRequest) (*apigateway.RestApi, error) {
	api := control.NewRestAPI{
		API: apigw.RestAPI{
			Name: val(in.Name), Description: val(in.Description), Version: val(in.Version),
			BinaryMediaTypes: in.BinaryMediaTypes, MinimumCompressionSize: in.MinimumCompressionSize,
			APIKeySource: val(in.ApiKeySource), Policy: val(in.Policy), Tags: in.Tags,
			DisableExecuteAPIEndpoint: val(in.DisableExecuteApiEndpoint),
			SecurityPolicy:            val(in.SecurityPolicy), EndpointAccessMode: val(in.EndpointAccessMode),
		},
		EmptyDescription: in.Description != nil && *in.Description == "",
		CloneFrom:        apiID(val(in.CloneFrom)),
	}
	if e := in.EndpointConfiguration; e != nil {
		api.EndpointTypes = e.Types
		api.API.Endpoint = apigw.EndpointConfiguration{IPAddressType: val(e.IpAddressType), VPCEndpointIDs: e.VpcEndpointIds}
	}
	if err := o.mayCreate(ctx, c, &api); err != nil {
		return nil, err
	}
	made, err := o.c.CreateRestAPI(ctx, c.Scope, api)
	return restAPIView(made), err
}

func (o rest) getRestAPI(ctx context.Context, c *Call, in *apigateway.GetRestApiRequest) (*apigateway.RestApi, error) {
	api, err := o.c.RestAPI(ctx, c.Scope, apiID(in.RestApiId))
	return withTags(restAPIView(api)), err
}

func (o rest) getRestAPIs(ctx context.Context, c *Call, in *apigateway.GetRestApisRequest) (*apigateway.RestApis, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, more, err := o.c.RestAPIs(ctx, c.Scope, apiID(p.After), p.Limit)
	out := &apigateway.RestApis{Items: []*apigateway.RestApi{}}
	for _, api := range list {
		out.Items = append(out.Items, restAPIView(api))
	}
	if more && len(list) > 0 {
		out.Position = Position(string(list[len(list)-1].ID))
	}
	return out, err
}

func (o rest) updateRestAPI(ctx context.Context, c *Call, in *apigateway.UpdateRestApiRequest) (*apigateway.RestApi, error) {
	patch := patchRestAPI(Patch(in.PatchOperations))
	api, err := o.c.UpdateRestAPI(ctx, c.Scope, apiID(in.RestApiId), func(a *apigw.RestAPI) error {
		before := a.Policy
		err := patch(a)
		if err == nil && a.Policy != before {
			err = c.May(changePolicy, c.Resource)
		}
		return err
	})
	return withTags(restAPIView(api)), err
}

func (o rest) deleteRestAPI(ctx context.Context, c *Call, in *apigateway.DeleteRestApiRequest) error {
	return o.c.DeleteRestAPI(ctx, c.Scope, apiID(in.RestApiId))
}

func (o rest) importRestAPI(ctx context.Context, c *Call, in *apigateway.ImportRestApiRequest) (*apigateway.RestApi, error) {
	api, err := o.c.ImportRestAPI(ctx, c.Scope, in.Body, control.ImportOptions{
		FailOnWarnings: val(in.FailOnWarnings), Parameters: in.Parameters, Allowed: mayImport(c),
	})
	return restAPIView(api), err
}

func (o rest) putRestAPI(ctx context.Context, c *Call, in *apigateway.PutRestApiRequest) (*apigateway.RestApi, error) {
	api, err := o.c.PutRestAPI(ctx, c.Scope, apiID(in.RestApiId), in.Body, control.ImportOptions{
		Overwrite: val(in.Mode) == "overwrite", FailOnWarnings: val(in.FailOnWarnings), Parameters: in.Parameters, Allowed: mayImport(c),
	})
	return withTags(restAPIView(api)), err
}

// restAPIView is an API as lists and Create show it: without empty tags.
func restAPIView(a *apigw.RestAPI) *apigateway.RestApi {
	if a == nil {
		return nil
	}
	return &apigateway.RestApi{
		Id: set(a.ID), Name: new(a.Name), Description: set(a.Description), Version: set(a.Version),
		CreatedDate: &a.Created, Warnings: a.Warnings,
		BinaryMediaTypes: omitEmpty(a.BinaryMediaTypes), MinimumCompressionSize: a.MinimumCompressionSize,
		ApiKeySource: set(a.APIKeySource), Policy: escapedPolicy(a.Policy), Tags: shown(a.Tags),
		EndpointConfiguration: &apigateway.EndpointConfiguration{
			Types: []string{a.Endpoint.Type}, IpAddressType: set(a.Endpoint.IPAddressType),
			VpcEndpointIds: omitEmpty(a.Endpoint.VPCEndpointIDs),
		},
		DisableExecuteApiEndpoint: new(a.DisableExecuteAPIEndpoint), RootResourceId: set(a.RootResourceID),
		SecurityPolicy: set(a.SecurityPolicy), EndpointAccessMode: set(a.EndpointAccessMode),
	}
}

// withTags shows tags even when there are none, as single reads and updates
// do (recorded on AWS).
func withTags(a *apigateway.RestApi) *apigateway.RestApi {
	if a != nil && a.Tags == nil {
		a.Tags = map[string]string{}
	}
	return a
}

func omitEmpty(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}
