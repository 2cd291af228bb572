package restapi

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/javaregex"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// The defaults and bounds of authorizers (API reference, CreateAuthorizer).
const (
	defaultAuthorizerTTL = 300 * time.Second
	maxAuthorizerTTL     = 3600 * time.Second
	authorizerTimeout    = 29 * time.Second
)

// policy compiles the API's resource policy; nil: there is none.
func (c *compiler) policy() []*iam.Policy {
	text := strings.TrimSpace(c.def.API.Policy)
	if text == "" {
		return nil
	}
	p, err := iam.Parse(c.expandPolicy(text), iam.Resource)
	if err != nil {
		c.refuse("API", "policy: "+err.Error())
		return nil
	}
	return []*iam.Policy{p}
}

// expandPolicy writes out the short form of resources, execute-api:/stage/…,
// as API Gateway does when a policy is saved (developer guide, "Resource
// policy examples").
func (c *compiler) expandPolicy(text string) string {
	if c.env == nil {
		return strings.ReplaceAll(text, `"execute-api:/`, `"arn:aws:execute-api:*:*:`+string(c.def.API.ID)+`/`)
	}
	s := c.out.scope
	return strings.ReplaceAll(text, `"execute-api:/`, fmt.Sprintf(`"arn:%s:execute-api:%s:%s:%s/`, s.Partition, s.Region, s.Account, c.def.API.ID))
}

// authorization compiles how a method's callers are checked.
func (c *compiler) authorization(place string, m *apigw.Method) *authorization {
	switch m.AuthorizationType {
	case "", "NONE":
		if c.out.policy == nil {
			return nil
		}
		return &authorization{}
	case "AWS_IAM":
		if c.env != nil && (c.env.Identities == nil || c.env.Identities.Open()) {
			c.warn(place, "authorizationType AWS_IAM: no identities are configured, so every request will be refused")
		}
		return &authorization{signed: true}
	case "CUSTOM", "COGNITO_USER_POOLS":
	default:
		c.refuse(place, "authorizationType "+m.AuthorizationType+" is none that API Gateway has")
		return &authorization{signed: true}
	}
	from := c.def.Authorizers[m.AuthorizerID]
	if from == nil {
		c.refuse(place, fmt.Sprintf("authorizerId %q names no authorizer of the API", m.AuthorizerID))
		return &authorization{signed: true}
	}
	place += " authorizer " + from.Name
	if (m.AuthorizationType == "CUSTOM") == (from.Type == "COGNITO_USER_POOLS") {
		c.refuse(place, "authorizationType "+m.AuthorizationType+" doesn't fit an authorizer of type "+from.Type)
		return &authorization{signed: true}
	}
	if from.Type == "COGNITO_USER_POOLS" {
		return &authorization{pools: c.poolAuthorizer(place, from, m.AuthorizationScopes)}
	}
	return &authorization{function: c.functionAuthorizer(place, from)}
}

func (c *compiler) functionAuthorizer(place string, from *apigw.Authorizer) *functionAuthorizer {
	if a := c.authorizers[from.ID]; a != nil {
		return a
	}
	a := &functionAuthorizer{id: string(from.ID), token: from.Type == "TOKEN", scope: c.answerScope(from)}
	if c.authorizers == nil {
		c.authorizers = map[apigw.AuthorizerID]*functionAuthorizer{}
	}
	c.authorizers[from.ID] = a
	if from.Type != "TOKEN" && from.Type != "REQUEST" {
		c.refuse(place, fmt.Sprintf("the authorizer's type %q is none that API Gateway has", from.Type))
	}
	a.Timeout, a.TTL = authorizerTimeout, c.authorizerTTL(place, from)
	c.identitySources(place, a, from)
	a.pattern = c.validationExpression(place, from)
	if from.Credentials != "" {
		c.warn(place, "authorizerCredentials "+from.Credentials+": the role is not assumed; the function is called with the process's own credentials")
	}
	if c.stage == nil && strings.Contains(from.URI, "${stageVariables.") {
		return a
	}
	var err error
	if a.Name, err = lambda.ParseURI(integration.Substitute(from.URI, c.vars)); err != nil {
		// On AWS an authorizer that can't be called fails every request.
		c.warn(place, "authorizerUri: "+err.Error()+"; every request will be answered with 500")
	}
	if c.env != nil {
		s := c.out.scope
		a.Invoker, a.Cache = c.env.Functions, c.env.Answers()
		if c.env.Pools != nil {
			a.Gate = c.env.Pools.NewGate()
		}
		a.SourceARN = fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/authorizers/%s", s.Partition, s.Region, s.Account, c.def.API.ID, from.ID)
	}
	return a
}

