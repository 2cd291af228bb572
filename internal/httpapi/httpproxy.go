package httpapi

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// httpProxy passes requests to an HTTP backend and its answers back.
type httpProxy struct {
	uri     *integration.URI // nil: the backend gets the client's path and host, as private integrations do
	backend *integration.Backend
	called  string // where it leads, as access logs and explanations name it
	method  string // ANY: the client's
	timeout time.Duration
	collect bool // answers are read whole: parameter mapping reads them
}

func (c *compiler) httpProxy(place string, i *apigw.RouteIntegration, params mapper) backend {
	if i.Method != "" && !serving.IsVerb(i.Method) {
		c.refuse(place, "integrationMethod "+i.Method+" is none that API Gateway has")
	}
	if i.PayloadFormat != "" && i.PayloadFormat != "1.0" {
		c.refuse(place, "payloadFormatVersion "+i.PayloadFormat+": HTTP_PROXY integrations have 1.0")
	}
	if i.Credentials != "" {
		c.refuse(place, "credentialsArn "+i.Credentials+": an HTTP_PROXY integration is called without credentials")
	}
	if i.TLSServerName != nil && i.ConnectionType != serving.OverLink {
		c.refuse(place, "tlsConfig is for private integrations")
	}
	p := &httpProxy{method: i.Method, timeout: timeout(i), collect: params != nil && params.readsAnswer()}
	if p.method == "" {
		p.method = "ANY"
	}
	if c.unknownYet(i.URI + i.ConnectionID) {
		return p
	}
	if i.ConnectionType == serving.OverLink {
		return c.overLink(place, p, i)
	}
	var err error
	if p.uri, err = integration.ParseURI(integration.Substitute(i.URI, c.vars), pathVariables(i.URI)); err != nil {
		return c.broken(place, err)
	}
	if c.env == nil {
		return p
	}
	p.backend, p.called = c.env.Pools.Acquire(p.uri, false, nil), p.uri.Address
	c.out.backends = append(c.out.backends, p.backend)
	return p
}

// overLink has p lead over a VPC link, to a listener or a service.
func (c *compiler) overLink(place string, p *httpProxy, i *apigw.RouteIntegration) backend {
	to, err := serving.RoutePlace(c.out.scope, i, nil, c.vars)
	if err == nil && c.env != nil && c.env.Links == nil {
		err = serving.ErrNoLinks
	}
	if err != nil {
		return c.broken(place, err)
	}
	if c.env == nil {
		return p
	}
	p.backend, p.called = c.env.Links.Acquire(to), string(to.Target)
	c.out.backends = append(c.out.backends, p.backend)
	return p
}

// pathVariables bind each {name} of a URI to the route's variable of that name.
func pathVariables(uri string) []mapping.Parameter {
	var list []mapping.Parameter
	for part := range strings.SplitSeq(uri, "{") {
		name, _, ok := strings.Cut(part, "}")
		if !ok || name == "" {
			continue
		}
		if source, err := mapping.ParseSource("method.request.path."+name, mapping.RequestPhase, nil); err == nil {
			list = append(list, mapping.Parameter{Place: mapping.InPath, Name: name, Source: source})
		}
	}
	return list
}

func (p *httpProxy) serve(r *Request) *exchange.Fault {
	r.call.Reset()
	req := &r.call.Request
	req.Method = p.method
	if req.Method == "ANY" {
		req.Method = r.X.Method
	}
	req.Target = p.appendTarget(req.Target[:0], r)
	req.Host = p.appendHost(req.Host[:0], r)
	req.ForceLength = true
	if f := p.setBody(r); f != nil {
		return f
	}
	p.addHeaders(r)
	return p.call(r)
}

// appendHost appends the host that the backend sees: a private integration's gets
// the client's.
func (p *httpProxy) appendHost(dst []byte, r *Request) []byte {
	switch {
	case r.out.Host != nil:
		return append(dst, r.out.Host...)
	case p.uri == nil:
		return append(dst, r.X.Host...)
	}
	return append(dst, p.uri.Host...)
}

// appendTarget appends the path and query that the backend is asked for: the
// URI's, and for $default the client's path behind it; then the client's query
// behind the URI's. A private integration's gets the client's, with the stage in
// front (developer guide, "Create private integrations for HTTP APIs").
func (p *httpProxy) appendTarget(dst []byte, r *Request) []byte {
	path, query := r.out.Path, r.out.Query
	switch {
	case path != nil:
		dst = mapping.AppendPathEscaped(dst, path)
	case p.uri == nil:
		dst = append(dst, r.X.Address.RequestPath...)
	default:
		dst = p.uri.AppendPath(dst, &r.input)
		if r.Route == r.Stage.fallback {
			dst = appendBehind(dst, r.X.Address.StagePath)
		}
	}
	mark := len(dst)
	dst = append(dst, '?')
	if p.uri != nil {
		dst = p.uri.AppendQuery(dst, &r.input)
	}
	if len(query) > 0 {
		if len(dst) > mark+1 {
			dst = append(dst, '&')
		}
		dst = append(dst, query...)
	}
	if len(dst) == mark+1 {
		return dst[:mark]
	}
	return dst
}

// appendBehind appends path to a path, one slash between.
func appendBehind(dst, path []byte) []byte {
	if len(path) > 0 && path[0] == '/' && len(dst) > 0 && dst[len(dst)-1] == '/' {
		path = path[1:]
	}
	return append(dst, path...)
}

