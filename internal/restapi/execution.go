package restapi

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// execution is the execution log of one request, line by line in AWS's words
// (developer guide, "Set up CloudWatch logging for REST APIs"; the lines and
// their order as recorded on AWS). It exists only for methods that log.
type execution struct {
	info    bool // INFO; else errors alone
	data    bool // with bodies, headers and parameters
	id      []byte
	trial   bool // the log of a test: lines begin with the time, as java.util.Date has it
	lines   []byte
	count   int64
	text    []byte   // memory for one line
	secrets [][]byte // values that are masked wherever they occur
}

// The bounds of a line: of an event in bytes, as on AWS, and of what of a body
// is looked at to make one. The second is larger by more than the longest
// header field, so that a secret that begins in the first ends in the second.
const (
	maxEvent = 1024
	maxText  = 16 << 10
	unmasked = 6 // characters of a secret that show
)

const truncated = " [TRUNCATED]"

// logged begins the execution log of r once its method is known.
func (r *request) logged() {
	m := &r.route.observe
	switch {
	case r.stage.trial != nil:
		r.exec = &execution{info: true, data: true, trial: true, id: r.x.RequestID[:]}
		r.stage.trial.exec = r.exec
		r.exec.lines = append(r.exec.lines, "Execution log for request "+string(r.exec.id)+"\n"...)
	case m.log == logOff || r.stage.observe.execution == nil:
		return
	default:
		r.exec = &execution{info: m.log == logInfo, data: m.data && m.log == logInfo, id: r.x.RequestID[:]}
	}
	r.exec.secrets = secrets(r.x.Header)
	if r.exec.info && !r.exec.trial {
		r.exec.say("Extended Request Id: " + string(r.x.ExtendedID[:]))
	}
}

func (e *execution) stage(r *request) string {
	return string(r.stage.apiID) + "/" + string(r.stage.name)
}

// started adds that the request was let in, and what it is. The fault is that
// of a body that can't be read: the log shows it before anything else can go
// wrong.
func (e *execution) started(r *request) *exchange.Fault {
	if !e.info {
		return nil
	}
	if !e.trial {
		e.entitled(r)
	}
	e.say("Starting execution for request: " + string(e.id))
	e.say("HTTP Method: " + r.httpMethod + ", Resource Path: " + string(r.x.Address.StagePath))
	e.keyed(r)
	if !e.data {
		return nil
	}
	return e.request(r)
}

// authorizes adds that a function is asked about the client, who is identified
// by what the authorizer's sources say, masked. What the client itself says
// there is as good as a password: it doesn't show in any other line either.
func (e *execution) authorizes(a *functionAuthorizer, r *request) {
	var identity []byte
	for i := range a.sources.Len() {
		value := a.sources.Append(nil, i, &r.input)
		if strings.HasPrefix(a.sources.Name(i), "method.request.") {
			e.secrets = appendSecret(e.secrets, value)
		}
		if i > 0 {
			identity = append(identity, ", "...)
		}
		identity = append(identity, value...)
		hide(identity[len(identity)-len(value):])
	}
	if !e.info {
		return
	}
	e.say("Starting authorizer: " + a.id + " for request: " + string(e.id))
	e.say("Incoming identity: " + string(identity))
}

// authorizerAnswered adds the function's answer as it came, but for the API key
// in it.
func (e *execution) authorizerAnswered(result *lambda.Result, took time.Duration) {
	if e.info && e.data {
		if a, err := authorizer.Policy.Parse(result.Payload); err == nil {
			e.hideKey(a.UsageKey)
		}
		e.body("Authorizer result body before parsing: ", result.Payload, false)
	}
}

// authorized adds whom the authorizer answered for.
func (e *execution) authorized(principal string, allowed bool) {
	if !e.info {
		return
	}
	e.say("Using valid authorizer policy for principal: " + lastSix(principal))
	if allowed {
		e.say("Successfully completed authorizer execution")
	} else {
		e.say("The client is not authorized to perform this operation.")
	}
}

// authorizerFailed adds why there is no answer.
func (e *execution) authorizerFailed(err error) {
	e.say("Execution failed due to an authorizer error: " + err.Error())
}

// lastSix masks a text as AWS does: its end shows.
func lastSix(s string) string {
	if len(s) <= unmasked {
		return strings.Repeat("*", len(s))
	}
	return strings.Repeat("*", len(s)-unmasked) + s[len(s)-unmasked:]
}

// request adds what the client sent.
func (e *execution) request(r *request) *exchange.Fault {
	e.begin("Method request path: {")
	for i, name := range r.input.Params.Names {
		e.pair(i, []byte(name), r.input.Params.At(i))
	}
	e.close()
	e.begin("Method request query string: {")
	for i := range r.query.Len() {
		name, value := r.query.At(i)
		e.pair(i, name, value)
	}
	e.close()
	e.fields("Method request headers: ", r.x.Header)
	if f := r.readBody(); f != nil {
		return f
	}
	e.body("Method request body before transformations: ", r.body, r.binaryRequest())
	return nil
}

