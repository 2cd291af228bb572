package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

const (
	maxDocument   = 32 << 10 // bytes of JSON text
	maxStatements = 200
	maxPatterns   = 500 // of one Action or Resource
)

// Kind is whose policy a document is.
type Kind uint8

// The kinds. A statement names principals in a resource's policy, and only
// there; the trust of a role names no resource besides.
const (
	Identity Kind = iota
	Resource
	Trust
)

// Parse compiles a document: JSON text, or what a YAML or JSON decoder made
// of it (map[string]any, []any, scalars). An error names the place.
func Parse(document any, kind Kind) (*Policy, error) {
	if text, ok := document.(string); ok {
		decoded, err := decodeJSON(text)
		if err != nil {
			return nil, fmt.Errorf("policy document: %w", err)
		}
		document = decoded
	}
	top, ok := document.(map[string]any)
	if !ok {
		return nil, errors.New("policy document: must be an object")
	}
	if err := checkTop(top); err != nil {
		return nil, err
	}
	list, ok := top["Statement"].([]any)
	if !ok {
		list = []any{top["Statement"]}
	}
	if len(list) > maxStatements {
		return nil, fmt.Errorf("Statement: more than %d", maxStatements)
	}
	// The older version, which is assumed, has no variables: ${…} is text
	// (IAM user guide, "Version").
	r := reader{kind: kind, variables: top["Version"] == "2012-10-17"}
	p := new(Policy)
	for i, e := range list {
		s, err := r.statement(e, fmt.Sprintf("Statement[%d]", i))
		if err != nil {
			return nil, err
		}
		p.statements = append(p.statements, s)
	}
	return p, nil
}

func decodeJSON(text string) (any, error) {
	if len(text) > maxDocument {
		return nil, fmt.Errorf("longer than %d bytes", maxDocument)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	v, err := decodeValue(d, 0)
	if err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text behind the end of the JSON value")
	}
	return v, nil
}

// maxDepth bounds how deep a document is nested; the language needs 6 levels.
const maxDepth = 20

// decodeValue is the next value. A member that is there twice is refused:
// whichever of two conditions were taken, the other would be skipped.
func decodeValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	open, nested := token.(json.Delim)
	switch {
	case err != nil:
		return nil, noEOF(err)
	case !nested:
		return token, nil
	case depth == maxDepth:
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	case open == '[':
		list := []any{}
		for d.More() {
			v, err := decodeValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, noEOF(err)
	}
	m := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, noEOF(err)
		}
		if _, twice := m[name.(string)]; twice {
			return nil, fmt.Errorf("%s is there twice in one object", name)
		}
		if m[name.(string)], err = decodeValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return m, noEOF(err)
}

// noEOF tells of the end of the text where a value should go on.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func checkTop(top map[string]any) error {
	for _, name := range names(top) {
		switch name {
		case "Version":
			if v, _ := top[name].(string); v != "2012-10-17" && v != "2008-10-17" {
				return fmt.Errorf("Version: must be the text 2012-10-17 or 2008-10-17, not %v", top[name])
			}
		case "Id":
			if _, ok := top[name].(string); !ok {
				return errors.New("Id: must be text")
			}
		case "Statement":
		default:
			return fmt.Errorf("%s: no element of a policy", name)
		}
	}
	if top["Statement"] == nil {
		return errors.New("Statement: missing")
	}
	return nil
}

func names(m map[string]any) []string {
	list := make([]string, 0, len(m))
	for n := range m {
		list = append(list, n)
	}
	slices.Sort(list)
	return list
}

// reader reads the statements of one document.
type reader struct {
	kind      Kind
	variables bool
}

func (r *reader) statement(v any, path string) (s statement, err error) {
	m, ok := v.(map[string]any)
	if !ok {
		return s, fmt.Errorf("%s: must be an object", path)
	}
	s.name = path
	for _, name := range names(m) {
		if err := r.element(&s, name, m[name], path); err != nil {
			return s, err
		}
	}
	return s, r.complete(m, path)
}

