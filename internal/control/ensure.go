package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
	"github.com/gatehouse/gatehouse/internal/store"
)

// Ensured is what became of a definition.
type Ensured struct {
	API        apigw.APIID
	Deployment apigw.DeploymentID
	Changed    bool // something was stored
	Warnings   []string
}

// definitionRecord remembers which API a definition file was put into.
type definitionRecord struct {
	Name       string             `json:"name"`
	API        apigw.APIID        `json:"api"`
	Stage      apigw.StageName    `json:"stage,omitempty"`
	Deployment apigw.DeploymentID `json:"deployment,omitempty"`
	Hash       string             `json:"hash,omitempty"` // of what was deployed; empty: nothing yet
}

// EnsureFromDefinition puts a definition file into an API of its own, the
// same one every time it is called with this name, and deploys it to stage.
// When the definition is what was deployed last, nothing is changed. What the
// file doesn't say is overwritten; a definition that can't be served changes
// nothing.
func (c *Control) EnsureFromDefinition(ctx context.Context, scope apigw.Scope, name string, doc *openapi.API, stage apigw.StageName) (Ensured, error) {
	hash, err := hashDefinition(doc, stage)
	if err != nil {
		return Ensured{}, err
	}
	var previous apigw.DeploymentID
	done, err := c.ensured(ctx, restRef(scope, ""), name, hash, stage, func(key string, rec *definitionRecord) (apigw.DeploymentID, error) {
		previous = rec.Deployment
		if err := c.putDefinition(ctx, scope, key, rec, doc, stage); err != nil {
			return "", err
		}
		dep, err := c.CreateDeployment(ctx, scope, rec.API, NewDeployment{Stage: &stage, Description: "Deployed from " + name})
		if err != nil {
			return "", err
		}
		return dep.ID, nil
	})
	if done.Changed {
		c.dropPrevious(ctx, scope, done.API, previous)
	}
	done.Warnings = doc.Warnings
	return done, err
}

// ensured has the definition called name, of that hash, served by an API of
// ref's kind: the same one as before where that is still there. put puts it into
// the record's API, or a new one that it enters there while it has none, and
// deploys it to stage.
func (c *Control) ensured(ctx context.Context, ref apiRef, name, hash string, stage apigw.StageName, put func(key string, rec *definitionRecord) (apigw.DeploymentID, error)) (Ensured, error) {
	key := definitionKey(ref.scope, name)
	rec, err := c.definitionRecord(ctx, key)
	if err != nil {
		return Ensured{}, storeError(err)
	}
	ref.api = rec.API
	exists, deployed, err := c.isDeployed(ctx, ref, rec, stage)
	if err != nil || deployed && rec.Hash == hash {
		return Ensured{API: rec.API, Deployment: rec.Deployment}, storeError(err)
	}
	before := rec
	if !exists {
		rec = definitionRecord{Name: name}
	}
	dep, err := put(key, &rec)
	if err != nil {
		return Ensured{}, err
	}
	rec.Stage, rec.Deployment, rec.Hash = stage, dep, hash
	if err := c.putRecord(ctx, key, rec); err != nil {
		return Ensured{}, storeError(err)
	}
	if !exists {
		c.leave(ctx, ref.scope, before)
	}
	return Ensured{API: rec.API, Deployment: dep, Changed: true}, nil
}

func definitionKey(scope apigw.Scope, name string) string {
	sum := sha256.Sum256([]byte(name))
	return ScopePrefix(scope) + string(KeyDefinition) + "/" + hex.EncodeToString(sum[:16])
}

