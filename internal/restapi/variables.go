package restapi

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// clfTime is the layout of $context.requestTime, the common log format's.
const clfTime = "02/Jan/2006:15:04:05 -0700"

// AppendVariable implements exchange.Variables for REST APIs (developer
// guide, "Variables for data transformations").
func (r *request) AppendVariable(dst []byte, x *exchange.Exchange, v exchange.Variable) ([]byte, bool) {
	s := r.stage
	if s.trial != nil {
		if dst, ok := s.trial.appendVariable(dst, v); ok {
			return dst, true
		}
	}
	switch v.Name {
	case exchange.VarAccountID:
		return append(dst, s.scope.Account...), true
	case exchange.VarAPIID:
		return append(dst, s.apiID...), true
	case exchange.VarDeploymentID:
		return append(dst, s.deployment...), true
	case exchange.VarStage:
		return append(dst, s.name...), true
	case exchange.VarIsCanaryRequest:
		return strconv.AppendBool(dst, s.canary == canaryYes), s.canary != canaryNone
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
	if exchange.VarAuthorizer <= v.Name && v.Name < exchange.VarUnset {
		return r.appendIdentityVariable(dst, v)
	}
	if v.Name > exchange.VarUnset {
		return r.appendOutcome(dst, v.Name)
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

// appendOutcome appends what logs alone may read, once the answer is known.
func (r *request) appendOutcome(dst []byte, v exchange.VariableName) ([]byte, bool) {
	if isPhase(v) {
		return r.appendPhase(dst, v)
	}
	f := r.x.Outcome.Fault
	switch v {
	case exchange.VarAWSEndpointRequestID:
		id := r.x.Outcome.Integration.RequestID
		return append(dst, id...), id != ""
	case exchange.VarRoutingRuleMatched:
		return append(dst, r.x.Address.RoutingRule...), r.x.Address.RoutingRule != ""
	case exchange.VarBasePathMatched:
		return append(dst, r.x.Address.BasePath...), r.x.Address.BasePath != ""
	case exchange.VarErrorMessage:
		if f != nil {
			return append(dst, r.faultMessage(f)...), true
		}
	case exchange.VarErrorMessageString:
		if f != nil {
			return appendMessage(dst, r.faultMessage(f)), true
		}
	case exchange.VarErrorValidation:
		return r.appendInvalid(dst)
	case exchange.VarIntegrationStatus:
		if status := r.backendStatus(); status != 0 {
			return strconv.AppendInt(dst, int64(status), 10), true
		}
	case exchange.VarTraceID:
		root, _, _ := serving.TraceParts(r.trace.Seen)
		return append(dst, root...), len(root) > 0
	}
	return dst, false
}

// backendStatus is the status of a backend's answer, or what a function's
// output says; 0: there is none.
func (r *request) backendStatus() int {
	switch i := &r.x.Outcome.Integration; i.Type {
	case string(apigw.IntegrationAWSProxy):
		return r.codeStatus
	case string(apigw.IntegrationMock):
		return 0
	default:
		return i.Status
	}
}

// appendInvalid appends $context.error.validationErrorString, escaped as in a
// JSON string: templates put it between quotes, and clients of API Gateway
// read what comes of that as JSON (seen on AWS).
func (r *request) appendInvalid(dst []byte) ([]byte, bool) {
	if r.invalid == "" {
		return dst, false
	}
	quoted := appendJSONString(nil, r.invalid)
	return append(dst, quoted[1:len(quoted)-1]...), true
}
