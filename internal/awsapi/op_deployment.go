package awsapi

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o rest) createDeployment(ctx context.Context, c *Call, in *apigateway.CreateDeploymentRequest) (*apigateway.Deployment, error) {
	d := control.NewDeployment{
		Description: val(in.Description), StageDescription: in.StageDescription, Variables: in.Variables,
		CacheClusterEnabled: in.CacheClusterEnabled, CacheClusterSize: in.CacheClusterSize, TracingEnabled: in.TracingEnabled,
		Stage: (*apigw.StageName)(in.StageName),
	}
	if s := in.CanarySettings; s != nil {
		d.Canary = &apigw.CanarySettings{
			PercentTraffic: val(s.PercentTraffic), StageVariableOverrides: s.StageVariableOverrides, UseStageCache: val(s.UseStageCache),
		}
	}
	made, err := o.c.CreateDeployment(ctx, c.Scope, apiID(in.RestApiId), d)
	return deploymentView(made), err
}

func (o rest) getDeployment(ctx context.Context, c *Call, in *apigateway.GetDeploymentRequest) (*apigateway.Deployment, error) {
	id := apigw.DeploymentID(in.DeploymentId)
	d, err := o.c.Deployment(ctx, c.Scope, apiID(in.RestApiId), id)
	if err != nil {
		return nil, err
	}
	out := deploymentView(d)
	if slices.ContainsFunc(in.Embed, func(e string) bool { return strings.EqualFold(e, "apisummary") }) {
		def, err := o.c.LoadDeployment(ctx, c.Scope, apiID(in.RestApiId), id)
		if err != nil {
			return nil, err
		}
		out.ApiSummary = apiSummary(def)
	}
	return out, nil
}

// getDeployments lists the latest first, which tools take for the current one.
func (o rest) getDeployments(ctx context.Context, c *Call, in *apigateway.GetDeploymentsRequest) (*apigateway.Deployments, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.Deployments(ctx, c.Scope, apiID(in.RestApiId))
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(d *apigw.Deployment) string {
		return fmt.Sprintf("%016x%s", math.MaxInt64-d.Created.UnixNano(), d.ID)
	})
	out := &apigateway.Deployments{Items: []*apigateway.Deployment{}, Position: next}
	for _, d := range list {
		out.Items = append(out.Items, deploymentView(d))
	}
	return out, nil
}

func (o rest) updateDeployment(ctx context.Context, c *Call, in *apigateway.UpdateDeploymentRequest) (*apigateway.Deployment, error) {
	d, err := o.c.UpdateDeployment(ctx, c.Scope, apiID(in.RestApiId), apigw.DeploymentID(in.DeploymentId), patchDeployment(Patch(in.PatchOperations)))
	return deploymentView(d), err
}

func (o rest) deleteDeployment(ctx context.Context, c *Call, in *apigateway.DeleteDeploymentRequest) error {
	return o.c.DeleteDeployment(ctx, c.Scope, apiID(in.RestApiId), apigw.DeploymentID(in.DeploymentId))
}

func deploymentView(d *apigw.Deployment) *apigateway.Deployment {
	if d == nil {
		return nil
	}
	return &apigateway.Deployment{Id: set(d.ID), Description: set(d.Description), CreatedDate: &d.Created}
}

func apiSummary(def *apigw.Definition) map[string]map[string]*apigateway.MethodSnapshot {
	out := map[string]map[string]*apigateway.MethodSnapshot{}
	for _, r := range def.Resources {
		for verb, m := range r.Methods {
			if out[r.Path] == nil {
				out[r.Path] = map[string]*apigateway.MethodSnapshot{}
			}
			out[r.Path][string(verb)] = &apigateway.MethodSnapshot{
				AuthorizationType: set(m.AuthorizationType), ApiKeyRequired: new(m.APIKeyRequired),
			}
		}
	}
	return out
}