// hashDefinition is of what a document means; where its methods stand in the
// file doesn't matter.
func hashDefinition(doc *openapi.API, stage apigw.StageName) (string, error) {
	plain := *doc
	plain.Paths = make([]openapi.Path, len(doc.Paths))
	for i, p := range doc.Paths {
		plain.Paths[i] = openapi.Path{Path: p.Path, Methods: p.Methods}
	}
	raw, err := json.Marshal(struct {
		Stage apigw.StageName
		API   openapi.API
	}{stage, plain})
	if err != nil {
		return "", fmt.Errorf("encode definition: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

func (c *Control) definitionRecord(ctx context.Context, key string) (rec definitionRecord, err error) {
	r, err := c.store.Get(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return rec, nil
	}
	if err == nil {
		err = json.Unmarshal(r.Value, &rec)
	}
	return rec, err
}

func (c *Control) putRecord(ctx context.Context, key string, rec definitionRecord) error {
	op, err := recordOp(key, rec)
	if err != nil {
		return err
	}
	_, err = c.store.Commit(ctx, store.Txn{Ops: []store.Op{op}})
	return err
}

func recordOp(key string, rec definitionRecord) (store.Op, error) {
	raw, err := json.Marshal(rec)
	if err != nil {
		return store.Op{}, fmt.Errorf("encode definition record: %w", err)
	}
	return store.Op{Key: key, Value: raw}, nil
}

// isDeployed says whether the API of a record is there, and whether the stage
// still is.
func (c *Control) isDeployed(ctx context.Context, ref apiRef, rec definitionRecord, stage apigw.StageName) (exists, deployed bool, err error) {
	if rec.API == "" {
		return false, false, nil
	}
	if _, err := c.guard(ctx, ref); err != nil {
		return false, false, orUnknownNil(err)
	}
	if _, _, err := c.readStage(ctx, ref, stage); err != nil {
		return true, false, orUnknownNil(err)
	}
	return true, true, nil
}

func orUnknownNil(err error) error {
	if apigw.KindOf(err) == apigw.NotFound {
		return nil
	}
	return err
}

// putDefinition makes the record's API, or overwrites it, after checking that
// the result can be deployed.
func (c *Control) putDefinition(ctx context.Context, scope apigw.Scope, key string, rec *definitionRecord, doc *openapi.API, stage apigw.StageName) error {
	apply := func(e *edit) error {
		if err := e.merge(doc, true); err != nil {
			return err
		}
		if err := checkDeployable(e.def); err != nil {
			return err
		}
		served, _, err := c.readStage(ctx, e.ref, stage)
		if err != nil {
			served = &apigw.Stage{APIID: e.ref.api, Name: stage}
		}
		return refusal(placed(serious(c.check(e.def, served)), doc)) // the deployment that follows logs the warnings
	}
	if rec.API != "" {
		ref := restRef(scope, rec.API)
		_, err := c.putDocument(ctx, ref, apply)
		return err
	}
	def, err := c.importedAPI(scope, doc, importParameters{})
	if err != nil {
		return err
	}
	api, err := c.createDefinition(ctx, scope, def, func(e *edit) error {
		rec.API = e.ref.api
		op, err := recordOp(key, *rec)
		if err != nil {
			return err
		}
		e.ops = []store.Op{op}
		return apply(e)
	})
	if err == nil {
		rec.API = api.ID
	}
	return err
}

// placed adds to each problem of a method where the method stands in the
// document.
func placed(problems []Problem, doc *openapi.API) []Problem {
	lines := map[string]openapi.Place{}
	for _, p := range doc.Paths {
		for verb, place := range p.Lines {
			lines[string(verb)+" "+p.Path] = place
		}
	}
	out := make([]Problem, len(problems))
	for i, p := range problems {
		method, _, _ := strings.Cut(p.Place, ":")
		if at, ok := lines[method]; ok && at.Line > 0 {
			p.Place = fmt.Sprintf("%s (%s)", p.Place, at)
		}
		out[i] = p
	}
	return out
}

// dropPrevious removes the deployment that the definition had before, unless
// someone points another stage at it.
func (c *Control) dropPrevious(ctx context.Context, scope apigw.Scope, api apigw.APIID, dep apigw.DeploymentID) {
	if dep == "" {
		return
	}
	if err := c.DeleteDeployment(ctx, scope, api, dep); err != nil {
		c.log.Debug("kept the deployment before", "api", api, "deployment", dep, "reason", err)
	}
}

// CheckDefinition lists what of a document can't be served, without storing
// anything. The error says what can't be imported, or deployed, as AWS would.
func CheckDefinition(doc *openapi.API, check Check) ([]Problem, error) {
	c := New(Options{Check: check})
	def, err := c.importedAPI(apigw.Scope{}, doc, importParameters{})
	if err != nil {
		return nil, err
	}
	def.API.ID = "0000000000"
	e := newCreation(c, restRef(apigw.Scope{}, def.API.ID), def)
	err = e.run(func(e *edit) error {
		if err := e.merge(doc, true); err != nil {
			return err
		}
		return checkDeployable(e.def)
	})
	if err != nil {
		return nil, err
	}
	return placed(check(e.def, nil), doc), nil
}
