package awsapi

import (
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdkv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

const makerPolicy = `{"Statement":[
	{"Effect":"Allow","Action":"apigateway:POST","Resource":["arn:aws:apigateway:us-east-1::/apis","arn:aws:apigateway:us-east-1::/apis/*"]},
	{"Effect":"Allow","Action":"apigateway:PUT","Resource":"arn:aws:apigateway:us-east-1::/apis"},
	{"Effect":"Deny","Action":"apigateway:*","Resource":"arn:aws:apigateway:us-east-1::/apis/*/stages/%24default"},
	{"Effect":"Allow","Action":"apigateway:GET","Resource":"arn:aws:apigateway:us-east-1::/apis/*"},
	{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::000000000000:role/passed"}]}`

// TestRouteCallers: policies see version 2 as the service authorization
// reference names it, methods on paths without /v2; roles that are handed over
// must be the caller's to pass; every call is recorded as CloudTrail does it,
// plain members and all under the name of the one service.
func TestRouteCallers(t *testing.T) {
	h, ctx := newHouse(t), t.Context()
	var records []AuditRecord
	api, err := New(Config{
		RouteOperations: NewRouteOperations(h.control, nil), Scope: apigw.Scope{Partition: "aws", Account: "000000000000", Region: "us-east-1"},
		Logger: slog.New(slog.DiscardHandler), Audit: func(r AuditRecord) { records = append(records, r) },
		Identities: directoryOf(t, &apigw.User{Name: "maker", Keys: []apigw.UserKey{{ID: "AKIAMAKER", Secret: "s"}}, Policies: []apigw.NamedPolicy{{Name: "p", Document: makerPolicy}}}),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api.Loopback())
	t.Cleanup(server.Close)
	c := sdkv2.New(sdkv2.Options{BaseEndpoint: &server.URL, Region: "us-east-1", RetryMaxAttempts: 1, Credentials: credentials.NewStaticCredentialsProvider("AKIAMAKER", "s", "")})

	made, err := c.CreateApi(ctx, &sdkv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp})
	if err != nil {
		t.Fatal(err)
	}
	const who = "User: arn:aws:iam::000000000000:user/maker is not authorized to perform: "
	_, err = c.GetApis(ctx, nil)
	refusedWith(t, err, "AccessDeniedException", who+"apigateway:GET on resource: arn:aws:apigateway:us-east-1::/apis because no identity-based policy allows the apigateway:GET action")
	_, err = c.GetStage(ctx, &sdkv2.GetStageInput{ApiId: made.ApiId, StageName: aws.String("$default")})
	refusedWith(t, err, "AccessDeniedException", who+"apigateway:GET on resource: arn:aws:apigateway:us-east-1::/apis/"+*made.ApiId+"/stages/%24default with an explicit deny in an identity-based policy")
	_, err = c.DeleteApi(ctx, &sdkv2.DeleteApiInput{ApiId: made.ApiId})
	refusedWith(t, err, "AccessDeniedException", who+"apigateway:DELETE on resource: arn:aws:apigateway:us-east-1::/apis/"+*made.ApiId)
	_, err = c.CreatePortal(ctx, &sdkv2.CreatePortalInput{Authorization: &types.Authorization{}, EndpointConfiguration: &types.EndpointConfigurationRequest{}, PortalContent: &types.PortalContent{DisplayName: aws.String("d"), Theme: &types.PortalTheme{CustomColors: &types.CustomColors{AccentColor: aws.String("a"), BackgroundColor: aws.String("a"), ErrorValidationColor: aws.String("a"), HeaderColor: aws.String("a"), NavigationColor: aws.String("a"), TextColor: aws.String("a")}}}})
	refusedWith(t, err, "AccessDeniedException", who+"apigateway:POST on resource: arn:aws:apigateway:us-east-1::/portals")

	integration := func(role string) error {
		_, err := c.CreateIntegration(ctx, &sdkv2.CreateIntegrationInput{ApiId: made.ApiId, IntegrationType: types.IntegrationTypeAwsProxy, PayloadFormatVersion: aws.String("2.0"), IntegrationUri: aws.String(tfInvocation), CredentialsArn: &role})
		return err
	}
	const passed, kept = "arn:aws:iam::000000000000:role/passed", "arn:aws:iam::000000000000:role/kept"
	if err := integration(passed); err != nil {
		t.Error(err)
	}
	refusedWith(t, integration(kept), "AccessDeniedException", who+"iam:PassRole on resource: "+kept)
	_, err = c.CreateAuthorizer(ctx, &sdkv2.CreateAuthorizerInput{ApiId: made.ApiId, Name: aws.String("a"), AuthorizerType: types.AuthorizerTypeRequest, IdentitySource: []string{"$request.header.A"}, AuthorizerUri: aws.String(tfInvocation), AuthorizerPayloadFormatVersion: aws.String("2.0"), AuthorizerCredentialsArn: aws.String(kept)})
	refusedWith(t, err, "AccessDeniedException", who+"iam:PassRole on resource: "+kept)
	_, err = c.CreateApi(ctx, &sdkv2.CreateApiInput{Name: aws.String("a"), ProtocolType: types.ProtocolTypeHttp, Target: aws.String("arn:aws:lambda:us-east-1:000000000000:function:f"), CredentialsArn: aws.String(kept)})
	refusedWith(t, err, "AccessDeniedException", who+"iam:PassRole on resource: "+kept)
	doc := `{"openapi":"3.0.1","info":{"title":"t","version":"1"},"paths":{"/":{"get":{"x-amazon-apigateway-integration":{"type":"aws_proxy","httpMethod":"POST","payloadFormatVersion":"2.0","uri":"` + tfInvocation + `","credentials":"` + kept + `"}}}}}`
	_, err = c.ImportApi(ctx, &sdkv2.ImportApiInput{Body: &doc})
	refusedWith(t, err, "AccessDeniedException", who+"iam:PassRole on resource: "+kept)

	trail := func(i int) *TrailRecord {
		r, ok := records[i].Trail()
		if !ok {
			t.Fatalf("no record of %s", records[i].Operation)
		}
		return r
	}
	first, stage, last := trail(0), trail(2), trail(len(records)-1)
	if d := cmp.Diff([]string{"apigateway.amazonaws.com", "CreateApi", `{"name":"a","protocolType":"HTTP"}`}, []string{first.EventSource, first.EventName, string(first.RequestParameters)}); d != "" {
		t.Error(d)
	}
	var elements struct{ APIID, APIEndpoint, CreatedDate string }
	if err := json.Unmarshal(first.ResponseElements, &elements); err != nil || elements.APIID != *made.ApiId || elements.APIEndpoint != *made.ApiEndpoint {
		t.Errorf("%s %v", first.ResponseElements, err)
	}
	if stage.EventName != "GetStage" || stage.ErrorCode != "AccessDeniedException" || !stage.ReadOnly || string(stage.ResponseElements) != "null" {
		t.Errorf("%+v", stage)
	}
	if p := string(last.RequestParameters); last.EventName != "ImportApi" || p != `{"body":"HIDDEN_DUE_TO_SECURITY_REASONS"}` {
		t.Errorf("%s %s", last.EventName, p)
	}
}
