package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

func keyFilter(name, customer *string) control.KeyFilter {
	return control.KeyFilter{NamePrefix: val(name), CustomerID: val(customer)}
}

// keyPosition is where the page behind list begins; nil on the last.
func keyPosition(list []*apigw.APIKey, more bool) *string {
	if !more || len(list) == 0 {
		return nil
	}
	return Position(string(list[len(list)-1].ID))
}

func (o rest) createUsagePlan(ctx context.Context, c *Call, in *apigateway.CreateUsagePlanRequest) (*apigateway.UsagePlan, error) {
	plan := apigw.UsagePlan{Name: val(in.Name), Description: val(in.Description), Tags: in.Tags, Throttle: throttleOf(in.Throttle)}
	if q := in.Quota; q != nil {
		plan.Quota = &apigw.Quota{Limit: val(q.Limit), Offset: val(q.Offset), Period: val(q.Period)}
	}
	for _, s := range in.ApiStages {
		stage := apigw.PlanStage{API: apiID(val(s.ApiId)), Stage: apigw.StageName(val(s.Stage))}
		for key, t := range s.Throttle {
			if stage.Throttle == nil {
				stage.Throttle = map[string]apigw.Throttle{}
			}
			stage.Throttle[key] = *throttleOf(t)
		}
		plan.Stages = append(plan.Stages, stage)
	}
	made, err := o.c.CreateUsagePlan(ctx, c.Scope, plan)
	return usagePlanView(made), err
}

func throttleOf(t *apigateway.ThrottleSettings) *apigw.Throttle {
	if t == nil {
		return nil
	}
	return &apigw.Throttle{Burst: val(t.BurstLimit), Rate: val(t.RateLimit)}
}

func (o rest) getUsagePlan(ctx context.Context, c *Call, in *apigateway.GetUsagePlanRequest) (*apigateway.UsagePlan, error) {
	p, err := o.c.UsagePlan(ctx, c.Scope, apigw.UsagePlanID(in.UsagePlanId))
	return taggedPlanView(p), err
}

func (o rest) getUsagePlans(ctx context.Context, c *Call, in *apigateway.GetUsagePlansRequest) (*apigateway.UsagePlans, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.UsagePlans(ctx, c.Scope, apigw.APIKeyID(val(in.KeyId)))
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(p *apigw.UsagePlan) string { return string(p.ID) })
	return &apigateway.UsagePlans{Items: views(list, usagePlanView), Position: next}, nil
}

func (o rest) updateUsagePlan(ctx context.Context, c *Call, in *apigateway.UpdateUsagePlanRequest) (*apigateway.UsagePlan, error) {
	p, err := o.c.UpdateUsagePlan(ctx, c.Scope, apigw.UsagePlanID(in.UsagePlanId), patchUsagePlan(Patch(in.PatchOperations)))
	return taggedPlanView(p), err
}

func (o rest) deleteUsagePlan(ctx context.Context, c *Call, in *apigateway.DeleteUsagePlanRequest) error {
	return o.c.DeleteUsagePlan(ctx, c.Scope, apigw.UsagePlanID(in.UsagePlanId))
}

func usagePlanView(p *apigw.UsagePlan) *apigateway.UsagePlan {
	if p == nil {
		return nil
	}
	out := &apigateway.UsagePlan{
		Id: set(p.ID), Name: set(p.Name), Description: set(p.Description), ProductCode: set(p.ProductCode), Tags: shown(p.Tags),
		ApiStages: []*apigateway.ApiStage{}, Throttle: throttleView(p.Throttle),
	}
	for _, s := range p.Stages {
		stage := &apigateway.ApiStage{ApiId: set(s.API), Stage: set(s.Stage)}
		for key, t := range s.Throttle {
			if stage.Throttle == nil {
				stage.Throttle = map[string]*apigateway.ThrottleSettings{}
			}
			stage.Throttle[key] = throttleView(&t)
		}
		out.ApiStages = append(out.ApiStages, stage)
	}
	if q := p.Quota; q != nil {
		out.Quota = &apigateway.QuotaSettings{Limit: new(q.Limit), Offset: new(q.Offset), Period: set(q.Period)}
	}
	return out
}

