package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/stacktest"
)

// stack is a CloudFormation stack on a gatehouse, from the templates of
// testdata/cloudformation (its README says what made them).
type stack struct {
	*stacktest.Stack
	*server
	t       *testing.T
	backend string // takes the place of http://backend.example in templates
	api     string

	certificate string // takes the place of the templates' own; made when one names it
	parameters  map[string]any
}

// templateCertificate is the certificate that templates name.
const templateCertificate = "arn:aws:acm:us-east-1:000000000000:certificate/pets"

func newStack(t *testing.T, name string, args ...string) *stack {
	t.Helper()
	need(t, "node")
	s := serveWith(t, args...)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s via %q: %s", r.Method, r.URL.Path, r.Header.Get("X-Via"), body)
	}))
	t.Cleanup(backend.Close)
	x := &stack{server: s, t: t, backend: backend.URL}
	x.Stack = &stacktest.Stack{
		Name: name, Region: "us-east-1", Account: "000000000000", Lambda: s.lambdaSDK(), Balancers: s.elb(), Registry: s.cloudMap(),
		Routes: apigatewayv2.New(apigatewayv2.Options{BaseEndpoint: &s.control, Region: "us-east-1", RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}),
		API:    apigateway.New(apigateway.Options{BaseEndpoint: &s.control, Region: "us-east-1", RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")}),
		Pools: func(operation string, in map[string]any) (map[string]any, error) {
			status, out := s.cognito(true, operation, in)
			if status != http.StatusOK {
				return nil, fmt.Errorf("%s: %d %v", operation, status, out)
			}
			return out, nil
		},
		Code: func(string) ([]byte, error) {
			text, err := os.ReadFile(filepath.Join("testdata", "cloudformation", "handler.js"))
			return zipOf(t, "handler.js", string(text)), err
		},
	}
	return x
}

// deploy makes what a template says, and sees that it reads back so.
func (x *stack) deploy(file string) {
	x.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "cloudformation", file))
	if err != nil {
		x.t.Fatal(err)
	}
	content := strings.ReplaceAll(string(text), "http://backend.example", x.backend)
	if strings.Contains(content, templateCertificate) {
		if x.certificate == "" {
			x.certificate = x.server.certificate("pets.example.com")
		}
		content = strings.ReplaceAll(content, templateCertificate, x.certificate)
	}
	template, err := stacktest.Parse([]byte(content))
	if err != nil {
		x.t.Fatal(err)
	}
	if err := x.Update(x.t.Context(), template, x.parameters); err != nil {
		x.t.Fatalf("%s: %v", file, err)
	}
	x.undrifted(file)
	out, err := x.Outputs()
	if err != nil {
		x.t.Fatal(err)
	}
	x.api = out["Api"]
}

func (x *stack) undrifted(when string) {
	x.t.Helper()
	differences, err := x.Drift(x.t.Context())
	if err != nil {
		x.t.Fatal(err)
	}
	if d := cmp.Diff([]string(nil), differences); d != "" {
		x.t.Errorf("%s differs from what was read back: %s", when, d)
	}
}

// check is a call of the deployed API, and its answer: status, body and, where
// a header is asked for, that.
type check struct {
	call   string // method and path, of a stage
	body   string
	header []string
	show   string // a header of the answer
	want   string
}

func (x *stack) answers(stage string, checks []check) {
	x.t.Helper()
	for _, c := range checks {
		method, at, _ := strings.Cut(c.call, " ")
		a := call(x.t, method, x.server.invoke+path.Join("/_aws/execute-api", x.api, stage)+at, "", c.body, c.header...)
		got := fmt.Sprint(a.status, " ", a.body)
		if c.show != "" {
			got += " " + a.header.Get(c.show)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			x.t.Errorf("%s %v: %s", c.call, c.header, d)
		}
	}
}

