package httpapi

import (
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// model finds a route as the developer guide says it, one route after the other:
// of those that fit, the best. Keys are valid, and no two stand for the same.
func model(keys []string, method, path string) string {
	best, bestRank := "", []int(nil)
	for _, key := range keys {
		if rank := fits(key, method, path); rank != nil && (bestRank == nil || slices.Compare(rank, bestRank) > 0) {
			best, bestRank = key, rank
		}
	}
	return best
}

// fits ranks a key for a request: a full match before a greedy one before
// $default, then segment by segment a literal before a variable before a greedy
// one, then the method's own before ANY. Nil: it doesn't fit.
func fits(key, method, path string) []int {
	if serving.ParseVerb(method) == serving.OtherVerb {
		return nil
	}
	if key == "$default" {
		return []int{0}
	}
	verb, template, _ := strings.Cut(key, " ")
	if verb != "ANY" && verb != method {
		return nil
	}
	own := 0
	if verb == method {
		own = 1
	}
	have, want := strings.Split(strings.TrimPrefix(path, "/"), "/"), strings.Split(template[1:], "/")
	rank := []int{2}
	for i, segment := range want {
		switch {
		case strings.HasSuffix(segment, "+}"):
			if len(have) <= i || len(have) == 1 && have[0] == "" {
				return nil
			}
			rank[0] = 1
			return append(rank, 1, own)
		case len(have) <= i:
			return nil
		case strings.HasPrefix(segment, "{"):
			if have[i] == "" {
				return nil
			}
			rank = append(rank, 2)
		case segment != have[i]:
			return nil
		default:
			rank = append(rank, 3)
		}
	}
	if len(have) != len(want) {
		return nil
	}
	return append(rank, own)
}

// FuzzRoutes: the tree finds what the model finds, for every set of valid keys.
func FuzzRoutes(f *testing.F) {
	for _, seed := range []struct{ keys, method, path string }{
		{"GET /pets\nANY /pets\nGET /pets/{id}\nANY /pets/{proxy+}\nANY /{proxy+}\n$default", "GET", "/pets/1"},
		{"GET /pets/dog/1\nGET /pets/dog/{id}\nGET /pets/{a}/{b}\nGET /{proxy+}", "GET", "/pets/dog/1"},
		{"POST /pets\nGET /{x}/{y+}\nGET /pets/{y+}", "GET", "/pets/"},
		{"ANY /exact\nGET /{proxy+}\nGET /", "GET", "/exact"},
		{"GET /a/{b}/c\nGET /{a}/b/{c+}\nGET /a/{d+}", "GET", "/a/b/d"},
		{"ANY /{proxy+}\n$default", "TRACE", "/"},
		{"GET /a", "GET", "//a//"},
	} {
		f.Add(seed.keys, seed.method, seed.path)
	}
	f.Fuzz(func(t *testing.T, text, method, path string) {
		s, keys := NewStage(testEnv(nil), Stage{API: "abcdef123", Name: "$default"}), []string(nil)
		for key := range strings.SplitSeq(text, "\n") {
			parsed, err := parseRouteKey(key)
			if err != nil || len(keys) > 50 {
				continue
			}
			r := &Route{Key: key}
			if parsed.path == "" {
				s.fallback = r
			} else {
				at, names := s.root.Add(parsed.path)
				if r.names = names; !at.Add(parsed.verb, r) {
					continue
				}
			}
			keys = append(keys, key)
		}
		x := new(exchange.Exchange)
		x.Begin(nil)
		x.Method, x.Address.StagePath = method, []byte(path)
		r := &Request{X: x, Stage: s}
		got := ""
		if r.findRoute() == nil {
			got = r.Route.Key
		}
		if want := model(keys, method, path); got != want {
			t.Fatalf("%s %q among %q: %q, want %q", method, path, keys, got, want)
		}
		if got != "" && len(r.search.Spans) != len(r.Route.names) {
			t.Fatalf("%s %q: %d values for %q", method, path, len(r.search.Spans), r.Route.names)
		}
	})
}

// TestVariablesOfGreedyRoutes: what a first search found doesn't stay.
func TestVariablesOfGreedyRoutes(t *testing.T) {
	s := compileStage(t, definition(map[string]string{"GET /{a}/{b}/c": "i", "GET /{a}/{rest+}": "i"}, proxyTo("i", "http://"+fastBackend(t)+"/")), nil, nil)
	x := new(exchange.Exchange)
	x.Begin(nil)
	x.Method, x.Address = "GET", exchange.Address{StagePath: []byte("/x/y/z")}
	r := &Request{X: x, Stage: s}
	if f := r.findRoute(); f != nil || string(r.Params.At(0)) != "x" || string(r.Params.At(1)) != "y/z" {
		t.Error(f, r.Params)
	}
}
