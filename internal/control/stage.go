package control

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// DecodeStage reads a stage record's value.
func DecodeStage(value []byte) (*apigw.Stage, error) {
	s := new(apigw.Stage)
	if err := json.Unmarshal(value, s); err != nil {
		return nil, fmt.Errorf("decode stage: %w", err)
	}
	return s, nil
}

// readStage returns a stage and its revision; NotFound when there is none.
func (c *Control) readStage(ctx context.Context, ref apiRef, name apigw.StageName) (*apigw.Stage, int64, error) {
	r, err := c.store.Get(ctx, ref.stage(name))
	if errors.Is(err, store.ErrNotFound) {
		return nil, 0, unknownStage()
	}
	if err != nil {
		return nil, 0, err
	}
	s, err := DecodeStage(r.Value)
	if err == nil && !ref.kind.means(kindOfStage(s)) {
		return nil, 0, unknownStage()
	}
	return s, r.Revision, err
}

// kindOfStage is the kind of the API that s is of.
func kindOfStage(s *apigw.Stage) apiKind {
	if s.Routes != nil {
		return routesKind
	}
	return restKind
}

// putStage adds the write of s to txn, on condition that its record is still
// of revision; 0: that there is none.
func (c *Control) putStage(txn *store.Txn, ref apiRef, s *apigw.Stage, revision int64) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode stage %s: %w", s.Name, err)
	}
	key := ref.stage(s.Name)
	txn.If = append(txn.If, store.Condition{Key: key, Revision: revision})
	txn.Ops = append(txn.Ops, store.Op{Key: key, Value: raw})
	return nil
}

// Stage returns one stage.
func (c *Control) Stage(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName) (*apigw.Stage, error) {
	s, _, err := c.readStage(ctx, restRef(scope, api), name)
	return s, storeError(err)
}

// Stages lists an API's stages by name; with a deployment only those that
// serve it.
func (c *Control) Stages(ctx context.Context, scope apigw.Scope, api apigw.APIID, dep apigw.DeploymentID) ([]*apigw.Stage, error) {
	return c.listStages(ctx, restRef(scope, api), dep)
}

func (c *Control) listStages(ctx context.Context, ref apiRef, dep apigw.DeploymentID) ([]*apigw.Stage, error) {
	if _, err := c.guard(ctx, ref); err != nil {
		return nil, storeError(err)
	}
	list, err := c.stages(ctx, ref)
	if dep != "" {
		list = slices.DeleteFunc(list, func(s *apigw.Stage) bool { return s.DeploymentID != dep })
	}
	return list, storeError(err)
}