// gone deletes the stack and sees that nothing is left but what the template
// retains.
func (x *stack) gone() {
	x.t.Helper()
	if err := x.Delete(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
	ctx := x.t.Context()
	left := map[string]int{}
	apis, err := x.API.GetRestApis(ctx, &apigateway.GetRestApisInput{})
	count(x.t, left, "APIs", err, func() int { return len(apis.Items) })
	routed, err := x.Routes.GetApis(ctx, &apigatewayv2.GetApisInput{})
	count(x.t, left, "HTTP APIs", err, func() int { return len(routed.Items) })
	keys, err := x.API.GetApiKeys(ctx, &apigateway.GetApiKeysInput{})
	count(x.t, left, "keys", err, func() int { return len(keys.Items) })
	plans, err := x.API.GetUsagePlans(ctx, &apigateway.GetUsagePlansInput{})
	count(x.t, left, "plans", err, func() int { return len(plans.Items) })
	links, err := x.API.GetVpcLinks(ctx, &apigateway.GetVpcLinksInput{})
	count(x.t, left, "VPC links", err, func() int { return len(links.Items) })
	domains, err := x.API.GetDomainNames(ctx, &apigateway.GetDomainNamesInput{})
	count(x.t, left, "domain names", err, func() int { return len(domains.Items) })
	certificates, err := x.API.GetClientCertificates(ctx, &apigateway.GetClientCertificatesInput{})
	count(x.t, left, "client certificates", err, func() int { return len(certificates.Items) })
	later, err := x.Routes.GetVpcLinks(ctx, &apigatewayv2.GetVpcLinksInput{})
	count(x.t, left, "VPC links of version 2", err, func() int { return len(later.Items) })
	balancers, err := x.Balancers.DescribeLoadBalancers(ctx, &elasticloadbalancingv2.DescribeLoadBalancersInput{})
	count(x.t, left, "load balancers", err, func() int { return len(balancers.LoadBalancers) })
	groups, err := x.Balancers.DescribeTargetGroups(ctx, &elasticloadbalancingv2.DescribeTargetGroupsInput{})
	count(x.t, left, "target groups", err, func() int { return len(groups.TargetGroups) })
	namespaces, err := x.Registry.ListNamespaces(ctx, &servicediscovery.ListNamespacesInput{})
	count(x.t, left, "namespaces", err, func() int { return len(namespaces.Namespaces) })
	list, err := x.Lambda.ListFunctions(ctx, &lambda.ListFunctionsInput{})
	count(x.t, left, "functions", err, func() int { return len(list.Functions) })
	if len(left) > 0 {
		x.t.Errorf("left: %v", left)
	}
}

func count(t *testing.T, left map[string]int, what string, err error, n func() int) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if n() > 0 {
		left[what] = n()
	}
}

// TestCloudFormationOfResources deploys, changes and deletes an API that AWS's
// CDK made of resources and methods, with authorizers of every kind, a model, a
// usage plan, documentation and a stage's settings.
func TestCloudFormationOfResources(t *testing.T) {
	t.Parallel()
	x := newStack(t, "Orders")
	x.deploy("orders-1.json")
	out, err := x.Outputs()
	if err != nil {
		t.Fatal(err)
	}
	member := x.signIn(out["PoolId"], out["ClientId"])
	checks := func(greeting string, version int, denied string) []check {
		return []check{
			{call: "GET /items", want: `401 {"message":"Unauthorized"}`},
			{call: "GET /items", header: []string{"Authorization", "no"}, show: "X-Why", want: "404 " + denied + " denied"},
			{call: "GET /items", header: []string{"Authorization", "yes"}, show: "X-Stage", want: "200 " + greeting + " /items ann live"},
			{call: "GET /items/7", want: `401 {"message":"Unauthorized"}`},
			{call: "GET /items/7", header: []string{"X-Pass", "yes"}, want: "200 " + greeting + " /items/7 ann"},
			{call: "PATCH /items/7", show: "Access-Control-Allow-Origin", want: `401 {"message":"Unauthorized"} https://shop.example`},
			{call: "PATCH /items/7", header: []string{"Authorization", member}, want: "200 " + greeting + " /items/7 -"},
			{call: "DELETE /items/7", want: `403 {"message":"Forbidden"}`},
			{call: "DELETE /items/7", header: []string{"X-Api-Key", "a-partner-key-of-twenty"}, want: "200 " + greeting + " /items/7 -"},
			{call: "POST /items", body: `{"name":"pen"}`, header: []string{"Content-Type", "application/json"}, want: `400 {"message":"Missing required request parameters: [X-Trace]"}`},
			{call: "POST /items", body: `{"count":1}`, header: []string{"Content-Type", "application/json", "X-Trace", "1"}, want: `400 {"message":"Invalid request body"}`},
			{call: "POST /items", body: `{"name":"pen"}`, header: []string{"Content-Type", "application/json", "X-Trace", "1"}, want: "200 " + greeting + " /items -"},
			{call: "OPTIONS /items", show: "Access-Control-Allow-Methods", want: "204  GET,POST"},
			{call: "GET /version", show: "X-Stage", want: fmt.Sprintf(`200 {"version": %d, "backend": "blue"} live`, version)},
			{call: "GET /version?fail=1", want: `500 {"failed": true}`},
			{call: "PUT /http/a/b", body: "text", want: `200 PUT /a/b via "gateway": text`},
			{call: "POST /plain", body: `{"a":1}`, header: []string{"Content-Type", "application/json"}, want: `200 POST /plain via "": {"got": {"a":1}}`},
		}
	}
	x.answers("live", append(checks("hello", 1, `{"message":"nothing here"}`), check{call: "GET /old", want: "200 hello /old -"}, check{call: "GET /news", want: `403 {"message":"Missing Authentication Token"}`}))
	x.deploy("orders-2.json")
	x.answers("live", append(checks("hello again", 2, `{"message":"nothing here, sorry"}`), check{call: "GET /news", want: "200 hello again /news -"},
		// CloudFormation deletes what isn't in a template any more at the end: the
		// deployment made before still has the method, and the permission to call
		// its function is gone.
		check{call: "GET /old", want: `500 {"message": "Internal server error"}`}))
	deployments, err := x.API.GetDeployments(t.Context(), &apigateway.GetDeploymentsInput{RestApiId: &x.api})
	if err != nil || len(deployments.Items) != 1 {
		t.Errorf("deployments after the update: %v %v", deployments, err)
	}
	x.gone()
}