func (p *httpProxy) setBody(r *Request) *exchange.Fault {
	body := r.X.Body
	if body == nil {
		return nil
	}
	req := &r.call.Request
	if n := body.Length(); n > integration.StreamFrom && !r.bodyRead {
		req.Stream, req.Length = body, n
		return nil
	}
	if f := r.readBody(); f != nil {
		return f
	}
	req.Body = r.body
	return nil
}

// addHeaders passes the client's fields on, in the client's spelling, but for
// those of its connection, and tells the backend of the client (what backends
// get was seen on AWS).
func (p *httpProxy) addHeaders(r *Request) {
	out, signed := &r.call.Request.Header, r.caller != nil
	integration.PassFields(out, r.out.Header, func(_ []byte, k http1.Known) bool {
		switch k {
		case http1.NameForwarded, http1.NameVia, http1.NameXAmznTraceID:
			return true
		case http1.NameAuthorization:
			return signed // a signature is for the gateway, as recorded on AWS of REST APIs
		}
		return integration.OwnRequestField(k)
	})
	r.addForwarded(out)
}

var (
	fieldForwarded = []byte("Forwarded")
	fieldVia       = []byte("Via")
	fieldTrace     = []byte("X-Amzn-Trace-Id")
)

// addForwarded adds what tells a backend about the client and the gateway. What
// the client sent of Forwarded and Via comes first, as RFC 7239 and RFC 9110 have
// it of every proxy.
func (r *Request) addForwarded(out *http1.Header) {
	b := appendList(r.scratch[:0], r.X.Header, http1.NameForwarded)
	b = append(b, "for="...)
	if ip := r.X.Client.IP.Unmap(); ip.Is6() {
		b = append(mapping.AppendClientIP(append(b, `"[`...), r.X), `]"`...)
	} else {
		b = mapping.AppendClientIP(b, r.X)
	}
	b = appendForwardedValue(append(b, ";host="...), r.X.Host)
	b = append(append(b, ";proto="...), mapping.ForwardedProto(r.X)...)
	out.AddBytes(fieldForwarded, b)
	b = append(appendList(b[:0], r.X.Header, http1.NameVia), "HTTP/1.1 AmazonAPIGateway"...)
	out.AddBytes(fieldVia, b)
	r.scratch = b
	out.AddBytes(fieldTrace, r.Trace)
}

// appendList appends what a client's fields of a name hold, to be gone on with.
func appendList(dst []byte, h *http1.Header, k http1.Known) []byte {
	for i := h.IndexKnown(k, 0); i >= 0; i = h.IndexKnown(k, i+1) {
		if _, v := h.At(i); len(v) > 0 {
			dst = append(append(dst, v...), ", "...)
		}
	}
	return dst
}

// appendForwardedValue appends a host, between quotes where it is no token.
func appendForwardedValue(dst, host []byte) []byte {
	quoted := false
	for _, c := range host {
		quoted = quoted || !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_')
	}
	if !quoted {
		return append(dst, host...)
	}
	dst = append(dst, '"')
	for _, c := range host {
		if c != '"' && c != '\\' {
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// call sends r.call.Request and makes the answer of what comes back. A large
// answer whose length is announced is passed on as it comes; any other is
// collected, and the client gets its length.
func (p *httpProxy) call(r *Request) *exchange.Fault {
	r.callBegins(apigw.IntegrationHTTPProxy, p.called)
	most := int64(integration.StreamFrom)
	if p.collect {
		most = integration.MaxBody
	}
	resp := &r.X.Response
	deadline := r.X.Outcome.Integration.Began.Add(p.timeout)
	body, open, f := r.call.DoOrOpen(r.X, p.backend, deadline, resp.Body[:0], most)
	resp.Body = body
	if f != nil {
		r.callEnded(0, "")
		return overLink(f)
	}
	p.answer(r)
	if open {
		r.call.Pass(r.X, p.backend, deadline)
		return nil
	}
	r.callEnded(r.call.Response.Status, "")
	return nil
}

// overLink is f, but 503 for a private integration that leads nowhere: AWS's
// answer of HTTP APIs when a link can't be used (seen on AWS).
func overLink(f *exchange.Fault) *exchange.Fault {
	if _, nowhere := errors.AsType[*integration.NowhereError](f.Cause); nowhere {
		return integration.Unreachable(f.Cause)
	}
	return f
}

// answer passes the backend's status and fields to the client, as they are but
// for those of its connection (no field is renamed, unlike with REST APIs).
func (p *httpProxy) answer(r *Request) {
	from := &r.call.Response
	integration.PassFields(open(r.X, from.Status), &from.Header, ownAnswerField)
	if r.call.Request.Method == "HEAD" && len(r.X.Response.Body) == 0 {
		r.announce(&from.Header)
	}
}

// ownAnswerField tells the fields of an answer that are of its connection or the
// gateway's own.
func ownAnswerField(name []byte, k http1.Known) bool {
	return integration.OwnResponseField(k) || isGatewayField(name)
}

// announce gives the answer to HEAD the length that the backend says a body
// would have, though there is none.
func (r *Request) announce(from *http1.Header) {
	if n, ok := http1.ParseLength(from.GetKnown(http1.NameContentLength)); ok && n > 0 {
		r.X.Response.Stream, r.X.Response.Length = http.NoBody, n
	}
}

// isGatewayField tells the fields that are the gateway's own: apigw-….
func isGatewayField(name []byte) bool {
	const prefix = "apigw-"
	return len(name) > len(prefix) && strings.EqualFold(string(name[:len(prefix)]), prefix)
}
