package restapi

import (
	"cmp"
	"encoding/base64"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// eventFields is the memory for the names that occur more than once.
type eventFields struct {
	header http1.Header // the fields of the event
	first  []int        // for each field or query pair, the first of its name
}

// appendEvent appends the Lambda proxy event for r (developer guide, "Input
// format of a Lambda function for proxy integration"; every key and null
// recorded on AWS). The parts that are the same for every request of the
// method come from p.
func (p *lambdaProxy) appendEvent(dst []byte, r *request) []byte {
	x := r.x
	dst = append(dst, p.head...) // {"resource":"/x","path":
	dst = appendEventPath(dst, eventPath(x))
	dst = append(dst, `,"httpMethod":`...)
	dst = appendJSONString(dst, r.httpMethod)
	dst = r.appendEventHeaders(dst)
	dst = r.appendEventQuery(dst)
	dst = append(dst, `,"pathParameters":`...)
	dst = r.appendPathParameters(dst)
	dst = append(append(dst, `,"stageVariables":`...), r.stage.variablesJSON...)
	dst = p.appendContext(append(dst, `,"requestContext":`...), r)
	return r.appendEventBody(dst)
}

// eventPath is the path that functions see. By a custom domain name it keeps the
// base path (as reported in the field; only routes are matched without).
func eventPath(x *exchange.Exchange) []byte {
	if x.Address.Custom {
		return x.Address.EventPath
	}
	return x.Address.StagePath
}

// appendEventPath appends the path without the stage, its leading slashes
// made one (recorded on AWS).
func appendEventPath(dst, path []byte) []byte {
	for len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	quote := len(dst)
	dst = appendJSONString(append(dst, '"'), path)
	dst[quote+1] = '/' // over the string's own quote: "/path"
	return dst
}

// eventHeader fills r.event.header with the fields that an event shows: the
// client's, in its spelling, and the gateway's own. On edge-optimized
// endpoints well-known names come in their usual spelling (recorded on AWS).
func (r *request) eventHeader() *http1.Header {
	h := &r.event.header
	h.Reset()
	if r.stage.trial != nil { // shows what the caller gave alone (seen on AWS)
		h.CopyFrom(r.x.Header)
		return h
	}
	for i := range r.x.Header.Len() {
		k := r.x.Header.KnownAt(i)
		switch {
		case mapping.Blank(k), k == http1.NameXAmznTraceID, k == http1.NameXForwardedFor, k == http1.NameXForwardedPort, k == http1.NameXForwardedProto:
		case r.stage.edge && k != http1.Other:
			_, v := r.x.Header.At(i)
			r.scratch = append(r.scratch[:0], k.String()...)
			h.AddBytes(r.scratch, v)
		default:
			h.AddField(r.x.Header, i)
		}
	}
	if h.IndexKnown(http1.NameHost, 0) < 0 && len(r.x.Host) > 0 {
		h.AddBytes(fieldHost, r.x.Host) // HTTP/2 names it elsewhere
	}
	h.AddBytes(fieldTrace, r.trace.Seen)
	r.addForwarded(h)
	return h
}

func (r *request) appendEventHeaders(dst []byte) []byte {
	h := r.eventHeader()
	if h.Len() == 0 {
		return append(dst, `,"headers":null,"multiValueHeaders":null`...)
	}
	r.event.first = serving.FirstFields(r.event.first[:0], h)
	return serving.AppendMaps(dst, `,"headers":`, `,"multiValueHeaders":`, r.event.first, h.At)
}

func (r *request) appendEventQuery(dst []byte) []byte {
	if r.query.Len() == 0 {
		return append(dst, `,"queryStringParameters":null,"multiValueQueryStringParameters":null`...)
	}
	r.event.first = serving.FirstPairs(r.event.first[:0], &r.query)
	return serving.AppendMaps(dst, `,"queryStringParameters":`, `,"multiValueQueryStringParameters":`, r.event.first, r.query.At)
}

func (r *request) appendPathParameters(dst []byte) []byte {
	params := &r.input.Params
	if len(params.Names) == 0 {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	for i, name := range params.Names {
		dst = appendJSONString(serving.AppendComma(dst), name)
		dst = appendJSONString(append(dst, ':'), params.At(i))
	}
	return append(dst, '}')
}

// appendContext appends event.requestContext.
func (p *lambdaProxy) appendContext(dst []byte, r *request) []byte {
	// {"resourceId":"x","resourcePath":"/x","httpMethod":
	return r.appendContextRest(append(dst, p.contextHead...))
}

// appendContextRest appends what follows "httpMethod": in requestContext.
func (r *request) appendContextRest(dst []byte) []byte {
	x := r.x
	received := r.received()
	dst = r.appendAuthorizer(appendJSONString(dst, r.httpMethod))
	dst = appendJSONString(append(dst, `,"extendedRequestId":`...), x.ExtendedID[:])
	dst = received.AppendFormat(append(dst, `,"requestTime":"`...), clfTime)
	dst = appendJSONString(append(dst, `","path":`...), x.Address.RequestPath)
	dst = appendJSONString(append(dst, `,"protocol":`...), x.Protocol)
	dst = strconv.AppendInt(append(dst, `,"requestTimeEpoch":`...), received.UnixMilli(), 10)
	dst = appendJSONString(append(dst, `,"requestId":`...), x.RequestID[:])
	dst = r.appendIdentity(append(dst, `,"identity":`...))
	dst = appendJSONString(append(dst, `,"domainName":`...), x.Address.DomainName)
	dst = appendJSONString(append(dst, `,"domainPrefix":`...), x.Address.DomainPrefix)
	return append(dst, r.stage.contextJSON...)
}

// appendIdentity appends event.requestContext.identity.
func (r *request) appendIdentity(dst []byte) []byte {
	if r.stage.trial != nil {
		return r.stage.trial.appendIdentity(dst)
	}
	var who identity.Caller
	if r.identity.caller != nil {
		who = *r.identity.caller
	}
	dst = serving.AppendOrNull(append(dst, `{"cognitoIdentityPoolId":null,"accountId":`...), who.Account)
	dst = serving.AppendOrNull(append(dst, `,"cognitoIdentityId":null,"caller":`...), who.ID)
	dst = mapping.AppendClientIP(append(dst, `,"sourceIp":"`...), r.x)
	organization := ""
	if who.Organization != nil {
		organization = who.Organization.ID
	}
	dst = serving.AppendOrNull(append(dst, `","principalOrgId":`...), organization)
	dst = serving.AppendOrNull(append(dst, `,"accessKey":`...), who.AccessKeyID)
	dst = serving.AppendOrNull(append(dst, `,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"userArn":`...), who.ARN)
	dst = append(dst, `,"userAgent":`...)
	if agent := r.x.Header.GetKnown(http1.NameUserAgent); agent != nil {
		dst = appendJSONString(dst, agent)
	} else {
		dst = append(dst, "null"...)
	}
	if r.key.id != "" {
		dst = appendJSONString(append(dst, `,"apiKey":`...), r.key.value)
		dst = appendJSONString(append(dst, `,"apiKeyId":`...), string(r.key.id))
	}
	if cert := r.x.Client.Cert; cert != nil {
		dst = append(append(dst, `,"clientCert":`...), cert.JSON...)
	}
	if e := r.x.Client.Endpoint; e != nil {
		dst = serving.AppendOrNull(append(dst, `,"vpcId":`...), e.VPC)
		dst = appendJSONString(append(dst, `,"vpceId":`...), e.ID)
	}
	return append(serving.AppendOrNull(append(dst, `,"user":`...), who.ID), '}')
}

// contextJSON is the end of event.requestContext, the same for every request
// of a stage.
func contextJSON(s *Stage) string {
	dst := appendJSONString([]byte(`,"accountId":`), s.scope.Account)
	dst = appendJSONString(append(dst, `,"stage":`...), string(s.name))
	if s.trial == nil {
		dst = appendJSONString(append(dst, `,"deploymentId":`...), string(s.deployment))
	}
	dst = appendJSONString(append(dst, `,"apiId":`...), string(s.apiID))
	return string(append(dst, '}'))
}

// variablesJSON is event.stageVariables: null without any.
func variablesJSON(vars map[string]string) string {
	return cmp.Or(serving.VariablesJSON(vars), "null")
}

// appendEventBody appends body, null when it is empty (recorded on AWS), and
// closes the event. A binary body is base64.
func (r *request) appendEventBody(dst []byte) []byte {
	dst = append(dst, `,"body":`...)
	switch {
	case len(r.body) == 0:
		return append(dst, `null,"isBase64Encoded":false}`...)
	case r.binaryRequest():
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), r.body)
		return append(dst, `","isBase64Encoded":true}`...)
	}
	r.payload = integration.AppendText(r.payload[:0], r.body)
	dst = appendJSONString(dst, r.payload)
	return append(dst, `,"isBase64Encoded":false}`...)
}