// signIn makes a user and returns their token.
func (x *stack) signIn(pool, client string) string {
	x.t.Helper()
	call := func(operation string, in map[string]any) map[string]any {
		out, err := x.Pools(operation, in)
		if err != nil {
			x.t.Fatal(err)
		}
		return out
	}
	call("AdminCreateUser", map[string]any{"UserPoolId": pool, "Username": "ann", "MessageAction": "SUPPRESS"})
	call("AdminSetUserPassword", map[string]any{"UserPoolId": pool, "Username": "ann", "Password": "Correct-Horse-1", "Permanent": true})
	return call("AdminInitiateAuth", map[string]any{"UserPoolId": pool, "ClientId": client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
		"AuthParameters": map[string]string{"USERNAME": "ann", "PASSWORD": "Correct-Horse-1"}})["AuthenticationResult"].(map[string]any)["IdToken"].(string)
}

// TestCloudFormationOfDocument does the same with an API of an OpenAPI document,
// a canary, a cache, a resource policy, a custom domain and a VPC link.
func TestCloudFormationOfDocument(t *testing.T) {
	t.Parallel()
	x := newStack(t, "Pets")
	x.deploy("pets-1.json")
	checks := func(version int, color string) []check {
		return []check{
			{call: "GET /pets/rex", want: fmt.Sprintf(`200 {"pet":"rex","version":%d,"stage":{"color":"%s"}}`, version, color)},
			{call: "PUT /pets/rex", body: `{}`, header: []string{"Content-Type", "application/json"}, want: `422 {"wrong": "Invalid request body"}`},
			{call: "PUT /pets/rex", body: `{"name":"Rex"}`, header: []string{"Content-Type", "application/json"}, want: `200 {"put": true}`},
			{call: "GET /ping", want: `403 {"message":"Forbidden"}`},
			{call: "GET /ping", header: []string{"X-Api-Key", "a-key-of-the-pets-api-1"}, want: `200 {"pong": "` + color + `"}`},
		}
	}
	x.changedByHand()
	x.answers("v1", append(checks(1, "green"), check{call: "GET /more", want: `403 {"message":"Missing Authentication Token"}`}))
	if a := call(t, http.MethodGet, x.server.invoke+"/pets/pets/rex", "pets.example.com", ""); a.status != 200 || !strings.Contains(a.body, `"rex"`) {
		t.Errorf("by the custom domain: %s", a)
	}
	x.deploy("pets-2.json")
	x.answers("v1", append(checks(2, "yellow"), check{call: "GET /more", want: `200 {"more": true}`}))
	if a := call(t, http.MethodGet, x.server.invoke+"/animals/pets/max", "pets.example.com", ""); a.status != 200 || !strings.Contains(a.body, `"max"`) {
		t.Errorf("by the custom domain: %s", a)
	}
	x.gone()
}

