package awsapi

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	sdkv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
)

// deployable is an HTTP API with a route.
func deployable(x *terraform) error {
	return first(x, ofProtocol(types.ProtocolTypeHttp), httpTarget, oneRoute)
}

func deploys(x *terraform) error {
	out, err := x.v2.CreateDeployment(x.ctx, &sdkv2.CreateDeploymentInput{ApiId: x.id("{mine}"), Description: aws.String("d")})
	if err == nil {
		x.names("{deployment}", out.DeploymentId)
	}
	return err
}

// routeStageCycles: deployments and stages of HTTP APIs.
func routeStageCycles() map[string]cycle {
	return map[string]cycle{
		"deployment": {
			create: func(x *terraform) error { return first(x, deployable, deploys) },
			read: func(x *terraform) (any, error) {
				return x.v2.GetDeployment(x.ctx, &sdkv2.GetDeploymentInput{ApiId: x.id("{mine}"), DeploymentId: x.id("{deployment}")})
			},
			destroy: func(x *terraform) error {
				return done(x.v2.DeleteDeployment(x.ctx, &sdkv2.DeleteDeploymentInput{ApiId: x.id("{mine}"), DeploymentId: x.id("{deployment}")}))
			},
			want: `{"DeploymentId":"{deployment}","DeploymentStatus":"DEPLOYED","Description":"d"}`,
			updates: []update{{"description", func(x *terraform) error {
				return done(x.v2.UpdateDeployment(x.ctx, &sdkv2.UpdateDeploymentInput{ApiId: x.id("{mine}"), DeploymentId: x.id("{deployment}"), Description: aws.String("e")}))
			}, `{"DeploymentId":"{deployment}","DeploymentStatus":"DEPLOYED","Description":"e"}`}},
		},
		"stage":                        routeStageCycle(),
		"stage that deploys by itself": autoDeployCycle(),
	}
}

func makesStage(in *sdkv2.CreateStageInput) func(*terraform) error {
	return func(x *terraform) error {
		in.ApiId = x.id("{mine}")
		if in.DeploymentId != nil {
			in.DeploymentId = x.id(*in.DeploymentId)
		}
		return done(x.v2.CreateStage(x.ctx, in))
	}
}

func updatesStage(in sdkv2.UpdateStageInput) func(*terraform) error {
	return func(x *terraform) error {
		in := in
		in.ApiId = x.id("{mine}")
		if in.DeploymentId != nil {
			in.DeploymentId = x.id(*in.DeploymentId)
		}
		return done(x.v2.UpdateStage(x.ctx, &in))
	}
}

// ofStage completes a cycle of a stage. What its latest deployment was called is
// no part of the state.
func ofStage(name string, c cycle) cycle {
	c.read = func(x *terraform) (any, error) {
		out, err := x.v2.GetStage(x.ctx, &sdkv2.GetStageInput{ApiId: x.id("{mine}"), StageName: &name})
		if err == nil {
			out.LastDeploymentStatusMessage = nil
			if aws.ToBool(out.AutoDeploy) {
				out.DeploymentId = nil
			}
		}
		return out, err
	}
	c.destroy = func(x *terraform) error {
		return done(x.v2.DeleteStage(x.ctx, &sdkv2.DeleteStageInput{ApiId: x.id("{mine}"), StageName: &name}))
	}
	return c
}

