package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
)

// keptRecords is what the management API says of API keys, usage plans, VPC
// links and documentation.
func keptRecords(t *testing.T, s *server, api string) map[string]any {
	t.Helper()
	ctx, c := context.Background(), s.sdk()
	all := map[string]any{}
	note := func(name string, v any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(name, err)
		}
		all[name] = v
	}
	keys, err := c.GetApiKeys(ctx, &apigateway.GetApiKeysInput{IncludeValues: aws.Bool(true)})
	note("keys", keys.Items, err)
	plans, err := c.GetUsagePlans(ctx, &apigateway.GetUsagePlansInput{})
	note("plans", plans.Items, err)
	members, err := c.GetUsagePlanKeys(ctx, &apigateway.GetUsagePlanKeysInput{UsagePlanId: plans.Items[0].Id})
	note("members", members.Items, err)
	links, err := c.GetVpcLinks(ctx, &apigateway.GetVpcLinksInput{})
	note("links", links.Items, err)
	parts, err := c.GetDocumentationParts(ctx, &apigateway.GetDocumentationPartsInput{RestApiId: &api})
	note("parts", parts.Items, err)
	export, err := c.GetExport(ctx, &apigateway.GetExportInput{RestApiId: &api, StageName: aws.String("dev"), ExportType: aws.String("oas30"),
		Parameters: map[string]string{"extensions": "apigateway"}})
	note("export", string(export.Body), err)
	return all
}

// TestKeptRecords: API keys, usage plans, VPC links and documentation survive
// the end of the process and a restored backup; the backup doesn't tell keys.
func TestKeptRecords(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	api, ctx, c := s.api(file), t.Context(), s.sdk()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := c.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Name: aws.String("k"), Value: aws.String("a-value-that-nobody-else-has")})
	must(err)
	plan, err := c.CreateUsagePlan(ctx, &apigateway.CreateUsagePlanInput{Name: aws.String("p"), ApiStages: []types.ApiStage{{ApiId: &api, Stage: aws.String("dev")}}})
	must(err)
	_, err = c.CreateUsagePlanKey(ctx, &apigateway.CreateUsagePlanKeyInput{UsagePlanId: plan.Id, KeyId: key.Id, KeyType: aws.String("API_KEY")})
	must(err)
	_, err = c.CreateVpcLink(ctx, &apigateway.CreateVpcLinkInput{Name: aws.String("l"), TargetArns: []string{"arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1"}})
	must(err)
	_, err = c.CreateDocumentationPart(ctx, &apigateway.CreateDocumentationPartInput{RestApiId: &api, Properties: aws.String(`{"description":"d"}`),
		Location: &types.DocumentationPartLocation{Type: types.DocumentationPartTypeMethod}})
	must(err)
	_, err = c.CreateDocumentationVersion(ctx, &apigateway.CreateDocumentationVersionInput{RestApiId: &api, DocumentationVersion: aws.String("v1"), StageName: aws.String("dev")})
	must(err)
	want := keptRecords(t, s, api)
	if !strings.Contains(want["export"].(string), `"description" : "d"`) {
		t.Error(want["export"])
	}

	s.kill()
	s.restart()
	if d := cmp.Diff(want, keptRecords(t, s, api), ignoreUnexported()); d != "" {
		t.Error("after a restart:", d)
	}

	s.terminate()
	saved := filepath.Join(t.TempDir(), "backup")
	succeeds(t, "backup", "--data", s.data, saved)
	if raw, err := os.ReadFile(saved); err != nil || bytes.Contains(raw, []byte(*key.Value)) {
		t.Error("the backup tells the key", err)
	}
	restored := newServer(t)
	succeeds(t, "restore", "--data", restored.data, saved)
	master, err := os.ReadFile(filepath.Join(s.data, "master.key"))
	must(err)
	must(os.WriteFile(filepath.Join(restored.data, "master.key"), master, 0o600))
	restored.start()
	t.Cleanup(restored.kill)
	if d := cmp.Diff(want, keptRecords(t, restored, api), ignoreUnexported()); d != "" {
		t.Error("restored:", d)
	}
}

// ignoreUnexported leaves out what the client keeps for itself.
func ignoreUnexported() cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool {
		f, ok := p.Last().(cmp.StructField)
		return ok && f.Name() == "noSmithyDocumentSerde"
	}, cmp.Ignore())
}
