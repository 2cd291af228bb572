package mapping

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestQuery(t *testing.T) {
	type pairs [][2]string
	tests := map[string]struct {
		raw  string
		want pairs
	}{
		"empty":                        {"", nil},
		"pairs":                        {"a=1&b=2", pairs{{"a", "1"}, {"b", "2"}}},
		"decoded (recorded on AWS)":    {"a=b+c%20d%2Be&f=foo%2fbar", pairs{{"a", "b c d+e"}, {"f", "foo/bar"}}},
		"semicolon separates (guide)":  {"a=1;b=2", pairs{{"a", "1"}, {"b", "2"}}},
		"no value, no name, no piece":  {"a&=b&&c=", pairs{{"a", ""}, {"", "b"}, {"c", ""}}},
		"more equals signs":            {"a=b=c", pairs{{"a", "b=c"}}},
		"names are decoded":            {"a%5B%5D=1", pairs{{"a[]", "1"}}},
		"an escape that is none stays": {"a=%&b=%4&c=%zz", pairs{{"a", "%"}, {"b", "%4"}, {"c", "%zz"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var q Query
			q.Parse([]byte("x=left-over"))
			q.Parse([]byte(tt.raw))
			var got pairs
			for i := range q.Len() {
				n, v := q.At(i)
				got = append(got, [2]string{string(n), string(v)})
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{"a=b&c", "%41=%zz;+", "=&;=%"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var q, again Query
		q.Parse(raw)
		var escaped []byte
		for i := range q.Len() {
			n, v := q.At(i)
			escaped = append(AppendQueryEscaped(append(escaped, '&'), n), '=')
			escaped = AppendQueryEscaped(escaped, v)
		}
		again.Parse(escaped)
		if q.Len() != again.Len() {
			t.Fatalf("%q became %q", raw, escaped)
		}
		for i := range q.Len() {
			n, v := q.At(i)
			n2, v2 := again.At(i)
			if string(n) != string(n2) || string(v) != string(v2) {
				t.Fatalf("%q became %q", raw, escaped)
			}
		}
	})
}

func TestAppendPathEscaped(t *testing.T) {
	for in, want := range map[string]string{
		"a/b":           "a/b",
		"a%2Fb":         "a%2Fb",
		"50%":           "50%25",
		"a b?c#d\r\ne":  "a%20b%3Fc%23d%0D%0Ae",
		"test+alias@x":  "test+alias@x",
		"é":             "%C3%A9",
		"{}|\\^`\"<>[]": "%7B%7D%7C%5C%5E%60%22%3C%3E%5B%5D",
	} {
		if got := string(AppendPathEscaped(nil, []byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestTemplates(t *testing.T) {
	text := func(s string) *string { return &s }
	all := map[string]*string{"text/xml": text("<x/>"), "application/json": text("{}"), "text/plain": nil, "a/b": text("")}
	tests := map[string]struct {
		templates map[string]*string
		order     []string
		media     string
		request   string // media type of the template that is chosen
		response  string
	}{
		"exact":                      {all, nil, "text/xml", "text/xml", "text/xml"},
		"any case":                   {all, nil, "Text/XML", "text/xml", "text/xml"},
		"none: json for a response":  {all, nil, "image/png", "", "application/json"},
		"none: the first as given":   {map[string]*string{"a/a": text("a"), "z/z": text("z")}, []string{"z/z", "a/a"}, "image/png", "", "z/z"},
		"none: the first as sorted":  {map[string]*string{"a/a": text("a"), "z/z": text("z")}, nil, "image/png", "", "a/a"},
		"none at all":                {nil, nil, "image/png", "", ""},
		"$default for a request":     {map[string]*string{"$default": text("d")}, nil, "image/png", "$default", "$default"},
		"a template that is nothing": {all, nil, "text/plain", "text/plain", "text/plain"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ts, wrong := CompileTemplates(tt.templates, tt.order, CompileProgram)
			if len(wrong) > 0 || ts.Len() != len(tt.templates) {
				t.Fatal(wrong)
			}
			for got, want := range map[*Template]string{ts.ForRequest([]byte(tt.media)): tt.request, ts.ForResponse([]byte(tt.media)): tt.response} {
				if got == nil && want == "" {
					continue
				}
				if got == nil || got.MediaType != want {
					t.Errorf("got %+v, want %q", got, want)
				}
				if got != nil && (want == "text/plain" || want == "a/b") && !got.Passes() {
					t.Error("an empty template replaces the body")
				}
			}
		})
	}
	broken, wrong := CompileTemplates(map[string]*string{"a/b": text("#if(")}, nil, CompileProgram)
	if len(wrong["a/b"]) == 0 {
		t.Error("nothing is said of a template that can't be compiled")
	}
	if _, err := broken.ForRequest([]byte("a/b")).Render(nil, NewRendering()); err == nil {
		t.Error("a template that can't be compiled renders")
	}
}

func TestMediaType(t *testing.T) {
	for in, want := range map[string]string{
		"": "application/json", " ": "application/json", "text/html": "text/html", "text/html; charset=utf-8": "text/html",
		"image/webp, */*;q=0.8": "image/webp", " text/html ;a=b, x/y": "text/html", ",text/html": "application/json",
	} {
		if got := string(MediaType([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestParseParameterRefuses(t *testing.T) {
	tests := map[string]struct {
		target, source string
		phase          Phase
	}{
		"no path in a body":       {"integration.request.header.X", "method.request.body.a[", RequestPhase},
		"no path in a response":   {"method.response.header.X", "integration.response.body.", ResponsePhase},
		"no body's end":           {"integration.request.header.X", "method.request.bodyx", RequestPhase},
		"the body of the request": {"method.response.header.X", "method.request.body", ResponsePhase},
		"a body in a failure":     {"gatewayresponse.header.X", "method.request.body", GatewayPhase},
		"another target":          {"integration.request.body.X", "'x'", RequestPhase},
		"a target of other phase": {"method.response.header.X", "'x'", RequestPhase},
		"a name that is none":     {"integration.request.header.a b", "'x'", RequestPhase},
		"no name":                 {"integration.request.path.", "'x'", RequestPhase},
		"no quotes":               {"integration.request.header.X", "text", RequestPhase},
		"one quote":               {"integration.request.header.X", "'", RequestPhase},
		"a literal that breaks":   {"integration.request.header.X", "'a\r\nb'", RequestPhase},
		"an unknown variable":     {"integration.request.header.X", "context.nothing", RequestPhase},
		"a source of other phase": {"integration.request.header.X", "integration.response.header.X", RequestPhase},
		"a source without name":   {"integration.request.header.X", "method.request.header", RequestPhase},
		"an unknown kind":         {"integration.request.header.X", "method.request.cookie.X", RequestPhase},
		"a request in a response": {"method.response.header.X", "method.request.header.X", ResponsePhase},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if p, err := ParseParameter(tt.target, tt.source, tt.phase, nil); err == nil {
				t.Errorf("got %+v", p)
			}
		})
	}
}