// answerScope is what an answer is kept for, beside the client's identity: the
// authorizer as it is defined, on this stage since its last flush. The function
// is the one that stage variables name: a canary may have another.
func (c *compiler) answerScope(from *apigw.Authorizer) []byte {
	b := fmt.Appendf(nil, "%s\n%s\n%s\n%q %q %q", c.def.API.ID, from.ID, from.Type, integration.Substitute(from.URI, c.vars), from.IdentitySource, from.IdentityValidationExpression)
	if c.stage != nil {
		b = fmt.Appendf(b, "\n%s\n%d", c.stage.Name, c.stage.AuthorizersFlushed)
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

func (c *compiler) authorizerTTL(place string, from *apigw.Authorizer) time.Duration {
	if from.TTLSeconds == nil {
		return defaultAuthorizerTTL
	}
	ttl := time.Duration(*from.TTLSeconds) * time.Second
	if ttl < 0 || ttl > maxAuthorizerTTL {
		c.refuse(place, fmt.Sprintf("authorizerResultTtlInSeconds %d is not between 0 and 3600", *from.TTLSeconds))
	}
	return ttl
}

// identitySources compiles what identifies a client. A TOKEN authorizer has
// one header; a REQUEST authorizer that keeps answers needs some source.
func (c *compiler) identitySources(place string, a *functionAuthorizer, from *apigw.Authorizer) {
	text := from.IdentitySource
	if a.token && text == "" {
		text = "method.request.header.Authorization"
	}
	for expr := range strings.SplitSeq(text, ",") {
		if expr = strings.TrimSpace(expr); expr == "" {
			continue
		}
		source, err := mapping.ParseSource(expr, mapping.RequestPhase, c.vars)
		if err != nil || strings.HasPrefix(expr, "method.request.path.") || strings.HasPrefix(expr, "method.request.body") || expr[0] == '\'' {
			c.refuse(place, fmt.Sprintf("identitySource %q is none that an authorizer has", expr))
			continue
		}
		a.sources.Add(expr, source)
	}
	if a.token && (a.sources.Len() != 1 || !strings.HasPrefix(strings.TrimSpace(text), "method.request.header.")) {
		c.refuse(place, "identitySource of a TOKEN authorizer must be one header: method.request.header.NAME")
	}
	if !a.token && a.sources.Len() == 0 && a.TTL > 0 {
		c.refuse(place, "a REQUEST authorizer without an identitySource must have authorizerResultTtlInSeconds 0")
	}
}

func (c *compiler) validationExpression(place string, from *apigw.Authorizer) *javaregex.Pattern {
	if from.IdentityValidationExpression == "" || from.Type == "REQUEST" {
		return nil
	}
	p, err := javaregex.Compile(from.IdentityValidationExpression)
	if err != nil {
		c.refuse(place, "identityValidationExpression: "+err.Error())
	}
	return p
}

func (c *compiler) poolAuthorizer(place string, from *apigw.Authorizer, scopes []string) *poolAuthorizer {
	a := &poolAuthorizer{scopes: scopes, pattern: c.validationExpression(place, from)}
	c.authorizerTTL(place, from) // a verified token is believed until it expires or its key is gone, whatever this is
	text := from.IdentitySource
	if text == "" {
		text = "method.request.header.Authorization"
	}
	var err error
	if a.source, err = mapping.ParseSource(text, mapping.RequestPhase, c.vars); err != nil || !strings.HasPrefix(text, "method.request.header.") {
		c.refuse(place, "identitySource of a COGNITO_USER_POOLS authorizer must be one header: method.request.header.NAME")
	}
	if len(from.ProviderARNs) == 0 {
		c.refuse(place, "a COGNITO_USER_POOLS authorizer needs providerARNs")
	}
	issuers := &authorizer.Issuers{}
	if c.env != nil {
		issuers = c.env.TokenIssuers()
	}
	for _, arn := range from.ProviderARNs {
		issuer, err := issuers.Pool(arn)
		if err != nil {
			c.refuse(place, "providerARNs: "+err.Error())
			continue
		}
		a.Issuers = append(a.Issuers, issuer)
	}
	return a
}
