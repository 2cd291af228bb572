package websocketapi

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// timeout is how long an integration may take: 29 s, unlike HTTP APIs' 30.
func timeout(i *apigw.RouteIntegration) time.Duration {
	if i.TimeoutMillis <= 0 {
		return 29 * time.Second
	}
	return time.Duration(i.TimeoutMillis) * time.Millisecond
}

// target is where an integration that is called over HTTP leads, and what
// mappings add to each call.
type target struct {
	uri     *integration.URI
	backend *integration.Backend
	method  string
	timeout time.Duration
	queries []mapping.Parameter
	headers []mapping.Parameter
}

// parameters compiles what an integration's requestParameters send.
func (c *compiler) parameters(place string, i *apigw.RouteIntegration) (list []mapping.Parameter) {
	for _, key := range slices.Sorted(maps.Keys(i.RequestParameters)) {
		p, err := mapping.ParseConnectionParameter(key, i.RequestParameters[key], c.vars)
		if err != nil {
			c.refuse(place, "requestParameters "+key+": "+err.Error())
			continue
		}
		list = append(list, p)
	}
	return list
}

// target compiles what of a call doesn't depend on where it leads.
func (c *compiler) target(place string, i *apigw.RouteIntegration, kind integration.Type) (t target, params []mapping.Parameter) {
	params = c.parameters(place, i)
	t = target{method: i.Method, timeout: timeout(i)}
	if t.method == "" {
		t.method = "POST"
	}
	if !serving.IsVerb(t.method) {
		c.refuse(place, "integrationMethod "+i.Method+" is none that API Gateway has")
	}
	if t.method == "ANY" {
		t.method = "POST" // a message has no method that could be passed on
	}
	for _, p := range params {
		switch p.Place {
		case mapping.InQuery:
			t.queries = append(t.queries, p)
		case mapping.InHeader:
			if fails, drops := integration.MappedRequestField(http1.Lookup(p.Name), kind); fails {
				c.refuse(place, "requestParameters map the header "+p.Name+", which can't be mapped")
			} else if !drops {
				t.headers = append(t.headers, p)
			}
		}
	}
	return t, params
}

// acquire finds the backend of a URI.
func (c *compiler) acquire(uri *integration.URI) *integration.Backend {
	if c.env == nil {
		return nil
	}
	b := c.env.Pools.Acquire(uri, false, nil)
	c.out.backends = append(c.out.backends, b)
	return b
}

// httpTarget is the target of an HTTP or HTTP_PROXY integration.
func (c *compiler) httpTarget(place string, i *apigw.RouteIntegration) (target, error) {
	t, params := c.target(place, i, integration.HTTP)
	if i.Credentials != "" {
		c.refuse(place, "credentialsArn "+i.Credentials+": an HTTP integration is called without credentials")
	}
	if c.unknownYet(i.URI + i.ConnectionID) {
		return t, nil
	}
	var err error
	if t.uri, err = integration.ParseURI(integration.Substitute(i.URI, c.vars), params); err != nil {
		return t, err
	}
	if i.ConnectionType == serving.OverLink {
		t.backend, err = c.overLink(i, t.uri)
		return t, err
	}
	t.backend = c.acquire(t.uri)
	return t, nil
}

// overLink reserves where a private integration leads.
func (c *compiler) overLink(i *apigw.RouteIntegration, uri *integration.URI) (*integration.Backend, error) {
	if c.env == nil {
		return nil, nil
	}
	place, err := serving.RoutePlace(c.out.scope, i, uri, c.vars)
	if err == nil && c.env.Links == nil {
		err = serving.ErrNoLinks
	}
	if err != nil {
		return nil, err
	}
	b := c.env.Links.Acquire(place)
	c.out.backends = append(c.out.backends, b)
	return b, nil
}