func routeStageCycle() cycle {
	log := &types.AccessLogSettings{DestinationArn: aws.String("arn:aws:logs:us-east-1:000000000000:log-group:g"), Format: aws.String("$context.identity.sourceIp $context.requestId")}
	const logShown = `"AccessLogSettings":{"DestinationArn":"arn:aws:logs:us-east-1:000000000000:log-group:g","Format":"$context.identity.sourceIp $context.requestId"}`
	name := aws.String("s")
	return ofStage("s", cycle{
		create: func(x *terraform) error {
			return first(x, deployable, deploys, makesStage(&sdkv2.CreateStageInput{AutoDeploy: aws.Bool(false), StageName: name, DeploymentId: aws.String("{deployment}"), Description: aws.String("d"), AccessLogSettings: log,
				StageVariables: map[string]string{"a": "1", "b": "2"}, Tags: map[string]string{"t": "1"},
				DefaultRouteSettings: &types.RouteSettings{DetailedMetricsEnabled: aws.Bool(true), ThrottlingBurstLimit: aws.Int32(2222), ThrottlingRateLimit: aws.Float64(8888)},
				RouteSettings:        map[string]types.RouteSettings{"GET /pets": {DetailedMetricsEnabled: aws.Bool(false), ThrottlingBurstLimit: aws.Int32(1), ThrottlingRateLimit: aws.Float64(2)}}}))
		},
		want: `{"StageName":"s","DeploymentId":"{deployment}","Description":"d",` + logShown + `,"StageVariables":{"a":"1","b":"2"},"Tags":{"t":"1"},` +
			`"DefaultRouteSettings":{"DetailedMetricsEnabled":true,"ThrottlingBurstLimit":2222,"ThrottlingRateLimit":8888},"RouteSettings":{"GET /pets":{"ThrottlingBurstLimit":1,"ThrottlingRateLimit":2}}}`,
		updates: []update{
			{"no logs", updatesStage(sdkv2.UpdateStageInput{StageName: name, AccessLogSettings: &types.AccessLogSettings{}, Description: aws.String(""), StageVariables: map[string]string{"a": "", "c": "3"}}),
				`{"StageName":"s","DeploymentId":"{deployment}","StageVariables":{"b":"2","c":"3"},"Tags":{"t":"1"},` +
					`"DefaultRouteSettings":{"DetailedMetricsEnabled":true,"ThrottlingBurstLimit":2222,"ThrottlingRateLimit":8888},"RouteSettings":{"GET /pets":{"ThrottlingBurstLimit":1,"ThrottlingRateLimit":2}}}`},
			{"route settings", func(x *terraform) error {
				return first(x, func(x *terraform) error {
					return done(x.v2.DeleteRouteSettings(x.ctx, &sdkv2.DeleteRouteSettingsInput{ApiId: x.id("{mine}"), RouteKey: aws.String("GET /pets"), StageName: name}))
				}, updatesStage(sdkv2.UpdateStageInput{StageName: name, RouteSettings: map[string]types.RouteSettings{},
					DefaultRouteSettings: &types.RouteSettings{DetailedMetricsEnabled: aws.Bool(false), ThrottlingBurstLimit: aws.Int32(0), ThrottlingRateLimit: aws.Float64(0)}}))
			}, `{"StageName":"s","DeploymentId":"{deployment}","StageVariables":{"b":"2","c":"3"},"Tags":{"t":"1"}}`},
			{"another deployment", func(x *terraform) error {
				out, err := x.v2.CreateDeployment(x.ctx, &sdkv2.CreateDeploymentInput{ApiId: x.id("{mine}")})
				if err != nil {
					return err
				}
				x.names("{next}", out.DeploymentId)
				return updatesStage(sdkv2.UpdateStageInput{StageName: name, DeploymentId: aws.String("{next}"), StageVariables: map[string]string{"b": "", "c": ""}})(x)
			}, `{"StageName":"s","DeploymentId":"{next}","Tags":{"t":"1"}}`},
		},
	})
}

func autoDeployCycle() cycle {
	name := aws.String("$default")
	return ofStage("$default", cycle{
		create: func(x *terraform) error {
			return first(x, deployable, makesStage(&sdkv2.CreateStageInput{AutoDeploy: aws.Bool(true), StageName: name}))
		},
		want: `{"StageName":"$default","AutoDeploy":true}`,
		updates: []update{
			{"a change of the API", httpTarget, `{"StageName":"$default","AutoDeploy":true}`},
			{"variables", updatesStage(sdkv2.UpdateStageInput{StageName: name, StageVariables: map[string]string{"a": "1"}}), `{"StageName":"$default","AutoDeploy":true,"StageVariables":{"a":"1"}}`},
		},
	})
}

