package restapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// tree is routes of "VERB /path".
func tree(routes ...string) *serving.Node[method] {
	root := new(serving.Node[method])
	for _, r := range routes {
		name, path, _ := strings.Cut(r, " ")
		place, names := root.Add(path)
		code := serving.Verb(slices.Index(serving.VerbNames[:], name))
		place.Add(code, &method{verb: apigw.Verb(name), code: code, resource: &resource{path: path, names: names}})
	}
	return root
}

// find is the route for a request and its parameters, "VERB /path name=value".
func find(root *serving.Node[method], verb, path string) string {
	s := &serving.Search{Path: trimPath([]byte(path)), Verb: serving.ParseVerb(verb)}
	m := match(root, s)
	if m == nil {
		return ""
	}
	found := m.place()
	p := mapping.Params{Path: s.Path, Names: m.resource.names, Spans: s.Spans}
	for i, name := range p.Names {
		found += fmt.Sprintf(" %s=%s", name, p.At(i))
	}
	return found
}

func TestRoute(t *testing.T) {
	greedy := tree("ANY /{proxy+}", "ANY /hardcoded")
	methods := tree("OPTIONS /{proxy+}", "POST /test", "ANY /test/any")
	tests := map[string]struct {
		routes     *serving.Node[method]
		verb, path string
		want       string
	}{
		// Recorded on AWS: segment kinds, fallback and methods.
		"static child before greedy sibling":      {tree("GET /{param+}", "GET /part1", "GET /part1/hardcoded-value"), "GET", "/part1/hardcoded-value", "GET /part1/hardcoded-value"},
		"falls back to the greedy ancestor":       {tree("GET /{param+}", "GET /part1", "GET /part1/hardcoded-value"), "GET", "/part1/other", "GET /{param+} param=part1/other"},
		"static without the verb leaves to other": {methods, "OPTIONS", "/test", "OPTIONS /{proxy+} proxy=test"},
		"neither has the verb":                    {methods, "GET", "/test", ""},
		"nested ANY beats the greedy exact verb":  {methods, "OPTIONS", "/test/any", "ANY /test/any"},
		// Inferred from the rule.
		"own verb beats ANY":                     {tree("ANY /a", "GET /a"), "GET", "/a", "GET /a"},
		"ANY where the verb has no own":          {tree("ANY /a", "GET /a"), "DELETE", "/a", "ANY /a"},
		"two parameters against one and static":  {tree("GET /{p1}/{p2}", "GET /{p}/bar"), "GET", "/foo/bar", "GET /{p}/bar p=foo"},
		"strictly from the left":                 {tree("GET /{p1}/{p2}/baz", "GET /{p1}/bar/{p2}"), "GET", "/foo/bar/baz", "GET /{p1}/bar/{p2} p1=foo p2=baz"},
		"backs out of a parameter":               {tree("GET /{a}/x/y", "GET /{b+}"), "GET", "/1/x/z", "GET /{b+} b=1/x/z"},
		"deep greedy before shallow":             {tree("GET /a/{x+}", "GET /{y+}"), "GET", "/a/b/c", "GET /a/{x+} x=b/c"},
		"a verb that no API has":                 {tree("ANY /a"), "TRACE", "/a", ""},
		"escaped slash splits nothing":           {tree("GET /a/{x}"), "GET", "/a/b%2Fc", "GET /a/{x} x=b%2Fc"},
		"a parameter is not empty":               {tree("GET /a/{x}/b"), "GET", "/a//b", ""},
		"static labels are compared in case":     {tree("GET /a"), "GET", "/A", ""},
		"greedy is not its parent":               {tree("GET /a/{p+}"), "GET", "/a", ""},
		"nor its parent with a slash":            {tree("GET /a/{p+}"), "GET", "/a/", ""},
		"nor its parent with two":                {tree("GET /a/{p+}"), "GET", "/a//", ""},
		"root":                                   {tree("GET /"), "GET", "/", "GET /"},
		"root, stage alone":                      {tree("GET /"), "GET", "", "GET /"},
		"greedy never matches the root (guide)":  {greedy, "GET", "/", ""},
		"greedy never matches the stage (guide)": {greedy, "GET", "", ""},
		// Recorded on AWS: slashes and escapes.
		"plain":                       {greedy, "GET", "/proxy-value", "ANY /{proxy+} proxy=proxy-value"},
		"trailing slash is lost":      {greedy, "GET", "/proxy-value/", "ANY /{proxy+} proxy=proxy-value"},
		"inner double slash is kept":  {greedy, "GET", "/proxy-value//double-slash", "ANY /{proxy+} proxy=proxy-value//double-slash"},
		"leading slashes are one":     {greedy, "GET", "//proxy-value", "ANY /{proxy+} proxy=proxy-value"},
		"leading slashes, static":     {greedy, "GET", "//hardcoded", "ANY /hardcoded"},
		"escapes and plus as sent":    {greedy, "GET", "/proxy-value/user/test%2Balias@x/plus/test+alias@x", "ANY /{proxy+} proxy=proxy-value/user/test%2Balias@x/plus/test+alias@x"},
		"static with trailing slash":  {greedy, "GET", "/hardcoded/", "ANY /hardcoded"},
		"two trailing slashes remain": {greedy, "GET", "/hardcoded//", "ANY /{proxy+} proxy=hardcoded/"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := find(tt.routes, tt.verb, tt.path); got != tt.want {
				t.Errorf("%s %q: got %q, want %q", tt.verb, tt.path, got, tt.want)
			}
		})
	}
}