// changedByHand sees that what somebody else changed is found.
func (x *stack) changedByHand() {
	x.t.Helper()
	for _, text := range []string{"by hand", ""} {
		if _, err := x.API.UpdateStage(x.t.Context(), &apigateway.UpdateStageInput{RestApiId: &x.api, StageName: aws.String("v1"), PatchOperations: ops("replace", "/variables/color", text+"green")}); err != nil {
			x.t.Fatal(err)
		}
		differences, err := x.Drift(x.t.Context())
		if err != nil || len(differences) != len(text)/len("by hand") {
			x.t.Errorf("%q: %v %v", text, differences, err)
		}
	}
}

// TestCloudFormationOfRoutes does the same with an HTTP API: CORS, a Lambda and
// a JWT authorizer, payloads of both formats, mapped parameters and a stage that
// deploys by itself.
func TestCloudFormationOfRoutes(t *testing.T) {
	t.Parallel()
	x := newStack(t, "Shop")
	x.deploy("shop-1.json")
	out, err := x.Outputs()
	if err != nil {
		t.Fatal(err)
	}
	if out["Endpoint"] != "https://"+out["Api"]+".execute-api.us-east-1.amazonaws.com" {
		t.Error(out)
	}
	member := x.signIn(out["PoolId"], out["ClientId"])
	checks := func(greeting, color string) []check {
		return []check{
			{call: "GET /items", want: `401 {"message":"Unauthorized"}`},
			{call: "GET /items", header: []string{"X-Pass", "no"}, want: `403 {"message":"Forbidden"}`},
			{call: "GET /items", header: []string{"X-Pass", "yes"}, want: `200 ` + greeting + ` 2.0 GET /items {"who":"ann"}`},
			{call: "DELETE /items/7", want: `401 {"message":"Unauthorized"}`},
			{call: "DELETE /items/7", header: []string{"Authorization", "Bearer " + member}, want: `200 ` + greeting + ` 2.0 DELETE /items/{id} "ann"`},
			{call: "PUT /old/a/b", header: []string{"Origin", "https://shop.example"}, show: "Access-Control-Allow-Origin", want: `201 PUT /old/a/b https://shop.example`},
			{call: "OPTIONS /items", header: []string{"Origin", "https://shop.example", "Access-Control-Request-Method", "GET"}, show: "Access-Control-Allow-Methods", want: "204  GET,POST"},
			{call: "POST /proxied", body: "text", want: `200 PUT /here via "gateway ` + color + `": text`},
			{call: "GET /elsewhere", want: `200 ` + greeting + ` 2.0 $default null`},
		}
	}
	x.answers("", append(checks("hello", "green"), check{call: "GET /gone", want: `200 hello 2.0 GET /gone null`}, check{call: "GET /news", want: `200 hello 2.0 $default null`}))
	x.deploy("shop-2.json")
	x.answers("", append(checks("hello again", "yellow"), check{call: "GET /news", want: `200 hello again 2.0 GET /news null`}, check{call: "GET /gone", want: `200 hello again 2.0 $default null`}))
	x.gone()
}

// TestCloudFormationOfServerless deploys, changes and removes what the
// Serverless Framework made, with the calls that it makes itself after and
// before a stack's.
func TestCloudFormationOfServerless(t *testing.T) {
	t.Parallel()
	x := newStack(t, "notes-dev")
	for version := range 2 {
		x.deploy(fmt.Sprintf("notes-%d.json", version+1))
		x.afterServerless()
		x.undrifted("after the framework's own calls")
		x.answers("dev", serverlessChecks(version+1))
	}
	x.beforeServerlessRemoves()
	x.gone()
}