// domainCycles: a domain name, and what it leads to.
func domainCycles() map[string]cycle {
	name := aws.String("api.example.com")
	const shown = `"DomainName":"api.example.com","DomainNameArn":"arn:aws:apigateway:us-east-1::/domainnames/api.example.com","ApiMappingSelectionExpression":"$request.basepath","RoutingMode":"API_MAPPING_ONLY"`
	configured := func(certificate string) []types.DomainNameConfiguration {
		return []types.DomainNameConfiguration{{CertificateArn: aws.String("arn:aws:acm:us-east-1:000000000000:certificate/" + certificate), EndpointType: types.EndpointTypeRegional, IpAddressType: types.IpAddressTypeIpv4, SecurityPolicy: types.SecurityPolicyTls12}}
	}
	configuration := func(certificate string) string {
		return `"DomainNameConfigurations":[{"ApiGatewayDomainName":"{dns}","CertificateArn":"arn:aws:acm:us-east-1:000000000000:certificate/` + certificate + `","DomainNameStatus":"AVAILABLE","EndpointType":"REGIONAL","HostedZoneId":"Z1UJRXOUMOOFQ8","IpAddressType":"ipv4","SecurityPolicy":"TLS_1_2"}]`
	}
	makesName := func(x *terraform) error {
		out, err := x.v2.CreateDomainName(x.ctx, &sdkv2.CreateDomainNameInput{DomainName: name, DomainNameConfigurations: configured("c"), Tags: map[string]string{"t": "1"}})
		if err == nil {
			x.names("{dns}", out.DomainNameConfigurations[0].ApiGatewayDomainName)
		}
		return err
	}
	return map[string]cycle{
		"domain_name": {
			create: makesName,
			read: func(x *terraform) (any, error) {
				return x.v2.GetDomainName(x.ctx, &sdkv2.GetDomainNameInput{DomainName: name})
			},
			destroy: func(x *terraform) error {
				return done(x.v2.DeleteDomainName(x.ctx, &sdkv2.DeleteDomainNameInput{DomainName: name}))
			},
			want: `{` + shown + `,` + configuration("c") + `,"Tags":{"t":"1"}}`,
			updates: []update{{"certificate", func(x *terraform) error {
				return done(x.v2.UpdateDomainName(x.ctx, &sdkv2.UpdateDomainNameInput{DomainName: name, DomainNameConfigurations: configured("d")}))
			}, `{` + shown + `,` + configuration("d") + `,"Tags":{"t":"1"}}`}},
		},
		"api_mapping": {
			create: func(x *terraform) error {
				return first(x, deployable, deploys, makesStage(&sdkv2.CreateStageInput{AutoDeploy: aws.Bool(false), StageName: aws.String("s"), DeploymentId: aws.String("{deployment}")}), makesName, func(x *terraform) error {
					out, err := x.v2.CreateApiMapping(x.ctx, &sdkv2.CreateApiMappingInput{ApiId: x.id("{mine}"), DomainName: name, Stage: aws.String("s"), ApiMappingKey: aws.String("a/b")})
					if err == nil {
						x.names("{mapping}", out.ApiMappingId)
					}
					return err
				})
			},
			read: func(x *terraform) (any, error) {
				return x.v2.GetApiMapping(x.ctx, &sdkv2.GetApiMappingInput{ApiMappingId: x.id("{mapping}"), DomainName: name})
			},
			destroy: func(x *terraform) error {
				return done(x.v2.DeleteApiMapping(x.ctx, &sdkv2.DeleteApiMappingInput{ApiMappingId: x.id("{mapping}"), DomainName: name}))
			},
			want: `{"ApiId":"{mine}","ApiMappingId":"{mapping}","ApiMappingKey":"a/b","Stage":"s"}`,
			updates: []update{{"key", func(x *terraform) error {
				return done(x.v2.UpdateApiMapping(x.ctx, &sdkv2.UpdateApiMappingInput{ApiId: x.id("{mine}"), ApiMappingId: x.id("{mapping}"), DomainName: name, ApiMappingKey: aws.String("")}))
			}, `{"ApiId":"{mine}","ApiMappingId":"{mapping}","Stage":"s"}`}},
		},
	}
}

