package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// TestCustomDomainExample runs examples/custom-domain with the AWS CLI and curl.
func TestCustomDomainExample(t *testing.T) {
	t.Parallel()
	need(t, "aws", "sh", "curl")
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "custom-domain", "gatehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	plain, secure := freeport.Address(t), freeport.Address(t)
	config := strings.NewReplacer("127.0.0.1:8080", plain, "127.0.0.1:8443", secure).Replace(string(text))
	s := serveListening(t, config)
	pem := filepath.Join(t.TempDir(), "certificate.pem")
	cmd := exec.CommandContext(t.Context(), "sh", filepath.Join("..", "..", "examples", "custom-domain", "setup.sh"), pem)
	cmd.Env = s.clientEnv()
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "api.shop.localhost\n*.shop.localhost\n" {
		t.Fatalf("setup.sh: %v\n%s", err, out)
	}
	port := plain[strings.LastIndexByte(plain, ':')+1:]
	securePort := secure[strings.LastIndexByte(secure, ':')+1:]
	for url, want := range map[string]string{
		"http://api.shop.localhost:PORT/v1/orders/1":       `{"order": "1", "name": "api.shop.localhost", "path": "/v1/orders/1"}200`,
		"http://API.Shop.LOCALHOST:PORT/v1/orders/1":       `{"order": "1", "name": "api.shop.localhost", "path": "/v1/orders/1"}200`, // curl's own lower case
		"http://api.shop.localhost:PORT/any/beta/orders/1": `{"order": "1", "name": "api.shop.localhost", "path": "/any/beta/orders/1"}200`,
		"http://web.shop.localhost:PORT/orders/1":          `{"order": "1", "name": "web.shop.localhost", "path": "/orders/1"}200`,
		"http://api.shop.localhost:PORT/orders/1":          `{"message":"Forbidden"}403`,
		"https://api.shop.localhost:PORT/v1/orders/1":      `{"order": "1", "name": "api.shop.localhost", "path": "/v1/orders/1"}200`,
		"https://any.shop.localhost:PORT/orders/1":         `{"order": "1", "name": "any.shop.localhost", "path": "/orders/1"}200`,
		"http://api.shop.localhost:PORT/v10/orders/1":      `{"message":"Forbidden"}403`,
	} {
		to := port
		if strings.HasPrefix(url, "https:") {
			to = securePort
		}
		url = strings.ReplaceAll(url, "PORT", to)
		got, err := exec.CommandContext(t.Context(), "curl", "-s", "--max-time", "20", "-w", "%{http_code}", "--cacert", pem, "--connect-to", "::127.0.0.1:"+to, url).Output()
		if text := string(got); err != nil || !strings.EqualFold(text, want) {
			t.Errorf("%s: %v %s, want %s", url, err, got, want)
		}
	}
}

// TestDomainNamesWithBoto walks every operation with boto3 and its paginators.
func TestDomainNamesWithBoto(t *testing.T) {
	t.Parallel()
	needBoto(t)
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	cmd := exec.CommandContext(t.Context(), "python3", filepath.Join("testdata", "domains", "walk.py"), s.api(file))
	cmd.Env = s.clientEnv()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var saw map[string]any
	if err := json.Unmarshal(out, &saw); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := map[string]any{
		"names": []any{"n0.example.com", "n1.example.com", "n2.example.com", "n3.example.com", "n4.example.com"},
		"paths": []any{"(none)", "a", "b"}, "moved": "c", "root": "dev", "policy": "TLS_1_0",
		"associations": 1.0, "left": 0.0, "gone": []any{},
	}
	if diff := cmp.Diff(want, saw); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestDomainNamesSurvive: a name is served when the call that maps it returns,
// after a power cut, and without the store; then the store's word counts.
func TestDomainNamesSurvive(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	api, c, ctx := s.api(file), s.sdk(), t.Context()
	get := func(path string) int {
		t.Helper()
		return call(t, http.MethodGet, s.invoke+path, "api.example.com", "").status
	}
	if got := get("/v1/hello"); got != 404 {
		t.Errorf("before: %d", got)
	}
	must1(c.CreateDomainName(ctx, &apigateway.CreateDomainNameInput{DomainName: aws.String("api.example.com"), CertificateArn: aws.String(s.certificate("api.example.com"))}))(t)
	if got := get("/v1/hello"); got != 403 {
		t.Errorf("unmapped: %d", got)
	}
	must1(c.CreateBasePathMapping(ctx, &apigateway.CreateBasePathMappingInput{DomainName: aws.String("api.example.com"), BasePath: aws.String("v1"), RestApiId: &api, Stage: aws.String("dev")}))(t)
	if got := get("/v1/hello"); got != 200 {
		t.Errorf("mapped: %d", got)
	}
	s.kill()
	s.restart()
	if got := get("/v1/hello"); got != 200 {
		t.Errorf("after a power cut: %d", got)
	}
	c = s.sdk()

	// The API's own address can be closed; the name stays.
	must1(c.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: &api, PatchOperations: []types.PatchOperation{{Op: "replace", Path: aws.String("/disableExecuteApiEndpoint"), Value: aws.String("true")}}}))(t)
	must1(c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: &api, StageName: aws.String("dev")}))(t)
	if own, custom := call(t, "GET", s.invoke+"/dev/hello", api+".execute-api.localhost", "").status, get("/v1/hello"); own != 403 || custom != 200 {
		t.Errorf("closed: %d, by its name %d", own, custom)
	}

	s.keeps(api)
	if code := s.terminate(); code != 0 {
		t.Errorf("ended with %d", code)
	}
	damage(t, filepath.Join(s.data, "store"), "*.wal")
	s.restart()
	if got := get("/v1/hello"); got != 200 {
		t.Errorf("without the store: %d", got)
	}
}