// callsHTTP adds what is sent to an HTTP backend.
func (e *execution) callsHTTP(r *request, t *httpTarget) {
	if !e.info {
		return
	}
	req := &r.call.Request
	url := "http://"
	if t.uri.TLS {
		url = "https://"
	}
	url += string(req.Host) + string(req.Target)
	if e.data {
		e.say("Endpoint request URI: " + url)
		e.fields("Endpoint request headers: ", &req.Header)
		e.body("Endpoint request body after transformations: ", req.Body, r.stage.binaryType(&req.Header) && bytes.Equal(req.Body, r.body))
	}
	e.say("Sending request to " + url)
}

// callsFunction adds what is sent to a function.
func (e *execution) callsFunction(r *request, in *lambda.Invocation, streamed bool) {
	if !e.info {
		return
	}
	url := "https://lambda." + r.stage.scope.Region + ".amazonaws.com/2015-03-31/functions/" + in.Function + "/invocations"
	if streamed {
		url = "https://lambda." + r.stage.scope.Region + ".amazonaws.com/2021-11-15/functions/" + in.Function + "/response-streaming-invocations"
	}
	if e.data {
		e.say("Endpoint request URI: " + url)
		e.invocation(in)
		e.body("Endpoint request body after transformations: ", in.Payload, false)
	}
	e.say("Sending request to " + url)
}

// invocation adds the fields that a call of a function has.
func (e *execution) invocation(in *lambda.Invocation) {
	e.begin("Endpoint request headers: {")
	e.pair(0, []byte("X-Amzn-Trace-Id"), []byte(in.TraceID))
	if in.Type != "" {
		e.pair(1, []byte("X-Amz-Invocation-Type"), []byte(in.Type))
	}
	if in.ClientContext != "" {
		e.pair(1, []byte("X-Amz-Client-Context"), []byte(in.ClientContext))
	}
	for _, name := range slices.Sorted(maps.Keys(in.Header)) {
		e.pair(1, []byte(name), []byte(in.Header[name]))
		if secretField([]byte(name)) {
			hide(e.text[len(e.text)-len(in.Header[name]):])
		}
	}
	e.close()
}

// answered adds what came back from a backend; header is nil for a function.
func (e *execution) answered(r *request, header *http1.Header, body []byte) {
	if !e.info {
		return
	}
	i := &r.x.Outcome.Integration
	e.say("Received response. Status: " + strconv.Itoa(i.Status) + ", Integration latency: " +
		strconv.FormatInt(i.Ended.Sub(i.Began).Milliseconds(), 10) + " ms")
	if !e.data {
		return
	}
	if header != nil {
		e.fields("Endpoint response headers: ", header)
	} else {
		e.say("Endpoint response headers: {x-amzn-RequestId=" + i.RequestID + "}")
	}
	e.body("Endpoint response body before transformations: ", body, header != nil && r.stage.binaryType(header))
}

// streams adds the head of an answer whose body is passed on as it comes;
// header is nil for a function.
func (e *execution) streams(r *request, header *http1.Header) {
	if !e.info {
		return
	}
	i := &r.x.Outcome.Integration
	e.say("Received response. Status: " + strconv.Itoa(i.Status) + ", Integration latency: " +
		strconv.FormatInt(i.Headers.Sub(i.Began).Milliseconds(), 10) + " ms")
	if e.data && header != nil {
		e.fields("Endpoint response headers: ", header)
	}
}

// end adds how the request ended and hands the lines over.
func (e *execution) end(r *request) {
	resp := &r.x.Response
	status := strconv.Itoa(resp.Status)
	switch f := r.x.Outcome.Fault; {
	case f != nil:
		e.fault(f, r)
	case resp.Stream != nil && r.x.Outcome.Integration.Error != "":
		e.say("Execution failed while the response was streamed: " + r.x.Outcome.Integration.Error)
	case e.info:
		if e.data && resp.Stream == nil {
			e.body("Method response body after transformations: ", resp.Body, resp.Header.IndexKnown(http1.NameContentEncoding, 0) >= 0 || !utf8.Valid(resp.Body))
			e.answerFields("Method response headers: ", &resp.Header)
		}
		e.say("Successfully completed execution")
	}
	if e.info || e.count > 0 {
		e.say("Method completed with status: " + status)
	}
	if e.count > 0 && !e.trial {
		r.stage.observe.execution.Add(e.lines, e.count)
	}
}

// say adds one line.
func (e *execution) say(text string) {
	e.text = append(e.text[:0], text...)
	e.finish()
}

