package awsapi

import "strings"

// AuditRecord says what was asked of the management API, by whom, and what
// became of it. It holds no body: definitions and API keys don't belong in a
// log.
type AuditRecord struct {
	Call
	Status       int    // of the HTTP answer
	ErrorCode    string // empty on success
	ErrorMessage string
	ReadOnly     bool
}

func (x *request) audit(status int, e *refusal) {
	if !x.known {
		return
	}
	r := AuditRecord{Call: *x.call, Status: status, ReadOnly: strings.HasPrefix(x.call.Operation, "Get") || strings.HasPrefix(x.call.Operation, "List")}
	if e != nil {
		r.ErrorCode, r.ErrorMessage = e.code, e.message
	}
	x.Audit(r)
}
