package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/smithy-go"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/restapi"
)

// provocation is a call that must be refused: a line of testdata/errors.txt.
type provocation struct {
	operation, kind string // kind: without "Exception"
	input           string // the SDK's input as JSON; documents as text
	message         string
}

// modelled are the errors that AWS's model has for each operation, without
// "Exception".
func modelled(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("model", "apigateway.json"))
	if err != nil {
		t.Fatal(err)
	}
	var model struct {
		Operations map[string]struct{ Errors []string }
	}
	if err := json.Unmarshal(text, &model); err != nil {
		t.Fatal(err)
	}
	all := map[string][]string{}
	for name, o := range model.Operations {
		for _, e := range o.Errors {
			all[name] = append(all[name], strings.TrimSuffix(e, "Exception"))
		}
	}
	return all
}

func provocations(t *testing.T) []provocation {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "errors.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var list []provocation
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		operation, rest, _ := strings.Cut(line, " ")
		kind, rest, _ := strings.Cut(rest, " ")
		d := json.NewDecoder(strings.NewReader(rest))
		var input json.RawMessage
		if err := d.Decode(&input); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, provocation{operation, kind, string(input), strings.TrimPrefix(rest[d.InputOffset():], " ")})
	}
	return list
}

// send makes an operation's call by AWS's SDK.
func (h *house) send(c *sdk.Client, operation, input string) error {
	h.Helper()
	method := reflect.ValueOf(c).MethodByName(operation)
	in := reflect.New(method.Type().In(1).Elem())
	var members map[string]any
	if err := json.Unmarshal([]byte(h.expand(input)), &members); err != nil {
		h.Fatalf("%s %s: %v", operation, input, err)
	}
	if body, ok := members["Body"].(string); ok {
		members["Body"] = []byte(body) // which JSON has in base64
	}
	text, err := json.Marshal(members)
	if err != nil {
		h.Fatal(err)
	}
	if err := json.Unmarshal(text, in.Interface()); err != nil {
		h.Fatalf("%s %s: %v", operation, input, err)
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(h.Context()), in})
	failed, _ := out[1].Interface().(error)
	return failed
}

