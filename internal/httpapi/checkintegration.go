package httpapi

import "github.com/gatehouse/gatehouse/internal/apigw"

// CheckIntegration lists what of one integration of an HTTP API couldn't be
// served by any stage: what depends on stage variables is left to Check. The
// problems' places mean nothing.
func CheckIntegration(api *apigw.RouteAPI, i *apigw.RouteIntegration) []Problem {
	c := newCompiler(&apigw.Definition{
		RouteAPI: api, RouteIntegrations: map[apigw.RouteIntegrationID]*apigw.RouteIntegration{i.ID: i},
	}, nil, nil)
	c.out = c.newStage()
	c.integration("", &apigw.Route{Target: i.ID})
	return c.problems
}
