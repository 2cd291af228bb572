package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/usageplan"
)

// newMetered is the API keys and usage plans of the store, as the stages that
// are served know them, and the counts of their requests.
func (p *program) newMetered(c *control.Control) *control.Metered {
	plans := p.parts.plans
	return control.NewMetered(c, control.MeteredOptions{
		Changed: func(list []control.UsageChange, all bool) {
			plans.Update(func(e *usageplan.Edit) {
				if all {
					dropOthers(e, list)
				}
				for i := range list {
					applyUsage(e, &list[i])
				}
				if all {
					plans.Complete()
				}
			})
		},
		Keep:  p.keepPlans,
		Drain: p.drainCounts,
		Stored: func(done []control.UsageCount, total map[apigw.APIKeyID]int64) {
			ref, day := usageplan.PlanRef{Scope: done[0].Scope, ID: done[0].Plan}, done[0].Day
			var counts []usageplan.Count
			for _, n := range done {
				if !n.Left {
					counts = append(counts, usageplan.Count{Plan: ref, Key: n.Key, Day: day, N: n.N})
				}
			}
			plans.Update(func(e *usageplan.Edit) { e.Settle(counts, ref, day, total) })
		},
		Retry: plans.Retry,
		Left:  p.takeCounts,
	})
}

func (p *program) drainCounts() []control.UsageCount {
	var list []control.UsageCount
	for _, n := range p.parts.plans.Drain() {
		list = append(list, control.UsageCount{Scope: n.Plan.Scope, Plan: n.Plan.ID, Key: n.Key, Day: n.Day, N: n.N})
	}
	return list
}

// leftCounts is the file with what a process counted after it gave the store
// away, or without one: whoever has the store stores it.
func (p *program) leftCounts() string { return filepath.Join(p.config.Data, "usagecounts.json") }

// leaveCounts writes what can't be stored here any more.
func (p *program) leaveCounts() {
	list := p.drainCounts()
	if len(list) == 0 {
		return
	}
	list = append(p.takeCounts(), list...)
	raw, err := json.Marshal(list)
	if err == nil {
		err = writeWhole(p.leftCounts(), raw)
	}
	if err != nil {
		p.log.Warn("the last requests of API keys aren't counted", "error", err)
	}
}

// takeCounts reads and removes what another process left.
func (p *program) takeCounts() (list []control.UsageCount) {
	raw, err := os.ReadFile(p.leftCounts())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.Remove(p.leftCounts())
	}
	if err == nil {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil {
		p.log.Warn("requests of API keys that another process counted are forgotten", "error", err)
		return nil
	}
	return list
}

func applyUsage(e *usageplan.Edit, ch *control.UsageChange) {
	ref := usageplan.PlanRef{Scope: ch.Scope, ID: ch.Plan}
	switch ch.Kind {
	case control.KeyAPIKey:
		if ch.APIKey == nil {
			e.RemoveKey(ch.Scope, ch.Key)
		} else {
			e.SetKey(ch.Scope, ch.Key, ch.APIKey.Value, ch.APIKey.Enabled)
		}
	case control.KeyUsagePlan:
		if ch.Of == nil {
			e.RemovePlan(ref)
		} else {
			e.SetPlan(ch.Scope, ch.Of)
		}
	case control.KeyPlanKey:
		if ch.In {
			e.AddToPlan(ref, ch.Key)
		} else {
			e.RemoveFromPlan(ref, ch.Key)
		}
	case control.KeyPlanUsage:
		e.SetGrant(ref, ch.Key, ch.Grant)
	case control.KeyPlanCount:
		e.SetCounts(ref, ch.Day, ch.Counts)
	}
}

// dropOthers takes out what list doesn't have.
func dropOthers(e *usageplan.Edit, list []control.UsageChange) {
	type place struct {
		kind  control.KeyKind
		scope apigw.Scope
		plan  apigw.UsagePlanID
		key   apigw.APIKeyID
	}
	there := map[place]bool{}
	for _, ch := range list {
		there[place{ch.Kind, ch.Scope, ch.Plan, ch.Key}] = true
	}
	e.All(
		func(s apigw.Scope, id apigw.APIKeyID) bool { return there[place{control.KeyAPIKey, s, "", id}] },
		func(r usageplan.PlanRef) bool { return there[place{control.KeyUsagePlan, r.Scope, r.ID, ""}] },
		func(r usageplan.PlanRef, id apigw.APIKeyID) bool {
			return there[place{control.KeyPlanKey, r.Scope, r.ID, id}]
		},
		func(r usageplan.PlanRef, id apigw.APIKeyID) bool {
			return there[place{control.KeyPlanUsage, r.Scope, r.ID, id}]
		},
	)
}

// keptPlans is the file that remembers API keys, sealed as they are stored, and
// usage plans for a start without the store.
func (p *program) keptPlans() string { return filepath.Join(p.config.Data, "usageplans.json") }

func (p *program) keepPlans(records []byte) {
	if err := writeWhole(p.keptPlans(), records); err != nil {
		p.log.Warn("the API keys can't be kept: without the store, they are refused after a restart", "error", err)
	}
}

// settlePlans waits until the API keys are known, for a while. When the store
// says nothing, those that it had are served.
func (p *program) settlePlans(ctx context.Context) {
	if pl := p.plane.Load(); pl.metered != nil && p.tells(ctx, pl.metered.Loaded(), "the store doesn't tell of its API keys; serving those that it had") {
		return
	}
	raw, err := os.ReadFile(p.keptPlans())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var list []control.UsageChange
	if err == nil {
		list, err = control.RememberUsage(raw, p.sealer)
	}
	if err != nil {
		p.log.Error("API keys can't be remembered; those are refused", "error", err)
	}
	p.parts.plans.Remember(func(e *usageplan.Edit) {
		for i := range list {
			applyUsage(e, &list[i])
		}
	})
}
