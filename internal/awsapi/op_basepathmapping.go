package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o rest) createBasePathMapping(ctx context.Context, c *Call, in *apigateway.CreateBasePathMappingRequest) (*apigateway.BasePathMapping, error) {
	m, err := o.c.CreateBasePathMapping(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId), apigw.BasePathMapping{
		BasePath: val(in.BasePath), API: apiID(val(in.RestApiId)), Stage: apigw.StageName(val(in.Stage)),
	})
	return mappingView(m), err
}

func (o rest) getBasePathMapping(ctx context.Context, c *Call, in *apigateway.GetBasePathMappingRequest) (*apigateway.BasePathMapping, error) {
	m, err := o.c.BasePathMapping(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId), in.BasePath)
	return mappingView(m), err
}

func (o rest) getBasePathMappings(ctx context.Context, c *Call, in *apigateway.GetBasePathMappingsRequest) (*apigateway.BasePathMappings, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	d, err := o.c.DomainName(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId))
	if err != nil {
		return nil, err
	}
	// By the stored base path the empty one comes first; a position names it
	// as it is shown, with a mark that no other begins with.
	list, next := Paginate(p, d.Mappings, func(m apigw.BasePathMapping) string { return "/" + m.BasePath })
	return &apigateway.BasePathMappings{Items: views(list, func(m apigw.BasePathMapping) *apigateway.BasePathMapping { return mappingView(&m) }), Position: next}, nil
}

func (o rest) updateBasePathMapping(ctx context.Context, c *Call, in *apigateway.UpdateBasePathMappingRequest) (*apigateway.BasePathMapping, error) {
	m, err := o.c.UpdateBasePathMapping(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId), in.BasePath, func(m *apigw.BasePathMapping) error {
		return applyEach(Patch(in.PatchOperations), func(op PatchOp) error {
			switch op.Path {
			case "/basePath", "/basepath": // AWS documents both
				return op.planText(&m.BasePath, "replace")
			case "/restapiId", "/restApiId":
				return op.planText((*string)(&m.API), "replace")
			case "/stage":
				return op.planText((*string)(&m.Stage), "replace")
			}
			return op.LongPathError("/basePath", "/restapiId", "/stage")
		})
	})
	return mappingView(m), err
}

func (o rest) deleteBasePathMapping(ctx context.Context, c *Call, in *apigateway.DeleteBasePathMappingRequest) error {
	return o.c.DeleteBasePathMapping(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId), in.BasePath)
}

func mappingView(m *apigw.BasePathMapping) *apigateway.BasePathMapping {
	if m == nil {
		return nil
	}
	return &apigateway.BasePathMapping{BasePath: new(control.ShownBasePath(m.BasePath)), RestApiId: set(m.API), Stage: set(m.Stage)}
}
