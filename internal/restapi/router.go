package restapi

import "github.com/gatehouse/gatehouse/internal/serving"

// trimPath is path as routes are matched on it: without leading slashes and
// without one trailing slash (recorded on AWS).
func trimPath(path []byte) []byte {
	for len(path) > 0 && path[0] == '/' {
		path = path[1:]
	}
	if n := len(path); n > 0 && path[n-1] == '/' {
		return path[:n-1]
	}
	return path
}

// match finds the method for s.Path and s.Verb: segment by segment from the left,
// a static child beats {name}, which beats {name+}, which takes something
// (recorded on AWS).
func match(root *serving.Node[method], s *serving.Search) *method {
	return root.Match(s, serving.Something)
}
