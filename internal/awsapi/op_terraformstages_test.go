package awsapi

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// stageCycles: deployments and stages.
func stageCycles() map[string]cycle {
	return map[string]cycle{"deployment": deploymentCycle(), "stage": stageCycle(), "method_settings": settingsCycle()}
}

// deploy makes a deployment as the provider does: without a stage.
func (x *terraform) deploy(name string) error {
	out, err := x.CreateDeployment(x.ctx, &sdk.CreateDeploymentInput{RestApiId: x.api, Description: aws.String("")})
	if err == nil {
		x.names(name, out.Id)
	}
	return err
}

func deploymentCycle() cycle {
	return cycle{
		create: func(x *terraform) error { return x.deploy("{d}") },
		read: func(x *terraform) (any, error) {
			return x.GetDeployment(x.ctx, &sdk.GetDeploymentInput{RestApiId: x.api, DeploymentId: x.id("{d}")})
		},
		want: `{}`,
		updates: []update{
			{"described", func(x *terraform) error {
				_, err := x.UpdateDeployment(x.ctx, &sdk.UpdateDeploymentInput{RestApiId: x.api, DeploymentId: x.id("{d}"), PatchOperations: x.changes("replace", "/description", "d")})
				return err
			}, `{"Description":"d"}`},
			{"still in use, by a stage that goes", func(x *terraform) error {
				stage := aws.String("s")
				if _, err := x.CreateStage(x.ctx, &sdk.CreateStageInput{RestApiId: x.api, DeploymentId: x.id("{d}"), StageName: stage}); err != nil {
					return err
				}
				_, err := x.DeleteDeployment(x.ctx, &sdk.DeleteDeploymentInput{RestApiId: x.api, DeploymentId: x.id("{d}")})
				refusedWith(x.T, err, "BadRequestException", "Active stages pointing to this deployment must be moved or deleted")
				_, err = x.DeleteStage(x.ctx, &sdk.DeleteStageInput{RestApiId: x.api, StageName: stage})
				return err
			}, `{"Description":"d"}`},
		},
		destroy: func(x *terraform) error {
			_, err := x.DeleteDeployment(x.ctx, &sdk.DeleteDeploymentInput{RestApiId: x.api, DeploymentId: x.id("{d}")})
			return err
		},
	}
}

func changeStage(texts ...string) func(*terraform) error {
	return func(x *terraform) error {
		_, err := x.UpdateStage(x.ctx, &sdk.UpdateStageInput{RestApiId: x.api, StageName: aws.String("prod"), PatchOperations: x.changes(texts...)})
		return err
	}
}

// readStage is what the provider keeps: a cache's size only while there is a
// cache.
func (x *terraform) readStage() (any, error) {
	out, err := x.GetStage(x.ctx, &sdk.GetStageInput{RestApiId: x.api, StageName: aws.String("prod")})
	if err == nil && !out.CacheClusterEnabled {
		out.CacheClusterSize = ""
	}
	return out, err
}

func (x *terraform) destroyStage() error {
	_, err := x.DeleteStage(x.ctx, &sdk.DeleteStageInput{RestApiId: x.api, StageName: aws.String("prod")})
	return err
}