func serverlessChecks(version int) []check {
	json := []string{"Content-Type", "application/json"}
	later := check{call: "GET /later2", want: `403 {"message":"Missing Authentication Token"}`}
	// The first deployment is made before the gateway response, on which the
	// framework lets it wait for nothing.
	unauthorized := `401 {"message":"Unauthorized"} `
	if version == 2 {
		later, unauthorized = check{call: "GET /later1", want: "200 "}, `418 {"message":"Unauthorized"} Basic` // CloudFormation deletes after it deployed
	}
	return []check{
		{call: "GET /notes", show: "WWW-Authenticate", want: unauthorized},
		{call: "GET /notes", header: []string{"Authorization", "no"}, want: `403 {"Message":"User is not authorized to access this resource with an explicit deny in an identity-based policy"}`},
		{call: "GET /notes", header: []string{"Authorization", "yes"}, want: fmt.Sprintf("200 %d GET /notes", version)},
		{call: "GET /notes/1", want: fmt.Sprintf("200 %d GET /notes/1", version)},
		{call: "PUT /any/thing/else", want: fmt.Sprintf("200 %d PUT /any/thing/else", version)},
		{call: "POST /notes", body: `{"text":"a"}`, header: json, want: `403 {"message":"Forbidden"}`},
		{call: "POST /notes", body: `{}`, header: append(json, "X-Api-Key", "a-value-of-twenty-letters"), want: `400 {"message":"Invalid request body"}`},
		{call: "POST /notes", body: `{"text":"a"}`, header: append(json, "X-Api-Key", "a-value-of-twenty-letters"), want: fmt.Sprintf("200 %d POST /notes", version)},
		{call: "OPTIONS /notes", header: []string{"Origin", "https://b.example"}, show: "Access-Control-Allow-Origin", want: "200   https://b.example"},
		{call: "POST /plain", body: `{"say":"hi"}`, header: json, show: "X-Who", want: fmt.Sprintf(`201 {"said":"hi","stage":"dev","version":"%d"} plain`, version)},
		{call: "POST /plain", body: `{"say":"no"}`, header: json, want: `409 {"conflict": "[409] no"}`},
		{call: "GET /mock", want: fmt.Sprintf(`200 {"mocked": %d}`, version)},
		{call: "GET /proxied", want: `200 GET /proxied via "": `},
		{call: fmt.Sprintf("GET /later%d", version), want: "200 "},
		later,
	}
}

// TestCloudFormationOfServerlessRoutes does the same with the framework's HTTP
// API, for which it makes no calls of its own.
func TestCloudFormationOfServerlessRoutes(t *testing.T) {
	t.Parallel()
	x := newStack(t, "tasks-dev")
	for i := range 2 {
		version := i + 1
		x.deploy(fmt.Sprintf("tasks-%d.json", version))
		x.answers("", []check{
			{call: "GET /tasks/7", header: []string{"Origin", "https://tasks.example"}, show: "Access-Control-Expose-Headers", want: fmt.Sprintf(`200 {"version":"%d","route":"GET /tasks/{id}"} X-Task`, version)},
			{call: "POST /tasks", want: `401 {"message":"Unauthorized"}`},
			{call: "POST /tasks", header: []string{"X-Pass", "no"}, want: `403 {"message":"Forbidden"}`},
			{call: "POST /tasks", header: []string{"X-Pass", "yes"}, want: fmt.Sprintf(`200 {"version":"%d","route":"POST /tasks","who":"ann"}`, version)},
			{call: fmt.Sprintf("PUT /version%d", version), want: fmt.Sprintf("200 %d PUT /version%d", version, version)},
			{call: fmt.Sprintf("PUT /version%d", 3-version), want: fmt.Sprintf(`200 {"version":"%d","route":"$default"}`, version)},
		})
	}
	x.gone()
}

// TestCloudFormationOfPrivateServices does the same with load balancers, a
// registry, VPC links of both versions, and APIs over them.
func TestCloudFormationOfPrivateServices(t *testing.T) {
	t.Parallel()
	x := newStack(t, "Inside")
	x.parameters = map[string]any{"Orders": servicePort(t, "orders"), "Users": servicePort(t, "users")}
	host := address(t, x.server.invoke)
	x.inside("inside-1.json", "/orders", "/first", []check{
		{call: "GET /old", want: "404 nothing here"},
		{call: "GET /people", want: "404 nothing here"},
	})
	x.inside("inside-2.json", "/new", "/second", []check{
		{call: "GET /else", want: "404 gone"},
		{call: "GET /people", want: "200 users " + host + " /people"},
	})
	if a := call(t, "GET", x.server.invoke+"/_aws/execute-api/"+x.api+"/through/old", "", ""); a.status != 301 || a.header.Get("Location") != "http://127.0.0.1:80/orders" {
		t.Error(a, a.header)
	}
	x.gone()
}

