package httpapi

import (
	"bytes"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// append2 appends the event of format 2.0. What is empty isn't there (seen on
// AWS).
func (f *eventForm) append2(dst []byte, r *Request) []byte {
	path := r.rawPath()
	if r.out.Path != nil {
		path = r.out.Path
	}
	dst = jsonpath.AppendText(append(dst, f.head...), path)
	dst = jsonpath.AppendText(append(dst, `,"rawQueryString":`...), r.out.Query)
	dst = r.appendCookies(dst)
	h := r.eventHeader(r.out.Header, len(r.body), true)
	h.Del("cookie")
	r.event.first = serving.FirstFields(r.event.first[:0], h)
	dst = serving.AppendJoined(append(dst, `,"headers":`...), r.event.first, h.At)
	if q := r.eventQuery(); q.Len() > 0 {
		r.event.first = serving.FirstPairs(r.event.first[:0], q)
		dst = serving.AppendJoined(append(dst, `,"queryStringParameters":`...), r.event.first, q.At)
	}
	dst = f.appendContext2(append(dst, `,"requestContext":`...), r)
	encoded := false
	if len(r.body) > 0 {
		dst, encoded = r.appendBody(append(dst, `,"body":`...))
	}
	if len(r.Params.Names) > 0 {
		dst = r.appendPathParameters(append(dst, `,"pathParameters":`...))
	}
	dst = strconv.AppendBool(append(dst, `,"isBase64Encoded":`...), encoded)
	if f.variables != "" {
		dst = append(append(dst, `,"stageVariables":`...), f.variables...)
	}
	return append(dst, '}')
}

// appendCookies appends the cookies, which then are in no header.
func (r *Request) appendCookies(dst []byte) []byte {
	h, none := r.out.Header, len(dst)
	dst = append(dst, `,"cookies":[`...)
	begun := len(dst)
	for i := h.IndexKnown(http1.NameCookie, 0); i >= 0; i = h.IndexKnown(http1.NameCookie, i+1) {
		_, value := h.At(i)
		for cookie := range bytes.SplitSeq(value, semicolon) {
			if cookie = bytes.TrimSpace(cookie); len(cookie) > 0 {
				dst = jsonpath.AppendText(serving.AppendComma(dst), cookie)
			}
		}
	}
	if len(dst) == begun {
		return dst[:none]
	}
	return append(dst, ']')
}

var semicolon = []byte(";")

func (f *eventForm) appendContext2(dst []byte, r *Request) []byte {
	x := r.X
	dst = append(dst, f.context...)
	if cert := x.Client.Cert; cert != nil {
		dst = append(append(append(dst, `,"authentication":{"clientCert":`...), cert.JSON...), '}')
	}
	mark := len(dst)
	dst, asked := r.AppendAuthorizer2(append(dst, `,"authorizer":`...))
	if !asked {
		dst = dst[:mark]
	}
	dst = jsonpath.AppendText(append(dst, `,"domainName":`...), x.Address.DomainName)
	dst = jsonpath.AppendText(append(dst, `,"domainPrefix":`...), x.Address.DomainPrefix)
	dst = jsonpath.AppendText(append(dst, `,"http":{"method":`...), x.Method)
	dst = jsonpath.AppendText(append(dst, `,"path":`...), r.rawPath())
	dst = jsonpath.AppendText(append(dst, `,"protocol":`...), x.Protocol)
	dst = mapping.AppendClientIP(append(dst, `,"sourceIp":"`...), x)
	dst = r.appendAgent(append(dst, `","userAgent":`...))
	dst = jsonpath.AppendText(append(dst, `},"requestId":`...), x.ExtendedID[:])
	at := r.received()
	dst = at.AppendFormat(append(dst, f.routing...), clfTime)
	dst = strconv.AppendInt(append(dst, `","timeEpoch":`...), at.UnixMilli(), 10)
	return append(dst, '}')
}
