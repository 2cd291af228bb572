package openapi

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// modelURL is how AWS refers to a model of an API; control puts the API's ID
// in the place of {apiId}.
const modelURL = "https://apigateway.amazonaws.com/restapis/"

var modelName = regexp.MustCompile(`^[a-zA-Z0-9]+$`)

// definitions translates definitions or components.schemas into models. They
// are the only ones an imported API has: Empty and Error aren't added.
func (im *importer) definitions() {
	im.models, im.generated, im.inPlace = map[string]bool{}, map[string]string{}, map[*node]apigw.ModelName{}
	all := im.root.get("definitions")
	if !im.swagger {
		all = im.root.get("components").get("schemas")
	}
	for _, n := range all.members() {
		im.models[n.name] = true
	}
	if !im.isObject(all, "the list of schemas") {
		return
	}
	for _, n := range all.items {
		if !modelName.MatchString(n.name) {
			im.problem(n, "Unable to create model for '%s': Model name must be alphanumeric: %s", n.name, n.name)
		} else if im.isObject(n, "a schema") {
			im.api.Models = append(im.api.Models, &apigw.Model{
				Name:        apigw.ModelName(n.name),
				Description: im.text(n.peek("description"), "description"),
				ContentType: "application/json",
				Schema:      im.schema(n, n.name),
			})
			im.describe(apigw.DocumentationLocation{Type: "MODEL", Name: n.name}, described{"description", n.peek("description")})
		}
	}
}

// schema is a schema's text, its references to models in AWS's canonical form.
func (im *importer) schema(n *node, model string) string {
	return im.json(n, func(ref *node) string {
		name, ok := im.modelRef(ref)
		switch {
		case !ok:
			im.problem(ref, "Unable to create model for '%s': Invalid model specified: Validation Result: warnings : [], errors : [Model reference must be in canonical form]", model)
		case name == "":
			return ref.text
		case !im.models[name]:
			im.problem(ref, "Unable to create model for '%s': Reference to model '%s' not found", model, name)
		}
		return modelURL + "{apiId}/models/" + name
	})
}

// modelRef is the name of the document's model that a reference names; empty
// for one in canonical form already. It is false for any other reference.
func (im *importer) modelRef(ref *node) (name string, ok bool) {
	if strings.HasPrefix(ref.text, modelURL) {
		return "", true
	}
	home := "#/components/schemas/"
	if im.swagger {
		home = "#/definitions/"
	}
	if name, ok = strings.CutPrefix(ref.text, home); !ok || strings.Contains(name, "/") {
		return "", false
	}
	if parts := pointerParts("/" + name); len(parts) == 1 {
		return parts[0], true
	}
	return "", false
}

// model is the model that a body's schema names. A schema that stands in place
// becomes a model of its own; one that is empty, or that the document doesn't
// have, no model.
func (im *importer) model(n *node) apigw.ModelName {
	if !im.isObject(n, "a schema") || len(n.items) == 0 {
		return ""
	}
	ref := n.peek("$ref")
	if ref == nil || ref.kind != text {
		return im.generate(n)
	}
	name, ok := im.modelRef(ref)
	switch {
	case !ok:
		im.problem(ref, "reference %q names no schema of the document", ref.text)
		return ""
	case name == "":
		return apigw.ModelName(ref.text[strings.LastIndex(ref.text, "/")+1:])
	case !im.models[name]:
		im.warn("Reference to model '%s' not found. Ignoring.", name)
		return ""
	}
	return apigw.ModelName(name)
}

// generate makes a model of a schema. Its name is MODEL and digits, as on AWS;
// ours come from the schema, so that the same document gives the same models
// and equal schemas share one.
func (im *importer) generate(n *node) apigw.ModelName {
	if name, ok := im.inPlace[n]; ok {
		return name
	}
	name := im.generateModel(n)
	im.inPlace[n] = name
	return name
}

func (im *importer) generateModel(n *node) apigw.ModelName {
	schema := im.schema(n, "a schema in place")
	sum := sha256.Sum256([]byte(schema))
	digits := hex.EncodeToString(sum[:])
	for size := 6; ; size++ {
		name := "MODEL" + digits[:size]
		switch known, ok := im.generated[name]; {
		case ok && known == schema:
			return apigw.ModelName(name)
		case ok || im.models[name]:
			continue // another schema's; a longer name is free
		}
		im.generated[name] = schema
		im.api.Models = append(im.api.Models, &apigw.Model{
			Name: apigw.ModelName(name), ContentType: "application/json", Schema: schema,
		})
		return apigw.ModelName(name)
	}
}
