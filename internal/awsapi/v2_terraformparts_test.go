package awsapi

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdkv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

const tfInvocation = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"

func makeJWT(x *terraform) error {
	return makeAuthorizer(&sdkv2.CreateAuthorizerInput{AuthorizerType: types.AuthorizerTypeJwt, IdentitySource: []string{"$request.header.Authorization"}, Name: aws.String("jwt"),
		JwtConfiguration: &types.JWTConfiguration{Audience: []string{"a"}, Issuer: aws.String("https://issuer.example")}})(x)
}

func makeAuthorizer(in *sdkv2.CreateAuthorizerInput) func(*terraform) error {
	return func(x *terraform) error {
		in.ApiId = x.id("{mine}")
		out, err := x.v2.CreateAuthorizer(x.ctx, in)
		if err == nil {
			x.names("{authorizer}", out.AuthorizerId)
		}
		return err
	}
}

// ofAuthorizer completes a cycle of an authorizer of an HTTP API.
func ofAuthorizer(c cycle) cycle {
	c.read = func(x *terraform) (any, error) {
		return x.v2.GetAuthorizer(x.ctx, &sdkv2.GetAuthorizerInput{ApiId: x.id("{mine}"), AuthorizerId: x.id("{authorizer}")})
	}
	c.destroy = func(x *terraform) error {
		return done(x.v2.DeleteAuthorizer(x.ctx, &sdkv2.DeleteAuthorizerInput{ApiId: x.id("{mine}"), AuthorizerId: x.id("{authorizer}")}))
	}
	return c
}

func updatesAuthorizer(in sdkv2.UpdateAuthorizerInput) func(*terraform) error {
	return func(x *terraform) error {
		in := in
		in.ApiId, in.AuthorizerId = x.id("{mine}"), x.id("{authorizer}")
		return done(x.v2.UpdateAuthorizer(x.ctx, &in))
	}
}

func requestAuthorizerCycle() cycle {
	return ofAuthorizer(cycle{
		create: func(x *terraform) error {
			return first(x, ofProtocol(types.ProtocolTypeHttp), makeAuthorizer(&sdkv2.CreateAuthorizerInput{AuthorizerType: types.AuthorizerTypeRequest, IdentitySource: []string{"$request.header.Authorization"},
				Name: aws.String("n"), AuthorizerUri: aws.String(tfInvocation), AuthorizerPayloadFormatVersion: aws.String("2.0"), AuthorizerResultTtlInSeconds: aws.Int32(300), EnableSimpleResponses: aws.Bool(true),
				AuthorizerCredentialsArn: aws.String("arn:aws:iam::000000000000:role/r")}))
		},
		want: `{"AuthorizerId":"{authorizer}","AuthorizerType":"REQUEST","IdentitySource":["$request.header.Authorization"],"Name":"n","AuthorizerUri":"` + tfInvocation + `","AuthorizerPayloadFormatVersion":"2.0",` +
			`"AuthorizerResultTtlInSeconds":300,"EnableSimpleResponses":true,"AuthorizerCredentialsArn":"arn:aws:iam::000000000000:role/r"}`,
		updates: []update{
			{"settings", updatesAuthorizer(sdkv2.UpdateAuthorizerInput{AuthorizerCredentialsArn: aws.String(""), AuthorizerPayloadFormatVersion: aws.String("1.0"), AuthorizerResultTtlInSeconds: aws.Int32(0),
				EnableSimpleResponses: aws.Bool(false), IdentitySource: []string{"$request.querystring.q", "$context.routeKey"}, Name: aws.String("m")}),
				`{"AuthorizerId":"{authorizer}","AuthorizerType":"REQUEST","IdentitySource":["$request.querystring.q","$context.routeKey"],"Name":"m","AuthorizerUri":"` + tfInvocation + `","AuthorizerPayloadFormatVersion":"1.0"}`},
		},
	})
}

