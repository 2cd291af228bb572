package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	apitypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
)

const anyRole = "arn:aws:iam::000000000000:role/anything"

// serveFunctions is serveWith for functions that are created: where they run
// as another user, their code is unpacked outside the data folder.
func serveFunctions(t *testing.T) *server {
	t.Helper()
	s := serveWith(t)
	t.Cleanup(func() {
		sum := sha256.Sum256([]byte(filepath.Join(s.data, "functions")))
		if err := os.RemoveAll(filepath.Join(os.TempDir(), fmt.Sprintf("gatehouse-code-%x", sum[:8]))); err != nil {
			t.Error(err)
		}
	})
	return s
}

// proxying builds and deploys an API whose GET /hello invokes function, an ARN
// with or without qualifier, and returns its ID.
func (s *server) proxying(function string) string {
	s.t.Helper()
	ctx, c := s.t.Context(), s.sdk()
	api, err := c.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("proxy")})
	if err != nil {
		s.t.Fatal(err)
	}
	hello, err := c.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String("hello")})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := c.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: hello.Id, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE")}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := c.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: api.Id, ResourceId: hello.Id, HttpMethod: aws.String("GET"), Type: apitypes.IntegrationTypeAwsProxy, IntegrationHttpMethod: aws.String("POST"),
		Uri: aws.String("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + function + "/invocations"),
	}); err != nil {
		s.t.Fatal(err)
	}
	if _, err := c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("prod")}); err != nil {
		s.t.Fatal(err)
	}
	return *api.Id
}

func (s *server) hello(api string) answer {
	s.t.Helper()
	return call(s.t, "GET", s.invoke+"/_aws/execute-api/"+api+"/prod/hello", "", "")
}

