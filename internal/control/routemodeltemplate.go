package control

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// RouteModelTemplate is ModelTemplate for a model of a WebSocket API.
func (c *Control) RouteModelTemplate(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.RouteModelID) (string, error) {
	m, err := c.RouteModel(ctx, scope, api, id)
	if err != nil {
		return "", err
	}
	def, err := c.RouteDefinition(ctx, scope, api)
	if err != nil {
		return "", err
	}
	models := map[apigw.ModelName]*apigw.Model{}
	for _, r := range def.RouteModels {
		models[apigw.ModelName(r.Name)] = &apigw.Model{Name: apigw.ModelName(r.Name), ContentType: r.ContentType, Schema: r.Schema}
	}
	return modelTemplate(&apigw.Definition{Models: models}, apigw.ModelName(m.Name)), nil
}
