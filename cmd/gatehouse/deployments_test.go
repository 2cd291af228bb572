package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// diff runs gatehouse deployments diff and returns what it prints.
func (s *server) diff(args ...string) (stdout, stderr string) {
	s.t.Helper()
	cmd := command(append([]string{"deployments", "diff", "--control", s.control}, args...)...)
	cmd.Env = append(cmd.Env, s.env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, _ := cmd.Output()
	return string(out), errs.String()
}

// TestDeploymentsDiff deploys twice, looks at what that changes, releases it as
// a canary, promotes it and goes back, as docs/stages.md says.
func TestDeploymentsDiff(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	ctx, c := t.Context(), s.sdk()
	made, err := c.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	hello, err := c.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: made.Id, ParentId: made.RootResourceId, PathPart: aws.String("hello")})
	if err != nil {
		t.Fatal(err)
	}
	api := *made.Id
	s.mock(ctx, c, api, *hello.Id, "one")
	deploy := func(canary *types.DeploymentCanarySettings) string {
		t.Helper()
		d, err := c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: made.Id, StageName: aws.String("prod"), CanarySettings: canary})
		if err != nil {
			t.Fatal(err)
		}
		return *d.Id
	}
	first := deploy(nil)
	_, err = c.UpdateIntegrationResponse(ctx, &apigateway.UpdateIntegrationResponseInput{
		RestApiId: made.Id, ResourceId: hello.Id, HttpMethod: aws.String("GET"), StatusCode: aws.String("200"),
		PatchOperations: []types.PatchOperation{replace("/responseTemplates/application~1json", "two")},
	})
	if err == nil {
		_, err = c.UpdateIntegration(ctx, &apigateway.UpdateIntegrationInput{
			RestApiId: made.Id, ResourceId: hello.Id, HttpMethod: aws.String("GET"), PatchOperations: []types.PatchOperation{replace("/timeoutInMillis", "1000")},
		})
	}
	if err != nil {
		t.Fatal(err)
	}

	const change = "~ GET /hello\n    integration timeoutInMillis: 29000 → 1000\n    integration responses 200 responseTemplates application/json: one → two\n0 added, 0 removed, 1 changed\n"
	if out, errs := s.diff(api, first, "edited"); out != change {
		t.Errorf("before it is deployed: %s%s", out, errs)
	}
	second := deploy(&types.DeploymentCanarySettings{PercentTraffic: 100})
	if out, errs := s.diff(api, "prod", second); out != change {
		t.Errorf("against what the stage serves: %s%s", out, errs)
	}
	if out, errs := s.diff(api, second, "edited"); out != "no difference\n" {
		t.Errorf("after it was deployed: %s%s", out, errs)
	}
	if _, errs := s.diff(api, "nothing", second); !strings.Contains(errs, "The API has neither a deployment nor a stage called nothing") {
		t.Errorf("an unknown deployment: %s", errs)
	}
	if _, errs := s.diff("nothing", first, second); !strings.Contains(errs, "Invalid API identifier specified") {
		t.Errorf("an unknown API: %s", errs)
	}

	s.greets(api, "prod", "two") // all requests are the canary's
	patch := func(operations ...types.PatchOperation) {
		t.Helper()
		if _, err := c.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: made.Id, StageName: aws.String("prod"), PatchOperations: operations}); err != nil {
			t.Fatal(err)
		}
	}
	patch(replace("/canarySettings/percentTraffic", "0.0"))
	s.greets(api, "prod", "one")
	patch(promote("/canarySettings/stageVariableOverrides", "/variables"), promote("/canarySettings/deploymentId", "/deploymentId"))
	s.greets(api, "prod", "two")
	patch(types.PatchOperation{Op: types.OpRemove, Path: aws.String("/canarySettings")})
	s.greets(api, "prod", "two")
	patch(replace("/deploymentId", first))
	s.greets(api, "prod", "one")

	patch(replace("/~1hello/GET/throttling/rateLimit", "0.001"), replace("/~1hello/GET/throttling/burstLimit", "3"))
	s.greets(api, "prod", "one")
	if a := call(t, "GET", s.invoke+"/prod/hello", api+".execute-api.localhost", ""); a.status != 429 || a.body != `{"message":"Too Many Requests"}` {
		t.Errorf("one more than the limit is answered %v", a)
	}
}

func replace(path, value string) types.PatchOperation {
	return types.PatchOperation{Op: types.OpReplace, Path: &path, Value: &value}
}

func promote(from, path string) types.PatchOperation {
	return types.PatchOperation{Op: types.OpCopy, From: &from, Path: &path}
}