// TestTerraformDomainName makes the calls that Terraform's AWS provider makes for
// aws_api_gateway_domain_name and aws_api_gateway_base_path_mapping.
func TestTerraformDomainName(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	api, c, ctx := s.api(file), s.sdk(), t.Context()
	name, certificate := aws.String("tf.example.com"), s.certificate("tf.example.com")

	made := must1(c.CreateDomainName(ctx, &apigateway.CreateDomainNameInput{
		DomainName: name, RegionalCertificateArn: aws.String(certificate), SecurityPolicy: types.SecurityPolicyTls12,
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}}, Tags: map[string]string{"a": "b"},
	}))(t)
	read := must1(c.GetDomainName(ctx, &apigateway.GetDomainNameInput{DomainName: name}))(t)
	ignore := cmpopts.IgnoreFields(apigateway.GetDomainNameOutput{}, "ResultMetadata")
	noise := cmpopts.IgnoreUnexported(apigateway.GetDomainNameOutput{}, types.EndpointConfiguration{})
	if diff := cmp.Diff(read, &apigateway.GetDomainNameOutput{
		DomainName: made.DomainName, RegionalCertificateArn: made.RegionalCertificateArn, SecurityPolicy: made.SecurityPolicy, EndpointConfiguration: made.EndpointConfiguration,
		Tags: made.Tags, RegionalDomainName: made.RegionalDomainName, RegionalHostedZoneId: made.RegionalHostedZoneId, DomainNameStatus: types.DomainNameStatusAvailable, RoutingMode: made.RoutingMode,
	}, ignore, noise); diff != "" {
		t.Errorf("(-read +created)\n%s", diff)
	}

	m := must1(c.CreateBasePathMapping(ctx, &apigateway.CreateBasePathMappingInput{DomainName: name, RestApiId: &api, BasePath: aws.String("v1"), Stage: aws.String("dev")}))(t)
	if *m.BasePath != "v1" || *m.Stage != "dev" {
		t.Errorf("%+v", m)
	}
	op := func(path, value string) types.PatchOperation {
		return types.PatchOperation{Op: types.OpReplace, Path: aws.String(path), Value: aws.String(value)}
	}
	must1(c.UpdateBasePathMapping(ctx, &apigateway.UpdateBasePathMappingInput{DomainName: name, BasePath: aws.String("v1"),
		PatchOperations: []types.PatchOperation{op("/stage", "dev"), op("/restapiId", api), op("/basePath", "v2")}}))(t)
	if got := must1(c.GetBasePathMapping(ctx, &apigateway.GetBasePathMappingInput{DomainName: name, BasePath: aws.String("v2")}))(t); *got.RestApiId != api {
		t.Errorf("%+v", got)
	}
	updated := must1(c.UpdateDomainName(ctx, &apigateway.UpdateDomainNameInput{DomainName: name, PatchOperations: []types.PatchOperation{
		op("/certificateArn", certificate), op("/endpointConfiguration/types/0", "EDGE"), op("/regionalCertificateArn", ""),
	}}))(t)
	if updated.DomainNameStatus != types.DomainNameStatusAvailable || updated.DistributionDomainName == nil || time.Since(*updated.CertificateUploadDate) > time.Hour {
		t.Errorf("%+v", updated)
	}
	arn := aws.String("arn:aws:apigateway:us-east-1::/domainnames/tf.example.com")
	must1(c.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"c": "d"}}))(t)
	must1(c.UntagResource(ctx, &apigateway.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}))(t)
	if got := must1(c.GetDomainName(ctx, &apigateway.GetDomainNameInput{DomainName: name}))(t).Tags; !cmp.Equal(got, map[string]string{"c": "d"}) {
		t.Errorf("%v", got)
	}

	must1(c.DeleteBasePathMapping(ctx, &apigateway.DeleteBasePathMappingInput{DomainName: name, BasePath: aws.String("v2")}))(t)
	must1(c.DeleteDomainName(ctx, &apigateway.DeleteDomainNameInput{DomainName: name}))(t)
	_, err := c.GetDomainName(ctx, &apigateway.GetDomainNameInput{DomainName: name})
	if _, ok := errors.AsType[*types.NotFoundException](err); !ok {
		t.Errorf("%v", err)
	}
}
