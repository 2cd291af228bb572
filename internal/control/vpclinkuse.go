package control

import (
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxUsers bounds how many users of a link a message names.
const maxUsers = 20

// linkUsers are what calls through a link, as AWS's message names them.
type linkUsers struct {
	methods []string // deployed ones of REST APIs
	routes  []string // of APIs as they are edited
	staged  []string // deployed routes
}

// checkLinkUnused refuses to take a link away from what calls through it. One that
// is named by a stage variable may go (developer guide, "Set up VPC links"). The
// texts are AWS's, as reported in the field of links of either version; that of
// deployed routes isn't known there, where they'd answer 503 from then on.
func (c *Control) checkLinkUnused(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID) error {
	users, err := c.linkUsers(ctx, scope, id)
	if err != nil {
		return err
	}
	for _, found := range []struct {
		by     []string
		format string
	}{
		{users.methods, "[RESTApiId:Method:Resource:Stage]"},
		{users.routes, "[Method:Resource]"},
		{users.staged, "[Method:Resource:Stage]"},
	} {
		if n := len(found.by); n > 0 {
			slices.Sort(found.by)
			return apigw.Errorf(apigw.BadRequest, "Cannot delete vpc link. Vpc link '%s', is referenced in [%s] in format of %s.",
				id, strings.Join(found.by[:min(n, maxUsers)], ", "), found.format)
		}
	}
	return nil
}

func (c *Control) linkUsers(ctx context.Context, scope apigw.Scope, id apigw.VPCLinkID) (u linkUsers, err error) {
	records, _, _, err := c.store.List(ctx, kindPrefix(scope, KeyStage), "", 0)
	if err != nil {
		return u, err
	}
	for _, r := range records {
		stage, err := DecodeStage(r.Value)
		if err != nil {
			return u, err
		}
		if err := c.stageUsers(ctx, scope, stage, id, &u); err != nil {
			return u, err
		}
	}
	apis, _, err := c.heads(ctx, scope, routesKind, "", 0)
	if err != nil {
		return u, err
	}
	for _, api := range apis {
		def, err := c.RouteDefinition(ctx, scope, api.RouteAPI.ID)
		if apigw.KindOf(err) == apigw.NotFound && err != nil {
			continue // it went meanwhile
		}
		if err != nil {
			return u, err
		}
		u.routes = append(u.routes, linkedRoutes(def, id, "")...)
	}
	return u, nil
}

// stageUsers adds what a stage serves.
func (c *Control) stageUsers(ctx context.Context, scope apigw.Scope, stage *apigw.Stage, id apigw.VPCLinkID, u *linkUsers) error {
	deployments := []apigw.DeploymentID{stage.DeploymentID}
	if stage.Canary != nil && stage.Canary.DeploymentID != stage.DeploymentID {
		deployments = append(deployments, stage.Canary.DeploymentID)
	}
	for _, dep := range deployments {
		def, err := c.loadDeployment(ctx, anyRef(scope, stage.APIID), dep)
		if apigw.KindOf(err) == apigw.NotFound && err != nil {
			continue
		}
		if err != nil {
			return err
		}
		u.methods = append(u.methods, linkedMethods(def, stage, id)...)
		u.staged = append(u.staged, linkedRoutes(def, id, ":"+string(stage.Name))...)
	}
	return nil
}

func linkedMethods(def *apigw.Definition, stage *apigw.Stage, id apigw.VPCLinkID) (list []string) {
	for _, r := range def.Resources {
		for verb, m := range r.Methods {
			if i := m.Integration; i != nil && i.ConnectionType == "VPC_LINK" && i.ConnectionID == string(id) {
				list = append(list, strings.Join([]string{string(stage.APIID), string(verb), string(r.ID), string(stage.Name)}, ":"))
			}
		}
	}
	return list
}

func linkedRoutes(def *apigw.Definition, id apigw.VPCLinkID, suffix string) (list []string) {
	for _, r := range def.Routes {
		if i := def.RouteIntegrations[r.Target]; i != nil && i.ConnectionType == "VPC_LINK" && i.ConnectionID == string(id) {
			list = append(list, i.Method+":"+string(r.ID)+suffix)
		}
	}
	return list
}