func stageCycle() cycle {
	const logs = "arn:aws:logs:us-east-1:000000000000:log-group:foo"
	const format = `$context.identity.sourceIp [$context.requestTime] "$context.httpMethod" $context.status $context.requestId`
	return cycle{
		create: func(x *terraform) error {
			for _, name := range []string{"{d}", "{e}"} {
				if err := x.deploy(name); err != nil {
					return err
				}
			}
			c, err := x.GenerateClientCertificate(x.ctx, &sdk.GenerateClientCertificateInput{})
			if err != nil {
				return err
			}
			x.names("{cert}", c.ClientCertificateId)
			if err := documentationVersionCycle().create(x); err != nil {
				return err
			}
			_, err = x.CreateStage(x.ctx, &sdk.CreateStageInput{RestApiId: x.api, StageName: aws.String("prod"), DeploymentId: x.id("{d}"), CacheClusterEnabled: true, CacheClusterSize: types.CacheClusterSizeSize0Point5Gb,
				CanarySettings: &types.CanarySettings{DeploymentId: x.id("{d}"), PercentTraffic: 33.33, UseStageCache: true, StageVariableOverrides: map[string]string{"one": "3"}},
				Description:    aws.String("d"), DocumentationVersion: aws.String("v1"), TracingEnabled: true, Variables: map[string]string{"one": "1", "two": "2"}, Tags: map[string]string{"a": "1"}})
			if err != nil {
				return err
			}
			return changeStage("replace", "/clientCertificateId", "{cert}", "replace", "/accessLogSettings/destinationArn", logs, "replace", "/accessLogSettings/format", format)(x)
		},
		read: (*terraform).readStage,
		want: `{"StageName":"prod","DeploymentId":"{d}","CacheClusterEnabled":true,"CacheClusterSize":"0.5","CacheClusterStatus":"AVAILABLE","ClientCertificateId":"{cert}",` +
			`"CanarySettings":{"DeploymentId":"{d}","PercentTraffic":33.33,"UseStageCache":true,"StageVariableOverrides":{"one":"3"}},` +
			`"AccessLogSettings":{"DestinationArn":"` + logs + `","Format":"` + strings.ReplaceAll(format, `"`, `\"`) + `"},` +
			`"Description":"d","DocumentationVersion":"v1","TracingEnabled":true,"Variables":{"one":"1","two":"2"},"Tags":{"a":"1"}}`,
		updates: []update{
			{"another deployment, another canary", changeStage("replace", "/cacheClusterSize", "1.6", "remove", "/canarySettings/stageVariableOverrides/one", "null", "replace", "/canarySettings/stageVariableOverrides/two", "4",
				"replace", "/canarySettings/percentTraffic", "66.660000", "replace", "/canarySettings/useStageCache", "false", "replace", "/deploymentId", "{e}", "replace", "/canarySettings/deploymentId", "{e}",
				"replace", "/accessLogSettings/destinationArn", logs, "replace", "/accessLogSettings/format", "$context.requestId", "remove", "/variables/one", "null", "replace", "/variables/two", "5", "replace", "/variables/three", "6"),
				`{"StageName":"prod","DeploymentId":"{e}","CacheClusterEnabled":true,"CacheClusterSize":"1.6","CacheClusterStatus":"AVAILABLE","ClientCertificateId":"{cert}",` +
					`"CanarySettings":{"DeploymentId":"{e}","PercentTraffic":66.66,"StageVariableOverrides":{"two":"4"}},"AccessLogSettings":{"DestinationArn":"` + logs + `","Format":"$context.requestId"},` +
					`"Description":"d","DocumentationVersion":"v1","TracingEnabled":true,"Variables":{"two":"5","three":"6"},"Tags":{"a":"1"}}`},
			{"bare", changeStage("replace", "/cacheClusterEnabled", "false", "replace", "/clientCertificateId", "", "remove", "/canarySettings", "null", "replace", "/description", "", "replace", "/tracingEnabled", "false",
				"replace", "/documentationVersion", "", "remove", "/variables/two", "null", "remove", "/variables/three", "null", "remove", "/accessLogSettings", "null"),
				`{"StageName":"prod","DeploymentId":"{e}","CacheClusterStatus":"NOT_AVAILABLE","Tags":{"a":"1"}}`},
			{"a canary later", changeStage("replace", "/canarySettings/stageVariableOverrides/one", "3", "replace", "/canarySettings/percentTraffic", "10.000000"),
				`{"StageName":"prod","DeploymentId":"{e}","CacheClusterStatus":"NOT_AVAILABLE","Tags":{"a":"1"},"CanarySettings":{"DeploymentId":"{e}","PercentTraffic":10,"StageVariableOverrides":{"one":"3"}}}`},
		},
		destroy: (*terraform).destroyStage,
	}
}

