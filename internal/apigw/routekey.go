package apigw

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// DefaultRoute is the key of the route for what no other route takes.
const DefaultRoute = "$default"

// DefaultStage is the stage of an HTTP API for what no other stage takes.
const DefaultStage StageName = "$default"

// RouteMethods are the methods of routes of HTTP APIs.
var RouteMethods = [...]Verb{"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

// The most of a route's key: the depth of the tree of routes, and clients'
// request lines, are bounded.
const (
	maxRouteKey      = 4096 // bytes
	maxRouteSegments = 256
)

// ParseRouteKey takes the key of an HTTP API's route apart: "$default", which
// has neither method nor path, or a method and a template path with one blank
// between (developer guide, "Create routes for HTTP APIs"). The error says
// what isn't so.
func ParseRouteKey(key string) (method Verb, path string, err error) {
	if key == DefaultRoute {
		return "", "", nil
	}
	if len(key) > maxRouteKey {
		return "", "", fmt.Errorf("a route key has %d characters, %d at most", len(key), maxRouteKey)
	}
	verb, path, _ := strings.Cut(key, " ")
	if !slices.Contains(RouteMethods[:], Verb(verb)) || !strings.HasPrefix(path, "/") {
		return "", "", errors.New("a route key is $default or a method (ANY, GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS), a blank and a path")
	}
	return Verb(verb), path, checkRoutePath(path)
}

// checkRoutePath wants segments between single slashes, each a literal or a
// variable as a whole, and {name+} at the end alone. A slash at the end is
// refused (seen on AWS).
func checkRoutePath(path string) error {
	if path == "/" {
		return nil
	}
	segments := strings.Split(path[1:], "/")
	if len(segments) > maxRouteSegments {
		return fmt.Errorf("a path has %d segments, %d at most", len(segments), maxRouteSegments)
	}
	var names []string
	for i, segment := range segments {
		last := i == len(segments)-1
		if segment == "" && last {
			return errors.New("a path doesn't end in a slash")
		}
		name, greedy, err := routeVariable(segment)
		switch {
		case err != nil:
			return err
		case name == "":
		case slices.Contains(names, name):
			return fmt.Errorf("two variables are called {%s}", name)
		case greedy && !last:
			return fmt.Errorf("{%s+} stands before the end of the path", name)
		}
		names = append(names, name)
	}
	return nil
}

// routeVariable is the name of a segment that is a variable; empty: it is a
// literal.
func routeVariable(segment string) (name string, greedy bool, err error) {
	switch {
	case segment == "":
		return "", false, errors.New("a segment of the path is empty")
	case strings.ContainsFunc(segment, func(c rune) bool { return c <= ' ' || c == 0x7f || c == '?' || c == '#' }):
		return "", false, fmt.Errorf("the segment %q holds a character that no path has", segment)
	case !strings.ContainsAny(segment, "{}"):
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
	return ('a' > c || c > 'z') && ('A' > c || c > 'Z') && ('0' > c || c > '9') && c != '_' && c != '-' && c != '.' && c != ':'
}

// RouteShape is a route key of an HTTP API without the names of its variables:
// keys of one shape match the same requests.
func RouteShape(key string) string {
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		switch {
		case !strings.HasPrefix(segment, "{"):
		case strings.HasSuffix(segment, "+}"):
			segments[i] = "{+}"
		default:
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}