// furnished has one of everything, or two where one is in use, and no room for
// more where limited.
func furnished(t *testing.T, limited bool) *house {
	t.Helper()
	limits := control.Limits{}
	if limited {
		limits = control.Limits{Resources: 3, Models: 4, Authorizers: 2, Validators: 2, DocumentationParts: 1, DocumentationSaved: 2,
			APIKeys: 1, UsagePlans: 2, PlansOfKey: 1, VPCLinks: 1, Stages: 2, StageVariables: 1, EntryBytes: 6000}
	}
	env := new(restapi.Env)
	h := newHouseOf(t, limits, func(ctx context.Context, def *apigw.Definition, in *apigw.TestRequest) (*apigw.TestResult, error) {
		return restapi.TestInvoke(ctx, def, in, env)
	}, func(ctx context.Context, def *apigw.Definition, id apigw.AuthorizerID, in *apigw.TestRequest) (*apigw.AuthorizerResult, error) {
		return restapi.TestAuthorizer(ctx, def, id, in, env)
	})
	h.api()
	id := func(name, request, body string) {
		h.Helper()
		out := h.ok(request, body)
		for _, member := range []string{"id", "clientCertificateId", "domainNameArn", "domainNameAccessAssociationArn"} {
			if v, ok := out[member].(string); ok {
				h.vars = append(h.vars, "{"+name+"}", v)
			}
		}
	}
	h.vars = append(h.vars, "{uri}", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations",
		"{certarn}", "arn:aws:acm:us-east-1:000000000000:certificate/c", "{nlb}", "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1",
		"{long}", strings.Repeat("x", 9000), "{toolong}", strings.Repeat("x", 1025), "{huge}", strings.Repeat("x", 2<<20), "{docs}", "openapi: 3.0.1\\ninfo: {title: t, version: '1', description: more}\\npaths: {}\\n",
		"{broken}", `{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":{\"/a b\":{\"get\":{\"responses\":{}}}}}`,
		"{many}", `{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":{\"/a\":{},\"/b\":{},\"/c\":{},\"/d\":{}}}`, "{models}", manyModels(), `"{tags}"`, manyTags())
	id("empty", "POST /restapis", `{"name":"empty"}`)
	id("pets", "POST /restapis/{api}/resources/{root}", `{"pathPart":"pets"}`)
	id("dogs", "POST /restapis/{api}/resources/{root}", `{"pathPart":"dogs"}`)
	for _, name := range []string{"Pet", "Cat"} {
		h.ok("POST /restapis/{api}/models", `{"name":"`+name+`","contentType":"application/json","schema":"{\"type\":\"object\"}"}`)
	}
	for name, v := range map[string]string{"used": "authorizer", "spare": "authorizer2"} {
		id(v, "POST /restapis/{api}/authorizers", `{"name":"`+name+`","type":"TOKEN","identitySource":"method.request.header.A","authorizerUri":"{uri}"}`)
	}
	for name, v := range map[string]string{"used": "validator", "spare": "validator2"} {
		id(v, "POST /restapis/{api}/requestvalidators", `{"name":"`+name+`"}`)
	}
	at := "PUT /restapis/{api}/resources/{pets}/methods/GET"
	h.ok(at, `{"authorizationType":"CUSTOM","authorizerId":"{authorizer}","requestValidatorId":"{validator}","requestModels":{"application/json":"Pet"}}`)
	h.ok(at+"/integration", `{"type":"MOCK"}`)
	for status, pattern := range map[string]string{"200": "{}", "500": `{"selectionPattern":"5.."}`} {
		h.ok(at+"/responses/"+status, "{}")
		h.ok(at+"/integration/responses/"+status, pattern)
	}
	id("part", "POST /restapis/{api}/documentation/parts", `{"location":{"type":"RESOURCE","path":"/pets"},"properties":"{\"description\":\"d\"}"}`)
	for _, v := range []string{"1", "2"} {
		h.ok("POST /restapis/{api}/documentation/versions", `{"documentationVersion":"`+v+`"}`)
	}
	id("certificate", "POST /clientcertificates", "{}")
	id("deployment", "POST /restapis/{api}/deployments", "{}")
	h.ok("POST /restapis/{api}/stages", `{"stageName":"dev","deploymentId":"{deployment}","documentationVersion":"1","variables":{"a":"1"}}`)
	h.ok("PATCH /restapis/{api}/stages/dev", `{"patchOperations":[{"op":"replace","path":"/clientCertificateId","value":"{certificate}"}]}`)
	h.ok("POST /restapis/{api}/stages", `{"stageName":"test","deploymentId":"{deployment}"}`)
	id("key", "POST /apikeys", `{"name":"k","value":"a-value-of-twenty-letters"}`)
	id("plan", "POST /usageplans", `{"name":"p","apiStages":[{"apiId":"{api}","stage":"dev"}],"quota":{"limit":9,"period":"DAY"}}`)
	id("plan2", "POST /usageplans", `{"name":"p2"}`)
	h.ok("POST /usageplans/{plan}/keys", `{"keyId":"{key}","keyType":"API_KEY"}`)
	id("link", "POST /vpclinks", `{"name":"l","targetArns":["{nlb}"]}`)
	h.ok("POST /domainnames", `{"domainName":"d.example.com","certificateArn":"{certarn}"}`)
	for _, path := range []string{"v1", "v2"} {
		h.ok("POST /domainnames/d.example.com/basepathmappings", `{"basePath":"`+path+`","restApiId":"{api}","stage":"dev"}`)
	}
	id("private", "POST /domainnames", `{"domainName":"p.example.com","certificateArn":"{certarn}","endpointConfiguration":{"types":["PRIVATE"]}}`)
	id("association", "POST /domainnameaccessassociations", `{"domainNameArn":"{private}","accessAssociationSource":"vpce-1","accessAssociationSourceType":"VPCE"}`)
	if !limited {
		h.bare(id)
		return h
	}
	for i := range 198 {
		h.ok("POST /domainnames/d.example.com/basepathmappings", fmt.Sprintf(`{"basePath":"p%d","restApiId":"{api}"}`, i))
		if i < 99 {
			h.ok("POST /domainnameaccessassociations", fmt.Sprintf(`{"domainNameArn":"{private}","accessAssociationSource":"vpce-1%d","accessAssociationSourceType":"VPCE"}`, i))
		}
	}
	return h
}

