package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// EnsureHTTPFromDefinition is EnsureFromDefinition for an HTTP API. Its stage
// deploys by itself, so that what clients change is served as well.
func (c *Control) EnsureHTTPFromDefinition(ctx context.Context, scope apigw.Scope, name string, doc *openapi.HTTPAPI, stage apigw.StageName) (Ensured, error) {
	hash, err := hashHTTPDefinition(doc, stage)
	if err != nil {
		return Ensured{}, err
	}
	done, err := c.ensured(ctx, routesRef(scope, ""), name, hash, stage, func(key string, rec *definitionRecord) (apigw.DeploymentID, error) {
		var err error
		if rec.API == "" {
			err = c.createFromDefinition(ctx, scope, key, rec, doc, stage)
		} else {
			err = c.replaceFromDefinition(ctx, scope, rec.API, doc, stage)
		}
		if err != nil {
			return "", err
		}
		served, err := c.RouteStage(ctx, scope, rec.API, stage)
		if err != nil {
			return "", err
		}
		return served.DeploymentID, nil
	})
	done.Warnings = doc.Warnings
	return done, err
}

func hashHTTPDefinition(doc *openapi.HTTPAPI, stage apigw.StageName) (string, error) {
	raw, err := json.Marshal(struct {
		Stage      apigw.StageName
		Definition *apigw.Definition
	}{stage, doc.Definition})
	if err != nil {
		return "", fmt.Errorf("encode definition: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// createFromDefinition makes the record's API and its stage.
func (c *Control) createFromDefinition(ctx context.Context, scope apigw.Scope, key string, rec *definitionRecord, doc *openapi.HTTPAPI, stage apigw.StageName) error {
	def, err := c.importedRoutes(scope, doc.Definition)
	if err != nil {
		return err
	}
	now := c.seconds()
	made := &apigw.Stage{Name: stage, Created: now, Updated: now, Routes: &apigw.RouteStage{AutoDeploy: true}}
	api, err := c.createRouteDefinition(ctx, scope, def, []*apigw.Stage{made}, func(e *edit) error {
		if err := e.servable(doc, made); err != nil {
			return err
		}
		rec.API = e.ref.api
		op, err := recordOp(key, *rec)
		e.ops = append(e.ops, op)
		return err
	})
	if err == nil {
		rec.API = api.ID
	}
	return err
}

// replaceFromDefinition puts a document into an API and has the stage serve
// it, which is made if it went.
func (c *Control) replaceFromDefinition(ctx context.Context, scope apigw.Scope, api apigw.APIID, doc *openapi.HTTPAPI, name apigw.StageName) error {
	ref := routesRef(scope, api)
	stage, err := c.RouteStage(ctx, scope, api, name)
	if err != nil && apigw.KindOf(err) != apigw.NotFound {
		return err
	}
	missing := err != nil
	if missing {
		stage = &apigw.Stage{APIID: api, Name: name, Routes: &apigw.RouteStage{AutoDeploy: true}}
	}
	_, err = mutatedAlone(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RouteAPI, error) {
		if err := e.replaceRoutes(doc.Definition); err != nil {
			return nil, err
		}
		return e.def.RouteAPI, e.servable(doc, stage)
	})
	switch {
	case err != nil:
		return err
	case missing:
		_, err = c.CreateRouteStage(ctx, scope, api, *stage)
	case !stage.Routes.AutoDeploy:
		_, err = c.CreateRouteDeployment(ctx, scope, api, "Deployed from a definition", name)
	}
	return err
}

// servable refuses a document whose API stage couldn't serve.
func (e *edit) servable(doc *openapi.HTTPAPI, stage *apigw.Stage) error {
	if err := checkRoutesDeployable(e.def); err != nil {
		return err
	}
	problems := append(aimless(e.def), serious(e.c.check(e.def, stage))...)
	return refusal(placedRoutes(problems, doc))
}

// aimless are the routes that call nothing: a client may be about to change
// that, a document says all there is.
func aimless(def *apigw.Definition) (list []Problem) {
	for _, r := range routesByKey(def) {
		if r.Target == "" {
			list = append(list, Problem{Place: r.Key, Text: "the route has no integration: give it x-amazon-apigateway-integration"})
		}
	}
	return list
}

// placedRoutes adds to each problem of a route where the route stands in the
// document.
func placedRoutes(problems []Problem, doc *openapi.HTTPAPI) []Problem {
	out := make([]Problem, len(problems))
	for i, p := range problems {
		key := p.Place
		if _, of, ok := strings.Cut(key, "("); ok { // "integration x (GET /pets)"
			key = strings.TrimSuffix(of, ")")
		}
		if at, ok := doc.Places[strings.TrimPrefix(key, "route ")]; ok && at.Line > 0 {
			p.Place = fmt.Sprintf("%s (%s)", p.Place, at)
		}
		out[i] = p
	}
	return out
}

// CheckHTTPDefinition is CheckDefinition for an HTTP API.
func CheckHTTPDefinition(doc *openapi.HTTPAPI, check Check) ([]Problem, error) {
	c := New(Options{Check: check})
	def, err := c.importedRoutes(apigw.Scope{}, doc.Definition)
	if err != nil {
		return nil, err
	}
	def.RouteAPI.ID = "0000000000"
	if err := checkRoutesDeployable(def); err != nil {
		return nil, err
	}
	return placedRoutes(append(aimless(def), check(def, nil)...), doc), nil
}
