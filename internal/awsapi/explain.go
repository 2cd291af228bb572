package awsapi

import (
	"context"
	"net/http"

	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// explainPath is where requests of API clients are explained.
const explainPath = "/_gatehouse/explain/"

// newRequest is a call that nothing is known of yet.
func (s *Server) newRequest(w http.ResponseWriter, r *http.Request, loopback bool) *request {
	signed, _ := sigv4.ScopeOf(r.Header.Get("Authorization"), r.URL.RawQuery)
	return &request{signed: signed, Server: s, w: w, http: r, loopback: loopback, call: &Call{
		RequestID: newUUID(), Source: clientAddress(r), UserAgent: r.UserAgent(), Time: s.Now(),
	}}
}

// forCallers has h answer a GET for whoever may make a management call: any
// credentials while no identities are configured, else a signature of one of
// them. What requests went through, and what a server reachable from other
// machines serves, isn't for others.
func (x *request) forCallers(h http.Handler) {
	for _, step := range []func(context.Context) error{x.guard, x.identify} {
		if err := step(x.http.Context()); err != nil {
			writeError(x.w, x.protocol, x.answerOf(x.call, err), x.call.RequestID)
			return
		}
	}
	if x.http.Method != http.MethodGet {
		x.w.Header().Set("Allow", http.MethodGet)
		http.Error(x.w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	h.ServeHTTP(x.w, x.http)
}
