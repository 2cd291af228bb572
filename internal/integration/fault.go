package integration

import (
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// MaxBody is the most bytes of a request's or response's body.
const MaxBody = 10 << 20

// ErrResponseTooLarge is the cause of a Fault for a backend's body past
// MaxBody.
var ErrResponseTooLarge = fmt.Errorf("the integration's response is larger than the allowed maximum of %d bytes", MaxBody)

// Misconfigured is the Fault for an integration that can't work as it is set
// up: 500 to the client.
func Misconfigured(cause error) *exchange.Fault {
	return &exchange.Fault{Kind: exchange.APIConfigurationError, AfterIntegration: true, Cause: cause}
}

// TimedOut is the Fault for a backend that did not answer in time: 504.
func TimedOut(cause error) *exchange.Fault {
	return &exchange.Fault{Kind: exchange.IntegrationTimeout, AfterIntegration: true, Cause: cause}
}

// Unreachable is the Fault for a connection that could not be made or broke
// off, and for an answer that is no HTTP: 504.
func Unreachable(cause error) *exchange.Fault {
	return &exchange.Fault{Kind: exchange.IntegrationFailure, AfterIntegration: true, Cause: cause}
}

// ErrBusy is the cause of a Fault for a backend that has as many calls in
// flight as it may have.
var ErrBusy = errors.New("too many calls to the backend are in flight: limits.backendConnections of the configuration bounds them")

// Busy is the Fault for an integration that has no room for another call: 503,
// and nothing was sent.
func Busy() *exchange.Fault { return busy }

var busy = &exchange.Fault{Kind: exchange.Default5XX, Status: 503, Message: "Service Unavailable", Cause: ErrBusy}

// callFault is the Fault for an error of a call to an HTTP backend.
func callFault(err error) *exchange.Fault {
	if errors.Is(err, ErrBusy) {
		return busy
	}
	if errors.Is(err, http1.ErrBodyTooLarge) {
		return Misconfigured(ErrResponseTooLarge)
	}
	if _, refused := errors.AsType[*EgressError](err); refused || nowhere(err) {
		return Misconfigured(err)
	}
	if _, theirs := errors.AsType[*http1.StreamError](err); theirs {
		return &exchange.Fault{Kind: exchange.Default4XX, Status: 400, Message: "Bad Request", Cause: err}
	}
	call, ok := errors.AsType[*http1.CallError](err)
	switch {
	case !ok:
		return Unreachable(err)
	case call.Timeout:
		return TimedOut(err)
	case call.Phase == http1.PhaseResolve && !call.Cancelled, call.Phase == http1.PhaseTLS && refusedTLS(err):
		return Misconfigured(err)
	}
	return Unreachable(err)
}

// refusedTLS says that a handshake failed by what the two sides said, rather
// than because the connection broke.
func refusedTLS(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	return isCertificateError(err)
}

// InvokeFault is the fault for a call that did not reach the function. What
// Lambda itself refuses shows as a configuration error (seen on AWS for 403
// and 429).
func InvokeFault(err error) *exchange.Fault {
	switch lambda.KindOf(err) {
	case lambda.Timeout:
		return TimedOut(err)
	case lambda.Unreachable:
		return Unreachable(err)
	}
	return Misconfigured(err)
}
