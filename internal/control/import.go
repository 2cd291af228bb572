package control

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// ImportOptions are what ImportRestApi and PutRestApi take beside the
// document.
type ImportOptions struct {
	Overwrite      bool // PutRestApi alone; else the document is merged in
	FailOnWarnings bool
	// Parameters as sent: basepath, ignore, endpointConfigurationTypes.
	Parameters map[string]string
	File       string // for messages; may be empty
	// Allowed refuses a document for what it hands over; nil refuses none.
	Allowed func(*openapi.API) error
}

// importParameters are the parameters taken apart.
type importParameters struct {
	basePath            string
	ignoreDocumentation bool
	endpointTypes       []string // nil: not sent
}

func (o ImportOptions) parameters() (p importParameters, err error) {
	for _, name := range slices.Sorted(maps.Keys(o.Parameters)) {
		value := o.Parameters[name]
		ok := true
		switch strings.ToLower(name) {
		case "basepath":
			p.basePath = strings.ToLower(value)
			ok = slices.Contains([]string{"ignore", "prepend", "split"}, p.basePath)
		case "ignore":
			p.ignoreDocumentation = value == "documentation"
			ok = p.ignoreDocumentation
		case "endpointconfigurationtypes":
			p.endpointTypes = strings.Split(value, ",")
			ok = !slices.ContainsFunc(p.endpointTypes, func(t string) bool {
				return t != "EDGE" && t != "REGIONAL" && t != "PRIVATE"
			})
		default:
			return p, apigw.Errorf(apigw.BadRequest, "Unknown import parameter: %s", name)
		}
		if !ok {
			return p, apigw.Errorf(apigw.BadRequest, "Invalid value of import parameter %s: %s", name, value)
		}
	}
	return p, nil
}

// parse reads a document; what AWS says of one that can't be read is AWS's
// text, and what else is wrong is listed.
func (o ImportOptions) parse(scope apigw.Scope, doc []byte, p importParameters) (*openapi.API, error) {
	api, err := openapi.Parse(doc, openapi.Options{
		File: o.File, BasePath: p.basePath, Scope: scope, IgnoreDocumentation: p.ignoreDocumentation,
	})
	if err != nil {
		return nil, importError(err)
	}
	if o.FailOnWarnings {
		if err := openapi.FailOnWarnings(api.Warnings); err != nil {
			return nil, err
		}
	}
	if o.Allowed != nil {
		if err := o.Allowed(api); err != nil {
			return nil, err
		}
	}
	return api, nil
}

func importError(err error) error {
	e, ok := errors.AsType[*openapi.Errors](err)
	if !ok {
		return err
	}
	if e.Invalid {
		return &apigw.Error{Kind: apigw.BadRequest, Message: "Invalid OpenAPI input.", Cause: err}
	}
	return e.Failure()
}

// ImportRestAPI makes an API of a document. Warnings of the result are those
// of the import; they aren't kept.
func (c *Control) ImportRestAPI(ctx context.Context, scope apigw.Scope, doc []byte, o ImportOptions) (*apigw.RestAPI, error) {
	p, err := o.parameters()
	if err != nil {
		return nil, err
	}
	parsed, err := o.parse(scope, doc, p)
	if err != nil {
		return nil, err
	}
	def, err := c.importedAPI(scope, parsed, p)
	if err != nil {
		return nil, err
	}
	api, err := c.createDefinition(ctx, scope, def, func(e *edit) error {
		return e.merge(parsed, false)
	})
	if err != nil {
		return nil, err
	}
	return withWarnings(api, parsed.Warnings), nil
}

// importedAPI is the empty API that a document is put into.
func (c *Control) importedAPI(scope apigw.Scope, doc *openapi.API, p importParameters) (*apigw.Definition, error) {
	api := apigw.RestAPI{Name: doc.Name, Created: c.seconds()}
	api.Endpoint.IPAddressType = doc.IPAddressType
	if err := c.completeAPI(&api, p.endpointTypes); err != nil {
		return nil, err
	}
	root, err := c.newID(10)
	if err != nil {
		return nil, err
	}
	api.RootResourceID = apigw.ResourceID(root)
	def := newDefinition(scope, api)
	def.Resources[api.RootResourceID] = &apigw.Resource{ID: api.RootResourceID, Path: "/"}
	return def, nil
}

func withWarnings(api *apigw.RestAPI, warnings []string) *apigw.RestAPI {
	copied := *api
	copied.Warnings = warnings
	return &copied
}

// PutRestAPI puts a document into an API: all of it at once or nothing.
func (c *Control) PutRestAPI(ctx context.Context, scope apigw.Scope, id apigw.APIID, doc []byte, o ImportOptions) (*apigw.RestAPI, error) {
	p, err := o.parameters()
	if err != nil {
		return nil, err
	}
	// A bad document is refused before the API is looked for (recorded on AWS).
	parsed, err := o.parse(scope, doc, p)
	if err != nil {
		return nil, err
	}
	ref := restRef(scope, id)
	api, err := c.putDocument(ctx, ref, func(e *edit) error {
		if err := e.setEndpointTypes(ctx, p.endpointTypes); err != nil {
			return err
		}
		return e.merge(parsed, o.Overwrite)
	})
	if err != nil {
		return nil, err
	}
	return withWarnings(api, parsed.Warnings), nil
}

// setEndpointTypes changes an API's endpoint to what was sent; an API that
// becomes private becomes dualstack (recorded on AWS).
func (e *edit) setEndpointTypes(ctx context.Context, types []string) error {
	if len(types) == 0 {
		return nil
	}
	api := e.def.API
	from := api.Endpoint.Type
	if private := types[0] == apigw.EndpointPrivate; private != (from == apigw.EndpointPrivate) {
		api.Endpoint.IPAddressType = "" // the new type's
	}
	if err := e.c.completeAPI(&api, types); err != nil {
		return err
	}
	if err := e.c.checkEndpointChange(ctx, e.ref, from, api.Endpoint.Type); err != nil {
		return err
	}
	e.putAPI(api)
	return nil
}

func (c *Control) putDocument(ctx context.Context, ref apiRef, apply func(*edit) error) (*apigw.RestAPI, error) {
	return mutatedAlone(ctx, c, ref, ref.unknownAPI(), func(e *edit) (*apigw.RestAPI, error) {
		if err := apply(e); err != nil {
			return nil, err
		}
		api := e.def.API
		return &api, nil
	})
}
