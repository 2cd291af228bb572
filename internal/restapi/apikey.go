package restapi

import (
	"errors"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/throttle"
	"github.com/gatehouse/gatehouse/internal/usageplan"
)

// keySource is where an API's keys come from (developer guide, "Choose an API
// key source").
type keySource uint8

const (
	keyFromHeader     keySource = iota // x-api-key
	keyFromAuthorizer                  // usageIdentifierKey; a header is ignored
)

func (c *compiler) keySource() keySource {
	switch c.def.API.APIKeySource {
	case "", "HEADER":
		return keyFromHeader
	case "AUTHORIZER":
		return keyFromAuthorizer
	}
	c.refuse("API", fmt.Sprintf("apiKeySource %q is none that API Gateway has", c.def.API.APIKeySource))
	return keyFromHeader
}

// needsKey is a method's apiKeyRequired.
func (c *compiler) needsKey(place string, from *apigw.Method) bool {
	if from.APIKeyRequired && c.out.keyFrom == keyFromAuthorizer && from.AuthorizationType != "CUSTOM" {
		c.warn(place, "apiKeyRequired: the API's keys come from Lambda authorizers, and the method has none; every request will be answered with 403")
	}
	return from.APIKeyRequired
}

// keyUse is the API key that a request was sent with, once a method that needs
// one has checked it.
type keyUse struct {
	value []byte // as it was sent
	id    apigw.APIKeyID
	use   usageplan.Use
}

var (
	noKey     = &exchange.Fault{Kind: exchange.InvalidAPIKey}
	overQuota = &exchange.Fault{Kind: exchange.QuotaExceeded}

	errKeysUnknown = errors.New("the API keys aren't known yet: the store doesn't tell of them")
)

// findKey finds the usage plan of the stage that has the request's key.
func (r *request) findKey() *exchange.Fault {
	s, k := r.stage, &r.key
	value := r.keyValue()
	why := usageplan.Unknown
	if plans := s.env.Plans; plans != nil {
		k.use, why = plans.Find(value, usageplan.Stage{API: s.apiID, Stage: s.name})
	}
	if r.exec != nil && r.exec.info {
		r.exec.verifying(r, value)
	}
	if why != usageplan.NotRefused {
		return r.refuseKey(value, why)
	}
	k.value, k.id = value, k.use.Key
	return nil
}

func (r *request) planRequest() usageplan.Request {
	return usageplan.Request{
		Path: r.route.resource.path, Route: string(r.route.verb), Verb: r.httpMethod, Now: serving.ClockAt(r.start), Unix: r.start.Unix(),
	}
}

// planned tells what the key's plan said: its throttle first, then its quota.
func (r *request) planned(verdict usageplan.Verdict, limit *throttle.Limit) *exchange.Fault {
	if r.x.Explaining() {
		r.decidePlan(verdict, limit)
	}
	if verdict == usageplan.Admitted {
		return nil
	}
	if r.exec != nil && r.exec.info {
		r.exec.limited(r, verdict, limit)
	}
	if verdict == usageplan.OverQuota {
		return overQuota
	}
	return throttled
}

// keyValue is what the client says is its key.
func (r *request) keyValue() []byte {
	if r.stage.keyFrom == keyFromHeader {
		return r.x.Header.GetKnown(http1.NameXAPIKey)
	}
	if a := r.identity.answer; a != nil && a.UsageKey != "" {
		if r.exec != nil {
			r.exec.hideKey(a.UsageKey)
		}
		return []byte(a.UsageKey)
	}
	return nil
}

func (r *request) refuseKey(value []byte, why usageplan.Refusal) *exchange.Fault {
	if r.x.Explaining() {
		r.x.Decide("API key", "refused", refusals[why])
	}
	if r.exec != nil && r.exec.info {
		r.exec.keyRefused(r, value, why)
	}
	if why == usageplan.Unloaded {
		return &exchange.Fault{Kind: exchange.InvalidAPIKey, Cause: errKeysUnknown}
	}
	return noKey
}

var refusals = map[usageplan.Refusal]string{
	usageplan.Missing:   "the request has none",
	usageplan.Unknown:   "nobody has this one",
	usageplan.Unloaded:  errKeysUnknown.Error(),
	usageplan.Disabled:  "it is disabled",
	usageplan.NotInPlan: "no usage plan has both the key and the stage",
}

func (r *request) decidePlan(v usageplan.Verdict, l *throttle.Limit) {
	result := map[usageplan.Verdict]string{usageplan.Admitted: "admitted", usageplan.Throttled: "throttled", usageplan.OverQuota: "over the quota"}[v]
	why := "key " + string(r.key.id)
	if l != nil {
		why += fmt.Sprintf(": %g requests/s, burst %d", l.Rate, l.Burst)
	}
	r.x.Decide("usage plan "+string(r.key.use.Plan), result, why)
}

// verifying adds that a request's key is looked for.
func (e *execution) verifying(r *request, value []byte) {
	e.say("Verifying Usage Plan for request: " + string(e.id) + ". API Key: " + lastSix(string(value)) + " API Stage: " + e.stage(r))
}

// keyRefused adds why a key lets nobody in. The reasons at the line's end are
// AWS's for a stage without a plan and for a key without one (seen on AWS); what
// it says of others isn't known.
func (e *execution) keyRefused(r *request, value []byte, why usageplan.Refusal) {
	reason := "No Usage Plan found for key and API Stage"
	switch {
	case why == usageplan.Unloaded:
		reason = errKeysUnknown.Error()
	case r.stage.env.Plans == nil || !r.stage.env.Plans.HasPlan(usageplan.Stage{API: r.stage.apiID, Stage: r.stage.name}):
		reason = "API Stage is not in a Usage Plan"
	}
	e.say("API Key " + lastSix(string(value)) + " not authorized because method '" + r.route.place() +
		"' requires API Key and API Key is not associated with a Usage Plan for API Stage " + e.stage(r) + ": " + reason)
}

// limited adds that a key's plan refuses the request: for a throttle in AWS's
// words (seen on AWS); its words for a quota aren't known.
func (e *execution) limited(r *request, v usageplan.Verdict, l *throttle.Limit) {
	if v == usageplan.Throttled {
		e.overLimit("Key", r, *l)
		return
	}
	e.say("Key quota limit exceeded for RestApi " + string(r.stage.apiID) + ", Stage " + string(r.stage.name) + ", Resource " + string(r.route.resource.id) +
		", HttpMethod " + r.httpMethod)
}

// entitled adds that the request may go on, and with which key: in AWS's words,
// which name the method as it was defined (seen on AWS: 'ANY /{resource+}' for a
// GET).
func (e *execution) entitled(r *request) {
	if !r.route.needsKey {
		e.say("API Key  authorized because method '" + r.route.place() + "' does not require API Key. Request will not contribute to throttle or quota limits")
	}
	e.say("Usage Plan check succeeded for API Key " + lastSix(string(r.key.value)) + " and API Stage " + e.stage(r))
}

// keyed adds the key that the request was sent with.
func (e *execution) keyed(r *request) {
	if r.key.id != "" {
		e.say("API Key: " + lastSix(string(r.key.value)))
		e.say("API Key ID: " + string(r.key.id))
	}
}

// hideKey keeps a key that came from an authorizer out of the lines that follow.
func (e *execution) hideKey(value string) {
	if len(value) < leastSecret {
		return
	}
	e.secrets = append(e.secrets, []byte(value))
	if quoted := appendJSONString(nil, value); len(quoted) != len(value)+2 {
		e.secrets = append(e.secrets, quoted[1:len(quoted)-1])
	}
}