// naive matches as the rules read: of all routes that fit and have the verb,
// the one whose segments, from the left, are of the earliest kind.
func naive(routes []string, verb, path string) string {
	parts := strings.Split(string(trimPath([]byte(path))), "/")
	if len(parts) == 1 && parts[0] == "" {
		parts = nil
	}
	best, bestKey := "", ""
	for _, r := range routes {
		v, template, _ := strings.Cut(r, " ")
		if v != verb && v != "ANY" || serving.ParseVerb(verb) == serving.OtherVerb {
			continue
		}
		key, found, ok := fit(template, parts)
		if v == "ANY" {
			key += "~"
		}
		if ok && (best == "" || key < bestKey) {
			best, bestKey = r+found, key
		}
	}
	return best
}

// fit says how template fits parts: a key that orders routes, and the
// parameters.
func fit(template string, parts []string) (key, found string, ok bool) {
	labels := strings.Split(strings.Trim(template, "/"), "/")
	if template == "/" {
		labels = nil
	}
	for i, label := range labels {
		switch {
		case strings.HasSuffix(label, "+}"):
			rest := strings.Join(parts[min(i, len(parts)):], "/")
			return key + "c", found + " " + label[1:len(label)-2] + "=" + rest, rest != ""
		case i >= len(parts):
			return "", "", false
		case strings.HasPrefix(label, "{"):
			if parts[i] == "" {
				return "", "", false
			}
			key += "b"
			found += " " + label[1:len(label)-1] + "=" + parts[i]
		case label != parts[i]:
			return "", "", false
		default:
			key += "a"
		}
	}
	return key, found, len(parts) == len(labels)
}

func FuzzRoute(f *testing.F) {
	routes := []string{"GET /", "GET /a", "ANY /a/b", "GET /a/{x}", "POST /a/{x}/c", "GET /a/{x}/{y}", "OPTIONS /{p+}",
		"GET /{z}", "ANY /{z}/b/{w+}", "GET /a/b/c/{v+}", "ANY /{z}/{q}/d", "DELETE /a/{x}/c/{u+}"}
	root := tree(routes...)
	for _, path := range []string{"", "/", "//a", "/a/b/", "/a//b", "/a/b/c/d", "/x/b/c//d", "/a/q/c/", "/%2F/b"} {
		f.Add("GET", path)
		f.Add("OPTIONS", path)
	}
	f.Fuzz(func(t *testing.T, verb, path string) {
		if got, want := find(root, verb, path), naive(routes, verb, path); got != want {
			t.Errorf("%s %q: got %q, want %q", verb, path, got, want)
		}
	})
}

// manyRoutes are n resources in the manner of a large API.
func manyRoutes(n int) []string {
	var routes []string
	for i := 0; len(routes) < n; i++ {
		routes = append(routes, fmt.Sprintf("GET /collection%d", i), fmt.Sprintf("GET /collection%d/{id}", i),
			fmt.Sprintf("ANY /collection%d/{id}/items/{item}", i), fmt.Sprintf("GET /collection%d/{id}/files/{path+}", i))
	}
	return routes[:n]
}

func BenchmarkRoute(b *testing.B) {
	for _, n := range []int{1, 300, 1000} {
		root := tree(manyRoutes(n)...)
		path := []byte(fmt.Sprintf("/collection%d/4711/items/12", max(0, n/4-1)))
		if n == 1 {
			path = []byte("/collection0")
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := &serving.Search{Spans: make([]mapping.Span, 0, 8)}
			b.ReportAllocs()
			for b.Loop() {
				s.Path, s.Verb, s.Spans = trimPath(path), serving.VerbGET, s.Spans[:0]
				if match(root, s) == nil {
					b.Fatal("no route")
				}
			}
		})
	}
}

func TestRouteNamesAreOfTheirOwnPath(t *testing.T) {
	root := tree("GET /a/{id}", "GET /a/{name}/b")
	got := []string{find(root, "GET", "/a/1"), find(root, "GET", "/a/1/b")}
	want := []string{"GET /a/{id} id=1", "GET /a/{name}/b name=1"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// BenchmarkCompile compiles an API of 20 routes in the manner of a large
// installation's: its bytes are what one loaded stage costs.
func BenchmarkCompile(b *testing.B) {
	methods := map[string]*apigw.Method{}
	for i, r := range manyRoutes(20) {
		switch i % 3 {
		case 0:
			methods[r] = mockMethod(`{"ok":true}`)
		case 1:
			methods[r] = httpMethod(apigw.IntegrationHTTPProxy, "http://backend.internal/x/{id}", map[string]string{"integration.request.path.id": "method.request.path.id"})
		default:
			methods[r] = lambdaMethod()
		}
	}
	def, env := define(methods), testEnv(nil)
	b.ReportAllocs()
	for b.Loop() {
		compileStage(b, def, nil, env)
	}
}
