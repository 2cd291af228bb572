package stacktest

import (
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func deploymentHandler() handler {
	return handler{
		replaced: []string{"RestApiId", "DeploymentCanarySettings"},
		create: func(c *call) error {
			in := new(apigateway.CreateDeploymentInput)
			if err := fill(in, c.properties); err != nil {
				return err
			}
			out, err := c.API.CreateDeployment(c.ctx, in)
			if err != nil {
				return err
			}
			c.id = *out.Id
			c.attributes["DeploymentId"] = c.id
			return nil
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetDeployment(c.ctx, &apigateway.GetDeploymentInput{RestApiId: c.given("RestApiId"), DeploymentId: &c.id})
			if err != nil {
				return nil, err
			}
			return merged(properties(out), map[string]any{"RestApiId": c.properties["RestApiId"], "StageName": c.properties["StageName"]}), nil
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "Description", "/description")
			_, err := c.API.UpdateDeployment(c.ctx, &apigateway.UpdateDeploymentInput{RestApiId: c.given("RestApiId"), DeploymentId: &c.id, PatchOperations: p})
			return err
		},
		remove: removeDeployment,
	}
}

// removeDeployment takes the stage along that the deployment made, unless a
// later deployment has it: AWS deletes no deployment that a stage serves, and
// stacks of the Serverless Framework, whose stages are made so, are deleted
// without a word about it.
func removeDeployment(c *call) error {
	if c.properties["StageName"] != nil {
		stage, err := c.API.GetStage(c.ctx, &apigateway.GetStageInput{RestApiId: c.given("RestApiId"), StageName: c.given("StageName")})
		if _, none := errors.AsType[*types.NotFoundException](err); err != nil && !none {
			return err
		}
		if err == nil && aws.ToString(stage.DeploymentId) == c.id {
			if _, err := c.API.DeleteStage(c.ctx, &apigateway.DeleteStageInput{RestApiId: c.given("RestApiId"), StageName: c.given("StageName")}); err != nil {
				return err
			}
		}
	}
	_, err := c.API.DeleteDeployment(c.ctx, &apigateway.DeleteDeploymentInput{RestApiId: c.given("RestApiId"), DeploymentId: &c.id})
	return err
}

// notCreated are the properties of a stage that CreateStage has no member for:
// they are patched.
var notCreated = []string{"MethodSettings", "AccessLogSetting", "ClientCertificateId"}

func stageHandler() handler {
	return handler{
		replaced: []string{"RestApiId", "StageName"},
		create: func(c *call) error {
			in := new(apigateway.CreateStageInput)
			members := renamed(without(c.properties, notCreated...), "CanarySetting", "CanarySettings")
			if t, ok := members["Tags"]; ok {
				members["Tags"] = tags(t)
			}
			if err := fill(in, members); err != nil {
				return err
			}
			if _, err := c.API.CreateStage(c.ctx, in); err != nil {
				return err
			}
			c.id, c.old = *in.StageName, without(c.properties, notCreated...)
			return patchStage(c)
		},
		read:   readStage,
		update: patchStage,
		remove: func(c *call) error {
			_, err := c.API.DeleteStage(c.ctx, &apigateway.DeleteStageInput{RestApiId: c.given("RestApiId"), StageName: &c.id})
			return err
		},
	}
}

// settingPaths are where a patch finds the members of a method's settings.
var settingPaths = map[string]string{
	"CachingEnabled": "caching/enabled", "CacheTtlInSeconds": "caching/ttlInSeconds", "CacheDataEncrypted": "caching/dataEncrypted",
	"DataTraceEnabled": "logging/dataTrace", "LoggingLevel": "logging/loglevel", "MetricsEnabled": "metrics/enabled",
	"ThrottlingBurstLimit": "throttling/burstLimit", "ThrottlingRateLimit": "throttling/rateLimit",
}

