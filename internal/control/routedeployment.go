package control

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// RouteDeployment returns one deployment of an API of routes.
func (c *Control) RouteDeployment(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.DeploymentID) (*apigw.Deployment, error) {
	return c.deployment(ctx, routesRef(scope, api), id)
}

// RouteDeployments lists the deployments of an API of routes, the latest first.
// Of the automatic ones that no stage serves the latest few are kept.
func (c *Control) RouteDeployments(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.Deployment, error) {
	return c.deployments(ctx, routesRef(scope, api))
}

// CreateRouteDeployment freezes an API of routes and, when a stage is named,
// has that stage serve it. The stage must exist. A refused deployment changes
// nothing.
func (c *Control) CreateRouteDeployment(ctx context.Context, scope apigw.Scope, api apigw.APIID, description string, stage apigw.StageName) (*apigw.Deployment, error) {
	ref := routesRef(scope, api)
	if len(description) > 1024 {
		return nil, tooLong("Description", len(description), 1024)
	}
	return exclusively(ctx, c, ref, func(ctx context.Context) (*apigw.Deployment, int64, error) {
		return c.deployRoutes(ctx, ref, description, stage)
	})
}

func (c *Control) deployRoutes(ctx context.Context, ref apiRef, description string, name apigw.StageName) (*apigw.Deployment, int64, error) {
	s, dep, txn, err := c.freezing(ctx, ref, description, checkRoutesDeployable)
	if err != nil {
		return nil, 0, err
	}
	if name == "" {
		err = c.refuse(ref, s.def, nil)
	} else {
		err = c.deployTo(ctx, s, dep.ID, name, &txn)
	}
	if err != nil {
		return nil, 0, err
	}
	revision, err := c.store.Commit(ctx, txn)
	if name == "" {
		revision = 0 // no stage changed
	}
	return dep, revision, err
}

// deployTo adds to txn that a stage serves deployment dep of s. A stage that
// deploys by itself may be named, too: it is what it would serve anyway.
func (c *Control) deployTo(ctx context.Context, s *snapshot, dep apigw.DeploymentID, name apigw.StageName, txn *store.Txn) error {
	old, revision, err := c.readStage(ctx, s.ref, name)
	if err != nil {
		return err
	}
	r := &redeployment{c: c, ref: s.ref, strict: true}
	stage, err := r.stage(old, dep, s.def)
	if err != nil {
		return err
	}
	return c.putStage(txn, s.ref, stage, revision)
}

// UpdateRouteDeployment changes a deployment's description.
func (c *Control) UpdateRouteDeployment(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.DeploymentID, mutate func(*apigw.Deployment) error) (*apigw.Deployment, error) {
	return c.updateDeployment(ctx, routesRef(scope, api), id, mutate)
}

// DeleteRouteDeployment removes a deployment that no stage serves.
func (c *Control) DeleteRouteDeployment(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.DeploymentID) error {
	return c.deleteDeployment(ctx, routesRef(scope, api), id)
}
