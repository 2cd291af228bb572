package httpapi

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// append1 appends the event of format 1.0. What is empty is null (seen on AWS).
func (f *eventForm) append1(dst []byte, r *Request) []byte {
	dst = jsonpath.AppendText(append(dst, f.head...), r.eventPath1())
	dst = jsonpath.AppendText(append(dst, `,"httpMethod":`...), r.X.Method)
	h := r.eventHeader(r.out.Header, len(r.body), false)
	r.event.first = serving.FirstFields(r.event.first[:0], h)
	dst = serving.AppendMaps(dst, `,"headers":`, `,"multiValueHeaders":`, r.event.first, h.At)
	if q := r.eventQuery(); q.Len() > 0 {
		r.event.first = serving.FirstPairs(r.event.first[:0], q)
		dst = serving.AppendMaps(dst, `,"queryStringParameters":`, `,"multiValueQueryStringParameters":`, r.event.first, q.At)
	} else {
		dst = append(dst, `,"queryStringParameters":null,"multiValueQueryStringParameters":null`...)
	}
	dst = f.appendContext1(append(dst, `,"requestContext":`...), r)
	dst = append(dst, `,"pathParameters":`...)
	if len(r.Params.Names) > 0 {
		dst = r.appendPathParameters(dst)
	} else {
		dst = append(dst, "null"...)
	}
	dst = append(dst, `,"stageVariables":`...)
	if f.variables != "" {
		dst = append(dst, f.variables...)
	} else {
		dst = append(dst, "null"...)
	}
	dst, encoded := append(dst, `,"body":`...), false
	if len(r.body) > 0 {
		dst, encoded = r.appendBody(dst)
	} else {
		dst = append(dst, "null"...)
	}
	return append(strconv.AppendBool(append(dst, `,"isBase64Encoded":`...), encoded), '}')
}

// eventPath1 is the path of format 1.0: with a named stage, or the base path of a
// custom domain name.
func (r *Request) eventPath1() []byte {
	if r.out.Path != nil {
		return r.out.Path
	}
	return r.X.Address.RequestPath
}

func (f *eventForm) appendContext1(dst []byte, r *Request) []byte {
	x, at := r.X, r.received()
	dst = r.AppendAuthorizer1(append(dst, f.context...))
	dst = jsonpath.AppendText(append(dst, `,"domainName":`...), x.Address.DomainName)
	dst = jsonpath.AppendText(append(dst, `,"domainPrefix":`...), x.Address.DomainPrefix)
	dst = jsonpath.AppendText(append(dst, `,"extendedRequestId":`...), x.ExtendedID[:])
	dst = jsonpath.AppendText(append(dst, `,"httpMethod":`...), x.Method)
	dst = r.appendIdentity1(append(dst, `,"identity":`...))
	dst = jsonpath.AppendText(append(dst, `,"path":`...), x.Address.RequestPath)
	dst = jsonpath.AppendText(append(dst, `,"protocol":`...), x.Protocol)
	dst = jsonpath.AppendText(append(dst, `,"requestId":`...), x.ExtendedID[:])
	dst = at.AppendFormat(append(dst, `,"requestTime":"`...), clfTime)
	dst = strconv.AppendInt(append(dst, `","requestTimeEpoch":`...), at.UnixMilli(), 10)
	return append(dst, f.routing...)
}

func (r *Request) appendIdentity1(dst []byte) []byte {
	var who identity.Caller
	if r.caller != nil {
		who = *r.caller
	}
	dst = serving.AppendOrNull(append(dst, `{"accessKey":`...), who.AccessKeyID)
	dst = serving.AppendOrNull(append(dst, `,"accountId":`...), who.Account)
	dst = serving.AppendOrNull(append(dst, `,"caller":`...), who.ID)
	if cert := r.X.Client.Cert; cert != nil {
		dst = append(append(dst, `,"clientCert":`...), cert.JSON...)
	}
	dst = append(dst, `,"cognitoAmr":null,"cognitoAuthenticationProvider":null,"cognitoAuthenticationType":null,"cognitoIdentityId":null,"cognitoIdentityPoolId":null`...)
	dst = serving.AppendOrNull(append(dst, `,"principalOrgId":`...), organization(&who))
	dst = mapping.AppendClientIP(append(dst, `,"sourceIp":"`...), r.X)
	dst = serving.AppendOrNull(append(dst, `","user":`...), who.ID)
	dst = r.appendAgent(append(dst, `,"userAgent":`...))
	return append(serving.AppendOrNull(append(dst, `,"userArn":`...), who.ARN), '}')
}

func organization(c *identity.Caller) string {
	if c.Organization == nil {
		return ""
	}
	return c.Organization.ID
}