// inside deploys a version of the stack of private services, and calls its APIs:
// at classic a REST API ends, and at colors what leads to the registry.
func (x *stack) inside(file, classic, colors string, changed []check) {
	x.t.Helper()
	x.deploy(file)
	out, err := x.Outputs()
	if err != nil {
		x.t.Fatal(err)
	}
	if !strings.HasPrefix(out["FrontName"], "internal-front-") || !strings.HasPrefix(out["GroupName"], "targetgroup/") || !strings.HasPrefix(out["Balancers"], "app/front/") {
		x.t.Error(out)
	}
	x.api = out["ClassicId"]
	x.answers("prod", []check{{call: "GET /orders", want: "200 orders orders.internal " + classic}})
	x.api = out["ApiId"]
	host := address(x.t, x.server.invoke)
	x.answers("", append(changed,
		check{call: "GET /orders/7", want: "200 orders " + host + " /orders/7"},
		check{call: "GET /users/7", want: "200 users " + host + " /users/7"},
		check{call: "POST /users/7", want: changed[0].want},
		check{call: "GET /through/orders/7", want: "200 orders " + host + " /orders/7"}))
	a := call(x.t, "GET", x.server.invoke+"/_aws/execute-api/"+x.api+"/colors", "", "")
	if _, answer, _ := strings.Cut(a.body, " "); a.status != 200 || answer != host+" "+colors { // of either instance
		x.t.Error(a)
	}
}

// afterServerless are the calls that the framework makes when its stack
// stands, for the settings of a stage that its template doesn't have (package
// serverless, lib/plugins/aws/package/compile/events/api-gateway/lib/hack).
func (x *stack) afterServerless() {
	x.t.Helper()
	ctx := x.t.Context()
	must := func(err error) {
		x.t.Helper()
		if err != nil {
			x.t.Fatal(err)
		}
	}
	var id string
	in := &apigateway.GetRestApisInput{Limit: aws.Int32(500)}
	for pages := apigateway.NewGetRestApisPaginator(x.API, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		must(err)
		for _, a := range page.Items {
			if *a.Name == "dev-notes" {
				id = *a.Id
			}
		}
	}
	deployments, err := x.API.GetDeployments(ctx, &apigateway.GetDeploymentsInput{RestApiId: &id, Limit: aws.Int32(500)})
	must(err)
	stage, err := x.API.GetStage(ctx, &apigateway.GetStageInput{RestApiId: &id, StageName: aws.String("dev")})
	must(err)
	if len(deployments.Items) != 1 || *deployments.Items[0].Id != *stage.DeploymentId {
		x.t.Errorf("the stage serves %s, of %v", *stage.DeploymentId, deployments.Items)
	}
	_, err = x.API.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &id, StageName: aws.String("dev"), PatchOperations: ops(
		"replace", "/tracingEnabled", "false",
		"replace", "/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:/aws/api-gateway/notes-dev",
		"replace", "/accessLogSettings/format", `{"id":"$context.requestId","status":"$context.status"}`,
		"replace", "/*/*/logging/dataTrace", "false",
		"replace", "/*/*/logging/loglevel", "ERROR",
		"replace", "/*/*/metrics/enabled", "true")})
	must(err)
	_, err = x.API.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: aws.String("arn:aws:apigateway:us-east-1::/restapis/" + id + "/stages/dev"), Tags: map[string]string{"team": "blue"}})
	must(err)
	stage, err = x.API.GetStage(ctx, &apigateway.GetStageInput{RestApiId: &id, StageName: aws.String("dev")})
	must(err)
	if s := stage.MethodSettings["*/*"]; !s.MetricsEnabled || aws.ToString(s.LoggingLevel) != "ERROR" || stage.Tags["team"] != "blue" || stage.AccessLogSettings == nil {
		x.t.Errorf("the stage after the framework's calls: %+v", stage)
	}
}

// beforeServerlessRemoves takes the stage off the usage plan, as the framework
// does before it deletes its stack.
func (x *stack) beforeServerlessRemoves() {
	x.t.Helper()
	ctx := context.WithoutCancel(x.t.Context())
	plans, err := x.API.GetUsagePlans(ctx, &apigateway.GetUsagePlansInput{Limit: aws.Int32(500)})
	if err != nil || len(plans.Items) != 1 {
		x.t.Fatal(plans, err)
	}
	for _, s := range plans.Items[0].ApiStages {
		if _, err := x.API.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: plans.Items[0].Id,
			PatchOperations: []types.PatchOperation{{Op: types.OpRemove, Path: aws.String("/apiStages"), Value: aws.String(*s.ApiId + ":" + *s.Stage)}}}); err != nil {
			x.t.Fatal(err)
		}
	}
}
