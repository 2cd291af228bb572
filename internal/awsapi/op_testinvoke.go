package awsapi

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

// Tester runs a simulated request through a method of a definition, as a
// deployed stage would run one. The definition is not to be changed.
type Tester func(ctx context.Context, def *apigw.Definition, in *apigw.TestRequest) (*apigw.TestResult, error)

// testTime bounds a test: less than what a server of the management API takes
// to write an answer.
const testTime = 100 * time.Second

func (o rest) testInvokeMethod(ctx context.Context, c *Call, in *apigateway.TestInvokeMethodRequest) (*apigateway.TestInvokeMethodResponse, error) {
	def, verb, err := o.c.EditedMethod(ctx, methodRef(c, in.RestApiId, in.ResourceId, in.HttpMethod))
	if err != nil {
		return nil, err
	}
	shown, err := o.c.StageCertificate(ctx, c.Scope, val(in.ClientCertificateId))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	result, err := o.test(ctx, def, &apigw.TestRequest{
		Resource: apigw.ResourceID(in.ResourceId), Verb: verb, HTTPMethod: in.HttpMethod, Path: val(in.PathWithQueryString), Body: val(in.Body),
		Header: testFields(in.Headers, in.MultiValueHeaders), StageVariables: in.StageVariables, ClientCertificate: shown, RequestID: newUUID(),
		Caller: apigw.TestCaller{
			Account: c.Caller.Account, ARN: string(c.Caller.ARN), User: cmp.Or(c.Caller.UserID, c.Caller.Account),
			AccessKey: c.Caller.AccessKeyID, UserAgent: c.UserAgent,
		},
	})
	if err != nil {
		return nil, err
	}
	return testView(result), nil
}

// testFields are the fields of a simulated request by name: all values of
// multi, and that of single unless multi has it.
func testFields(single map[string]string, multi map[string][]string) []apigw.TestField {
	names := map[string]bool{}
	for name := range single {
		names[name] = true
	}
	for name := range multi {
		names[name] = true
	}
	var list []apigw.TestField
	for _, name := range slices.Sorted(maps.Keys(names)) {
		for _, value := range multi[name] {
			list = append(list, apigw.TestField{Name: name, Value: value})
		}
		if value, ok := single[name]; ok && !slices.Contains(multi[name], value) {
			list = append(list, apigw.TestField{Name: name, Value: value})
		}
	}
	return list
}

// testView shows a result: of a field that repeats, headers has the last.
func testView(r *apigw.TestResult) *apigateway.TestInvokeMethodResponse {
	out := &apigateway.TestInvokeMethodResponse{
		Status: &r.Status, Body: &r.Body, Log: &r.Log, Latency: &r.Latency,
		Headers: map[string]string{}, MultiValueHeaders: map[string][]string{},
	}
	for _, f := range r.Header {
		out.Headers[f.Name] = f.Value
		out.MultiValueHeaders[f.Name] = append(out.MultiValueHeaders[f.Name], f.Value)
	}
	return out
}