func settingsCycle() cycle {
	return cycle{
		create: func(x *terraform) error {
			if err := x.deploy("{d}"); err != nil {
				return err
			}
			if _, err := x.CreateStage(x.ctx, &sdk.CreateStageInput{RestApiId: x.api, StageName: aws.String("prod"), DeploymentId: x.id("{d}"), CacheClusterEnabled: true}); err != nil {
				return err
			}
			return changeStage("replace", "/*/*/metrics/enabled", "true", "replace", "/*/*/logging/loglevel", "INFO", "replace", "/*/*/logging/dataTrace", "true", "replace", "/*/*/throttling/burstLimit", "-1", "replace", "/*/*/throttling/rateLimit", "-1.000000",
				"replace", "/*/*/caching/enabled", "true", "replace", "/*/*/caching/ttlInSeconds", "0", "replace", "/*/*/caching/dataEncrypted", "true", "replace", "/*/*/caching/requireAuthorizationForCacheControl", "false",
				"replace", "/*/*/caching/unauthorizedCacheControlHeaderStrategy", "SUCCEED_WITHOUT_RESPONSE_HEADER")(x)
		},
		read: func(x *terraform) (any, error) {
			out, err := x.GetStage(x.ctx, &sdk.GetStageInput{RestApiId: x.api, StageName: aws.String("prod")})
			if err != nil {
				return nil, err
			}
			return out.MethodSettings, nil
		},
		want: `{"*/*":{"MetricsEnabled":true,"LoggingLevel":"INFO","DataTraceEnabled":true,"ThrottlingBurstLimit":-1,"ThrottlingRateLimit":-1,"CachingEnabled":true,"CacheDataEncrypted":true,"UnauthorizedCacheControlHeaderStrategy":"SUCCEED_WITHOUT_RESPONSE_HEADER"}}`,
		updates: []update{{"limits", changeStage("replace", "/*/*/throttling/rateLimit", "10.500000", "replace", "/*/*/throttling/burstLimit", "5", "replace", "/*/*/logging/loglevel", "OFF"),
			`{"*/*":{"MetricsEnabled":true,"LoggingLevel":"OFF","DataTraceEnabled":true,"ThrottlingBurstLimit":5,"ThrottlingRateLimit":10.5,"CachingEnabled":true,"CacheDataEncrypted":true,"UnauthorizedCacheControlHeaderStrategy":"SUCCEED_WITHOUT_RESPONSE_HEADER"}}`}},
		destroy: changeStage("remove", "/*/*", "null"), stays: `{}`,
	}
}

// accountCycles: what belongs to no API.
func accountCycles() map[string]cycle {
	return map[string]cycle{
		"api_key": keyCycle(), "usage_plan": planCycle(), "usage_plan_key": planKeyCycle(),
		"client_certificate": certificateCycle(), "vpc_link": linkCycle(), "account": accountCycle(),
	}
}

const tfBalancer = "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/0123456789abcdef"

func keyCycle() cycle {
	return cycle{
		create: func(x *terraform) error {
			out, err := x.CreateApiKey(x.ctx, &sdk.CreateApiKeyInput{Name: aws.String("k"), Description: aws.String("Managed by Terraform"), Enabled: true, Value: aws.String(""), Tags: map[string]string{"a": "1"}})
			if err != nil {
				return err
			}
			x.names("{key}", out.Id)
			x.names("{value}", out.Value)
			return nil
		},
		read: func(x *terraform) (any, error) {
			return x.GetApiKey(x.ctx, &sdk.GetApiKeyInput{ApiKey: x.id("{key}"), IncludeValue: aws.Bool(true)})
		},
		want: `{"Name":"k","Description":"Managed by Terraform","Enabled":true,"Value":"{value}","Tags":{"a":"1"}}`,
		updates: []update{{"changed", func(x *terraform) error {
			_, err := x.UpdateApiKey(x.ctx, &sdk.UpdateApiKeyInput{ApiKey: x.id("{key}"), PatchOperations: x.changes("replace", "/enabled", "false", "replace", "/description", "", "replace", "/customerId", "c")})
			return err
		}, `{"Name":"k","CustomerId":"c","Value":"{value}","Tags":{"a":"1"}}`}},
		destroy: func(x *terraform) error {
			_, err := x.DeleteApiKey(x.ctx, &sdk.DeleteApiKeyInput{ApiKey: x.id("{key}")})
			return err
		},
	}
}

func changePlan(texts ...string) func(*terraform) error {
	return func(x *terraform) error {
		_, err := x.UpdateUsagePlan(x.ctx, &sdk.UpdateUsagePlanInput{UsagePlanId: x.id("{plan}"), PatchOperations: x.changes(texts...)})
		return err
	}
}

