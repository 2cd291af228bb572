package control

import (
	"context"
	"maps"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// MethodResponse returns one declared response of a method.
func (c *Control) MethodResponse(ctx context.Context, m MethodRef, status apigw.StatusCode) (*apigw.MethodResponse, error) {
	method, err := c.Method(ctx, m)
	if err != nil {
		return nil, err
	}
	r, ok := method.Responses[status]
	if !ok {
		return nil, unknownStatus()
	}
	return r, nil
}

// PutMethodResponse declares a response that isn't declared yet.
func (c *Control) PutMethodResponse(ctx context.Context, m MethodRef, response apigw.MethodResponse) (*apigw.MethodResponse, error) {
	method, err := c.changeMethod(ctx, m, unknownMethod(), func(e *edit, method *apigw.Method) error {
		if method.Responses[response.StatusCode] != nil {
			return apigw.Errorf(apigw.Conflict, "Response already exists for this resource")
		}
		return setMethodResponse(e.def, method, cloneMethodResponse(&response))
	})
	if err != nil {
		return nil, err
	}
	return method.Responses[response.StatusCode], nil
}

// UpdateMethodResponse changes a declared response.
func (c *Control) UpdateMethodResponse(ctx context.Context, m MethodRef, status apigw.StatusCode, mutate func(*apigw.MethodResponse) error) (*apigw.MethodResponse, error) {
	method, err := c.changeMethod(ctx, m, unknownMethod(), func(e *edit, method *apigw.Method) error {
		old, ok := method.Responses[status]
		if !ok {
			return unknownStatus()
		}
		response := cloneMethodResponse(old)
		if err := mutate(response); err != nil {
			return err
		}
		return setMethodResponse(e.def, method, response)
	})
	if err != nil {
		return nil, err
	}
	return method.Responses[status], nil
}

func setMethodResponse(def *apigw.Definition, m *apigw.Method, r *apigw.MethodResponse) error {
	if err := checkMethodResponse(def, r); err != nil {
		return err
	}
	if m.Responses == nil {
		m.Responses = map[apigw.StatusCode]*apigw.MethodResponse{}
	}
	m.Responses[r.StatusCode] = r
	return nil
}

func checkMethodResponse(def *apigw.Definition, r *apigw.MethodResponse) error {
	if err := checkModels(def, r.ResponseModels); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(r.ResponseParameters)) {
		if place, _, ok := cutParameter(key, "method.response."); !ok || place != "header" {
			return invalidMapping(key)
		}
	}
	return nil
}

// DeleteMethodResponse removes a declared response.
func (c *Control) DeleteMethodResponse(ctx context.Context, m MethodRef, status apigw.StatusCode) error {
	_, err := c.changeMethod(ctx, m, unknownMethod(), func(e *edit, method *apigw.Method) error {
		if method.Responses[status] == nil {
			return unknownStatus()
		}
		delete(method.Responses, status)
		if len(method.Responses) == 0 {
			method.Responses = nil
		}
		return nil
	})
	return err
}
