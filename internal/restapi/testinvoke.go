package restapi

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// What a method that is tested sees of a client that isn't there (seen on AWS
// in the events of many test invocations).
const (
	trialDomain   = "testPrefix.testDomainName"
	trialPrefix   = "testPrefix"
	trialSourceIP = "test-invoke-source-ip"
	trialKey      = "test-invoke-api-key"
	trialKeyID    = "test-invoke-api-key-id"
)

// The bounds of a streamed answer, which a test collects (developer guide,
// "Test REST API integration": 35 seconds or 1 MB).
const (
	trialStreamTime = 35 * time.Second
	trialStreamSize = 1 << 20
)

// trial is what a stage knows that was compiled for one test invocation.
type trial struct {
	method  *method
	request *apigw.TestRequest
	exec    *execution
	context map[exchange.Variable]string // that the test sets; nil: none
}

// TestInvoke runs a request through the method of def that in names, as a
// deployed stage would, and returns the answer with its log. Authorizers, API
// keys and throttles don't apply. What the method couldn't be deployed with is
// an apigw.BadRequest; a request that fails is a result, as on AWS.
func TestInvoke(ctx context.Context, def *apigw.Definition, in *apigw.TestRequest, env *Env) (*apigw.TestResult, error) {
	began := time.Now()
	s, err := compileTrial(def, in, env)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	streamed := def.Resources[in.Resource].Methods[in.Verb].Integration.ResponseMode == modeStream
	if streamed {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, trialStreamTime)
		defer cancel()
	}
	x, err := trialExchange(ctx, def, in)
	if err != nil {
		return nil, err
	}
	s.Serve(x)
	out := new(apigw.TestResult)
	if !streamed || x.Response.Stream != nil || ctx.Err() == nil { // else no answer began in time: the status is 0
		out.Status, out.Body, out.Header = x.Response.Status, trialBody(x), trialHeader(&x.Response.Header)
	}
	x.Response.Sent = int64(len(out.Body))
	x.End()
	out.Latency = time.Since(began).Milliseconds()
	if s.trial.exec != nil && !streamed { // which has no log on AWS
		out.Log = string(s.trial.exec.lines)
	}
	return out, nil
}

// compileTrial compiles the one method of def that is tested.
func compileTrial(def *apigw.Definition, in *apigw.TestRequest, env *Env) (*Stage, error) {
	one, err := trialDefinition(def, in)
	if err != nil {
		return nil, err
	}
	c := newCompiler(one, &apigw.Stage{APIID: def.API.ID, Name: apigw.TestStage, Variables: in.StageVariables, ClientCertificate: in.ClientCertificate}, env)
	c.trial = &trial{request: in}
	s := c.compile("")
	var texts []string
	for _, p := range c.problems {
		if !p.Warning {
			texts = append(texts, p.String())
		}
	}
	if len(texts) > 0 {
		s.Close()
		return nil, apigw.Errorf(apigw.BadRequest, "Gatehouse can't serve this yet: %s", strings.Join(texts, "; "))
	}
	return s, nil
}

// trialDefinition is def with nothing but the method, which is open to all. An
// answer isn't compressed: the caller reads it as text.
func trialDefinition(def *apigw.Definition, in *apigw.TestRequest) (*apigw.Definition, error) {
	r := def.Resources[in.Resource]
	if r == nil || r.Methods[in.Verb] == nil {
		return nil, apigw.Errorf(apigw.NotFound, "Invalid Method identifier specified")
	}
	m := *r.Methods[in.Verb]
	if m.Integration == nil {
		return nil, apigw.Errorf(apigw.BadRequest, "No integration defined for method")
	}
	m.AuthorizationType, m.AuthorizerID, m.AuthorizationScopes, m.APIKeyRequired = "NONE", "", nil, false
	one := *def
	one.API.Policy, one.API.SecurityPolicy, one.API.EndpointAccessMode, one.API.MinimumCompressionSize = "", "", "", nil
	if one.API.Endpoint.Type == "PRIVATE" {
		one.API.Endpoint.Type = "REGIONAL"
	}
	one.Resources = map[apigw.ResourceID]*apigw.Resource{
		r.ID: {ID: r.ID, ParentID: r.ParentID, PathPart: r.PathPart, Path: r.Path, Methods: map[apigw.Verb]*apigw.Method{in.Verb: &m}},
	}
	return &one, nil
}

// trialExchange is the request as an edge would have taken it.
func trialExchange(ctx context.Context, def *apigw.Definition, in *apigw.TestRequest) (*exchange.Exchange, error) {
	template := def.Resources[in.Resource].Path
	path, query, hasQuery := strings.Cut(in.Path, "?")
	if path == "" {
		path = template
	}
	x := new(exchange.Exchange)
	x.Begin(&trialEdge{ctx: ctx})
	x.Method, x.Path, x.Host, x.Protocol, x.Header = in.HTTPMethod, []byte(path), []byte(trialDomain), "HTTP/1.1", new(http1.Header)
	if hasQuery {
		x.Query = []byte(query)
	}
	for _, f := range in.Header {
		if !mapping.SendableName(f.Name) || !http1.ValidValue(f.Value) {
			return nil, apigw.Errorf(apigw.BadRequest, "Invalid header specified: %q", f.Name)
		}
		x.Header.Add(f.Name, f.Value)
	}
	if in.Body != "" {
		x.Body = &trialInput{strings.NewReader(in.Body)}
	}
	x.Client = exchange.Client{IP: netip.IPv4Unspecified(), Port: 443, TLS: true}
	x.Received = time.Now()
	serving.NewIDs(x)
	copy(x.RequestID[:], in.RequestID)
	x.Address = exchange.Address{
		APIID: string(def.API.ID), Stage: string(apigw.TestStage), DomainName: trialDomain, DomainPrefix: trialPrefix,
		RequestPath: []byte(template), StagePath: []byte(path), // $context.path is the template (seen on AWS)
	}
	return x, nil
}

