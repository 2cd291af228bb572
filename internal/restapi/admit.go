package restapi

import (
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/throttle"
	"github.com/gatehouse/gatehouse/internal/usageplan"
)

// limitOf is what a stage's settings for a method limit it to. -1 removes a
// limit, and the values that nobody set are those of an AWS account (recorded
// on AWS), which doesn't limit anything here. A burst that is not limited is an
// account's, since a bucket needs a size.
func limitOf(s *apigw.MethodSetting) (l throttle.Limit, limited bool) {
	if s.ThrottlingRateLimit == serving.NoLimit || s.ThrottlingRateLimit == serving.DefaultRate && (s.ThrottlingBurstLimit == serving.DefaultBurst || s.ThrottlingBurstLimit == serving.NoLimit) {
		return l, false
	}
	l = throttle.Limit{Rate: s.ThrottlingRateLimit, Burst: s.ThrottlingBurstLimit}
	if l.Burst == serving.NoLimit {
		l.Burst = serving.DefaultBurst
	}
	return l, true
}

// limit finds m's bucket. Settings for all methods give each its own (developer
// guide, "Throttle requests to your REST APIs"); a canary shares its stage's.
func (c *compiler) limit(m *method) {
	if c.env == nil || len(c.settings) == 0 {
		return
	}
	setting, set := c.settingOf(m)
	l, limited := limitOf(&setting)
	if !set || !limited {
		return
	}
	limiter, release := c.env.Limit("stage/"+string(c.out.apiID)+"/"+string(c.out.name)+"/"+m.place(), l)
	m.limiter = limiter
	c.out.observe.OnClose(release)
}

var throttled = &exchange.Fault{Kind: exchange.Throttled}

// admit lets the request in, unless it needs an API key and has none, or its
// key's usage plan or the method had too many: in that order (developer guide,
// "Throttle requests to your REST APIs"). What the method refuses, the plan's
// quota doesn't count.
func (r *request) admit() *exchange.Fault {
	if r.route.needsKey {
		if f := r.findKey(); f != nil {
			return f
		}
	} else if r.exec != nil && r.exec.info && !r.exec.trial {
		r.exec.verifying(r, nil)
	}
	f, decided := (*exchange.Fault)(nil), false
	if ledger := r.stage.env.Ledger; ledger.Up() {
		f, decided = r.admitTogether(ledger)
	}
	if !decided {
		f = r.admitHere()
	}
	if f != nil || r.exec == nil {
		return f
	}
	return r.exec.started(r)
}

// admitHere decides by what this node knows.
func (r *request) admitHere() *exchange.Fault {
	if r.route.needsKey {
		asked := r.planRequest()
		if f := r.planned(r.key.use.Take(&asked)); f != nil {
			return f
		}
	}
	l := &r.route.limiter
	if !l.On() {
		return nil
	}
	admitted := r.stage.env.Take(l, r.start)
	if !admitted && r.route.needsKey {
		r.key.use.GiveBack()
	}
	return r.limited(l, admitted)
}

// admitTogether asks for what all nodes know, and does so only where this one
// doesn't know the answer. Not decided: there is nothing to ask, or no answer.
func (r *request) admitTogether(ledger *tally.Ledger) (f *exchange.Fault, decided bool) {
	l := &r.route.limiter
	ask := tally.Ask{Now: serving.ClockAt(r.start), Method: l.Gate}
	var plan *throttle.Limit
	if r.route.needsKey {
		asked := r.planRequest()
		v, limit := r.key.use.Prepare(&asked, &ask)
		if v != usageplan.Admitted {
			return r.planned(v, limit), true
		}
		plan = limit
	}
	if !l.Gate.Open(ask.Now) {
		return r.limited(l, false), true
	}
	if ask.Empty() {
		return nil, false
	}
	v, ok := ledger.Admit(&ask)
	if !ok {
		return nil, false
	}
	if r.route.needsKey {
		r.key.use.Settled(v, &ask)
		if f := r.planned(planVerdicts[v], plan); f != nil {
			return f, true
		}
	}
	if !l.On() {
		return nil, true
	}
	return r.limited(l, v == tally.Admitted), true
}

// planVerdicts are what all nodes' limits say of a plan's.
var planVerdicts = [...]usageplan.Verdict{
	tally.Admitted: usageplan.Admitted, tally.PlanThrottled: usageplan.Throttled, tally.OverQuota: usageplan.OverQuota, tally.MethodThrottled: usageplan.Admitted,
}

// limited tells what the method's own limit said.
func (r *request) limited(l *serving.Limiter, admitted bool) *exchange.Fault {
	l.Decide(r.x, "method", admitted)
	if admitted {
		return nil
	}
	if r.exec != nil && r.exec.info {
		r.exec.throttled(r, l)
	}
	return throttled
}

// throttled adds that the method's limit refuses the request, in the words that
// AWS has for a key's limit (seen on AWS); its words for a method's aren't known.
func (e *execution) throttled(r *request, l *serving.Limiter) { e.overLimit("Method", r, l.Limit) }

func (e *execution) overLimit(whose string, r *request, l throttle.Limit) {
	e.say(whose + " throttle limit exceeded for RestApi " + string(r.stage.apiID) + ", Stage " + string(r.stage.name) + ", Resource " + string(r.route.resource.id) +
		", HttpMethod " + r.httpMethod + ". Limit: " + strconv.FormatFloat(l.Rate, 'f', 2, 64) + " Burst: " + strconv.Itoa(l.Burst))
}