func (x *terraform) makePlan(in *sdk.CreateUsagePlanInput) error {
	out, err := x.CreateUsagePlan(x.ctx, in)
	if err == nil {
		x.names("{plan}", out.Id)
	}
	return err
}

func planCycle() cycle {
	return cycle{
		create: func(x *terraform) error {
			if err := x.deploy("{d}"); err != nil {
				return err
			}
			for _, name := range []string{"dev", "prod"} {
				if _, err := x.CreateStage(x.ctx, &sdk.CreateStageInput{RestApiId: x.api, StageName: &name, DeploymentId: x.id("{d}")}); err != nil {
					return err
				}
			}
			if err := x.makePlan(&sdk.CreateUsagePlanInput{Name: aws.String("p"), Description: aws.String("d"), ApiStages: []types.ApiStage{{ApiId: x.api, Stage: aws.String("dev"),
				Throttle: map[string]types.ThrottleSettings{"//GET": {BurstLimit: 3, RateLimit: 6}}}}, Tags: map[string]string{"a": "1"}}); err != nil {
				return err
			}
			return changePlan("add", "/productCode", "MYCODE")(x)
		},
		read: func(x *terraform) (any, error) {
			return x.GetUsagePlan(x.ctx, &sdk.GetUsagePlanInput{UsagePlanId: x.id("{plan}")})
		},
		want: `{"Name":"p","Description":"d","ProductCode":"MYCODE","Tags":{"a":"1"},"ApiStages":[{"ApiId":"{api}","Stage":"dev","Throttle":{"//GET":{"BurstLimit":3,"RateLimit":6}}}]}`,
		updates: []update{
			// The provider replaces limits that there weren't, and writes paths without escapes.
			{"limited", changePlan("replace", "/name", "q", "replace", "/description", "", "replace", "/productCode", "OTHER", "remove", "/apiStages", "{api}:dev", "add", "/apiStages", "{api}:prod",
				"replace", "/apiStages/{api}:prod/throttle//echo/GET/rateLimit", "1.5", "replace", "/apiStages/{api}:prod/throttle//echo/GET/burstLimit", "2",
				"replace", "/throttle/rateLimit", "10", "replace", "/throttle/burstLimit", "5", "replace", "/quota/limit", "100", "replace", "/quota/offset", "6", "replace", "/quota/period", "WEEK"),
				`{"Name":"q","ProductCode":"OTHER","Tags":{"a":"1"},"Throttle":{"BurstLimit":5,"RateLimit":10},"Quota":{"Limit":100,"Offset":6,"Period":"WEEK"},` +
					`"ApiStages":[{"ApiId":"{api}","Stage":"prod","Throttle":{"/echo/GET":{"BurstLimit":2,"RateLimit":1.5}}}]}`},
			{"free", changePlan("remove", "/productCode", "null", "remove", "/throttle", "null", "remove", "/quota", "null", "remove", "/apiStages", "{api}:prod", "add", "/apiStages", "{api}:dev", "add", "/apiStages", "{api}:prod"),
				`{"Name":"q","Tags":{"a":"1"},"ApiStages":[{"ApiId":"{api}","Stage":"dev"},{"ApiId":"{api}","Stage":"prod"}]}`},
			{"left by its stages", changePlan("remove", "/apiStages", "{api}:dev", "remove", "/apiStages", "{api}:prod"), `{"Name":"q","Tags":{"a":"1"}}`},
		},
		destroy: func(x *terraform) error {
			_, err := x.DeleteUsagePlan(x.ctx, &sdk.DeleteUsagePlanInput{UsagePlanId: x.id("{plan}")})
			return err
		},
	}
}

func planKeyCycle() cycle {
	return cycle{
		create: func(x *terraform) error {
			if err := keyCycle().create(x); err != nil {
				return err
			}
			if err := x.makePlan(&sdk.CreateUsagePlanInput{Name: aws.String("p")}); err != nil {
				return err
			}
			_, err := x.CreateUsagePlanKey(x.ctx, &sdk.CreateUsagePlanKeyInput{UsagePlanId: x.id("{plan}"), KeyId: x.id("{key}"), KeyType: aws.String("API_KEY")})
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetUsagePlanKey(x.ctx, &sdk.GetUsagePlanKeyInput{UsagePlanId: x.id("{plan}"), KeyId: x.id("{key}")})
		},
		want: `{"Name":"k","Type":"API_KEY","Value":"{value}"}`,
		destroy: func(x *terraform) error {
			_, err := x.DeleteUsagePlanKey(x.ctx, &sdk.DeleteUsagePlanKeyInput{UsagePlanId: x.id("{plan}"), KeyId: x.id("{key}")})
			return err
		},
	}
}