// webSocketCycles: what WebSocket APIs have more.
func webSocketCycles() map[string]cycle {
	socket := ofProtocol(types.ProtocolTypeWebsocket)
	mock := integrationOf(&sdkv2.CreateIntegrationInput{IntegrationType: types.IntegrationTypeMock, RequestTemplates: map[string]string{"a": "b", "$default": ""}, TemplateSelectionExpression: aws.String("${request.body.a}")})
	const mocked = `"IntegrationId":"{integration}","IntegrationType":"MOCK","ConnectionType":"INTERNET","PayloadFormatVersion":"1.0","PassthroughBehavior":"WHEN_NO_MATCH","TimeoutInMillis":29000,"IntegrationResponseSelectionExpression":"${integration.response.statuscode}"`
	return map[string]cycle{
		"integration of a WebSocket API": {
			create: func(x *terraform) error { return first(x, socket, mock) }, read: readIntegration, destroy: destroyIntegration,
			want: `{` + mocked + `,"RequestTemplates":{"a":"b"},"TemplateSelectionExpression":"${request.body.a}"}`,
			updates: []update{{"templates", updatesIntegration(sdkv2.UpdateIntegrationInput{IntegrationType: types.IntegrationTypeMock, RequestTemplates: map[string]string{"c": "d"}, TemplateSelectionExpression: aws.String(""), ContentHandlingStrategy: types.ContentHandlingStrategyConvertToText}),
				`{` + mocked + `,"RequestTemplates":{"c":"d"},"ContentHandlingStrategy":"CONVERT_TO_TEXT"}`}},
		},
		"integration_response": {
			create: func(x *terraform) error {
				return first(x, socket, mock, func(x *terraform) error {
					out, err := x.v2.CreateIntegrationResponse(x.ctx, &sdkv2.CreateIntegrationResponseInput{ApiId: x.id("{mine}"), IntegrationId: x.id("{integration}"), IntegrationResponseKey: aws.String("/200/"),
						ContentHandlingStrategy: types.ContentHandlingStrategyConvertToText, ResponseTemplates: map[string]string{"application/json": "x"}, TemplateSelectionExpression: aws.String("${integration.response.body.a}")})
					if err == nil {
						x.names("{response}", out.IntegrationResponseId)
					}
					return err
				})
			},
			read: func(x *terraform) (any, error) {
				return x.v2.GetIntegrationResponse(x.ctx, &sdkv2.GetIntegrationResponseInput{ApiId: x.id("{mine}"), IntegrationId: x.id("{integration}"), IntegrationResponseId: x.id("{response}")})
			},
			destroy: func(x *terraform) error {
				return done(x.v2.DeleteIntegrationResponse(x.ctx, &sdkv2.DeleteIntegrationResponseInput{ApiId: x.id("{mine}"), IntegrationId: x.id("{integration}"), IntegrationResponseId: x.id("{response}")}))
			},
			want: `{"IntegrationResponseId":"{response}","IntegrationResponseKey":"/200/","ContentHandlingStrategy":"CONVERT_TO_TEXT","ResponseTemplates":{"application/json":"x"},"TemplateSelectionExpression":"${integration.response.body.a}"}`,
			updates: []update{{"templates", func(x *terraform) error {
				return done(x.v2.UpdateIntegrationResponse(x.ctx, &sdkv2.UpdateIntegrationResponseInput{ApiId: x.id("{mine}"), IntegrationId: x.id("{integration}"), IntegrationResponseId: x.id("{response}"), IntegrationResponseKey: aws.String("$default"),
					ResponseTemplates: map[string]string{}, TemplateSelectionExpression: aws.String("")}))
			}, `{"IntegrationResponseId":"{response}","IntegrationResponseKey":"$default","ContentHandlingStrategy":"CONVERT_TO_TEXT"}`}},
		},
		"route of clients that connect": connectRouteCycle(socket),
		"route of messages":             messageRouteCycle(socket),
		"authorizer of a WebSocket API": socketAuthorizerCycle(socket),
		"route_response":                routeResponseCycle(socket),
		"model":                         socketModelCycle(socket),
		"stage of a WebSocket API": ofStage("s", cycle{
			create: func(x *terraform) error {
				return first(x, socket, makesStage(&sdkv2.CreateStageInput{AutoDeploy: aws.Bool(false), StageName: aws.String("s")}))
			},
			want: `{"StageName":"s","DefaultRouteSettings":{"LoggingLevel":"OFF"}}`,
		}),
	}
}

