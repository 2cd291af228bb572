package sdk

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// api is what templates see of a definition: in one order, and with the names
// still as users gave them.
type api struct {
	ID, Name, Stage, Region string
	InvokeURL               string // "https://{api}.execute-api.{region}.amazonaws.com/{stage}"
	Operations              []*operation
	Any                     []string // paths whose methods are ANY: AWS leaves them out of SDKs
	Models                  []*model
}

// operation is one method.
type operation struct {
	Verb, Path    string
	OperationName string
	Segments      []segment
	Parameters    []*parameter // path, query, header, each by name; one per place
	APIKey, IAM   bool
	Bodies        []*modelUse // request models by content type
	Answers       []*modelUse // of the first 2xx response that names any

	Name    string // as the language at hand calls it
	Request string // the name of what holds its parameters, where the language has that

	// Of TypeScript: one property for each name, whether any must be there, and
	// the types of bodies.
	Properties           []*parameter
	Needs                bool
	BodyType, AnswerType string
}

// segment is a part of a path between two slashes.
type segment struct {
	Text      string // escaped for a URL; of a variable: the name
	Variable  bool
	Greedy    bool
	Parameter *parameter // of a variable
}

// parameter is one of a path, query or header.
type parameter struct {
	Name     string // on the wire
	In       string // path, querystring, header
	Required bool
	Ident    string // as the language at hand calls it
}

// model is a JSON schema with a name. AWS keeps names alphanumeric.
type model struct {
	Name, Description, ContentType, Schema string
}

// modelUse says which model a body of a content type follows.
type modelUse struct{ ContentType, Model string }

func newAPI(s Source) *api {
	def := s.Definition
	a := &api{
		ID: string(def.API.ID), Name: def.API.Name, Stage: string(s.Stage), Region: def.Scope.Region,
		InvokeURL: "https://" + s.Host + "/" + string(s.Stage),
	}
	resources := slices.SortedFunc(maps.Values(def.Resources), func(x, y *apigw.Resource) int { return cmp.Compare(x.Path, y.Path) })
	for _, r := range resources {
		for _, verb := range slices.Sorted(maps.Keys(r.Methods)) {
			if verb == "ANY" {
				a.Any = append(a.Any, r.Path)
				continue
			}
			a.Operations = append(a.Operations, newOperation(r.Path, verb, r.Methods[verb]))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(def.Models)) {
		m := def.Models[name]
		a.Models = append(a.Models, &model{string(m.Name), m.Description, m.ContentType, m.Schema})
	}
	return a
}

func newOperation(path string, verb apigw.Verb, m *apigw.Method) *operation {
	o := &operation{
		Verb: string(verb), Path: path, OperationName: m.OperationName,
		APIKey: m.APIKeyRequired, IAM: m.AuthorizationType == "AWS_IAM",
		Bodies: modelUses(m.RequestModels),
	}
	o.Parameters = declared(m.RequestParameters)
	o.Segments = segments(path, &o.Parameters)
	for _, status := range slices.Sorted(maps.Keys(m.Responses)) {
		if uses := modelUses(m.Responses[status].ResponseModels); strings.HasPrefix(string(status), "2") && len(uses) > 0 {
			o.Answers = uses
			break
		}
	}
	return o
}

// declared are the parameters that a method names, those of the path first.
func declared(request map[string]bool) (out []*parameter) {
	for _, in := range []string{"path", "querystring", "header"} {
		prefix := "method.request." + in + "."
		for _, key := range slices.Sorted(maps.Keys(request)) {
			// multivaluequerystring and multivalueheader are names of mappings
			// for the same parameters.
			if name, ok := strings.CutPrefix(key, prefix); ok && name != "" {
				out = append(out, &parameter{Name: name, In: in, Required: request[key] || in == "path"})
			}
		}
	}
	return out
}

// segments cuts a path. Every variable of it is a required parameter, declared
// or not: without it there is no path. A declared path parameter that the path
// doesn't have is none.
func segments(path string, parameters *[]*parameter) (out []segment) {
	var vars []*parameter
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		name, variable := strings.CutPrefix(part, "{")
		name, closed := strings.CutSuffix(name, "}")
		if !variable || !closed {
			out = append(out, segment{Text: escapeSegment(part)})
			continue
		}
		name, greedy := strings.CutSuffix(name, "+")
		i := slices.IndexFunc(vars, func(p *parameter) bool { return p.Name == name })
		if i < 0 {
			vars, i = append(vars, &parameter{Name: name, In: "path", Required: true}), len(vars)
		}
		out = append(out, segment{Text: name, Variable: true, Greedy: greedy, Parameter: vars[i]})
	}
	others := slices.DeleteFunc(slices.Clone(*parameters), func(p *parameter) bool { return p.In == "path" })
	*parameters = append(vars, others...)
	return out
}

// escapeSegment escapes all that RFC 3986 doesn't let stand in a segment.
func escapeSegment(s string) string { return strings.ReplaceAll(url.PathEscape(s), "'", "%27") }

func modelUses(uses map[string]apigw.ModelName) (out []*modelUse) {
	for _, contentType := range slices.Sorted(maps.Keys(uses)) {
		out = append(out, &modelUse{contentType, string(uses[contentType])})
	}
	return out
}

// pathWords are the words of a path; the root's is "root".
func (o *operation) pathWords() []string {
	if strings.Trim(o.Path, "/") == "" {
		return []string{"root"}
	}
	return words(o.Path)
}

// verbFirst are the words of the name that Java, Ruby and Gatehouse's own
// languages give: the operation name where there is one, else the verb and
// the path; getApiRoot, getABOp (developer guide, "Use a Java SDK generated by
// API Gateway").
func (o *operation) verbFirst() []string {
	if own := words(o.OperationName); len(own) > 0 {
		return own
	}
	path := o.pathWords()
	if strings.Trim(o.Path, "/") == "" {
		path = []string{"api", "root"}
	}
	return append([]string{strings.ToLower(o.Verb)}, path...)
}
