package awsapi

import (
	"context"
	"fmt"
	"math"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
)

func (o routed) createDeployment(ctx context.Context, c *Call, in *v2.CreateDeploymentRequest) (*v2.CreateDeploymentResponse, error) {
	d, err := o.c.CreateRouteDeployment(ctx, c.Scope, apiID(in.ApiId), val(in.Description), apigw.StageName(val(in.StageName)))
	return (*v2.CreateDeploymentResponse)(routeDeploymentView(d)), err
}

func (o routed) getDeployment(ctx context.Context, c *Call, in *v2.GetDeploymentRequest) (*v2.GetDeploymentResponse, error) {
	d, err := o.c.RouteDeployment(ctx, c.Scope, apiID(in.ApiId), apigw.DeploymentID(in.DeploymentId))
	return (*v2.GetDeploymentResponse)(routeDeploymentView(d)), err
}

// getDeployments lists the latest first, as those of REST APIs are.
func (o routed) getDeployments(ctx context.Context, c *Call, in *v2.GetDeploymentsRequest) (*v2.GetDeploymentsResponse, error) {
	list, err := o.c.RouteDeployments(ctx, c.Scope, apiID(in.ApiId))
	if err != nil {
		return nil, err
	}
	latestFirst := func(d *apigw.Deployment) string {
		return fmt.Sprintf("%016x%s", math.MaxInt64-d.Created.UnixNano(), d.ID)
	}
	items, next, err := onPage(in.NextToken, in.MaxResults, list, latestFirst, routeDeploymentView)
	return &v2.GetDeploymentsResponse{Items: items, NextToken: next}, err
}

func (o routed) updateDeployment(ctx context.Context, c *Call, in *v2.UpdateDeploymentRequest) (*v2.UpdateDeploymentResponse, error) {
	d, err := o.c.UpdateRouteDeployment(ctx, c.Scope, apiID(in.ApiId), apigw.DeploymentID(in.DeploymentId), func(d *apigw.Deployment) error {
		putText(&d.Description, in.Description)
		return nil
	})
	return (*v2.UpdateDeploymentResponse)(routeDeploymentView(d)), err
}

func (o routed) deleteDeployment(ctx context.Context, c *Call, in *v2.DeleteDeploymentRequest) error {
	return o.c.DeleteRouteDeployment(ctx, c.Scope, apiID(in.ApiId), apigw.DeploymentID(in.DeploymentId))
}
