package awsapi

import (
	"maps"
	"slices"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
)

// actionsOf are the actions that a call has; nil: it has none.
func actionsOf(in []*elbv2.Action) (list []apigw.RuleAction, err error) {
	for _, v := range in {
		if err := onlyOfType("action", *v.Type, map[string]bool{
			"authenticate-oidc": v.AuthenticateOidcConfig != nil, "authenticate-cognito": v.AuthenticateCognitoConfig != nil, "jwt-validation": v.JwtValidationConfig != nil,
		}); err != nil {
			return nil, err
		}
		a := apigw.RuleAction{Type: *v.Type, Order: val(v.Order)}
		if a.Forward, err = forwardOf(v); err != nil {
			return nil, err
		}
		if r := v.RedirectConfig; r != nil {
			a.Redirect = redirectOf(r)
		}
		if f := v.FixedResponseConfig; f != nil {
			status, _ := strconv.Atoi(*f.StatusCode) // its pattern was checked
			a.Fixed = &apigw.FixedResponse{Status: status, ContentType: val(f.ContentType), Body: val(f.MessageBody)}
		}
		list = append(list, a)
	}
	return list, nil
}

// onlyOfType refuses a part, an action say, that has the configuration of another
// type. Given are the configurations that it has, by their types.
func onlyOfType(part, own string, given map[string]bool) error {
	for _, other := range slices.Sorted(maps.Keys(given)) {
		if given[other] && other != own {
			return balancerError("ValidationError", "The %s of type '%.64s' cannot have the configuration of '%s'", part, own, other)
		}
	}
	return nil
}

// forwardOf is where an action forwards to, which may be given in two places
// (reference, Action): in both only when they say the same.
func forwardOf(v *elbv2.Action) (*apigw.ForwardAction, error) {
	if v.ForwardConfig == nil {
		if v.TargetGroupArn == nil {
			return nil, nil
		}
		return &apigw.ForwardAction{Groups: []apigw.WeightedGroup{{Group: apigw.ARN(*v.TargetGroupArn), Weight: 1}}}, nil
	}
	f := &apigw.ForwardAction{}
	for _, g := range v.ForwardConfig.TargetGroups {
		weight := 1
		if g.Weight != nil {
			weight = *g.Weight
		}
		f.Groups = append(f.Groups, apigw.WeightedGroup{Group: apigw.ARN(val(g.TargetGroupArn)), Weight: weight})
	}
	if arn := v.TargetGroupArn; arn != nil && (len(f.Groups) != 1 || f.Groups[0].Group != apigw.ARN(*arn)) {
		return nil, balancerError("InvalidLoadBalancerAction", "You can specify both a target group ARN and a forward configuration only when they name the same target group alone")
	}
	if s := v.ForwardConfig.TargetGroupStickinessConfig; s != nil && val(s.Enabled) {
		if val(s.DurationSeconds) < 1 {
			return nil, balancerError("ValidationError", "Target group stickiness duration must be between 1 and 604800 seconds")
		}
		f.Sticky = *s.DurationSeconds
	}
	return f, nil
}

func redirectOf(r *elbv2.RedirectActionConfig) *apigw.Redirect {
	out := &apigw.Redirect{Protocol: val(r.Protocol), Host: val(r.Host), Port: val(r.Port), Path: val(r.Path), Query: "#{query}", Status: 301}
	if r.Query != nil {
		out.Query = *r.Query
	}
	if *r.StatusCode == "HTTP_302" {
		out.Status = 302
	}
	return out
}

func actionsView(list []apigw.RuleAction) []*elbv2.Action {
	out := []*elbv2.Action{}
	for i := range list {
		a := &list[i]
		v := &elbv2.Action{Type: &a.Type, Order: &a.Order}
		if f := a.Forward; f != nil {
			v.ForwardConfig = forwardView(f)
			if len(f.Groups) == 1 {
				v.TargetGroupArn = set(f.Groups[0].Group)
			}
		}
		if r := a.Redirect; r != nil {
			v.RedirectConfig = &elbv2.RedirectActionConfig{Protocol: &r.Protocol, Port: &r.Port, Host: &r.Host, Path: &r.Path, Query: &r.Query, StatusCode: new("HTTP_" + strconv.Itoa(r.Status))}
		}
		if f := a.Fixed; f != nil {
			v.FixedResponseConfig = &elbv2.FixedResponseActionConfig{MessageBody: set(f.Body), StatusCode: new(strconv.Itoa(f.Status)), ContentType: set(f.ContentType)}
		}
		out = append(out, v)
	}
	return out
}

func forwardView(f *apigw.ForwardAction) *elbv2.ForwardActionConfig {
	v := &elbv2.ForwardActionConfig{TargetGroupStickinessConfig: &elbv2.TargetGroupStickinessConfig{Enabled: new(f.Sticky > 0)}}
	if f.Sticky > 0 {
		v.TargetGroupStickinessConfig.DurationSeconds = &f.Sticky
	}
	for i := range f.Groups {
		v.TargetGroups = append(v.TargetGroups, &elbv2.TargetGroupTuple{TargetGroupArn: set(f.Groups[i].Group), Weight: &f.Groups[i].Weight})
	}
	return v
}
