package mapping

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// Template is what a body becomes: a fixed text, or (Text nil) the body as it
// is.
type Template struct {
	MediaType string
	Text      []byte
}

// Templates are the templates of one integration or response, in the order
// they were first given.
type Templates struct{ list []Template }

// CompileTemplates makes Templates of a definition's map. A template that is
// null or empty passes the body through (Amazon API Gateway developer guide,
// "Mapping template override"): it is how a console user asks for that. The
// errors, one for each template that needs evaluation, are by media type.
func CompileTemplates(templates map[string]*string, order []string) (*Templates, map[string]error) {
	t := new(Templates)
	var errs map[string]error
	for _, mediaType := range templateOrder(templates, order) {
		one := Template{MediaType: mediaType}
		if text := templates[mediaType]; text != nil && *text != "" {
			if err := NeedsEvaluation(*text); err != nil {
				if errs == nil {
					errs = map[string]error{}
				}
				errs[mediaType] = err
			}
			one.Text = []byte(*text)
		}
		t.list = append(t.list, one)
	}
	return t, errs
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