func routeResponseCycle(socket func(*terraform) error) cycle {
	return cycle{
		create: func(x *terraform) error {
			return first(x, socket, func(x *terraform) error {
				route, err := x.v2.CreateRoute(x.ctx, &sdkv2.CreateRouteInput{ApiId: x.id("{mine}"), ApiKeyRequired: aws.Bool(false), AuthorizationType: types.AuthorizationTypeNone, RouteKey: aws.String("send"), RouteResponseSelectionExpression: aws.String("$default")})
				if err != nil {
					return err
				}
				x.names("{route}", route.RouteId)
				out, err := x.v2.CreateRouteResponse(x.ctx, &sdkv2.CreateRouteResponseInput{ApiId: x.id("{mine}"), RouteId: route.RouteId, RouteResponseKey: aws.String("$default"), ModelSelectionExpression: aws.String("action")})
				if err == nil {
					x.names("{response}", out.RouteResponseId)
				}
				return err
			})
		},
		read: func(x *terraform) (any, error) {
			return x.v2.GetRouteResponse(x.ctx, &sdkv2.GetRouteResponseInput{ApiId: x.id("{mine}"), RouteId: x.id("{route}"), RouteResponseId: x.id("{response}")})
		},
		destroy: func(x *terraform) error {
			return done(x.v2.DeleteRouteResponse(x.ctx, &sdkv2.DeleteRouteResponseInput{ApiId: x.id("{mine}"), RouteId: x.id("{route}"), RouteResponseId: x.id("{response}")}))
		},
		want: `{"RouteResponseId":"{response}","RouteResponseKey":"$default","ModelSelectionExpression":"action"}`,
		updates: []update{{"expression", func(x *terraform) error {
			return done(x.v2.UpdateRouteResponse(x.ctx, &sdkv2.UpdateRouteResponseInput{ApiId: x.id("{mine}"), RouteId: x.id("{route}"), RouteResponseId: x.id("{response}"), ModelSelectionExpression: aws.String("")}))
		}, `{"RouteResponseId":"{response}","RouteResponseKey":"$default"}`}},
	}
}

func socketModelCycle(socket func(*terraform) error) cycle {
	return cycle{
		create: func(x *terraform) error {
			return first(x, socket, func(x *terraform) error {
				out, err := x.v2.CreateModel(x.ctx, &sdkv2.CreateModelInput{ApiId: x.id("{mine}"), ContentType: aws.String("application/json"), Name: aws.String("n"), Schema: aws.String(`{"type":"object"}`), Description: aws.String("d")})
				if err == nil {
					x.names("{model}", out.ModelId)
				}
				return err
			})
		},
		read: func(x *terraform) (any, error) {
			return x.v2.GetModel(x.ctx, &sdkv2.GetModelInput{ApiId: x.id("{mine}"), ModelId: x.id("{model}")})
		},
		destroy: func(x *terraform) error {
			return done(x.v2.DeleteModel(x.ctx, &sdkv2.DeleteModelInput{ApiId: x.id("{mine}"), ModelId: x.id("{model}")}))
		},
		want: `{"ModelId":"{model}","ContentType":"application/json","Name":"n","Schema":"{\"type\":\"object\"}","Description":"d"}`,
		updates: []update{{"all", func(x *terraform) error {
			return done(x.v2.UpdateModel(x.ctx, &sdkv2.UpdateModelInput{ApiId: x.id("{mine}"), ModelId: x.id("{model}"), ContentType: aws.String("text/x-json"), Name: aws.String("m"), Schema: aws.String(`{"type":"string"}`), Description: aws.String("")}))
		}, `{"ModelId":"{model}","ContentType":"text/x-json","Name":"m","Schema":"{\"type\":\"string\"}"}`}},
	}
}
