package awsapi

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	sdkv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// ofRoute completes a cycle of a route of a WebSocket API, which in makes.
func ofRoute(in *sdkv2.CreateRouteInput, c cycle, before ...func(*terraform) error) cycle {
	c.create = func(x *terraform) error {
		if err := first(x, before...); err != nil {
			return err
		}
		in.ApiId = x.id("{mine}")
		if in.AuthorizerId != nil {
			in.AuthorizerId = x.id("{authorizer}")
		}
		out, err := x.v2.CreateRoute(x.ctx, in)
		if err == nil {
			x.names("{route}", out.RouteId)
		}
		return err
	}
	c.read = func(x *terraform) (any, error) {
		out, err := x.v2.GetRoute(x.ctx, &sdkv2.GetRouteInput{ApiId: x.id("{mine}"), RouteId: x.id("{route}")})
		if err != nil {
			return nil, err
		}
		optional := []string{} // a false is left out of what is compared
		for name, p := range out.RequestParameters {
			if !aws.ToBool(p.Required) {
				optional = append(optional, name)
			}
		}
		return struct {
			*sdkv2.GetRouteOutput
			Optional []string
		}{out, optional}, nil
	}
	c.destroy = func(x *terraform) error {
		return done(x.v2.DeleteRoute(x.ctx, &sdkv2.DeleteRouteInput{ApiId: x.id("{mine}"), RouteId: x.id("{route}")}))
	}
	return c
}

func updatesRoute(in sdkv2.UpdateRouteInput) func(*terraform) error {
	return func(x *terraform) error {
		in := in
		in.ApiId, in.RouteId = x.id("{mine}"), x.id("{route}")
		return done(x.v2.UpdateRoute(x.ctx, &in))
	}
}

// required are parameters of a route, and whether clients must send them.
type required map[string]bool

func (r required) constraints() map[string]types.ParameterConstraints {
	out := map[string]types.ParameterConstraints{}
	for name, must := range r {
		out[name] = types.ParameterConstraints{Required: aws.Bool(must)}
	}
	return out
}

// withoutParameters is what the provider does with those that change: it deletes
// each, then sets those that there are.
func withoutParameters(names ...string) func(*terraform) error {
	return func(x *terraform) error {
		for _, name := range names {
			if _, err := x.v2.DeleteRouteRequestParameter(x.ctx, &sdkv2.DeleteRouteRequestParameterInput{ApiId: x.id("{mine}"), RouteId: x.id("{route}"), RequestParameterKey: &name}); err != nil {
				return err
			}
		}
		return nil
	}
}

func connectRouteCycle(socket func(*terraform) error) cycle {
	const header, query = "route.request.header.authorization", "route.request.querystring.authToken"
	const shown = `"RouteId":"{route}","RouteKey":"$connect","OperationName":"o"`
	const guarded = `"ApiKeyRequired":true,"AuthorizationType":"CUSTOM","AuthorizerId":"{authorizer}"`
	return ofRoute(&sdkv2.CreateRouteInput{ApiKeyRequired: aws.Bool(true), AuthorizationType: types.AuthorizationTypeCustom, AuthorizerId: aws.String(""), RouteKey: aws.String("$connect"), OperationName: aws.String("o"),
		RequestParameters: required{header: true}.constraints()}, cycle{
		want: `{` + shown + `,` + guarded + `,"RequestParameters":{"` + header + `":{"Required":true}}}`,
		updates: []update{
			{"parameters", func(x *terraform) error {
				return first(x, withoutParameters(header), updatesRoute(sdkv2.UpdateRouteInput{RequestParameters: required{header: false, query: true}.constraints()}))
			}, `{` + shown + `,` + guarded + `,"RequestParameters":{"` + query + `":{"Required":true}},"Optional":["` + header + `"]}`},
			{"no parameters", withoutParameters(header, query), `{` + shown + `,` + guarded + `}`},
			{"for everybody", updatesRoute(sdkv2.UpdateRouteInput{ApiKeyRequired: aws.Bool(false), AuthorizationType: types.AuthorizationTypeNone, AuthorizerId: aws.String("")}), `{` + shown + `,"AuthorizationType":"NONE"}`},
			{"signed", updatesRoute(sdkv2.UpdateRouteInput{AuthorizationType: types.AuthorizationTypeAwsIam, OperationName: aws.String("")}), `{"RouteId":"{route}","RouteKey":"$connect","AuthorizationType":"AWS_IAM"}`},
		},
	}, socket, makeAuthorizer(&sdkv2.CreateAuthorizerInput{AuthorizerType: types.AuthorizerTypeRequest, AuthorizerUri: aws.String(tfInvocation), IdentitySource: []string{"route.request.header.Auth"}, Name: aws.String("n")}))
}

