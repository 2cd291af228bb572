package control

import (
	"iter"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// entities are the locations of everything of an API that can be documented.
func entities(def *apigw.Definition) iter.Seq[apigw.DocumentationLocation] {
	return func(yield func(apigw.DocumentationLocation) bool) {
		w := &entityWalk{yield: yield}
		w.at(apigw.DocumentationLocation{Type: "API"})
		for _, a := range def.Authorizers {
			w.at(apigw.DocumentationLocation{Type: "AUTHORIZER", Name: a.Name})
		}
		for _, m := range def.Models {
			w.at(apigw.DocumentationLocation{Type: "MODEL", Name: string(m.Name)})
		}
		for _, r := range def.Resources {
			w.at(apigw.DocumentationLocation{Type: "RESOURCE", Path: r.Path})
			for verb, m := range r.Methods {
				w.method(r.Path, string(verb), m)
			}
		}
	}
}

type entityWalk struct {
	yield func(apigw.DocumentationLocation) bool
	done  bool
}

func (w *entityWalk) at(l apigw.DocumentationLocation) {
	if !w.done {
		w.done = !w.yield(l)
	}
}

var parameterTypes = map[string]string{"path": "PATH_PARAMETER", "querystring": "QUERY_PARAMETER", "header": "REQUEST_HEADER"}

func (w *entityWalk) method(path, verb string, m *apigw.Method) {
	w.at(apigw.DocumentationLocation{Type: "METHOD", Path: path, Method: verb})
	if len(m.RequestModels) > 0 {
		w.at(apigw.DocumentationLocation{Type: "REQUEST_BODY", Path: path, Method: verb})
	}
	for key := range m.RequestParameters {
		if place, name, ok := cutParameter(key, "method.request."); ok && parameterTypes[place] != "" {
			w.at(apigw.DocumentationLocation{Type: parameterTypes[place], Path: path, Method: verb, Name: name})
		}
	}
	for status, r := range m.Responses {
		w.at(apigw.DocumentationLocation{Type: "RESPONSE", Path: path, Method: verb, StatusCode: status})
		if len(r.ResponseModels) > 0 {
			w.at(apigw.DocumentationLocation{Type: "RESPONSE_BODY", Path: path, Method: verb, StatusCode: status})
		}
		for key := range r.ResponseParameters {
			name := strings.TrimPrefix(key, "method.response.header.")
			w.at(apigw.DocumentationLocation{Type: "RESPONSE_HEADER", Path: path, Method: verb, StatusCode: status, Name: name})
		}
	}
}
