package sdk

const pythonWords = `and as assert async await break class continue def del elif else except finally for from global if import in is
 lambda nonlocal not or pass raise return try while with yield false none true`

// pythonFiles is a package that needs the standard library alone.
func pythonFiles(a *api, parameters map[string]string) ([]file, error) {
	namePython(a)
	pkg := parameters["package.name"]
	r := &render{language: "python", data: map[string]any{"API": a, "Package": pkg}}
	const root = "apigateway-python-sdk/"
	r.add(root+pkg+"/__init__.py", "init.py")
	r.add(root+pkg+"/core.py", "core.py")
	r.addWith(root+pkg+"/client.py", "client.py.tmpl", a)
	r.add(root+"pyproject.toml", "pyproject.toml.tmpl")
	r.add(root+"README.md", "README.md.tmpl")
	r.models(root, a)
	return r.done()
}

func namePython(a *api) {
	methods := newNamer(reservedOf(pythonWords, "request")...)
	for _, o := range a.Operations {
		o.Name = methods.name(snake(o.verbFirst()), "op_")
		names := newNamer(reservedOf(pythonWords, "self body extra_headers extra_query")...)
		for _, p := range o.Parameters {
			p.Ident = names.name(snake(words(p.Name)), "p_")
		}
	}
}
