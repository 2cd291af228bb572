package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/awsapi"
)

// audited runs gatehouse audit on the server's data.
func (s *server) audited(args ...string) (stdout, stderr string) {
	s.t.Helper()
	cmd := command(append([]string{"audit", "--data", s.data}, args...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, _ := cmd.Output()
	return string(out), errs.String()
}

// TestAudit: each management call is a record in CloudTrail's shape, before it
// is answered and without secrets; the command finds it.
func TestAudit(t *testing.T) {
	t.Parallel()
	s := serveWith(t)
	c, ctx := s.sdk(), t.Context()
	made := must1(c.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("orders"), Description: aws.String("two\nlines")}))(t)
	const secret = "a-secret-value-of-a-key-0123456789"
	must1(c.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Name: aws.String("k"), Value: aws.String(secret)}))(t)
	must1(c.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: made.Id}))(t)
	must1(c.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: made.Id, PatchOperations: []types.PatchOperation{replace("/name", "new")}}))(t)
	if _, err := c.DeleteResource(ctx, &apigateway.DeleteResourceInput{RestApiId: made.Id, ResourceId: aws.String("nothere")}); err == nil {
		t.Fatal("deleted what isn't there")
	}
	must1(c.ImportApiKeys(ctx, &apigateway.ImportApiKeysInput{Format: types.ApiKeysFormatCsv, Body: []byte("name,key\nalice," + secret + "x\n")}))(t)
	s.kill() // records are written before calls are answered

	raw, err := os.ReadFile(filepath.Join(s.data, "audit", "management.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), secret) {
		t.Errorf("a secret is recorded:\n%s", raw)
	}
	var got []awsapi.TrailRecord
	for line := range strings.Lines(string(raw)) {
		var r awsapi.TrailRecord
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	var names []string
	for _, r := range got {
		names = append(names, r.EventName)
	}
	if d := cmp.Diff([]string{"CreateRestApi", "CreateApiKey", "GetRestApi", "UpdateRestApi", "DeleteResource", "ImportApiKeys"}, names); d != "" {
		t.Fatal(d)
	}
	create, failed := got[0], got[4]
	want := awsapi.TrailRecord{
		EventVersion: "1.08", UserIdentity: awsapi.TrailIdentity{Type: "Root", PrincipalID: "000000000000", ARN: "arn:aws:iam::000000000000:root", AccountID: "000000000000", AccessKeyID: "test"},
		EventTime: create.EventTime, EventSource: "apigateway.amazonaws.com", EventName: "CreateRestApi", AWSRegion: "us-east-1", SourceIPAddress: "127.0.0.1", UserAgent: create.UserAgent,
		RequestParameters: json.RawMessage(`{"createRestApiInput":{"description":"two\nlines","name":"orders"},"template":false}`), ResponseElements: create.ResponseElements,
		RequestID: create.RequestID, EventID: create.EventID, EventType: "AwsApiCall", ManagementEvent: true, RecipientAccountID: "000000000000", EventCategory: "Management",
	}
	if d := cmp.Diff(want, create); d != "" {
		t.Error(d)
	}
	if !strings.Contains(string(create.ResponseElements), `"id":"`+*made.Id+`"`) || len(create.EventID) != 36 || !strings.Contains(create.UserAgent, "aws-sdk-go") {
		t.Errorf("%+v", create)
	}
	if failed.ErrorCode != "NotFoundException" || failed.ErrorMessage == "" || string(failed.ResponseElements) != "null" ||
		string(failed.RequestParameters) != `{"resourceId":"nothere","restApiId":"`+*made.Id+`","template":false}` {
		t.Errorf("%+v", failed)
	}
	if p := string(got[1].RequestParameters); p != `{"createApiKeyInput":{"name":"k","value":"HIDDEN_DUE_TO_SECURITY_REASONS"},"template":false}` {
		t.Error(p)
	}
	if r := got[2]; !r.ReadOnly || string(r.ResponseElements) != "null" {
		t.Errorf("%+v", r)
	}

	for args, want := range map[string][]string{
		"":                               {"CreateRestApi", "CreateApiKey", "UpdateRestApi", "DeleteResource", "ImportApiKeys"},
		"--reads --api=" + *made.Id:      {"CreateRestApi", "GetRestApi", "UpdateRestApi", "DeleteResource"},
		"--errors":                       {"DeleteResource"},
		"--event=ApiKey --user=:root":    {"CreateApiKey", "ImportApiKeys"},
		"--event=ApiKey --user=:user/me": nil,
		"--since=1h --event=CreateRest":  {"CreateRestApi"},
		"--since=1ns --event=CreateRest": nil,
	} {
		out, errs := s.audited(append(strings.Fields(args), "--json")...)
		var names []string
		for line := range strings.Lines(out) {
			var r awsapi.TrailRecord
			if err := json.Unmarshal([]byte(line), &r); err != nil {
				t.Fatal(err)
			}
			names = append(names, r.EventName)
		}
		if d := cmp.Diff(want, names); d != "" || errs != "" {
			t.Errorf("%s: %s%s", args, errs, d)
		}
	}
	out, _ := s.audited("--errors")
	if want := "  000000000000:root  127.0.0.1  DeleteResource resourceId=nothere restApiId=" + *made.Id + "  NotFoundException: "; !strings.Contains(out, want) {
		t.Errorf("%q, want %q", out, want)
	}
}

// TestAuditFiles: files that were moved aside come first, the oldest before the
// others, and a torn line is said to be one.
func TestAuditFiles(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	dir := filepath.Join(data, "audit")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, event := range map[string]string{"management.log.10": "A", "management.log.9": "B", "management.log.1": "C", "management.log": "D"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"eventName":"`+event+`","eventTime":"2026-01-02T03:04:05Z"}`+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, "management.log"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(`{"eventName":"torn`)
		_ = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	hostile := `{"eventName":"E\u001b[2J","eventTime":"2026-01-02T03:04:05Z","requestParameters":{"a\nb":"c"}}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "clients.log"), []byte(hostile), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, data: data}
	if out, errs := s.audited("--clients"); out != "2026-01-02T03:04:05Z      \"E\\x1b[2J\" \"a\\nb\"=c\n" || errs != "" {
		t.Errorf("%q %s", out, errs)
	}
	out, errs := s.audited()
	if want := "2026-01-02T03:04:05Z      A\n2026-01-02T03:04:05Z      B\n2026-01-02T03:04:05Z      C\n2026-01-02T03:04:05Z      D\n"; out != want {
		t.Errorf("%q, want %q", out, want)
	}
	if !strings.Contains(errs, "1 lines in "+dir+" are no records") {
		t.Error(errs)
	}
	s.data = t.TempDir()
	if _, errs := s.audited(); !strings.Contains(errs, "there are no records in ") {
		t.Error(errs)
	}
}
