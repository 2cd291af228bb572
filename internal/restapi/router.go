package restapi

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// verb is a method of a request as routes know it.
type verb uint8

// The verbs. anyVerb is a route's ANY, which stands for the seven others and
// no more (developer guide, "Set up a method request").
const (
	verbGET verb = iota
	verbPUT
	verbPOST
	verbDELETE
	verbPATCH
	verbOPTIONS
	verbHEAD
	anyVerb
	verbCount
	otherVerb = verbCount
)

var verbNames = [verbCount]apigw.Verb{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"}

// parseVerb is the verb of a request's method.
func parseVerb(method string) verb {
	switch method {
	case "GET":
		return verbGET
	case "PUT":
		return verbPUT
	case "POST":
		return verbPOST
	case "DELETE":
		return verbDELETE
	case "PATCH":
		return verbPATCH
	case "OPTIONS":
		return verbOPTIONS
	case "HEAD":
		return verbHEAD
	}
	return otherVerb
}

// node is a place in the tree of routes, one path segment deeper than its
// parent.
type node struct {
	children []child // static, by label
	param    *node   // {name}
	greedy   *verbs  // {name+}
	own      verbs   // the resource that ends here
}

type child struct {
	label string
	*node
}

// verbs are a resource's methods by ascending verb: ANY, if there is one, is
// the last.
type verbs []*method

// pick is the method for v: its own, else ANY's, else nil.
func (t verbs) pick(v verb) *method {
	if v >= anyVerb {
		return nil
	}
	for _, m := range t {
		if m.code == v || m.code == anyVerb {
			return m
		}
	}
	return nil
}

// add puts m in its place.
func (t *verbs) add(m *method) {
	*t = append(*t, m)
	slices.SortFunc(*t, func(a, b *method) int { return cmp.Compare(a.code, b.code) })
}

// of is the method whose verb is v itself.
func (t verbs) of(v verb) *method {
	for _, m := range t {
		if m.code == v {
			return m
		}
	}
	return nil
}

// add makes place for a resource whose template path is path, and returns the
// place and the names of its parameters.
func (n *node) add(path string) (place *verbs, names []string) {
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		switch {
		case part == "":
		case strings.HasPrefix(part, "{") && strings.HasSuffix(part, "+}"):
			if n.greedy == nil {
				n.greedy = new(verbs)
			}
			return n.greedy, append(names, part[1:len(part)-2])
		case strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}"):
			names = append(names, part[1:len(part)-1])
			if n.param == nil {
				n.param = new(node)
			}
			n = n.param
		default:
			n = n.static(part)
		}
	}
	return &n.own, names
}

func (n *node) static(label string) *node {
	i, found := slices.BinarySearchFunc(n.children, label, func(c child, label string) int { return strings.Compare(c.label, label) })
	if !found {
		n.children = slices.Insert(n.children, i, child{label, new(node)})
	}
	return n.children[i].node
}

func (n *node) child(label []byte) *node {
	low, high := 0, len(n.children)
	for low < high {
		mid := int(uint(low+high) >> 1)
		if n.children[mid].label < string(label) {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(n.children) && n.children[low].label == string(label) {
		return n.children[low].node
	}
	return nil
}

// search is one search for a route.
type search struct {
	path  []byte // without the slashes in front and one at the end
	verb  verb
	spans []mapping.Span // the parameters found so far, into path
}

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

// match finds the method for s.path and s.verb and leaves its parameters'
// values in s.spans. Segment by segment from the left, a static child beats
// {name}, which beats {name+}; a branch without the verb (or ANY) is left for
// the next (recorded on AWS). Segments are compared escaped, as sent.
func (n *node) match(s *search) *method {
	if len(s.path) == 0 {
		return n.own.pick(s.verb)
	}
	return n.find(s, 0)
}

// find matches s.path from from on; past its end, nothing is left.
func (n *node) find(s *search, from int) *method {
	if from > len(s.path) {
		return n.own.pick(s.verb)
	}
	end := bytes.IndexByte(s.path[from:], '/')
	if end < 0 {
		end = len(s.path)
	} else {
		end += from
	}
	if c := n.child(s.path[from:end]); c != nil {
		if m := c.find(s, end+1); m != nil {
			return m
		}
	}
	if n.param != nil && end > from {
		s.spans = append(s.spans, mapping.Span{From: uint32(from), To: uint32(end)})
		if m := n.param.find(s, end+1); m != nil {
			return m
		}
		s.spans = s.spans[:len(s.spans)-1]
	}
	if n.greedy != nil && from < len(s.path) {
		if m := n.greedy.pick(s.verb); m != nil {
			s.spans = append(s.spans, mapping.Span{From: uint32(from), To: uint32(len(s.path))})
			return m
		}
	}
	return nil
}
