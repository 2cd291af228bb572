package awsapi

import (
	"net/url"
	"strings"

	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
)

// routes finds the operation that a method and a path mean. Paths are taken
// apart as they travel and decoded segment by segment: an ARN in /tags/{arn}
// holds escaped slashes.
type routes struct{ root node }

type node struct {
	fixed map[string]*node
	label *node
	ends  []route
}

type route struct {
	op     *wire.Operation
	labels []string // names, in the order of the path
}

func newRoutes(table []wire.Operation) *routes {
	t := new(routes)
	for i := range table {
		t.add(&table[i])
	}
	return t
}

func (t *routes) add(op *wire.Operation) {
	n := &t.root
	var labels []string
	for segment := range strings.SplitSeq(strings.Trim(op.Path, "/"), "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			labels = append(labels, strings.TrimSuffix(name, "}"))
			if n.label == nil {
				n.label = new(node)
			}
			n = n.label
			continue
		}
		if n.fixed == nil {
			n.fixed = map[string]*node{}
		}
		if n.fixed[segment] == nil {
			n.fixed[segment] = new(node)
		}
		n = n.fixed[segment]
	}
	n.ends = append(n.ends, route{op, labels})
}

// maxSegments bounds a path; the longest template has 9.
const maxSegments = 16

// find is the operation of a path as it travelled, with its labels decoded;
// nil when there is none. query is raw.
func (t *routes) find(method, path, query string) (*wire.Operation, map[string]string) {
	path, ok := strings.CutPrefix(path, "/")
	if !ok {
		return nil, nil
	}
	segments := strings.SplitN(path, "/", maxSegments+1)
	for i, s := range segments {
		decoded, err := url.PathUnescape(s)
		if err != nil || decoded == "" {
			return nil, nil
		}
		segments[i] = decoded
	}
	return t.root.find(segments, nil, method, query)
}

func (n *node) find(segments, values []string, method, query string) (*wire.Operation, map[string]string) {
	if len(segments) == 0 {
		return n.end(values, method, query)
	}
	if next := n.fixed[segments[0]]; next != nil {
		if op, labels := next.find(segments[1:], values, method, query); op != nil {
			return op, labels
		}
	}
	if n.label != nil {
		return n.label.find(segments[1:], append(values, segments[0]), method, query)
	}
	return nil, nil
}

// end chooses among the operations of one path. One that a query parameter
// asks for (mode=import) goes before the one of the same method without.
func (n *node) end(values []string, method, query string) (*wire.Operation, map[string]string) {
	var chosen *route
	for i := range n.ends {
		r := &n.ends[i]
		if r.op.Method != method || r.op.Query != "" && !hasParameter(query, r.op.Query) {
			continue
		}
		if chosen == nil || r.op.Query != "" {
			chosen = r
		}
	}
	if chosen == nil {
		return nil, nil
	}
	labels := make(map[string]string, len(values))
	for i, name := range chosen.labels {
		labels[name] = values[i]
	}
	return chosen.op, labels
}

func hasParameter(query, pair string) bool {
	for p := range strings.SplitSeq(query, "&") {
		if p == pair {
			return true
		}
	}
	return false
}
