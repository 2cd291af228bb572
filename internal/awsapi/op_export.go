package awsapi

import (
	"context"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

// getExport answers a file: its type is octet-stream whatever it holds
// (recorded on AWS).
func (o rest) getExport(ctx context.Context, c *Call, in *apigateway.GetExportRequest) (*apigateway.ExportResponse, error) {
	yaml, err := exportsYAML(val(in.Accepts))
	if err != nil {
		return nil, err
	}
	for name := range in.Parameters {
		if name != "extensions" {
			return nil, apigw.Errorf(apigw.BadRequest, "Invalid export parameter specified: %s", name)
		}
	}
	e, err := o.c.Export(ctx, c.Scope, apiID(in.RestApiId), apigw.StageName(in.StageName), control.ExportOptions{
		Type: in.ExportType, YAML: yaml, Extensions: in.Parameters["extensions"],
	})
	if err != nil {
		return nil, err
	}
	suffix := ".json"
	if yaml {
		suffix = ".yaml"
	}
	name := in.ExportType + "_" + fileName(e.Version) + suffix
	return &apigateway.ExportResponse{
		ContentType: new("application/octet-stream"), ContentDisposition: new(`attachment; filename="` + name + `"`), Body: e.Body,
	}, nil
}

func exportsYAML(accept string) (bool, error) {
	first, _, _ := strings.Cut(accept, ",")
	first, _, _ = strings.Cut(first, ";")
	switch strings.ToLower(strings.TrimSpace(first)) {
	case "", "*/*", "application/json", "application/hal+json":
		return false, nil
	case "application/yaml", "application/x-yaml", "text/yaml":
		return true, nil
	}
	return false, apigw.Errorf(apigw.BadRequest, "Exports are written as application/json or application/yaml, not as %s", first)
}

// fileName keeps of a version what can stand in a header between quotes.
func fileName(version string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || r == '"' || r == '\\' || r == '/' {
			return '_'
		}
		return r
	}, version)
}
