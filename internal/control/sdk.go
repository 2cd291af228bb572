package control

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/sdk"
)

// SDK generates a client of what a stage serves, not of what the API has
// become since. The errors are those of sdk.Generate, and NotFound.
func (c *Control) SDK(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName, kind string, parameters map[string]string) (*sdk.Archive, error) {
	stage, err := c.Stage(ctx, scope, api, name)
	if err != nil {
		return nil, err
	}
	dep, def, err := c.deployed(ctx, scope, api, stage.DeploymentID)
	if err != nil {
		return nil, err
	}
	archive, err := sdk.Generate(kind, sdk.Source{
		Definition: def, Stage: name, Host: restRef(scope, api).host(), Created: dep.Created, Parameters: parameters,
	})
	return archive, storeError(err)
}
