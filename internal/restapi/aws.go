package restapi

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// awsCall serves integrations of type AWS: request and response are mapped,
// and the call to the service is signed.
type awsCall struct {
	*shape
	service *integration.Service
	caller  integration.ServiceCaller
	query   httpTarget // path/…, and action/… as a query
	plain   httpTarget // action/… whose X-Amz-Target names it
	style   awsStyle
	typed   bool // a mapping sends Content-Type
}

// awsStyle is how an action is named to its service.
type awsStyle uint8

const (
	styleQuery  awsStyle = iota // in the URI: every path, too
	styleMapped                 // by a mapped X-Amz-Target
	styleBody                   // as JSON when there is a body, else as a query
	styleJSON                   // as JSON
)

// aws compiles an integration of type AWS.
func (c *compiler) aws(m *method, from *apigw.Method) backend {
	place, i := m.place(), from.Integration
	shape := c.shape(place, from)
	if c.stage == nil && strings.Contains(i.URI+i.Credentials, "${stageVariables.") {
		c.mappedTarget(place, i, integration.AWS)
		return &awsCall{shape: shape}
	}
	uri, err := integration.ParseAWSURI(integration.Substitute(i.URI, c.vars))
	if err != nil {
		return c.malformed(place, i, err)
	}
	c.checkOwnFields(place, i)
	if isInvocation(uri) {
		return c.lambdaCall(m, i, shape)
	}
	a := &awsCall{shape: shape}
	if i.Credentials == "" {
		c.refuse(place, "Role ARN must be specified for AWS integrations")
	}
	if c.env == nil {
		c.mappedTarget(place, i, integration.AWS)
		return a
	}
	if c.env.Services == nil {
		return c.broken(place, errors.New("no AWS services are set up"))
	}
	if err := c.awsTarget(m, a, i, uri); err != nil {
		return c.broken(place, err)
	}
	return a
}

// isInvocation says that uri means a function, rather than another operation of
// Lambda.
func isInvocation(uri *integration.AWSURI) bool {
	function := strings.HasPrefix(uri.Path, "/2015-03-31/functions/") || strings.HasPrefix(uri.Path, "/2021-11-15/functions/")
	return uri.Service == "lambda" && function && strings.HasSuffix(uri.Path, "invocations")
}

// malformed is a method whose URI is none: AWS refuses to store such a one, and
// finds out later what stage variables make of another.
func (c *compiler) malformed(place string, i *apigw.Integration, err error) backend {
	if !strings.Contains(i.URI, "${stageVariables.") {
		c.refuse(place, err.Error())
		return nil
	}
	return c.broken(place, err)
}

// ownFields are those that API Gateway writes itself: what signs a call, and
// for whom it is made, by which the policies of functions decide.
var ownFields = []string{"X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256", "X-Amz-Source-Arn", "X-Amz-Source-Account",
	"X-Amzn-Lambda-Integration-Tag"}

// isOwn says whether a field is one of ownFields.
func isOwn(name string) bool {
	return slices.ContainsFunc(ownFields, func(s string) bool { return strings.EqualFold(s, name) })
}

// checkOwnFields refuses mappings to what API Gateway writes itself.
func (c *compiler) checkOwnFields(place string, i *apigw.Integration) {
	for _, key := range slices.Sorted(maps.Keys(i.RequestParameters)) {
		if name, ok := strings.CutPrefix(key, "integration.request.header."); ok && isOwn(name) {
			c.refuse(place, "requestParameters map "+name+", which API Gateway writes itself")
		}
	}
}

// awsTarget finds the service of uri and readies calls to it.
func (c *compiler) awsTarget(m *method, a *awsCall, i *apigw.Integration, uri *integration.AWSURI) error {
	t, params := c.mappedTarget(m.place(), i, integration.AWS)
	var err error
	if a.service, err = c.env.Services.Find(uri, params); err != nil {
		return err
	}
	if a.caller, err = c.env.Services.ServiceCaller(a.service, integration.Substitute(i.Credentials, c.vars), c.sourceARN(m)); err != nil {
		return err
	}
	t.uri, t.backend = a.service.URI, c.acquire(a.service.URI, false, nil)
	a.query, a.plain = t, t
	a.typed = t.maps(nil, http1.NameContentType)
	if a.service.Plain == nil {
		return nil
	}
	a.plain.uri = a.service.Plain
	a.style = styleOf(&t, a.service)
	return nil
}

