package vpclink

import (
	"errors"
	"math/rand/v2"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// errPlain ends plain calls to listeners of TLS: there, a handshake fails.
var errPlain = errors.New("the load balancer's listener speaks TLS, and the integration doesn't")

// connect passes a call through a Network Load Balancer. A call stands for a
// flow: its connection leads to the target that the hash of the flow chose, and
// is used again, as a flow of its own, by calls that choose the same target. So
// connections stay with their target for life, and the gateway needn't be many
// machines for all targets to get their part of the calls.
func (l *listener) connect(v *visit) (integration.Visit, error) {
	served, err := l.flow(v)
	if unconnected(err) {
		err = &integration.NowhereError{Err: err}
	}
	return served, err
}

// unconnected says that no target could be connected to. A client of the load
// balancer sees no connection at all then, which REST APIs answer like a link
// that leads nowhere (AWS knowledge center, "500 errors for VPC link
// integrations": the target isn't listening, or isn't in use).
func unconnected(err error) bool {
	if none, ok := errors.AsType[*noTarget](err); ok {
		return none.result != balance.Saturated
	}
	e, ok := errors.AsType[*http1.CallError](err)
	return ok && e.Phase == http1.PhaseConnect && !stopped(err) && !refused(err)
}

func (l *listener) flow(v *visit) (integration.Visit, error) {
	f, ok := l.standard.action.(*forward)
	if !ok {
		return nil, &integration.NowhereError{Err: errors.New("listener " + string(l.spec.ARN) + " leads to no target group")}
	}
	if l.secure && !v.place.secure() {
		return nil, errPlain
	}
	g := f.choose()
	spec := specOf(g)
	if spec == nil {
		return nil, &noTarget{}
	}
	v.decide("target group", string(g.arn), f.why())
	if spec.TargetType == apigw.TargetBalancer {
		return v.toBalancer(spec)
	}
	v.choice.Hash = rand.Uint64()
	return v.pass(g)
}

// toBalancer passes a call to the Application Load Balancer that is the only
// target of a group, at the group's port.
func (v *visit) toBalancer(spec *groupSpec) (integration.Visit, error) {
	behind := v.route.behind(v.place, spec)
	switch {
	case behind.route == nil:
		return nil, &noTarget{}
	case behind.err != nil:
		v.decide("VPC link", "leads nowhere", behind.err.Error())
		return nil, behind.err
	}
	v.route = behind.route
	l := v.route.listener
	v.decide("target", string(l.balancer.spec.ARN), "of target group "+string(spec.ARN))
	return l.serve(v)
}

// targetListener is the listener that a group of a load balancer leads to; nil:
// there is none.
func (w *world) targetListener(spec *groupSpec) *listener {
	for i := range spec.Targets {
		t := &spec.Targets[i]
		lb := w.balancers[apigw.ARN(t.ID)]
		if lb == nil || !t.Removed.IsZero() {
			continue
		}
		for _, l := range lb.listeners {
			if l.spec.Port == targetPort(spec.TargetGroup, t) && !l.network {
				return l
			}
		}
	}
	return nil
}

// pass calls a target of g, and answers nothing itself.
func (v *visit) pass(g *group) (integration.Visit, error) {
	m, err := v.send(g, nil)
	if err != nil {
		return nil, err
	}
	return m, nil
}
