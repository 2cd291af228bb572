package mapping

import (
	"fmt"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// bodySource compiles method.request.body, integration.response.body, and
// those with a JSONPath that lacks its "$": ".pets[0].name".
func bodySource(expr, path string, phase Phase) (Source, error) {
	s := Source{kind: requestBody}
	switch phase {
	case GatewayPhase:
		return Source{}, fmt.Errorf("%q: gateway responses don't read bodies", expr)
	case ResponsePhase:
		s.kind = responseBody
	}
	if path == "" {
		return s, nil
	}
	var err error
	if s.path, err = jsonpath.Compile("$" + path); err != nil {
		return Source{}, fmt.Errorf("%q: %w", expr, err)
	}
	return s, nil
}

// ReadsBody says that the source is a body or a part of one: Input's Body or
// ResponseBody must be set, unless what is there are bytes, and its JSON be no
// error, also for a source that takes the body as it is (recorded on AWS).
func (s *Source) ReadsBody() bool {
	switch s.kind {
	case requestBody, responseBody, plainRequestBody, plainResponseBody:
		return true
	}
	return false
}

// appendBody appends a body, or the part of it that the source's path names: a
// string's text, anything else as JSON (developer guide, "Handle custom Lambda
// errors in API Gateway"). Nothing and null are missing (recorded on AWS), and
// so is the empty list of a path that may name several values.
func (s *Source) appendBody(dst []byte, in *Input, b *Body) ([]byte, bool) {
	if b == nil {
		return dst, false
	}
	if s.path == nil {
		return append(dst, b.Text()...), true
	}
	doc, err := b.JSON()
	if doc == nil || err != nil {
		return dst, false
	}
	v, ok, err := b.find(s.path, doc)
	if err != nil {
		in.Err = err
	}
	switch {
	case !ok || err != nil || v.Kind == jsonpath.Null, !s.path.Definite() && len(v.Items) == 0:
		return dst, false
	case v.Kind == jsonpath.String:
		return append(dst, v.Text...), true
	}
	return v.AppendJSON(dst), true
}

func (b *Body) find(path *jsonpath.Path, doc *jsonpath.Value) (*jsonpath.Value, bool, error) {
	if b.Nested {
		return path.FindNested(doc, BodyLimits)
	}
	return path.Find(doc, BodyLimits)
}