// body adds one line that ends with a body; of one that is binary it says no
// more than that (seen on AWS).
func (e *execution) body(label string, body []byte, binary bool) {
	e.begin(label)
	switch shown := body[:min(len(body), maxText)]; {
	case binary && len(body) > 0:
		e.text = append(e.text, "[Binary Data]"...)
	case utf8.Valid(shown):
		e.text = append(e.text, shown...)
	default:
		e.text = integration.AppendText(e.text, shown)
	}
	e.finish()
}

// binaryType says whether h has a binary Content-Type.
func (s *Stage) binaryType(h *http1.Header) bool {
	return len(s.binary) > 0 && s.binary.Match(mapping.MediaType(h.GetKnown(http1.NameContentType)))
}

// fields adds one line with the fields of h, as Java prints a map.
func (e *execution) fields(label string, h *http1.Header) {
	e.someFields(label, h, func([]byte) bool { return false })
}

// answerFields adds the fields of an answer, without the two that name the
// request: they aren't in AWS's lines either (recorded on AWS).
func (e *execution) answerFields(label string, h *http1.Header) {
	e.someFields(label, h, isRequestName)
}

func (e *execution) someFields(label string, h *http1.Header, without func(name []byte) bool) {
	e.begin(label + "{")
	n := 0
	for i := range h.Len() {
		name, value := h.At(i)
		if without(name) {
			continue
		}
		e.pair(n, name, value)
		n++
		if secretField(name) {
			hide(e.text[len(e.text)-len(value):])
		}
	}
	e.close()
}

func (e *execution) begin(label string) { e.text = append(e.text[:0], label...) }

func (e *execution) pair(i int, name, value []byte) {
	if i > 0 {
		e.text = append(e.text, ", "...)
	}
	e.text = append(append(append(e.text, name...), '='), value...)
}

// close ends a line that is a map.
func (e *execution) close() {
	e.text = append(e.text, '}')
	e.finish()
}

// finish masks, cuts and adds the line in e.text. In a log group a line break
// within it is written as \n: what a client sends can't make up lines.
func (e *execution) finish() {
	for _, secret := range e.secrets {
		mask(e.text, secret)
	}
	from := len(e.lines)
	if e.trial {
		e.lines = time.Now().UTC().AppendFormat(e.lines, "Mon Jan 02 15:04:05 UTC 2006 : ")
	} else {
		e.lines = append(append(append(e.lines, '('), e.id...), ") "...)
	}
	for i := 0; i < len(e.text) && len(e.lines)-from <= maxEvent; i++ {
		switch c := e.text[i]; {
		case c == '\n' && !e.trial:
			e.lines = append(e.lines, `\n`...)
		case c == '\r' && !e.trial:
			e.lines = append(e.lines, `\r`...)
		default:
			e.lines = append(e.lines, c)
		}
	}
	if len(e.lines)-from > maxEvent {
		cut := from + maxEvent
		for cut > from && !utf8.RuneStart(e.lines[cut]) {
			cut--
		}
		e.lines = append(e.lines[:cut], truncated...)
	}
	e.lines = append(e.lines, '\n')
	e.count++
}

// secretFields are the fields whose values don't show in a log.
var secretFields = []string{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Amz-Security-Token"}

func secretField(name []byte) bool {
	for _, s := range secretFields {
		if equalFold(name, s) {
			return true
		}
	}
	return false
}

// leastSecret is the length in bytes from which a secret is looked for
// everywhere; shorter ones are masked in their fields alone.
const leastSecret = 8

// secrets are the values of those fields, as they are and as JSON writes them.
func secrets(h *http1.Header) (list [][]byte) {
	for _, name := range secretFields {
		for i := h.Index(name, 0); i >= 0; i = h.Index(name, i+1) {
			_, value := h.At(i)
			list = appendSecret(list, value)
		}
	}
	return list
}

// appendSecret adds value as it is and as JSON writes it.
func appendSecret(list [][]byte, value []byte) [][]byte {
	if len(value) < leastSecret {
		return list
	}
	list = append(list, bytes.Clone(value))
	if quoted := appendJSONString(nil, string(value)); len(quoted) != len(value)+2 {
		list = append(list, quoted[1:len(quoted)-1])
	}
	return list
}

// mask writes asterisks over every occurrence of secret in text, but for its
// last characters.
func mask(text, secret []byte) {
	for at := 0; ; {
		i := bytes.Index(text[at:], secret)
		if i < 0 {
			return
		}
		at += i
		hide(text[at : at+len(secret)])
		at += len(secret)
	}
}

// hide writes asterisks over a secret, but for its last characters when it
// has many.
func hide(secret []byte) {
	hidden := len(secret)
	if hidden > 2*unmasked {
		hidden -= unmasked
	}
	for i := range secret[:hidden] {
		secret[i] = '*'
	}
}
