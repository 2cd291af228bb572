package httpapi

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/gatehouse/gatehouse/internal/clientcert"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// event1 is what a function is given in format 1.0 (developer guide, "Payload
// format version" of Lambda authorizers). What is empty is there.
type event1 struct {
	Version               string            `json:"version"`
	Type                  string            `json:"type"`
	MethodARN             string            `json:"methodArn"`
	IdentitySource        *string           `json:"identitySource"`
	AuthorizationToken    *string           `json:"authorizationToken"`
	Resource              string            `json:"resource"`
	Path                  string            `json:"path"`
	HTTPMethod            string            `json:"httpMethod"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters"`
	PathParameters        map[string]string `json:"pathParameters"`
	StageVariables        map[string]string `json:"stageVariables"`
	RequestContext        context1          `json:"requestContext"`
}

type context1 struct {
	AccountID         string    `json:"accountId"`
	APIID             string    `json:"apiId"`
	DomainName        string    `json:"domainName"`
	DomainPrefix      string    `json:"domainPrefix"`
	ExtendedRequestID string    `json:"extendedRequestId"`
	HTTPMethod        string    `json:"httpMethod"`
	Identity          identity1 `json:"identity"`
	Path              string    `json:"path"`
	Protocol          string    `json:"protocol"`
	RequestID         string    `json:"requestId"`
	RequestTime       string    `json:"requestTime"`
	RequestTimeEpoch  int64     `json:"requestTimeEpoch"`
	ResourceID        string    `json:"resourceId"`
	ResourcePath      string    `json:"resourcePath"`
	Stage             string    `json:"stage"`
}

// identity1 is the client before anybody has said who it is.
type identity1 struct {
	AccessKey             *string                 `json:"accessKey"`
	AccountID             *string                 `json:"accountId"`
	Caller                *string                 `json:"caller"`
	ClientCert            *clientcert.Certificate `json:"clientCert,omitempty"`
	CognitoAMR            *string                 `json:"cognitoAmr"`
	CognitoProvider       *string                 `json:"cognitoAuthenticationProvider"`
	CognitoType           *string                 `json:"cognitoAuthenticationType"`
	CognitoIdentityID     *string                 `json:"cognitoIdentityId"`
	CognitoIdentityPoolID *string                 `json:"cognitoIdentityPoolId"`
	PrincipalOrgID        *string                 `json:"principalOrgId"`
	SourceIP              string                  `json:"sourceIp"`
	User                  *string                 `json:"user"`
	UserAgent             string                  `json:"userAgent"`
	UserARN               *string                 `json:"userArn"`
}

// event2 is the event in format 2.0. What is empty isn't there, but for
// identitySource, which is null.
type event2 struct {
	Version               string            `json:"version"`
	Type                  string            `json:"type"`
	RouteARN              string            `json:"routeArn"`
	IdentitySource        []string          `json:"identitySource"`
	RouteKey              string            `json:"routeKey"`
	RawPath               string            `json:"rawPath"`
	RawQueryString        string            `json:"rawQueryString"`
	Cookies               []string          `json:"cookies,omitempty"`
	Headers               map[string]string `json:"headers"`
	QueryStringParameters map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext        context2          `json:"requestContext"`
	PathParameters        map[string]string `json:"pathParameters,omitempty"`
	StageVariables        map[string]string `json:"stageVariables,omitempty"`
}

type context2 struct {
	AccountID      string          `json:"accountId"`
	APIID          string          `json:"apiId"`
	Authentication *authentication `json:"authentication,omitempty"`
	DomainName     string          `json:"domainName"`
	DomainPrefix   string          `json:"domainPrefix"`
	HTTP           http2           `json:"http"`
	RequestID      string          `json:"requestId"`
	RouteKey       string          `json:"routeKey"`
	Stage          string          `json:"stage"`
	Time           string          `json:"time"`
	TimeEpoch      int64           `json:"timeEpoch"`
}

type authentication struct {
	ClientCert *clientcert.Certificate `json:"clientCert"`
}

type http2 struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

const clfTime = "02/Jan/2006:15:04:05 -0700"

// event is what the function is given. No event has a body.
func (a *Authorizer) event(r *Request) []byte {
	if a.format1 {
		return encode(a.event1(r))
	}
	return encode(a.event2(r))
}

