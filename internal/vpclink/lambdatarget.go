package vpclink

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// maxFunctionBody bounds what a function is sent, and what it answers
// (Application Load Balancers, "Lambda functions as targets").
const maxFunctionBody = 1 << 20

// invoke has the function of g answer v's request.
func (f *forward) invoke(v *visit, g *group, spec *groupSpec) (integration.Visit, error) {
	function := spec.function()
	if function == "" {
		v.decide("target group", "503", "it has no function registered")
		return invented(503).do(v)
	}
	body, err := functionBody(v.req)
	switch {
	case errors.Is(err, errLargeBody):
		return invented(413).do(v)
	case err != nil:
		return nil, err
	}
	v.decide("target", function, "of target group "+string(g.arn))
	began := time.Now()
	result, err := g.callFunction(v, spec, function, functionEvent(spec, v.req, body))
	if err == nil {
		err = v.answerOf(spec, result)
	}
	if err == nil {
		g.answered(v.resp.Status, time.Since(began))
		f.stick(v, g)
		return nil, nil
	}
	g.unreachable()
	v.decide("load balancer", "no answer of the function", err.Error())
	if lambda.KindOf(err) == lambda.Timeout && isLate(err) {
		if !v.call.Deadline.IsZero() && !time.Now().Before(v.call.Deadline) {
			return nil, &http1.CallError{Phase: http1.PhaseHead, Timeout: true, Err: err}
		}
		return invented(504).do(v)
	}
	return invented(502).do(v)
}

func isLate(err error) bool {
	_, ok := errors.AsType[*lambda.Error](err)
	return ok
}

// function is the only target of a group for functions; empty: none is.
func (s *groupSpec) function() string {
	for i := range s.Targets {
		if s.Targets[i].Removed.IsZero() {
			return s.Targets[i].ID
		}
	}
	return ""
}

var errLargeBody = fmt.Errorf("the request's body has more than %d bytes, which is the most that a function behind a load balancer takes", maxFunctionBody)

func functionBody(req *http1.ClientRequest) ([]byte, error) {
	body := req.Body
	if req.Stream != nil {
		var err error
		if body, err = io.ReadAll(io.LimitReader(req.Stream, maxFunctionBody+1)); err != nil {
			return nil, &http1.StreamError{Err: err}
		}
	}
	if len(body) > maxFunctionBody {
		return nil, errLargeBody
	}
	return body, nil
}

// callFunction invokes a function as a target of g, which its policy must let
// elasticloadbalancing.amazonaws.com do. It ends when the call does.
func (g *group) callFunction(v *visit, spec *groupSpec, function string, event []byte) (*lambda.Result, error) {
	if g.book.config.Functions == nil {
		return nil, errors.New("no functions are configured")
	}
	ctx, cancel := context.WithDeadline(context.Background(), v.until(v.route.idle))
	defer cancel()
	if v.x != nil {
		v.x.OnAbandon(cancel)
		defer v.x.OnAbandon(nil)
	}
	deadline, _ := ctx.Deadline()
	result := new(lambda.Result)
	err := g.book.config.Functions.Invoke(ctx, &lambda.Invocation{
		Function: function, Payload: event, Deadline: deadline, TraceID: string(v.req.Header.GetKnown(http1.NameXAmznTraceID)),
		Header: map[string]string{"X-Amz-Source-Arn": string(spec.ARN)},
	}, result)
	if err == nil && result.FunctionError != "" {
		err = fmt.Errorf("the function failed: %s: %.500s", result.FunctionError, result.Payload)
	}
	return result, err
}

// until is when a call ends whose answer may take d.
func (v *visit) until(d time.Duration) time.Time {
	end := time.Now().Add(d)
	if at := v.call.Deadline; !at.IsZero() && at.Before(end) {
		return at
	}
	return end
}

// event is what a function behind a load balancer is given ("Receive events from
// the load balancer"). Names of fields are in lower case. Query parameters are as
// they came: load balancers don't decode them.
type event struct {
	RequestContext  eventContext `json:"requestContext"`
	Method          string       `json:"httpMethod"`
	Path            string       `json:"path"`
	Query           any          `json:"queryStringParameters,omitempty"` // a map, which may be empty
	MultiQuery      any          `json:"multiValueQueryStringParameters,omitempty"`
	Headers         any          `json:"headers,omitempty"`
	MultiHeaders    any          `json:"multiValueHeaders,omitempty"`
	Body            string       `json:"body"`
	IsBase64Encoded bool         `json:"isBase64Encoded"`
}

type eventContext struct {
	ELB struct {
		Group apigw.ARN `json:"targetGroupArn"`
	} `json:"elb"`
}

