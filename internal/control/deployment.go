package control

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// frozenMeta is the meta of a frozen head: the deployment, and the settings
// the API had.
type frozenMeta struct {
	Deployment apigw.Deployment `json:"deployment"`
	API        *apigw.RestAPI   `json:"api,omitempty"`
	Routes     *apigw.RouteAPI  `json:"routes,omitempty"` // of an API of routes, in API's place
}

// frozenMetaOf is the meta of a deployment of def.
func frozenMetaOf(dep apigw.Deployment, def *apigw.Definition) frozenMeta {
	if def.RouteAPI != nil {
		api := *def.RouteAPI
		api.ImportInfo, api.Warnings = nil, nil // of the edited API alone
		return frozenMeta{Deployment: dep, Routes: &api}
	}
	return frozenMeta{Deployment: dep, API: &def.API}
}

func (m *frozenMeta) kind() apiKind {
	if m.Routes != nil {
		return routesKind
	}
	return restKind
}

// begin is the definition that was frozen, without anything in it.
func (m *frozenMeta) begin(scope apigw.Scope) *apigw.Definition {
	var api apigw.RestAPI
	if m.API != nil {
		api = *m.API
	}
	return beginDefinition(scope, api, m.Routes)
}

// NewDeployment is what CreateDeployment takes. What is nil was not sent.
type NewDeployment struct {
	Description string
	// Stage is made, or moved to the new deployment; the members below are
	// the stage's.
	Stage               *apigw.StageName
	StageDescription    *string
	Variables           map[string]string
	CacheClusterEnabled *bool
	CacheClusterSize    *string
	TracingEnabled      *bool
	// Canary puts the new deployment beside the stage's own.
	Canary *apigw.CanarySettings
}

// Deployment returns one deployment.
func (c *Control) Deployment(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.DeploymentID) (*apigw.Deployment, error) {
	return c.deployment(ctx, restRef(scope, api), id)
}

func (c *Control) deployment(ctx context.Context, ref apiRef, id apigw.DeploymentID) (*apigw.Deployment, error) {
	_, meta, err := c.frozen(ctx, ref, id)
	if err != nil {
		return nil, storeError(err)
	}
	return &meta.Deployment, nil
}

// frozen reads a deployment's head.
func (c *Control) frozen(ctx context.Context, ref apiRef, id apigw.DeploymentID) (*store.Tree, *frozenMeta, error) {
	tree, err := c.store.ReadFrozen(ctx, ref.deployment(id))
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, unknownDeployment()
	}
	if err != nil {
		return nil, nil, err
	}
	meta, err := decodeFrozen(tree)
	if err == nil && !ref.kind.means(meta.kind()) {
		return nil, nil, unknownDeployment()
	}
	return tree, meta, err
}

func decodeFrozen(tree *store.Tree) (*frozenMeta, error) {
	meta := new(frozenMeta)
	if err := json.Unmarshal(tree.Meta(), meta); err != nil {
		return nil, fmt.Errorf("read %s: %w", tree.Key(), err)
	}
	return meta, nil
}

// Deployments lists an API's deployments, the latest first: tools take the
// first for the current one.
func (c *Control) Deployments(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.Deployment, error) {
	return c.deployments(ctx, restRef(scope, api))
}

