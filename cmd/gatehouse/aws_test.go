package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/acm"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// sdk is AWS's own client, pointed at the control address.
func (s *server) sdk() *apigateway.Client { return s.sdkAs("test", "test") }

// sdkAs is sdk with an access key.
func (s *server) sdkAs(id, secret string) *apigateway.Client {
	return apigateway.New(apigateway.Options{
		BaseEndpoint: aws.String(s.control), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(id, secret, ""),
	})
}

// acm is the SDK's client of AWS Certificate Manager.
func (s *server) acm() *acm.Client {
	return acm.New(acm.Options{
		BaseEndpoint: aws.String(s.control), Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// certificate requests one for name, and returns its ARN.
func (s *server) certificate(name string) string {
	s.t.Helper()
	out, err := s.acm().RequestCertificate(s.t.Context(), &acm.RequestCertificateInput{DomainName: &name})
	if err != nil {
		s.t.Fatal(err)
	}
	return *out.CertificateArn
}

// greets checks that the API answers by host and by path form.
func (s *server) greets(api, stage, want string) {
	s.t.Helper()
	byHost := call(s.t, "GET", s.invoke+"/"+stage+"/hello", api+".execute-api.localhost", "")
	byPath := call(s.t, "GET", s.invoke+"/_aws/execute-api/"+api+"/"+stage+"/hello", "", "")
	byOtherPath := call(s.t, "GET", s.invoke+"/restapis/"+api+"/"+stage+"/_user_request_/hello", "", "")
	for form, a := range map[string]answer{"host": byHost, "path": byPath, "_user_request_": byOtherPath} {
		if a.status != 200 || a.body != want {
			s.t.Errorf("by %s: %v, want 200 %q", form, a, want)
		}
	}
}

// TestAWSCLI builds an API beside nothing else as a person does with the AWS
// CLI, calls it, cuts the power and calls it again.
func TestAWSCLI(t *testing.T) {
	t.Parallel()
	need(t, "aws")
	s := serveWith(t)
	api := s.aws("create-rest-api", "--name", "greetings", "--query", "id")
	root := s.aws("get-resources", "--rest-api-id", api, "--query", "items[0].id")
	hello := s.aws("create-resource", "--rest-api-id", api, "--parent-id", root, "--path-part", "hello", "--query", "id")
	where := []string{"--rest-api-id", api, "--resource-id", hello, "--http-method", "GET"}
	do := func(op string, args ...string) {
		s.t.Helper()
		s.aws(append(append([]string{op}, where...), args...)...)
	}
	do("put-method", "--authorization-type", "NONE")
	do("put-method-response", "--status-code", "200")
	do("put-integration", "--type", "MOCK", "--request-templates", `{"application/json":"{\"statusCode\": 200}"}`)
	do("put-integration-response", "--status-code", "200", "--response-templates", `{"application/json":"{\"hello\": \"world\"}"}`)
	s.aws("create-deployment", "--rest-api-id", api, "--stage-name", "prod")
	s.greets(api, "prod", `{"hello": "world"}`)

	s.kill()
	s.restart()
	s.greets(api, "prod", `{"hello": "world"}`)
	if got := s.aws("get-rest-apis", "--query", "items[0].name"); got != "greetings" {
		t.Errorf("after a power cut the API is called %q", got)
	}
}

// TestSDKForGo does the same through AWS's SDK, with updates and deletion.
func TestSDKForGo(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	ctx, c := t.Context(), s.sdk()
	api, err := c.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("sdk"), Description: aws.String("by the SDK")})
	if err != nil {
		t.Fatal(err)
	}
	hello, err := c.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String("hello")})
	if err != nil {
		t.Fatal(err)
	}
	s.mock(ctx, c, *api.Id, *hello.Id, `one`)
	if _, err := c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("s")}); err != nil {
		t.Fatal(err)
	}
	s.greets(*api.Id, "s", "one")

	// A change of the definition is served once it is deployed, not before.
	if _, err := c.UpdateIntegrationResponse(ctx, &apigateway.UpdateIntegrationResponseInput{
		RestApiId: api.Id, ResourceId: hello.Id, HttpMethod: aws.String("GET"), StatusCode: aws.String("200"),
		PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/responseTemplates/application~1json"), Value: aws.String("two")}},
	}); err != nil {
		t.Fatal(err)
	}
	s.greets(*api.Id, "s", "one")
	tested, err := c.TestInvokeMethod(ctx, &apigateway.TestInvokeMethodInput{RestApiId: api.Id, ResourceId: hello.Id, HttpMethod: aws.String("GET")})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(tested.Body); tested.Status != 200 || got != "two" {
		t.Errorf("a test of the changed method answers %d %q", tested.Status, got)
	}
	if _, err := c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("s")}); err != nil {
		t.Fatal(err)
	}
	s.greets(*api.Id, "s", "two")

	if _, err := c.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: api.Id}); err != nil {
		t.Fatal(err)
	}
	if a := call(t, "GET", s.invoke+"/s/hello", *api.Id+".execute-api.localhost", ""); a.status != 404 {
		t.Errorf("a deleted API answers %v", a)
	}
}