func jwtCycle() cycle {
	return ofAuthorizer(cycle{
		create: func(x *terraform) error { return first(x, ofProtocol(types.ProtocolTypeHttp), makeJWT) },
		want:   `{"AuthorizerId":"{authorizer}","AuthorizerType":"JWT","IdentitySource":["$request.header.Authorization"],"Name":"jwt","JwtConfiguration":{"Audience":["a"],"Issuer":"https://issuer.example"}}`,
		updates: []update{{"tokens", updatesAuthorizer(sdkv2.UpdateAuthorizerInput{JwtConfiguration: &types.JWTConfiguration{Audience: []string{"b", "c"}, Issuer: aws.String("https://other.example")}}),
			`{"AuthorizerId":"{authorizer}","AuthorizerType":"JWT","IdentitySource":["$request.header.Authorization"],"Name":"jwt","JwtConfiguration":{"Audience":["b","c"],"Issuer":"https://other.example"}}`}},
	})
}

// integrationOf makes an integration, {integration}. The provider always sends
// the connection's type, a behaviour and a format.
func integrationOf(in *sdkv2.CreateIntegrationInput) func(*terraform) error {
	in.ConnectionType, in.PassthroughBehavior = types.ConnectionTypeInternet, types.PassthroughBehaviorWhenNoMatch
	if in.PayloadFormatVersion == nil {
		in.PayloadFormatVersion = aws.String("1.0")
	}
	return func(x *terraform) error {
		in.ApiId = x.id("{mine}")
		out, err := x.v2.CreateIntegration(x.ctx, in)
		if err == nil {
			x.names("{integration}", out.IntegrationId)
		}
		return err
	}
}

func updatesIntegration(in sdkv2.UpdateIntegrationInput) func(*terraform) error {
	return func(x *terraform) error {
		in := in
		in.ApiId, in.IntegrationId = x.id("{mine}"), x.id("{integration}")
		return done(x.v2.UpdateIntegration(x.ctx, &in))
	}
}

