package control

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

var alphanumeric = regexp.MustCompile(`^[a-zA-Z0-9]+$`)

func unknownModel(name apigw.ModelName) *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid model name specified: %s", name)
}

// Model returns one model. AWS looks by composite key, so that an unknown API
// is an unknown model (recorded on AWS).
func (c *Control) Model(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.ModelName) (*apigw.Model, error) {
	s, err := c.view(ctx, restRef(scope, api), unknownModel(name))
	if err != nil {
		return nil, err
	}
	m, ok := s.def.Models[name]
	if !ok {
		return nil, unknownModel(name)
	}
	return m, nil
}

// FlatModel is Model with every reference to another model replaced by one to
// a definition of its own schema.
func (c *Control) FlatModel(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.ModelName) (*apigw.Model, error) {
	m, err := c.Model(ctx, scope, api, name)
	if err != nil || !isJSONType(m.ContentType) {
		return m, err
	}
	s, err := c.view(ctx, restRef(scope, api), unknownModel(name))
	if err != nil {
		return nil, err
	}
	flat := *m
	flat.Schema, err = flatten(s.def, m)
	return &flat, err
}

// Models lists an API's models by name (recorded on AWS).
func (c *Control) Models(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.Model, error) {
	ref := restRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(s.def.Models), func(a, b *apigw.Model) int { return cmp.Compare(a.Name, b.Name) }), nil
}

// CreateModel adds a model; its ID is made here.
func (c *Control) CreateModel(ctx context.Context, scope apigw.Scope, api apigw.APIID, model apigw.Model) (*apigw.Model, error) {
	ref := restRef(scope, api)
	return mutated(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.Model, error) {
		switch {
		case model.Name == "":
			return nil, apigw.Errorf(apigw.BadRequest, "Model name must be non-empty")
		case !alphanumeric.MatchString(string(model.Name)):
			return nil, apigw.Errorf(apigw.BadRequest, "Model name must be alphanumeric: %s", model.Name)
		case e.def.Models[model.Name] != nil:
			return nil, apigw.Errorf(apigw.Conflict, "Model name already exists for this REST API")
		}
		if err := checkContentType(model.ContentType); err != nil {
			return nil, err
		}
		id, err := c.newID(6)
		if err != nil {
			return nil, err
		}
		made := model
		made.ID = id
		if err := checkSchema(e.def, &made); err != nil {
			return nil, err
		}
		e.putModel(&made)
		return &made, within("models", len(e.def.Models), c.limits.Models)
	})
}

// UpdateModel changes a model's description or schema.
func (c *Control) UpdateModel(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.ModelName, mutate func(*apigw.Model) error) (*apigw.Model, error) {
	return mutated(ctx, c, restRef(scope, api), unknownModel(name), func(e *edit) (*apigw.Model, error) {
		old, ok := e.def.Models[name]
		if !ok {
			return nil, unknownModel(name)
		}
		changed := *old
		if err := mutate(&changed); err != nil {
			return nil, err
		}
		if changed.Schema != old.Schema {
			if err := checkSchema(e.def, &changed); err != nil {
				return nil, err
			}
		}
		e.putModel(&changed)
		return &changed, nil
	})
}

// DeleteModel removes a model that no method and no other model refers to.
func (c *Control) DeleteModel(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.ModelName) error {
	return c.mutate(ctx, restRef(scope, api), unknownModel(name), func(e *edit) error {
		if e.def.Models[name] == nil {
			return unknownModel(name)
		}
		if user := modelUser(e.def, name); user != "" {
			return apigw.Errorf(apigw.Conflict, "Cannot delete model '%s', is referenced in %s", name, user)
		}
		e.deleteModel(name)
		return nil
	})
}

// modelUser names what refers to a model, in AWS's words; empty: nothing. A
// method is its path and its verb, so that the root's has two slashes
// (recorded on AWS).
func modelUser(def *apigw.Definition, name apigw.ModelName) string {
	for _, r := range resourcesByPath(def) {
		for _, verb := range slices.Sorted(maps.Keys(r.Methods)) {
			m := r.Methods[verb]
			if hasValue(m.RequestModels, name) {
				return "method request: " + methodPath(r, verb)
			}
			for _, status := range slices.Sorted(maps.Keys(m.Responses)) {
				if hasValue(m.Responses[status].ResponseModels, name) {
					return "method response: " + methodPath(r, verb)
				}
			}
		}
	}
	url := modelURL(def.API.ID) + string(name)
	for _, other := range slices.Sorted(maps.Keys(def.Models)) {
		if other != name && refersTo(def.Models[other], url) {
			return "model: " + string(other)
		}
	}
	return ""
}

func methodPath(r *apigw.Resource, verb apigw.Verb) string { return r.Path + "/" + string(verb) }

func hasValue[K, V comparable](m map[K]V, v V) bool {
	for _, w := range m {
		if w == v {
			return true
		}
	}
	return false
}

// isJSONType: only such models have a JSON schema for a schema.
func isJSONType(contentType string) bool {
	t, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	t = strings.TrimSpace(t)
	return t == "application/json" || strings.HasSuffix(t, "+json")
}
