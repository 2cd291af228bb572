package control

import (
	"context"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// ExportOptions say what GetExport is to hold.
type ExportOptions struct {
	Type       string // swagger or oas30
	YAML       bool
	Extensions string // integrations, authorizers, apigateway, documentation, by comma
}

// Export is a document and what it says of itself.
type Export struct {
	Body    []byte
	Version string // of info
}

// options reads the extensions. What Postman's hold is documented nowhere, so
// that they are refused and not left out in silence.
func (o ExportOptions) options() (out openapi.ExportOptions, documentation bool, err error) {
	switch o.Type {
	case "swagger":
		out.Swagger = true
	case "oas30":
	default:
		return out, false, apigw.Errorf(apigw.BadRequest, "No API exporter for type '%s'", o.Type)
	}
	out.YAML = o.YAML
	for name := range strings.SplitSeq(o.Extensions, ",") {
		switch strings.TrimSpace(name) {
		case "":
		case "integrations":
			out.Integrations = true
		case "authorizers":
			out.Authorizers = true
		case "apigateway":
			out.Extensions, documentation = true, true
		case "documentation":
			documentation = true
		case "postman":
			return out, false, apigw.Errorf(apigw.BadRequest, "Gatehouse can't export Postman extensions: export without them, which Postman imports as well")
		default:
			return out, false, apigw.Errorf(apigw.BadRequest, "Invalid extension specified: %s", name)
		}
	}
	return out, documentation, nil
}

// Export writes what a stage serves, not what the API has become since, as a
// document, with the documentation version of the stage.
func (c *Control) Export(ctx context.Context, scope apigw.Scope, api apigw.APIID, name apigw.StageName, o ExportOptions) (*Export, error) {
	ref := restRef(scope, api)
	stage, err := c.Stage(ctx, scope, api, name)
	if err != nil {
		return nil, err
	}
	out, documentation, err := o.options()
	if err != nil {
		return nil, err
	}
	dep, def, err := c.deployed(ctx, scope, api, stage.DeploymentID)
	if err != nil {
		return nil, err
	}
	if documentation && stage.DocumentationVersion != "" {
		if out.Documentation, err = c.DocumentationVersion(ctx, scope, api, stage.DocumentationVersion); err != nil {
			return nil, err
		}
	}
	out.Stage, out.Host = string(name), ref.host()
	if out.Version = def.API.Version; out.Version == "" {
		// Without a version of its own a document has the time of the
		// deployment (recorded on AWS: a time in this form).
		out.Version = dep.Created.UTC().Format(time.RFC3339)
	}
	body, err := openapi.Export(def, out)
	if err != nil {
		return nil, storeError(err)
	}
	return &Export{body, out.Version}, nil
}

// host is where AWS serves the API.
func (r apiRef) host() string {
	suffix := ".amazonaws.com"
	if r.scope.Partition == "aws-cn" {
		suffix += ".cn"
	}
	return string(r.api) + ".execute-api." + r.scope.Region + suffix
}