func integrationCycles() map[string]cycle {
	const http = `"IntegrationId":"{integration}","IntegrationType":"HTTP_PROXY","ConnectionType":"INTERNET","PayloadFormatVersion":"1.0"`
	const sqs = `"IntegrationId":"{integration}","IntegrationType":"AWS_PROXY","IntegrationSubtype":"SQS-SendMessage","ConnectionType":"INTERNET","PayloadFormatVersion":"1.0","CredentialsArn":"arn:aws:iam::000000000000:role/r"`
	all := map[string]cycle{
		"integration": {
			create: integrationOf(&sdkv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: aws.String("GET"), IntegrationUri: aws.String("https://backend.example"), Description: aws.String("d"),
				RequestParameters:  map[string]string{"append:header.a": "$context.requestId", "overwrite:path": "/x"},
				ResponseParameters: map[string]map[string]string{"500": {"append:header.a": "$context.requestId", "overwrite:statuscode": "403"}, "404": {"append:header.e": "$stageVariables.e"}}}),
			want: `{` + http + `,"IntegrationMethod":"GET","IntegrationUri":"https://backend.example","Description":"d","TimeoutInMillis":30000,"RequestParameters":{"append:header.a":"$context.requestId","overwrite:path":"/x"},` +
				`"ResponseParameters":{"404":{"append:header.e":"$stageVariables.e"},"500":{"append:header.a":"$context.requestId","overwrite:statuscode":"403"}}}`,
			updates: []update{
				{"parameters", updatesIntegration(sdkv2.UpdateIntegrationInput{IntegrationType: types.IntegrationTypeHttpProxy, RequestParameters: map[string]string{"overwrite:path": "", "append:header.a": "$context.stage"},
					ResponseParameters: map[string]map[string]string{"500": {"append:header.a": "$context.requestId", "overwrite:statuscode": "403"}, "404": {}}}),
					`{` + http + `,"IntegrationMethod":"GET","IntegrationUri":"https://backend.example","Description":"d","TimeoutInMillis":30000,"RequestParameters":{"append:header.a":"$context.stage"},` +
						`"ResponseParameters":{"500":{"append:header.a":"$context.requestId","overwrite:statuscode":"403"}}}`},
				{"settings", updatesIntegration(sdkv2.UpdateIntegrationInput{IntegrationType: types.IntegrationTypeHttpProxy, Description: aws.String(""), IntegrationMethod: aws.String("ANY"), IntegrationUri: aws.String("https://other.example/{proxy}"),
					TimeoutInMillis: aws.Int32(5000), RequestParameters: map[string]string{"append:header.a": ""}, ResponseParameters: map[string]map[string]string{"500": {}}}),
					`{` + http + `,"IntegrationMethod":"ANY","IntegrationUri":"https://other.example/{proxy}","TimeoutInMillis":5000}`},
			},
		},
		"integration of a function": {
			create: integrationOf(&sdkv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: aws.String(tfInvocation), PayloadFormatVersion: aws.String("2.0"), TimeoutInMillis: aws.Int32(20000)}),
			want:   `{"IntegrationId":"{integration}","IntegrationType":"AWS_PROXY","IntegrationUri":"` + tfInvocation + `","IntegrationMethod":"POST","ConnectionType":"INTERNET","PayloadFormatVersion":"2.0","TimeoutInMillis":20000}`,
			updates: []update{{"format", updatesIntegration(sdkv2.UpdateIntegrationInput{IntegrationType: types.IntegrationTypeAwsProxy, PayloadFormatVersion: aws.String("1.0"), CredentialsArn: aws.String("arn:aws:iam::000000000000:role/r")}),
				`{"IntegrationId":"{integration}","IntegrationType":"AWS_PROXY","IntegrationUri":"` + tfInvocation + `","IntegrationMethod":"POST","ConnectionType":"INTERNET","PayloadFormatVersion":"1.0","TimeoutInMillis":20000,"CredentialsArn":"arn:aws:iam::000000000000:role/r"}`}},
		},
		"integration of a service": {
			create: integrationOf(&sdkv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeAwsProxy, IntegrationSubtype: aws.String("SQS-SendMessage"), CredentialsArn: aws.String("arn:aws:iam::000000000000:role/r"),
				RequestParameters: map[string]string{"QueueUrl": "$request.header.queueUrl", "MessageBody": "$request.body.message", "MessageGroupId": "$request.body.g"}}),
			want: `{` + sqs + `,"TimeoutInMillis":30000,"RequestParameters":{"QueueUrl":"$request.header.queueUrl","MessageBody":"$request.body.message","MessageGroupId":"$request.body.g"}}`,
			updates: []update{{"parameters", updatesIntegration(sdkv2.UpdateIntegrationInput{IntegrationType: types.IntegrationTypeAwsProxy, IntegrationSubtype: aws.String("SQS-SendMessage"),
				RequestParameters: map[string]string{"QueueUrl": "$request.header.q", "MessageBody": "$request.body.message", "MessageGroupId": ""}}),
				`{` + sqs + `,"TimeoutInMillis":30000,"RequestParameters":{"QueueUrl":"$request.header.q","MessageBody":"$request.body.message"}}`}},
		},
	}
	all["integration over a link"] = privateIntegrationCycle()
	for name, c := range all {
		makes := c.create
		c.create = func(x *terraform) error { return first(x, ofProtocol(types.ProtocolTypeHttp), makes) }
		c.read = readIntegration
		c.destroy = destroyIntegration
		all[name] = c
	}
	return all
}

// privateLink makes a VPC link, {link}.
func privateLink(x *terraform) error {
	out, err := x.v2.CreateVpcLink(x.ctx, &sdkv2.CreateVpcLinkInput{Name: aws.String("l"), SecurityGroupIds: []string{"sg-1"}, SubnetIds: []string{"subnet-1", "subnet-2"}, Tags: map[string]string{"a": "1"}})
	if err == nil {
		x.names("{link}", out.VpcLinkId)
	}
	return err
}

