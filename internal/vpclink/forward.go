package vpclink

import (
	"errors"
	"math/bits"
	"math/rand/v2"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// forward divides calls among groups.
type forward struct {
	balancer *balancer
	groups   []*group
	sums     []uint64 // of weights, up to and with each
	sticky   int      // s that a client stays with a group; 0: it doesn't
}

func (b *Book) newForward(lb *balancer, spec *apigw.ForwardAction) *forward {
	f := &forward{balancer: lb, sticky: spec.Sticky}
	sum := uint64(0)
	for _, w := range spec.Groups {
		g := b.group(w.Group)
		lb.groups = append(lb.groups, g)
		weight := w.Weight
		if len(spec.Groups) == 1 {
			weight = max(weight, 1) // the only group takes everything
		}
		sum += uint64(max(weight, 0))
		f.groups, f.sums = append(f.groups, g), append(f.sums, sum)
	}
	return f
}

// choose is the group of a call: by weight, whatever the state of its targets
// (7.1 of the sheet: weighted groups don't fail over). nil: no group has any
// weight.
func (f *forward) choose() *group {
	if len(f.groups) == 1 {
		return f.groups[0]
	}
	all := uint64(0)
	if len(f.sums) > 0 {
		all = f.sums[len(f.sums)-1]
	}
	at, _ := bits.Mul64(rand.Uint64(), all)
	for i, sum := range f.sums {
		if at < sum {
			return f.groups[i]
		}
	}
	return nil
}

// do answers a call of an Application Load Balancer.
func (f *forward) do(v *visit) (integration.Visit, error) {
	g := f.stuck(v)
	if g == nil {
		g = f.choose()
	}
	spec := specOf(g)
	if spec == nil {
		return invented(503).do(v)
	}
	v.group = g
	v.decide("target group", string(g.arn), f.why())
	f.balancer.forward(v)
	if spec.TargetType == apigw.TargetLambda {
		return f.invoke(v, g, spec)
	}
	m, err := v.send(g, spec.stuck(v))
	if err != nil {
		if none, ok := errors.AsType[*noTarget](err); ok && none.result != balance.Saturated {
			v.decide("target group", "503", none.Error())
			return invented(503).do(v)
		}
		return v.failed(err)
	}
	if spec.sticky != nil {
		spec.stick(v, m)
	}
	f.stick(v, g)
	return m, nil
}

func (f *forward) why() string {
	if len(f.groups) == 1 {
		return "the only one"
	}
	return "by weight, or where the client has been"
}

func specOf(g *group) *groupSpec {
	if g == nil {
		return nil
	}
	return g.spec.Load()
}

// take chooses a target of g for a call, or one of its overflow group when g has
// no room, or too few healthy targets while the other has enough. taker is whose
// target it is.
func (g *group) take(c *balance.Call) (t *balance.Target, taker *group, result balance.Result) {
	spec := g.spec.Load()
	if spec == nil {
		return nil, g, balance.Empty
	}
	over := spec.overflow
	if over == nil {
		t, result = g.set.Take(c)
		return t, g, result
	}
	c.FitOnly = true
	if t, result = g.set.Take(c); t != nil {
		return t, g, result
	}
	if specOf(over) != nil {
		if t, r := over.set.Take(c); t != nil {
			over.overflowed()
			return t, over, r
		}
	}
	if c.FitOnly = false; result == balance.Open {
		t, result = g.set.Take(c)
	}
	return t, g, result
}
