package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	maxDocument   = 32 << 10 // bytes of JSON text
	maxStatements = 200
	maxPatterns   = 500 // of one Action or Resource
)

// Parse compiles a document: JSON text, or what a YAML or JSON decoder made
// of it (map[string]any, []any, string). An error names the place.
func Parse(document any) (*Policy, error) {
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
	p := new(Policy)
	for i, e := range list {
		s, err := parseStatement(e, fmt.Sprintf("Statement[%d]", i))
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
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, fmt.Errorf("not valid JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text behind the end of the JSON value")
	}
	return v, nil
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

func parseStatement(v any, path string) (s statement, err error) {
	m, ok := v.(map[string]any)
	if !ok {
		return s, fmt.Errorf("%s: must be an object", path)
	}
	for _, name := range names(m) {
		at := path + "." + name
		switch name {
		case "Sid":
			if _, ok := m[name].(string); !ok {
				return s, fmt.Errorf("%s: must be text", at)
			}
		case "Effect":
			effect, _ := m[name].(string)
			if effect != "Allow" && effect != "Deny" {
				return s, fmt.Errorf("%s: must be Allow or Deny", at)
			}
			s.deny = effect == "Deny"
		case "Action":
			s.actions, err = parseActions(m[name], at)
		case "Resource":
			s.resources, err = parseResources(m[name], at)
		case "Condition", "NotAction", "NotResource":
			err = fmt.Errorf("%s: not supported yet", at)
		case "Principal", "NotPrincipal":
			err = fmt.Errorf("%s: has no place in the policy of a user or group", at)
		default:
			err = fmt.Errorf("%s: no element of a statement", at)
		}
		if err != nil {
			return s, err
		}
	}
	for _, name := range []string{"Effect", "Action", "Resource"} {
		if _, ok := m[name]; !ok {
			return s, fmt.Errorf("%s.%s: missing", path, name)
		}
	}
	return s, nil
}

// texts reads one text or a list of texts.
func texts(v any, path string) ([]string, error) {
	if t, ok := v.(string); ok {
		v = []any{t}
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("%s: must be text or a list of texts", path)
	}
	if len(list) > maxPatterns {
		return nil, fmt.Errorf("%s: more than %d", path, maxPatterns)
	}
	out := make([]string, len(list))
	for i, e := range list {
		t, ok := e.(string)
		if !ok || t == "" {
			return nil, fmt.Errorf("%s[%d]: must be text", path, i)
		}
		if len(t) > 2048 {
			return nil, fmt.Errorf("%s[%d]: longer than 2048 bytes", path, i)
		}
		out[i] = t
	}
	return out, nil
}

func parseActions(v any, path string) ([]string, error) {
	list, err := texts(v, path)
	for i, a := range list {
		service, name, ok := strings.Cut(a, ":")
		if a != "*" && (!ok || service == "" || name == "" || strings.ContainsAny(service, "*?")) {
			return nil, fmt.Errorf("%s[%d]: %q is no action: write service:name or *", path, i, a)
		}
		list[i] = strings.ToLower(a)
	}
	return list, err
}

func parseResources(v any, path string) ([]resourcePattern, error) {
	list, err := texts(v, path)
	if err != nil {
		return nil, err
	}
	out := make([]resourcePattern, len(list))
	for i, r := range list {
		if strings.Contains(r, "${") {
			return nil, fmt.Errorf("%s[%d]: policy variables are not supported yet", path, i)
		}
		parts := strings.SplitN(r, ":", arnParts)
		switch {
		case r == "*":
			out[i].all = true
		case len(parts) == arnParts && parts[0] == "arn":
			out[i].parts = [arnParts]string(parts)
		default:
			return nil, fmt.Errorf("%s[%d]: %q must be an ARN of six parts or *", path, i, r)
		}
	}
	return out, nil
}