// privateLinkCycle: the provider polls the link's status, and changes its name
// alone.
func privateLinkCycle() cycle {
	const want = `{"VpcLinkId":"{link}","Name":"%s","SecurityGroupIds":["sg-1"],"SubnetIds":["subnet-1","subnet-2"],"Tags":{"a":"1"},"VpcLinkStatus":"AVAILABLE","VpcLinkStatusMessage":"VPC link is ready to route traffic","VpcLinkVersion":"V2"}`
	return cycle{
		create: privateLink,
		read: func(x *terraform) (any, error) {
			return x.v2.GetVpcLink(x.ctx, &sdkv2.GetVpcLinkInput{VpcLinkId: x.id("{link}")})
		},
		want: fmt.Sprintf(want, "l"),
		updates: []update{{"name", func(x *terraform) error {
			return done(x.v2.UpdateVpcLink(x.ctx, &sdkv2.UpdateVpcLinkInput{VpcLinkId: x.id("{link}"), Name: aws.String("m")}))
		}, fmt.Sprintf(want, "m")}},
		destroy: func(x *terraform) error {
			return done(x.v2.DeleteVpcLink(x.ctx, &sdkv2.DeleteVpcLinkInput{VpcLinkId: x.id("{link}")}))
		},
	}
}

// privateIntegrationCycle: an integration over a link, with and without TLS.
func privateIntegrationCycle() cycle {
	const made = `{"IntegrationId":"{integration}","IntegrationType":"HTTP_PROXY","ConnectionType":"VPC_LINK","ConnectionId":"{link}","PayloadFormatVersion":"1.0","IntegrationMethod":"ANY","IntegrationUri":"%s","TimeoutInMillis":30000%s}`
	const service = "arn:aws:servicediscovery:us-east-1:000000000000:service/srv-abc?color=blue"
	over := func(in sdkv2.UpdateIntegrationInput) func(*terraform) error {
		in.IntegrationType = types.IntegrationTypeHttpProxy
		return updatesIntegration(in)
	}
	return cycle{
		create: func(x *terraform) error {
			return first(x, privateLink, func(x *terraform) error {
				listener := x.listener("n")
				x.names("{listener}", &listener)
				out, err := x.v2.CreateIntegration(x.ctx, &sdkv2.CreateIntegrationInput{ApiId: x.id("{mine}"), IntegrationType: types.IntegrationTypeHttpProxy, ConnectionType: types.ConnectionTypeVpcLink, ConnectionId: x.id("{link}"),
					IntegrationMethod: aws.String("ANY"), IntegrationUri: aws.String(listener), PassthroughBehavior: types.PassthroughBehaviorWhenNoMatch, PayloadFormatVersion: aws.String("1.0"),
					TlsConfig: &types.TlsConfigInput{ServerNameToVerify: aws.String("backend.example")}})
				if err == nil {
					x.names("{integration}", out.IntegrationId)
				}
				return err
			})
		},
		want: fmt.Sprintf(made, "{listener}", `,"TlsConfig":{"ServerNameToVerify":"backend.example"}`),
		updates: []update{
			{"no TLS", over(sdkv2.UpdateIntegrationInput{TlsConfig: &types.TlsConfigInput{}}), fmt.Sprintf(made, "{listener}", "")},
			{"service", over(sdkv2.UpdateIntegrationInput{IntegrationUri: aws.String(service)}), fmt.Sprintf(made, service, "")},
		},
	}
}

func readIntegration(x *terraform) (any, error) {
	return x.v2.GetIntegration(x.ctx, &sdkv2.GetIntegrationInput{ApiId: x.id("{mine}"), IntegrationId: x.id("{integration}")})
}

func destroyIntegration(x *terraform) error {
	return done(x.v2.DeleteIntegration(x.ctx, &sdkv2.DeleteIntegrationInput{ApiId: x.id("{mine}"), IntegrationId: x.id("{integration}")}))
}