// TestLambdaCLIZip: a function is created from a zip, serves an API once it is
// permitted to, and survives a power cut.
func TestLambdaCLIZip(t *testing.T) {
	t.Parallel()
	need(t, "aws", "go")
	s := serveFunctions(t)
	bundle := filepath.Join(t.TempDir(), "code.zip")
	if err := os.WriteFile(bundle, zipOf(t, "bootstrap", string(echo(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	arn := s.mustLambdaCLI("create-function", "--function-name", "greeter", "--runtime", "provided.al2023", "--handler", "bootstrap", "--role", anyRole,
		"--zip-file", "fileb://"+bundle, "--environment", "Variables={GREETING=hello}", "--tags", "team=a", "--query", "FunctionArn")
	if arn != "arn:aws:lambda:us-east-1:000000000000:function:greeter" {
		t.Fatalf("create-function printed %q", arn)
	}
	file := filepath.Join(t.TempDir(), "out")
	if got := s.mustLambdaCLI("invoke", "--function-name", "greeter", "--payload", `{"a":1}`, file); got != "$LATEST\t200" {
		t.Errorf("invoke printed %q", got)
	}
	if got, _ := os.ReadFile(file); !strings.Contains(string(got), `"greeting":"hello"`) {
		t.Errorf("invoked: %s", got)
	}
	api := s.proxying(arn)
	if a := s.hello(api); a.status != 500 || a.body != `{"message": "Internal server error"}` {
		t.Errorf("without permission: %v", a)
	}
	eventually(t, "the log says that a permission is missing", func() bool {
		return strings.Contains(s.log.String(), "Invalid permissions on Lambda function")
	})
	s.mustLambdaCLI("add-permission", "--function-name", "greeter", "--statement-id", "api", "--action", "lambda:InvokeFunction",
		"--principal", "apigateway.amazonaws.com", "--source-arn", "arn:aws:execute-api:us-east-1:000000000000:"+api+"/*/GET/hello")
	if a := s.hello(api); a.status != 200 || a.body != "hello" {
		t.Errorf("with permission: %v", a)
	}
	if got := s.mustLambdaCLI("wait", "function-active-v2", "--function-name", "greeter"); got != "" {
		t.Errorf("wait printed %q", got)
	}
	s.kill()
	s.restart()
	if a := s.hello(api); a.status != 200 || a.body != "hello" {
		t.Errorf("after a power cut: %v", a)
	}
	s.mustLambdaCLI("delete-function", "--function-name", "greeter")
	if a := s.hello(api); a.status != 500 {
		t.Errorf("after its deletion: %v", a)
	}
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode() + ": " + e.ErrorMessage()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// invoked is what a function answers by the SDK.
func invoked(t *testing.T, c *lambda.Client, name, qualifier string) (version, payload string) {
	t.Helper()
	in := &lambda.InvokeInput{FunctionName: &name, Payload: []byte("1")}
	if qualifier != "" {
		in.Qualifier = &qualifier
	}
	out, err := c.Invoke(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.ExecutedVersion), string(out.Payload)
}

// newFunction creates a function with the echo and this greeting.
func newFunction(t *testing.T, c *lambda.Client, name, greeting string) *lambda.CreateFunctionOutput {
	t.Helper()
	f, err := c.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: &name, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Role: aws.String(anyRole), Timeout: aws.Int32(10),
		Code: &types.FunctionCode{ZipFile: zipOf(t, "bootstrap", string(echo(t)))}, Environment: &types.Environment{Variables: map[string]string{"GREETING": greeting}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestLambdaSDK: code and configuration change, versions and aliases keep
// what they were, through AWS's SDK for Go and through power cuts.
func TestLambdaSDK(t *testing.T) {
	t.Parallel()
	need(t, "go")
	s := serveFunctions(t)
	ctx, c, name := t.Context(), s.lambdaSDK(), aws.String("f")
	first := newFunction(t, c, "f", "one")
	if first.State != types.StateActive || *first.Version != "$LATEST" || len(*first.CodeSha256) != 44 || !strings.HasSuffix(*first.LastModified, "+0000") {
		t.Errorf("created: %+v", first)
	}
	v1, err := c.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: name, CodeSha256: first.CodeSha256})
	if err != nil || *v1.Version != "1" {
		t.Fatalf("%+v %v", v1, err)
	}
	if again, err := c.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: name}); err != nil || *again.Version != "1" {
		t.Errorf("published what is published: %+v %v", again, err)
	}
	if _, err := c.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("1")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: name, Environment: &types.Environment{Variables: map[string]string{"GREETING": "two"}}}); err != nil {
		t.Fatal(err)
	}
	check := func(when string) {
		t.Helper()
		for qualifier, want := range map[string][2]string{"": {"$LATEST", "two"}, "$LATEST": {"$LATEST", "two"}, "1": {"1", "one"}, "live": {"1", "one"}} {
			version, payload := invoked(t, c, "f", qualifier)
			if version != want[0] || !strings.Contains(payload, `"greeting":"`+want[1]+`"`) || !strings.Contains(payload, `"version":"`+want[0]+`"`) {
				t.Errorf("%s: %q is version %s: %s", when, qualifier, version, payload)
			}
		}
	}
	check("at first")
	s.kill()
	s.restart()
	c = s.lambdaSDK()
	check("after a power cut")

	changed, err := c.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: name, Publish: true,
		ZipFile: zipOf(t, "bootstrap", string(echo(t)), "more", "text")})
	if err != nil || *changed.Version != "2" || *changed.CodeSha256 == *first.CodeSha256 {
		t.Fatalf("%+v %v", changed, err)
	}
	check("after new code")
	if _, err := c.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: name, Name: aws.String("live"), FunctionVersion: aws.String("2")}); err != nil {
		t.Fatal(err)
	}
	if version, _ := invoked(t, c, "f", "live"); version != "2" {
		t.Errorf("the alias is version %s", version)
	}
	list, err := c.ListVersionsByFunction(ctx, &lambda.ListVersionsByFunctionInput{FunctionName: name})
	if err != nil || len(list.Versions) != 3 || *list.Versions[2].FunctionArn != "arn:aws:lambda:us-east-1:000000000000:function:f:2" {
		t.Errorf("versions: %+v %v", list, err)
	}
	if _, err := c.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: name, Qualifier: aws.String("1")}); err != nil {
		t.Error(err)
	}
	if _, err := c.Invoke(ctx, &lambda.InvokeInput{FunctionName: name, Qualifier: aws.String("1")}); !strings.HasPrefix(code(err), "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:1") {
		t.Errorf("a deleted version: %v", err)
	}
	s.weighted(ctx, c)
	s.streamed(ctx, c)
	s.tagsAndLists(ctx, c, *first.FunctionArn)
	s.lambdaRefusals(ctx, c)
	if strings.Contains(s.log.String(), "greeting") {
		t.Error("an environment is in the log")
	}
}

