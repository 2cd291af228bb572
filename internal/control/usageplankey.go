package control

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

func planKeyPrefix(scope apigw.Scope, plan apigw.UsagePlanID) string {
	return kindPrefix(scope, KeyPlanKey) + segment(string(plan)) + "/"
}

func planKeyRecord(scope apigw.Scope, plan apigw.UsagePlanID, key apigw.APIKeyID) string {
	return planKeyPrefix(scope, plan) + segment(string(key))
}

func planUsagePrefix(scope apigw.Scope, plan apigw.UsagePlanID) string {
	return kindPrefix(scope, KeyPlanUsage) + segment(string(plan)) + "/"
}

func planUsageRecord(scope apigw.Scope, plan apigw.UsagePlanID, key apigw.APIKeyID) string {
	return planUsagePrefix(scope, plan) + segment(string(key))
}

func unknownPlanKey() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Usage Plan Key identifier specified")
}

// planKeys are the keys in a plan.
func (c *Control) planKeys(ctx context.Context, scope apigw.Scope, plan apigw.UsagePlanID) (map[apigw.APIKeyID]bool, error) {
	records, _, _, err := c.store.List(ctx, planKeyPrefix(scope, plan), "", 0)
	if err != nil {
		return nil, err
	}
	keys := make(map[apigw.APIKeyID]bool, len(records))
	for _, r := range records {
		keys[apigw.APIKeyID(lastSegment(r.Key))] = true
	}
	return keys, nil
}

// CreateUsagePlanKey puts a key into a plan and returns it with its value.
func (c *Control) CreateUsagePlanKey(ctx context.Context, scope apigw.Scope, plan apigw.UsagePlanID, id apigw.APIKeyID, kind string) (*apigw.APIKey, error) {
	var key *apigw.APIKey
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		p, err := c.readPlan(ctx, scope, plan)
		if err != nil {
			return err
		}
		if kind != "API_KEY" {
			return apigw.Errorf(apigw.BadRequest, "Invalid Usage Plan Key type specified. Valid options are API_KEY")
		}
		if key, _, err = c.readKey(ctx, scope, id, true); err != nil {
			return err
		}
		return c.addToPlan(ctx, s, p, id)
	})
	if err != nil {
		return nil, err
	}
	return key, nil
}

func (c *Control) addToPlan(ctx context.Context, s *scopeChange, p *apigw.UsagePlan, id apigw.APIKeyID) error {
	plans, err := c.plansOf(ctx, s.scope, id)
	if err != nil {
		return err
	}
	return c.join(s, p, id, plans, 0)
}

// join puts a key, which is in plans and in so many more since this change
// began, into p.
func (c *Control) join(s *scopeChange, p *apigw.UsagePlan, id apigw.APIKeyID, plans []*apigw.UsagePlan, more int) error {
	for _, other := range plans {
		if other.ID == p.ID {
			return apigw.Errorf(apigw.Conflict, "API Key %s is already in usage plan %s", id, p.ID)
		}
		if stage, shared := sharedStage(other.Stages, p.Stages); shared {
			return keyInPlan(id, other, stage)
		}
	}
	if len(plans)+more >= c.limits.PlansOfKey {
		return apigw.Errorf(apigw.LimitExceeded, "Maximum number of usage plans for this API key has been reached: %d", c.limits.PlansOfKey)
	}
	s.set(planKeyRecord(s.scope, p.ID, id), guardValue)
	return nil
}