func throttleView(t *apigw.Throttle) *apigateway.ThrottleSettings {
	if t == nil {
		return nil
	}
	return &apigateway.ThrottleSettings{BurstLimit: new(t.Burst), RateLimit: new(t.Rate)}
}

func taggedPlanView(p *apigw.UsagePlan) *apigateway.UsagePlan {
	out := usagePlanView(p)
	if out != nil && out.Tags == nil {
		out.Tags = map[string]string{}
	}
	return out
}

func (o rest) createUsagePlanKey(ctx context.Context, c *Call, in *apigateway.CreateUsagePlanKeyRequest) (*apigateway.UsagePlanKey, error) {
	k, err := o.c.CreateUsagePlanKey(ctx, c.Scope, apigw.UsagePlanID(in.UsagePlanId), apigw.APIKeyID(val(in.KeyId)), val(in.KeyType))
	return planKeyView(k), err
}

func (o rest) getUsagePlanKey(ctx context.Context, c *Call, in *apigateway.GetUsagePlanKeyRequest) (*apigateway.UsagePlanKey, error) {
	k, err := o.c.UsagePlanKey(ctx, c.Scope, apigw.UsagePlanID(in.UsagePlanId), apigw.APIKeyID(in.KeyId))
	return planKeyView(k), err
}

func (o rest) getUsagePlanKeys(ctx context.Context, c *Call, in *apigateway.GetUsagePlanKeysRequest) (*apigateway.UsagePlanKeys, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, more, err := o.c.UsagePlanKeys(ctx, c.Scope, apigw.UsagePlanID(in.UsagePlanId), val(in.NameQuery), apigw.APIKeyID(p.After), p.Limit)
	if err != nil {
		return nil, err
	}
	return &apigateway.UsagePlanKeys{Items: views(list, planKeyView), Position: keyPosition(list, more)}, nil
}

func (o rest) deleteUsagePlanKey(ctx context.Context, c *Call, in *apigateway.DeleteUsagePlanKeyRequest) error {
	return o.c.DeleteUsagePlanKey(ctx, c.Scope, apigw.UsagePlanID(in.UsagePlanId), apigw.APIKeyID(in.KeyId))
}

func planKeyView(k *apigw.APIKey) *apigateway.UsagePlanKey {
	if k == nil {
		return nil
	}
	return &apigateway.UsagePlanKey{Id: set(k.ID), Type: new("API_KEY"), Value: set(k.Value), Name: set(k.Name)}
}

func (o rest) getUsage(ctx context.Context, c *Call, in *apigateway.GetUsageRequest) (*apigateway.Usage, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	u, err := o.c.Usage(ctx, c.Scope, apigw.UsagePlanID(in.UsagePlanId), apigw.APIKeyID(val(in.KeyId)), val(in.StartDate), val(in.EndDate), apigw.APIKeyID(p.After), p.Limit)
	return usageView(u), err
}

func (o rest) updateUsage(ctx context.Context, c *Call, in *apigateway.UpdateUsageRequest) (*apigateway.Usage, error) {
	var remaining *int64
	for _, op := range Patch(in.PatchOperations) {
		if op.Path != "/remaining" {
			return nil, op.LongPathError("/remaining")
		}
		if op.Op != "replace" {
			return nil, op.LongOpError()
		}
		n, err := op.integer()
		if err != nil {
			return nil, err
		}
		if n < 0 {
			return nil, apigw.Errorf(apigw.BadRequest, "Invalid value '%d' for path /remaining: it can't be negative", n)
		}
		remaining = new(int64(n))
	}
	u, err := o.c.UpdateUsage(ctx, c.Scope, apigw.UsagePlanID(in.UsagePlanId), apigw.APIKeyID(in.KeyId), remaining)
	return usageView(u), err
}

func usageView(u *control.Usage) *apigateway.Usage {
	if u == nil {
		return nil
	}
	out := &apigateway.Usage{UsagePlanId: set(u.Plan), StartDate: set(u.Start), EndDate: set(u.End), Items: map[string][][]int64{}}
	for id, days := range u.Days {
		rows := make([][]int64, len(days))
		for i, d := range days {
			rows[i] = d[:]
		}
		out.Items[string(id)] = rows
	}
	if u.Last != "" {
		out.Position = Position(string(u.Last))
	}
	return out
}
