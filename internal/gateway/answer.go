package gateway

import (
	"fmt"
	"io"
	"runtime/debug"
	"sync"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/explain"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// answerer is where an answer goes: a connection of HTTP/1.1 or a stream of
// HTTP/2.
type answerer interface {
	Respond(status int, h *http1.Header, body []byte) error
	Start(status int, h *http1.Header, length int64) error
	Write(p []byte) (int, error)
	Flush() error
	Finish() error
	Answered() bool
	Sent() int64
}

// run fills x.Response. It returns the compiled stage that was used, which
// must be kept until the answer is complete.
func (g *Gateway) run(f *finder, x *exchange.Exchange) (ran *running) {
	g.cfg.REST.NewIDs(x)
	if g.cfg.Explain != ExplainNone {
		g.explain(x)
	}
	defer func() {
		if p := recover(); p != nil {
			g.panicked(x, p)
		}
	}()
	if g.cfg.Everything != nil {
		g.cfg.Everything(x)
		return nil
	}
	if s := f.find(g, x); s != nil {
		ran = s.serve(g, x)
	}
	return ran
}

// panicked answers for a stage that broke: the request fails, the gateway
// goes on.
func (g *Gateway) panicked(x *exchange.Exchange, p any) {
	g.log.Error("a request broke its stage", "api", x.Address.APIID, "stage", x.Address.Stage,
		"requestId", string(x.RequestID[:]), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if x.Response.Stream != nil {
		x.Response.Stream.Close()
	}
	x.Response.Stream = nil
	g.broken(x)
}

// finish sends x.Response and ends x.
func (g *Gateway) finish(x *exchange.Exchange, to answerer) {
	if x.Explaining() && asksWhy(x) {
		x.Response.Header.Set(explainField, explain.Header(x))
	}
	if err := answer(x, to); err != nil && !to.Answered() && !x.Hijacked() {
		g.unanswerable(x, err)
		answer(x, to)
	}
	if g.cfg.Done != nil {
		g.cfg.Done(x)
	}
	x.End()
}

// unanswerable replaces an answer that can't be put into a message: a status
// or a field that HTTP doesn't have.
func (g *Gateway) unanswerable(x *exchange.Exchange, err error) {
	g.log.Error("an answer can't be sent", "api", x.Address.APIID, "stage", x.Address.Stage,
		"requestId", string(x.RequestID[:]), "error", err)
	x.Response.Stream = nil
	g.broken(x)
}

// answer sends x.Response. When nothing could be sent, to isn't answered;
// else an error means that the answer broke off.
func answer(x *exchange.Exchange, to answerer) error {
	r := &x.Response
	if x.Hijacked() {
		return nil
	}
	var err error
	if r.Stream == nil {
		err = to.Respond(r.Status, &r.Header, r.Body)
	} else {
		if err = to.Start(r.Status, &r.Header, r.Length); err == nil {
			err = stream(to, r.Stream, r.Length < 0)
		}
		r.Stream.Close()
		if err == nil {
			err = to.Finish()
		}
	}
	r.Sent, r.Aborted = to.Sent(), err != nil
	return err
}

var copyBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// stream copies an answer's body as it comes. Eager sends every piece on at
// once: nobody knows when the next one comes.
func stream(to answerer, r io.Reader, eager bool) error {
	buf := copyBuffers.Get().(*[32 << 10]byte)
	defer copyBuffers.Put(buf)
	for {
		n, err := r.Read(buf[:])
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return err
			}
			if eager {
				if err := to.Flush(); err != nil {
					return err
				}
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