// UsagePlanKey returns a key of a plan with its value.
func (c *Control) UsagePlanKey(ctx context.Context, scope apigw.Scope, plan apigw.UsagePlanID, id apigw.APIKeyID) (*apigw.APIKey, error) {
	if _, err := c.readPlan(ctx, scope, plan); err != nil {
		return nil, storeError(err)
	}
	_, err := c.store.Get(ctx, planKeyRecord(scope, plan, id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, unknownPlanKey()
	}
	if err != nil {
		return nil, storeError(err)
	}
	return c.APIKey(ctx, scope, id, true)
}

// UsagePlanKeys lists at most limit keys of a plan by ID with their values,
// from the one behind after on. An unknown plan has none (recorded on AWS).
func (c *Control) UsagePlanKeys(ctx context.Context, scope apigw.Scope, plan apigw.UsagePlanID, namePrefix string, after apigw.APIKeyID, limit int) (list []*apigw.APIKey, more bool, err error) {
	prefix, start := planKeyPrefix(scope, plan), ""
	if after != "" {
		start = prefix + segment(string(after))
	}
	records, _, _, err := c.store.List(ctx, prefix, start, 0)
	if err != nil {
		return nil, false, storeError(err)
	}
	for _, r := range records {
		k, err := c.APIKey(ctx, scope, apigw.APIKeyID(lastSegment(r.Key)), true)
		if apigw.KindOf(err) == apigw.NotFound && err != nil {
			continue // it is being deleted
		}
		if err != nil {
			return nil, false, err
		}
		if !strings.HasPrefix(k.Name, namePrefix) {
			continue
		}
		if len(list) == limit {
			return list, true, nil
		}
		list = append(list, k)
	}
	return list, false, nil
}

// DeleteUsagePlanKey takes a key out of a plan.
func (c *Control) DeleteUsagePlanKey(ctx context.Context, scope apigw.Scope, plan apigw.UsagePlanID, id apigw.APIKeyID) error {
	return c.changeScope(ctx, scope, func(s *scopeChange) error {
		if _, err := c.readPlan(ctx, scope, plan); err != nil {
			return err
		}
		record := planKeyRecord(scope, plan, id)
		if _, err := c.store.Get(ctx, record); errors.Is(err, store.ErrNotFound) {
			return unknownPlanKey()
		} else if err != nil {
			return err
		}
		s.remove(record)
		s.remove(planUsageRecord(scope, plan, id))
		return nil
	})
}

// grant is what is left to a key of a plan's quota, as it was last set.
type grant struct {
	Since     time.Time `json:"since"`          // the day it was set
	Remaining int64     `json:"remaining"`      // requests, until the period ends
	Used      int64     `json:"used,omitempty"` // requests of the period that were before
}

func (g *grant) limit() *apigw.UsageGrant {
	if g == nil {
		return nil
	}
	return &apigw.UsageGrant{Day: apigw.DayOf(g.Since), Limit: g.Used + g.Remaining}
}

// Usage is what keys used, day by day.
type Usage struct {
	Plan       apigw.UsagePlanID
	Start, End string                        // days, as they were asked for
	Days       map[apigw.APIKeyID][][2]int64 // used and remaining
	Last       apigw.APIKeyID                // of the page, when there are more
}

const day = "2006-01-02"

// maxUsageDays is the longest range (developer guide, "Usage plans and API
// keys").
const maxUsageDays = 90

// days is the range of dates.
func days(start, end string) (first time.Time, n int, err error) {
	first, err = time.Parse(day, start)
	if err != nil {
		return first, 0, apigw.Errorf(apigw.BadRequest, "Invalid start date specified: %s", start)
	}
	last, err := time.Parse(day, end)
	if err != nil {
		return first, 0, apigw.Errorf(apigw.BadRequest, "Invalid end date specified: %s", end)
	}
	n = int(last.Sub(first)/(24*time.Hour)) + 1
	if n < 1 {
		return first, 0, apigw.Errorf(apigw.BadRequest, "Usage end date must not be before the start date")
	}
	if n > maxUsageDays {
		return first, 0, apigw.Errorf(apigw.BadRequest, "Usage can be asked for %d days at most", maxUsageDays)
	}
	return first, n, nil
}

// Usage says what the keys of a plan, or one of them, used: with what this node
// counted until now, and what others had stored.
func (c *Control) Usage(ctx context.Context, scope apigw.Scope, plan apigw.UsagePlanID, key apigw.APIKeyID, start, end string, after apigw.APIKeyID, limit int) (*Usage, error) {
	p, err := c.UsagePlan(ctx, scope, plan)
	if err != nil {
		return nil, err
	}
	first, n, err := days(start, end)
	if err != nil {
		return nil, err
	}
	if err := c.metered.flush(ctx); err != nil {
		return nil, storeError(err)
	}
	prefix, from := planKeyPrefix(scope, plan), ""
	if after != "" {
		from = prefix + segment(string(after))
	}
	records, _, _, err := c.store.List(ctx, prefix, from, 0)
	if err != nil {
		return nil, storeError(err)
	}
	u := &Usage{Plan: plan, Start: start, End: end, Days: map[apigw.APIKeyID][][2]int64{}}
	counts, err := c.countsOf(ctx, scope, p, apigw.DayOf(first), n)
	if err != nil {
		return nil, storeError(err)
	}
	last := apigw.APIKeyID("")
	for _, r := range records {
		id := apigw.APIKeyID(lastSegment(r.Key))
		if key != "" && id != key {
			continue
		}
		if len(u.Days) == limit {
			u.Last = last
			break
		}
		if u.Days[id], err = c.usageOf(ctx, scope, p, id, counts, apigw.DayOf(first), n); err != nil {
			return nil, storeError(err)
		}
		last = id
	}
	return u, nil
}

// usageOf is what a key used on each of n days, and what was left when the day
// ended, or now.
func (c *Control) usageOf(ctx context.Context, scope apigw.Scope, p *apigw.UsagePlan, id apigw.APIKeyID, counts dayCounts, first apigw.Day, n int) ([][2]int64, error) {
	g, err := c.grantOf(ctx, scope, p.ID, id)
	if err != nil {
		return nil, err
	}
	list := make([][2]int64, n)
	for i := range list {
		d := first + apigw.Day(i)
		list[i][0] = counts[d][id]
		if p.Quota == nil {
			continue
		}
		limit := g.limit()
		if limit != nil && d < limit.Day {
			limit = nil // it was set later
		}
		list[i][1] = max(0, p.Quota.LimitOn(d, limit)-counts.used(p.Quota, id, d))
	}
	return list, nil
}

// grantOf is what was set for a key; nil: nothing.
func (c *Control) grantOf(ctx context.Context, scope apigw.Scope, plan apigw.UsagePlanID, id apigw.APIKeyID) (*grant, error) {
	r, err := c.store.Get(ctx, planUsageRecord(scope, plan, id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	g, _, err := decodeRecord[grant](r)
	return g, err
}

// UpdateUsage sets what is left to a key until the period of its plan's quota
// ends, and returns the usage of today.
func (c *Control) UpdateUsage(ctx context.Context, scope apigw.Scope, plan apigw.UsagePlanID, id apigw.APIKeyID, remaining *int64) (*Usage, error) {
	today := c.now().UTC().Truncate(24 * time.Hour)
	if err := c.metered.flush(ctx); err != nil {
		return nil, storeError(err)
	}
	err := c.changeScope(ctx, scope, func(s *scopeChange) error {
		p, err := c.readPlan(ctx, scope, plan)
		if err != nil {
			return err
		}
		if _, err := c.store.Get(ctx, planKeyRecord(scope, plan, id)); errors.Is(err, store.ErrNotFound) {
			return unknownPlanKey()
		} else if err != nil {
			return err
		}
		if remaining == nil {
			return nil
		}
		if p.Quota == nil {
			return apigw.Errorf(apigw.BadRequest, "Usage Plan %s does not have a quota", plan)
		}
		if *remaining < 0 {
			return apigw.Errorf(apigw.BadRequest, "What remains of a quota can't be negative")
		}
		d := apigw.DayOf(today)
		first, _ := p.Quota.Days(d)
		counts, err := c.countsOf(ctx, scope, p, first, int(d-first)+1)
		if err != nil {
			return err
		}
		record := planUsageRecord(scope, plan, id)
		raw, err := encodeRecord(record, &grant{Since: today, Remaining: *remaining, Used: counts.used(p.Quota, id, d)}, nil)
		if err == nil {
			s.set(record, raw)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.Usage(ctx, scope, plan, id, today.Format(day), today.Format(day), "", 1)
}
