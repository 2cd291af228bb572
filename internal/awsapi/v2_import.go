package awsapi

import (
	"context"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

func (o routed) importAPI(ctx context.Context, c *Call, in *v2.ImportApiRequest) (*v2.ImportApiResponse, error) {
	def, err := o.importedAPI(c, val(in.Body), in.Basepath, in.FailOnWarnings)
	if err != nil {
		return nil, err
	}
	a, err := o.c.ImportRouteAPI(ctx, c.Scope, def)
	return (*v2.ImportApiResponse)(routeAPIView(c)(a)), err
}

func (o routed) reimportAPI(ctx context.Context, c *Call, in *v2.ReimportApiRequest) (*v2.ReimportApiResponse, error) {
	def, err := o.importedAPI(c, val(in.Body), in.Basepath, in.FailOnWarnings)
	if err != nil {
		return nil, err
	}
	a, err := o.c.ReplaceRouteAPI(ctx, c.Scope, apiID(in.ApiId), def)
	return (*v2.ReimportApiResponse)(routeAPIView(c)(a)), err
}

// importedAPI reads a document, which may hand over no role that the caller may
// not.
func (o routed) importedAPI(c *Call, doc string, basePath *string, failOnWarnings *bool) (*apigw.Definition, error) {
	switch val(basePath) {
	case "", "ignore", "prepend", "split":
	default:
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid basepath specified: %s. Must be one of [ignore, prepend, split]", clipped(*basePath))
	}
	api, err := openapi.ParseHTTP([]byte(doc), openapi.Options{BasePath: val(basePath), Scope: c.Scope, Checks: o.c.ImportChecks()})
	if err != nil {
		return nil, openapi.HTTPError(err)
	}
	if val(failOnWarnings) {
		if err := api.FailOnWarnings(); err != nil {
			return nil, err
		}
	}
	for _, a := range api.Definition.RouteAuthorizers {
		if err := c.PassRole(a.Credentials, apiGatewayPrincipal); err != nil {
			return nil, err
		}
	}
	for _, i := range api.Definition.RouteIntegrations {
		if err := c.PassRole(i.Credentials, apiGatewayPrincipal); err != nil {
			return nil, err
		}
	}
	return api.Definition, nil
}

// exportAPI writes what a stage serves or, without one, the API as it is being
// edited (API Gateway V2 reference, ExportApi).
func (o routed) exportAPI(ctx context.Context, c *Call, in *v2.ExportApiRequest) (*v2.ExportApiResponse, error) {
	options := openapi.HTTPExportOptions{Extensions: in.IncludeExtensions == nil || *in.IncludeExtensions, Stage: val(in.StageName)}
	switch {
	case in.Specification != "OAS30":
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid specification: %s. The one that is written is OAS30", clipped(in.Specification))
	case val(in.ExportVersion) != "" && *in.ExportVersion != "1.0":
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid exportVersion: %s. The one that is written is 1.0", clipped(*in.ExportVersion))
	case val(in.OutputType) != "JSON" && val(in.OutputType) != "YAML":
		return nil, apigw.Errorf(apigw.BadRequest, "Invalid outputType: %s. Must be one of [JSON, YAML]", clipped(val(in.OutputType)))
	}
	def, made, err := o.exported(ctx, c, apiID(in.ApiId), apigw.StageName(options.Stage))
	if err != nil {
		return nil, err
	}
	_, options.Host, _ = strings.Cut(routeAPIEndpoint(c.Scope, def.RouteAPI), "://")
	options.Version = made.UTC().Format(openapi.HTTPVersionTime)
	options.YAML = *in.OutputType == "YAML"
	body, err := openapi.ExportHTTP(def, options)
	kind := "application/json"
	if options.YAML {
		kind = "application/yaml"
	}
	return &v2.ExportApiResponse{Body: body, ContentType: &kind}, err
}

// exported is what a stage serves, and when it was deployed.
func (o routed) exported(ctx context.Context, c *Call, api apigw.APIID, stage apigw.StageName) (*apigw.Definition, time.Time, error) {
	if stage == "" {
		def, err := o.c.RouteDefinition(ctx, c.Scope, api)
		return def, c.Time, err
	}
	s, err := o.c.RouteStage(ctx, c.Scope, api, stage)
	if err != nil {
		return nil, time.Time{}, err
	}
	if s.DeploymentID == "" {
		return nil, time.Time{}, apigw.Errorf(apigw.BadRequest, "Stage %s has no deployment: deploy the API to it first", stage)
	}
	d, err := o.c.RouteDeployment(ctx, c.Scope, api, s.DeploymentID)
	if err != nil {
		return nil, time.Time{}, err
	}
	def, err := o.c.LoadDeployment(ctx, c.Scope, api, s.DeploymentID)
	return def, d.Created, err
}