// begin readies e.call.Request: method, target, host and what mappings send.
func (t *target) begin(e *Event, uri *integration.URI, passed []byte) *exchange.Fault {
	e.document() // what mappings read
	e.call.Reset()
	req := &e.call.Request
	req.Method, req.ForceLength = t.method, true
	req.Host = append(req.Host[:0], uri.Host...)
	dst := uri.AppendTarget(req.Target[:0], &e.input)
	mark := len(dst)
	if len(passed) > 0 {
		dst = append(append(dst, '&'), passed...)
	}
	for i := range t.queries {
		dst = t.queries[i].Source.AppendQuery(dst, t.queries[i].Name, &e.input)
	}
	if len(dst) > mark && !uri.HasQuery() {
		dst[mark] = '?'
	}
	req.Target = dst
	for i := range t.headers {
		p := &t.headers[i]
		v, ok := p.Source.Append(e.scratch[:0], &e.input)
		if e.scratch = v[:0]; !ok {
			continue
		}
		if !http1.ValidValue(v) {
			return unreadable
		}
		req.Header.AddBytes([]byte(p.Name), v)
	}
	if e.input.Err != nil {
		return integration.Misconfigured(e.input.Err)
	}
	return nil
}

// unreadable is the fault of a mapped value that would break a message apart.
var unreadable = &exchange.Fault{Kind: exchange.BadRequestParameters}

// add adds a field unless a mapping sent it.
func (t *target) add(e *Event, name, value string) {
	if h := &e.call.Request.Header; h.Index(name, 0) < 0 {
		h.Add(name, value)
	}
}

// addOwn adds what API Gateway sends of its own.
func (t *target) addOwn(e *Event) {
	t.add(e, "User-Agent", "AmazonAPIGateway_"+string(e.Stage.API))
	t.add(e, "x-amzn-apigateway-api-id", string(e.Stage.API))
	t.add(e, "X-Amzn-Trace-Id", string(e.Trace))
}

// do calls the backend with e.call.Request; the answer's body is in e.out.
func (t *target) do(e *Event, kind apigw.IntegrationType, address string, waited time.Duration) *exchange.Fault {
	called := &e.X.Outcome.Integration
	called.Begin(e.X, string(kind), address)
	var f *exchange.Fault
	e.out, f = e.call.Do(e.X, t.backend, called.Began.Add(t.timeout-waited), e.out[:0])
	if f != nil {
		called.End(e.X, 0, "")
		return f
	}
	id := ""
	if kind == apigw.IntegrationAWS {
		id = integration.ServiceRequestID(&e.call.Response.Header)
	}
	called.End(e.X, e.call.Response.Status, id)
	e.answered.status, e.answered.header = e.call.Response.Status, &e.call.Response.Header
	return nil
}

// httpProxy passes clients that connect, and messages, to an HTTP backend.
type httpProxy struct{ target }

func (c *compiler) httpProxy(place string, i *apigw.RouteIntegration) backend {
	t, err := c.httpTarget(place, i)
	if err != nil {
		return c.broken(place, err)
	}
	return &httpProxy{t}
}

func (p *httpProxy) call(e *Event) (r reply, f *exchange.Fault) {
	query := e.X.Query
	if f := p.begin(e, p.uri, query); f != nil {
		return r, f
	}
	if e.kind == connectEvent {
		p.passFields(e)
	}
	if len(e.body) > 0 {
		e.call.Request.Body = e.body
		p.add(e, "Content-Type", "application/json")
	}
	p.addOwn(e)
	if f := p.do(e, apigw.IntegrationHTTPProxy, p.uri.Address, 0); f != nil {
		return r, f
	}
	return reply{status: e.answered.status, header: e.answered.header, body: e.out}, nil
}

// passFields passes a connecting client's fields on, but for those of its
// connection.
func (p *httpProxy) passFields(e *Event) {
	from, out := e.eventFields(false), &e.call.Request.Header
	for i := range from.Len() {
		k := from.KnownAt(i)
		if name, _ := from.At(i); integration.OwnRequestField(k) || k == http1.NameXAmznTraceID || out.Index(string(name), 0) >= 0 && k == http1.Other {
			continue
		}
		out.AddField(from, i)
	}
}

// statusText is a status as patterns see it.
func statusText(dst []byte, status int) []byte { return strconv.AppendInt(dst, int64(status), 10) }

// broken is a route whose integration can't work as the stage is set up: it
// answers as AWS does when it finds that out.
type broken struct{ fault *exchange.Fault }

func (b broken) call(*Event) (reply, *exchange.Fault) { return reply{}, b.fault }

func (c *compiler) broken(place string, err error) backend {
	c.warn(place, err.Error()+"; every message will be answered with an error")
	return broken{integration.Misconfigured(err)}
}

var errNoServices = errors.New("no AWS services are set up")
