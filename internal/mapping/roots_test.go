package mapping

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHashOrder: the orders recorded on AWS. Names that share a bucket keep the
// order they have, so the buckets are compared.
func TestHashOrder(t *testing.T) {
	for name, want := range map[string][]string{
		"$context": contextNames, "$context.identity": identityNames, "$context.requestOverride": requestMaps,
	} {
		same := slices.Clone(want)
		hashOrder(same)
		if d := cmp.Diff(want, same); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		sorted := slices.Sorted(slices.Values(want))
		hashOrder(sorted)
		if len(want) < 4 && cmp.Diff(want, sorted) != "" {
			t.Errorf("%s: %v", name, sorted)
		}
	}
}

func TestJavaHash(t *testing.T) {
	// String.hashCode of java.lang, spread as HashMap does.
	for s, code := range map[string]uint32{"": 0, "a": 97, "hello": 99162322, "é": 233, "😀": 1772899} {
		if got, want := javaHash(s), code^code>>16; got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestTextFunctions(t *testing.T) {
	tests := []struct{ function, in, want string }{
		// What commons-lang 2.6 and 3.12 make of it.
		{"escapeJavaScript", "it's \"x\" \\ a/b \b\n\t\f\r\x00\x1f\x7f\u0080 é€😀", `it\'s \"x\" \\ a\/b \b\n\t\f\r\u0000\u001F` + "\x7f" + `\u0080 \u00E9\u20AC\uD83D\uDE00`},
		{"urlEncode", `{"a": "b~c*-._"}`, `%7B%22a%22%3A+%22b%7Ec*-._%22%7D`},
		{"urlEncode", "é", "%C3%A9"},
		{"urlDecode", "x=a+b%20c%c3%a9", "x=a b cé"},
		{"urlDecode", "%FF", "\uFFFD"},
		{"urlDecode", "%e2%82x%e2%82%acx", "\uFFFDx€x"}, // as java.net.URLDecoder has it
		{"base64Encode", "é?>", "w6k/Pg=="},
		{"base64Decode", "w6k/Pg==", "é?>"},
		{"base64Decode", "w6k/Pg", "é?>"},
		{"base64Decode", "/w==", "\uFFFD"},
	}
	for _, tt := range tests {
		got, err := textFunction(tt.function)([]byte("> "), tt.in)
		if err != nil || string(got) != "> "+tt.want {
			t.Errorf("%s(%q): %q, %v", tt.function, tt.in, got, err)
		}
	}
	for _, tt := range []struct{ function, in string }{{"urlDecode", "100%"}, {"urlDecode", "%zz"}, {"base64Decode", "a"}, {"base64Decode", "!!!!"}, {"base64Decode", "YQ="}} {
		if got, err := textFunction(tt.function)(nil, tt.in); err == nil {
			t.Errorf("%s(%q): %q", tt.function, tt.in, got)
		}
	}
}

func FuzzTextFunctions(f *testing.F) {
	for _, s := range []string{"", "a b", "é'\"\\", "%41", "YWI=", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		valid := strings.ToValidUTF8(s, "\uFFFD")
		for encode, decode := range map[string]string{"urlEncode": "urlDecode", "base64Encode": "base64Decode"} {
			encoded, err := textFunction(encode)(nil, valid)
			if err != nil {
				t.Fatal(err)
			}
			back, err := textFunction(decode)(nil, string(encoded))
			if err != nil || string(back) != valid {
				t.Errorf("%s of %q: %q, back %q, %v", encode, valid, encoded, back, err)
			}
			_, _ = textFunction(decode)(nil, s)
		}
		if out, err := appendJavaScript(nil, s); err != nil || strings.ContainsAny(string(out), "\n\r\x00") {
			t.Errorf("escapeJavaScript of %q: %q", s, out)
		}
	})
}

// TestInputPath has what $input.path makes of bodies that are no JSON.
func TestInputPath(t *testing.T) {
	tests := []struct{ name, body, template, want string }{
		{"a form", "From=%2B1&Body=a+b", `#set($form = $input.path('$'))#foreach($pair in $form.split("&"))<$pair>#end`, "<From=%2B1><Body=a+b>"},
		{"a form, by a path that is computed", "a=b", `#set($p = '$')$input.path("$p")`, "a=b"},
		{"its members", "a=b", `[$input.path('$.a')]`, "[]"},
		{"as JSON", "a=b", `$input.json('$')`, `""`},
		{"an empty body", "", `$input.path('$')`, "{}"},
		{"an array that is none", "[1,", `[$input.path('$')]`, "[]"},
		{"a JSON string", `"a b"`, `$input.path('$')`, "a b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := templateCase{Body: tt.body, Context: map[string]any{}}
			if got, err := render(c.rendering(t), tt.template); err != nil || got != tt.want {
				t.Errorf("%s: %q, %v, want %q", tt.template, got, err, tt.want)
			}
		})
	}
}
