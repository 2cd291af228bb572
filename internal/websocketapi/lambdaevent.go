package websocketapi

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// appendEvent appends what a function gets of e (events seen on AWS). What is
// empty is left out, not null.
func (e *Event) appendEvent(dst []byte) []byte {
	dst = append(dst, '{')
	switch e.kind {
	case connectEvent:
		dst = e.appendRequest(dst, e.eventFields(false))
	case disconnectEvent:
		dst = e.appendGone(dst)
	}
	if e.Stage.variablesJSON != "" && e.kind != messageEvent {
		dst = append(append(append(dst, `"stageVariables":`...), e.Stage.variablesJSON...), ',')
	}
	dst = append(e.appendContext(append(dst, `"requestContext":`...)), ',')
	if e.kind == messageEvent {
		if e.Stage.variablesJSON != "" {
			dst = append(append(append(dst, `"stageVariables":`...), e.Stage.variablesJSON...), ',')
		}
		dst = append(jsonpath.AppendText(append(dst, `"body":`...), e.body), ',')
	}
	return append(dst, `"isBase64Encoded":false}`...)
}

// appendRequest appends fields and query of a client that connects.
func (e *Event) appendRequest(dst []byte, h *http1.Header) []byte {
	if h.Len() > 0 {
		e.first = serving.FirstFields(e.first[:0], h)
		dst = append(serving.AppendMaps(dst, `"headers":`, `,"multiValueHeaders":`, e.first, h.At), ',')
	}
	if e.Query.Len() > 0 {
		e.first = serving.FirstPairs(e.first[:0], &e.Query)
		dst = append(serving.AppendMaps(dst, `"queryStringParameters":`, `,"multiValueQueryStringParameters":`, e.first, e.Query.At), ',')
	}
	return dst
}

// eventFields are the client's fields, in its spelling, and the gateway's own.
// An authorizer sees those of the connection, too, in lower case (developer
// guide's sample).
func (e *Event) eventFields(authorizer bool) *http1.Header {
	h, from := &e.fields, e.X.Header
	h.Reset()
	for i := range from.Len() {
		switch k := from.KnownAt(i); k {
		case http1.NameConnection, http1.NameUpgrade, http1.NameContentLength, http1.NameTransferEncoding, http1.NameTE, http1.NameTrailer,
			http1.NameXAmznTraceID, http1.NameXForwardedFor, http1.NameXForwardedPort, http1.NameXForwardedProto:
		default:
			h.AddField(from, i)
		}
	}
	if authorizer {
		h.Add("Connection", "upgrade")
		h.Add("content-length", "0")
		h.Add("Upgrade", "websocket")
	}
	h.AddBytes(fieldTrace, e.Trace)
	e.scratch = mapping.AppendForwardedFor(e.scratch[:0], e.X)
	h.AddBytes(fieldForwardedFor, e.scratch)
	e.scratch = mapping.AppendForwardedPort(e.scratch[:0], e.X)
	h.AddBytes(fieldForwardedPort, e.scratch)
	h.Add("X-Forwarded-Proto", mapping.ForwardedProto(e.X))
	return h
}

var (
	fieldTrace         = []byte("X-Amzn-Trace-Id")
	fieldForwardedFor  = []byte("X-Forwarded-For")
	fieldForwardedPort = []byte("X-Forwarded-Port")
)

// appendGone appends the four fields of a client that is gone, which AWS leaves
// empty but for Host (seen on AWS).
func (e *Event) appendGone(dst []byte) []byte {
	host := jsonpath.AppendText(nil, host(e.X.Address.DomainName))
	dst = append(append(dst, `"headers":{"Host":`...), host...)
	dst = append(dst, `,"x-api-key":"","X-Forwarded-For":"","x-restapi":""},"multiValueHeaders":{"Host":[`...)
	return append(append(dst, host...), `],"x-api-key":[""],"X-Forwarded-For":[""],"x-restapi":[""]},`...)
}

