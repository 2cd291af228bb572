package control

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// RouteStage returns one stage of an API of routes.
func (c *Control) RouteStage(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName) (*apigw.Stage, error) {
	s, _, err := c.readStage(ctx, routesRef(scope, api), name)
	return s, storeError(err)
}

// RouteStages lists the stages of an API of routes by name.
func (c *Control) RouteStages(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.Stage, error) {
	return c.listStages(ctx, routesRef(scope, api), "")
}

// CreateRouteStage makes a stage of an API of routes. One that deploys by
// itself serves the API as it is now, as soon as that has a route; one that
// has no deployment yet answers like a stage that doesn't exist. The stage's
// APIID, Created and Updated are filled in; Routes may be nil.
func (c *Control) CreateRouteStage(ctx context.Context, scope apigw.Scope, api apigw.APIID, stage apigw.Stage) (*apigw.Stage, error) {
	ref := routesRef(scope, api)
	return exclusively(ctx, c, ref, func(ctx context.Context) (*apigw.Stage, int64, error) {
		s, err := c.view(ctx, ref, ref.unknownAPI())
		if err != nil {
			return nil, 0, err
		}
		if _, _, err := c.readStage(ctx, ref, stage.Name); err == nil {
			return nil, 0, apigw.Errorf(apigw.Conflict, "Stage already exists")
		} else if apigw.KindOf(err) != apigw.NotFound {
			return nil, 0, err
		}
		made := cloneStage(&stage)
		if made.Routes == nil {
			made.Routes = &apigw.RouteStage{}
		}
		made.APIID, made.Created = api, c.seconds()
		made.Updated = made.Created
		made.Routes.Managed, made.Routes.DeploymentMessage = false, ""
		return c.commitRouteStage(ctx, s, nil, stageAt{stage: made})
	})
}

// UpdateRouteStage changes a stage's settings; they act at once.
func (c *Control) UpdateRouteStage(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName, mutate func(*apigw.Stage) error) (*apigw.Stage, error) {
	ref := routesRef(scope, api)
	return exclusively(ctx, c, ref, func(ctx context.Context) (*apigw.Stage, int64, error) {
		s, err := c.view(ctx, ref, ref.unknownAPI())
		if err != nil {
			return nil, 0, err
		}
		old, revision, err := c.readStage(ctx, ref, name)
		if err != nil {
			return nil, 0, err
		}
		stage := cloneStage(old)
		if err := mutate(stage); err != nil {
			return nil, 0, err
		}
		if stage.Routes == nil {
			stage.Routes = cloneRouteStage(old.Routes)
		}
		stage.APIID, stage.Name, stage.Created, stage.Routes.Managed = old.APIID, old.Name, old.Created, old.Routes.Managed
		stage.Routes.Protocol = old.Routes.Protocol
		if reflect.DeepEqual(old, stage) {
			return old, 0, nil
		}
		stage.Updated = c.seconds()
		return c.commitRouteStage(ctx, s, old, stageAt{stage, revision})
	})
}

// commitRouteStage checks a stage as it is to be and stores it, with a
// deployment when it begins to deploy by itself. Old is the stage before, nil
// for a new one.
func (c *Control) commitRouteStage(ctx context.Context, s *snapshot, old *apigw.Stage, at stageAt) (*apigw.Stage, int64, error) {
	if at.stage.Routes.Protocol = ""; s.def.RouteAPI.Protocol == apigw.ProtocolWebSocket {
		at.stage.Routes.Protocol = apigw.ProtocolWebSocket
	}
	if err := c.checkRouteStage(ctx, s, old, at.stage); err != nil {
		return nil, 0, err
	}
	guard, err := c.guard(ctx, s.ref)
	if err != nil {
		return nil, 0, err
	}
	var txn store.Txn
	if err := c.attachCertificate(ctx, s.ref.scope, at.stage, &txn); err != nil {
		return nil, 0, err
	}
	begins := at.stage.Routes.AutoDeploy && (old == nil || !old.Routes.AutoDeploy)
	var write store.Txn
	if begins {
		write, err = c.beginAutoDeploy(ctx, s, guard, &at)
	} else {
		write, err = c.keepDeployment(ctx, s, guard, at)
	}
	if err != nil {
		return nil, 0, err
	}
	write.If, write.Ops = append(write.If, txn.If...), append(write.Ops, txn.Ops...)
	revision, err := c.store.Commit(ctx, write)
	return at.stage, revision, err
}

