package awsapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
)

func TestTrailIdentity(t *testing.T) {
	session := &TrailSession{}
	session.SessionIssuer.Type, session.SessionIssuer.AccountID, session.SessionIssuer.UserName = "Role", "123456789012", "deploy"
	session.SessionIssuer.ARN = "arn:aws:iam::123456789012:role/deploy"
	for name, c := range map[string]struct {
		caller Caller
		want   TrailIdentity
	}{
		"user": {Caller{AccessKeyID: "AKIA1", Account: "123456789012", ARN: "arn:aws:iam::123456789012:user/team/ann", UserID: "AIDA1", UserName: "ann"},
			TrailIdentity{Type: "IAMUser", PrincipalID: "AIDA1", ARN: "arn:aws:iam::123456789012:user/team/ann", AccountID: "123456789012", AccessKeyID: "AKIA1", UserName: "ann"}},
		"role": {Caller{AccessKeyID: "ASIA1", Account: "123456789012", ARN: "arn:aws:sts::123456789012:assumed-role/deploy/ci", UserID: "AROA1:ci"},
			TrailIdentity{Type: "AssumedRole", PrincipalID: "AROA1:ci", ARN: "arn:aws:sts::123456789012:assumed-role/deploy/ci", AccountID: "123456789012", AccessKeyID: "ASIA1", SessionContext: session}},
		"root": {Caller{AccessKeyID: "any", Account: "123456789012", ARN: "arn:aws:iam::123456789012:root"},
			TrailIdentity{Type: "Root", PrincipalID: "123456789012", ARN: "arn:aws:iam::123456789012:root", AccountID: "123456789012", AccessKeyID: "any"}},
		"nobody": {Caller{Account: "123456789012", ARN: "anonymous"}, TrailIdentity{Type: "Unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := AuditRecord{Call: Call{Caller: c.caller}}
			if d := cmp.Diff(c.want, r.identity()); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestTrailHides: what is secret isn't in a record, whatever the protocol.
func TestTrailHides(t *testing.T) {
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	for name, c := range map[string]struct {
		service, operation string
		header             http.Header
		body, answer       string
		document           bool
		parameters, made   string
	}{
		"API key": {"apigateway", "CreateApiKey", http.Header{}, `{"name":"k","value":"s3cret","tags":{"a":"b"}}`, `{"id":"1","value":"s3cret"}`, false,
			`{"createApiKeyInput":{"name":"k","tags":{"a":"b"},"value":"HIDDEN_DUE_TO_SECURITY_REASONS"},"template":false}`, `{"id":"1","value":"HIDDEN_DUE_TO_SECURITY_REASONS"}`},
		"API key of a plan": {"apigateway", "CreateUsagePlanKey", http.Header{}, `{"keyId":"1","keyType":"API_KEY"}`, `{"id":"1","type":"API_KEY","value":"s3cret"}`, false,
			`{"createUsagePlanKeyInput":{"keyId":"1","keyType":"API_KEY"},"template":false}`, `{"id":"1","type":"API_KEY","value":"HIDDEN_DUE_TO_SECURITY_REASONS"}`},
		"patch": {"apigateway", "UpdateStage", http.Header{}, `{"patchOperations":[{"op":"replace","path":"/description","value":"new"}]}`, `{}`, false,
			`{"template":false,"updateStageInput":{"patchOperations":[{"op":"replace","path":"/description","value":"new"}]}}`, `{}`},
		"document":              {"apigateway", "ImportRestApi", http.Header{}, `{"swagger":"2.0","x":"s3cret"}`, `{"id":"1"}`, true, `{"body":"HIDDEN_DUE_TO_SECURITY_REASONS","template":false}`, `{"id":"1"}`},
		"document of version 2": {"apigatewayv2", "ImportApi", http.Header{}, `{"body":"openapi: s3cret"}`, `{"apiId":"1"}`, false, `{"body":"HIDDEN_DUE_TO_SECURITY_REASONS"}`, `{"apiId":"1"}`},
		"version 2":             {"apigatewayv2", "CreateRoute", http.Header{}, `{"routeKey":"GET /a"}`, `{"routeId":"1"}`, false, `{"routeKey":"GET /a"}`, `{"routeId":"1"}`},
		"no JSON":               {"apigateway", "CreateRestApi", http.Header{}, `s3cret`, ``, false, `{"body":"HIDDEN_DUE_TO_SECURITY_REASONS","template":false}`, `null`},
		"function": {"lambda", "CreateFunction", http.Header{}, `{"FunctionName":"f","Code":{"ZipFile":"s3cret"},"Environment":{"Variables":{"P":"s3cret"}}}`, `{"Environment":{"Variables":{"P":"s3cret"}}}`, false,
			`{"Code":{"ZipFile":"HIDDEN_DUE_TO_SECURITY_REASONS"},"Environment":"HIDDEN_DUE_TO_SECURITY_REASONS","FunctionName":"f"}`, `{"Environment":"HIDDEN_DUE_TO_SECURITY_REASONS"}`},
		"query protocol": {"sts", "AssumeRoleWithWebIdentity", form, `Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&WebIdentityToken=s3cret`, ``, false,
			`{"RoleArn":"r","WebIdentityToken":"HIDDEN_DUE_TO_SECURITY_REASONS"}`, `null`},
		"sign-in": {"cognito-idp", "InitiateAuth", http.Header{}, `{"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":{"PASSWORD":"s3cret"}}`, `{"AuthenticationResult":{"IdToken":"s3cret","ExpiresIn":3600}}`, false,
			`{"AuthFlow":"USER_PASSWORD_AUTH","AuthParameters":"HIDDEN_DUE_TO_SECURITY_REASONS"}`, `{"AuthenticationResult":{"ExpiresIn":3600,"IdToken":"HIDDEN_DUE_TO_SECURITY_REASONS"}}`},
		"too large": {"lambda", "TagResource", http.Header{}, `{"Tags":{"a":"` + strings.Repeat("<", 20_000) + `"}}`, ``, false,
			`{"omitted":true,"originalSize":120017,"reason":"larger than a record may be"}`, `null`},
	} {
		t.Run(name, func(t *testing.T) {
			r := AuditRecord{Call: Call{Service: c.service, Operation: c.operation, Time: time.Now()}, in: &wire.Request{Header: c.header, Body: []byte(c.body)}, document: c.document, answer: []byte(c.answer)}
			got, ok := r.Trail()
			if !ok {
				t.Fatal("no record")
			}
			if d := cmp.Diff([]string{c.parameters, c.made}, []string{string(got.RequestParameters), string(got.ResponseElements)}); d != "" {
				t.Error(d)
			}
		})
	}
	for _, operation := range []string{"TestInvokeMethod", "Invoke", "InvokeWithResponseStream"} {
		if _, ok := (&AuditRecord{Call: Call{Operation: operation}, in: new(wire.Request), answer: []byte(`{"token":"s3cret"}`)}).Trail(); ok {
			t.Errorf("%s is recorded; what it carries is its client's", operation)
		}
	}
}
