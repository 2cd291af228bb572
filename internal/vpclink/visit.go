package vpclink

import (
	"errors"
	"io"

	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// visit is one call on its way to a target.
type visit struct {
	x     *exchange.Exchange
	place *place
	route *route
	call  *http1.Call
	req   *http1.ClientRequest
	resp  *http1.ClientResponse
}

// smallStream is which streams http1 reads before there is a connection: they
// couldn't be read again for another target.
const smallStream = 8 << 10

// hold reads a small stream.
func (v *visit) hold() error {
	if v.req.Stream == nil || v.req.Length < 0 || v.req.Length > smallStream {
		return nil
	}
	body := make([]byte, v.req.Length)
	if _, err := io.ReadFull(v.req.Stream, body); err != nil {
		return &http1.StreamError{Err: err}
	}
	v.req.Body, v.req.Stream = body, nil
	return nil
}

// send calls a target of g, and another one as long as no connection can be
// made: nothing was sent then.
func (v *visit) send(g *group) (integration.Visit, error) {
	if err := v.hold(); err != nil {
		return nil, err
	}
	var c balance.Call
	for {
		t, result := g.set.Take(&c)
		if t == nil {
			return v.none(result)
		}
		m := memberOf(t)
		err := m.endpoint(v.dialect(m)).Do(v.call, v.req, v.resp)
		if err == nil {
			t.Answered(v.resp.Status >= 500)
			return m, nil
		}
		t.Done()
		if !unsent(err) {
			t.Answered(true)
			return nil, err
		}
		if t.Unreachable(); !c.Retry(t) {
			return nil, err
		}
	}
}

func (v *visit) none(r balance.Result) (integration.Visit, error) {
	if r == balance.Saturated {
		return nil, integration.ErrBusy
	}
	v.resp.Answer(503, nil)
	return nil, nil
}

func (v *visit) dialect(m *member) *dialect {
	if m.secure {
		return v.route.secure
	}
	return v.route.plain
}

// unsent says that no connection to a target could be made, though there is time
// for another one.
func unsent(err error) bool {
	e, ok := errors.AsType[*http1.CallError](err)
	return ok && e.Phase <= http1.PhaseTLS && !e.Timeout && !e.Cancelled
}
