package restapi

import (
	"crypto/x509"
	"errors"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/vtl"
)

// fault adds why the request ended early. A client's own mistakes are no
// errors of the execution.
func (e *execution) fault(f *exchange.Fault, r *request) {
	if f.Cause != nil || r.x.Response.Status >= 500 {
		if call, ok := errors.AsType[*lambda.Error](f.Cause); ok && call.Status >= 400 && call.Kind != lambda.AccessDenied {
			e.say("Lambda invocation failed with status: " + strconv.Itoa(call.Status) + ". Lambda request id: " + r.x.Outcome.Integration.RequestID)
		}
		if failed, ok := errors.AsType[*vtl.Error](f.Cause); ok {
			e.say("Mapping template failed: " + failed.Error())
		}
		e.say(faultText(f))
	}
	if !e.info || e.trial {
		return
	}
	e.say("Gateway response type: " + string(f.Kind) + " with status code: " + strconv.Itoa(r.x.Response.Status))
	if e.data {
		e.body("Gateway response body: ", r.x.Response.Body, false)
		e.answerFields("Gateway response headers: ", &r.x.Response.Header)
	}
}

// worded is a cause that the execution log tells in AWS's words alone; who runs
// the gateway reads the rest elsewhere.
type worded struct {
	text  string
	cause error
}

func (e *worded) Error() string { return e.text + ": " + e.cause.Error() }

// Unwrap returns the cause.
func (e *worded) Unwrap() error { return e.cause }

func faultText(f *exchange.Fault) string {
	switch {
	case f.Kind == exchange.IntegrationTimeout:
		return "Execution failed due to a timeout error"
	case f.Kind == exchange.IntegrationFailure:
		return "Execution failed due to a network error communicating with endpoint: " + causeText(f)
	}
	if _, ok := errors.AsType[*integration.FunctionError](f.Cause); ok {
		return f.Cause.Error()
	}
	return "Execution failed due to configuration error: " + causeText(f)
}

func causeText(f *exchange.Fault) string {
	if f.Cause == nil {
		return f.Message
	}
	if e, ok := errors.AsType[*worded](f.Cause); ok {
		return e.text
	}
	if e, ok := errors.AsType[*lambda.Error](f.Cause); ok && e.Status >= 400 {
		return refusalText(e)
	}
	if e, ok := errors.AsType[*credentials.RoleError](f.Cause); ok {
		return e.Text()
	}
	if e, ok := errors.AsType[*http1.CallError](f.Cause); ok && e.Phase == http1.PhaseResolve {
		return invalidEndpoint
	}
	if e, ok := errors.AsType[x509.HostnameError](f.Cause); ok { // AWS's words, as reported in the field
		return "Host name '" + e.Host + "' does not match the certificate subject provided by the peer (" + e.Certificate.Subject.String() + ")"
	}
	if _, ok := errors.AsType[*integration.NowhereError](f.Cause); ok {
		return internalError
	}
	return f.Cause.Error()
}

// refusalText is how AWS's log tells of a call that Lambda itself refused (seen
// on AWS for 403 and 429).
func refusalText(e *lambda.Error) string {
	switch e.Kind {
	case lambda.AccessDenied:
		return "Invalid permissions on Lambda function"
	case lambda.Throttled:
		return "Rate Exceeded."
	}
	return e.Message
}

// malformed is AWS's text for a function's output that is none (recorded on
// AWS).
const malformed = "Malformed Lambda proxy response"

// invalidEndpoint is AWS's text for an address that is none, or has no host
// (recorded on AWS).
const invalidEndpoint = "Invalid endpoint address"

// internalError is AWS's text for a private integration that leads nowhere, as
// reported in the field.
const internalError = "There was an internal error while executing your request"
