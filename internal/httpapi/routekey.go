package httpapi

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/serving"
)

// defaultRoute is the key of the route for what no other takes, and its name in
// paths and ARNs.
const defaultRoute = "$default"

// routeKey is a route's key taken apart (developer guide, "Create routes for
// HTTP APIs").
type routeKey struct {
	verb serving.Verb
	path string // template path, "/pets/{id}"; empty: $default
}

// maxPathSegments bounds the depth of the tree of routes.
const maxPathSegments = 256

// parseRouteKey takes a route key apart: "$default", or a method and a path with
// one blank between.
func parseRouteKey(key string) (routeKey, error) {
	if key == defaultRoute {
		return routeKey{verb: serving.AnyVerb}, nil
	}
	method, path, ok := strings.Cut(key, " ")
	if !ok {
		return routeKey{}, fmt.Errorf("%q is neither $default nor a method and a path", clip(key))
	}
	verb := slices.Index(serving.VerbNames[:], method)
	if verb < 0 {
		return routeKey{}, fmt.Errorf("%q is no method of a route: ANY, GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS", clip(method))
	}
	if err := checkPath(path); err != nil {
		return routeKey{}, fmt.Errorf("path %q: %w", clip(path), err)
	}
	return routeKey{serving.Verb(verb), path}, nil
}

func clip(text string) string { return text[:min(len(text), 100)] }

// checkPath wants segments between single slashes, each a literal or a variable
// as a whole, and {name+} at the end alone. A slash at the end is refused (seen
// on AWS).
func checkPath(path string) error {
	if path == "/" {
		return nil
	}
	if !strings.HasPrefix(path, "/") {
		return errors.New("a path begins with a slash")
	}
	segments := strings.Split(path[1:], "/")
	if len(segments) > maxPathSegments {
		return fmt.Errorf("%d segments, not at most %d", len(segments), maxPathSegments)
	}
	var names []string
	for i, s := range segments {
		name, greedy, err := variable(s)
		switch {
		case err != nil:
			return err
		case name == "":
		case slices.Contains(names, name):
			return fmt.Errorf("two variables are called {%s}", name)
		case greedy && i < len(segments)-1:
			return fmt.Errorf("{%s+} stands before the end", name)
		}
		names = append(names, name)
	}
	return nil
}

// variable is the name of a segment that is a variable; empty: it is a literal.
func variable(segment string) (name string, greedy bool, err error) {
	if segment == "" {
		return "", false, errors.New("a segment is empty")
	}
	if strings.ContainsFunc(segment, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '?' || c == '#' }) {
		return "", false, fmt.Errorf("the segment %q holds a character that no path has", segment)
	}
	if !strings.ContainsAny(segment, "{}") {
		return "", false, nil
	}
	name, ok := strings.CutPrefix(segment, "{")
	if ok {
		name, ok = strings.CutSuffix(name, "}")
	}
	name, greedy = strings.CutSuffix(name, "+")
	if !ok || name == "" || strings.ContainsFunc(name, notInName) {
		return "", false, fmt.Errorf("the segment %q is neither a literal nor {name} or {name+}", segment)
	}
	return name, greedy, nil
}

func notInName(c rune) bool {
	return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.')
}