func functionEvent(spec *groupSpec, req *http1.ClientRequest, body []byte) []byte {
	path, query, _ := bytes.Cut(req.Target, []byte("?"))
	e := event{Method: req.Method, Path: string(path), Body: string(body)}
	e.RequestContext.ELB.Group = spec.ARN
	headers, parameters := map[string][]string{"host": {string(req.Host)}}, map[string][]string{}
	for i := range req.Header.Len() {
		name, value := req.Header.At(i)
		key := string(appendLower(nil, name))
		headers[key] = append(headers[key], string(value))
	}
	for one := range bytes.SplitSeq(query, []byte("&")) {
		if key, value, _ := bytes.Cut(one, []byte("=")); len(one) > 0 {
			parameters[string(key)] = append(parameters[string(key)], string(value))
		}
	}
	if spec.Attribute("lambda.multi_value_headers.enabled") == "true" {
		e.MultiQuery, e.MultiHeaders = parameters, headers
	} else {
		e.Query, e.Headers = lastOf(parameters), lastOf(headers)
	}
	if len(body) > 0 && encodes(&req.Header) {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	out, err := json.Marshal(e)
	if err != nil {
		panic("vpclink: " + err.Error()) // of texts alone: it never fails
	}
	return out
}

// lastOf keeps the last of several values ("Multi-value headers": without them,
// the load balancer uses the last value).
func lastOf(all map[string][]string) map[string]string {
	last := make(map[string]string, len(all))
	for name, values := range all {
		last[name] = values[len(values)-1]
	}
	return last
}

// encodes says that a body isn't sent as it is: it has a Content-Encoding, or is
// of a type that isn't text.
func encodes(h *http1.Header) bool {
	if len(h.GetKnown(http1.NameContentEncoding)) > 0 {
		return true
	}
	kind, _, _ := strings.Cut(strings.ToLower(string(h.GetKnown(http1.NameContentType))), ";")
	switch kind = strings.TrimSpace(kind); kind {
	case "application/json", "application/javascript", "application/xml":
		return false
	}
	return !strings.HasPrefix(kind, "text/")
}

// output is what a function answers ("Respond to the load balancer").
type output struct {
	Status          *int                `json:"statusCode"`
	Description     string              `json:"statusDescription"`
	Headers         map[string]string   `json:"headers"` // numbers and such are 502 on AWS (serverless-express, pull request 699)
	MultiHeaders    map[string][]string `json:"multiValueHeaders"`
	Body            string              `json:"body"`
	IsBase64Encoded bool                `json:"isBase64Encoded"`
}

// answerOf makes v's answer of a function's.
func (v *visit) answerOf(spec *groupSpec, result *lambda.Result) error {
	if len(result.Payload) > maxFunctionBody {
		return fmt.Errorf("the function answered with more than %d bytes", maxFunctionBody)
	}
	var out output
	if err := json.Unmarshal(result.Payload, &out); err != nil {
		return fmt.Errorf("the function's answer isn't what load balancers expect: %w", err)
	}
	if out.Status == nil || *out.Status < 200 || *out.Status > 599 {
		return errors.New("the function's answer has no statusCode from 200 to 599")
	}
	body := []byte(out.Body)
	if out.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(out.Body); err != nil {
			return fmt.Errorf("the function's answer says that its body is base64: %w", err)
		}
	}
	fields, err := out.fields(spec.Attribute("lambda.multi_value_headers.enabled") == "true")
	if err != nil {
		return err
	}
	length := len(body)
	if v.req.Method == "HEAD" {
		body = nil
	}
	v.resp.Answer(*out.Status, body)
	for _, f := range fields {
		v.resp.Header.Add(f.name, f.value)
	}
	v.resp.Header.Add("Content-Length", strconv.Itoa(length))
	return nil
}

// fields are those of the answer: of headers or of multiValueHeaders, as the
// group has it.
func (o *output) fields(multi bool) (list []responseField, err error) {
	add := func(name, value string) {
		known := http1.Lookup(name)
		switch {
		case integration.OwnResponseField(known):
		case !http1.ValidName(name) || !http1.ValidValue(value):
			err = fmt.Errorf("the function's answer has the field %.100q, which can't be sent", name)
		default:
			list = append(list, responseField{name, value})
		}
	}
	if multi {
		for name, values := range o.MultiHeaders {
			for _, value := range values {
				add(name, value)
			}
		}
		return list, err
	}
	for name, value := range o.Headers {
		add(name, value)
	}
	return list, err
}

// checkFunction is a health check of a function ("Enable health checks").
func (g *group) checkFunction(ctx context.Context, spec *groupSpec, matcher balance.Matcher) error {
	path := spec.Health.Path
	req := &http1.ClientRequest{Method: "GET", Target: []byte(path)}
	req.Header.Add("user-agent", "ELB-HealthChecker/2.0")
	deadline, _ := ctx.Deadline()
	result := new(lambda.Result)
	if g.book.config.Functions == nil {
		return errors.New("no functions are configured")
	}
	if err := g.book.config.Functions.Invoke(ctx, &lambda.Invocation{
		Function: spec.function(), Payload: functionEvent(spec, req, nil), Deadline: deadline, Header: map[string]string{"X-Amz-Source-Arn": string(spec.ARN)},
	}, result); err != nil {
		return err
	}
	var out output
	if err := json.Unmarshal(result.Payload, &out); err != nil || result.FunctionError != "" || out.Status == nil {
		return errors.New("the function failed, or its answer isn't what load balancers expect")
	}
	if !matcher.Match(*out.Status) {
		return &balance.ProbeError{Status: *out.Status}
	}
	return nil
}
