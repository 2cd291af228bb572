package sdk

import "go/format"

// goFiles is a module that needs the standard library alone.
func goFiles(a *api, parameters map[string]string) ([]file, error) {
	nameGo(a)
	r := &render{language: "go", data: map[string]any{"API": a, "Module": parameters["module.path"]}}
	const root = "apigateway-go-sdk/"
	r.addWith(root+"client.go", "client.go.tmpl", a)
	if r.err == nil {
		r.files[0].text, r.err = format.Source(r.files[0].text)
	}
	r.add(root+"core.go", "core.go.txt")
	r.add(root+"go.mod", "go.mod.tmpl")
	r.add(root+"README.md", "README.md.tmpl")
	r.models(root, a)
	return r.done()
}

func nameGo(a *api) {
	methods := newNamer("Do")
	for _, o := range a.Operations {
		o.Name = methods.name(camel(o.verbFirst()), "Op")
		o.Request = o.Name + "Params"
		fields := newNamer("Body")
		for _, p := range o.Parameters {
			p.Ident = fields.name(camel(words(p.Name)), "P")
		}
	}
}