func messageRouteCycle(socket func(*terraform) error) cycle {
	const shown = `"RouteId":"{route}","AuthorizationType":"NONE"`
	model := func(x *terraform) error {
		return done(x.v2.CreateModel(x.ctx, &sdkv2.CreateModelInput{ApiId: x.id("{mine}"), ContentType: aws.String("application/json"), Name: aws.String("n"), Schema: aws.String(`{"type":"object"}`)}))
	}
	return ofRoute(&sdkv2.CreateRouteInput{ApiKeyRequired: aws.Bool(false), AuthorizationType: types.AuthorizationTypeNone, RouteKey: aws.String("send"), ModelSelectionExpression: aws.String("action"),
		RequestModels: map[string]string{"test": "n"}, RouteResponseSelectionExpression: aws.String("$default")}, cycle{
		want: `{` + shown + `,"RouteKey":"send","ModelSelectionExpression":"action","RequestModels":{"test":"n"},"RouteResponseSelectionExpression":"$default"}`,
		updates: []update{
			{"models", updatesRoute(sdkv2.UpdateRouteInput{RequestModels: map[string]string{"other": "n"}, RouteKey: aws.String("post")}),
				`{` + shown + `,"RouteKey":"post","ModelSelectionExpression":"action","RequestModels":{"other":"n"},"RouteResponseSelectionExpression":"$default"}`},
			{"none", updatesRoute(sdkv2.UpdateRouteInput{ModelSelectionExpression: aws.String(""), RequestModels: map[string]string{}, RouteResponseSelectionExpression: aws.String("")}), `{` + shown + `,"RouteKey":"post"}`},
			{"target", func(x *terraform) error {
				return first(x, httpSocketTarget, func(x *terraform) error {
					return updatesRoute(sdkv2.UpdateRouteInput{Target: x.id("integrations/{integration}")})(x)
				})
			}, `{` + shown + `,"RouteKey":"post","Target":"integrations/{integration}"}`},
		},
	}, socket, model)
}

// httpSocketTarget is an integration of a WebSocket API.
func httpSocketTarget(x *terraform) error {
	return integrationOf(&sdkv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("POST"), IntegrationUri: aws.String("https://backend.example")})(x)
}

// socketAuthorizerCycle: of a WebSocket API the provider sends no lifetime of
// answers and no format.
func socketAuthorizerCycle(socket func(*terraform) error) cycle {
	const shown = `"AuthorizerId":"{authorizer}","AuthorizerType":"REQUEST","AuthorizerUri":"` + tfInvocation + `"`
	return ofAuthorizer(cycle{
		create: func(x *terraform) error {
			return first(x, socket, makeAuthorizer(&sdkv2.CreateAuthorizerInput{AuthorizerType: types.AuthorizerTypeRequest, AuthorizerUri: aws.String(tfInvocation), IdentitySource: []string{"route.request.header.Auth"}, Name: aws.String("n")}))
		},
		want: `{` + shown + `,"IdentitySource":["route.request.header.Auth"],"Name":"n"}`,
		updates: []update{
			{"settings", updatesAuthorizer(sdkv2.UpdateAuthorizerInput{AuthorizerCredentialsArn: aws.String("arn:aws:iam::000000000000:role/r"), IdentitySource: []string{"route.request.header.Auth", "route.request.querystring.Name"}, Name: aws.String("m")}),
				`{` + shown + `,"AuthorizerCredentialsArn":"arn:aws:iam::000000000000:role/r","IdentitySource":["route.request.header.Auth","route.request.querystring.Name"],"Name":"m"}`},
			{"no sources", updatesAuthorizer(sdkv2.UpdateAuthorizerInput{AuthorizerCredentialsArn: aws.String(""), IdentitySource: []string{}}), `{` + shown + `,"Name":"m"}`},
		},
	})
}
