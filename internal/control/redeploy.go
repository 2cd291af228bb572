package control

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

const (
	automaticDescription = "Automatic deployment triggered by changes to the Api configuration"
	deployedMessage      = "Successfully deployed stage with deployment ID '%s'"
	failedMessage        = "Deployment attempt failed: %s"
	// maxMessage bounds what a stage says of its last deployment.
	maxMessage = 2000
)

// keptAutomatic is how many automatic deployments of an API are kept that no
// stage serves, the latest ones: AWS keeps all, which thousands of edits would
// make as many, and these are enough to go back to. Those that someone made by
// hand are never removed.
const keptAutomatic = 10

// stageAt is a stage and the revision of its record, 0 for a new one.
type stageAt struct {
	stage    *apigw.Stage
	revision int64
}

// redeployment is an automatic deployment of an API of routes: the stages that
// deploy by themselves serve what the API has become.
//
// One that can't be served replaces nothing: the stages go on with what they
// have and say why in their lastDeploymentStatusMessage, as on AWS, where the
// call that changed the API succeeded long before. To refuse the change would
// lose an edit that others may be about to complete.
type redeployment struct {
	c     *Control
	ref   apiRef
	guard guard
	due   []stageAt       // those to serve the deployment
	used  []*apigw.Stage  // the API's other stages
	old   *store.Tree     // what was deployed before; nil: nothing
	was   *apigw.RouteAPI // its settings
	// strict refuses what can't be served instead.
	strict bool
}

// newRedeployment reads the stages of an API; nil for a REST API.
func (c *Control) newRedeployment(ctx context.Context, s *snapshot) (*redeployment, error) {
	if s.ref.kind != routesKind {
		return nil, nil
	}
	g, err := c.guard(ctx, s.ref)
	if err != nil {
		return nil, err
	}
	r := &redeployment{c: c, ref: s.ref, guard: g, old: s.tree, was: s.def.RouteAPI}
	records, _, _, err := c.store.List(ctx, s.ref.key(KeyStage)+"/", "", 0)
	if err != nil {
		return nil, err
	}
	for _, record := range records {
		stage, err := DecodeStage(record.Value)
		switch {
		case err != nil:
			return nil, err
		case stage.Routes != nil && stage.Routes.AutoDeploy:
			r.due = append(r.due, stageAt{stage, record.Revision})
		default:
			r.used = append(r.used, stage)
		}
	}
	return r, nil
}

// txn is what deploys def, whose tree t is about to be stored, or is. Without
// a stage to deploy to it is the condition that none appeared meanwhile.
func (r *redeployment) txn(t *store.Tree, def *apigw.Definition) (store.Txn, error) {
	if len(r.due) == 0 && r.guard.revision != 0 {
		return store.Txn{If: []store.Condition{r.guard.unchanged()}}, nil
	}
	if !r.needed(t, def) {
		return store.Txn{}, nil
	}
	id, err := r.c.newID(6)
	if err != nil {
		return store.Txn{}, err
	}
	dep := apigw.Deployment{ID: apigw.DeploymentID(id), APIID: r.ref.api, Description: automaticDescription,
		Created: r.c.now().UTC(), AutoDeployed: true}
	var stages store.Txn
	deployed := false
	for _, at := range r.due {
		served, err := r.stage(at.stage, dep.ID, def)
		if err != nil {
			return store.Txn{}, err
		}
		deployed = deployed || served.DeploymentID == dep.ID
		r.used = append(r.used, served)
		if err := r.c.putStage(&stages, r.ref, served, at.revision); err != nil {
			return store.Txn{}, err
		}
	}
	if deployed {
		freeze, err := r.c.freeze(t, r.ref, frozenMetaOf(dep, def))
		if err != nil {
			return store.Txn{}, err
		}
		stages.If = append(stages.If, store.Condition{Key: r.ref.deployment(dep.ID)})
		stages.Ops = append(append(stages.Ops, freeze), r.forget(dep.ID)...)
	}
	txn := r.guard.with(stages.If...)
	txn.Ops = append(txn.Ops, stages.Ops...)
	return txn, nil
}

// needed: tags and what an import said make no difference to what is served.
func (r *redeployment) needed(t *store.Tree, def *apigw.Definition) bool {
	return r.old == nil || t.EntriesHash() != r.old.EntriesHash() || !sameSettings(r.was, def.RouteAPI)
}

func sameSettings(a, b *apigw.RouteAPI) bool {
	plain := func(api apigw.RouteAPI) []byte {
		api.Tags, api.ImportInfo, api.Warnings = nil, nil, nil
		raw, _ := encodeMeta(&apigw.Definition{RouteAPI: &api}) // can't fail
		return raw
	}
	return bytes.Equal(plain(*a), plain(*b))
}

// stage is s as it is after the deployment dep of def.
func (r *redeployment) stage(s *apigw.Stage, dep apigw.DeploymentID, def *apigw.Definition) (*apigw.Stage, error) {
	next := cloneStage(s)
	next.DeploymentID = dep
	err := checkRoutesDeployable(def)
	if err == nil {
		err = r.c.refuse(r.ref, def, next)
	}
	switch {
	case err == nil:
		next.Routes.DeploymentMessage = strings.Replace(deployedMessage, "%s", string(dep), 1)
	case r.strict:
		return nil, err
	default:
		next.DeploymentID = s.DeploymentID
		next.Routes.DeploymentMessage = shorten(strings.Replace(failedMessage, "%s", message(err), 1), maxMessage)
		r.c.log.Warn("a stage goes on with the deployment before: what its API has become can't be served",
			"api", r.ref.api, "stage", s.Name, "reason", message(err))
	}
	next.Updated = r.c.seconds()
	return next, nil
}

// shorten cuts text to at most n bytes, between characters.
func shorten(text string, n int) string {
	if len(text) <= n {
		return text
	}
	return strings.ToValidUTF8(text[:n], "")
}

// forget notes a new automatic deployment and removes the oldest that no stage
// serves.
func (r *redeployment) forget(dep apigw.DeploymentID) (ops []store.Op) {
	list := append(slices.Clone(r.guard.says.Automatic), dep)
	surplus := len(list) - keptAutomatic
	list = slices.DeleteFunc(list, func(id apigw.DeploymentID) bool {
		if surplus <= 0 || slices.ContainsFunc(r.used, func(s *apigw.Stage) bool { return s.DeploymentID == id }) {
			return false
		}
		surplus--
		ops = append(ops, store.Op{Key: r.ref.deployment(id)})
		return true
	})
	r.guard.says.Automatic = list
	return ops
}

// checkRoutesDeployable refuses what AWS refuses to deploy, in its words, as
// reported in the field.
func checkRoutesDeployable(def *apigw.Definition) error {
	switch {
	case len(def.Routes) > 0:
		return nil
	case def.RouteAPI.Protocol == apigw.ProtocolWebSocket:
		return apigw.Errorf(apigw.BadRequest, "At least one route is required before deploying the Api.")
	}
	return apigw.Errorf(apigw.BadRequest, "Unable to deploy API because no routes exist in this API")
}
