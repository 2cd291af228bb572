package vpclink

import (
	"bytes"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// visit is one call on its way to a target. It is reused.
type visit struct {
	x     *exchange.Exchange
	place *place
	route *route
	call  *http1.Call
	req   *http1.ClientRequest
	resp  *http1.ClientResponse
	began time.Time

	rule    *rule
	group   *group // that was chosen; nil: none yet
	looked  bool   // seen is filled
	seen    seen
	choice  balance.Call
	scratch []byte
}

var visits = sync.Pool{New: func() any { return new(visit) }}

// begin readies v for a call.
func (v *visit) begin(x *exchange.Exchange, p *place, r *route, call *http1.Call, req *http1.ClientRequest, resp *http1.ClientResponse) {
	v.x, v.place, v.route, v.call, v.req, v.resp, v.began = x, p, r, call, req, resp, time.Now()
}

// end gives v back.
func (v *visit) end() {
	*v = visit{scratch: v.scratch[:0]}
	visits.Put(v)
}

// source is who connects to the load balancer.
func (v *visit) source() netip.Addr { return v.route.knock.from }

// path is the path that is asked for.
func (v *visit) path() []byte {
	path, _, _ := bytes.Cut(v.req.Target, []byte("?"))
	return path
}

// look fills in what rules see.
func (v *visit) look() {
	if v.looked {
		return
	}
	v.looked = true
	path, query, _ := bytes.Cut(v.req.Target, []byte("?"))
	v.seen = seen{method: v.req.Method, host: hostOf(v.req.Host), path: normalPath(path), query: query, header: &v.req.Header, source: v.source()}
}

// hostOf is a host without its port.
func hostOf(host []byte) []byte {
	if at := bytes.LastIndexByte(host, ':'); at >= 0 && bytes.IndexByte(host[at:], ']') < 0 {
		return host[:at]
	}
	return host
}

// explains says that somebody wants to know what is decided.
func (v *visit) explains() bool { return v.x != nil && v.x.Explaining() }

func (v *visit) decide(step, result, why string) {
	if v.explains() {
		v.x.Decide(step, result, why)
	}
}

// noTarget says why no target of a group can take a call.
type noTarget struct{ result balance.Result }

func (e *noTarget) Error() string {
	if e.result == balance.Saturated {
		return "every target of the group has as much in flight as it takes"
	}
	return "the target group has no registered targets"
}

// Unwrap makes a saturated group a backend that is busy.
func (e *noTarget) Unwrap() error {
	if e.result == balance.Saturated {
		return integration.ErrBusy
	}
	return nil
}

// send calls a target of g, or of its overflow group: another one as long as no
// connection can be made, as nothing was sent then, and never again once
// something was.
func (v *visit) send(g *group, stick *balance.Target) (*member, error) {
	if err := v.req.Hold(); err != nil {
		return nil, err
	}
	v.call.Idle = v.idle()
	v.choice.Stick = stick
	began, last := v.began, error(nil)
	for {
		t, taker, result := g.take(&v.choice)
		if t == nil {
			if last != nil {
				return nil, last
			}
			return nil, &noTarget{result}
		}
		v.group = taker
		v.chose(t, result)
		if last != nil {
			began = time.Now()
		}
		m := memberOf(t)
		err := m.endpoint(v.dialect(m)).Do(v.call, v.req, v.resp)
		if err == nil {
			taker.answered(v.resp.Status, time.Since(began))
			t.Answered(v.resp.Status >= 500)
			return m, nil
		}
		t.Done()
		if !unsent(err) {
			if !clients(err) {
				t.Answered(true)
			}
			return nil, err
		}
		taker.unreachable()
		v.decide("target", t.Key, "no connection: "+err.Error())
		if last = err; !stopped(err) && !refused(err) {
			t.Unreachable()
		}
		if stopped(err) || !v.choice.Retry(t) {
			return nil, err
		}
	}
}

// idle is how long a target may send nothing; 0: until the call's deadline, which
// comes first.
func (v *visit) idle() time.Duration {
	if end := v.call.Deadline; !end.IsZero() && end.Sub(v.began) <= v.route.idle {
		return 0
	}
	return v.route.idle
}

// chose notes why a target was chosen.
func (v *visit) chose(t *balance.Target, result balance.Result) {
	if !v.explains() {
		return
	}
	why := "of target group " + string(v.group.arn)
	if result == balance.Open {
		why += ", which fails open: too few of its targets are healthy"
	}
	v.x.Decide("target", t.Key, why)
}

func (v *visit) dialect(m *member) *dialect {
	if m.secure {
		return v.route.secure
	}
	return v.route.plain
}

// unsent says that no connection to a target could be made.
func unsent(err error) bool {
	e, ok := errors.AsType[*http1.CallError](err)
	return ok && e.Phase <= http1.PhaseTLS
}

// refused says that a connection wasn't allowed: the target isn't to blame.
func refused(err error) bool {
	_, ok := errors.AsType[*integration.EgressError](err)
	return ok
}

// clients says that a call ended by its client, who hung up or whose body broke
// off: the target isn't to blame.
func clients(err error) bool {
	e, ok := errors.AsType[*http1.CallError](err)
	_, theirs := errors.AsType[*http1.StreamError](err)
	return theirs || ok && e.Cancelled
}

// stopped says that there is no time for another target, or nobody waits.
func stopped(err error) bool {
	e, ok := errors.AsType[*http1.CallError](err)
	return ok && (e.Timeout || e.Cancelled)
}
