package awsapi

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	sdkv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// sdkRoutes is AWS's client of version 2.
func (h *house) sdkRoutes() *sdkv2.Client {
	return sdkv2.New(sdkv2.Options{
		BaseEndpoint: aws.String(h.url), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(testCredentials),
	})
}

// done is a step whose answer doesn't matter.
func done[Out any](_ Out, err error) error { return err }

// first runs a cycle's prerequisites before it is created.
func first(x *terraform, steps ...func(*terraform) error) error {
	for _, step := range steps {
		if err := step(x); err != nil {
			return err
		}
	}
	return nil
}

// ofProtocol makes the API that other resources are in, {mine}.
func ofProtocol(protocol types.ProtocolType) func(*terraform) error {
	in := &sdkv2.CreateApiInput{Name: aws.String("n"), ProtocolType: protocol}
	if protocol == types.ProtocolTypeWebsocket {
		in.RouteSelectionExpression = aws.String("$request.body.action")
	}
	return func(x *terraform) error {
		out, err := x.v2.CreateApi(x.ctx, in)
		if err == nil {
			x.names("{mine}", out.ApiId)
		}
		return err
	}
}

// httpTarget makes an integration, {integration}, that routes can call.
func httpTarget(x *terraform) error {
	out, err := x.v2.CreateIntegration(x.ctx, &sdkv2.CreateIntegrationInput{ApiId: x.id("{mine}"), IntegrationType: types.IntegrationTypeHttpProxy, ConnectionType: types.ConnectionTypeInternet,
		IntegrationMethod: aws.String("ANY"), IntegrationUri: aws.String("https://backend.example"), PassthroughBehavior: types.PassthroughBehaviorWhenNoMatch, PayloadFormatVersion: aws.String("1.0")})
	if err == nil {
		x.names("{integration}", out.IntegrationId)
	}
	return err
}

func oneRoute(x *terraform) error {
	_, err := x.v2.CreateRoute(x.ctx, &sdkv2.CreateRouteInput{ApiId: x.id("{mine}"), ApiKeyRequired: aws.Bool(false), AuthorizationType: types.AuthorizationTypeNone, RouteKey: aws.String("GET /pets"), Target: x.id("integrations/{integration}")})
	return err
}

const (
	tfEndpoint   = `"ApiId":"{mine}","ApiEndpoint":"https://{mine}.execute-api.us-east-1.amazonaws.com"`
	tfSelections = `"ApiKeySelectionExpression":"$request.header.x-api-key","RouteSelectionExpression":"$request.method $request.path"`
	tfHTTP       = tfEndpoint + `,` + tfSelections + `,"ProtocolType":"HTTP","IpAddressType":"ipv4"`
	tfDocument   = `{"openapi":"3.0.1","info":{"title":"body","version":"2"},"paths":{"/pets":{"get":{"x-amazon-apigateway-integration":{"type":"HTTP_PROXY","httpMethod":"GET","payloadFormatVersion":"1.0","uri":"https://backend.example"}}}}}`
)

