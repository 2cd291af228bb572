package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

func (o rest) createRequestValidator(ctx context.Context, c *Call, in *apigateway.CreateRequestValidatorRequest) (*apigateway.RequestValidator, error) {
	v, err := o.c.CreateValidator(ctx, c.Scope, apiID(in.RestApiId), apigw.RequestValidator{
		Name: val(in.Name), ValidateBody: val(in.ValidateRequestBody), ValidateParameters: val(in.ValidateRequestParameters),
	})
	return validatorView(v), err
}

func (o rest) getRequestValidator(ctx context.Context, c *Call, in *apigateway.GetRequestValidatorRequest) (*apigateway.RequestValidator, error) {
	v, err := o.c.Validator(ctx, c.Scope, apiID(in.RestApiId), apigw.ValidatorID(in.RequestValidatorId))
	return validatorView(v), err
}

func (o rest) getRequestValidators(ctx context.Context, c *Call, in *apigateway.GetRequestValidatorsRequest) (*apigateway.RequestValidators, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.Validators(ctx, c.Scope, apiID(in.RestApiId))
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(v *apigw.RequestValidator) string { return string(v.ID) })
	return &apigateway.RequestValidators{Items: views(list, validatorView), Position: next}, nil
}

func (o rest) updateRequestValidator(ctx context.Context, c *Call, in *apigateway.UpdateRequestValidatorRequest) (*apigateway.RequestValidator, error) {
	v, err := o.c.UpdateValidator(ctx, c.Scope, apiID(in.RestApiId), apigw.ValidatorID(in.RequestValidatorId), patchValidator(Patch(in.PatchOperations)))
	return validatorView(v), err
}

func (o rest) deleteRequestValidator(ctx context.Context, c *Call, in *apigateway.DeleteRequestValidatorRequest) error {
	return o.c.DeleteValidator(ctx, c.Scope, apiID(in.RestApiId), apigw.ValidatorID(in.RequestValidatorId))
}

// validatorView always shows both switches (recorded on AWS).
func validatorView(v *apigw.RequestValidator) *apigateway.RequestValidator {
	if v == nil {
		return nil
	}
	return &apigateway.RequestValidator{
		Id: set(v.ID), Name: set(v.Name), ValidateRequestBody: new(v.ValidateBody), ValidateRequestParameters: new(v.ValidateParameters),
	}
}

// patchValidator: a switch that is replaced without a value is false (recorded
// on AWS).
func patchValidator(ops []PatchOp) func(*apigw.RequestValidator) error {
	return func(v *apigw.RequestValidator) error {
		return applyEach(ops, func(op PatchOp) error {
			switch op.Path {
			case "/name", "/validateRequestParameters", "/validateRequestBody":
			default:
				return op.LongPathError("/name", "/validateRequestParameters", "/validateRequestBody")
			}
			if op.Op != "replace" {
				return op.LongOpError()
			}
			switch op.Path {
			case "/name":
				v.Name = op.Text()
			case "/validateRequestParameters":
				v.ValidateParameters = op.True()
			default:
				v.ValidateBody = op.True()
			}
			return nil
		})
	}
}
