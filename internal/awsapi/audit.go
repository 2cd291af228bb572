package awsapi

import (
	"crypto/tls"
	"strings"

	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
)

// AuditRecord says what was asked of the management API, by whom, and what
// became of it. CloudTrail shapes it, and leaves secrets out; nothing else may
// show what it holds of bodies.
type AuditRecord struct {
	Call
	Status       int    // of the HTTP answer
	ErrorCode    string // empty on success
	ErrorMessage string
	ReadOnly     bool

	host     string
	tls      *tls.ConnectionState // nil: a plain connection
	in       *wire.Request
	document bool   // the request's body is a document, not members
	answer   []byte // JSON; nil: there is none to tell of
}

func (x *request) audit(status int, e *refusal) {
	if !x.known {
		return
	}
	r := AuditRecord{
		Call: *x.call, Status: status, ReadOnly: readOnly(x.call.Operation),
		host: x.http.Host, tls: x.http.TLS, in: &x.in, document: x.op != nil && x.op.Raw,
	}
	if e != nil {
		r.ErrorCode, r.ErrorMessage = e.code, e.message
	} else if !r.ReadOnly && x.out.Stream == nil {
		r.answer = x.out.Body
		if x.result != nil {
			r.answer = x.result
		}
	}
	x.Audit(r)
}

// readOnly says that an operation changes nothing.
func readOnly(operation string) bool {
	name := strings.TrimPrefix(operation, "Admin")
	return strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") || strings.HasPrefix(name, "Describe") || strings.HasPrefix(name, "Discover")
}
