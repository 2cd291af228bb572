package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o rest) putGatewayResponse(ctx context.Context, c *Call, in *apigateway.PutGatewayResponseRequest) (*apigateway.GatewayResponse, error) {
	g, err := o.c.PutGatewayResponse(ctx, c.Scope, apiID(in.RestApiId), apigw.GatewayResponse{
		Type: in.ResponseType, StatusCode: val(in.StatusCode),
		ResponseParameters: texts(in.ResponseParameters), ResponseTemplates: texts(in.ResponseTemplates),
	})
	return gatewayResponseView(g), err
}

// texts turns nulls into empty texts, which are refused alike.
func texts(m map[string]*string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = val(v)
	}
	return out
}

func (o rest) getGatewayResponse(ctx context.Context, c *Call, in *apigateway.GetGatewayResponseRequest) (*apigateway.GatewayResponse, error) {
	g, err := o.c.GatewayResponse(ctx, c.Scope, apiID(in.RestApiId), in.ResponseType)
	return gatewayResponseView(g), err
}

// getGatewayResponses: AWS lists all types whatever the default page is, but
// pages when it is asked to.
func (o rest) getGatewayResponses(ctx context.Context, c *Call, in *apigateway.GetGatewayResponsesRequest) (*apigateway.GatewayResponses, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.GatewayResponses(ctx, c.Scope, apiID(in.RestApiId))
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(g *control.GatewayResponse) string { return g.Type })
	return &apigateway.GatewayResponses{Items: views(list, gatewayResponseView), Position: next}, nil
}

func (o rest) updateGatewayResponse(ctx context.Context, c *Call, in *apigateway.UpdateGatewayResponseRequest) (*apigateway.GatewayResponse, error) {
	g, err := o.c.UpdateGatewayResponse(ctx, c.Scope, apiID(in.RestApiId), in.ResponseType, patchGatewayResponse(Patch(in.PatchOperations)))
	return gatewayResponseView(g), err
}

func (o rest) deleteGatewayResponse(ctx context.Context, c *Call, in *apigateway.DeleteGatewayResponseRequest) error {
	return o.c.DeleteGatewayResponse(ctx, c.Scope, apiID(in.RestApiId), in.ResponseType)
}

func gatewayResponseView(g *control.GatewayResponse) *apigateway.GatewayResponse {
	if g == nil {
		return nil
	}
	return &apigateway.GatewayResponse{
		ResponseType: set(g.Type), StatusCode: set(g.StatusCode), DefaultResponse: new(g.Default),
		ResponseParameters: g.ResponseParameters, ResponseTemplates: g.ResponseTemplates,
	}
}

func patchGatewayResponse(ops []PatchOp) func(*apigw.GatewayResponse) error {
	return func(g *apigw.GatewayResponse) error {
		err := applyEach(ops, func(op PatchOp) error {
			if name, ok := op.Key("responseParameters"); ok {
				return patchGatewayEntry(&g.ResponseParameters, op, name, noParameter)
			}
			if contentType, ok := op.Key("responseTemplates"); ok {
				return patchGatewayEntry(&g.ResponseTemplates, op, contentType, noContentType)
			}
			// The path is unknown, too, to the operations it doesn't have
			// (recorded on AWS).
			if op.Path != "/statusCode" || op.Op != "replace" {
				return op.ShortPathError()
			}
			g.StatusCode = op.Text()
			return nil
		})
		if err == nil && g.ResponseTemplates == nil {
			g.ResponseTemplates = map[string]string{} // the last was removed; none is stock
		}
		return err
	}
}

// patchGatewayEntry refuses values that are empty (recorded on AWS).
func patchGatewayEntry(m *map[string]string, op PatchOp, key, missing string) error {
	if op.Op != "remove" && op.Text() == "" {
		return apigw.Errorf(apigw.BadRequest, "Invalid null or empty value in %s", op.Segments[0])
	}
	return patchEntry(m, op, key, op.Text(), missing)
}