func (c *Control) stages(ctx context.Context, ref apiRef) ([]*apigw.Stage, error) {
	records, _, _, err := c.store.List(ctx, ref.key(KeyStage)+"/", "", 0)
	if err != nil {
		return nil, err
	}
	list := make([]*apigw.Stage, 0, len(records))
	for _, r := range records {
		s, err := DecodeStage(r.Value)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *apigw.Stage) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// CreateStage makes a stage that serves a deployment. The stage's APIID,
// Created and Updated are filled in.
func (c *Control) CreateStage(ctx context.Context, scope apigw.Scope, api apigw.APIID, stage apigw.Stage) (*apigw.Stage, error) {
	ref := restRef(scope, api)
	return exclusively(ctx, c, ref, func(ctx context.Context) (*apigw.Stage, int64, error) {
		guard, err := c.guard(ctx, ref)
		if err != nil {
			return nil, 0, err
		}
		if stage.DeploymentID == "" {
			return nil, 0, apigw.Errorf(apigw.BadRequest, "DeploymentId cannot be empty")
		}
		if _, _, err := c.readStage(ctx, ref, stage.Name); err == nil {
			return nil, 0, apigw.Errorf(apigw.Conflict, "Stage already exists")
		} else if apigw.KindOf(err) != apigw.NotFound {
			return nil, 0, err
		}
		made := cloneStage(&stage)
		made.APIID, made.Created = api, c.seconds()
		made.Updated = made.Created
		if err := c.renewCache(made, nil); err != nil {
			return nil, 0, err
		}
		revision, err := c.commitStage(ctx, ref, guard, made, 0)
		return made, revision, err
	})
}

// UpdateStage changes a stage's settings.
func (c *Control) UpdateStage(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName, mutate func(*apigw.Stage) error) (*apigw.Stage, error) {
	ref := restRef(scope, api)
	return exclusively(ctx, c, ref, func(ctx context.Context) (*apigw.Stage, int64, error) {
		guard, err := c.guard(ctx, ref)
		if err != nil {
			return nil, 0, orUnknown(err, unknownStage())
		}
		old, revision, err := c.readStage(ctx, ref, name)
		if err != nil {
			return nil, 0, err
		}
		stage := cloneStage(old)
		if err := mutate(stage); err != nil {
			return nil, 0, err
		}
		if err := c.renewCache(stage, old); err != nil {
			return nil, 0, err
		}
		if reflect.DeepEqual(old, stage) {
			return old, 0, nil
		}
		stage.Updated = c.seconds()
		revision, err = c.commitStage(ctx, ref, guard, stage, revision)
		return stage, revision, err
	})
}

// commitStage checks a stage as it is to be and stores it.
func (c *Control) commitStage(ctx context.Context, ref apiRef, g guard, s *apigw.Stage, revision int64) (int64, error) {
	if err := c.checkStage(ctx, ref, s, revision == 0); err != nil {
		return 0, err
	}
	if err := c.refuseStage(ctx, ref, s, "", nil); err != nil {
		return 0, err
	}
	txn := g.with()
	if err := c.attachCertificate(ctx, ref.scope, s, &txn); err != nil {
		return 0, err
	}
	if err := c.putStage(&txn, ref, s, revision); err != nil {
		return 0, err
	}
	return c.store.Commit(ctx, txn)
}

// refuseStage answers 400 with everything of the deployments that s serves, its
// canary's too, that can't be served with its settings. Deployment fresh, if
// any, is about to be stored, with the content def.
func (c *Control) refuseStage(ctx context.Context, ref apiRef, s *apigw.Stage, fresh apigw.DeploymentID, def *apigw.Definition) error {
	views := []*apigw.Stage{s}
	if s.Canary != nil {
		views = append(views, s.CanaryView())
	}
	for _, view := range views {
		served := def
		if view.DeploymentID != fresh {
			var err error
			if served, err = c.stageDefinition(ctx, ref, view.DeploymentID); err != nil {
				return err
			}
		}
		if err := c.refuse(ref, served, view); err != nil {
			return err
		}
	}
	return nil
}

func (c *Control) stageDefinition(ctx context.Context, ref apiRef, id apigw.DeploymentID) (*apigw.Definition, error) {
	def, err := c.loadDeployment(ctx, ref, id)
	return def, orUnknown(err, apigw.Errorf(apigw.BadRequest, "Deployment id does not exist"))
}

// DeleteStage removes a stage that no domain name is mapped to, also from the
// usage plans it is in.
func (c *Control) DeleteStage(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName) error {
	return c.deleteStage(ctx, restRef(scope, api), name)
}

func (c *Control) deleteStage(ctx context.Context, ref apiRef, name apigw.StageName) error {
	return c.exclusive(ctx, ref, func(ctx context.Context) (int64, error) {
		guard, err := c.guard(ctx, ref)
		if err != nil {
			return 0, orUnknown(err, unknownStage())
		}
		_, revision, err := c.readStage(ctx, ref, name)
		if err != nil {
			return 0, err
		}
		if err := c.refuseMapped(ctx, ref, name); err != nil {
			return 0, err
		}
		key := ref.stage(name)
		txn := guard.with(store.Condition{Key: key, Revision: revision})
		txn.Ops = append(txn.Ops, store.Op{Key: key})
		if err := c.detachStages(ctx, ref, name, &txn); err != nil {
			return 0, err
		}
		return c.store.Commit(ctx, txn)
	})
}
