package awsapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// guard keeps web pages out. A browser may be made to send requests to an
// address of this machine; it says so in Origin or Sec-Fetch-Site, can't be
// made to send an Authorization header without asking first (which we
// refuse), and a name that was rebound to our address shows in Host.
func (x *request) guard(context.Context) error {
	r := x.http
	switch {
	case x.isUnsigned():
		return x.guardUnsigned()
	case x.clients:
		return denied("Only what the clients of user pools call without a signature is served here")
	}
	if foreignPage(r) {
		return denied("A web page of another origin may not call the management API")
	}
	if x.loopback && !x.ourHost(r.Host) {
		return foreignHost()
	}
	x.expect()
	x.open = x.Identities == nil || x.Identities.Open()
	switch {
	case x.open && !x.loopback:
		return denied("No identities are configured, so nobody may call from another machine")
	case x.maybeFederated():
		x.federated = true // resolve sees whether it may be
		return nil
	case !x.open:
		return x.claim()
	case r.Header.Get("Authorization") == "":
		return &sigv4.Error{Kind: sigv4.MissingToken, Message: "Missing Authentication Token"}
	}
	return nil
}

func foreignHost() error {
	return denied("The Host header names none of our hosts: call localhost, or name the host in the configuration")
}

// claim refuses before the body is read who signs with no key of ours.
func (x *request) claim() error {
	s, err := x.verifier.Claim(sigv4.FromHTTP(x.http, [32]byte{}))
	if err != nil {
		return err
	}
	_, _, err = x.Identities.Find(s.Scope.AccessKeyID, s.SessionToken)
	return err
}

func denied(message string) *refusal {
	return &refusal{status: http.StatusForbidden, code: "AccessDeniedException", message: message}
}

// foreignPage says that a browser sent r for a page that isn't ours.
func foreignPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
	default:
		return true
	}
	for _, origin := range r.Header.Values("Origin") {
		scheme, host, ok := strings.Cut(origin, "://")
		if !ok || scheme != "http" && scheme != "https" || !strings.EqualFold(host, r.Host) {
			return true
		}
	}
	return false
}

// registryPrefix is what AWS's clients put before the host that they discover
// instances at, whichever that is (the model of Cloud Map's API).
const registryPrefix = "data-"

// ourHost says that a Host header, with or without a port, names this machine
// by loopback, by a configured name, or by the name of an AWS endpoint whose
// service we speak, which a client keeps when it is led here by a proxy or
// the resolver.
func (s *Server) ourHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.TrimSuffix(strings.Trim(name, "[]"), "."))
	name = strings.TrimPrefix(name, registryPrefix)
	if a, err := netip.ParseAddr(name); err == nil {
		return a.Unmap().IsLoopback() || slices.Contains(s.Hosts, name)
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || awsEndpoint(name) ||
		slices.ContainsFunc(s.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
}

// awsEndpoint is apigateway.us-east-1.amazonaws.com and its like: two or one
// labels that nobody but AWS can point elsewhere.
func awsEndpoint(name string) bool {
	for _, domain := range []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws"} {
		if prefix, ok := strings.CutSuffix(name, domain); ok {
			service, region, _ := strings.Cut(prefix, ".")
			return !strings.Contains(region, ".") && isService(service)
		}
	}
	return false
}
