package websocketapi

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// observation is what a stage records of its events.
type observation struct {
	serving.Observation
	sockets   *socketSeries    // nil: nothing is counted
	execution *telemetry.Group // nil: no route logs its execution
}

type socketSeries = telemetry.SocketSeries

// counted is one of the metrics of a WebSocket API.
type counted = telemetry.SocketCount

const (
	countConnects = telemetry.ConnectCount
	countMessages = telemetry.MessageCount
)

// count counts for the stage and, with detailed metrics, for the route; nil:
// none is known.
func (o *observation) count(what counted, route *Route) {
	if o.sockets != nil {
		o.sockets.Count(what)
	}
	if route != nil && route.detailed != nil {
		route.detailed.Count(what)
	}
}

func (c *compiler) observeStage() {
	o := &c.out.observe
	var env *serving.Env
	if c.env != nil {
		env = c.env.Env
		if c.stage != nil {
			o.Bill(env, apigw.MeteredPlace{Scope: c.out.scope, API: c.out.API, Stage: c.out.Name}, "")
		}
		o.sockets = c.series("")
		all := serving.RouteSettings(c.stage, "")
		c.out.callbacks = c.limiter("@connections", &all)
	}
	c.executionLog()
	o.AccessLog(env, c.stage, telemetry.CompileConnectionFormat, func(group string) string { return group }, &c.problems)
}

// executionLog opens the stage's execution log when one of its settings asks for
// it, under the name that AWS gives it.
func (c *compiler) executionLog() {
	if c.stage == nil || c.stage.Routes == nil {
		return
	}
	defaults := serving.RouteSettings(c.stage, "")
	c.out.logging = loggingOf(&defaults)
	on := c.out.logging.level != logOff
	for key := range c.stage.Routes.Settings {
		s := serving.RouteSettings(c.stage, key)
		on = on || loggingOf(&s).level != logOff
	}
	if on && c.env != nil {
		c.out.observe.execution = c.out.observe.Group(c.env.Env, "/aws/apigateway/"+string(c.out.API)+"/"+string(c.out.Name))
	}
}

// series is the stage's, or a route's.
func (c *compiler) series(route string) *socketSeries {
	m := c.env.Metrics
	if m == nil {
		return nil
	}
	s := m.AcquireSockets(telemetry.Dimensions{Routes: true, API: string(c.out.API), Stage: string(c.out.Name), Resource: route})
	c.out.observe.OnClose(func() { m.ReleaseSockets(s) })
	return s
}

// observeRoute finds a route's limit and its metrics.
func (c *compiler) observeRoute(r *Route) {
	if c.env == nil {
		return
	}
	s := serving.RouteSettings(c.stage, r.Key)
	r.logging = loggingOf(&s)
	if s.DetailedMetrics {
		r.detailed = c.series(r.Key)
	}
	r.limiter = c.limiter(r.Key, &s)
}

// limiter is the bucket that settings give to what has that name.
func (c *compiler) limiter(name string, s *apigw.RouteSettings) serving.Limiter {
	l, limited := serving.RouteLimit(s)
	if !limited {
		return serving.Limiter{}
	}
	limiter, release := c.env.Limit("stage/"+string(c.out.API)+"/"+string(c.out.Name)+"/"+name, l)
	c.out.observe.OnClose(release)
	return limiter
}

// throttle lets the event in unless its route had too many.
func (e *Event) throttle() *exchange.Fault {
	l := &e.Route.limiter
	if !l.On() {
		return nil
	}
	admitted := e.Stage.env.Admit(l, e.start)
	l.Decide(e.X, "route", admitted)
	if !admitted {
		return tooMany
	}
	return nil
}

// billed says whether messages of the event are charged for. Events without
// messages aren't: AWS charges for connections by the minute.
func (e *Event) billed() bool {
	return e.Stage.observe.Meter != nil && serving.Charged(e.X.Outcome.Fault)
}

// record writes down how the event went.
func (e *Event) record() {
	o := &e.Stage.observe
	if o.sockets != nil {
		e.recordMetrics(o.sockets)
		if e.Route != nil && e.Route.detailed != nil {
			e.recordMetrics(e.Route.detailed)
		}
	}
	if e.kind == messageEvent && e.billed() {
		o.Meter.Received(len(e.body))
	}
	e.logExecution()
	if o.Access != nil {
		e.scratch = o.Log(e.X, e.Stage.env.Time(), e.scratch)
	}
}

// recordMetrics counts what became of the event (developer guide, "Monitor
// WebSocket API execution with CloudWatch metrics").
func (e *Event) recordMetrics(s *socketSeries) {
	called := &e.X.Outcome.Integration
	if !called.Ended.IsZero() {
		s.Latency(called.Ended.Sub(called.Began))
		if called.Status >= 400 {
			s.Count(telemetry.IntegrationError)
		}
	}
	f := e.X.Outcome.Fault
	switch {
	case f == nil:
	case called.Type != "":
		s.Count(telemetry.ExecutionError)
	case shown(f).status < 500:
		s.Count(telemetry.ClientError)
	default:
		s.Count(telemetry.ExecutionError)
	}
}
