package restapi

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// clfTime is the layout of $context.requestTime, the common log format's.
const clfTime = "02/Jan/2006:15:04:05 -0700"

// AppendVariable implements exchange.Variables for REST APIs (developer
// guide, "Variables for data transformations").
func (r *request) AppendVariable(dst []byte, x *exchange.Exchange, v exchange.Variable) ([]byte, bool) {
	s := r.stage
	switch v.Name {
	case exchange.VarAccountID:
		return append(dst, s.env.Scope.Account...), true
	case exchange.VarAPIID:
		return append(dst, s.apiID...), true
	case exchange.VarDeploymentID:
		return append(dst, s.deployment...), true
	case exchange.VarStage:
		return append(dst, s.name...), true
	case exchange.VarDomainName:
		return append(dst, x.Address.DomainName...), true
	case exchange.VarDomainPrefix:
		return append(dst, x.Address.DomainPrefix...), true
	case exchange.VarExtendedRequestID:
		return append(dst, x.ExtendedID[:]...), true
	case exchange.VarRequestID:
		return append(dst, x.RequestID[:]...), true
	case exchange.VarHTTPMethod:
		return append(dst, r.httpMethod...), true
	case exchange.VarIdentitySourceIP:
		return mapping.AppendClientIP(dst, x), true
	case exchange.VarIdentityUserAgent:
		ua := x.Header.GetKnown(http1.NameUserAgent)
		return append(dst, ua...), ua != nil
	case exchange.VarPath:
		return append(dst, x.Address.RequestPath...), true
	case exchange.VarProtocol:
		return append(dst, x.Protocol...), true
	case exchange.VarRequestTime:
		return r.received().AppendFormat(dst, clfTime), true
	case exchange.VarRequestTimeEpoch:
		return strconv.AppendInt(dst, r.received().UnixMilli(), 10), true
	}
	return r.appendRouteVariable(dst, v.Name)
}

// appendRouteVariable appends what is known once a route was found.
func (r *request) appendRouteVariable(dst []byte, v exchange.VariableName) ([]byte, bool) {
	if r.route == nil {
		return dst, false
	}
	switch v {
	case exchange.VarResourceID:
		return append(dst, r.route.resource.id...), true
	case exchange.VarResourcePath:
		return append(dst, r.route.resource.path...), true
	}
	return dst, false
}