// routeAPICycles: the API itself, with a document, and created quickly.
func routeAPICycles() map[string]cycle {
	read := func(x *terraform) (any, error) { return x.v2.GetApi(x.ctx, &sdkv2.GetApiInput{ApiId: x.id("{mine}")}) }
	destroy := func(x *terraform) error {
		return done(x.v2.DeleteApi(x.ctx, &sdkv2.DeleteApiInput{ApiId: x.id("{mine}")}))
	}
	made := func(in *sdkv2.CreateApiInput) func(*terraform) error {
		in.ApiKeySelectionExpression = aws.String("$request.header.x-api-key") // the provider's defaults, of every API
		if in.RouteSelectionExpression == nil {
			in.RouteSelectionExpression = aws.String("$request.method $request.path")
		}
		return func(x *terraform) error {
			out, err := x.v2.CreateApi(x.ctx, in)
			if err == nil {
				x.names("{mine}", out.ApiId)
			}
			return err
		}
	}
	change := func(in sdkv2.UpdateApiInput) func(*terraform) error {
		return func(x *terraform) error {
			in := in
			in.ApiId = x.id("{mine}")
			return done(x.v2.UpdateApi(x.ctx, &in))
		}
	}
	reimport := func(x *terraform) error {
		return done(x.v2.ReimportApi(x.ctx, &sdkv2.ReimportApiInput{ApiId: x.id("{mine}"), Body: aws.String(tfDocument)}))
	}
	cors := &types.Cors{AllowCredentials: aws.Bool(false), AllowHeaders: []string{"Authorization"}, AllowMethods: []string{"GET", "put"}, AllowOrigins: []string{"https://a.example"}, ExposeHeaders: []string{}, MaxAge: aws.Int32(500)}
	const corsShown = `"CorsConfiguration":{"AllowHeaders":["Authorization"],"AllowMethods":["GET","put"],"AllowOrigins":["https://a.example"],"MaxAge":500}`
	uncors := func(x *terraform) error {
		return done(x.v2.DeleteCorsConfiguration(x.ctx, &sdkv2.DeleteCorsConfigurationInput{ApiId: x.id("{mine}")}))
	}
	tag := func(x *terraform) error {
		arn := x.id("arn:aws:apigateway:us-east-1::/apis/{mine}")
		return first(x, func(x *terraform) error {
			return done(x.v2.UntagResource(x.ctx, &sdkv2.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))
		}, func(x *terraform) error {
			return done(x.v2.TagResource(x.ctx, &sdkv2.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"c": "3"}}))
		})
	}
	return map[string]cycle{
		"api": {
			create: made(&sdkv2.CreateApiInput{Name: aws.String("n"), ProtocolType: types.ProtocolTypeHttp, Description: aws.String("d"), Version: aws.String("1"), CorsConfiguration: cors, Tags: map[string]string{"a": "1", "b": "2"}}),
			read:   read, destroy: destroy,
			want: `{` + tfHTTP + `,"Name":"n","Description":"d","Version":"1","Tags":{"a":"1","b":"2"},` + corsShown + `}`,
			updates: []update{
				{"settings", change(sdkv2.UpdateApiInput{Description: aws.String(""), Name: aws.String("m"), Version: aws.String(""), DisableExecuteApiEndpoint: aws.Bool(true)}),
					`{` + tfHTTP + `,"Name":"m","DisableExecuteApiEndpoint":true,"Tags":{"a":"1","b":"2"},` + corsShown + `}`},
				{"no CORS", uncors, `{` + tfHTTP + `,"Name":"m","DisableExecuteApiEndpoint":true,"Tags":{"a":"1","b":"2"}}`},
				{"tags", tag, `{` + tfHTTP + `,"Name":"m","DisableExecuteApiEndpoint":true,"Tags":{"b":"2","c":"3"}}`},
			},
		},
		"api with a body": {
			create: func(x *terraform) error {
				return first(x, made(&sdkv2.CreateApiInput{Name: aws.String("n"), ProtocolType: types.ProtocolTypeHttp, CorsConfiguration: cors}), reimport,
					change(sdkv2.UpdateApiInput{Name: aws.String("n"), Description: aws.String(""), Version: aws.String(""), CorsConfiguration: cors}))
			},
			read: read, destroy: destroy,
			want: `{` + tfHTTP + `,"Name":"n",` + corsShown + `}`,
		},
		"api of WebSockets": {
			create: made(&sdkv2.CreateApiInput{Name: aws.String("n"), ProtocolType: types.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action")}),
			read:   read, destroy: destroy,
			want: `{"ApiId":"{mine}","ApiEndpoint":"wss://{mine}.execute-api.us-east-1.amazonaws.com","ApiKeySelectionExpression":"$request.header.x-api-key","RouteSelectionExpression":"$request.body.action","ProtocolType":"WEBSOCKET","IpAddressType":"ipv4","Name":"n"}`,
			updates: []update{{"expressions", change(sdkv2.UpdateApiInput{ApiKeySelectionExpression: aws.String("$context.authorizer.usageIdentifierKey"), RouteSelectionExpression: aws.String("$request.body.service")}),
				`{"ApiId":"{mine}","ApiEndpoint":"wss://{mine}.execute-api.us-east-1.amazonaws.com","ApiKeySelectionExpression":"$context.authorizer.usageIdentifierKey","RouteSelectionExpression":"$request.body.service","ProtocolType":"WEBSOCKET","IpAddressType":"ipv4","Name":"n"}`}},
		},
		"api created quickly": {
			create: made(&sdkv2.CreateApiInput{Name: aws.String("n"), ProtocolType: types.ProtocolTypeHttp, Target: aws.String("https://backend.example"), RouteKey: aws.String("GET /pets")}),
			read:   read, destroy: destroy,
			want: `{` + tfHTTP + `,"Name":"n"}`,
		},
	}
}

// routeCycles: what an HTTP API is made of.
func routeCycles() map[string]cycle {
	all := map[string]cycle{"route": routeCycle(), "authorizer": requestAuthorizerCycle(), "authorizer of tokens": jwtCycle(), "vpc_link of version 2": privateLinkCycle()}
	for name, c := range integrationCycles() {
		all[name] = c
	}
	return all
}

func routeCycle() cycle {
	change := func(in sdkv2.UpdateRouteInput) func(*terraform) error {
		return func(x *terraform) error {
			in := in
			in.ApiId, in.RouteId = x.id("{mine}"), x.id("{route}")
			if in.AuthorizerId != nil {
				in.AuthorizerId = x.id(*in.AuthorizerId)
			}
			return done(x.v2.UpdateRoute(x.ctx, &in))
		}
	}
	return cycle{
		create: func(x *terraform) error {
			return first(x, ofProtocol(types.ProtocolTypeHttp), httpTarget, makeJWT, func(x *terraform) error {
				out, err := x.v2.CreateRoute(x.ctx, &sdkv2.CreateRouteInput{ApiId: x.id("{mine}"), ApiKeyRequired: aws.Bool(false), AuthorizationType: types.AuthorizationTypeJwt, AuthorizerId: x.id("{authorizer}"),
					AuthorizationScopes: []string{"a", "b"}, OperationName: aws.String("o"), RouteKey: aws.String("GET /pets"), Target: x.id("integrations/{integration}")})
				if err == nil {
					x.names("{route}", out.RouteId)
				}
				return err
			})
		},
		read: func(x *terraform) (any, error) {
			return x.v2.GetRoute(x.ctx, &sdkv2.GetRouteInput{ApiId: x.id("{mine}"), RouteId: x.id("{route}")})
		},
		destroy: func(x *terraform) error {
			return done(x.v2.DeleteRoute(x.ctx, &sdkv2.DeleteRouteInput{ApiId: x.id("{mine}"), RouteId: x.id("{route}")}))
		},
		want: `{"RouteId":"{route}","RouteKey":"GET /pets","Target":"integrations/{integration}","AuthorizationType":"JWT","AuthorizerId":"{authorizer}","AuthorizationScopes":["a","b"],"OperationName":"o"}`,
		updates: []update{
			{"without an authorizer", change(sdkv2.UpdateRouteInput{AuthorizationType: types.AuthorizationTypeNone, AuthorizerId: aws.String(""), AuthorizationScopes: []string{}, OperationName: aws.String("")}),
				`{"RouteId":"{route}","RouteKey":"GET /pets","Target":"integrations/{integration}","AuthorizationType":"NONE"}`},
			{"key", change(sdkv2.UpdateRouteInput{RouteKey: aws.String("$default"), Target: aws.String("")}), `{"RouteId":"{route}","RouteKey":"$default","AuthorizationType":"NONE"}`},
			{"signed", change(sdkv2.UpdateRouteInput{AuthorizationType: types.AuthorizationTypeAwsIam}), `{"RouteId":"{route}","RouteKey":"$default","AuthorizationType":"AWS_IAM"}`},
		},
	}
}
