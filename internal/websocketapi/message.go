package websocketapi

import (
	"strings"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/schema"
	"github.com/gatehouse/gatehouse/internal/wsconn"
)

// serveMessage leads a message to its route and sends back what that answers,
// or why it can't.
func (e *Event) serveMessage() {
	defer e.finish()
	e.X.Response.Status = 200
	e.Stage.observe.count(countMessages, nil)
	r, f := e.dispatch()
	if f != nil {
		e.failed(f)
		how := shown(f)
		e.shown, e.X.Response.Status = how.text, how.status
		e.out = e.appendFrame(e.out[:0], how.text)
		r = reply{body: e.out}
	} else if r.none || e.Route == nil || !e.Route.twoWay {
		return
	}
	e.send(r.body)
}

// send hands a text to the connection. A client that doesn't read what waits
// for it is closed: answers that are left out would be worse.
func (e *Event) send(text []byte) {
	if e.from.left.Load() {
		return
	}
	conn := e.from.conn.Load()
	e.Stage.observe.count(countMessages, e.Route)
	e.X.Response.Sent = int64(len(text))
	switch err := conn.Send(text); {
	case err == wsconn.ErrFull:
		conn.Close(codePolicy, "messages are not read")
	case err == nil && e.billed():
		e.Stage.observe.Meter.Sent(1, len(text))
	}
}

// codePolicy ends the connection of a client that doesn't keep the rules (RFC
// 6455, 7.4.1).
const codePolicy = 1008

// dispatch is the way of a message.
func (e *Event) dispatch() (r reply, f *exchange.Fault) {
	defer e.guard(&f)
	if f := e.findRoute(); f != nil {
		return r, f
	}
	if f := e.throttle(); f != nil {
		return r, f
	}
	if f := e.validate(); f != nil {
		return r, f
	}
	return e.Route.backend.call(e)
}

var (
	noRoute     = &exchange.Fault{Kind: exchange.ResourceNotFound}
	invalidBody = &exchange.Fault{Kind: exchange.BadRequestBody}
)

// findRoute finds the route that the stage's expression names, else $default
// (developer guide, "Create routes for WebSocket APIs"). A message that is no
// JSON is $default's where the expression reads it. No message names a key that
// begins with a dollar.
func (e *Event) findRoute() *exchange.Fault {
	s := e.Stage
	if !s.selection.readsBody() || e.document() != nil {
		e.scratch = s.selection.append(e.scratch[:0], e)
		if key := string(e.scratch); !strings.HasPrefix(key, "$") {
			e.Route = s.routes[key]
		}
	}
	if e.Route == nil {
		e.Route = s.routes[defaultKey]
	}
	if e.Route == nil {
		e.X.Decide("route", "none", "no route has the key that the message names, and there is no $default")
		return noRoute
	}
	e.X.Outcome.Resource = e.Route.Key
	e.X.Decide("route", e.Route.Key, "by the message")
	return nil
}

// models are what a route's messages are held against.
type models struct {
	selection *selection // nil: $default's alone
	schemas   map[string]*schema.Schema
}

// validate holds the message against the route's model (developer guide,
// "Request validation for WebSocket APIs").
func (e *Event) validate() *exchange.Fault {
	m := e.Route.models
	if m == nil {
		return nil
	}
	key := defaultKey
	if m.selection != nil {
		e.scratch = m.selection.append(e.scratch[:0], e)
		key = string(e.scratch)
	}
	model := m.schemas[key]
	if model == nil {
		model = m.schemas[defaultKey]
	}
	doc := e.document()
	switch {
	case model == nil:
		e.validation = "no model has the key " + clip(key)
	case doc == nil:
		e.validation = "the message is no JSON"
	default:
		errors := model.Validate(doc)
		if len(errors) == 0 {
			return nil
		}
		e.validation = "[" + strings.Join(errors, ", ") + "]"
	}
	e.X.Decide("validate", "refused", e.validation)
	return invalidBody
}

// clip bounds what logs repeat of a message.
func clip(s string) string { return s[:min(len(s), 100)] }
