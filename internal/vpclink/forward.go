package vpclink

import (
	"math/bits"
	"math/rand/v2"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// forward divides calls among groups.
type forward struct {
	groups []*group
	sums   []uint64 // of weights, up to and with each
}

func (b *Book) newForward(lb *balancer, spec *apigw.ForwardAction) *forward {
	f := &forward{}
	sum := uint64(0)
	for _, w := range spec.Groups {
		g := b.group(w.Group)
		lb.groups = append(lb.groups, g)
		weight := w.Weight
		if len(spec.Groups) == 1 {
			weight = 1
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

func (f *forward) serve(v *visit) (integration.Visit, error) { return v.send(f.choose()) }
