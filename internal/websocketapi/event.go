package websocketapi

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// kind is what an event is.
type kind uint8

const (
	connectEvent kind = iota
	messageEvent
	disconnectEvent
)

var kindNames = [...]string{"CONNECT", "MESSAGE", "DISCONNECT"}

type headerFields = http1.Header

// Event is a client that connects, a message, or a client that is gone, on its
// way through a stage, with the memory that the next event uses again.
type Event struct {
	X       *exchange.Exchange // its Vars are the Event; the edge's of a client that connects, else &mine
	Stage   *Stage
	Route   *Route // nil: none was found
	kind    kind
	id      connectionID
	from    *Connection  // nil: a client that connects
	message connectionID // the message's ID
	who     visitor
	body    []byte // the client's message

	mine  exchange.Exchange
	Query mapping.Query
	Trace []byte

	// Of a client that connects.
	keys   *sigv4.Credentials // what it signed with
	phases phases

	// Of one that is gone.
	code   int
	reason string

	problem    string // why nobody was let in, for logs
	validation string // $context.error.validationErrorString
	shown      string // what the client read of the fault

	start     time.Time
	input     mapping.Input
	read      bool // doc is what body says
	doc       *jsonpath.Value
	client    mapping.Body
	backend   mapping.Body
	rendering *mapping.Rendering
	rendered  bool
	context   eventContext
	call      *integration.Call
	signing   *integration.Signing
	answered  struct { // what selection expressions and templates read of the integration
		status int
		header *http1.Header
	}
	conditions serving.PolicyKeys
	event      []byte
	out        []byte
	scratch    []byte
	fields     http1.Header
	first      []int
}

// keepMemory is the most bytes of one buffer that stay with an event for the
// next one.
const keepMemory = 64 << 10

// newEvent is an event of s, which must be ended.
func (s *Stage) newEvent() *Event {
	e, ok := s.env.events.Get().(*Event)
	if !ok {
		e = &Event{call: integration.NewCall()}
	}
	e.Stage, e.start = s, s.env.Time()
	return e
}

// own readies e for an event without a request of its own.
func (e *Event) own(c *Connection, k kind) {
	x := &e.mine
	x.Begin(nil)
	e.X, e.kind, e.id, e.from, e.who = x, k, c.id, c, c.visitor
	x.Header, x.Protocol, x.Received = &noFields, "HTTP/1.1", e.start
	x.Client.IP = c.ip
	x.Address = exchange.Address{APIID: string(e.Stage.API), Stage: string(e.Stage.Name), DomainName: c.domain.Value()}
	x.Method, x.Path, x.Host = kindNames[k], []byte("/"+string(e.Stage.Name)), []byte(host(x.Address.DomainName))
	if e.Stage.env.Explain {
		x.Explain()
	}
	serving.NewIDs(x)
	if k == messageEvent {
		binary.LittleEndian.PutUint64(e.message[:], rand.Uint64())
		binary.LittleEndian.PutUint32(e.message[7:], rand.Uint32())
	}
	e.begin()
}

var noFields http1.Header

// begin readies what steps read of e.
func (e *Event) begin() {
	e.X.Vars = e
	e.Trace = serving.AppendRouteTrace(e.Trace[:0], e.X.Header.GetKnown(http1.NameXAmznTraceID), e.start)
	e.input = mapping.Input{X: e.X, Query: &e.Query, Trace: e.Trace}
}

// finish writes down how e went and gives its memory to the next one.
func (e *Event) finish() {
	e.record()
	if e.X == &e.mine {
		if done := e.Stage.env.Done; done != nil {
			done(e.X)
		}
		e.mine.End()
	}
	stage := e.Stage
	for _, b := range []*[]byte{&e.body, &e.event, &e.out, &e.scratch} {
		if cap(*b) > keepMemory {
			*b = nil
		}
	}
	e.client.Set(nil)
	e.backend.Set(nil)
	if e.rendered {
		e.rendering.Begin(nil, nil, nil)
	}
	e.X.Vars = nil
	*e = Event{
		body: e.body[:0], mine: e.mine, Query: e.Query, Trace: e.Trace[:0], client: e.client, backend: e.backend, rendering: e.rendering,
		call: e.call, signing: e.signing, event: e.event[:0], out: e.out[:0], scratch: e.scratch[:0], fields: e.fields, first: e.first[:0],
	}
	stage.env.events.Put(e)
}