// styleOf is how an action goes to service.
func styleOf(t *httpTarget, service *integration.Service) awsStyle {
	switch {
	case t.maps(fieldTarget, http1.Other):
		return styleMapped
	case service.JSON == nil, t.sendsForm():
		return styleQuery
	case service.JSONOnly:
		return styleJSON
	}
	return styleBody
}

// sendsForm says that a mapping sends a form's Content-Type.
func (t *httpTarget) sendsForm() bool {
	for i := range t.headers {
		if t.headers[i].known == http1.NameContentType {
			text, _ := t.headers[i].source.Literal()
			return strings.HasPrefix(strings.ToLower(text), "application/x-www-form-urlencoded")
		}
	}
	return false
}

var (
	fieldTarget = []byte("X-Amz-Target")
	emptyJSON   = []byte("{}")
)

func (a *awsCall) serve(r *request) *exchange.Fault {
	body, _, f := a.request.render(r)
	if f != nil {
		return f
	}
	t, json := a.target(r, body)
	if f := t.begin(r, false); f != nil {
		return f
	}
	a.setBody(r, body, json)
	if f := a.addHeaders(r, t, json); f != nil {
		return f
	}
	waited, f := a.sign(r, t.timeout)
	if f != nil {
		return f
	}
	r.called = true
	r.payload, f = t.do(r, apigw.IntegrationAWS, waited, r.payloadFor(body))
	if f != nil {
		return f
	}
	from := &r.call.Response
	r.scratch = appendStatus(r.scratch[:0], from.Status)
	return a.answers.answer(r, r.scratch, backendAnswer{header: &from.Header, body: r.payload})
}

// target is where a request with body goes, and whether as an action in JSON.
// A template may have given it an X-Amz-Target of its own.
func (a *awsCall) target(r *request, body []byte) (t *httpTarget, json bool) {
	style := a.style
	if _, ok := r.overriddenField(fieldTarget); ok && style != styleQuery {
		style = styleMapped
	}
	json = style == styleJSON || style == styleBody && len(body) > 0
	if json || style == styleMapped {
		return &a.plain, json
	}
	return &a.query, false
}

// setBody gives the call its body. Of JSON there is always one.
func (a *awsCall) setBody(r *request, body []byte, json bool) {
	req := &r.call.Request
	if a.service.S3 {
		r.scratch = integration.AppendS3Target(r.scratch[:0], req.Target)
		req.Target = append(req.Target[:0], r.scratch...)
	}
	if req.Body, req.ForceLength = body, true; json && len(body) == 0 {
		req.Body = emptyJSON
	}
}

// sign adds the fields that sign r.call.Request.
func (a *awsCall) sign(r *request, timeout time.Duration) (waited time.Duration, f *exchange.Fault) {
	if r.signing == nil {
		r.signing = new(integration.Signing)
	}
	return a.caller.Sign(r.client(), &r.call.Request, &r.stage.env.signer, r.signing, timeout)
}

// addHeaders sends what API Gateway sends of its own, unless mapped: nothing
// of the client's (recorded on AWS).
func (a *awsCall) addHeaders(r *request, t *httpTarget, json bool) *exchange.Fault {
	req := &r.call.Request
	if !t.maps(nil, http1.NameAccept) && !r.overrides(http1.NameAccept) {
		req.Header.Add("Accept", "application/json")
	}
	if !t.maps(nil, http1.NameUserAgent) && !r.overrides(http1.NameUserAgent) {
		req.Header.Add("User-Agent", r.stage.userAgent)
	}
	switch {
	case a.typed || len(req.Body) == 0 || r.overrides(http1.NameContentType):
	case json:
		req.Header.Add("Content-Type", a.service.JSON.ContentType)
	default:
		req.Header.Add("Content-Type", "application/json")
	}
	if json {
		req.Header.Add("X-Amz-Target", a.service.JSON.Target)
	}
	req.Header.Add("x-amzn-apigateway-api-id", string(r.stage.apiID))
	req.Header.AddBytes(fieldTrace, r.trace.Full)
	if f := t.addMapped(r); f != nil {
		return f
	}
	return r.addOverridden(&req.Header, integration.AWS)
}