func certificateCycle() cycle {
	return cycle{
		create: func(x *terraform) error {
			out, err := x.GenerateClientCertificate(x.ctx, &sdk.GenerateClientCertificateInput{Description: aws.String("d"), Tags: map[string]string{"a": "1"}})
			if err == nil {
				x.names("{cert}", out.ClientCertificateId)
			}
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetClientCertificate(x.ctx, &sdk.GetClientCertificateInput{ClientCertificateId: x.id("{cert}")})
		},
		want: `{"ClientCertificateId":"{cert}","Description":"d","Tags":{"a":"1"}}`,
		updates: []update{{"changed", func(x *terraform) error {
			_, err := x.UpdateClientCertificate(x.ctx, &sdk.UpdateClientCertificateInput{ClientCertificateId: x.id("{cert}"), PatchOperations: x.changes("replace", "/description", "")})
			return err
		}, `{"ClientCertificateId":"{cert}","Tags":{"a":"1"}}`}},
		destroy: func(x *terraform) error {
			_, err := x.DeleteClientCertificate(x.ctx, &sdk.DeleteClientCertificateInput{ClientCertificateId: x.id("{cert}")})
			return err
		},
	}
}

func linkCycle() cycle {
	change := func(texts ...string) func(*terraform) error {
		return func(x *terraform) error {
			_, err := x.UpdateVpcLink(x.ctx, &sdk.UpdateVpcLinkInput{VpcLinkId: x.id("{link}"), PatchOperations: x.changes(texts...)})
			return err
		}
	}
	return cycle{
		create: func(x *terraform) error {
			out, err := x.CreateVpcLink(x.ctx, &sdk.CreateVpcLinkInput{Name: aws.String("l"), TargetArns: []string{tfBalancer}, Tags: map[string]string{"a": "1"}})
			if err == nil {
				x.names("{link}", out.Id)
			}
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetVpcLink(x.ctx, &sdk.GetVpcLinkInput{VpcLinkId: x.id("{link}")})
		},
		want: `{"Name":"l","TargetArns":["` + tfBalancer + `"],"Status":"AVAILABLE","Tags":{"a":"1"}}`,
		updates: []update{
			{"changed", change("replace", "/name", "m", "replace", "/description", "d"), `{"Name":"m","Description":"d","TargetArns":["` + tfBalancer + `"],"Status":"AVAILABLE","Tags":{"a":"1"}}`},
			{"nothing", change(), `{"Name":"m","Description":"d","TargetArns":["` + tfBalancer + `"],"Status":"AVAILABLE","Tags":{"a":"1"}}`},
		},
		destroy: func(x *terraform) error {
			_, err := x.DeleteVpcLink(x.ctx, &sdk.DeleteVpcLinkInput{VpcLinkId: x.id("{link}")})
			return err
		},
	}
}

func accountCycle() cycle {
	change := func(role string) func(*terraform) error {
		return func(x *terraform) error {
			_, err := x.UpdateAccount(x.ctx, &sdk.UpdateAccountInput{PatchOperations: x.changes("replace", "/cloudwatchRoleArn", role)})
			return err
		}
	}
	const role, rest = "arn:aws:iam::000000000000:role/logs", `"ApiKeyVersion":"4","Features":["UsagePlans"],"ThrottleSettings":{"BurstLimit":5000,"RateLimit":10000}`
	return cycle{
		create:  change(role),
		read:    func(x *terraform) (any, error) { return x.GetAccount(x.ctx, &sdk.GetAccountInput{}) },
		want:    `{"CloudwatchRoleArn":"` + role + `",` + rest + `}`,
		updates: []update{{"another role", change(role + "2"), `{"CloudwatchRoleArn":"` + role + `2",` + rest + `}`}},
		destroy: change(""), stays: `{` + rest + `}`,
	}
}
