package sdk

import (
	"slices"
	"strings"
)

const typescriptWords = `break case catch class const continue debugger default delete do else enum export extends false finally for function
 if import in instanceof new null return super switch this throw true try typeof var void while with constructor prototype core run`

// typescriptFiles is an ES module with the models as types.
func typescriptFiles(a *api, _ map[string]string) ([]file, error) {
	types := newModelTypes(a)
	nameTypescript(a, types)
	r := &render{language: "typescript", data: a}
	const root = "apigateway-typescript-sdk/"
	r.add(root+"src/client.ts", "client.ts.tmpl")
	r.add(root+"src/core.ts", "core.ts")
	r.addWith(root+"src/models.ts", "models.ts.tmpl", types.list)
	r.add(root+"package.json", "package.json.tmpl")
	r.add(root+"tsconfig.json", "tsconfig.json")
	r.add(root+"README.md", "README.md.tmpl")
	return r.done()
}

func nameTypescript(a *api, types *modelTypes) {
	methods := newNamer(reservedOf(typescriptWords)...)
	for _, o := range a.Operations {
		o.Name = methods.name(lowerFirst(camel(o.verbFirst())), "op")
		o.Request = strings.ToUpper(o.Name[:1]) + o.Name[1:] + "Params"
		for _, p := range o.Parameters {
			p.Ident = p.Name
			i := slices.IndexFunc(o.Properties, func(q *parameter) bool { return jsonLiteral(q.Name) == jsonLiteral(p.Name) })
			if i < 0 {
				shared := *p
				o.Properties = append(o.Properties, &shared)
			} else {
				o.Properties[i].Required = o.Properties[i].Required || p.Required
			}
			o.Needs = o.Needs || p.Required
		}
		o.BodyType, o.AnswerType = types.union(o.Bodies), types.union(o.Answers)
		if o.BodyType != "unknown" {
			o.BodyType += " | string | Uint8Array"
		}
	}
}
