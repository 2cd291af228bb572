package httpapi

import (
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// Route is a compiled route.
type Route struct {
	Key        string // "GET /pets/{id}", "ANY /{proxy+}", "$default"
	Authorizer *Authorizer
	signed     bool // AWS_IAM

	backend backend
	params  mapper   // nil: the integration has no parameter mapping
	names   []string // of path parameters, from the left
	limiter serving.Limiter
	metrics *telemetry.Series // detailed metrics; nil: off

	scopes    []string // authorizationScopes
	challenge string   // the beginning of www-authenticate: Bearer scope="…"
}

// NewRoute is a route with an authorizer and, for a JWT authorizer, the scopes
// of which a token must have one. Scopes that no token can have are refused.
func NewRoute(key string, a *Authorizer, scopes []string) (*Route, error) {
	if len(scopes) > maxScopes {
		return nil, fmt.Errorf("route %s: %d authorizationScopes, not at most %d", key, len(scopes), maxScopes)
	}
	if len(scopes) > 0 && (a == nil || a.jwt == nil) {
		return nil, fmt.Errorf("route %s: authorizationScopes need a JWT authorizer", key)
	}
	for _, s := range scopes {
		if !isScope(s) {
			return nil, fmt.Errorf("route %s: authorizationScopes: %.80q is no scope", key, s)
		}
	}
	return &Route{Key: key, Authorizer: a, scopes: scopes, challenge: `Bearer scope="` + strings.Join(scopes, " ") + `"`}, nil
}

// isScope tells a scope-token (RFC 6749, section 3.3): it is syntax in a
// token's scope and in www-authenticate.
func isScope(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}

// path is the route's path template; of the default route its key.
func (r *Route) path() string {
	if _, path, ok := strings.Cut(r.Key, " "); ok {
		return path
	}
	return r.Key
}
