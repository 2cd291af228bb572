package awsapi

import (
	"context"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o rest) createDocumentationPart(ctx context.Context, c *Call, in *apigateway.CreateDocumentationPartRequest) (*apigateway.DocumentationPart, error) {
	p := apigw.DocumentationPart{Properties: val(in.Properties)}
	if l := in.Location; l != nil {
		p.Location = apigw.DocumentationLocation{
			Type: val(l.Type), Path: val(l.Path), Method: val(l.Method), StatusCode: apigw.StatusCode(val(l.StatusCode)), Name: val(l.Name),
		}
	}
	made, err := o.c.CreateDocumentationPart(ctx, c.Scope, apiID(in.RestApiId), p)
	return partView(made), err
}

func (o rest) getDocumentationPart(ctx context.Context, c *Call, in *apigateway.GetDocumentationPartRequest) (*apigateway.DocumentationPart, error) {
	p, err := o.c.DocumentationPart(ctx, c.Scope, apiID(in.RestApiId), in.DocumentationPartId)
	return partView(p), err
}

func (o rest) getDocumentationParts(ctx context.Context, c *Call, in *apigateway.GetDocumentationPartsRequest) (*apigateway.DocumentationParts, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	filter := control.PartFilter{
		Type: val(in.Type), Name: val(in.NameQuery), Path: val(in.Path), Undocumented: val(in.LocationStatus) == "UNDOCUMENTED",
	}
	list, err := o.c.DocumentationParts(ctx, c.Scope, apiID(in.RestApiId), filter)
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(p *apigw.DocumentationPart) string {
		if filter.Undocumented {
			return p.Location.String()
		}
		return p.ID
	})
	return &apigateway.DocumentationParts{Items: views(list, partView), Position: next}, nil
}

func (o rest) updateDocumentationPart(ctx context.Context, c *Call, in *apigateway.UpdateDocumentationPartRequest) (*apigateway.DocumentationPart, error) {
	p, err := o.c.UpdateDocumentationPart(ctx, c.Scope, apiID(in.RestApiId), in.DocumentationPartId, func(p *apigw.DocumentationPart) error {
		return patchText(Patch(in.PatchOperations), "/properties", &p.Properties)
	})
	return partView(p), err
}

func (o rest) deleteDocumentationPart(ctx context.Context, c *Call, in *apigateway.DeleteDocumentationPartRequest) error {
	return o.c.DeleteDocumentationPart(ctx, c.Scope, apiID(in.RestApiId), in.DocumentationPartId)
}

func (o rest) importDocumentationParts(ctx context.Context, c *Call, in *apigateway.ImportDocumentationPartsRequest) (*apigateway.DocumentationPartIds, error) {
	got, err := o.c.ImportDocumentationParts(ctx, c.Scope, apiID(in.RestApiId), in.Body, val(in.Mode) == "overwrite", val(in.FailOnWarnings))
	if err != nil {
		return nil, err
	}
	return &apigateway.DocumentationPartIds{Ids: got.IDs, Warnings: omitEmpty(got.Warnings)}, nil
}

func partView(p *apigw.DocumentationPart) *apigateway.DocumentationPart {
	if p == nil {
		return nil
	}
	l := p.Location
	return &apigateway.DocumentationPart{Id: set(p.ID), Properties: set(p.Properties), Location: &apigateway.DocumentationPartLocation{
		Type: set(l.Type), Path: set(l.Path), Method: set(l.Method), StatusCode: set(l.StatusCode), Name: set(l.Name),
	}}
}

func (o rest) createDocumentationVersion(ctx context.Context, c *Call, in *apigateway.CreateDocumentationVersionRequest) (*apigateway.DocumentationVersion, error) {
	v, err := o.c.CreateDocumentationVersion(ctx, c.Scope, apiID(in.RestApiId), val(in.DocumentationVersion), val(in.Description), apigw.StageName(val(in.StageName)))
	return documentationVersionView(v), err
}

func (o rest) getDocumentationVersion(ctx context.Context, c *Call, in *apigateway.GetDocumentationVersionRequest) (*apigateway.DocumentationVersion, error) {
	v, err := o.c.DocumentationVersion(ctx, c.Scope, apiID(in.RestApiId), in.DocumentationVersion)
	return documentationVersionView(v), err
}

func (o rest) getDocumentationVersions(ctx context.Context, c *Call, in *apigateway.GetDocumentationVersionsRequest) (*apigateway.DocumentationVersions, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	list, err := o.c.DocumentationVersions(ctx, c.Scope, apiID(in.RestApiId))
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, func(v *apigw.DocumentationVersion) string { return v.Version })
	return &apigateway.DocumentationVersions{Items: views(list, documentationVersionView), Position: next}, nil
}

func (o rest) updateDocumentationVersion(ctx context.Context, c *Call, in *apigateway.UpdateDocumentationVersionRequest) (*apigateway.DocumentationVersion, error) {
	v, err := o.c.UpdateDocumentationVersion(ctx, c.Scope, apiID(in.RestApiId), in.DocumentationVersion, func(v *apigw.DocumentationVersion) error {
		return patchText(Patch(in.PatchOperations), "/description", &v.Description)
	})
	return documentationVersionView(v), err
}

func (o rest) deleteDocumentationVersion(ctx context.Context, c *Call, in *apigateway.DeleteDocumentationVersionRequest) error {
	return o.c.DeleteDocumentationVersion(ctx, c.Scope, apiID(in.RestApiId), in.DocumentationVersion)
}

func documentationVersionView(v *apigw.DocumentationVersion) *apigateway.DocumentationVersion {
	if v == nil {
		return nil
	}
	return &apigateway.DocumentationVersion{Version: set(v.Version), CreatedDate: &v.Created, Description: set(v.Description)}
}

// patchText is the patch of a resource of which one text can be replaced and
// nothing else.
func patchText(ops []PatchOp, path string, to *string) error {
	return applyEach(ops, func(op PatchOp) error {
		if op.Path != path {
			return op.LongPathError(path)
		}
		if op.Op != "replace" {
			return op.LongOpError()
		}
		*to = op.Text()
		return nil
	})
}
