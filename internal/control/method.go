package control

import (
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// verbs are what a method may be called, in the order of AWS's message.
var verbs = []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"}

func checkVerb(verb apigw.Verb) error {
	if !slices.Contains(verbs, string(verb)) {
		return apigw.Errorf(apigw.BadRequest, "Invalid HttpMethod specified. Valid options are %s", strings.Join(verbs, ","))
	}
	return nil
}

// MethodRef names a method of a resource.
type MethodRef struct {
	Scope    apigw.Scope
	API      apigw.APIID
	Resource apigw.ResourceID
	Verb     apigw.Verb
}

func (m MethodRef) api() apiRef { return restRef(m.Scope, m.API) }

// find looks the method up. AWS looks by composite key, so that an unknown
// API is an unknown resource (recorded on AWS).
func (m MethodRef) find(def *apigw.Definition) (*apigw.Resource, *apigw.Method, error) {
	r, ok := def.Resources[m.Resource]
	if !ok {
		return nil, nil, unknownResource()
	}
	method, ok := r.Methods[m.Verb]
	if !ok {
		return r, nil, unknownMethod()
	}
	return r, method, nil
}

// Method returns one method with its responses and integration.
func (c *Control) Method(ctx context.Context, m MethodRef) (*apigw.Method, error) {
	s, err := c.view(ctx, m.api(), unknownResource())
	if err != nil {
		return nil, err
	}
	_, method, err := m.find(s.def)
	return method, err
}

// EditedMethod returns the definition of m's API as it is being edited, and the
// verb that the method m names has in it: ANY stands for what has no method of
// its own. The definition is not to be changed.
func (c *Control) EditedMethod(ctx context.Context, m MethodRef) (*apigw.Definition, apigw.Verb, error) {
	s, err := c.view(ctx, m.api(), unknownResource())
	if err != nil {
		return nil, "", err
	}
	r, _, err := m.find(s.def)
	if r != nil && err != nil && r.Methods["ANY"] != nil && checkVerb(m.Verb) == nil {
		return s.def, "ANY", nil
	}
	return s.def, m.Verb, err
}

// PutMethod creates a method; AWS has no overwriting PutMethod.
func (c *Control) PutMethod(ctx context.Context, m MethodRef, method apigw.Method) (*apigw.Method, error) {
	return mutated(ctx, c, m.api(), unknownResource(), func(e *edit) (*apigw.Method, error) {
		r, _, err := m.find(e.def)
		if r == nil {
			return nil, err
		}
		if err := checkVerb(m.Verb); err != nil {
			return nil, err
		}
		if err == nil {
			return nil, apigw.Errorf(apigw.Conflict, "Method already exists for this resource")
		}
		made := cloneMethod(&method)
		made.Verb, made.Responses, made.Integration = m.Verb, nil, nil
		return made, e.putMethod(r, made)
	})
}

// putMethod checks m and puts it on r. M becomes the definition's own.
func (e *edit) putMethod(r *apigw.Resource, m *apigw.Method) error {
	if err := checkMethod(e.def, m); err != nil {
		return err
	}
	e.setMethod(r, m)
	return nil
}

func (e *edit) setMethod(r *apigw.Resource, m *apigw.Method) {
	r = cloneResource(r)
	if r.Methods == nil {
		r.Methods = map[apigw.Verb]*apigw.Method{}
	}
	r.Methods[m.Verb] = m
	e.putResource(r)
}

// UpdateMethod changes a method. What it refers to is checked after the last
// change, so that an authorizer may be named before its type (recorded on AWS).
func (c *Control) UpdateMethod(ctx context.Context, m MethodRef, mutate func(*apigw.Method) error) (*apigw.Method, error) {
	return c.changeMethod(ctx, m, unknownMethod(), func(e *edit, method *apigw.Method) error {
		if err := mutate(method); err != nil {
			return err
		}
		return checkMethod(e.def, method)
	})
}

// changeMethod runs change on a copy of a method and puts the copy. Missing
// is the answer for an unknown method.
func (c *Control) changeMethod(ctx context.Context, m MethodRef, missing *apigw.Error, change func(*edit, *apigw.Method) error) (*apigw.Method, error) {
	return mutated(ctx, c, m.api(), unknownResource(), func(e *edit) (*apigw.Method, error) {
		r, method, err := m.find(e.def)
		if r == nil {
			return nil, err
		}
		if err != nil {
			return nil, missing
		}
		method = cloneMethod(method)
		if err := change(e, method); err != nil {
			return nil, err
		}
		e.setMethod(r, method)
		return method, nil
	})
}

// DeleteMethod removes a method with its responses and integration.
func (c *Control) DeleteMethod(ctx context.Context, m MethodRef) error {
	return c.mutate(ctx, m.api(), unknownResource(), func(e *edit) error {
		r, _, err := m.find(e.def)
		if err != nil {
			return err
		}
		r = cloneResource(r)
		delete(r.Methods, m.Verb)
		if len(r.Methods) == 0 {
			r.Methods = nil
		}
		e.putResource(r)
		return nil
	})
}