// bare makes an API with a method that lacks its integration, and with resources
// that limit what may be beside and under them.
func (h *house) bare(id func(name, request, body string)) {
	h.Helper()
	api := h.ok("POST /restapis", `{"name":"bare"}`)
	h.vars = append(h.vars, "{bare}", api["id"].(string), "{bareroot}", api["rootResourceId"].(string))
	h.ok("PUT /restapis/{bare}/resources/{bareroot}/methods/GET", `{"authorizationType":"NONE"}`)
	id("variable", "POST /restapis/{bare}/resources/{bareroot}", `{"pathPart":"{name}"}`)
	id("fixed", "POST /restapis/{bare}/resources/{bareroot}", `{"pathPart":"fixed"}`)
	id("greedy", "POST /restapis/{bare}/resources/{fixed}", `{"pathPart":"{proxy+}"}`)
	id("inner", "POST /restapis/{bare}/resources/{fixed}", `{"pathPart":"inner"}`)
}

// manyModels is a document with five, in a JSON string.
func manyModels() string {
	var models []string
	for i := range 5 {
		models = append(models, fmt.Sprintf(`\"M%d\":{\"type\":\"object\"}`, i))
	}
	return `{\"openapi\":\"3.0.1\",\"info\":{\"title\":\"t\",\"version\":\"1\"},\"paths\":{},\"components\":{\"schemas\":{` + strings.Join(models, ",") + `}}}`
}

func manyTags() string {
	tags := map[string]string{}
	for i := range 60 {
		tags[fmt.Sprint("t", i)] = "v"
	}
	text, err := json.Marshal(tags)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestErrors provokes every error that AWS's model has for an operation: the
// calls of testdata/errors.txt with AWS's SDK for Go, whose own types the answers
// must become. A pair that can't occur is in impossible, with the reason; one
// that is in neither fails the test, and so does one in both.
func TestErrors(t *testing.T) {
	roomy, limited := furnished(t, false), furnished(t, true)
	want, seen := modelled(t), map[string]bool{}
	for _, p := range provocations(t) {
		if p.kind != "Validation" && !slices.Contains(want[p.operation], p.kind) { // which every operation may answer
			t.Errorf("%s %s isn't modelled", p.operation, p.kind)
		}
		seen[p.operation+" "+p.kind] = true
		h := roomy
		if p.kind == "LimitExceeded" {
			h = limited
		}
		h.provoke(t, p)
	}
	h := furnished(t, false)
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, p := range withoutStore {
		seen[p.operation+" "+p.kind] = true
		h.provoke(t, p)
	}
	for operation, kinds := range want {
		for _, kind := range kinds {
			reason := impossibility(operation, kind)
			if provoked := seen[operation+" "+kind]; provoked == (reason != "") {
				t.Errorf("%s %s: provoked %v, impossible %q", operation, kind, provoked, reason)
			}
		}
	}
}

// withoutStore are calls of a house whose store is gone.
var withoutStore = []provocation{
	{"CreateDeployment", "ServiceUnavailable", `{"RestApiId":"{api}"}`, "Gatehouse can't reach its store: ..."},
	{"GetDeployment", "ServiceUnavailable", `{"RestApiId":"{api}","DeploymentId":"{deployment}"}`, "Gatehouse can't reach its store: ..."},
	{"GetDeployments", "ServiceUnavailable", `{"RestApiId":"{api}"}`, "Gatehouse can't reach its store: ..."},
	{"UpdateDeployment", "ServiceUnavailable", `{"RestApiId":"{api}","DeploymentId":"{deployment}","PatchOperations":[{"Op":"replace","Path":"/description","Value":"x"}]}`, "Gatehouse can't reach its store: ..."},
}

// provoke makes a call that must be refused as p says.
func (h *house) provoke(t *testing.T, p provocation) {
	t.Helper()
	what := p.operation + " " + p.input
	err := h.send(h.sdkClient(), p.operation, p.input)
	refused, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		t.Errorf("%s: %v", what, err)
		return
	}
	if _, generic := refused.(*smithy.GenericAPIError); generic != (p.kind == "Validation") || refused.ErrorCode() != p.kind+"Exception" {
		t.Errorf("%s: %T %s, not %s", what, refused, refused, p.kind)
	}
	got := strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(refused.ErrorMessage())
	begin, abridged := strings.CutSuffix(h.expand(p.message), "...")
	if !strings.HasPrefix(got, begin) || !abridged && got != begin {
		t.Errorf("%s\ngot  %s\nwant %s", what, got, h.expand(p.message))
	}
}