func (r *reader) element(s *statement, name string, v any, path string) (err error) {
	at := path + "." + name
	switch name {
	case "Sid":
		sid, ok := v.(string)
		if !ok || len(sid) > 256 {
			return fmt.Errorf("%s: must be text", at)
		}
		if sid != "" {
			s.name = path + " (" + sid + ")"
		}
	case "Effect":
		if v != "Allow" && v != "Deny" {
			return fmt.Errorf("%s: must be Allow or Deny", at)
		}
		s.deny = v == "Deny"
	case "Action", "NotAction":
		s.notActions = name == "NotAction"
		s.actions, err = parseActions(v, at)
	case "Resource", "NotResource":
		if r.kind == Trust {
			return fmt.Errorf("%s: has no place in the trust of a role", at)
		}
		s.notResources = name == "NotResource"
		s.resources, err = parseResources(v, r.variables, at)
	case "Condition":
		s.conditions, err = parseConditions(v, r.variables, at)
	case "Principal", "NotPrincipal":
		if r.kind == Identity {
			return fmt.Errorf("%s: has no place in the policy of an identity", at)
		}
		s.principals, err = parsePrincipals(v, name == "NotPrincipal", at)
	default:
		err = fmt.Errorf("%s: no element of a statement", at)
	}
	return err
}

// complete says which element a statement lacks, or has twice.
func (r *reader) complete(m map[string]any, path string) error {
	wanted := [][2]string{{"Effect"}, {"Action", "NotAction"}}
	if r.kind != Trust {
		wanted = append(wanted, [2]string{"Resource", "NotResource"})
	}
	if r.kind != Identity {
		wanted = append(wanted, [2]string{"Principal", "NotPrincipal"})
	}
	for _, either := range wanted {
		_, one := m[either[0]]
		_, other := m[either[1]]
		switch {
		case one && other:
			return fmt.Errorf("%s: has both %s and %s", path, either[0], either[1])
		case !one && !other:
			return fmt.Errorf("%s.%s: missing", path, either[0])
		}
	}
	return nil
}

// texts reads one text or a list of texts.
func texts(v any, path string) ([]string, error) {
	if t, ok := v.(string); ok {
		v = []any{t}
	}
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%s: must be text or a list of texts", path)
	}
	for i, e := range list {
		if t, ok := e.(string); !ok || t == "" {
			return nil, fmt.Errorf("%s[%d]: must be text", path, i)
		}
	}
	return scalars(v, path)
}

// scalars reads one text, number or boolean, or a list of them, as texts.
func scalars(v any, path string) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		if _, isMap := v.(map[string]any); isMap || v == nil {
			return nil, fmt.Errorf("%s: must be text or a list of texts", path)
		}
		list = []any{v}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: must be text or a list of texts", path)
	}
	if len(list) > maxPatterns {
		return nil, fmt.Errorf("%s: more than %d", path, maxPatterns)
	}
	out := make([]string, len(list))
	for i, e := range list {
		switch e := e.(type) {
		case string:
			out[i] = e
		case bool, int, int64, uint64, json.Number:
			out[i] = fmt.Sprint(e)
		case float64:
			out[i] = strconv.FormatFloat(e, 'f', -1, 64)
		default:
			return nil, fmt.Errorf("%s[%d]: must be text", path, i)
		}
		if len(out[i]) > 2048 {
			return nil, fmt.Errorf("%s[%d]: longer than 2048 bytes", path, i)
		}
	}
	return out, nil
}

func parseActions(v any, path string) ([]matcher, error) {
	list, err := texts(v, path)
	if err != nil {
		return nil, err
	}
	out := make([]matcher, len(list))
	for i, a := range list {
		service, name, ok := strings.Cut(a, ":")
		if a != "*" && (!ok || service == "" || name == "" || strings.ContainsAny(service, "*?")) {
			return nil, fmt.Errorf("%s[%d]: %q is no action: write service:name or *", path, i, a)
		}
		t, err := parseTemplate(strings.ToLower(a), true, false)
		if err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", path, i, err)
		}
		out[i] = newMatcher(t.fixed)
	}
	return out, nil
}

func parseResources(v any, variables bool, path string) ([]resource, error) {
	list, err := texts(v, path)
	if err != nil {
		return nil, err
	}
	out := make([]resource, len(list))
	for i, text := range list {
		if err := checkARN(text, variables); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", path, i, err)
		}
		if out[i].template, err = parseTemplate(text, true, variables); err != nil {
			return nil, fmt.Errorf("%s[%d]: %w", path, i, err)
		}
		out[i].fixed, _ = newARNMatcher(out[i].template.fixed)
	}
	return out, nil
}
