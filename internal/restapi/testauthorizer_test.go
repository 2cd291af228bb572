package restapi

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// TestAdditionalContext: what a test of an authorizer sets is what identity
// sources read and what the function is given.
func TestAdditionalContext(t *testing.T) {
	var event struct {
		RequestContext struct {
			Path, HTTPMethod string
			Identity         map[string]any
		}
	}
	env := testEnv(fakeFunctions(func(in *lambda.Invocation, out *lambda.Result) error {
		event.RequestContext.Identity = nil
		if err := json.Unmarshal(in.Payload, &event); err != nil {
			t.Error(err)
		}
		out.Payload = append(out.Payload, answering(invokeAll, "")...)
		return nil
	}))
	def := guarded(apigw.Authorizer{Type: "REQUEST", IdentitySource: "context.identity.cognitoIdentityId, context.identity.sourceIp"}, mockMethod("in"))
	ask := func(variables map[string]string) (*apigw.AuthorizerResult, error) {
		return TestAuthorizer(t.Context(), def, "auth01", &apigw.TestRequest{HTTPMethod: "GET", Path: "/", RequestID: strings.Repeat("0", 36), Context: variables}, env)
	}
	if got, err := ask(nil); err != nil || got.Status != 401 {
		t.Errorf("without: %+v, %v", got, err)
	}
	got, err := ask(map[string]string{"identity.cognitoIdentityId": "us-east-1:1", "context.identity.sourceIp": "192.0.2.7", "path": "/else\"where"})
	if err != nil || got.Status != 0 || got.PrincipalID != "user-1" {
		t.Fatalf("%+v, %v", got, err)
	}
	c := event.RequestContext
	if c.Identity["cognitoIdentityId"] != "us-east-1:1" || c.Identity["sourceIp"] != "192.0.2.7" || c.Path != "/else\"where" || c.HTTPMethod != "GET" {
		t.Errorf("event %+v", c)
	}
	if got, err := ask(map[string]string{"identity.cognitoIdentityId": ""}); err != nil || got.Status != 401 {
		t.Errorf("empty: %+v, %v", got, err)
	}
	for name, variables := range map[string]map[string]string{
		"is no context variable": {"nothing": "a"},
		"\"authorizer.a\" is no": {"authorizer.a": "a"},
		"is there twice":         {"identity.sourceIp": "1", "context.identity.sourceIp": "1"},
	} {
		if _, err := ask(variables); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
