package restapi

import (
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// phases are what access logs tell of a request's authorization ("Variables for
// access logging": authenticate, authorizer, authorize). A phase that a request
// doesn't go through has no values (AWS Compute Blog, "Troubleshooting Amazon
// API Gateway with enhanced observability variables": authenticate is of IAM,
// authorizer of Lambda and Cognito authorizers, authorize of Lambda and IAM).
type phases struct {
	fault             *exchange.Fault // why authorization ended the request
	began, met, ended time.Time       // met: it is known who calls; zero unless the access log reads times
	called            bool            // a function was asked for this request
	status            int             // of Lambda itself
	requestID         string          // of that call
}

// tick is the time, where the access log wants to know.
func (r *request) tick() (now time.Time) {
	if r.stage.observe.phases {
		now = time.Now()
	}
	return now
}

// functionAnswered notes how the authorizer's function was called.
func (p *phases) functionAnswered(result *lambda.Result) {
	p.called, p.status, p.requestID = true, result.Status, result.RequestID
}

// whichPhase tells for each variable of a phase which that is.
func whichPhase(v exchange.VariableName) exchange.VariableName {
	switch v {
	case exchange.VarAuthenticateError, exchange.VarAuthenticateLatency, exchange.VarAuthenticateStatus:
		return exchange.VarAuthenticateStatus
	case exchange.VarAuthorizeError, exchange.VarAuthorizeLatency, exchange.VarAuthorizeStatus:
		return exchange.VarAuthorizeStatus
	}
	return exchange.VarAuthorizerStatus
}

// isPhase says whether a variable is one of a phase.
func isPhase(v exchange.VariableName) bool {
	return exchange.VarAuthenticateError <= v && v <= exchange.VarAuthorizerStatus
}

// appendPhase appends a variable of a phase; false when the request didn't go
// through it.
func (r *request) appendPhase(dst []byte, v exchange.VariableName) ([]byte, bool) {
	if r.route == nil || r.route.authorization == nil || r.stage.trial != nil {
		return dst, false
	}
	a, p := r.route.authorization, &r.identity.phases
	known := r.identity.answer != nil || r.identity.caller != nil
	var failed bool
	began, ended := p.began, p.met
	switch whichPhase(v) {
	case exchange.VarAuthenticateStatus:
		if !a.signed {
			return dst, false
		}
		failed = !known
	case exchange.VarAuthorizerStatus:
		if a.signed || a.function == nil && a.pools == nil || !known && p.fault != nil && p.fault.Kind == exchange.AccessDenied {
			return dst, false // the API's policy has denied before
		}
		failed = !known
	case exchange.VarAuthorizeStatus:
		if !a.signed && a.function == nil || !known && (p.fault == nil || p.fault.Kind != exchange.AccessDenied) {
			return dst, false
		}
		failed, began, ended = p.fault != nil, p.met, p.ended
	}
	if began.IsZero() {
		began = p.began
	}
	if ended.IsZero() {
		ended = p.ended
	}
	switch v {
	case exchange.VarAuthenticateLatency, exchange.VarAuthorizeLatency, exchange.VarAuthorizerLatency:
		return strconv.AppendInt(dst, ended.Sub(began).Milliseconds(), 10), true
	case exchange.VarAuthenticateStatus, exchange.VarAuthorizeStatus, exchange.VarAuthorizerStatus:
		if failed {
			return strconv.AppendInt(dst, int64(r.x.Response.Status), 10), true
		}
		return append(dst, "200"...), true
	case exchange.VarAuthenticateError, exchange.VarAuthorizeError, exchange.VarAuthorizerError:
		return r.appendPhaseError(dst, failed)
	case exchange.VarAuthorizerIntegrationLatency:
		return strconv.AppendInt(dst, r.identity.latency.Milliseconds(), 10), p.called
	case exchange.VarAuthorizerIntegrationStatus:
		return strconv.AppendInt(dst, int64(p.status), 10), p.called && p.status != 0
	case exchange.VarAuthorizerRequestID:
		return append(dst, p.requestID...), p.requestID != ""
	}
	return dst, false
}

// appendPhaseError appends why authorization ended the request: the cause, for
// the operator, else what the client was told.
func (r *request) appendPhaseError(dst []byte, failed bool) ([]byte, bool) {
	f := r.identity.phases.fault
	if !failed || f == nil {
		return dst, false
	}
	if f.Cause != nil {
		return append(dst, f.Cause.Error()...), true
	}
	return append(dst, r.faultMessage(f)...), true
}
