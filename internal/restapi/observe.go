package restapi

import (
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/metering"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// observation is what a stage records of its requests. All of it is found at
// deployment; what is nil is off.
type observation struct {
	format    *telemetry.Format // of the access log
	access    *telemetry.Group
	phases    bool // the format reads how long authorization took
	execution *telemetry.Group
	metrics   *telemetry.Series
	meter     *metering.Meter
	close     []func()
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
	if c.env != nil && c.env.Metrics != nil && c.trial == nil {
		o.metrics = c.series(telemetry.Dimensions{API: c.apiName(), Stage: c.seen(string(c.out.name))})
	}
	c.meter()
	st := c.stage
	if st == nil || st.AccessLog == nil || st.AccessLog.DestinationARN == "" || st.AccessLog.Format == "" {
		return // AWS logs nothing either until it knows both
	}
	place := "stage " + string(st.Name)
	group, err := telemetry.GroupOf(st.AccessLog.DestinationARN)
	if err != nil {
		c.refuse(place, "accessLogSettings destinationArn: "+err.Error())
		return
	}
	if o.format, err = telemetry.CompileFormat(st.AccessLog.Format); err != nil {
		c.refuse(place, "accessLogSettings format: "+err.Error())
		return
	}
	for _, name := range o.format.Unknown() {
		c.warn(place, "accessLogSettings format: nothing is called $context."+name+"; it will read \"-\"")
	}
	o.phases = o.format.Reads(isPhase)
	o.access = c.group(c.seen(group))
}

// meter finds what the stage's requests are billed to.
func (c *compiler) meter() {
	if c.env == nil || c.env.Meters == nil || c.stage == nil || c.trial != nil {
		return
	}
	book, cache := c.env.Meters, ""
	if c.stage.CacheClusterEnabled {
		cache = c.stage.CacheClusterSize
	}
	m := book.Acquire(apigw.MeteredPlace{Scope: c.out.scope, API: c.out.apiID, Stage: c.out.name}, cache)
	c.out.observe.meter = m
	c.out.observe.close = append(c.out.observe.close, func() { book.Release(m) })
}

func (c *compiler) apiName() string {
	return telemetry.APIName(c.def.API.Name, string(c.def.API.ID))
}

func (c *compiler) series(of telemetry.Dimensions) *telemetry.Series {
	s, m := c.env.Metrics.Acquire(of), c.env.Metrics
	c.out.observe.close = append(c.out.observe.close, func() { m.Release(s) })
	return s
}

func (c *compiler) group(name string) *telemetry.Group {
	if c.env == nil || c.env.Logs == nil {
		return nil
	}
	g := c.env.Logs.Open(name)
	c.out.observe.close = append(c.out.observe.close, g.Close)
	return g
}

// observeMethod finds what the stage's settings say of m.
func (c *compiler) observeMethod(m *method) {
	if c.stage == nil || c.env == nil {
		return
	}
	s, _ := c.settingOf(m)
	if s.MetricsEnabled && c.env.Metrics != nil {
		m.observe.metrics = c.series(telemetry.Dimensions{
			API: c.apiName(), Stage: c.seen(string(c.out.name)), Resource: m.resource.path, Method: string(m.verb),
		})
	}
	m.observe.log = map[string]executionLevel{"ERROR": logErrors, "INFO": logInfo}[s.LoggingLevel]
	m.observe.data = s.DataTraceEnabled
	if m.observe.log != logOff && c.out.observe.execution == nil {
		c.out.observe.execution = c.group(c.seen(telemetry.ExecutionGroup(string(c.out.apiID), string(c.out.name))))
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
	i := &r.x.Outcome.Integration
	i.Type, i.Target, i.Began = string(kind), target, time.Now()
	if r.x.Explaining() {
		r.x.Decide("integration", i.Type+" "+target, "called")
	}
}

// callEnded notes the service's status and its name for the call; 0 and empty
// when it gave none.
func (r *request) callEnded(status int, requestID string) {
	i := &r.x.Outcome.Integration
	i.Ended, i.Status, i.RequestID = time.Now(), status, requestID
	if r.x.Explaining() {
		r.decideAnswered()
	}
}

// failed notes why a request ended early.
func (r *request) failed(f *exchange.Fault) {
	o := &r.x.Outcome
	o.Fault = f
	if o.Integration.Type != "" && f.Cause != nil {
		o.Integration.Error = f.Cause.Error()
	}
	if r.x.Explaining() {
		r.decideFault(f)
	}
}

// record writes down how the request went, once its last byte is out.
func (r *request) record(x *exchange.Exchange) {
	o := &r.stage.observe
	if o.access == nil && o.metrics == nil && o.meter == nil && r.exec == nil {
		return
	}
	if o.meter != nil && charged(x.Outcome.Fault) {
		o.meter.Count(r.key.id, x.Response.Sent)
	}
	ended := r.stage.env.Time()
	if o.metrics != nil {
		r.count(o, ended)
	}
	if r.exec != nil {
		r.exec.end(r)
	}
	if o.access != nil {
		r.scratch = o.format.Append(r.scratch[:0], x, ended)
		o.access.Add(r.scratch, 1)
	}
}

func (r *request) count(o *observation, ended time.Time) {
	latency, integration := ended.Sub(r.received()), time.Duration(-1)
	if i := &r.x.Outcome.Integration; !i.Ended.IsZero() {
		integration = i.Ended.Sub(i.Began)
	}
	o.metrics.Count(r.x.Response.Status, latency, integration)
	cached := r.x.Outcome.Cache
	if cached != "" {
		o.metrics.CountCache(cached == exchange.CacheHit)
	}
	if r.route != nil && r.route.observe.metrics != nil {
		r.route.observe.metrics.Count(r.x.Response.Status, latency, integration)
		if cached != "" {
			r.route.observe.metrics.CountCache(cached == exchange.CacheHit)
		}
	}
}

// charged says whether AWS would charge for a request that ended with f: not
// for one that was refused for want of authorization or of a key, or for coming
// too often (re:Post, "will I get charged for these invalid API key, quota
// exceeded or throttled request errors"). One without a route is refused for
// want of a token.
func charged(f *exchange.Fault) bool {
	if f == nil {
		return true
	}
	switch f.Kind {
	case exchange.AccessDenied, exchange.AuthorizerConfigurationError, exchange.AuthorizerFailure, exchange.ExpiredToken, exchange.InvalidAPIKey,
		exchange.InvalidSignature, exchange.MissingAuthenticationToken, exchange.QuotaExceeded, exchange.Throttled, exchange.Unauthorized:
		return false
	}
	return true
}

// functionName is what a function is called in logs: its name, where function
// is an ARN.
func functionName(function string) string {
	if name, err := lambda.ParseName(function); err == nil {
		return name.Name
	}
	return function
}
