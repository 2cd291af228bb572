package websocketapi

import (
	"github.com/gatehouse/gatehouse/internal/exchange"
)

// disconnected tells the $disconnect route of a connection that is gone, once;
// what that answers is nobody's any more (developer guide, "The $disconnect
// route").
func (s *Stage) disconnected(c *Connection, code int, reason string) {
	route := s.routes[disconnectKey]
	if route == nil && s.observe.Access == nil {
		return
	}
	c.hub.telling <- struct{}{} // all may be gone at once
	defer func() { <-c.hub.telling }()
	e := s.newEvent()
	e.own(c, disconnectEvent)
	defer e.finish()
	e.Route, e.code, e.reason = route, code, reason
	e.X.Response.Status = 200
	if route == nil || route.backend == nil {
		return
	}
	e.X.Outcome.Resource = route.Key
	if f := e.tell(route); f != nil {
		e.failed(f)
		e.X.Response.Status = shown(f).status
	}
}

func (e *Event) tell(route *Route) (f *exchange.Fault) {
	defer e.guard(&f)
	if f := e.throttle(); f != nil {
		return f
	}
	_, f = route.backend.call(e)
	return f
}