func encode(event any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(event); err != nil {
		panic(err) // texts and numbers can be encoded
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

func (a *Authorizer) event1(r *Request) *event1 {
	x, s := r.X, r.Stage
	path, id := string(x.Address.RequestPath), string(x.ExtendedID[:])
	e := &event1{
		Version: "1.0", Type: "REQUEST", MethodARN: r.ask.Resource, Resource: r.Route.path(), Path: path, HTTPMethod: x.Method,
		Headers: map[string]string{}, QueryStringParameters: map[string]string{}, PathParameters: r.pathParameters(), StageVariables: s.Variables,
		RequestContext: context1{
			AccountID: s.scope.Account, APIID: string(s.API), DomainName: x.Address.DomainName, DomainPrefix: x.Address.DomainPrefix,
			ExtendedRequestID: id, HTTPMethod: x.Method, Path: path, Protocol: x.Protocol, RequestID: id, RequestTime: x.Received.UTC().Format(clfTime),
			RequestTimeEpoch: x.Received.UnixMilli(), ResourceID: r.Route.Key, ResourcePath: r.Route.path(), Stage: string(s.Name),
			Identity: identity1{ClientCert: x.Client.Cert, SourceIP: string(mapping.AppendClientIP(nil, x)), UserAgent: string(x.Header.GetKnown(http1.NameUserAgent))},
		},
	}
	if e.StageVariables == nil {
		e.StageVariables = map[string]string{}
	}
	h := r.eventHeader(x.Header, -1, false)
	for i := range h.Len() {
		name, value := h.At(i)
		e.Headers[string(name)] = string(value) // the last of several
	}
	for i := range r.Query.Len() {
		name, value := r.Query.At(i)
		e.QueryStringParameters[string(name)] = string(value)
	}
	if a.sources.Len() > 0 {
		all := strings.Join(a.identity(&r.input), ",")
		e.IdentitySource, e.AuthorizationToken = &all, &all
	}
	return e
}

// spelled are the names that the gateway writes in format 1.0, in their usual
// spelling (seen on AWS).
func spelled(k http1.Known) bool {
	switch k {
	case http1.NameContentLength, http1.NameHost, http1.NameUserAgent, http1.NameXAmznTraceID, http1.NameXForwardedFor, http1.NameXForwardedPort, http1.NameXForwardedProto:
		return true
	}
	return false
}

func (a *Authorizer) event2(r *Request) *event2 {
	x, s := r.X, r.Stage
	path := string(r.rawPath())
	e := &event2{
		Version: "2.0", Type: "REQUEST", RouteARN: r.ask.Resource, IdentitySource: a.identity(&r.input), RouteKey: r.Route.Key, RawPath: path, RawQueryString: string(x.Query),
		Headers: map[string]string{}, QueryStringParameters: map[string]string{}, PathParameters: r.pathParameters(), StageVariables: s.Variables,
		RequestContext: context2{
			AccountID: s.scope.Account, APIID: string(s.API), DomainName: x.Address.DomainName, DomainPrefix: x.Address.DomainPrefix,
			RequestID: string(x.ExtendedID[:]), RouteKey: r.Route.Key, Stage: string(s.Name), Time: x.Received.UTC().Format(clfTime), TimeEpoch: x.Received.UnixMilli(),
			HTTP: http2{x.Method, path, x.Protocol, string(mapping.AppendClientIP(nil, x)), string(x.Header.GetKnown(http1.NameUserAgent))},
		},
	}
	if x.Client.Cert != nil {
		e.RequestContext.Authentication = &authentication{x.Client.Cert}
	}
	h := r.eventHeader(x.Header, -1, true)
	for i := range h.Len() {
		name, value := h.At(i)
		if h.KnownAt(i) != http1.NameCookie {
			join(e.Headers, string(name), string(value))
			continue
		}
		for cookie := range strings.SplitSeq(string(value), ";") {
			e.Cookies = append(e.Cookies, strings.TrimSpace(cookie))
		}
	}
	for i := range r.Query.Len() {
		name, value := r.Query.At(i)
		join(e.QueryStringParameters, string(name), string(value))
	}
	return e
}

// join adds to the values of a name, with a comma between.
func join(to map[string]string, name, value string) {
	if before, there := to[name]; there {
		value = before + "," + value
	}
	to[name] = value
}

// pathParameters are the path's, unescaped.
func (r *Request) pathParameters() map[string]string {
	all := map[string]string{}
	for i, name := range r.Params.Names {
		all[name] = string(mapping.AppendPathUnescaped(nil, r.Params.At(i)))
	}
	return all
}

// identity are the identity sources' values; nil without any.
func (a *Authorizer) identity(in *mapping.Input) []string {
	var values []string
	for i := range a.sources.Len() {
		values = append(values, string(a.sources.Append(nil, i, in)))
	}
	return values
}
