package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

func methodRef(c *Call, api, resource, verb string) control.MethodRef {
	return control.MethodRef{Scope: c.Scope, API: apiID(api), Resource: apigw.ResourceID(resource), Verb: apigw.Verb(verb)}
}

func (o rest) putMethod(ctx context.Context, c *Call, in *apigateway.PutMethodRequest) (*apigateway.Method, error) {
	m, err := o.c.PutMethod(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), apigw.Method{
		AuthorizationType: val(in.AuthorizationType), AuthorizerID: apigw.AuthorizerID(val(in.AuthorizerId)),
		AuthorizationScopes: in.AuthorizationScopes, APIKeyRequired: val(in.ApiKeyRequired),
		RequestValidatorID: apigw.ValidatorID(val(in.RequestValidatorId)), OperationName: val(in.OperationName),
		RequestParameters: in.RequestParameters, RequestModels: named[apigw.ModelName](in.RequestModels),
	})
	return methodView(m), err
}

func (o rest) getMethod(ctx context.Context, c *Call, in *apigateway.GetMethodRequest) (*apigateway.Method, error) {
	m, err := o.c.Method(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod))
	return methodView(m), err
}

func (o rest) updateMethod(ctx context.Context, c *Call, in *apigateway.UpdateMethodRequest) (*apigateway.Method, error) {
	m, err := o.c.UpdateMethod(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), patchMethod(Patch(in.PatchOperations)))
	return methodView(m), err
}

func (o rest) deleteMethod(ctx context.Context, c *Call, in *apigateway.DeleteMethodRequest) error {
	return o.c.DeleteMethod(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod))
}

func (o rest) putMethodResponse(ctx context.Context, c *Call, in *apigateway.PutMethodResponseRequest) (*apigateway.MethodResponse, error) {
	r, err := o.c.PutMethodResponse(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), apigw.MethodResponse{
		StatusCode: apigw.StatusCode(in.StatusCode), ResponseParameters: in.ResponseParameters,
		ResponseModels: named[apigw.ModelName](in.ResponseModels),
	})
	return methodResponseView(r), err
}

func (o rest) getMethodResponse(ctx context.Context, c *Call, in *apigateway.GetMethodResponseRequest) (*apigateway.MethodResponse, error) {
	r, err := o.c.MethodResponse(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), apigw.StatusCode(in.StatusCode))
	return methodResponseView(r), err
}

func (o rest) updateMethodResponse(ctx context.Context, c *Call, in *apigateway.UpdateMethodResponseRequest) (*apigateway.MethodResponse, error) {
	r, err := o.c.UpdateMethodResponse(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), apigw.StatusCode(in.StatusCode),
		patchMethodResponse(Patch(in.PatchOperations)))
	return methodResponseView(r), err
}

func (o rest) deleteMethodResponse(ctx context.Context, c *Call, in *apigateway.DeleteMethodResponseRequest) error {
	return o.c.DeleteMethodResponse(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod), apigw.StatusCode(in.StatusCode))
}

// methodView shows a method with its responses and integration; what is empty
// is left out.
func methodView(m *apigw.Method) *apigateway.Method {
	if m == nil {
		return nil
	}
	out := &apigateway.Method{
		HttpMethod: set(m.Verb), AuthorizationType: set(m.AuthorizationType), AuthorizerId: set(m.AuthorizerID),
		ApiKeyRequired: new(m.APIKeyRequired), RequestValidatorId: set(m.RequestValidatorID), OperationName: set(m.OperationName),
		RequestParameters: shown(m.RequestParameters), RequestModels: shown(named[string](m.RequestModels)),
		AuthorizationScopes: omitEmpty(m.AuthorizationScopes),
	}
	if len(m.Responses) > 0 {
		out.MethodResponses = make(map[string]*apigateway.MethodResponse, len(m.Responses))
		for status, r := range m.Responses {
			out.MethodResponses[string(status)] = methodResponseView(r)
		}
	}
	out.MethodIntegration = integrationView(m.Integration)
	return out
}

func methodResponseView(r *apigw.MethodResponse) *apigateway.MethodResponse {
	if r == nil {
		return nil
	}
	return &apigateway.MethodResponse{
		StatusCode: set(r.StatusCode), ResponseParameters: r.ResponseParameters, ResponseModels: named[string](r.ResponseModels),
	}
}