// appendContext appends requestContext.
func (e *Event) appendContext(dst []byte) []byte {
	dst = jsonpath.AppendText(append(dst, `{"routeKey":`...), e.routeKey())
	if e.kind == disconnectEvent {
		dst = strconv.AppendInt(append(dst, `,"disconnectStatusCode":`...), int64(e.code), 10)
	}
	dst = e.appendAuthorizer(dst)
	if e.kind == messageEvent {
		dst = e.message.append(append(dst, `,"messageId":"`...))
		dst = append(dst, '"')
	}
	dst = append(append(append(dst, `,"eventType":"`...), kindNames[e.kind]...), `","extendedRequestId":"`...)
	dst = append(append(dst, e.X.ExtendedID[:]...), `","requestTime":"`...)
	dst = append(e.start.UTC().AppendFormat(dst, clfTime), `","messageDirection":"IN"`...)
	if e.kind == disconnectEvent {
		dst = jsonpath.AppendText(append(dst, `,"disconnectReason":`...), e.reason)
	}
	dst = jsonpath.AppendText(append(dst, `,"stage":`...), string(e.Stage.Name))
	dst = strconv.AppendInt(append(dst, `,"connectedAt":`...), e.who.connected.UnixMilli(), 10)
	dst = strconv.AppendInt(append(dst, `,"requestTimeEpoch":`...), e.start.UnixMilli(), 10)
	dst = e.appendIdentity(append(dst, `,"identity":`...))
	dst = append(append(append(dst, `,"requestId":"`...), e.X.ExtendedID[:]...), '"')
	dst = jsonpath.AppendText(append(dst, `,"domainName":`...), e.X.Address.DomainName)
	dst = e.id.append(append(dst, `,"connectionId":"`...))
	dst = jsonpath.AppendText(append(dst, `","apiId":`...), string(e.Stage.API))
	return append(dst, '}')
}

// appendAuthorizer appends what an authorizer handed on, as texts, on every
// event (seen on AWS).
func (e *Event) appendAuthorizer(dst []byte) []byte {
	a := e.who.answer
	if a == nil {
		return dst
	}
	dst = jsonpath.AppendText(append(dst, `,"authorizer":{"principalId":`...), a.PrincipalID)
	dst = strconv.AppendInt(append(dst, `,"integrationLatency":`...), e.who.latency.Milliseconds(), 10)
	for _, entry := range a.Context {
		dst = append(jsonpath.AppendText(append(dst, ','), entry.Name), ':')
		dst = jsonpath.AppendText(dst, entry.Value)
	}
	return append(dst, '}')
}

func (e *Event) appendIdentity(dst []byte) []byte {
	dst = append(dst, '{')
	if c := e.who.caller; c != nil {
		dst = jsonpath.AppendText(append(dst, `"accessKey":`...), c.AccessKeyID)
		dst = jsonpath.AppendText(append(dst, `,"accountId":`...), c.Account)
		dst = jsonpath.AppendText(append(dst, `,"caller":`...), c.ID)
		if id := organization(c); id != "" {
			dst = jsonpath.AppendText(append(dst, `,"principalOrgId":`...), id)
		}
		dst = jsonpath.AppendText(append(dst, `,"user":`...), c.ID)
		dst = append(jsonpath.AppendText(append(dst, `,"userArn":`...), c.ARN), ',')
	}
	if k := e.who.key; k != nil {
		dst = jsonpath.AppendText(append(dst, `"apiKey":`...), k.value)
		dst = append(jsonpath.AppendText(append(dst, `,"apiKeyId":`...), string(k.id)), ',')
	}
	if agent := e.who.agent.Value(); agent != "" {
		dst = append(jsonpath.AppendText(append(dst, `"userAgent":`...), agent), ',')
	}
	dst = mapping.AppendClientIP(append(dst, `"sourceIp":"`...), e.X)
	return append(dst, `"}`...)
}