// trialInput is the body of a simulated request.
type trialInput struct{ *strings.Reader }

// Length implements exchange.Body.
func (b *trialInput) Length() int64 { return b.Size() }

// ReadAll implements exchange.Body.
func (b *trialInput) ReadAll(dst []byte, limit int64) ([]byte, error) {
	if int64(b.Len()) > limit {
		return dst, http1.ErrBodyTooLarge
	}
	rest, err := io.ReadAll(b)
	return append(dst, rest...), err
}

// trialEdge ends a test with the call that asked for it.
type trialEdge struct {
	ctx  context.Context
	stop func() bool
	ran  chan struct{} // closed after what was armed last ran
}

// OnAbandon implements exchange.Edge. What was armed before doesn't run, or has
// run, when it returns.
func (e *trialEdge) OnAbandon(cancel func()) {
	if e.stop != nil && !e.stop() {
		<-e.ran
	}
	e.stop = nil
	if cancel != nil {
		ran := make(chan struct{})
		e.ran, e.stop = ran, context.AfterFunc(e.ctx, func() {
			cancel()
			close(ran)
		})
	}
}

// trialBody is the answer's body as text; of a stream what comes within the
// bounds.
func trialBody(x *exchange.Exchange) string {
	body := x.Response.Body
	if stream := x.Response.Stream; stream != nil {
		body, _ = io.ReadAll(io.LimitReader(stream, trialStreamSize)) // that it ended early shows
		_ = stream.Close()
	}
	return strings.ToValidUTF8(string(body), "\uFFFD")
}

// trialHeader is the answer's fields without the names of the request, which
// the answer of the management call has (recorded on AWS).
func trialHeader(h *http1.Header) (list []apigw.TestField) {
	for i := range h.Len() {
		if name, value := h.At(i); !isRequestName(name) {
			list = append(list, apigw.TestField{Name: string(name), Value: strings.ToValidUTF8(string(value), "\uFFFD")})
		}
	}
	return list
}

// isRequestName says whether a field of an answer names the request.
func isRequestName(name []byte) bool {
	return equalFoldBytes(name, fieldRequestID) || equalFoldBytes(name, fieldExtendedID)
}

// trialRoute makes the method that is tested the route, whatever the path is:
// one that doesn't fit gives no path parameters (recorded on AWS).
func (r *request) trialRoute() {
	t, s := r.stage.trial, &r.search
	r.httpMethod = r.x.Method
	s.Path, s.Spans = trimPath(r.x.Address.StagePath), s.Spans[:0]
	if s.Verb = t.method.code; s.Verb == serving.AnyVerb {
		s.Verb = serving.VerbGET
	}
	r.input.Params = mapping.Params{}
	if match(&r.stage.root, s) != nil {
		r.input.Params = mapping.Params{Path: s.Path, Names: t.method.resource.names, Spans: s.Spans}
	}
	r.route = t.method
	r.x.Outcome.Resource = r.route.resource.path
}

// appendVariable appends what a $context variable is in a test alone.
func (t *trial) appendVariable(dst []byte, v exchange.Variable) ([]byte, bool) {
	if value, ok := t.context[v]; ok {
		return append(dst, value...), true
	}
	c := &t.request.Caller
	value := ""
	switch {
	case v.Name == exchange.VarIdentitySourceIP:
		value = trialSourceIP
	case v.Name == exchange.VarIdentityUserAgent:
		value = c.UserAgent
	case v.Name == exchange.VarIdentityAccountID:
		value = c.Account
	case v.Name == exchange.VarIdentityUserARN:
		value = c.ARN
	case v.Name == exchange.VarIdentityCaller || v.Name == exchange.VarIdentityUser:
		value = c.User
	case v.Name == exchange.VarIdentityAccessKey:
		value = c.AccessKey
	case v.Name == exchange.VarIdentityAPIKey:
		value = trialKey
	case v.Name == exchange.VarIdentityAPIKeyID:
		value = trialKeyID
	}
	return append(dst, value...), value != ""
}

// appendIdentity appends event.requestContext.identity of a test, with the keys
// and in the order seen on AWS.
func (t *trial) appendIdentity(dst []byte) []byte {
	c := &t.request.Caller
	dst = append(dst, `{"cognitoIdentityPoolId":null,"cognitoIdentityId":null,"apiKey":"`+trialKey+`","principalOrgId":null,"cognitoAuthenticationType":null,"userArn":`...)
	dst = appendTextOrNull(dst, c.ARN)
	dst = appendTextOrNull(append(dst, `,"apiKeyId":"`+trialKeyID+`","userAgent":`...), c.UserAgent)
	dst = appendTextOrNull(append(dst, `,"accountId":`...), c.Account)
	dst = appendTextOrNull(append(dst, `,"caller":`...), c.User)
	dst = appendTextOrNull(append(dst, `,"sourceIp":"`+trialSourceIP+`","accessKey":`...), c.AccessKey)
	dst = appendTextOrNull(append(dst, `,"cognitoAuthenticationProvider":null,"user":`...), c.User)
	return append(dst, '}')
}

func appendTextOrNull(dst []byte, text string) []byte {
	if text == "" {
		return append(dst, "null"...)
	}
	return appendJSONString(dst, text)
}