// weighted has the alias of version 2 share its invocations with a third, and
// reads the end of a log.
func (s *server) weighted(ctx context.Context, c *lambda.Client) {
	t, name, live := s.t, aws.String("f"), aws.String("live")
	_, err := c.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: name, Description: aws.String("a third"), Timeout: aws.Int32(11)})
	if err == nil {
		_, err = c.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: name})
	}
	if err != nil {
		t.Fatal(err)
	}
	for weight, want := range map[float64][]string{0: {"2"}, 1: {"3"}, 0.5: {"2", "3"}} {
		a, err := c.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: name, Name: live,
			RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{"3": weight}}})
		if err != nil || a.RoutingConfig.AdditionalVersionWeights["3"] != weight || *a.FunctionVersion != "2" {
			t.Fatalf("%+v, %v", a, err)
		}
		ran := map[string]bool{}
		for range 40 {
			out, err := c.Invoke(ctx, &lambda.InvokeInput{FunctionName: name, Qualifier: live, Payload: []byte("1"), LogType: types.LogTypeTail})
			if err != nil {
				t.Fatal(err)
			}
			ran[*out.ExecutedVersion] = true
			tail, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
			if !strings.Contains(string(tail), "Version: "+*out.ExecutedVersion+"\nan echo of 1\nEND RequestId") {
				t.Fatalf("log: %q", tail)
			}
		}
		if got := slices.Sorted(maps.Keys(ran)); !slices.Equal(got, want) {
			t.Errorf("at a weight of %v versions %v ran, want %v", weight, got, want)
		}
	}
	a, err := c.UpdateAlias(ctx, &lambda.UpdateAliasInput{FunctionName: name, Name: live, RoutingConfig: &types.AliasRoutingConfiguration{AdditionalVersionWeights: map[string]float64{}}})
	if err != nil || a.RoutingConfig != nil {
		t.Errorf("without: %+v, %v", a, err)
	}
}

// streamed invokes by InvokeWithResponseStream.
func (s *server) streamed(ctx context.Context, c *lambda.Client) {
	for payload, want := range map[string][2]string{`{"n":1}`: {`"event":{"n":1}`, ""}, `"fail"`: {"", "Unhandled"}} {
		out, err := c.InvokeWithResponseStream(ctx, &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f"), Payload: []byte(payload)})
		if err != nil {
			s.t.Error(err)
			continue
		}
		stream := out.GetStream()
		var got, failure string
		for e := range stream.Events() {
			switch e := e.(type) {
			case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
				got += string(e.Value.Payload)
			case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
				failure = aws.ToString(e.Value.ErrorCode)
			}
		}
		if err := stream.Err(); err != nil || !strings.Contains(got, want[0]) || failure != want[1] {
			s.t.Errorf("streamed %s: %q, error %q (%v)", payload, got, failure, err)
		}
		stream.Close()
	}
}

func (s *server) tagsAndLists(ctx context.Context, c *lambda.Client, arn string) {
	t := s.t
	_, err := c.TagResource(ctx, &lambda.TagResourceInput{Resource: &arn, Tags: map[string]string{"a": "1", "b": "2"}})
	if err == nil {
		_, err = c.UntagResource(ctx, &lambda.UntagResourceInput{Resource: &arn, TagKeys: []string{"a"}})
	}
	if err != nil {
		t.Error(err)
	}
	tags, err := c.ListTags(ctx, &lambda.ListTagsInput{Resource: &arn})
	if err != nil || len(tags.Tags) != 1 || tags.Tags["b"] != "2" {
		t.Errorf("tags: %+v %v", tags, err)
	}
	got, err := c.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: &arn, Qualifier: aws.String("live")})
	if err != nil || *got.Configuration.FunctionArn != arn+":live" || *got.Configuration.Version != "2" || got.Tags["b"] != "2" {
		t.Errorf("by its alias: %+v %v", got, err)
	}
	pages, functions := lambda.NewListFunctionsPaginator(c, &lambda.ListFunctionsInput{MaxItems: aws.Int32(1), FunctionVersion: types.FunctionVersionAll}), 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		functions += len(page.Functions)
	}
	if functions != 3 {
		t.Errorf("%d versions of functions, want 3", functions)
	}
}