// beginAutoDeploy is what stores a stage that deploys by itself from now on.
func (c *Control) beginAutoDeploy(ctx context.Context, s *snapshot, g guard, at *stageAt) (store.Txn, error) {
	others, err := c.stages(ctx, s.ref)
	if err != nil {
		return store.Txn{}, err
	}
	r := &redeployment{c: c, ref: s.ref, guard: g, due: []stageAt{*at}}
	for _, other := range others {
		if other.Name != at.stage.Name {
			r.used = append(r.used, other)
		}
	}
	txn, err := r.txn(s.tree, s.def)
	if err == nil {
		at.stage = r.used[len(r.used)-1]
	}
	txn.If = append(txn.If, s.tree.Unchanged())
	return txn, err
}

// keepDeployment is what stores a stage that serves the deployment it names, if
// that can be served with the stage's settings.
func (c *Control) keepDeployment(ctx context.Context, s *snapshot, g guard, at stageAt) (store.Txn, error) {
	if at.stage.DeploymentID != "" {
		if err := c.refuseStage(ctx, s.ref, at.stage, "", nil); err != nil {
			return store.Txn{}, err
		}
	}
	txn := g.with()
	return txn, c.putStage(&txn, s.ref, at.stage, at.revision)
}

// DeleteRouteStage removes a stage that no domain name is mapped to and no
// quick creation made.
func (c *Control) DeleteRouteStage(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName) error {
	s, err := c.RouteStage(ctx, scope, api, name)
	if err != nil {
		return err
	}
	if s.Routes.Managed {
		return managedPart("stage", string(name))
	}
	return c.deleteStage(ctx, routesRef(scope, api), name)
}

// DeleteRouteSettings has a stage forget the settings of one route.
func (c *Control) DeleteRouteSettings(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName, key string) error {
	_, err := c.UpdateRouteStage(ctx, scope, api, name, func(s *apigw.Stage) error {
		if s.Routes.Settings[key] == nil {
			return apigw.Errorf(apigw.NotFound, "Unable to find Route by key %s within the provided RouteSettings", key)
		}
		delete(s.Routes.Settings, key)
		return nil
	})
	return err
}

// ResetAuthorizersCache has a stage forget what its authorizers answered, on
// every node.
func (c *Control) ResetAuthorizersCache(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName) error {
	def, err := c.RouteDefinition(ctx, scope, api)
	if err != nil {
		return err
	}
	if def.RouteAPI.Protocol != apigw.ProtocolHTTP {
		return apigw.Errorf(apigw.BadRequest, "Authorizer caches are not supported on protocolType %s", def.RouteAPI.Protocol)
	}
	_, err = c.UpdateRouteStage(ctx, scope, api, name, func(s *apigw.Stage) error {
		s.AuthorizersFlushed++
		return nil
	})
	return err
}

