package integration

import (
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// Call is the memory of one call to an HTTP backend, reused call after call.
// Make it with NewCall.
type Call struct {
	Request  http1.ClientRequest
	Response http1.ClientResponse

	bound  http1.Call
	visit  Visit  // of a call that a Router answers; nil: none
	cancel func() // bound.Cancel, made once so that no call makes it anew
}

// NewCall returns a Call ready for its first Do.
func NewCall() *Call {
	c := new(Call)
	c.cancel = c.bound.Cancel
	return c
}

// Do sends c.Request to b and appends the answer's whole body to body, all
// before the deadline. When too many calls to b are in flight, it waits a
// little for its turn; then the fault is Busy. The call ends at once when the
// client of x leaves.
// c.Response's head is valid until the next Do.
func (c *Call) Do(x *exchange.Exchange, b *Backend, deadline time.Time, body []byte) ([]byte, *exchange.Fault) {
	c.bound.Reset()
	c.bound.Deadline = deadline
	x.OnAbandon(c.cancel)
	body, err := c.exchange(x, b, body)
	x.OnAbandon(nil)
	if err != nil {
		return body, callFault(err)
	}
	return body, nil
}

func (c *Call) exchange(x *exchange.Exchange, b *Backend, body []byte) ([]byte, error) {
	if err := c.begin(x, b); err != nil {
		return body, err
	}
	body, err := c.Response.ReadAll(body, MaxBody)
	c.end(b)
	return body, err
}

// begin sends c.Request to b when it has room, and reads the head of the answer.
func (c *Call) begin(x *exchange.Exchange, b *Backend) (err error) {
	if b.router != nil {
		c.visit, err = b.router.Do(x, &c.bound, &c.Request, &c.Response)
		return err
	}
	if !b.gate.Enter(c.bound.Deadline) {
		return ErrBusy
	}
	if err = b.Do(&c.bound, &c.Request, &c.Response); err != nil {
		b.gate.Leave()
	}
	return err
}

// end ends what begin began.
func (c *Call) end(b *Backend) {
	c.Response.Close()
	switch {
	case b.router == nil:
		b.gate.Leave()
	case c.visit != nil:
		c.visit.End()
		c.visit = nil
	}
}

// Open is Do for an answer whose body is read from c.Response while it comes,
// all before the deadline. CloseStream ends it, and must be called when Open
// returns no fault.
func (c *Call) Open(x *exchange.Exchange, b *Backend, deadline time.Time) *exchange.Fault {
	c.bound.Reset()
	c.bound.Deadline = deadline
	x.OnAbandon(c.cancel)
	if err := c.begin(x, b); err != nil {
		x.OnAbandon(nil)
		return callFault(err)
	}
	return nil
}

// DoOrOpen is Do, but leaves an answer open whose body is announced to have more
// than most bytes: then it is Open, and opened is true. One announced to be
// larger than MaxBody is refused as Do refuses it.
func (c *Call) DoOrOpen(x *exchange.Exchange, b *Backend, deadline time.Time, body []byte, most int64) (read []byte, opened bool, f *exchange.Fault) {
	if f := c.Open(x, b, deadline); f != nil {
		return body, false, f
	}
	if n := c.Response.Length; n > most && n <= MaxBody {
		return body, true, nil
	}
	body, err := c.Response.ReadAll(body, MaxBody)
	c.CloseStream(x, b)
	if err != nil {
		return body, false, callFault(err)
	}
	return body, false, nil
}

// CancelStream makes a read of c.Response's body end. Any goroutine may call
// it.
func (c *Call) CancelStream() { c.cancel() }

// CloseStream ends what Open began. The connection to the backend is closed
// unless the body was read to its end.
func (c *Call) CloseStream(x *exchange.Exchange, b *Backend) {
	x.OnAbandon(nil)
	c.end(b)
}

// Reset readies c.Request for the next request and keeps its memory.
func (c *Call) Reset() {
	header := c.Request.Header
	header.Reset()
	c.Request = http1.ClientRequest{Header: header, Target: c.Request.Target[:0], Host: c.Request.Host[:0]}
}
