package restapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
)

// maxMetadata is within how many bytes a function's streamed answer has to
// come to its delimiter.
const maxMetadata = 16 << 10

// delimiter stands between the JSON of status and fields and the body
// (developer guide, "Lambda proxy integration format for response streaming").
var delimiter = make([]byte, 8)

// stream calls the function and has its answer passed on.
func (p *lambdaProxy) stream(r *request, in *lambda.Invocation) *exchange.Fault {
	functions := r.stage.env.Streams
	if functions == nil {
		p.leave()
		return integration.Misconfigured(errNoFunctions)
	}
	ctx, cancel := context.WithDeadline(r.x.Context(), in.Deadline)
	r.callBegins(apigw.IntegrationAWSProxy, p.name)
	called := &r.x.Outcome.Integration
	called.Streamed = true
	s, err := functions.InvokeStream(ctx, in)
	if err != nil {
		cancel()
		p.leave()
		r.callEnded(0, "")
		if e, ok := errors.AsType[*lambda.Error](err); ok {
			called.Status = e.Status
		}
		return invokeFault(err)
	}
	called.Status, called.RequestID = s.Status, s.RequestID
	closed := func(first time.Time, err error) {
		cancel()
		s.Close()
		p.leave()
		r.streamEnded(first, err)
	}
	f := p.passOn(r, s, integration.StreamSource{From: s, Idle: p.idle, Cancel: cancel, Closed: closed})
	if f != nil {
		closed(time.Time{}, nil)
	}
	return f
}

func (p *lambdaProxy) leave() {
	if p.gate != nil {
		p.gate.Leave()
	}
}

// passOn makes the client's answer of s, whose body is to come from source.
func (p *lambdaProxy) passOn(r *request, s *lambda.Stream, source integration.StreamSource) *exchange.Fault {
	head, rest, err := readMetadata(s)
	if err != nil {
		return streamFault(s, err)
	}
	o, length, err := parseMetadata(head)
	if err != nil {
		return integration.Misconfigured(&worded{malformed, err})
	}
	r.codeStatus = o.status
	called := &r.x.Outcome.Integration
	called.Headers = time.Now()
	if len(rest) > 0 {
		called.Content = called.Headers
		source.From = io.MultiReader(bytes.NewReader(rest), source.From)
	}
	if r.exec != nil {
		r.exec.streams(r, nil)
	}
	o.open(r)
	r.streamBody(length, source)
	return nil
}

// streamFault is the fault for a function that came to no body: one that
// failed is 502 as in any proxy integration, one that didn't answer in the
// format 500.
func streamFault(s *lambda.Stream, err error) *exchange.Fault {
	if f, ok := errors.AsType[*lambda.Failure](err); ok {
		return badGateway(&functionError{s.Status, functionMessage(f.Payload), s.RequestID})
	}
	if _, ok := errors.AsType[*lambda.Error](err); ok {
		return invokeFault(err)
	}
	if errors.Is(err, errMetadata) {
		return integration.Misconfigured(&worded{malformed, err})
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return integration.TimedOut(err)
	}
	return integration.Unreachable(err)
}

var errMetadata = errors.New("a streamed answer begins with the JSON of its status and headers and 8 zero bytes, within 16 KB")

// readMetadata reads up to the delimiter. rest is what was read beyond it.
func readMetadata(from io.Reader) (head, rest []byte, err error) {
	buf := make([]byte, 0, 2<<10)
	for {
		if len(buf) == cap(buf) {
			buf = append(make([]byte, 0, min(2*cap(buf), maxMetadata)), buf...)
		}
		n, err := from.Read(buf[len(buf):cap(buf)])
		searched := max(len(buf)-len(delimiter), 0)
		buf = buf[:len(buf)+n]
		if i := bytes.Index(buf[searched:], delimiter); i >= 0 {
			i += searched
			return buf[:i], buf[i+len(delimiter):], nil
		}
		switch {
		case err == io.EOF, err == nil && len(buf) == maxMetadata:
			return nil, nil, errMetadata
		case err != nil:
			return nil, nil, err
		}
	}
}

// parseMetadata reads statusCode, headers, multiValueHeaders and cookies; any
// other key is an error. A Content-Length among the headers is the body's
// length, else that is unknown: -1.
func parseMetadata(doc []byte) (o *output, length int64, err error) {
	o = &output{status: 200}
	var cookies []outputField
	p := jsonReader{rest: doc}
	err = p.object(func(key []byte) error {
		if string(key) != "cookies" {
			return o.readHead(&p, key)
		}
		cookies = cookies[:0]
		return p.nullable(func() error {
			return p.array(func() error {
				value, null, err := p.scalar()
				if err != nil || null {
					return err
				}
				return add(&cookies, []byte("Set-Cookie"), value)
			})
		})
	})
	if err == nil && !p.done() {
		err = errJSON
	}
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", errMetadata, err)
	}
	o.multi = append(o.multi, cookies...)
	length, err = o.takeLength()
	return o, length, err
}

// takeLength takes the fields that frame a body off the output.
func (o *output) takeLength() (length int64, err error) {
	length = -1
	for _, list := range []*[]outputField{&o.multi, &o.headers} {
		kept := (*list)[:0]
		for _, f := range *list {
			if equalFold(f.name, "Content-Length") {
				if length, err = strconv.ParseInt(string(f.value), 10, 63); err != nil || length < 0 {
					return 0, fmt.Errorf("%w: Content-Length %q", errMetadata, f.value)
				}
				continue
			}
			if !equalFold(f.name, "Transfer-Encoding") {
				kept = append(kept, f)
			}
		}
		*list = kept
	}
	return length, nil
}