func (c *Control) deployments(ctx context.Context, ref apiRef) ([]*apigw.Deployment, error) {
	if _, err := c.guard(ctx, ref); err != nil {
		return nil, storeError(err)
	}
	records, _, _, err := c.store.List(ctx, ref.key(KeyDeployment)+"/", "", 0)
	if err != nil {
		return nil, storeError(err)
	}
	list := make([]*apigw.Deployment, 0, len(records))
	for _, r := range records {
		tree, err := store.DecodeTree(r)
		if err != nil {
			return nil, storeError(err)
		}
		meta, err := decodeFrozen(tree)
		if err != nil {
			return nil, storeError(err)
		}
		list = append(list, &meta.Deployment)
	}
	slices.SortFunc(list, func(a, b *apigw.Deployment) int {
		return cmp.Or(b.Created.Compare(a.Created), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// LoadDeployment returns the definition a deployment froze.
func (c *Control) LoadDeployment(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.DeploymentID) (*apigw.Definition, error) {
	def, err := c.loadDeployment(ctx, anyRef(scope, api), id)
	return def, storeError(err)
}

// deployed is a deployment with the definition that it froze.
func (c *Control) deployed(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.DeploymentID) (*apigw.Deployment, *apigw.Definition, error) {
	dep, err := c.Deployment(ctx, scope, api, id)
	if err != nil {
		return nil, nil, err
	}
	def, err := c.LoadDeployment(ctx, scope, api, id)
	return dep, def, err
}

// DefinitionAt returns a definition of an API by the name of what it is: a
// deployment's ID, a stage for what it serves, or Edited for the API as it is
// being edited. The definition is not to be changed.
func (c *Control) DefinitionAt(ctx context.Context, scope apigw.Scope, api apigw.APIID, name string) (*apigw.Definition, error) {
	ref := anyRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	if name == Edited {
		return s.def, nil
	}
	def, err := c.loadDeployment(ctx, ref, apigw.DeploymentID(name))
	if apigw.KindOf(err) != apigw.NotFound {
		return def, storeError(err)
	}
	stage, _, stageErr := c.readStage(ctx, ref, apigw.StageName(name))
	if stageErr != nil {
		return nil, storeError(orUnknown(stageErr, apigw.Errorf(apigw.NotFound, "The API has neither a deployment nor a stage called %s", name)))
	}
	def, err = c.loadDeployment(ctx, ref, stage.DeploymentID)
	return def, storeError(err)
}

// Edited is the name of an API's definition that no deployment has frozen.
const Edited = "edited"

func (c *Control) loadDeployment(ctx context.Context, ref apiRef, id apigw.DeploymentID) (*apigw.Definition, error) {
	tree, meta, err := c.frozen(ctx, ref, id)
	if err != nil {
		return nil, err
	}
	values, err := c.store.Values(ctx, ref.base(), tree)
	if err != nil {
		return nil, fmt.Errorf("read deployment %s of API %s: %w", id, ref.api, err)
	}
	def := meta.begin(ref.scope)
	return def, decodeEntries(def, values)
}

// CreateDeployment freezes an API's definition and, when a stage is named,
// has that stage serve it. A refused deployment changes nothing.
func (c *Control) CreateDeployment(ctx context.Context, scope apigw.Scope, api apigw.APIID, in NewDeployment) (*apigw.Deployment, error) {
	if err := checkCanaryStage(in); err != nil {
		return nil, err
	}
	ref := restRef(scope, api)
	return exclusively(ctx, c, ref, func(ctx context.Context) (*apigw.Deployment, int64, error) {
		return c.deploy(ctx, ref, in)
	})
}

func checkCanaryStage(in NewDeployment) error {
	const text = "Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is %s"
	switch {
	case in.Canary == nil:
		return nil
	case in.Stage == nil:
		return apigw.Errorf(apigw.BadRequest, text, "null")
	case *in.Stage == "":
		return apigw.Errorf(apigw.BadRequest, text, "")
	}
	return nil
}

// freezing reads an API, which deployable may refuse, and is what freezes it as a
// new deployment.
func (c *Control) freezing(ctx context.Context, ref apiRef, description string, deployable func(*apigw.Definition) error) (*snapshot, *apigw.Deployment, store.Txn, error) {
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, nil, store.Txn{}, err
	}
	if err := deployable(s.def); err != nil {
		return nil, nil, store.Txn{}, err
	}
	guard, err := c.guard(ctx, ref)
	if err != nil {
		return nil, nil, store.Txn{}, err
	}
	id, err := c.newID(6)
	if err != nil {
		return nil, nil, store.Txn{}, err
	}
	dep := &apigw.Deployment{ID: apigw.DeploymentID(id), APIID: ref.api, Description: description, Created: c.now().UTC()}
	freeze, err := c.freeze(s.tree, ref, frozenMetaOf(*dep, s.def))
	txn := guard.with(s.tree.Unchanged(), store.Condition{Key: ref.deployment(dep.ID)})
	txn.Ops = append(txn.Ops, freeze)
	return s, dep, txn, err
}

func (c *Control) deploy(ctx context.Context, ref apiRef, in NewDeployment) (*apigw.Deployment, int64, error) {
	s, dep, txn, err := c.freezing(ctx, ref, in.Description, checkDeployable)
	if err != nil {
		return nil, 0, err
	}
	stage, err := c.deployedStage(ctx, ref, dep, in, &txn)
	if err != nil {
		return nil, 0, err
	}
	if stage == nil {
		err = c.refuse(ref, s.def, nil)
	} else {
		err = c.refuseStage(ctx, ref, stage, dep.ID, s.def)
	}
	if err != nil {
		return nil, 0, err
	}
	revision, err := c.store.Commit(ctx, txn)
	if stage == nil {
		revision = 0 // no stage changed
	}
	return dep, revision, err
}

func (c *Control) freeze(tree *store.Tree, ref apiRef, meta frozenMeta) (store.Op, error) {
	raw, err := json.Marshal(meta)
	if err != nil {
		return store.Op{}, fmt.Errorf("encode deployment %s: %w", meta.Deployment.ID, err)
	}
	return c.store.FreezeTree(tree, ref.deployment(meta.Deployment.ID), raw), nil
}

// checkDeployable refuses what AWS refuses to deploy.
func checkDeployable(def *apigw.Definition) error {
	methods := 0
	for _, r := range def.Resources {
		for _, m := range r.Methods {
			methods++
			if m.Integration == nil {
				return apigw.Errorf(apigw.BadRequest, "No integration defined for method")
			}
		}
	}
	if methods == 0 {
		return apigw.Errorf(apigw.BadRequest, "The REST API doesn't contain any methods")
	}
	return nil
}

// deployedStage adds the stage that serves dep to txn and returns it; nil
// when no stage was named.
func (c *Control) deployedStage(ctx context.Context, ref apiRef, dep *apigw.Deployment, in NewDeployment, txn *store.Txn) (*apigw.Stage, error) {
	if in.Stage == nil || *in.Stage == "" {
		return nil, nil
	}
	stage, revision, err := c.readStage(ctx, ref, *in.Stage)
	old := stage
	switch {
	case err == nil && in.StageDescription != nil:
		return nil, apigw.Errorf(apigw.BadRequest, "StageDescription cannot be specified when stage referenced by StageName already exists")
	case err == nil:
		stage = cloneStage(stage)
	case apigw.KindOf(err) != apigw.NotFound:
		return nil, err
	case in.Canary != nil:
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid deployment content specified.Stage %s must already be created before making a canary release deployment", *in.Stage)
	default:
		stage = &apigw.Stage{APIID: ref.api, Name: *in.Stage, Created: c.seconds()}
	}
	applyDeployment(stage, dep, in)
	stage.Updated = c.seconds()
	if err := c.renewCache(stage, old); err != nil {
		return nil, err
	}
	if err := c.checkStage(ctx, ref, stage, revision == 0); err != nil {
		return nil, err
	}
	return stage, c.putStage(txn, ref, stage, revision)
}

func applyDeployment(stage *apigw.Stage, dep *apigw.Deployment, in NewDeployment) {
	if in.Canary != nil {
		canary := *in.Canary
		canary.DeploymentID = dep.ID
		stage.Canary = &canary
	} else {
		stage.DeploymentID = dep.ID
	}
	if in.StageDescription != nil {
		stage.Description = *in.StageDescription
	}
	if in.Variables != nil {
		stage.Variables = in.Variables
	}
	if in.CacheClusterEnabled != nil {
		stage.CacheClusterEnabled = *in.CacheClusterEnabled
	}
	if in.CacheClusterSize != nil {
		stage.CacheClusterSize = *in.CacheClusterSize
	}
	if in.TracingEnabled != nil {
		stage.TracingEnabled = *in.TracingEnabled
	}
}

// UpdateDeployment changes a deployment's description; what it froze never
// changes.
func (c *Control) UpdateDeployment(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.DeploymentID, mutate func(*apigw.Deployment) error) (*apigw.Deployment, error) {
	return c.updateDeployment(ctx, restRef(scope, api), id, mutate)
}

func (c *Control) updateDeployment(ctx context.Context, ref apiRef, id apigw.DeploymentID, mutate func(*apigw.Deployment) error) (*apigw.Deployment, error) {
	return exclusively(ctx, c, ref, func(ctx context.Context) (*apigw.Deployment, int64, error) {
		tree, meta, err := c.frozen(ctx, ref, id)
		if err != nil {
			return nil, 0, err
		}
		if err := mutate(&meta.Deployment); err != nil {
			return nil, 0, err
		}
		freeze, err := c.freeze(tree, ref, *meta)
		if err != nil {
			return nil, 0, err
		}
		_, err = c.store.Commit(ctx, store.Txn{If: []store.Condition{tree.Unchanged()}, Ops: []store.Op{freeze}})
		return &meta.Deployment, 0, err
	})
}

// DeleteDeployment removes a deployment that no stage serves.
func (c *Control) DeleteDeployment(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.DeploymentID) error {
	return c.deleteDeployment(ctx, restRef(scope, api), id)
}

func (c *Control) deleteDeployment(ctx context.Context, ref apiRef, id apigw.DeploymentID) error {
	return c.exclusive(ctx, ref, func(ctx context.Context) (int64, error) {
		guard, err := c.guard(ctx, ref)
		if err != nil {
			return 0, orUnknown(err, unknownDeployment())
		}
		tree, _, err := c.frozen(ctx, ref, id)
		if err != nil {
			return 0, err
		}
		stages, err := c.stages(ctx, ref)
		if err != nil {
			return 0, err
		}
		for _, s := range stages {
			if s.DeploymentID == id {
				return 0, apigw.Errorf(apigw.BadRequest, "Active stages pointing to this deployment must be moved or deleted")
			}
			if s.Canary != nil && s.Canary.DeploymentID == id {
				return 0, apigw.Errorf(apigw.BadRequest, "Active stages with canary settings pointing to this deployment must be moved or deleted")
			}
		}
		guard.says.forget(id)
		txn := guard.with(tree.Unchanged())
		txn.Ops = append(txn.Ops, store.Op{Key: ref.deployment(id)})
		_, err = c.store.Commit(ctx, txn)
		c.garbage.note(ref)
		return 0, err
	})
}
