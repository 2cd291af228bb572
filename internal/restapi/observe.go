package restapi

import (
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// observation is what a stage records of its requests. All of it is found at
// deployment; what is nil is off.
type observation struct {
	serving.Observation
	phases    bool // the access log reads how long authorization took
	execution *telemetry.Group
}

// methodObservation is what is recorded of one method besides.
type methodObservation struct {
	metrics *telemetry.Series // detailed metrics; nil: off
	log     executionLevel
	data    bool // dataTraceEnabled
}

// executionLevel is how much of a method's requests the execution log has.
type executionLevel uint8

const (
	logOff executionLevel = iota
	logErrors
	logInfo
)

// observeStage compiles the stage's access log and finds its metrics.
func (c *compiler) observeStage() {
	o := &c.out.observe
	if c.env != nil && c.trial == nil {
		o.Metrics = o.Series(c.env.Env, telemetry.Dimensions{API: c.apiName(), Stage: c.seen(string(c.out.name))})
	}
	c.meter()
	var env *serving.Env
	if c.env != nil {
		env = c.env.Env
	}
	o.AccessLog(env, c.stage, telemetry.CompileFormat, c.seen, &c.problems)
	o.phases = o.Format != nil && o.Format.Reads(isPhase)
}

// meter finds what the stage's requests are billed to.
func (c *compiler) meter() {
	if c.env == nil || c.stage == nil || c.trial != nil {
		return
	}
	cache := ""
	if c.stage.CacheClusterEnabled {
		cache = c.stage.CacheClusterSize
	}
	c.out.observe.Bill(c.env.Env, apigw.MeteredPlace{Scope: c.out.scope, API: c.out.apiID, Stage: c.out.name}, cache)
}

func (c *compiler) apiName() string {
	return telemetry.APIName(c.def.API.Name, string(c.def.API.ID))
}

// observeMethod finds what the stage's settings say of m.
func (c *compiler) observeMethod(m *method) {
	if c.stage == nil || c.env == nil {
		return
	}
	s, _ := c.settingOf(m)
	if s.MetricsEnabled {
		m.observe.metrics = c.out.observe.Series(c.env.Env, telemetry.Dimensions{
			API: c.apiName(), Stage: c.seen(string(c.out.name)), Resource: m.resource.path, Method: string(m.verb),
		})
	}
	m.observe.log = map[string]executionLevel{"ERROR": logErrors, "INFO": logInfo}[s.LoggingLevel]
	m.observe.data = s.DataTraceEnabled
	if m.observe.log != logOff && c.out.observe.execution == nil {
		c.out.observe.execution = c.out.observe.Group(c.env.Env, c.seen(telemetry.ExecutionGroup(string(c.out.apiID), string(c.out.name))))
	}
}

// settingOf are the stage's settings for one method: its own, else those of
// all methods. A logging level that was never set is taken from those of all.
// False: the stage has none for it.
func (c *compiler) settingOf(m *method) (s apigw.MethodSetting, set bool) {
	all, own := c.settings["*/*"], c.settings[plainKey(m.resource.path+"/"+string(m.verb))]
	switch {
	case own == nil && all == nil:
		return s, false
	case own == nil:
		return *all, true
	}
	s = *own
	if s.LoggingLevel == "" && all != nil {
		s.LoggingLevel = all.LoggingLevel
	}
	return s, true
}

// plainKey is a method setting's key without its escapes: "~1pets~1{id}/GET"
// and "pets/{id}/GET" are the same method.
func plainKey(key string) string {
	return strings.TrimPrefix(strings.NewReplacer("~1", "/", "~0", "~").Replace(key), "/")
}

// callBegins notes that an integration is being called.
func (r *request) callBegins(kind apigw.IntegrationType, target string) {
	r.x.Outcome.Integration.Begin(r.x, string(kind), target)
}

// callEnded notes the service's status and its name for the call; 0 and empty
// when it gave none.
func (r *request) callEnded(status int, requestID string) {
	r.x.Outcome.Integration.End(r.x, status, requestID)
}

// record writes down how the request went, once its last byte is out.
func (r *request) record(x *exchange.Exchange) {
	o := &r.stage.observe
	if o.Access == nil && o.Metrics == nil && o.Meter == nil && r.exec == nil {
		return
	}
	o.Bills(x, r.key.id)
	ended := r.stage.env.Time()
	if o.Metrics != nil {
		r.count(o, ended)
	}
	if r.exec != nil {
		r.exec.end(r)
	}
	r.scratch = o.Log(x, ended, r.scratch)
}

func (r *request) count(o *observation, ended time.Time) {
	latency, integration := serving.Latencies(r.x, ended)
	if r.x.Received.IsZero() {
		latency = ended.Sub(r.received())
	}
	o.Metrics.Count(r.x.Response.Status, latency, integration)
	cached := r.x.Outcome.Cache
	if cached != "" {
		o.Metrics.CountCache(cached == exchange.CacheHit)
	}
	if r.route != nil && r.route.observe.metrics != nil {
		r.route.observe.metrics.Count(r.x.Response.Status, latency, integration)
		if cached != "" {
			r.route.observe.metrics.CountCache(cached == exchange.CacheHit)
		}
	}
}

// functionName is what a function is called in logs: its name, where function
// is an ARN.
func functionName(function string) string {
	if name, err := lambda.ParseName(function); err == nil {
		return name.Name
	}
	return function
}
