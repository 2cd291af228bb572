package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

func planRecord(scope apigw.Scope, id apigw.UsagePlanID) string {
	return kindPrefix(scope, KeyUsagePlan) + segment(string(id))
}

func unknownPlan() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Usage Plan ID specified")
}

// UsagePlan returns one plan.
func (c *Control) UsagePlan(ctx context.Context, scope apigw.Scope, id apigw.UsagePlanID) (*apigw.UsagePlan, error) {
	p, err := c.readPlan(ctx, scope, id)
	return p, storeError(err)
}

func (c *Control) readPlan(ctx context.Context, scope apigw.Scope, id apigw.UsagePlanID) (*apigw.UsagePlan, error) {
	r, err := c.store.Get(ctx, planRecord(scope, id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, unknownPlan()
	}
	if err != nil {
		return nil, err
	}
	p, _, err := decodeRecord[apigw.UsagePlan](r)
	return p, err
}

// UsagePlans lists plans by ID; with a key only those it is in.
func (c *Control) UsagePlans(ctx context.Context, scope apigw.Scope, key apigw.APIKeyID) ([]*apigw.UsagePlan, error) {
	if key != "" {
		list, err := c.plansOf(ctx, scope, key)
		return list, storeError(err)
	}
	list, err := c.plans(ctx, scope)
	return list, storeError(err)
}

func (c *Control) plans(ctx context.Context, scope apigw.Scope) ([]*apigw.UsagePlan, error) {
	return listRecords[apigw.UsagePlan](ctx, c, kindPrefix(scope, KeyUsagePlan))
}

// plansOf are the plans that a key is in.
func (c *Control) plansOf(ctx context.Context, scope apigw.Scope, key apigw.APIKeyID) ([]*apigw.UsagePlan, error) {
	all, err := c.plans(ctx, scope)
	if err != nil {
		return nil, err
	}
	var list []*apigw.UsagePlan
	for _, p := range all {
		_, err := c.store.Get(ctx, planKeyRecord(scope, p.ID, key))
		if err == nil {
			list = append(list, p)
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return list, nil
}

func putPlan(s *scopeChange, p *apigw.UsagePlan) error {
	key := planRecord(s.scope, p.ID)
	raw, err := encodeRecord(key, p, nil)
	if err == nil {
		s.set(key, raw)
	}
	return err
}

// CreateUsagePlan adds a plan; its ID is made here.
func (c *Control) CreateUsagePlan(ctx context.Context, scope apigw.Scope, plan apigw.UsagePlan) (*apigw.UsagePlan, error) {
	var made *apigw.UsagePlan
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		p := clonePlan(&plan)
		if err := checkPlan(p); err != nil {
			return err
		}
		for i, stage := range p.Stages {
			if stage.API == "" || stage.Stage == "" {
				// AWS's own words, with nothing put into them (reported in the field).
				return apigw.Errorf(apigw.BadRequest, "%s", "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s")
			}
			if err := c.checkPlanStage(ctx, scope, p.Stages[:i], stage); err != nil {
				return err
			}
		}
		if err := s.count(&s.counts.Plans, "usage plans", c.limits.UsagePlans); err != nil {
			return err
		}
		id, err := c.freeScopeID(ctx, kindPrefix(scope, KeyUsagePlan), 6)
		if err != nil {
			return err
		}
		p.ID, made = apigw.UsagePlanID(id), p
		c.beginQuota(p)
		return putPlan(s, p)
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

func clonePlan(p *apigw.UsagePlan) *apigw.UsagePlan {
	c := *p
	c.Stages = slices.Clone(p.Stages)
	return &c
}

// checkPlanStage refuses a stage that there isn't, or that the plan has.
func (c *Control) checkPlanStage(ctx context.Context, scope apigw.Scope, have []apigw.PlanStage, stage apigw.PlanStage) error {
	if slices.ContainsFunc(have, func(s apigw.PlanStage) bool { return s.String() == stage.String() }) {
		return apigw.Errorf(apigw.Conflict, "API Stage %s is already in the usage plan", stage)
	}
	unknown := apigw.Errorf(apigw.NotFound, "API Stage not found: %s", stage)
	ref := anyRef(scope, stage.API)
	found, _, err := c.readStage(ctx, ref, stage.Stage)
	if err != nil || found.Routes == nil {
		return orUnknown(err, unknown)
	}
	// Of APIs of routes WebSocket APIs alone have API keys.
	s, err := c.view(ctx, ref, unknown)
	if err == nil && !messages(s.def) {
		return unknown
	}
	return err
}

// checkPlan holds a plan to what its members can be.
func checkPlan(p *apigw.UsagePlan) error {
	if strings.TrimSpace(p.Name) == "" {
		return apigw.Errorf(apigw.BadRequest, "Usage Plan name cannot be blank")
	}
	if err := checkThrottle(p.Throttle); err != nil {
		return err
	}
	for _, s := range p.Stages {
		for key, t := range s.Throttle {
			i := strings.LastIndexByte(key, '/')
			if i < 1 || key[0] != '/' || checkVerb(apigw.Verb(key[i+1:])) != nil && key[i+1:] != "*" {
				return apigw.Errorf(apigw.BadRequest, "Invalid method of a throttle: %s. It has the form /path/METHOD", key)
			}
			if err := checkThrottle(&t); err != nil {
				return err
			}
		}
	}
	if err := checkQuota(p.Quota); err != nil {
		return err
	}
	return checkTags(p.Tags)
}

func checkThrottle(t *apigw.Throttle) error {
	if t != nil && (t.Burst < 0 || t.Rate < 0) {
		return apigw.Errorf(apigw.BadRequest, "Usage Plan throttle limits can't be negative")
	}
	return nil
}

func checkQuota(q *apigw.Quota) error {
	switch {
	case q == nil:
		return nil
	case !slices.Contains([]string{"DAY", "WEEK", "MONTH"}, q.Period):
		return apigw.Errorf(apigw.BadRequest, "Usage Plan quota period must be one of DAY, WEEK, MONTH")
	case q.Limit <= 0:
		return apigw.Errorf(apigw.BadRequest, "Usage Plan quota limit must be greater than 0")
	case q.Offset < 0 || q.Offset >= q.Limit && q.Offset > 0:
		return apigw.Errorf(apigw.BadRequest, "Usage Plan quota offset must be between 0 and the limit")
	}
	return nil
}

// beginQuota notes when a plan got its quota: its offset is for that period.
func (c *Control) beginQuota(p *apigw.UsagePlan) {
	if p.Quota != nil && p.Quota.Since.IsZero() {
		quota := *p.Quota
		quota.Since = c.seconds()
		p.Quota = &quota
	}
}

// PlanChange is a plan while operations change it.
type PlanChange struct {
	*apigw.UsagePlan
	check func(have []apigw.PlanStage, stage apigw.PlanStage) error
}

// AddStage puts a stage, "api:stage", into the plan.
func (p *PlanChange) AddStage(text string) error {
	stage, err := planStage(text)
	if err != nil {
		return err
	}
	if err := p.check(p.Stages, stage); err != nil {
		if apigw.KindOf(err) == apigw.NotFound {
			return p.unknownStage(stage)
		}
		return err
	}
	p.Stages = append(p.Stages, stage)
	return nil
}

// RemoveStage takes a stage out of the plan.
func (p *PlanChange) RemoveStage(text string) error {
	stage, err := planStage(text)
	if err != nil {
		return err
	}
	i := p.index(stage)
	if i < 0 {
		return p.unknownStage(stage)
	}
	p.Stages = slices.Delete(p.Stages, i, i+1)
	return nil
}

// Stage is a stage of the plan, to be changed.
func (p *PlanChange) Stage(text string) (*apigw.PlanStage, error) {
	stage, err := planStage(text)
	if err != nil {
		return nil, err
	}
	i := p.index(stage)
	if i < 0 {
		return nil, p.unknownStage(stage)
	}
	return &p.Stages[i], nil
}

func (p *PlanChange) index(stage apigw.PlanStage) int {
	return slices.IndexFunc(p.Stages, func(s apigw.PlanStage) bool { return s.String() == stage.String() })
}

func (p *PlanChange) unknownStage(s apigw.PlanStage) error {
	return apigw.Errorf(apigw.NotFound, "Invalid API Stage {api: %s, stage: %s} specified for usageplan %s", s.API, s.Stage, p.ID)
}

func planStage(text string) (apigw.PlanStage, error) {
	api, stage, ok := strings.Cut(text, ":")
	if !ok || api == "" || stage == "" {
		return apigw.PlanStage{}, apigw.Errorf(apigw.BadRequest, "Invalid API Stage specified")
	}
	return apigw.PlanStage{API: apigw.APIID(api), Stage: apigw.StageName(stage)}, nil
}

// UpdateUsagePlan changes a plan.
func (c *Control) UpdateUsagePlan(ctx context.Context, scope apigw.Scope, id apigw.UsagePlanID, mutate func(*PlanChange) error) (*apigw.UsagePlan, error) {
	var changed *apigw.UsagePlan
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		p, err := c.readPlan(ctx, scope, id)
		if err != nil {
			return err
		}
		before := slices.Clone(p.Stages)
		change := &PlanChange{p, func(have []apigw.PlanStage, stage apigw.PlanStage) error {
			return c.checkPlanStage(ctx, scope, have, stage)
		}}
		if err := mutate(change); err != nil {
			return err
		}
		if err := checkPlan(p); err != nil {
			return err
		}
		if err := c.checkNewStages(ctx, scope, p, before); err != nil {
			return err
		}
		c.beginQuota(p)
		changed = p
		return putPlan(s, p)
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// checkNewStages: a key is in one plan at most for each stage (developer
// guide, "Usage plans and API keys").
func (c *Control) checkNewStages(ctx context.Context, scope apigw.Scope, p *apigw.UsagePlan, before []apigw.PlanStage) error {
	added := slices.DeleteFunc(slices.Clone(p.Stages), func(s apigw.PlanStage) bool {
		return slices.ContainsFunc(before, func(b apigw.PlanStage) bool { return b.String() == s.String() })
	})
	if len(added) == 0 {
		return nil
	}
	mine, err := c.planKeys(ctx, scope, p.ID)
	if err != nil || len(mine) == 0 {
		return err
	}
	all, err := c.plans(ctx, scope)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID == p.ID {
			continue
		}
		stage, shared := sharedStage(other.Stages, added)
		if !shared {
			continue
		}
		theirs, err := c.planKeys(ctx, scope, other.ID)
		if err != nil {
			return err
		}
		for id := range theirs {
			if mine[id] {
				return keyInPlan(id, other, stage)
			}
		}
	}
	return nil
}

func sharedStage(a, b []apigw.PlanStage) (apigw.PlanStage, bool) {
	for _, s := range a {
		if slices.ContainsFunc(b, func(t apigw.PlanStage) bool { return s.String() == t.String() }) {
			return s, true
		}
	}
	return apigw.PlanStage{}, false
}

func keyInPlan(id apigw.APIKeyID, p *apigw.UsagePlan, stage apigw.PlanStage) error {
	return apigw.Errorf(apigw.Conflict, "API Key %s is already in usage plan %s, which has the API Stage %s too", id, p.ID, stage)
}

// DeleteUsagePlan removes a plan without stages; its keys stay.
func (c *Control) DeleteUsagePlan(ctx context.Context, scope apigw.Scope, id apigw.UsagePlanID) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		p, err := c.readPlan(ctx, scope, id)
		if err != nil {
			return err
		}
		if len(p.Stages) > 0 {
			return apigw.Errorf(apigw.BadRequest, "Cannot delete Usage Plan %s because there are API Stages associated with it, including %s", id, p.Stages[0])
		}
		s.remove(planRecord(scope, id))
		s.counts.Plans--
		for _, prefix := range []string{planKeyPrefix(scope, id), planUsagePrefix(scope, id), planCountPrefix(scope, id)} {
			s.txn.Ops = append(s.txn.Ops, store.Op{Key: prefix, Prefix: true})
		}
		return nil
	})
}

// maxDetached bounds the plans that are changed together with the deletion of
// a stage: a transaction takes so many operations.
const maxDetached = 100

// detachStages adds to txn that the plans of a scope lose the stages of an
// API: one, or with an empty name all of them.
func (c *Control) detachStages(ctx context.Context, ref apiRef, name apigw.StageName, txn *store.Txn) error {
	s, err := c.beginScope(ctx, ref.scope)
	if err != nil {
		return err
	}
	plans, err := c.plans(ctx, ref.scope)
	if err != nil {
		return err
	}
	for _, p := range plans {
		left := slices.DeleteFunc(slices.Clone(p.Stages), func(s apigw.PlanStage) bool {
			return s.API == ref.api && (name == "" || s.Stage == name)
		})
		if len(left) == len(p.Stages) {
			continue
		}
		if len(s.txn.Ops) == maxDetached {
			return fmt.Errorf("the stages of API %s are in more than %d usage plans", ref.api, maxDetached)
		}
		p.Stages = left
		if err := putPlan(s, p); err != nil {
			return err
		}
	}
	if len(s.txn.Ops) == 0 {
		return nil
	}
	if err := s.end(); err != nil {
		return err
	}
	txn.If = append(txn.If, s.txn.If...)
	txn.Ops = append(txn.Ops, s.txn.Ops...)
	return nil
}