// lambdaRefusals: what is wrong or isn't served is refused by its name.
func (s *server) lambdaRefusals(ctx context.Context, c *lambda.Client) {
	good := zipOf(s.t, "bootstrap", "#!/bin/sh\n")
	create := func(change func(*lambda.CreateFunctionInput)) func() error {
		in := &lambda.CreateFunctionInput{FunctionName: aws.String("bad"), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("h"), Role: aws.String(anyRole), Code: &types.FunctionCode{ZipFile: good}}
		change(in)
		return func() error { _, err := c.CreateFunction(ctx, in); return err }
	}
	cases := []struct {
		name string
		do   func() error
		want string // beginning of the error
	}{
		{"a second of the name", create(func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String("f") }), "ResourceConflictException: Function already exist: f"},
		{"no zip", create(func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = []byte("nonsense") }), "InvalidParameterValueException: Could not unzip uploaded file"},
		{"a way out", create(func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = zipOf(s.t, "../evil", "x") }), "InvalidParameterValueException: The zip's entry \"../evil\" doesn't lie in its folder"},
		{"a runtime that doesn't run here", create(func(in *lambda.CreateFunctionInput) { in.Runtime = types.RuntimeDotnet8 }), "InvalidParameterValueException: runtime \"dotnet8\" isn't supported"},
		{"a runtime of nobody", create(func(in *lambda.CreateFunctionInput) { in.Runtime = "cobol" }), "ValidationException: 1 validation error detected: Value 'cobol' at 'runtime' failed"},
		{"layers", create(func(in *lambda.CreateFunctionInput) {
			in.Layers = []string{"arn:aws:lambda:us-east-1:000000000000:layer:l:1"}
		}), "NotImplementedException: Gatehouse doesn't serve Layers"},
		{"code from S3", create(func(in *lambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{S3Bucket: aws.String("b"), S3Key: aws.String("k")}
		}), "NotImplementedException: Gatehouse doesn't serve code from S3"},
		{"too long a timeout", create(func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(901) }), "ValidationException: 1 validation error detected: Value '901' at 'timeout'"},
		{"a reserved variable", create(func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"AWS_REGION": "x"}}
		}), "InvalidParameterValueException: environment: AWS_REGION is reserved"},
		{"an old revision", func() error {
			_, err := c.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), RevisionId: aws.String("old")})
			return err
		}, "PreconditionFailedException: The Revision Id provided"},
		{"a policy that isn't there", func() error {
			_, err := c.GetPolicy(ctx, &lambda.GetPolicyInput{FunctionName: aws.String("f")})
			return err
		}, "ResourceNotFoundException: The resource you requested does not exist."},
		{"a version with an alias", func() error {
			_, err := c.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f"), Qualifier: aws.String("2")})
			return err
		}, "ResourceConflictException: Version 2 is referenced by alias live"},
		{"another region", func() error {
			_, err := c.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("arn:aws:lambda:eu-west-1:000000000000:function:f")})
			return err
		}, "ResourceNotFoundException: Functions from 'eu-west-1' are not reachable"},
		{"no JSON", func() error {
			_, err := c.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte("{")})
			return err
		}, "InvalidRequestContentException: Could not parse request body into json"},
	}
	for _, tc := range cases {
		if got := code(tc.do()); !strings.HasPrefix(got, tc.want) {
			s.t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// TestLambdaScripts: Node.js and Python run from zips.
func TestLambdaScripts(t *testing.T) {
	t.Parallel()
	need(t, "node", "python3")
	s := serveFunctions(t)
	c := s.lambdaSDK()
	for name, f := range map[string]struct {
		runtime             types.Runtime
		handler, file, text string
	}{
		"js": {types.RuntimeNodejs22x, "index.handler", "index.js", "exports.handler = async (event) => ({ said: event.a + 1 });\n"},
		"py": {types.RuntimePython312, "app/main.handler", "app/main.py", "def handler(event, context):\n    return {'said': event['a'] + 1}\n"},
	} {
		_, err := c.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
			FunctionName: &name, Runtime: f.runtime, Handler: &f.handler, Role: aws.String(anyRole), Timeout: aws.Int32(20),
			Code: &types.FunctionCode{ZipFile: zipOf(t, f.file, f.text)},
		})
		if err != nil {
			t.Error(err)
			continue
		}
		out, err := c.Invoke(t.Context(), &lambda.InvokeInput{FunctionName: &name, Payload: []byte(`{"a": 1}`)})
		if err != nil || strings.ReplaceAll(string(out.Payload), " ", "") != `{"said":2}` {
			t.Errorf("%s: %+v %v", name, out, err)
			if out != nil {
				t.Log(string(out.Payload))
			}
		}
	}
}