func patchStage(c *call) error {
	var p patches
	c.scalars(&p, "DeploymentId", "/deploymentId", "Description", "/description", "CacheClusterEnabled", "/cacheClusterEnabled", "CacheClusterSize", "/cacheClusterSize",
		"ClientCertificateId", "/clientCertificateId", "DocumentationVersion", "/documentationVersion", "TracingEnabled", "/tracingEnabled")
	variables(&p, "/variables", object(c.old["Variables"]), object(c.properties["Variables"]))
	log := changed(object(c.old["AccessLogSetting"]), object(c.properties["AccessLogSetting"]))
	if v, ok := log["DestinationArn"]; ok {
		p.add(types.OpReplace, "/accessLogSettings/destinationArn", strings.TrimSuffix(text(v.now), ":*")) // a log group's ARN ends so in CloudFormation, and API Gateway takes none that does
	}
	if v, ok := log["Format"]; ok {
		p.add(types.OpReplace, "/accessLogSettings/format", v.now)
	}
	canary := changed(object(c.old["CanarySetting"]), object(c.properties["CanarySetting"]))
	for name, path := range map[string]string{"DeploymentId": "deploymentId", "PercentTraffic": "percentTraffic", "UseStageCache": "useStageCache"} {
		if v, ok := canary[name]; ok {
			p.add(types.OpReplace, "/canarySettings/"+path, v.now)
		}
	}
	if v, ok := canary["StageVariableOverrides"]; ok {
		variables(&p, "/canarySettings/stageVariableOverrides", object(v.old), object(v.now))
	}
	old, now := settings(c.old), settings(c.properties)
	for at, v := range changed(old, now) {
		if v.now == nil {
			p.add(types.OpRemove, "/"+at, "")
		}
		for name, v := range changed(object(v.old), object(v.now)) {
			p.add(types.OpReplace, "/"+at+"/"+settingPaths[name], v.now)
		}
	}
	if len(p) > 0 {
		if _, err := c.API.UpdateStage(c.ctx, &apigateway.UpdateStageInput{RestApiId: c.given("RestApiId"), StageName: &c.id, PatchOperations: p}); err != nil {
			return err
		}
	}
	if c.properties["Tags"] == nil && c.old["Tags"] == nil {
		return nil
	}
	return c.retag("/restapis/" + text(c.properties["RestApiId"]) + "/stages/" + c.id)
}

func variables(p *patches, path string, old, now map[string]any) {
	for name, v := range changed(old, now) {
		if v.now == nil {
			p.add(types.OpRemove, path+"/"+name, "")
			continue
		}
		p.add(types.OpReplace, path+"/"+name, v.now)
	}
}

// settings are a stage's MethodSettings by the path and method they are for.
func settings(properties map[string]any) map[string]any {
	out := map[string]any{}
	list, _ := properties["MethodSettings"].([]any)
	for _, x := range list {
		at := strings.TrimPrefix(text(object(x)["ResourcePath"]), "/") + "/" + text(object(x)["HttpMethod"])
		out[at] = without(object(x), "ResourcePath", "HttpMethod")
	}
	return out
}

func readStage(c *call) (map[string]any, error) {
	out, err := c.API.GetStage(c.ctx, &apigateway.GetStageInput{RestApiId: c.given("RestApiId"), StageName: &c.id})
	if err != nil {
		return nil, err
	}
	read := tagList(renamed(properties(out), "AccessLogSettings", "AccessLogSetting", "CanarySettings", "CanarySetting"))
	if log := object(read["AccessLogSetting"]); log != nil {
		log["DestinationArn"] = text(log["DestinationArn"]) + ":*"
	}
	read["RestApiId"] = c.properties["RestApiId"]
	list := []any{}
	for at, v := range object(read["MethodSettings"]) {
		i := strings.LastIndex(at, "/")
		list = append(list, merged(object(v), map[string]any{"ResourcePath": "/" + at[:i], "HttpMethod": at[i+1:]}))
	}
	read["MethodSettings"] = list
	return read, nil
}
