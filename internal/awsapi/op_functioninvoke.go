package awsapi

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"net/http"

	"github.com/gatehouse/gatehouse/internal/apigw"
	lambdaapi "github.com/gatehouse/gatehouse/internal/awsapi/lambda"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// invocation is what Invoke and InvokeWithResponseStream share.
type invocation struct {
	function, kind, logType, clientContext, qualifier *string
	payload                                           []byte
}

// invocation is what the function is to be given, or why it can't be.
func (o functions) invocation(c *Call, in invocation) (*lambda.Invocation, error) {
	n, err := nameOf(c, *in.function, in.qualifier)
	if err != nil {
		return nil, err
	}
	if _, ok := o.host.FindConfigured(arnOf(n)); !ok && !o.host.IsStored(arnOf(n)) {
		return nil, unknownFunction(n)
	}
	return &lambda.Invocation{
		Function: arnOf(n), Type: lambda.InvocationType(cmp.Or(val(in.kind), string(lambda.RequestResponse))),
		Payload: in.payload, RequestID: c.RequestID, ClientContext: val(in.clientContext), LogTail: val(in.logType) == "Tail",
	}, nil
}

func (o functions) invoke(ctx context.Context, c *Call, in *lambdaapi.InvocationRequest) (*lambdaapi.InvocationResponse, error) {
	err := refuseSettings(
		setting{"X-Amz-Durable-Execution-Name (durable executions)", in.DurableExecutionName != nil},
		setting{"X-Amz-Tenant-Id (tenant isolation)", in.TenantId != nil})
	if err != nil {
		return nil, err
	}
	call, err := o.invocation(c, invocation{&in.FunctionName, in.InvocationType, in.LogType, in.ClientContext, in.Qualifier, in.Payload})
	if err != nil {
		return nil, err
	}
	var out lambda.Result
	if err := o.host.Invoke(ctx, call, &out); err != nil {
		return nil, invokeRefusal(err)
	}
	r := &lambdaapi.InvocationResponse{StatusCode: &out.Status, FunctionError: set(out.FunctionError), Payload: out.Payload}
	if out.Status == http.StatusOK { // an event's version isn't known yet
		r.ExecutedVersion = set(out.ExecutedVersion)
	}
	if len(out.LogTail) > 0 {
		r.LogResult = new(base64.StdEncoding.EncodeToString(out.LogTail))
	}
	return r, nil
}

// invokeStreaming answers with events while the function writes its answer.
// The status goes out before the function's first byte does: what happens to
// it later, the last event tells.
func (o functions) invokeStreaming(ctx context.Context, c *Call, in *lambdaapi.InvokeWithResponseStreamRequest) (*lambdaapi.InvokeWithResponseStreamResponse, error) {
	if err := refuseSettings(setting{"X-Amz-Tenant-Id (tenant isolation)", in.TenantId != nil}); err != nil {
		return nil, err
	}
	call, err := o.invocation(c, invocation{&in.FunctionName, in.InvocationType, in.LogType, in.ClientContext, in.Qualifier, in.Payload})
	if err != nil {
		return nil, err
	}
	out, err := o.host.InvokeStream(ctx, call)
	if err != nil {
		return nil, invokeRefusal(err)
	}
	r := &lambdaapi.InvokeWithResponseStreamResponse{StatusCode: &out.Status}
	if out.Status == http.StatusOK {
		r.ExecutedVersion, r.ResponseStreamContentType = set(out.ExecutedVersion), new("application/vnd.amazon.eventstream")
		r.EventStream = eventStream{out}
	}
	return r, nil
}

// invokeRefusal is Lambda's answer for an invocation that didn't reach the
// function.
func invokeRefusal(err error) error {
	e, ok := errors.AsType[*lambda.Error](err)
	if !ok {
		return err
	}
	if e.Type != "" && e.Status >= 400 {
		return &refusal{status: e.Status, code: e.Type, message: e.Message}
	}
	switch e.Kind {
	case lambda.NotFound:
		return apigw.Errorf(apigw.NotFound, "Function not found: %s", e.Function)
	case lambda.Timeout:
		return &refusal{status: http.StatusGatewayTimeout, code: "ServiceException", message: e.Message}
	case lambda.Broken:
		return &refusal{status: http.StatusBadGateway, code: "InvalidRuntimeException", message: e.Error()}
	}
	return &refusal{status: http.StatusBadGateway, code: "ServiceException", message: e.Error()}
}
