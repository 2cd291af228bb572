package restapi

import (
	"bytes"
	"context"
	"errors"
	"io"
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
		return integration.InvokeFault(err)
	}
	called.Status, called.RequestID = s.Status, s.RequestID
	closed := func(first time.Time, err error) {
		cancel()
		s.Close()
		p.leave()
		integration.StreamEnded(r.x, first, err)
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
	o, length, err := integration.ParseMetadata(head)
	if err != nil {
		return integration.Misconfigured(&worded{malformed, err})
	}
	r.codeStatus = o.Status
	called := &r.x.Outcome.Integration
	called.Headers = time.Now()
	if len(rest) > 0 {
		called.Content = called.Headers
		source.From = io.MultiReader(bytes.NewReader(rest), source.From)
	}
	if r.exec != nil {
		r.exec.streams(r, nil)
	}
	openOutput(o, r)
	integration.StreamBody(r.x, length, source)
	return nil
}

// streamFault is the fault for a function that came to no body: one that
// failed is 502 as in any proxy integration, one that didn't answer in the
// format 500.
func streamFault(s *lambda.Stream, err error) *exchange.Fault {
	if f, ok := errors.AsType[*lambda.Failure](err); ok {
		return badGateway(integration.NewFunctionError(s.Status, f.Payload, s.RequestID))
	}
	if _, ok := errors.AsType[*lambda.Error](err); ok {
		return integration.InvokeFault(err)
	}
	if errors.Is(err, integration.ErrMetadata) {
		return integration.Misconfigured(&worded{malformed, err})
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return integration.TimedOut(err)
	}
	return integration.Unreachable(err)
}

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
			return nil, nil, integration.ErrMetadata
		case err != nil:
			return nil, nil, err
		}
	}
}
