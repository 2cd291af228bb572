package serving

import (
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/metering"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// Observation is what a stage records of its requests. All of it is found at
// deployment; what is nil is off.
type Observation struct {
	Format  *telemetry.Format // of the access log
	Access  *telemetry.Group
	Metrics *telemetry.Series
	Meter   *metering.Meter

	closing []func()
}

// OnClose has release run when the stage is closed.
func (o *Observation) OnClose(release func()) { o.closing = append(o.closing, release) }

// Close gives back what the stage shares with others.
func (o *Observation) Close() {
	for _, release := range o.closing {
		release()
	}
	o.closing = nil
}

// Series is the series of those dimensions until o is closed; nil where nothing
// is counted.
func (o *Observation) Series(e *Env, of telemetry.Dimensions) *telemetry.Series {
	if e.Metrics == nil {
		return nil
	}
	s := e.Metrics.Acquire(of)
	o.OnClose(func() { e.Metrics.Release(s) })
	return s
}

// Group is the log group of that name until o is closed; nil where no logs are
// written.
func (o *Observation) Group(e *Env, name string) *telemetry.Group {
	if e.Logs == nil {
		return nil
	}
	g := e.Logs.Open(name)
	o.OnClose(g.Close)
	return g
}

// Bill finds what the stage's requests are billed to. The stage has a cache of
// that many GB; empty: none.
func (o *Observation) Bill(e *Env, place apigw.MeteredPlace, cache string) {
	if e.Meters == nil {
		return
	}
	o.Meter = e.Meters.Acquire(place, cache)
	o.OnClose(func() { e.Meters.Release(o.Meter) })
}

// AccessLog compiles the stage's access log. seen is the name that its group has
// here; e nil: it is only checked. AWS logs nothing either until it knows both
// the destination and the format.
func (o *Observation) AccessLog(e *Env, st *apigw.Stage, compile func(string) (*telemetry.Format, error), seen func(string) string, p *Problems) {
	if st == nil || st.AccessLog == nil || st.AccessLog.DestinationARN == "" || st.AccessLog.Format == "" {
		return
	}
	place := "stage " + string(st.Name)
	group, err := telemetry.GroupOf(st.AccessLog.DestinationARN)
	if err != nil {
		p.Refuse(place, "accessLogSettings destinationArn: "+err.Error())
		return
	}
	if o.Format, err = compile(st.AccessLog.Format); err != nil {
		p.Refuse(place, "accessLogSettings format: "+err.Error())
		return
	}
	for _, name := range o.Format.Unknown() {
		p.Warn(place, "accessLogSettings format: nothing is called $context."+name+"; it will read \"-\"")
	}
	if e != nil {
		o.Access = o.Group(e, seen(group))
	}
}

// Log writes the line of x, which ended at ended, with the help of scratch.
func (o *Observation) Log(x *exchange.Exchange, ended time.Time, scratch []byte) []byte {
	if o.Access == nil {
		return scratch
	}
	scratch = o.Format.Append(scratch[:0], x, ended)
	o.Access.Add(scratch, 1)
	return scratch
}

// Bills counts x for the bill; key is the API key it came with, or empty.
func (o *Observation) Bills(x *exchange.Exchange, key apigw.APIKeyID) {
	if o.Meter != nil && Charged(x.Outcome.Fault) {
		o.Meter.Count(key, x.Response.Sent)
	}
}

// Charged says whether AWS would charge for a request that ended with f: not
// for one that was refused for want of authorization or of a key, or for coming
// too often (re:Post, "will I get charged for these invalid API key, quota
// exceeded or throttled request errors"). To a REST API, one without a route is
// refused for want of a token; to an HTTP API it isn't charged for either.
func Charged(f *exchange.Fault) bool {
	if f == nil {
		return true
	}
	switch f.Kind {
	case exchange.AccessDenied, exchange.AuthorizerConfigurationError, exchange.AuthorizerFailure, exchange.ExpiredToken, exchange.InvalidAPIKey,
		exchange.InvalidSignature, exchange.MissingAuthenticationToken, exchange.QuotaExceeded, exchange.ResourceNotFound, exchange.Throttled, exchange.Unauthorized:
		return false
	}
	return true
}

// Latencies are how long x took until ended, and how long its integration;
// negative when none was called.
func Latencies(x *exchange.Exchange, ended time.Time) (latency, integration time.Duration) {
	integration = -1
	if i := &x.Outcome.Integration; !i.Ended.IsZero() {
		integration = i.Ended.Sub(i.Began)
	}
	return ended.Sub(x.Received), integration
}
