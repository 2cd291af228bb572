package httpapi

import (
	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// observeStage compiles the stage's access log and finds its metrics (developer
// guide, "Monitor CloudWatch metrics for HTTP APIs").
func (c *compiler) observeStage() {
	o := &c.out.observe
	var env *serving.Env
	if c.env != nil {
		env = c.env.Env
		o.Metrics = o.Series(env, c.dimensions(""))
		if c.stage != nil {
			o.Bill(env, apigw.MeteredPlace{Scope: c.out.scope, API: c.out.API, Stage: c.out.Name}, "")
		}
	}
	o.AccessLog(env, c.stage, telemetry.CompileRouteFormat, func(group string) string { return group }, &c.problems)
}

func (c *compiler) dimensions(route string) telemetry.Dimensions {
	return telemetry.Dimensions{Routes: true, API: string(c.out.API), Stage: string(c.out.Name), Resource: route}
}

// checkSettings refuses what no route can be set to.
func (c *compiler) checkSettings(place string, s *apigw.RouteSettings) {
	if s == nil {
		return
	}
	if s.ThrottlingRateLimit != nil && *s.ThrottlingRateLimit < 0 || s.ThrottlingBurstLimit != nil && *s.ThrottlingBurstLimit < 0 {
		c.refuse(place, "throttling limits are not negative")
	}
	if s.DataTrace || s.LoggingLevel != "" && s.LoggingLevel != "OFF" {
		c.refuse(place, "dataTraceEnabled and loggingLevel are settings of WebSocket APIs: HTTP APIs have no execution log")
	}
}

// observeRoute finds a route's limit and its metrics.
func (c *compiler) observeRoute(r *Route) {
	if c.env == nil {
		return
	}
	s, o := serving.RouteSettings(c.stage, r.Key), &c.out.observe
	if s.DetailedMetrics {
		r.metrics = o.Series(c.env.Env, c.dimensions(r.Key))
	}
	l, limited := serving.RouteLimit(&s)
	if !limited {
		return
	}
	limiter, release := c.env.Limit("stage/"+string(c.out.API)+"/"+string(c.out.Name)+"/"+r.Key, l)
	r.limiter = limiter
	o.OnClose(release)
}

var throttled = &exchange.Fault{Kind: exchange.Throttled}

// throttle lets the request in unless its route had too many.
func (r *Request) throttle() *exchange.Fault {
	l := &r.Route.limiter
	if !l.On() {
		return nil
	}
	admitted := r.Stage.env.Admit(l, r.start)
	l.Decide(r.X, "route", admitted)
	if !admitted {
		return throttled
	}
	return nil
}

// record writes down how the request went, once its last byte is out.
func (r *Request) record(x *exchange.Exchange) {
	o := &r.Stage.observe
	if o.Access == nil && o.Metrics == nil && o.Meter == nil {
		return
	}
	o.Bills(x, "")
	ended := r.Stage.env.Time()
	if o.Metrics != nil {
		latency, integration := serving.Latencies(x, ended)
		bytes := r.processed(x)
		o.Metrics.Count(x.Response.Status, latency, integration)
		o.Metrics.CountData(bytes)
		if r.Route != nil && r.Route.metrics != nil {
			r.Route.metrics.Count(x.Response.Status, latency, integration)
			r.Route.metrics.CountData(bytes)
		}
	}
	r.scratch = o.Log(x, ended, r.scratch)
}

// processed is the data processed, in bytes: of the client's body and of the
// answer's. What else AWS counts isn't known.
func (r *Request) processed(x *exchange.Exchange) int64 {
	n := x.Response.Sent
	switch {
	case r.bodyRead:
		n += int64(len(r.body))
	case x.Body != nil && x.Body.Length() > 0:
		n += x.Body.Length()
	}
	return n
}