// mock makes GET on a resource answer text.
func (s *server) mock(ctx context.Context, c *apigateway.Client, api, resource, text string) {
	s.t.Helper()
	get, ok := aws.String("GET"), aws.String("200")
	_, err := c.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: &api, ResourceId: &resource, HttpMethod: get, AuthorizationType: aws.String("NONE")})
	if err == nil {
		_, err = c.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: &api, ResourceId: &resource, HttpMethod: get, StatusCode: ok})
	}
	if err == nil {
		_, err = c.PutIntegration(ctx, &apigateway.PutIntegrationInput{RestApiId: &api, ResourceId: &resource, HttpMethod: get, Type: types.IntegrationTypeMock,
			RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`}})
	}
	if err == nil {
		_, err = c.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{RestApiId: &api, ResourceId: &resource, HttpMethod: get, StatusCode: ok,
			ResponseTemplates: map[string]string{"application/json": text}})
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestKillUnderWrites cuts the power at random moments of a write load: every
// API whose creation was acknowledged is there afterwards. GATEHOUSE_KILL_ROUNDS
// asks for more rounds than the few that run by default.
func TestKillUnderWrites(t *testing.T) {
	t.Parallel()
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv("GATEHOUSE_KILL_ROUNDS")); err == nil {
		rounds = n
	}
	s := serveWith(t)
	acknowledged, writes := map[string]string{}, 0
	for round := range rounds {
		before := len(acknowledged)
		s.writeUntilKilled(round, acknowledged)
		writes += len(acknowledged) - before
		s.restart()
		for name, id := range acknowledged {
			got, err := s.sdk().GetRestApi(t.Context(), &apigateway.GetRestApiInput{RestApiId: &id})
			if err != nil || *got.Name != name {
				t.Fatalf("round %d: %s (%s) was acknowledged and is lost: %v", round, name, id, err)
			}
			if len(acknowledged) > 300 { // keep the check short: this one was seen
				delete(acknowledged, name)
			}
		}
	}
	t.Logf("%d writes acknowledged, killed %d times, none lost", writes, rounds)
}

// writeUntilKilled creates APIs from four clients and kills the server at a
// random moment.
func (s *server) writeUntilKilled(round int, acknowledged map[string]string) {
	var mu sync.Mutex
	var clients sync.WaitGroup
	for client := range 4 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			c := s.sdk()
			for i := 0; ; i++ {
				name := fmt.Sprintf("r%d-c%d-%d", round, client, i)
				api, err := c.CreateRestApi(context.Background(), &apigateway.CreateRestApiInput{Name: &name})
				if err != nil {
					return
				}
				mu.Lock()
				acknowledged[name] = *api.Id
				mu.Unlock()
			}
		}()
	}
	time.Sleep(time.Duration(20+rand.IntN(300)) * time.Millisecond) // the moment is the point
	s.kill()
	clients.Wait()
}
