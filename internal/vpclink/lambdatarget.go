package vpclink

import "github.com/gatehouse/gatehouse/internal/integration"

func (g *group) invoke(v *visit, spec *groupSpec) (integration.Visit, error) {
	return invented(502).do(v)
}
