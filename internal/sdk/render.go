package sdk

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"
)

// templates has a folder for each language. What ends in .tmpl is a template;
// the rest goes out as it is.
//
//go:embed templates
var templates embed.FS

// functions are what every template may call. A text of a user's is written
// through one of them or not at all.
var functions = template.FuncMap{
	"js": jsonLiteral, "py": jsonLiteral, "golang": goLiteral, "java": javaLiteral, "ruby": rubyLiteral,
	"remark": remark,
	// A Java compiler may read a source in another encoding than UTF-8.
	"ascii": func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > '~' {
				return '?'
			}
			return r
		}, remark(s))
	},
}

// render writes files: to a path from a template or file of a language.
type render struct {
	language string
	data     any
	files    []file
	err      error
}

// add writes one file; the first error stays.
func (r *render) add(path, from string) { r.addWith(path, from, r.data) }

func (r *render) addWith(path, from string, data any) {
	if r.err != nil {
		return
	}
	text, err := templates.ReadFile("templates/" + r.language + "/" + from)
	if err != nil {
		r.err = err
		return
	}
	if strings.HasSuffix(from, ".tmpl") {
		text, err = execute(from, string(text), data)
	}
	if err != nil {
		r.err = fmt.Errorf("write %s: %w", path, err)
		return
	}
	r.files = append(r.files, file{path, text})
}

func execute(name, text string, data any) ([]byte, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// done is what was written.
func (r *render) done() ([]file, error) { return r.files, r.err }

// models writes the schemas of the models below root, as they were given.
func (r *render) models(root string, a *api) {
	names := newNamer()
	for _, m := range a.Models {
		r.files = append(r.files, file{root + "models/" + names.name(camel(words(m.Name)), "Model") + ".json", []byte(m.Schema)})
	}
}
