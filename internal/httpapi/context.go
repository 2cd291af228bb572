package httpapi

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/jwt"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// AppendAuthorizer2 appends requestContext.authorizer of an integration's
// event in format 2.0: jwt, lambda or iam. It is false when nobody was asked, and
// the event has none.
func (r *Request) AppendAuthorizer2(dst []byte) ([]byte, bool) {
	a := r.Answer
	switch {
	case r.caller != nil:
		return r.appendIAM(dst), true
	case a == nil:
		return dst, false
	case a.Token != nil:
		return append(r.appendToken(append(dst, `{"jwt":`...)), '}'), true
	case a.ContextJSON == "":
		return append(dst, `{"lambda":null}`...), true
	}
	return append(append(append(dst, `{"lambda":`...), a.ContextJSON...), '}'), true
}

// AppendAuthorizer1 is AppendAuthorizer2 for format 1.0: claims and scopes,
// which are null when nobody was asked, or the context flat.
func (r *Request) AppendAuthorizer1(dst []byte) []byte {
	a := r.Answer
	if a == nil || a.Token != nil {
		return r.appendToken(dst)
	}
	dst = append(dst, '{')
	if len(a.ContextJSON) > len("{}") {
		dst = append(append(dst, a.ContextJSON[1:len(a.ContextJSON)-1]...), ',')
	}
	dst = jsonpath.AppendText(append(dst, `"principalId":`...), a.PrincipalID)
	return append(strconv.AppendInt(append(dst, `,"integrationLatency":`...), r.Latency.Milliseconds(), 10), '}')
}

// appendToken appends a token's claims, all as text, and its scopes where the
// route wants some.
func (r *Request) appendToken(dst []byte) []byte {
	if r.Answer == nil {
		return append(dst, `{"claims":null,"scopes":null}`...)
	}
	dst = append(dst, `{"claims":{`...)
	for i, c := range r.Answer.Token.Flat(jwt.Brackets) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonpath.AppendText(append(jsonpath.AppendText(dst, c.Name), ':'), c.Value)
	}
	dst = append(dst, `},"scopes":`...)
	if r.Answer.Scopes == nil {
		return append(dst, "null}"...)
	}
	dst = append(dst, '[')
	for i, s := range r.Answer.Scopes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = jsonpath.AppendText(dst, s)
	}
	return append(dst, "]}"...)
}

// AppendVariable implements exchange.Variables with the $context variables
// that are known while the caller is checked.
func (r *Request) AppendVariable(dst []byte, x *exchange.Exchange, v exchange.Variable) ([]byte, bool) {
	s := r.Stage
	switch v.Name {
	case exchange.VarAccountID:
		return append(dst, s.scope.Account...), true
	case exchange.VarAPIID:
		return append(dst, s.API...), true
	case exchange.VarStage:
		return append(dst, s.Name...), true
	case exchange.VarRouteKey:
		if r.Route == nil {
			return dst, false
		}
		return append(dst, r.Route.Key...), true
	case exchange.VarDomainName:
		return append(dst, x.Address.DomainName...), true
	case exchange.VarDomainPrefix:
		return append(dst, x.Address.DomainPrefix...), true
	case exchange.VarRequestID, exchange.VarExtendedRequestID:
		return append(dst, x.ExtendedID[:]...), true
	case exchange.VarHTTPMethod:
		return append(dst, x.Method...), true
	case exchange.VarPath:
		return append(dst, x.Address.RequestPath...), true
	case exchange.VarProtocol:
		return append(dst, x.Protocol...), true
	case exchange.VarRequestTime:
		return x.Received.UTC().AppendFormat(dst, clfTime), true
	case exchange.VarRequestTimeEpoch:
		return strconv.AppendInt(dst, x.Received.UnixMilli(), 10), true
	case exchange.VarIdentitySourceIP:
		return mapping.AppendClientIP(dst, x), true
	case exchange.VarIdentityUserAgent:
		agent := x.Header.GetKnown(http1.NameUserAgent)
		return append(dst, agent...), agent != nil
	case exchange.VarAuthorizer:
		return r.appendAuthorizerVariable(dst, v.Key)
	}
	if exchange.VarClientCertPEM <= v.Name && v.Name <= exchange.VarClientCertNotAfter {
		return x.Client.AppendCertificate(dst, v.Name)
	}
	if v.Name > exchange.VarUnset {
		return r.appendOutcome(dst, v.Name)
	}
	return serving.AppendCaller(dst, r.caller, v.Name)
}

// appendOutcome appends what logs alone may read, once the answer is known.
func (r *Request) appendOutcome(dst []byte, v exchange.VariableName) ([]byte, bool) {
	x := r.X
	switch v {
	case exchange.VarRoutingRuleMatched:
		return append(dst, x.Address.RoutingRule...), x.Address.RoutingRule != ""
	case exchange.VarBasePathMatched:
		return append(dst, x.Address.BasePath...), x.Address.BasePath != ""
	case exchange.VarDataProcessed:
		return strconv.AppendInt(dst, r.processed(x), 10), true
	case exchange.VarAuthorizerError:
		return append(dst, r.Problem...), r.Problem != ""
	case exchange.VarErrorMessage, exchange.VarErrorMessageString:
		if x.Outcome.Fault == nil {
			return dst, false
		}
		_, text := shown(x.Outcome.Fault)
		if v == exchange.VarErrorMessage {
			return append(dst, text...), true
		}
		return jsonpath.AppendText(dst, text), true
	case exchange.VarIntegrationStatus:
		status := x.Outcome.Integration.Status
		if r.functionStatus != 0 {
			status = r.functionStatus
		}
		return strconv.AppendInt(dst, int64(status), 10), status != 0
	}
	return dst, false
}

func (r *Request) appendAuthorizerVariable(dst []byte, key string) ([]byte, bool) {
	a := r.Answer
	if a == nil {
		return dst, false
	}
	if a.Token != nil {
		const claims = "claims."
		if len(key) <= len(claims) || key[:len(claims)] != claims {
			return dst, false
		}
		v, ok := a.Token.Claim(key[len(claims):], jwt.Brackets)
		return append(dst, v...), ok
	}
	if key == "principalId" {
		return append(dst, a.PrincipalID...), a.PrincipalID != ""
	}
	v, ok := a.Value(key)
	return append(dst, v...), ok
}
