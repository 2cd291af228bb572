package mapping

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// Template is what a body becomes: a program's text, or the body as it is.
type Template struct {
	MediaType string
	fixed     []byte   // the text of a program that always gives the same
	program   *Program // nil: the body as it is
	err       error    // why the template can't be compiled
}

// Passes says that the body stays as it is.
func (t *Template) Passes() bool { return t.program == nil && t.err == nil }

// Fixed is the text that the template gives whatever the request.
func (t *Template) Fixed() ([]byte, bool) { return t.fixed, t.fixed != nil }

// Render appends the template's text for r to dst. On an error dst is as it
// was.
func (t *Template) Render(dst []byte, r *Rendering) ([]byte, error) {
	if t.err != nil {
		return dst, t.err
	}
	return t.program.Render(dst, r)
}

// Templates are the templates of one integration or response, in the order
// they were first given.
type Templates struct{ list []Template }

// CompileTemplates makes Templates of a definition's map by compile, which is
// CompileProgram or remembers what that made. A template that is null or empty
// passes the body through (Amazon API Gateway developer guide, "Mapping
// template override"): it is how a console user asks for that.
//
// What is wrong with the templates is returned by media type, for warnings: AWS
// takes any text, and answers 500 once a request comes to what fails.
func CompileTemplates(templates map[string]*string, order []string, compile func(text string) (*Program, error)) (*Templates, map[string][]string) {
	t := new(Templates)
	wrong := map[string][]string{}
	for _, mediaType := range templateOrder(templates, order) {
		one := Template{MediaType: mediaType}
		if text := templates[mediaType]; text != nil && *text != "" {
			one.program, one.err = compile(*text)
			if one.err != nil {
				wrong[mediaType] = []string{one.err.Error() + Fails}
			} else if one.program.Warnings != nil {
				wrong[mediaType] = one.program.Warnings
			}
		}
		if one.program != nil {
			if text, ok := one.program.Constant(); ok {
				one.fixed = append([]byte{}, text...)
			}
		}
		t.list = append(t.list, one)
	}
	return t, wrong
}

// templateOrder is the keys of templates, those of order first.
func templateOrder(templates map[string]*string, order []string) []string {
	var keys, rest []string
	for _, k := range order {
		if _, ok := templates[k]; ok && !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	for k := range templates {
		if !slices.Contains(keys, k) {
			rest = append(rest, k)
		}
	}
	slices.Sort(rest)
	return append(keys, rest...)
}

// All are the templates in their order.
func (t *Templates) All() iter.Seq[*Template] {
	return func(yield func(*Template) bool) {
		for i := range t.list {
			if !yield(&t.list[i]) {
				return
			}
		}
	}
}

// Len is the number of templates.
func (t *Templates) Len() int { return len(t.list) }

// ForRequest is the template for a request body of a media type, the one
// named $default when there is no other, or nil.
func (t *Templates) ForRequest(mediaType []byte) *Template {
	if found := t.named(mediaType); found != nil {
		return found
	}
	return t.named([]byte("$default"))
}

// ForResponse is the template for a response to a client whose Accept begins
// with a media type: that one's, else application/json's, else the first, else
// nil (developer guide, "Mapping template reference": the first existing).
func (t *Templates) ForResponse(mediaType []byte) *Template {
	if found := t.named(mediaType); found != nil {
		return found
	}
	if found := t.named([]byte("application/json")); found != nil || len(t.list) == 0 {
		return found
	}
	return &t.list[0]
}

func (t *Templates) named(mediaType []byte) *Template {
	for i := range t.list {
		if strings.EqualFold(t.list[i].MediaType, string(mediaType)) {
			return &t.list[i]
		}
	}
	return nil
}

var defaultMediaType = []byte("application/json")

// MediaType is the media type of a Content-Type, or the first of an Accept,
// without parameters; application/json when v is empty, as API Gateway
// assumes.
func MediaType(v []byte) []byte {
	if i := bytes.IndexByte(v, ','); i >= 0 {
		v = v[:i]
	}
	if i := bytes.IndexByte(v, ';'); i >= 0 {
		v = v[:i]
	}
	if v = bytes.TrimSpace(v); len(v) == 0 {
		return defaultMediaType
	}
	return v
}
