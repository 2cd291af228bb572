package serving

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/mapping"
)

// Verb is a method of a request as routes know it.
type Verb uint8

// The verbs. AnyVerb is a route's ANY, which stands for the seven others and
// no more (developer guide, "Set up a method request").
const (
	VerbGET Verb = iota
	VerbPUT
	VerbPOST
	VerbDELETE
	VerbPATCH
	VerbOPTIONS
	VerbHEAD
	AnyVerb
	VerbCount
	OtherVerb = VerbCount
)

// VerbNames are the verbs by their numbers.
var VerbNames = [VerbCount]string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"}

// ParseVerb is the verb of a request's method.
func ParseVerb(method string) Verb {
	switch method {
	case "GET":
		return VerbGET
	case "PUT":
		return VerbPUT
	case "POST":
		return VerbPOST
	case "DELETE":
		return VerbDELETE
	case "PATCH":
		return VerbPATCH
	case "OPTIONS":
		return VerbOPTIONS
	case "HEAD":
		return VerbHEAD
	}
	return OtherVerb
}

// IsVerb says whether a route's method may be called that.
func IsVerb(name string) bool { return slices.Contains(VerbNames[:], name) }

// Node is a place in the tree of routes to Ms, one path segment deeper than
// its parent. The zero Node is an empty tree.
type Node[M any] struct {
	children []child[M] // static, by label
	param    *Node[M]   // {name}
	greedy   *Verbs[M]  // {name+}
	own      Verbs[M]   // what ends here
}

type child[M any] struct {
	label string
	*Node[M]
}

// Verbs are what one path leads to, by ascending verb: ANY, if there is one, is
// the last.
type Verbs[M any] []leaf[M]

type leaf[M any] struct {
	verb Verb
	to   *M
}

// Pick is where verb v leads: to its own, else to ANY's, else nil.
func (t Verbs[M]) Pick(v Verb) *M {
	if v >= AnyVerb {
		return nil
	}
	for i := range t {
		if t[i].verb == v || t[i].verb == AnyVerb {
			return t[i].to
		}
	}
	return nil
}

// Add puts m in its place. False: something has it already.
func (t *Verbs[M]) Add(v Verb, m *M) bool {
	for i := range *t {
		if (*t)[i].verb == v {
			return false
		}
	}
	*t = append(*t, leaf[M]{v, m})
	slices.SortFunc(*t, func(a, b leaf[M]) int { return cmp.Compare(a.verb, b.verb) })
	return true
}

// Add makes place for the routes whose template path is path, and returns the
// place and the names of their parameters.
func (n *Node[M]) Add(path string) (place *Verbs[M], names []string) {
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		switch {
		case part == "":
		case strings.HasPrefix(part, "{") && strings.HasSuffix(part, "+}"):
			if n.greedy == nil {
				n.greedy = new(Verbs[M])
			}
			return n.greedy, append(names, part[1:len(part)-2])
		case strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}"):
			names = append(names, part[1:len(part)-1])
			if n.param == nil {
				n.param = new(Node[M])
			}
			n = n.param
		default:
			n = n.static(part)
		}
	}
	return &n.own, names
}

func (n *Node[M]) static(label string) *Node[M] {
	i, found := slices.BinarySearchFunc(n.children, label, func(c child[M], label string) int { return strings.Compare(c.label, label) })
	if !found {
		n.children = slices.Insert(n.children, i, child[M]{label, new(Node[M])})
	}
	return n.children[i].Node
}

func (n *Node[M]) child(label []byte) *Node[M] {
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
		return n.children[low].Node
	}
	return nil
}

// Search is one search for a route.
type Search struct {
	Path  []byte // without the slash in front
	Verb  Verb
	Spans []mapping.Span // the parameters found so far, into Path
}

// Greed is what {name+} takes.
type Greed uint8

// What {name+} takes.
const (
	NotGreedy Greed = iota // nothing: it isn't looked at
	Something              // one character at least
	Anything               // what is left after a slash, be it nothing
)

// Match finds what s.Path and s.Verb lead to and leaves the parameters' values
// in s.Spans. Segment by segment from the left, a static child beats {name},
// which beats {name+}; a branch without the verb (or ANY) is left for the next.
// Segments are compared escaped, as sent.
func (n *Node[M]) Match(s *Search, greed Greed) *M {
	if len(s.Path) == 0 {
		return n.own.Pick(s.Verb)
	}
	return n.find(s, 0, greed)
}

// find matches s.Path from from on; past its end, nothing is left.
func (n *Node[M]) find(s *Search, from int, greed Greed) *M {
	if from > len(s.Path) {
		return n.own.Pick(s.Verb)
	}
	end := bytes.IndexByte(s.Path[from:], '/')
	if end < 0 {
		end = len(s.Path)
	} else {
		end += from
	}
	if c := n.child(s.Path[from:end]); c != nil {
		if m := c.find(s, end+1, greed); m != nil {
			return m
		}
	}
	if n.param != nil && end > from {
		s.Spans = append(s.Spans, mapping.Span{From: uint32(from), To: uint32(end)})
		if m := n.param.find(s, end+1, greed); m != nil {
			return m
		}
		s.Spans = s.Spans[:len(s.Spans)-1]
	}
	if n.greedy != nil && greed != NotGreedy && (from < len(s.Path) || greed == Anything) {
		if m := n.greedy.Pick(s.Verb); m != nil {
			s.Spans = append(s.Spans, mapping.Span{From: uint32(from), To: uint32(len(s.Path))})
			return m
		}
	}
	return nil
}
