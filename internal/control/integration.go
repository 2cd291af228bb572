package control

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Integration returns what a method calls.
func (c *Control) Integration(ctx context.Context, m MethodRef) (*apigw.Integration, error) {
	method, err := c.Method(ctx, m)
	if err != nil {
		return nil, err
	}
	if method.Integration == nil {
		return nil, unknownIntegration()
	}
	return method.Integration, nil
}

// PutIntegration sets what a method calls. What was there before goes, with
// its responses.
func (c *Control) PutIntegration(ctx context.Context, m MethodRef, in apigw.Integration) (*apigw.Integration, error) {
	method, err := c.changeMethod(ctx, m, unknownMethod(), func(e *edit, method *apigw.Method) error {
		made := cloneIntegration(&in)
		made.Responses = nil
		method.Integration = made
		if err := c.completeIntegration(made, method, m.Resource); err != nil {
			return err
		}
		return c.checkLinked(ctx, m.Scope, made)
	})
	if err != nil {
		return nil, err
	}
	return method.Integration, nil
}

// UpdateIntegration changes what a method calls.
func (c *Control) UpdateIntegration(ctx context.Context, m MethodRef, mutate func(*apigw.Integration) error) (*apigw.Integration, error) {
	method, err := c.changeMethod(ctx, m, unknownMethod(), func(e *edit, method *apigw.Method) error {
		if method.Integration == nil {
			return unknownIntegration()
		}
		if err := mutate(method.Integration); err != nil {
			return err
		}
		if err := c.completeIntegration(method.Integration, method, m.Resource); err != nil {
			return err
		}
		return c.checkLinked(ctx, m.Scope, method.Integration)
	})
	if err != nil {
		return nil, err
	}
	return method.Integration, nil
}

// DeleteIntegration removes what a method calls, with its responses.
func (c *Control) DeleteIntegration(ctx context.Context, m MethodRef) error {
	_, err := c.changeMethod(ctx, m, unknownMethod(), func(e *edit, method *apigw.Method) error {
		if method.Integration == nil {
			return unknownIntegration()
		}
		method.Integration = nil
		return nil
	})
	return err
}

// IntegrationResponse returns one of an integration's responses.
func (c *Control) IntegrationResponse(ctx context.Context, m MethodRef, status apigw.StatusCode) (*apigw.IntegrationResponse, error) {
	in, err := c.Integration(ctx, m)
	if err != nil {
		return nil, err
	}
	r, ok := in.Responses[status]
	if !ok {
		return nil, unknownStatus()
	}
	return r, nil
}

// PutIntegrationResponse sets one of an integration's responses, over one
// that is there (recorded on AWS).
func (c *Control) PutIntegrationResponse(ctx context.Context, m MethodRef, response apigw.IntegrationResponse) (*apigw.IntegrationResponse, error) {
	return c.changeIntegrationResponse(ctx, m, response.StatusCode, func(method *apigw.Method) (*apigw.IntegrationResponse, error) {
		return cloneIntegrationResponse(&response), nil
	})
}

// UpdateIntegrationResponse changes one of an integration's responses.
func (c *Control) UpdateIntegrationResponse(ctx context.Context, m MethodRef, status apigw.StatusCode, mutate func(*apigw.IntegrationResponse) error) (*apigw.IntegrationResponse, error) {
	return c.changeIntegrationResponse(ctx, m, status, func(method *apigw.Method) (*apigw.IntegrationResponse, error) {
		old, ok := method.Integration.Responses[status]
		if !ok {
			return nil, unknownStatus()
		}
		r := cloneIntegrationResponse(old)
		return r, mutate(r)
	})
}

// changeIntegrationResponse sets the response that change makes.
func (c *Control) changeIntegrationResponse(ctx context.Context, m MethodRef, status apigw.StatusCode, change func(*apigw.Method) (*apigw.IntegrationResponse, error)) (*apigw.IntegrationResponse, error) {
	method, err := c.changeMethod(ctx, m, unknownMethod(), func(e *edit, method *apigw.Method) error {
		if method.Integration == nil {
			return unknownIntegration()
		}
		r, err := change(method)
		if err != nil {
			return err
		}
		return setIntegrationResponse(method, r)
	})
	if err != nil {
		return nil, err
	}
	return method.Integration.Responses[status], nil
}

func setIntegrationResponse(m *apigw.Method, r *apigw.IntegrationResponse) error {
	if err := completeIntegrationResponse(m, r); err != nil {
		return err
	}
	in := m.Integration
	if in.Responses == nil {
		in.Responses = map[apigw.StatusCode]*apigw.IntegrationResponse{}
	}
	in.Responses[r.StatusCode] = r
	return nil
}

// DeleteIntegrationResponse removes one of an integration's responses. An
// unknown method is an unknown integration here (recorded on AWS).
func (c *Control) DeleteIntegrationResponse(ctx context.Context, m MethodRef, status apigw.StatusCode) error {
	_, err := c.changeMethod(ctx, m, unknownIntegration(), func(e *edit, method *apigw.Method) error {
		if method.Integration == nil {
			return unknownIntegration()
		}
		if method.Integration.Responses[status] == nil {
			return unknownStatus()
		}
		delete(method.Integration.Responses, status)
		if len(method.Integration.Responses) == 0 {
			method.Integration.Responses = nil
		}
		return nil
	})
	return err
}
