package awsapi

import (
	"context"
	"slices"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

func (o rest) createAuthorizer(ctx context.Context, c *Call, in *apigateway.CreateAuthorizerRequest) (*apigateway.Authorizer, error) {
	a := apigw.Authorizer{
		Name: val(in.Name), Type: val(in.Type), AuthType: val(in.AuthType), URI: val(in.AuthorizerUri), Credentials: val(in.AuthorizerCredentials),
		IdentitySource: val(in.IdentitySource), IdentityValidationExpression: val(in.IdentityValidationExpression), ProviderARNs: in.ProviderARNs,
	}
	if in.AuthorizerResultTtlInSeconds != nil {
		a.TTLSeconds = new(*in.AuthorizerResultTtlInSeconds)
	}
	if err := c.PassRole(a.Credentials, apiGatewayPrincipal); err != nil {
		return nil, err
	}
	made, err := o.c.CreateAuthorizer(ctx, c.Scope, apiID(in.RestApiId), a)
	return authorizerView(made), err
}

func (o rest) getAuthorizer(ctx context.Context, c *Call, in *apigateway.GetAuthorizerRequest) (*apigateway.Authorizer, error) {
	a, _, err := o.c.Authorizer(ctx, c.Scope, apiID(in.RestApiId), apigw.AuthorizerID(in.AuthorizerId))
	return authorizerView(a), err
}

func (o rest) getAuthorizers(ctx context.Context, c *Call, in *apigateway.GetAuthorizersRequest) (*apigateway.Authorizers, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.Authorizers(ctx, c.Scope, apiID(in.RestApiId))
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(a *apigw.Authorizer) string { return a.Name + "/" + string(a.ID) })
	return &apigateway.Authorizers{Items: views(list, authorizerView), Position: next}, nil
}

func (o rest) updateAuthorizer(ctx context.Context, c *Call, in *apigateway.UpdateAuthorizerRequest) (*apigateway.Authorizer, error) {
	patch := patchAuthorizer(Patch(in.PatchOperations))
	a, err := o.c.UpdateAuthorizer(ctx, c.Scope, apiID(in.RestApiId), apigw.AuthorizerID(in.AuthorizerId), func(a *apigw.Authorizer) error {
		return passing(c, &a.Credentials, apiGatewayPrincipal, func() error { return patch(a) })
	})
	return authorizerView(a), err
}

func (o rest) deleteAuthorizer(ctx context.Context, c *Call, in *apigateway.DeleteAuthorizerRequest) error {
	return o.c.DeleteAuthorizer(ctx, c.Scope, apiID(in.RestApiId), apigw.AuthorizerID(in.AuthorizerId))
}

// flushStageAuthorizersCache counts on the stage: what was kept before is kept
// under another number, on every node.
func (o rest) flushStageAuthorizersCache(ctx context.Context, c *Call, in *apigateway.FlushStageAuthorizersCacheRequest) error {
	_, err := o.c.UpdateStage(ctx, c.Scope, apiID(in.RestApiId), apigw.StageName(in.StageName), func(s *apigw.Stage) error {
		s.AuthorizersFlushed++
		return nil
	})
	return err
}

// authorizerView shows a validity only where one was set (recorded on AWS).
func authorizerView(a *apigw.Authorizer) *apigateway.Authorizer {
	if a == nil {
		return nil
	}
	out := &apigateway.Authorizer{
		Id: set(a.ID), Name: set(a.Name), Type: set(a.Type), AuthType: set(a.AuthType), AuthorizerUri: set(a.URI),
		AuthorizerCredentials: set(a.Credentials), IdentitySource: set(a.IdentitySource), ProviderARNs: a.ProviderARNs,
		IdentityValidationExpression: set(a.IdentityValidationExpression),
	}
	if a.TTLSeconds != nil {
		out.AuthorizerResultTtlInSeconds = new(*a.TTLSeconds)
	}
	return out
}

func patchAuthorizer(ops []PatchOp) func(*apigw.Authorizer) error {
	return func(a *apigw.Authorizer) error {
		return applyEach(ops, func(op PatchOp) error {
			texts := map[string]*string{
				"/name": &a.Name, "/type": &a.Type, "/authType": &a.AuthType, "/authorizerUri": &a.URI, "/authorizerCredentials": &a.Credentials,
				"/identityValidationExpression": &a.IdentityValidationExpression, "/identitySource": &a.IdentitySource,
			}
			text, ok := texts[op.Path]
			switch {
			case op.Path == "/providerARNs":
				return patchProviders(a, op)
			case op.Path == "/authorizerResultTtlInSeconds" && op.Op == "replace":
				n, err := strconv.Atoi(op.Text())
				if err != nil {
					return apigw.Errorf(apigw.BadRequest, "Invalid integer value '%s' for authorizerResultTtlInSeconds", op.Text())
				}
				a.TTLSeconds = &n
			case ok && op.Op == "replace", op.Path == "/identitySource" && op.Op == "add":
				*text = op.Text()
			case op.Path == "/identitySource" && op.Op == "remove":
				*text = ""
			case ok || op.Path == "/authorizerResultTtlInSeconds":
				return op.LongOpError()
			default:
				return op.LongPathError("/name", "/type", "/authType", "/authorizerUri", "/authorizerCredentials", "/identitySource",
					"/identityValidationExpression", "/authorizerResultTtlInSeconds", "/providerARNs")
			}
			return nil
		})
	}
}

// patchProviders adds or removes one user pool.
func patchProviders(a *apigw.Authorizer, op PatchOp) error {
	switch op.Op {
	case "add":
		if !slices.Contains(a.ProviderARNs, op.Text()) {
			a.ProviderARNs = append(a.ProviderARNs, op.Text())
		}
	case "remove":
		a.ProviderARNs = slices.DeleteFunc(a.ProviderARNs, func(arn string) bool { return arn == op.Text() })
	default:
		return op.LongOpError()
	}
	return nil
}

// AuthorizerTester asks an authorizer of a definition about a simulated
// request. The definition is not to be changed.
type AuthorizerTester func(ctx context.Context, def *apigw.Definition, id apigw.AuthorizerID, in *apigw.TestRequest) (*apigw.AuthorizerResult, error)

func (o rest) testInvokeAuthorizer(ctx context.Context, c *Call, in *apigateway.TestInvokeAuthorizerRequest) (*apigateway.TestInvokeAuthorizerResponse, error) {
	a, def, err := o.c.Authorizer(ctx, c.Scope, apiID(in.RestApiId), apigw.AuthorizerID(in.AuthorizerId))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	result, err := o.testAuthorizer(ctx, def, a.ID, &apigw.TestRequest{
		HTTPMethod: "GET", Path: val(in.PathWithQueryString), Header: testFields(in.Headers, in.MultiValueHeaders),
		StageVariables: in.StageVariables, Context: in.AdditionalContext, RequestID: newUUID(), Caller: apigw.TestCaller{Account: c.Caller.Account, ARN: string(c.Caller.ARN), UserAgent: c.UserAgent},
	})
	if err != nil {
		return nil, err
	}
	out := &apigateway.TestInvokeAuthorizerResponse{
		ClientStatus: &result.Status, Log: &result.Log, Latency: &result.Latency, PrincipalId: set(result.PrincipalID), Policy: set(result.Policy), Claims: result.Claims,
	}
	for name, value := range result.Context {
		if out.Authorization == nil {
			out.Authorization = map[string][]string{}
		}
		out.Authorization[name] = []string{value}
	}
	return out, nil
}
