package awsapi

import (
	"cmp"
	"context"
	"encoding/json"
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

// call runs the function and fills out.
func (o functions) call(ctx context.Context, c *Call, in invocation, out *lambda.Result) error {
	n, err := nameOf(c, *in.function, in.qualifier)
	if err != nil {
		return err
	}
	if val(in.logType) == "Tail" {
		return apigw.Errorf(apigw.NotSupported, "Gatehouse doesn't serve X-Amz-Log-Type Tail: a function's output is in Gatehouse's log, with the request ID")
	}
	if _, ok := o.host.FindConfigured(arnOf(n)); !ok && !o.host.IsStored(arnOf(n)) {
		return unknownFunction(n)
	}
	err = o.host.Invoke(ctx, &lambda.Invocation{
		Function: arnOf(n), Type: lambda.InvocationType(cmp.Or(val(in.kind), string(lambda.RequestResponse))),
		Payload: in.payload, RequestID: c.RequestID, ClientContext: val(in.clientContext),
	}, out)
	if err != nil {
		return invokeRefusal(err)
	}
	return nil
}

func (o functions) invoke(ctx context.Context, c *Call, in *lambdaapi.InvocationRequest) (*lambdaapi.InvocationResponse, error) {
	err := refuseSettings(
		setting{"X-Amz-Durable-Execution-Name (durable executions)", in.DurableExecutionName != nil},
		setting{"X-Amz-Tenant-Id (tenant isolation)", in.TenantId != nil})
	if err != nil {
		return nil, err
	}
	var out lambda.Result
	err = o.call(ctx, c, invocation{&in.FunctionName, in.InvocationType, in.LogType, in.ClientContext, in.Qualifier, in.Payload}, &out)
	if err != nil {
		return nil, err
	}
	r := &lambdaapi.InvocationResponse{StatusCode: &out.Status, FunctionError: set(out.FunctionError), Payload: out.Payload}
	if out.Status == http.StatusOK { // an event's version isn't known yet
		r.ExecutedVersion = set(out.ExecutedVersion)
	}
	return r, nil
}

// invokeStreaming answers in the framing of a stream, once the function is
// done.
func (o functions) invokeStreaming(ctx context.Context, c *Call, in *lambdaapi.InvokeWithResponseStreamRequest) (*lambdaapi.InvokeWithResponseStreamResponse, error) {
	if err := refuseSettings(setting{"X-Amz-Tenant-Id (tenant isolation)", in.TenantId != nil}); err != nil {
		return nil, err
	}
	var out lambda.Result
	err := o.call(ctx, c, invocation{&in.FunctionName, in.InvocationType, in.LogType, in.ClientContext, in.Qualifier, in.Payload}, &out)
	if err != nil {
		return nil, err
	}
	r := &lambdaapi.InvokeWithResponseStreamResponse{StatusCode: &out.Status}
	if out.Status != http.StatusOK {
		return r, nil
	}
	r.ExecutedVersion, r.ResponseStreamContentType = set(out.ExecutedVersion), new("application/vnd.amazon.eventstream")
	r.EventStream, err = streamOf(&out)
	return r, err
}

func streamOf(out *lambda.Result) ([]byte, error) {
	var complete struct {
		ErrorCode    string `json:",omitempty"`
		ErrorDetails string `json:",omitempty"`
	}
	var b []byte
	if out.FunctionError != "" {
		complete.ErrorCode, complete.ErrorDetails = out.FunctionError, string(out.Payload)
	} else {
		for rest := out.Payload; len(rest) > 0; {
			n := min(len(rest), maxEventPayload)
			b = appendEvent(b, "PayloadChunk", "application/octet-stream", rest[:n])
			rest = rest[n:]
		}
	}
	end, err := json.Marshal(complete)
	return appendEvent(b, "InvokeComplete", "application/json", end), err
}

// invokeRefusal is Lambda's answer for an invocation that didn't reach the
// function.
func invokeRefusal(err error) error {
	e, ok := errors.AsType[*lambda.Error](err)
	if !ok {
		return err
	}
	if e.Type != "" && e.Status >= 400 {
		return &refusal{e.Status, e.Type, e.Message}
	}
	switch e.Kind {
	case lambda.NotFound:
		return apigw.Errorf(apigw.NotFound, "Function not found: %s", e.Function)
	case lambda.Timeout:
		return &refusal{http.StatusGatewayTimeout, "ServiceException", e.Message}
	case lambda.Broken:
		return &refusal{http.StatusBadGateway, "InvalidRuntimeException", e.Error()}
	}
	return &refusal{http.StatusBadGateway, "ServiceException", e.Error()}
}
