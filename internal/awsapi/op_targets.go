package awsapi

import (
	"context"
	"net/netip"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
)

func targetsOf(in []*elbv2.TargetDescription) (list []apigw.Target, err error) {
	for _, t := range in {
		if t.QuicServerId != nil {
			return nil, balancerError("InvalidTarget", "QuicServerId: QUIC is not supported here")
		}
		list = append(list, apigw.Target{ID: *t.Id, Port: val(t.Port), Zone: val(t.AvailabilityZone)})
	}
	return list, nil
}

func (o balancers) registerTargets(ctx context.Context, c *Call, in *elbv2.RegisterTargetsInput) (*elbv2.RegisterTargetsOutput, error) {
	list, err := targetsOf(in.Targets)
	if err != nil {
		return nil, err
	}
	return &elbv2.RegisterTargetsOutput{}, o.c.RegisterTargets(ctx, c.Scope, apigw.ARN(*in.TargetGroupArn), list)
}

func (o balancers) deregisterTargets(ctx context.Context, c *Call, in *elbv2.DeregisterTargetsInput) (*elbv2.DeregisterTargetsOutput, error) {
	list, err := targetsOf(in.Targets)
	if err != nil {
		return nil, err
	}
	return &elbv2.DeregisterTargetsOutput{}, o.c.DeregisterTargets(ctx, c.Scope, apigw.ARN(*in.TargetGroupArn), list)
}

// describeTargetHealth tells how this node sees the targets.
func (o balancers) describeTargetHealth(ctx context.Context, c *Call, in *elbv2.DescribeTargetHealthInput) (*elbv2.DescribeTargetHealthOutput, error) {
	if err := refuseParameters(setting{"Include: targets that are anomalous are told of by metrics", len(in.Include) > 0}); err != nil {
		return nil, err
	}
	asked, err := targetsOf(in.Targets)
	if err != nil {
		return nil, err
	}
	g, err := o.c.TargetGroup(ctx, c.Scope, apigw.ARN(*in.TargetGroupArn))
	if err != nil {
		return nil, err
	}
	seen, err := o.seenTargets(ctx, c.Scope, g)
	if err != nil {
		return nil, err
	}
	out := &elbv2.DescribeTargetHealthOutput{TargetHealthDescriptions: []*elbv2.TargetHealthDescription{}}
	if len(asked) == 0 {
		for i := range seen {
			out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, healthView(g, &seen[i]))
		}
	}
	for _, t := range asked {
		if addr, err := netip.ParseAddr(t.ID); err == nil {
			t.ID = addr.String() // as it was registered, however it is spelled
		}
		h := apigw.TargetHealth{Target: t, State: "unused", Reason: "Target.NotRegistered", Description: "Target is not registered to the target group"}
		for _, known := range seen {
			if known.Target.ID == t.ID && portOf(g, &known.Target) == portOf(g, &t) {
				h = known
			}
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, healthView(g, &h))
	}
	return out, nil
}

func portOf(g *apigw.TargetGroup, t *apigw.Target) int {
	if t.Port == 0 {
		return g.Port
	}
	return t.Port
}

// seenTargets are the targets as this node sees them. One that its data plane
// hasn't heard of yet is about to be, where a load balancer leads to it
// (reference, TargetHealth).
func (o balancers) seenTargets(ctx context.Context, scope apigw.Scope, g *apigw.TargetGroup) ([]apigw.TargetHealth, error) {
	inUse, err := o.c.GroupInUse(ctx, scope, g.ARN)
	if err != nil {
		return nil, err
	}
	var told []apigw.TargetHealth
	if o.health != nil {
		told = o.health(g.ARN)
	}
	var list []apigw.TargetHealth
	for _, t := range g.Targets {
		h := apigw.TargetHealth{Target: t, State: "initial", Reason: "Elb.RegistrationInProgress", Description: "Target registration is in progress"}
		for _, known := range told {
			if known.Target.ID == t.ID && portOf(g, &known.Target) == portOf(g, &t) {
				h = known
			}
		}
		switch {
		case !t.Removed.IsZero():
			h.State, h.Reason, h.Description = "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
		case !inUse:
			h.State, h.Reason, h.Description = "unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"
		}
		list = append(list, h)
	}
	return list, nil
}

func healthView(g *apigw.TargetGroup, h *apigw.TargetHealth) *elbv2.TargetHealthDescription {
	v := &elbv2.TargetHealthDescription{
		Target:       &elbv2.TargetDescription{Id: &h.Target.ID, AvailabilityZone: set(h.Target.Zone)},
		TargetHealth: &elbv2.TargetHealth{State: &h.State, Reason: set(h.Reason), Description: set(h.Description)},
	}
	if port := portOf(g, &h.Target); port != 0 {
		v.Target.Port = &port
	}
	switch {
	case g.TargetType == apigw.TargetLambda:
	case g.Health.Port == "traffic-port":
		v.HealthCheckPort = new(strconv.Itoa(portOf(g, &h.Target)))
	default:
		v.HealthCheckPort = &g.Health.Port
	}
	return v
}
