package websocketapi

import (
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// phases are what access logs tell of a client's authorization when it connects
// (developer guide, "Set up WebSocket API logging": authenticate, authorizer,
// authorize), as of REST APIs: authenticate is of IAM, authorizer of functions,
// authorize of both. One that a client doesn't go through has no values.
type phases struct {
	began, met, ended time.Time       // met: it is known who calls
	fault             *exchange.Fault // why authorization ended the event
	called            bool            // a function was asked
	took              time.Duration   // it took
	status            int             // of Lambda itself
	requestID         string          // of that call
}

// functionAnswered notes how the authorizer's function was called.
func (p *phases) functionAnswered(result *lambda.Result, took time.Duration) {
	p.called, p.took, p.status, p.requestID = true, took, result.Status, result.RequestID
}

// phase is when a phase began and ended, and whether it failed; not ok: the client
// didn't go through it.
func (e *Event) phase(v exchange.VariableName) (began, ended time.Time, failed, ok bool) {
	p := &e.phases
	if e.kind != connectEvent || p.began.IsZero() {
		return
	}
	signed, met := e.Route.authorizer.signed, p.met
	known := !met.IsZero()
	if !known {
		met = p.ended
	}
	switch v {
	case exchange.VarAuthenticateError, exchange.VarAuthenticateLatency, exchange.VarAuthenticateStatus:
		return p.began, met, !known, signed
	case exchange.VarAuthorizeError, exchange.VarAuthorizeLatency, exchange.VarAuthorizeStatus:
		return met, p.ended, p.fault != nil, known
	}
	return p.began, met, !known, !signed
}

// appendPhase appends a variable of a phase; false when it has no value.
func (e *Event) appendPhase(dst []byte, v exchange.VariableName) ([]byte, bool) {
	began, ended, failed, ok := e.phase(v)
	if !ok {
		return dst, false
	}
	p := &e.phases
	switch v {
	case exchange.VarAuthenticateLatency, exchange.VarAuthorizeLatency, exchange.VarAuthorizerLatency:
		return strconv.AppendInt(dst, ended.Sub(began).Milliseconds(), 10), true
	case exchange.VarAuthenticateStatus, exchange.VarAuthorizeStatus, exchange.VarAuthorizerStatus:
		if failed {
			return strconv.AppendInt(dst, int64(shown(p.fault).status), 10), true
		}
		return append(dst, "200"...), true
	case exchange.VarAuthenticateError, exchange.VarAuthorizeError, exchange.VarAuthorizerError:
		if !failed {
			return dst, false
		}
		if e.problem != "" {
			return append(dst, e.problem...), true
		}
		return append(dst, shown(p.fault).text...), true
	case exchange.VarAuthorizerIntegrationLatency:
		return strconv.AppendInt(dst, p.took.Milliseconds(), 10), p.called
	case exchange.VarAuthorizerIntegrationStatus:
		return strconv.AppendInt(dst, int64(p.status), 10), p.called && p.status != 0
	}
	return append(dst, p.requestID...), p.requestID != ""
}
