package apigw

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseRouteKey(t *testing.T) {
	for _, tc := range []struct{ key, method, path, want string }{
		{"$default", "", "", ""},
		{"GET /", "GET", "/", ""},
		{"ANY /pets/{id}/{rest+}", "ANY", "/pets/{id}/{rest+}", ""},
		{"OPTIONS /{proxy+}", "OPTIONS", "/{proxy+}", ""},
		{"GET /a%20b/$x", "GET", "/a%20b/$x", ""},
		{"get /", "", "", "a route key is $default or a method"},
		{"TRACE /", "", "", "a route key is $default or a method"},
		{"GET pets", "", "", "a route key is $default or a method"},
		{"GET", "", "", "a route key is $default or a method"},
		{"", "", "", "a route key is $default or a method"},
		{"GET  /pets", "", "", "a route key is $default or a method"},
		{"GET /pets/", "", "", "a path doesn't end in a slash"},
		{"GET /a//b", "", "", "a segment of the path is empty"},
		{"GET /a b", "", "", "holds a character that no path has"},
		{"GET /a?b=c", "", "", "holds a character that no path has"},
		{"GET /x{id}", "", "", "neither a literal nor {name} or {name+}"},
		{"GET /{}", "", "", "neither a literal nor {name} or {name+}"},
		{"GET /{a}{b}", "", "", "neither a literal nor {name} or {name+}"},
		{"GET /{a}/{a}", "", "", "two variables are called {a}"},
		{"GET /{a+}/b", "", "", "{a+} stands before the end of the path"},
		{"GET " + strings.Repeat("/a", 300), "", "", "a path has 300 segments, 256 at most"},
		{"GET /" + strings.Repeat("a", 5000), "", "", "a route key has 5005 characters, 4096 at most"},
	} {
		method, path, err := ParseRouteKey(tc.key)
		switch {
		case tc.want == "" && (err != nil || string(method) != tc.method || path != tc.path):
			t.Errorf("%s: %q %q %v", tc.key, method, path, err)
		case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
			t.Errorf("%s: %v, want %s", tc.key, err, tc.want)
		}
	}
}

// TestRouteShape: the names of variables make no difference, everything else
// does.
func TestRouteShape(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		segment := rapid.SampledFrom([]string{"a", "b", "{}", "{v}"})
		kinds := rapid.SliceOfN(segment, 1, 6).Draw(t, "segments")
		name := rapid.StringMatching(`[a-z]{1,3}`)
		write := func(suffix string) string {
			parts := make([]string, len(kinds))
			for i, k := range kinds {
				if parts[i] = k; k[0] == '{' {
					parts[i] = "{" + name.Draw(t, "name"+suffix) + "}"
				}
			}
			return "GET /" + strings.Join(parts, "/")
		}
		one, other := write("1"), write("2")
		if RouteShape(one) != RouteShape(other) {
			t.Fatalf("%s and %s", one, other)
		}
		greedy := strings.TrimSuffix(one, "}")
		if greedy != one && RouteShape(greedy+"+}") == RouteShape(one) {
			t.Fatal(one)
		}
		if RouteShape(one) == RouteShape("POST"+one[3:]) {
			t.Fatal(one)
		}
	})
}

func FuzzParseRouteKey(f *testing.F) {
	for _, seed := range []string{"$default", "GET /", "ANY /a/{b}/{c+}", "GET /{", "GET //", "POST /a/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		method, path, err := ParseRouteKey(key)
		if err == nil && key != DefaultRoute && string(method)+" "+path != key {
			t.Fatalf("%q: %q %q", key, method, path)
		}
		RouteShape(key)
	})
}
