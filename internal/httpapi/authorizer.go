package httpapi

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// Limits of HTTP APIs (quotas page).
const (
	authorizerTimeout = 10 * time.Second
	maxTTL            = 3600 // seconds
	maxAudiences      = 50
	maxScopes         = 10
)

// Authorizer is an authorizer compiled for a stage. Exactly one of function
// and jwt is set.
type Authorizer struct {
	function *authorizer.Function
	jwt      *authorizer.JWT
	format1  bool // the function's events are of format 1.0
	sources  authorizer.Sources
	scope    []byte // what an answer is kept for, beside the client's identity
}

// NewAuthorizer compiles an authorizer. What can't work is refused by name;
// warnings say what works otherwise than on AWS, or fails at every request.
func NewAuthorizer(s *Stage, from *apigw.RouteAuthorizer) (a *Authorizer, warnings []string, err error) {
	a = &Authorizer{scope: answerScope(s, from)}
	for _, expr := range from.IdentitySource {
		source, err := mapping.ParseRouteSource(expr, s.Variables)
		if err != nil {
			return nil, nil, fmt.Errorf("authorizer %s: identitySource: %w", from.Name, err)
		}
		a.sources.Add(expr, source)
	}
	switch from.Type {
	case "REQUEST":
		warnings, err = a.callsFunction(s, from)
	case "JWT":
		err = a.believesIssuer(s, from)
	default:
		err = fmt.Errorf("type %q is none that an HTTP API's authorizer has", from.Type)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("authorizer %s: %w", from.Name, err)
	}
	return a, warnings, nil
}

func (a *Authorizer) callsFunction(s *Stage, from *apigw.RouteAuthorizer) (warnings []string, err error) {
	switch {
	case from.PayloadFormat != "1.0" && from.PayloadFormat != "2.0":
		return nil, fmt.Errorf("authorizerPayloadFormatVersion %q is not 1.0 or 2.0", from.PayloadFormat)
	case from.SimpleResponses && from.PayloadFormat == "1.0":
		return nil, fmt.Errorf("enableSimpleResponses needs authorizerPayloadFormatVersion 2.0")
	case from.TTLSeconds < 0 || from.TTLSeconds > maxTTL:
		return nil, fmt.Errorf("authorizerResultTtlInSeconds %d is not between 0 and %d", from.TTLSeconds, maxTTL)
	case from.TTLSeconds > 0 && a.sources.Len() == 0:
		return nil, fmt.Errorf("answers can't be kept for authorizerResultTtlInSeconds %d without an identitySource", from.TTLSeconds)
	}
	scope := s.scope
	f := &authorizer.Function{
		Invoker: s.env.Functions, Cache: s.env.Answers(), Timeout: authorizerTimeout,
		TTL: time.Duration(from.TTLSeconds) * time.Second, Form: authorizer.RoutePolicy2,
		SourceARN: fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/authorizers/%s", scope.Partition, scope.Region, scope.Account, s.API, from.ID),
	}
	if s.env.NewGate != nil {
		f.Gate = s.env.NewGate()
	}
	a.function, a.format1 = f, from.PayloadFormat == "1.0"
	if a.format1 {
		f.Form = authorizer.RoutePolicy1
	}
	if from.SimpleResponses {
		f.Form = authorizer.Simple
	}
	if from.Credentials != "" {
		warnings = append(warnings, "authorizerCredentialsArn "+from.Credentials+": the role is not assumed; the function is called with the process's own credentials")
	}
	if f.Name, err = lambda.ParseURI(integration.Substitute(from.URI, s.Variables)); err != nil {
		// On AWS an authorizer that can't be called fails every request.
		warnings = append(warnings, "authorizerUri: "+err.Error()+"; every request will be answered with 500")
	}
	return warnings, nil
}

func (a *Authorizer) believesIssuer(s *Stage, from *apigw.RouteAuthorizer) error {
	if len(from.IdentitySource) != 1 || !strings.HasPrefix(from.IdentitySource[0], "$request.") {
		return fmt.Errorf("identitySource of a JWT authorizer is one header or one query parameter: $request.header.NAME or $request.querystring.NAME")
	}
	if len(from.Audience) == 0 || len(from.Audience) > maxAudiences {
		return fmt.Errorf("jwtConfiguration.audience has %d entries, not 1 to %d", len(from.Audience), maxAudiences)
	}
	if err := checkIssuer(from.Issuer); err != nil {
		return err
	}
	a.jwt = &authorizer.JWT{Issuer: s.env.TokenIssuers().Of(from.Issuer), Audience: from.Audience}
	return nil
}

// checkIssuer wants TLS, as AWS does, but of an issuer on this machine.
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("jwtConfiguration.issuer %.256q is no URL of an issuer", issuer)
	}
	if u.Scheme == "https" {
		return nil
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if u.Scheme != "http" || u.Hostname() != "localhost" && (err != nil || !addr.IsLoopback()) {
		return fmt.Errorf("jwtConfiguration.issuer %.256q: an issuer is asked over https, but on this machine", issuer)
	}
	return nil
}

// answerScope is what an answer is kept for, beside the client's identity: the
// authorizer as it is defined, on this stage since its last flush, and the
// function that stage variables name.
func answerScope(s *Stage, from *apigw.RouteAuthorizer) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s\n%d\n%q %q %q %v", s.API, s.Name, from.ID, s.Flushed,
		integration.Substitute(from.URI, s.Variables), from.IdentitySource, from.PayloadFormat, from.SimpleResponses))
	return sum[:]
}

// Reachable says whether a JWT authorizer's issuer can be asked for its keys,
// as the call that makes the authorizer wants to know (in AWS's words, seen
// there).
func Reachable(ctx context.Context, issuers *authorizer.Issuers, issuer string) error {
	if err := checkIssuer(issuer); err != nil {
		return apigw.Errorf(apigw.BadRequest, "%s", err)
	}
	if err := issuers.Of(issuer).Ready(ctx); err != nil {
		const discovery = "/.well-known/openid-configuration"
		return apigw.Errorf(apigw.BadRequest, "Caught exception when connecting to %s%s for issuer %s. Please try again later. Error: Invalid issuer: %s. Issuer must have a valid discovery endpoint ended with '%s'",
			strings.TrimSuffix(issuer, "/"), discovery, issuer, issuer, discovery)
	}
	return nil
}
