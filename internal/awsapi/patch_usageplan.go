package awsapi

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// usagePlanPaths are the paths that can be patched (API reference, "Patch
// operations", UsagePlan).
var usagePlanPaths = []string{"/name", "/description", "/productCode", "/quota", "/quota/limit", "/quota/offset", "/quota/period",
	"/throttle", "/throttle/burstLimit", "/throttle/rateLimit", "/apiStages", "/apiStages/{apiId}:{stage}/throttle",
	"/apiStages/{apiId}:{stage}/throttle/{resourcePath}/{httpMethod}", "/apiStages/{apiId}:{stage}/throttle/{resourcePath}/{httpMethod}/burstLimit",
	"/apiStages/{apiId}:{stage}/throttle/{resourcePath}/{httpMethod}/rateLimit"}

func patchUsagePlan(ops []PatchOp) func(*control.PlanChange) error {
	return func(p *control.PlanChange) error {
		return applyEach(ops, func(op PatchOp) error { return patchPlanOp(p, op) })
	}
}

// longOnly refuses an operation other than those of a path, in the words of
// the resources with long texts.
func (p PatchOp) longOnly(ops ...string) error {
	if p.only(ops...) == nil {
		return nil
	}
	return p.LongOpError()
}

func patchPlanOp(p *control.PlanChange, op PatchOp) error {
	switch {
	case op.Path == "/name":
		return op.planText(&p.Name, "replace")
	case op.Path == "/description":
		return op.planText(&p.Description, "replace")
	case op.Path == "/productCode":
		return op.planText(&p.ProductCode, "add", "remove", "replace")
	case op.Path == "/apiStages":
		switch op.Op {
		case "add":
			return p.AddStage(op.Text())
		case "remove":
			return p.RemoveStage(op.Text())
		}
		return op.LongOpError()
	case len(op.Segments) > 2 && op.Segments[0] == "apiStages" && op.Segments[2] == "throttle":
		return patchStageThrottle(p, op)
	case op.Path == "/quota":
		p.Quota = nil
		return op.longOnly("remove")
	case op.Path == "/throttle":
		p.Throttle = nil
		return op.longOnly("remove")
	case len(op.Segments) == 2 && op.Segments[0] == "quota":
		return patchQuota(p, op)
	case len(op.Segments) == 2 && op.Segments[0] == "throttle":
		if p.Throttle == nil {
			p.Throttle = new(apigw.Throttle)
		}
		return patchLimit(p.Throttle, op, op.Segments[1])
	}
	return op.LongPathError(usagePlanPaths...)
}

func (p PatchOp) planText(to *string, ops ...string) error {
	if err := p.longOnly(ops...); err != nil {
		return err
	}
	*to = p.Text()
	if p.Op == "remove" {
		*to = ""
	}
	return nil
}

func patchQuota(p *control.PlanChange, op PatchOp) error {
	if p.Quota == nil {
		p.Quota = new(apigw.Quota)
	}
	to := map[string]*int{"limit": &p.Quota.Limit, "offset": &p.Quota.Offset}[op.Segments[1]]
	if to == nil && op.Segments[1] != "period" {
		return op.LongPathError(usagePlanPaths...)
	}
	if err := op.longOnly("add", "replace"); err != nil {
		return err
	}
	if to == nil {
		p.Quota.Period = op.Text()
		return nil
	}
	n, err := op.integer()
	*to = n
	return err
}

// patchLimit sets one of a throttle's limits. Rates come with decimals from
// some tools.
func patchLimit(t *apigw.Throttle, op PatchOp, name string) error {
	if name != "burstLimit" && name != "rateLimit" {
		return op.LongPathError(usagePlanPaths...)
	}
	if err := op.longOnly("add", "replace"); err != nil {
		return err
	}
	if name == "burstLimit" {
		n, err := op.integer()
		t.Burst = n
		return err
	}
	rate, err := strconv.ParseFloat(op.Text(), 64)
	if err != nil || rate != rate || rate > 1e15 {
		return apigw.Errorf(apigw.BadRequest, "Invalid value '%s' for path %s: a number is needed", op.Text(), op.Path)
	}
	t.Rate = rate
	return nil
}

// patchStageThrottle changes the limits of methods of one stage: all of them
// as JSON, or those of one method, "/apiStages/a:s/throttle/~1pets/GET".
func patchStageThrottle(p *control.PlanChange, op PatchOp) error {
	found, err := p.Stage(op.Segments[1])
	if err != nil {
		return err
	}
	limits := make(map[string]apigw.Throttle, len(found.Throttle))
	for k, t := range found.Throttle {
		limits[k] = t
	}
	rest := op.Segments[3:]
	if len(rest) == 0 {
		limits, err = stageThrottles(op)
	} else {
		err = patchMethodThrottle(limits, op, rest)
	}
	if err != nil {
		return err
	}
	if found.Throttle = limits; len(limits) == 0 {
		found.Throttle = nil
	}
	return nil
}

func stageThrottles(op PatchOp) (map[string]apigw.Throttle, error) {
	if err := op.longOnly("add", "remove", "replace"); err != nil || op.Op == "remove" {
		return nil, err
	}
	var sent map[string]struct {
		BurstLimit int     `json:"burstLimit"`
		RateLimit  float64 `json:"rateLimit"`
	}
	if err := json.Unmarshal([]byte(op.Text()), &sent); err != nil {
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid value for path %s: JSON of the form {\"/pets/GET\":{\"burstLimit\":1,\"rateLimit\":2}} is needed", op.Path)
	}
	limits := make(map[string]apigw.Throttle, len(sent))
	for key, t := range sent {
		limits[key] = apigw.Throttle{Burst: t.BurstLimit, Rate: t.RateLimit}
	}
	return limits, nil
}

// patchMethodThrottle: the path of a method may be escaped or not, so that
// what stands before its verb is all path. The root's key has two slashes.
func patchMethodThrottle(limits map[string]apigw.Throttle, op PatchOp, rest []string) error {
	limit := rest[len(rest)-1]
	whole := limit != "burstLimit" && limit != "rateLimit"
	if !whole {
		rest = rest[:len(rest)-1]
	}
	if len(rest) < 2 {
		return op.LongPathError(usagePlanPaths...)
	}
	path := "/" + strings.Trim(strings.Join(rest[:len(rest)-1], "/"), "/")
	key := path + "/" + rest[len(rest)-1]
	t, ok := limits[key]
	if !whole {
		err := patchLimit(&t, op, limit)
		limits[key] = t
		return err
	}
	if err := op.longOnly("remove"); err != nil {
		return err
	}
	if !ok {
		return apigw.Errorf(apigw.NotFound, "Invalid method of a throttle: %s", key)
	}
	delete(limits, key)
	return nil
}
