package restapi

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/jwt"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// event is what the function is given (developer guide, "Input to an API
// Gateway Lambda authorizer"). No event has a body.
func (a *functionAuthorizer) event(r *request, methodARN string) []byte {
	if a.token {
		token := a.sources.Append(nil, 0, &r.input)
		dst := appendJSONString([]byte(`{"type":"TOKEN","methodArn":`), methodARN)
		dst = appendJSONString(append(dst, `,"authorizationToken":`...), token)
		return append(dst, '}')
	}
	dst := appendJSONString([]byte(`{"type":"REQUEST","methodArn":`), methodARN)
	dst = appendJSONString(append(dst, `,"resource":`...), r.route.resource.path)
	dst = appendEventPath(append(dst, `,"path":`...), eventPath(r.x))
	dst = appendJSONString(append(dst, `,"httpMethod":`...), r.httpMethod)
	dst = emptyForNull(dst, r.appendEventHeaders)
	dst = emptyForNull(dst, r.appendEventQuery)
	dst = emptyForNull(append(dst, `,"pathParameters":`...), r.appendPathParameters)
	dst = append(dst, `,"stageVariables":`...)
	if r.stage.variablesJSON == "null" {
		dst = append(dst, "{}"...)
	} else {
		dst = append(dst, r.stage.variablesJSON...)
	}
	dst = append(dst, `,"requestContext":`...)
	if t := r.stage.trial; t != nil {
		return append(append(dst, t.withContext(r.appendRequestContext(nil))...), '}')
	}
	return append(r.appendRequestContext(dst), '}')
}

// emptyForNull writes {} where the event of a proxy integration has null (seen
// on AWS by many).
func emptyForNull(dst []byte, appendPart func([]byte) []byte) []byte {
	from := len(dst)
	dst = appendPart(dst)
	switch part := string(dst[from:]); part {
	case "null":
		return append(dst[:from], "{}"...)
	case `,"headers":null,"multiValueHeaders":null`:
		return append(dst[:from], `,"headers":{},"multiValueHeaders":{}`...)
	case `,"queryStringParameters":null,"multiValueQueryStringParameters":null`:
		return append(dst[:from], `,"queryStringParameters":{},"multiValueQueryStringParameters":{}`...)
	}
	return dst
}

// appendRequestContext appends event.requestContext as an authorizer sees it:
// nobody is known yet.
func (r *request) appendRequestContext(dst []byte) []byte {
	dst = appendJSONString(append(dst, `{"resourceId":`...), string(r.route.resource.id))
	dst = appendJSONString(append(dst, `,"resourcePath":`...), r.route.resource.path)
	return r.appendContextRest(append(dst, `,"httpMethod":`...))
}

// appendAuthorizer appends event.requestContext.authorizer: what a function
// answered, as texts, or the claims of a token.
func (r *request) appendAuthorizer(dst []byte) []byte {
	a := r.identity.answer
	if a == nil {
		return dst
	}
	dst = append(dst, `,"authorizer":{`...)
	if a.Token != nil {
		return append(appendClaims(append(dst, `"claims":`...), a), '}')
	}
	for _, e := range a.Context {
		dst = appendJSONString(serving.AppendComma(dst), e.Name)
		dst = appendJSONString(append(dst, ':'), e.Value)
	}
	dst = appendJSONString(append(serving.AppendComma(dst), `"principalId":`...), a.PrincipalID)
	dst = strconv.AppendInt(append(dst, `,"integrationLatency":`...), r.identity.latency.Milliseconds(), 10)
	return append(dst, '}')
}

func appendClaims(dst []byte, a *authorizer.Answer) []byte {
	dst = append(dst, '{')
	for _, c := range a.Token.Flat(jwt.Commas) {
		dst = appendJSONString(serving.AppendComma(dst), c.Name)
		dst = appendJSONString(append(dst, ':'), c.Value)
	}
	return append(dst, '}')
}

// appendIdentityVariable appends $context.identity and $context.authorizer
// values; false when nobody said.
func (r *request) appendIdentityVariable(dst []byte, v exchange.Variable) ([]byte, bool) {
	if v.Name == exchange.VarAuthorizer {
		return r.appendAuthorizerVariable(dst, v.Key)
	}
	switch v.Name {
	case exchange.VarIdentityAPIKey:
		return append(dst, r.key.value...), r.key.id != ""
	case exchange.VarIdentityAPIKeyID:
		return append(dst, r.key.id...), r.key.id != ""
	}
	if exchange.VarClientCertPEM <= v.Name && v.Name <= exchange.VarClientCertNotAfter {
		return r.x.Client.AppendCertificate(dst, v.Name)
	}
	if e := r.x.Client.Endpoint; e != nil {
		switch v.Name {
		case exchange.VarIdentityVPC:
			return append(dst, e.VPC...), e.VPC != ""
		case exchange.VarIdentityVPCEndpoint:
			return append(dst, e.ID...), true
		}
	}
	return serving.AppendCaller(dst, r.identity.caller, v.Name)
}

func (r *request) appendAuthorizerVariable(dst []byte, key string) ([]byte, bool) {
	a := r.identity.answer
	if a == nil {
		return dst, false
	}
	const claims = "claims."
	switch {
	case a.Token != nil:
		if len(key) > len(claims) && key[:len(claims)] == claims {
			v, ok := a.Token.Claim(key[len(claims):], jwt.Commas)
			return append(dst, v...), ok
		}
		return dst, false
	case key == "principalId":
		return append(dst, a.PrincipalID...), true
	}
	v, ok := a.Value(key)
	return append(dst, v...), ok
}

// AuthorizerNames implements exchange.Authorized.
func (r *request) AuthorizerNames() []string {
	a := r.identity.answer
	switch {
	case a == nil:
		return nil
	case a.Token != nil:
		return []string{"claims"}
	}
	names := []string{"principalId"}
	for _, e := range a.Context {
		names = append(names, e.Name)
	}
	return names
}

// ClaimNames implements exchange.Authorized.
func (r *request) ClaimNames() []string {
	if r.identity.answer == nil || r.identity.answer.Token == nil {
		return nil
	}
	var names []string
	for _, c := range r.identity.answer.Token.Flat(jwt.Commas) {
		names = append(names, c.Name)
	}
	return names
}
