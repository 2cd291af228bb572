package httpapi

import "github.com/gatehouse/gatehouse/internal/exchange"

// refusals are the answers to those who aren't let in (developer guide,
// "Troubleshooting HTTP API Lambda authorizers"; bodies seen on AWS). HTTP APIs
// don't tell the client more.
var refusals = map[exchange.FaultKind]struct {
	status int
	body   string
}{
	exchange.Unauthorized:      {401, `{"message":"Unauthorized"}`},
	exchange.AccessDenied:      {403, `{"message":"Forbidden"}`},
	exchange.AuthorizerFailure: {500, `{"message":"Internal Server Error"}`},
}

// Refuse answers r with a fault of Authorize's; false: it is another's.
func (r *Request) Refuse(f *exchange.Fault) bool {
	answer, ok := refusals[f.Kind]
	if !ok {
		return false
	}
	response := &r.X.Response
	response.Status, response.Body = answer.status, append(response.Body[:0], answer.body...)
	response.Header.Set("Content-Type", "application/json")
	if r.Challenge != "" {
		response.Header.Set("www-authenticate", r.Challenge)
	}
	return true
}