// impossibility says why no call can get an operation's error; "": one can.
func impossibility(operation, kind string) string {
	for _, c := range impossible {
		if c.kind == kind && (c.operations == "" || slices.Contains(strings.Fields(c.operations), operation)) {
			return c.reason
		}
	}
	return ""
}

// impossible are the errors that AWS's model has and that no call gets here.
var impossible = []struct {
	kind, reason string
	operations   string // empty: all
}{
	{"Unauthorized", "calls that aren't signed, or that nobody allows, get 403 and a type of their own, as AWS's do", ""},
	{"TooManyRequests", "management calls have no rate that is limited", ""},

	{"NotFound", "nothing is named that could be missing", "GetAccount GetApiKeys GetClientCertificates GetDomainNameAccessAssociations GetDomainNames GetRestApis GetSdkTypes GetUsagePlans GetVpcLinks ImportRestApi UpdateAccount"},
	{"NotFound", "an unknown API is a conflict (recorded on AWS)", "CreateAuthorizer"},
	{"NotFound", "an unknown API is a bad request (recorded on AWS)", "CreateRequestValidator"},
	{"NotFound", "an unknown plan has no keys (recorded on AWS)", "GetUsagePlanKeys"},
	{"NotFound", "an unknown stage of a key, and an unknown plan of a row, are bad requests", "CreateApiKey ImportApiKeys"},

	{"BadRequest", "a name is all that the call carries, and one that isn't there is not found", `DeleteApiKey DeleteAuthorizer DeleteBasePathMapping DeleteDocumentationPart
		DeleteDocumentationVersion DeleteDomainName DeleteDomainNameAccessAssociation DeleteGatewayResponse DeleteIntegration DeleteIntegrationResponse DeleteMethodResponse
		DeleteModel DeleteRequestValidator DeleteUsagePlanKey DeleteVpcLink FlushStageAuthorizersCache GetApiKey GetAuthorizer GetBasePathMapping GetClientCertificate
		GetDeployment GetDocumentationPart GetDomainName GetGatewayResponse GetIntegration GetIntegrationResponse GetModel GetModelTemplate GetRequestValidator GetRestApi
		GetSdkType GetStage GetStages GetUsagePlan GetUsagePlanKey GetVpcLink RejectDomainNameAccessAssociation`},
	{"BadRequest", "the call carries nothing", "GetAccount"},

	{"Conflict", "the call reads", "GetExport GetSdk GetStage GetStages"},
	{"Conflict", "AWS has it for concurrent changes, which wait for each other here, and there is no other", `CreateDeployment CreateRestApi CreateVpcLink DeleteApiKey
		DeleteBasePathMapping DeleteDocumentationPart DeleteDomainName DeleteDomainNameAccessAssociation DeleteGatewayResponse DeleteIntegration DeleteIntegrationResponse
		DeleteMethod DeleteMethodResponse DeleteResource DeleteUsagePlanKey DeleteVpcLink FlushStageAuthorizersCache FlushStageCache GenerateClientCertificate
		ImportDocumentationParts ImportRestApi PutGatewayResponse PutIntegration RejectDomainNameAccessAssociation TagResource UntagResource UpdateAccount UpdateApiKey
		UpdateClientCertificate UpdateDeployment UpdateDocumentationPart UpdateDocumentationVersion UpdateDomainName UpdateGatewayResponse UpdateIntegration UpdateMethod
		UpdateMethodResponse UpdateModel UpdateRestApi UpdateStage UpdateUsage UpdateVpcLink`},
	{"Conflict", "what is in the way is a bad request, in AWS's words", "CreateDomainName DeleteClientCertificate DeleteDeployment DeleteRestApi DeleteStage DeleteUsagePlan"},
	{"Conflict", "a key that is there is changed (developer guide, \"API Gateway API key file format\")", "ImportApiKeys"},
	{"Conflict", "what is there is merged or replaced", "PutRestApi"},

	{"LimitExceeded", "nothing is added", "DeleteDeployment DeleteStage FlushStageAuthorizersCache FlushStageCache GetExport GetSdk GetStage GetStages UntagResource UpdateUsage"},
	{"LimitExceeded", "more than 50 tags are a bad request", "TagResource"},
	{"LimitExceeded", "a base path that is too long is a bad request", "UpdateBasePathMapping"},
	{"LimitExceeded", "texts of any length that a request can carry are stored", "UpdateDocumentationPart UpdateDocumentationVersion"},
}
