package restapi

import (
	"bytes"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// httpTarget is where an integration that is called over HTTP leads and what
// mappings add to each request.
type httpTarget struct {
	uri     *integration.URI
	backend *integration.Backend
	method  string // ANY: the client's
	timeout time.Duration
	queries []mapping.Parameter
	headers []mappedHeader
	host    *mapping.Source     // replaces the backend's host
	staged  string              // what begins the path; empty but over VPC links of version 2
	fatal   []mapping.Parameter // headers whose mapping fails every request

	readsBody bool // a mapping reads the client's body
	convert   integration.Conversion
}

// mappedHeader is a field that a mapping sends to a backend.
type mappedHeader struct {
	name   []byte
	known  http1.Known
	source mapping.Source
}

func (c *compiler) httpTarget(place string, i *apigw.Integration) (httpTarget, error) {
	t, params := c.mappedTarget(place, i, integration.HTTP)
	var err error
	t.uri, t.backend, err = c.backend(place, i, params)
	if i.ConnectionType == serving.OverLink && i.Target != "" && c.stage != nil {
		t.staged = "/" + string(c.stage.Name)
	}
	return t, err
}

// mappedTarget is what of a target doesn't depend on where it leads, and the
// mappings that may fill the {name}s of its URI. kind are the rules for headers.
func (c *compiler) mappedTarget(place string, i *apigw.Integration, kind integration.Type) (httpTarget, []mapping.Parameter) {
	params := c.parameters(place, i.RequestParameters)
	t := httpTarget{method: i.HTTPMethod, timeout: timeout(i), readsBody: readBodies(params)}
	t.convert, _ = integration.ParseConversion(i.ContentHandling)
	if !serving.IsVerb(i.HTTPMethod) {
		c.refuse(place, "integrationHttpMethod "+i.HTTPMethod+" is none that API Gateway has")
	}
	for n := range params {
		p := &params[n]
		switch p.Place {
		case mapping.InQuery:
			t.queries = append(t.queries, *p)
		case mapping.InHeader:
			t.addHeader(p, kind)
		}
	}
	return t, params
}

func (t *httpTarget) addHeader(p *mapping.Parameter, kind integration.Type) {
	known := http1.Lookup(p.Name)
	fails, drops := integration.MappedRequestField(known, kind)
	switch {
	case fails:
		t.fatal = append(t.fatal, *p)
	case drops:
	case known == http1.NameHost:
		t.host = &p.Source
	default:
		t.headers = append(t.headers, mappedHeader{[]byte(p.Name), known, p.Source})
	}
}

// maps says whether a mapping sends a field of that name.
func (t *httpTarget) maps(name []byte, k http1.Known) bool {
	for i := range t.headers {
		h := &t.headers[i]
		if h.known == k && (k != http1.Other || bytes.EqualFold(h.name, name)) {
			return true
		}
	}
	return false
}

// begin readies the request to the backend: method, target, host. passed says
// that the client's query passes too.
func (t *httpTarget) begin(r *request, passed bool) *exchange.Fault {
	if t.readsBody {
		if f := r.mapClientBody(t.convert); f != nil {
			return f
		}
	}
	if f := failing(r, t.fatal); f != nil {
		return f
	}
	r.call.Reset()
	req := &r.call.Request
	req.Method = t.method
	if t.method == "ANY" {
		req.Method = r.httpMethod
	}
	req.Target = t.appendTarget(req.Target[:0], r, passed)
	if o := r.overridden(); o != nil {
		if o.Path.Whole() != "" && t.staged == "" {
			return errWholePath
		}
		if host, ok := o.Header.Known(http1.NameHost); ok {
			req.Host = append(req.Host[:0], host...)
			if !http1.ValidValue(host) {
				return errOverride
			}
			return nil
		}
	}
	if t.host != nil {
		if host, ok := t.host.Append(req.Host[:0], &r.input); ok {
			req.Host = host
			return checkValue(host)
		}
	}
	req.Host = append(req.Host[:0], t.uri.Host...)
	return nil
}

// failing is the fault of a mapping to a field that API Gateway can't send.
func failing(r *request, fatal []mapping.Parameter) *exchange.Fault {
	for i := range fatal {
		v, ok := fatal[i].Source.Append(r.scratch[:0], &r.input)
		r.scratch = v[:0]
		if ok {
			return forbiddenField
		}
	}
	return nil
}

// appendTarget appends path and query: the URI's own pairs, then the
// client's, then the mapped ones. A mapped name replaces the client's.
func (t *httpTarget) appendTarget(dst []byte, r *request, passed bool) []byte {
	dst = t.appendURI(dst, r)
	mark := len(dst)
	if passed {
		dst = t.appendClientQuery(dst, r)
	}
	o := r.overridden()
	for i := range t.queries {
		if o == nil || !o.Query.Has(t.queries[i].Name) {
			dst = t.queries[i].Source.AppendQuery(dst, t.queries[i].Name, &r.input)
		}
	}
	if o != nil {
		for name, value := range o.Query.All() {
			dst = mapping.AppendQueryPair(dst, name, value)
		}
	}
	if len(dst) > mark && !t.uri.HasQuery() {
		dst[mark] = '?'
	}
	return dst
}

// appendURI appends the URI's path and query. Over a VPC link of version 2 the
// stage stays in front of the path, unless a template sets another one as
// $context.requestOverride.path (developer guide, "Private integrations for REST
// APIs").
func (t *httpTarget) appendURI(dst []byte, r *request) []byte {
	if t.staged == "" {
		return t.uri.AppendTarget(dst, &r.input)
	}
	if o := r.overridden(); o != nil && o.Path.Whole() != "" {
		dst = mapping.AppendPathEscaped(dst, []byte(o.Path.Whole()))
	} else {
		dst = t.uri.AppendPath(append(dst, t.staged...), &r.input)
	}
	if t.uri.HasQuery() {
		dst = t.uri.AppendQuery(append(dst, '?'), &r.input)
	}
	return dst
}

func (t *httpTarget) appendClientQuery(dst []byte, r *request) []byte {
next:
	for i := range r.query.Len() {
		name, value := r.query.At(i)
		for q := range t.queries {
			if t.queries[q].Name == string(name) {
				continue next
			}
		}
		dst = mapping.AppendQueryEscaped(append(dst, '&'), name)
		dst = mapping.AppendQueryEscaped(append(dst, '='), value)
	}
	return dst
}

// addMapped adds the fields that mappings send.
func (t *httpTarget) addMapped(r *request) *exchange.Fault {
	o := r.overridden()
	for i := range t.headers {
		h := &t.headers[i]
		if o != nil && o.Header.Has(string(h.name)) {
			continue
		}
		v, ok := h.source.Append(r.scratch[:0], &r.input)
		r.scratch = v[:0]
		if !ok {
			continue
		}
		if f := checkValue(v); f != nil {
			return f
		}
		r.call.Request.Header.AddBytes(h.name, v)
	}
	return r.mappingFault()
}

// checkValue refuses a value that would break a message apart, as a decoded
// query value may.
func checkValue(v []byte) *exchange.Fault {
	if !http1.ValidValue(v) {
		return unreadable
	}
	return nil
}

// do calls the backend with r.call.Request and appends the answer's body to
// body. Waited is what of the integration's time is over already.
func (t *httpTarget) do(r *request, kind apigw.IntegrationType, waited time.Duration, body []byte) ([]byte, *exchange.Fault) {
	if r.exec != nil {
		r.exec.callsHTTP(r, t)
	}
	r.callBegins(kind, t.uri.Address)
	body, f := r.call.Do(r.x, t.backend, r.x.Outcome.Integration.Began.Add(t.timeout-waited-r.waited), body)
	if f != nil {
		r.callEnded(0, "")
		return body, f
	}
	requestID := ""
	if kind == apigw.IntegrationAWS {
		requestID = integration.ServiceRequestID(&r.call.Response.Header)
	}
	r.callEnded(r.call.Response.Status, requestID)
	if r.exec != nil {
		r.exec.answered(r, &r.call.Response.Header, body)
	}
	return body, nil
}
