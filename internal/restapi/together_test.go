//go:build unix

package restapi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/throttle"
	"github.com/gatehouse/gatehouse/internal/usageplan"
	"github.com/gatehouse/gatehouse/internal/valkey"
	"github.com/gatehouse/gatehouse/internal/valkey/valkeytest"
)

// sharing makes env's limits those of all nodes that use the server.
func sharing(t testing.TB, env *Env, address string) *Env {
	t.Helper()
	s := valkey.Open(valkey.Config{Address: address, Timeout: 5 * time.Second})
	t.Cleanup(s.Close)
	for end := time.Now().Add(10 * time.Second); !s.Up(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(s.Err())
		}
	}
	env.Now, env.Ledger = time.Now, tally.New(s, nil)
	return env
}

// TestTogether: two nodes with one Valkey server let in, of twenty requests to
// them in turn, what one node would; and answer as it would when it is gone.
func TestTogether(t *testing.T) {
	slow := func(burst int) *apigw.Throttle { return &apigw.Throttle{Rate: 0.001, Burst: burst} }
	quota := func(n int) *apigw.Quota { return &apigw.Quota{Limit: n, Period: "MONTH"} }
	all := func(burst int) map[string]throttle.Limit {
		return map[string]throttle.Limit{"*/*": {Rate: 0.001, Burst: burst}}
	}
	tests := map[string]struct {
		plan   apigw.UsagePlan
		stage  map[string]throttle.Limit
		want   int
		answer string
		left   int64 // of the quota
	}{
		"none":              {apigw.UsagePlan{}, nil, 20, "", 0},
		"nobody":            {apigw.UsagePlan{}, map[string]throttle.Limit{"*/*": {}}, 0, "Too Many Requests", 0},
		"a throttle":        {apigw.UsagePlan{Throttle: slow(7)}, nil, 7, "Too Many Requests", 0},
		"a stage's":         {apigw.UsagePlan{Throttle: slow(7)}, all(5), 5, "Too Many Requests", 0},
		"a quota":           {apigw.UsagePlan{Quota: quota(9)}, nil, 9, "Limit Exceeded", 0},
		"throttle, quota":   {apigw.UsagePlan{Throttle: slow(7), Quota: quota(9)}, nil, 7, "Too Many Requests", 2},
		"stage, then quota": {apigw.UsagePlan{Quota: quota(9)}, all(6), 6, "Too Many Requests", 3},
	}
	there := valkeytest.Start(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan := tt.plan
			var nodes []*Stage
			var books []*usageplan.Book
			for range 2 {
				env := withPlan(t, nil, plan)
				scope := env.Scope
				scope.Account = strings.ReplaceAll(name, " ", "-")
				books = append(books, usageplan.NewBook(nil, sharing(t, env, there.Address).Ledger))
				env.Plans = books[len(books)-1]
				p := plan
				p.ID, p.Stages = apigw.UsagePlanID(name), []apigw.PlanStage{{API: "a1b2c3d4e5", Stage: apigw.StageName(scope.Account)}}
				env.Plans.Update(func(e *usageplan.Edit) {
					e.SetKey(env.Scope, "keyid12345", goodKey, true)
					e.AddToPlan(usageplan.PlanRef{Scope: env.Scope, ID: p.ID}, "keyid12345")
					e.SetPlan(env.Scope, &p)
				})
				st := settings(tt.stage)
				st.Name = apigw.StageName(scope.Account)
				nodes = append(nodes, compileStage(t, define(map[string]*apigw.Method{"GET /a": keyed(mockMethod(""))}), st, env))
			}
			n, answer := 0, ""
			for i := range 20 {
				x := newExchange(call{method: "GET", target: "/a", header: "x-api-key: " + goodKey})
				x.Explain()
				nodes[i%2].Serve(x)
				if x.Response.Status == 200 {
					n++
				} else {
					answer = string(x.Response.Body)
				}
				if len(x.Decisions()) == 0 {
					t.Error("no decision is explained")
				}
				x.End()
			}
			if n != tt.want || tt.answer != "" && answer != `{"message":"`+tt.answer+`"}` {
				t.Errorf("%d let in, want %d; %s", n, tt.want, answer)
			}
			counted := int64(0)
			for _, b := range books {
				for _, c := range b.Drain() {
					counted += c.N
				}
			}
			if counted != int64(tt.want) {
				t.Errorf("%d counted, want %d", counted, tt.want)
			}
			if tt.plan.Quota != nil && int64(tt.plan.Quota.Limit)-counted != tt.left {
				t.Errorf("%d left of the quota, want %d", int64(tt.plan.Quota.Limit)-counted, tt.left)
			}
		})
	}
}

// TestTogetherAway: when the server goes, a node's own bucket knows what was
// taken here.
func TestTogetherAway(t *testing.T) {
	there := valkeytest.Start(t)
	env := sharing(t, testEnv(nil), there.Address)
	s := compileStage(t, define(map[string]*apigw.Method{"GET /": mockMethod("")}), settings(map[string]throttle.Limit{"*/*": {Rate: 0.001, Burst: 15}}), env)
	first := admitted(s, "/")
	there.Kill()
	if d := cmp.Diff([]int{10, 5, 0}, []int{first, admitted(s, "/"), admitted(s, "/")}); d != "" {
		t.Error(d)
	}
}
