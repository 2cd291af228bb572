package control

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func unknownValidator() *apigw.Error {
	return apigw.Errorf(apigw.NotFound, "Invalid Request Validator identifier specified")
}

// Validator returns one request validator. An unknown API is an unknown
// validator (recorded on AWS).
func (c *Control) Validator(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.ValidatorID) (*apigw.RequestValidator, error) {
	s, err := c.view(ctx, restRef(scope, api), unknownValidator())
	if err != nil {
		return nil, err
	}
	v, ok := s.def.Validators[id]
	if !ok {
		return nil, unknownValidator()
	}
	return v, nil
}

// Validators lists an API's request validators by ID.
func (c *Control) Validators(ctx context.Context, scope apigw.Scope, api apigw.APIID) ([]*apigw.RequestValidator, error) {
	ref := restRef(scope, api)
	s, err := c.view(ctx, ref, ref.unknownAPI())
	if err != nil {
		return nil, err
	}
	return slices.SortedFunc(maps.Values(s.def.Validators), func(a, b *apigw.RequestValidator) int { return cmp.Compare(a.ID, b.ID) }), nil
}

// CreateValidator adds a request validator; its ID is made here. For an
// unknown API AWS answers 400 here alone (recorded on AWS).
func (c *Control) CreateValidator(ctx context.Context, scope apigw.Scope, api apigw.APIID, v apigw.RequestValidator) (*apigw.RequestValidator, error) {
	missing := apigw.Errorf(apigw.BadRequest, "Invalid REST API identifier specified")
	return mutated(ctx, c, restRef(scope, api), missing, func(e *edit) (*apigw.RequestValidator, error) {
		id, err := c.freeID(6, func(id string) bool { return e.def.Validators[apigw.ValidatorID(id)] != nil })
		if err != nil {
			return nil, err
		}
		made := v
		made.ID = apigw.ValidatorID(id)
		if err := checkValidatorName(e.def, &made); err != nil {
			return nil, err
		}
		e.putValidator(&made)
		return &made, within("request validators", len(e.def.Validators), c.limits.Validators)
	})
}

// checkValidatorName refuses a name that another validator has: documents
// refer to validators by name. AWS's message is known from reports in the
// field.
func checkValidatorName(def *apigw.Definition, v *apigw.RequestValidator) error {
	for id, other := range def.Validators {
		if id != v.ID && v.Name != "" && other.Name == v.Name {
			return apigw.Errorf(apigw.Conflict, "Request Validator name must be unique. Request Validator %s already exists in this RestApi.", v.Name)
		}
	}
	return nil
}

// UpdateValidator changes a request validator.
func (c *Control) UpdateValidator(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.ValidatorID, mutate func(*apigw.RequestValidator) error) (*apigw.RequestValidator, error) {
	return mutated(ctx, c, restRef(scope, api), unknownValidator(), func(e *edit) (*apigw.RequestValidator, error) {
		old, ok := e.def.Validators[id]
		if !ok {
			return nil, unknownValidator()
		}
		changed := *old
		if err := mutate(&changed); err != nil {
			return nil, err
		}
		if changed.Name != old.Name && strings.TrimSpace(changed.Name) == "" {
			return nil, apigw.Errorf(apigw.BadRequest, "Request Validator name cannot be blank")
		}
		if err := checkValidatorName(e.def, &changed); err != nil {
			return nil, err
		}
		e.putValidator(&changed)
		return &changed, nil
	})
}

// DeleteValidator removes a request validator that no method uses.
func (c *Control) DeleteValidator(ctx context.Context, scope apigw.Scope, api apigw.APIID, id apigw.ValidatorID) error {
	return c.mutate(ctx, restRef(scope, api), unknownValidator(), func(e *edit) error {
		v, ok := e.def.Validators[id]
		if !ok {
			return unknownValidator()
		}
		for _, r := range resourcesByPath(e.def) {
			for _, verb := range slices.Sorted(maps.Keys(r.Methods)) {
				if r.Methods[verb].RequestValidatorID == id {
					return apigw.Errorf(apigw.Conflict, "Cannot delete request validator '%s', is referenced in method request: %s", cmp.Or(v.Name, string(v.ID)), methodPath(r, verb))
				}
			}
		}
		e.deleteValidator(id)
		return nil
	})
}
