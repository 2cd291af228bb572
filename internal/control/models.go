package control

import (
	"context"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// The models that CreateRestApi makes, letter by letter (AWS CLI reference,
// get-models). An import makes none of its own.
const (
	emptySchema = "{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}"
	errorSchema = "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}"
)

func (c *Control) addDefaultModels(def *apigw.Definition) error {
	for _, m := range []apigw.Model{
		{Name: "Empty", Description: "This is a default empty schema model", Schema: emptySchema},
		{Name: "Error", Description: "This is a default error schema model", Schema: errorSchema},
	} {
		id, err := c.newID(6)
		if err != nil {
			return err
		}
		m.ID, m.ContentType = id, "application/json"
		def.Models[m.Name] = &m
	}
	return nil
}

// modelURL begins the references between an API's models.
func modelURL(api apigw.APIID) string {
	return "https://apigateway.amazonaws.com/restapis/" + string(api) + "/models/"
}

// cloneInto copies the definition of another API of the scope into def, which
// has a root resource and settings already. Identifiers of resources are new.
func (c *Control) cloneInto(ctx context.Context, from apiRef, def *apigw.Definition) error {
	// AWS's model of CreateRestApi has no NotFoundException.
	s, err := c.view(ctx, from, apigw.Errorf(apigw.BadRequest, "Invalid REST API identifier specified"))
	if err != nil {
		return err
	}
	ids := map[apigw.ResourceID]apigw.ResourceID{s.def.API.RootResourceID: def.API.RootResourceID}
	for _, r := range s.byPath() {
		if _, ok := ids[r.ID]; ok {
			continue
		}
		id, err := c.freeID(6, func(id string) bool { return def.Resources[apigw.ResourceID(id)] != nil })
		if err != nil {
			return err
		}
		ids[r.ID] = apigw.ResourceID(id)
		def.Resources[ids[r.ID]] = nil
	}
	for _, r := range s.def.Resources {
		def.Resources[ids[r.ID]] = copyResource(r, ids)
	}
	for name, m := range s.def.Models {
		copied := *m
		// The new API's ID is put in when it is known.
		copied.Schema = strings.ReplaceAll(m.Schema, modelURL(from.api), modelURL(apiPlaceholder))
		def.Models[name] = &copied
	}
	if def.API.BinaryMediaTypes == nil {
		def.API.BinaryMediaTypes = s.def.API.BinaryMediaTypes
	}
	if def.API.MinimumCompressionSize == nil {
		def.API.MinimumCompressionSize = s.def.API.MinimumCompressionSize
	}
	fill(def.Authorizers, s.def.Authorizers)
	fill(def.Validators, s.def.Validators)
	fill(def.GatewayResponses, s.def.GatewayResponses)
	fill(def.Documentation, s.def.Documentation)
	return nil
}

// apiPlaceholder stands for the API's ID in the schemas of an import.
const apiPlaceholder = "{apiId}"

// resolveModelURLs puts the API's ID where the placeholder stands.
func (e *edit) resolveModelURLs() {
	for _, m := range e.def.Models {
		if strings.Contains(m.Schema, modelURL(apiPlaceholder)) {
			resolved := *m
			resolved.Schema = strings.ReplaceAll(m.Schema, modelURL(apiPlaceholder), modelURL(e.ref.api))
			e.putModel(&resolved)
		}
	}
}

func copyResource(r *apigw.Resource, ids map[apigw.ResourceID]apigw.ResourceID) *apigw.Resource {
	c := cloneResource(r)
	c.ID = ids[r.ID]
	if r.ParentID != "" {
		c.ParentID = ids[r.ParentID]
	}
	for verb, m := range c.Methods {
		if m.Integration != nil && m.Integration.CacheNamespace == string(r.ID) {
			m = cloneMethod(m)
			m.Integration.CacheNamespace = string(c.ID)
			c.Methods[verb] = m
		}
	}
	return c
}
