package vpclink

import (
	"errors"
	"math/rand/v2"

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
	v.choice.Hash = rand.Uint64()
	return v.pass(g)
}

// pass calls a target of g, and answers nothing itself.
func (v *visit) pass(g *group) (integration.Visit, error) {
	m, err := v.send(g, nil)
	if err != nil {
		return nil, err
	}
	return m, nil
}