// checkRouteStage refuses what AWS refuses in a stage of an API of routes.
func (c *Control) checkRouteStage(ctx context.Context, s *snapshot, old, stage *apigw.Stage) error {
	api := s.def.RouteAPI
	if stage.Name != apigw.DefaultStage || api.Protocol != apigw.ProtocolHTTP {
		if !stageName.MatchString(string(stage.Name)) {
			return apigw.Errorf(apigw.BadRequest, "Stage name only allows a-zA-Z0-9_-")
		}
	}
	switch {
	case len(stage.Name) > 128:
		return tooLong("Stage name", len(stage.Name), 128)
	case len(stage.Description) > 1024:
		return tooLong("Description", len(stage.Description), 1024)
	case stage.ClientCertificateID != "" && api.Protocol == apigw.ProtocolHTTP:
		return webSocketOnly(api, "Client certificates of stages")
	}
	if err := checkStageDeployment(old, stage); err != nil {
		return err
	}
	if err := c.checkVariables(stage.Variables); err != nil {
		return err
	}
	if err := checkAccessLog(stage.AccessLog); err != nil {
		return err
	}
	if err := checkTags(stage.Tags); err != nil {
		return err
	}
	if err := c.checkRouteSettings(ctx, s, old, stage); err != nil {
		return err
	}
	if old != nil {
		return nil
	}
	stages, err := c.stages(ctx, s.ref)
	if err != nil {
		return err
	}
	return within("Stages", len(stages)+1, c.limits.RouteStages)
}

// checkStageDeployment: which deployment a stage serves that deploys by itself
// isn't the caller's to say.
func checkStageDeployment(old, stage *apigw.Stage) error {
	if !stage.Routes.AutoDeploy {
		return nil
	}
	if old == nil && stage.DeploymentID != "" || old != nil && stage.DeploymentID != old.DeploymentID {
		return apigw.Errorf(apigw.BadRequest, "A deploymentId cannot be set for a stage whose autoDeploy is true")
	}
	return nil
}

// checkRouteSettings holds the settings that are new or changed to the routes
// there are (recorded on AWS: the text of an unknown one), and to what the
// protocol has. Those of a route that was deleted since may stay.
func (c *Control) checkRouteSettings(ctx context.Context, s *snapshot, old, stage *apigw.Stage) error {
	had := &apigw.RouteStage{}
	if old != nil {
		had = old.Routes
	}
	if !reflect.DeepEqual(had.DefaultSettings, stage.Routes.DefaultSettings) {
		if err := c.checkSettings(ctx, s, stage.Routes.DefaultSettings); err != nil {
			return err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(stage.Routes.Settings)) {
		settings := stage.Routes.Settings[key]
		if reflect.DeepEqual(had.Settings[key], settings) {
			continue
		}
		known := slices.ContainsFunc(slices.Collect(maps.Values(s.def.Routes)), func(r *apigw.Route) bool { return r.Key == key })
		if !known {
			return apigw.Errorf(apigw.NotFound, "Unable to find Route by key %s within the provided RouteSettings", key)
		}
		if err := c.checkSettings(ctx, s, settings); err != nil {
			return err
		}
	}
	return nil
}

// checkSettings: HTTP APIs have no execution logs, and those of WebSocket APIs
// need the account's role (AWS's texts, as reported in the field).
func (c *Control) checkSettings(ctx context.Context, s *snapshot, settings *apigw.RouteSettings) error {
	if settings == nil {
		return nil
	}
	api, level := s.def.RouteAPI, settings.LoggingLevel
	switch {
	case settings.ThrottlingBurstLimit != nil && *settings.ThrottlingBurstLimit < 0,
		settings.ThrottlingRateLimit != nil && !(*settings.ThrottlingRateLimit >= 0):
		return apigw.Errorf(apigw.BadRequest, "Throttling limits must not be negative")
	case api.Protocol == apigw.ProtocolHTTP && (level != "" || settings.DataTrace):
		return apigw.Errorf(apigw.BadRequest, "Execution logs are not supported on protocolType HTTP")
	case level != "" && !slices.Contains([]string{"ERROR", "INFO", "OFF"}, level):
		return apigw.Errorf(apigw.BadRequest, "Invalid logging level specified: %s. Must be one of [ERROR, INFO, OFF]", level)
	case level == "" || level == "OFF":
		return nil
	}
	account, err := c.Account(ctx, s.ref.scope)
	if err == nil && account.CloudWatchRole == "" {
		err = apigw.Errorf(apigw.BadRequest, "CloudWatch Logs role ARN must be set in account settings to enable logging")
	}
	return err
}
