package websocketapi

import (
	"bytes"
	"errors"
	"strings"
	"unique"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/wsconn"
)

// Serve answers x, which is a client that connects, or a backend that reaches
// for a connection. It fills x.Response, or takes the connection over.
func (s *Stage) Serve(x *exchange.Exchange) {
	path := x.Address.StagePath
	switch id, ok := callbackOf(path); {
	case ok:
		s.callback(x, id)
	case x.Method == "POST" && isMany(path):
		s.many(x)
	case len(path) > 1:
		x.Decide("route", "none", "a WebSocket API has no paths behind its stage but @connections")
		Forbidden(x)
	default:
		s.connect(x)
	}
}

// connect lets a client in, or refuses it.
func (s *Stage) connect(x *exchange.Exchange) {
	e := s.newEvent()
	if x.RequestID[0] == 0 {
		serving.NewIDs(x)
	}
	e.X, e.kind, e.id = x, connectEvent, s.env.Hub.newID()
	e.Route = s.routes[connectKey]
	x.Address.DomainName = s.domainName(x)
	e.who = visitor{connected: e.start, ip: x.Client.IP, domain: unique.Make(x.Address.DomainName), agent: unique.Make(string(x.Header.GetKnown(http1.NameUserAgent)))}
	e.Query.Parse(x.Query)
	e.begin()
	x.OnEnd(func(*exchange.Exchange) { e.finish() })
	r, f := e.admit()
	if f == nil {
		f = e.accept(r)
	}
	if f != nil {
		e.failed(f)
		e.refuse(f)
	}
}

var (
	noHandshake = &exchange.Fault{Kind: exchange.BadRequestParameters}
	tooMany     = &exchange.Fault{Kind: exchange.Throttled}
	errHTTP2    = errors.New("the connection carries other requests, too")
)

// admit is the way of a client that connects, to what the integration answered.
func (e *Event) admit() (r reply, f *exchange.Fault) {
	defer e.guard(&f)
	r.status = 200
	if err := wsconn.CheckHandshake(e.X.Method, e.X.Header); err != nil || !e.X.CanHijack() {
		if err == nil {
			err = errHTTP2
		}
		e.X.Decide("handshake", "refused", err.Error())
		return r, noHandshake
	}
	route := e.Route
	e.X.Outcome.Resource = route.Key
	e.X.Decide("route", route.Key, "the client connects")
	if err := e.Stage.env.Hub.room(); err != nil { // before a backend hears of a client that can't stay
		return r, full(err)
	}
	if f := e.throttle(); f != nil {
		return r, f
	}
	if f := e.checkParameters(); f != nil {
		return r, f
	}
	if f := e.authorize(); f != nil {
		return r, f
	}
	if f := e.checkKey(); f != nil {
		return r, f
	}
	if route.backend == nil {
		return r, nil
	}
	e.Stage.observe.count(countConnects, route)
	return route.backend.call(e)
}

// checkParameters wants what the route requires of a client that connects.
func (e *Event) checkParameters() *exchange.Fault {
	for i := range e.Route.required {
		var ok bool
		if e.scratch, ok = e.Route.required[i].Append(e.scratch[:0], &e.input); !ok || len(e.scratch) == 0 {
			e.X.Decide("validate", "refused", e.Route.missing[i]+" is missing")
			return noHandshake
		}
	}
	return nil
}

// accept answers a client with 101 when its integration said 2xx, and makes it
// a connection; any other status is the client's answer.
func (e *Event) accept(r reply) *exchange.Fault {
	if r.status < 200 || r.status > 299 {
		e.X.Decide("connect", "refused", "the integration's status")
		return refusedStatus(r.status)
	}
	head, err := wsconn.Answer(e.X.Header, e.answerFields(r.header))
	if err != nil {
		return integration.Misconfigured(err)
	}
	c := &Connection{id: e.id, hub: e.Stage.env.Hub, place: e.Stage.place, visitor: e.who}
	if err := c.hub.add(c); err != nil {
		return full(err)
	}
	nc, early, gone, err := e.X.Hijack()
	if err != nil {
		c.hub.remove(c)
		return integration.Misconfigured(err)
	}
	c.gone = gone
	e.X.Response.Status = 101
	c.open(e.Stage, nc, head, early)
	return nil
}

// full is the fault of a client that comes when as many are connected as may.
func full(err error) *exchange.Fault { return &exchange.Fault{Kind: exchange.Throttled, Cause: err} }

// refusedStatus is the fault of a client whose integration answered status.
func refusedStatus(status int) *exchange.Fault {
	switch {
	case status == 401:
		return &exchange.Fault{Kind: exchange.Unauthorized}
	case status == 403:
		return &exchange.Fault{Kind: exchange.Forbidden}
	case status == 429:
		return tooMany
	case status < 400: // a redirection is not followed
		return &exchange.Fault{Kind: exchange.Default5XX, Status: status, Message: http1.Reason(status)}
	case status < 500:
		return &exchange.Fault{Kind: exchange.Default4XX, Status: status, Message: http1.Reason(status)}
	}
	return &exchange.Fault{Kind: exchange.Default5XX, Status: status}
}

// answerFields are the integration's fields that the 101 has: those of the
// handshake are the gateway's, but for a subprotocol, which must be one that the
// client offered: browsers drop the connection over any other.
func (e *Event) answerFields(from *http1.Header) *http1.Header {
	if from == nil {
		return nil
	}
	out := new(http1.Header)
	for i := range from.Len() {
		name, value := from.At(i)
		switch {
		case integration.OwnResponseField(from.KnownAt(i)), http1.NameContentType == from.KnownAt(i):
		case strings.EqualFold(string(name), subprotocol):
			if offered(e.X.Header, value) {
				out.AddField(from, i)
			}
		case len(name) > 14 && strings.EqualFold(string(name[:14]), "sec-websocket-"):
		default:
			out.AddField(from, i)
		}
	}
	return out
}

const subprotocol = "Sec-WebSocket-Protocol"

func offered(h *http1.Header, value []byte) bool {
	for i := h.Index(subprotocol, 0); i >= 0; i = h.Index(subprotocol, i+1) {
		_, list := h.At(i)
		for one := range bytes.SplitSeq(list, []byte{','}) {
			if bytes.Equal(bytes.TrimSpace(one), value) {
				return true
			}
		}
	}
	return false
}