// guard makes a fault of a panic: the event fails, the process goes on.
func (e *Event) guard(f **exchange.Fault) {
	if p := recover(); p != nil {
		if log := e.Stage.env.Logger; log != nil {
			log.Error("an event broke its stage", "api", string(e.Stage.API), "stage", string(e.Stage.Name), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
		*f = integration.Misconfigured(errors.New("a step broke"))
	}
}

// document is the client's message as JSON; nil when it is no JSON.
func (e *Event) document() *jsonpath.Value {
	if !e.read {
		e.read = true
		if len(e.body) > 0 {
			e.client.Set(e.body)
			e.input.Body = &e.client
			e.doc, _ = e.client.JSON()
		}
	}
	return e.doc
}

// failed notes f and tells an operator why; a client's mistakes are not logged.
func (e *Event) failed(f *exchange.Fault) {
	e.X.Failed(f)
	log := e.Stage.env.Logger
	if !e.Stage.busyTold.Logs(log, f, e.start) {
		return
	}
	log.LogAttrs(e.X.Context(), slog.LevelWarn, "event failed",
		slog.String("api", string(e.Stage.API)), slog.String("stage", string(e.Stage.Name)), slog.String("route", e.routeKey()),
		slog.String("connectionId", e.id.String()), slog.String("requestId", string(e.X.ExtendedID[:])), slog.String("kind", string(f.Kind)), slog.Any("cause", f.Cause))
}

func (e *Event) routeKey() string {
	switch {
	case e.Route != nil:
		return e.Route.Key
	case e.kind == connectEvent:
		return connectKey
	case e.kind == disconnectEvent:
		return disconnectKey
	}
	return ""
}

// caller is e as the calls that are made for it see it.
func (e *Event) caller() *integration.Client {
	return &integration.Client{
		X: e.X, Scope: e.Stage.scope, ID: string(e.X.ExtendedID[:]), Trace: e.Trace,
		Who: e.who.caller, Signed: e.keys, Context: e.policyKeys(),
	}
}

func (e *Event) policyKeys() *serving.PolicyKeys {
	e.conditions = serving.PolicyKeys{X: e.X, At: e.start, Region: e.Stage.scope.Region, Caller: e.who.caller}
	return &e.conditions
}

const clfTime = "02/Jan/2006:15:04:05 -0700"

// AppendVariable implements exchange.Variables.
func (e *Event) AppendVariable(dst []byte, x *exchange.Exchange, v exchange.Variable) ([]byte, bool) {
	s := e.Stage
	switch v.Name {
	case exchange.VarAccountID:
		return append(dst, s.scope.Account...), true
	case exchange.VarAPIID:
		return append(dst, s.API...), true
	case exchange.VarStage:
		return append(dst, s.Name...), true
	case exchange.VarRouteKey:
		key := e.routeKey()
		return append(dst, key...), key != ""
	case exchange.VarDomainName:
		return append(dst, x.Address.DomainName...), true
	case exchange.VarRequestID, exchange.VarExtendedRequestID:
		return append(dst, x.ExtendedID[:]...), true
	case exchange.VarRequestTime:
		return e.start.UTC().AppendFormat(dst, clfTime), true
	case exchange.VarRequestTimeEpoch:
		return strconv.AppendInt(dst, e.start.UnixMilli(), 10), true
	case exchange.VarIdentitySourceIP:
		return mapping.AppendClientIP(dst, x), true
	case exchange.VarIdentityUserAgent:
		agent := e.who.agent.Value()
		return append(dst, agent...), agent != ""
	case exchange.VarAuthorizer:
		return e.appendAuthorizerVariable(dst, v.Key)
	case exchange.VarIdentityAPIKey:
		if e.who.key != nil {
			return append(dst, e.who.key.value...), true
		}
	case exchange.VarIdentityAPIKeyID:
		if e.who.key != nil {
			return append(dst, e.who.key.id...), true
		}
	case exchange.VarStatus:
		return strconv.AppendInt(dst, int64(x.Response.Status), 10), true
	default:
		if exchange.VarConnectedAt <= v.Name && v.Name <= exchange.VarMessageID {
			return e.appendConnectionVariable(dst, v.Name)
		}
		if v.Name > exchange.VarUnset {
			return e.appendOutcome(dst, v.Name)
		}
		return serving.AppendCaller(dst, e.who.caller, v.Name)
	}
	return dst, false
}

func (e *Event) appendConnectionVariable(dst []byte, v exchange.VariableName) ([]byte, bool) {
	switch v {
	case exchange.VarConnectedAt:
		return strconv.AppendInt(dst, e.who.connected.UnixMilli(), 10), true
	case exchange.VarConnectionID:
		return e.id.append(dst), true
	case exchange.VarEventType:
		return append(dst, kindNames[e.kind]...), true
	case exchange.VarMessageDirection:
		return append(dst, "IN"...), true
	case exchange.VarMessageID:
		if e.kind != messageEvent {
			return dst, false
		}
		return e.message.append(dst), true
	case exchange.VarDisconnectStatus:
		return strconv.AppendInt(dst, int64(e.code), 10), e.kind == disconnectEvent
	case exchange.VarDisconnectReason:
		return append(dst, e.reason...), e.kind == disconnectEvent
	}
	return dst, false
}

// appendOutcome appends how the event went.
func (e *Event) appendOutcome(dst []byte, v exchange.VariableName) ([]byte, bool) {
	if exchange.VarAuthenticateError <= v && v <= exchange.VarAuthorizerStatus {
		return e.appendPhase(dst, v)
	}
	switch v {
	case exchange.VarErrorMessage:
		return append(dst, e.shown...), e.shown != ""
	case exchange.VarErrorMessageString:
		return jsonpath.AppendText(dst, e.shown), e.shown != ""
	case exchange.VarErrorValidation:
		return append(dst, e.validation...), e.validation != ""
	case exchange.VarErrorResponseType:
		f := e.X.Outcome.Fault
		if f == nil {
			return dst, false
		}
		return append(dst, f.Kind...), true
	case exchange.VarIntegrationStatus:
		status := e.X.Outcome.Integration.Status
		return strconv.AppendInt(dst, int64(status), 10), status != 0
	}
	return dst, false
}

func (e *Event) appendAuthorizerVariable(dst []byte, key string) ([]byte, bool) {
	a := e.who.answer
	if a == nil {
		return dst, false
	}
	if key == "principalId" {
		return append(dst, a.PrincipalID...), true
	}
	v, ok := a.Value(key)
	return append(dst, v...), ok
}

// organization is the one of who signed; empty: none.
func organization(c *identity.Caller) string {
	if c.Organization == nil {
		return ""
	}
	return c.Organization.ID
}
