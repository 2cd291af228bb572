package websocketapi

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// selection is a compiled selection expression (developer guide, "WebSocket API
// selection expressions"): variables and texts, one after the other.
type selection struct{ parts []part }

// part is a text, or a variable: exactly one of text, path, answer and status.
type part struct {
	text   string
	path   *jsonpath.Path // within the client's body
	answer *answerField   // a field of the integration's answer
	status bool           // its status
}

type answerField struct {
	name string
	all  bool // every value, with commas between
}

// parseSelection compiles text. answers says that variables of the integration's
// answer may be read.
func parseSelection(text string, answers bool) (*selection, error) {
	s := new(selection)
	if text == defaultKey { // what many write for \$default
		s.parts = []part{{text: text}}
		return s, nil
	}
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			s.parts = append(s.parts, part{text: plain.String()})
			plain.Reset()
		}
	}
	for rest := text; rest != ""; {
		if strings.HasPrefix(rest, `\$`) {
			plain.WriteByte('$')
			rest = rest[2:]
			continue
		}
		if rest[0] != '$' {
			plain.WriteByte(rest[0])
			rest = rest[1:]
			continue
		}
		name, behind, err := variableIn(rest[1:])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		p, err := parseVariable(name, answers)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", text, err)
		}
		flush()
		s.parts = append(s.parts, p)
		rest = behind
	}
	flush()
	return s, nil
}

// variableIn is the name behind a dollar, between braces or as far as it goes.
func variableIn(text string) (name, behind string, err error) {
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		name, behind, ok = strings.Cut(inner, "}")
		if !ok {
			return "", "", fmt.Errorf("a brace isn't closed")
		}
		return name, behind, nil
	}
	end := 0
	for end < len(text) && inVariable(text[end]) {
		end++
	}
	return text[:end], text[end:], nil
}

func inVariable(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("._-[]@'\"*", c) >= 0
}

func parseVariable(name string, answers bool) (p part, err error) {
	if rest, ok := strings.CutPrefix(name, "request.body"); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
		p.path, err = jsonpath.Compile("$" + rest)
		return p, err
	}
	if answers {
		if name == "integration.response.statuscode" {
			return part{status: true}, nil
		}
		for prefix, all := range map[string]bool{"integration.response.header.": false, "integration.response.multivalueheader.": true} {
			if field, ok := strings.CutPrefix(name, prefix); ok && field != "" {
				return part{answer: &answerField{field, all}}, nil
			}
		}
	}
	return p, fmt.Errorf("${%s} is no variable that can be read here", name)
}

// readsBody says whether the client's body decides.
func (s *selection) readsBody() bool {
	for i := range s.parts {
		if s.parts[i].path != nil {
			return true
		}
	}
	return false
}

// append appends what s comes to for e. What isn't there is an empty text.
func (s *selection) append(dst []byte, e *Event) []byte {
	for i := range s.parts {
		p := &s.parts[i]
		switch {
		case p.path != nil:
			if doc := e.document(); doc != nil {
				if v, ok, err := p.path.Find(doc, mapping.BodyLimits); ok && err == nil {
					dst = appendValue(dst, v)
				}
			}
		case p.status:
			dst = strconv.AppendInt(dst, int64(e.answered.status), 10)
		case p.answer != nil:
			dst = p.answer.append(dst, e)
		default:
			dst = append(dst, p.text...)
		}
	}
	return dst
}

func (f *answerField) append(dst []byte, e *Event) []byte {
	h := e.answered.header
	if h == nil {
		return dst
	}
	found := false
	for i := h.Index(f.name, 0); i >= 0; i = h.Index(f.name, i+1) {
		if _, v := h.At(i); f.all || !found {
			if found {
				dst = append(dst, ',')
			}
			dst, found = append(dst, v...), true
		}
	}
	return dst
}

// appendValue appends a value as the text that expressions compare: "[item1,
// item2]" for a list (developer guide, "Route selection expressions"), numbers
// and booleans as they stand.
func appendValue(dst []byte, v *jsonpath.Value) []byte {
	switch v.Kind {
	case jsonpath.Null:
		return dst
	case jsonpath.Array, jsonpath.Object:
		open, end := byte('['), byte(']')
		if v.Kind == jsonpath.Object {
			open, end = '{', '}'
		}
		dst = append(dst, open)
		for i := range v.Items {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			if v.Kind == jsonpath.Object {
				dst = append(append(dst, v.Names[i]...), '=')
			}
			dst = appendValue(dst, &v.Items[i])
		}
		return append(dst, end)
	case jsonpath.String:
		return append(dst, v.Text...)
	}
	return v.AppendJSON(dst)
}
