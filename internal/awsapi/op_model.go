package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
)

func (o rest) createModel(ctx context.Context, c *Call, in *apigateway.CreateModelRequest) (*apigateway.Model, error) {
	m, err := o.c.CreateModel(ctx, c.Scope, apiID(in.RestApiId), apigw.Model{
		Name: apigw.ModelName(val(in.Name)), Description: val(in.Description), ContentType: val(in.ContentType), Schema: val(in.Schema),
	})
	return modelView(m), err
}

func (o rest) getModel(ctx context.Context, c *Call, in *apigateway.GetModelRequest) (*apigateway.Model, error) {
	get := o.c.Model
	if val(in.Flatten) {
		get = o.c.FlatModel
	}
	m, err := get(ctx, c.Scope, apiID(in.RestApiId), apigw.ModelName(in.ModelName))
	return modelView(m), err
}

func (o rest) getModels(ctx context.Context, c *Call, in *apigateway.GetModelsRequest) (*apigateway.Models, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.Models(ctx, c.Scope, apiID(in.RestApiId))
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(m *apigw.Model) string { return string(m.Name) })
	return &apigateway.Models{Items: views(list, modelView), Position: next}, nil
}

func (o rest) getModelTemplate(ctx context.Context, c *Call, in *apigateway.GetModelTemplateRequest) (*apigateway.Template, error) {
	text, err := o.c.ModelTemplate(ctx, c.Scope, apiID(in.RestApiId), apigw.ModelName(in.ModelName))
	return &apigateway.Template{Value: &text}, err
}

func (o rest) updateModel(ctx context.Context, c *Call, in *apigateway.UpdateModelRequest) (*apigateway.Model, error) {
	m, err := o.c.UpdateModel(ctx, c.Scope, apiID(in.RestApiId), apigw.ModelName(in.ModelName), patchModel(Patch(in.PatchOperations)))
	return modelView(m), err
}

func (o rest) deleteModel(ctx context.Context, c *Call, in *apigateway.DeleteModelRequest) error {
	return o.c.DeleteModel(ctx, c.Scope, apiID(in.RestApiId), apigw.ModelName(in.ModelName))
}

func modelView(m *apigw.Model) *apigateway.Model {
	if m == nil {
		return nil
	}
	return &apigateway.Model{
		Id: set(m.ID), Name: set(m.Name), Description: set(m.Description), Schema: set(m.Schema), ContentType: set(m.ContentType),
	}
}

// views shows the rows of a list, which is empty and not absent without any.
func views[From, To any](list []From, view func(From) To) []To {
	out := make([]To, 0, len(list))
	for _, v := range list {
		out = append(out, view(v))
	}
	return out
}

func patchModel(ops []PatchOp) func(*apigw.Model) error {
	return func(m *apigw.Model) error {
		return applyEach(ops, func(op PatchOp) error {
			switch to := map[string]*string{"/description": &m.Description, "/schema": &m.Schema}[op.Path]; {
			case to == nil:
				return op.LongPathError("/description", "/schema")
			case op.Op != "replace":
				return op.LongOpError()
			default:
				*to = op.Text()
				return nil
			}
		})
	}
}
