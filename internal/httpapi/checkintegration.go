package httpapi

import (
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// CheckIntegration says what of an integration of an HTTP API is to be refused
// when it is set, because no stage could serve it: a *apigw.Error of kind
// BadRequest that names it. What depends on stage variables is left to Check.
func CheckIntegration(api *apigw.RouteAPI, i *apigw.RouteIntegration) error {
	c := newCompiler(&apigw.Definition{
		RouteAPI: api, RouteIntegrations: map[apigw.RouteIntegrationID]*apigw.RouteIntegration{i.ID: i},
	}, nil, nil)
	c.out = c.newStage()
	c.integration("", &apigw.Route{Target: i.ID})
	var texts []string
	for _, p := range c.problems {
		if !p.Warning {
			texts = append(texts, p.Text)
		}
	}
	if texts == nil {
		return nil
	}
	return apigw.Errorf(apigw.BadRequest, "%s", strings.Join(texts, "; "))
}