// TestLambdaWithoutStore: with the store damaged, functions that were created
// through the API go on serving.
func TestLambdaWithoutStore(t *testing.T) {
	t.Parallel()
	need(t, "go")
	s := serveFunctions(t)
	c := s.lambdaSDK()
	arn := *newFunction(t, c, "kept", "still here").FunctionArn
	if _, err := c.AddPermission(t.Context(), &lambda.AddPermissionInput{FunctionName: &arn, StatementId: aws.String("s"),
		Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com")}); err != nil {
		t.Fatal(err)
	}
	api := s.proxying(arn)
	if a := s.hello(api); a.status != 200 || a.body != "still here" {
		t.Fatal(a)
	}
	s.keeps(api)
	s.kill()
	damage(t, filepath.Join(s.data, "store"), "*.wal")
	s.restart()
	if a := s.hello(api); a.status != 200 || a.body != "still here" {
		t.Errorf("without the store: %v", a)
	}
	if kept, err := os.ReadFile(filepath.Join(s.data, "functions", "stored.json")); err != nil || strings.Contains(string(kept), "still here") {
		t.Errorf("%s %v", kept, err)
	}
}

// TestLambdaLargeZip: code much larger than any other request is taken, kept
// and run.
func TestLambdaLargeZip(t *testing.T) {
	t.Parallel()
	need(t, "go")
	s := serveFunctions(t)
	c := s.lambdaSDK()
	noise := make([]byte, 20<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	large := zipOf(t, "bootstrap", string(echo(t)), "noise", string(noise))
	f, err := c.CreateFunction(t.Context(), &lambda.CreateFunctionInput{
		FunctionName: aws.String("large"), Runtime: types.RuntimeProvidedal2023, Handler: aws.String("h"), Role: aws.String(anyRole), Timeout: aws.Int32(30),
		Code: &types.FunctionCode{ZipFile: large},
	})
	if err != nil || f.CodeSize != int64(len(large)) {
		t.Fatalf("%+v %v", f, err)
	}
	s.kill()
	s.restart()
	c = s.lambdaSDK()
	if version, payload := invoked(t, c, "large", ""); version != "$LATEST" || !strings.Contains(payload, `"event":1`) {
		t.Errorf("%s %s", version, payload)
	}
	_, err = c.UpdateFunctionCode(t.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("large"), ZipFile: make([]byte, 53<<20)})
	if got := code(err); !strings.HasPrefix(got, "RequestEntityTooLargeException: The request body is larger than 70167211 bytes") {
		t.Errorf("larger than Lambda takes: %s", got)
	}
}

// TestLostMasterKey: functions whose environment can't be unsealed are listed,
// say so, and run again once it is set anew.
func TestLostMasterKey(t *testing.T) {
	t.Parallel()
	need(t, "go")
	s := serveFunctions(t)
	newFunction(t, s.lambdaSDK(), "f", "one")
	s.kill()
	if err := os.Remove(filepath.Join(s.data, "master.key")); err != nil {
		t.Fatal(err)
	}
	s.restart()
	ctx, c := t.Context(), s.lambdaSDK()
	list, err := c.ListFunctions(ctx, &lambda.ListFunctionsInput{})
	if err != nil || len(list.Functions) != 1 || list.Functions[0].Environment == nil || list.Functions[0].Environment.Error == nil ||
		aws.ToString(list.Functions[0].Environment.Error.ErrorCode) != "AccessDeniedException" {
		t.Fatalf("%+v, %v", list, err)
	}
	if _, err := c.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f")}); !strings.HasPrefix(code(err), "KMSAccessDeniedException: Lambda was unable to decrypt") {
		t.Errorf("invoked: %v", err)
	}
	eventually(t, "the log says so", func() bool {
		return strings.Contains(s.log.String(), "environment variables of a stored function can't be unsealed")
	})
	if _, err := c.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f")}); err != nil {
		t.Error(err)
	}
}
