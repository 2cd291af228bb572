package vpclink

import (
	"net/url"
	"path"
	"regexp"
	"strings"
	"testing"
)

// FuzzPattern holds patterns to regular expressions that mean the same.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{{"*.example.com", "www.Example.com"}, {"/a/*/b?*", "/a/x/y/bz"}, {"", ""}, {"***", "x"}, {"a*a*a", "aaaa"}, {"?", "ä"}} {
		f.Add(seed[0], seed[1], true)
		f.Add(seed[0], seed[1], false)
	}
	f.Fuzz(func(t *testing.T, text, s string, fold bool) {
		for _, c := range text + s {
			if c < ' ' || c >= 0x7f {
				t.Skip() // rules and requests hold visible characters alone
			}
		}
		expr := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(text))
		flags := "(?s)"
		if fold {
			flags = "(?si)"
		}
		want := regexp.MustCompile(flags + "^(?:" + expr + ")$").MatchString(s)
		if got := newPattern(text, fold, false).match([]byte(s)); got != want {
			t.Errorf("%q matches %q: %v", text, s, got)
		}
	})
}

// FuzzNormalPath holds normal paths to net/url and path, where these say the
// same, and to being normal already.
func FuzzNormalPath(f *testing.F) {
	for _, seed := range []string{"/a/b", "/%61/%2f", "/a/../b/./c/..", "/..", "/.", "/a//../b", "/%2e%2e/x", "/%zz", "/a/..b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if !strings.HasPrefix(p, "/") {
			t.Skip()
		}
		got := string(normalPath([]byte(p)))
		if again := string(normalPath([]byte(got))); again != got {
			t.Errorf("%q becomes %q, and that %q", p, got, again)
		}
		if !strings.HasPrefix(got, "/") {
			t.Errorf("%q becomes %q", p, got)
		}
		if strings.ContainsAny(p, "%") || strings.Contains(p, "//") {
			return
		}
		want := path.Clean(p)
		if (strings.HasSuffix(p, "/") || strings.HasSuffix(p, "/.") || strings.HasSuffix(p, "/..")) && want != "/" {
			want += "/"
		}
		if got != want {
			t.Errorf("%q becomes %q, not %q", p, got, want)
		}
	})
}

// FuzzUnescaped holds the escapes of queries to net/url where it reads them.
func FuzzUnescaped(f *testing.F) {
	for _, seed := range []string{"a%20b", "a+b", "%", "%4", "%zz%41"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := string(unescaped([]byte(s)))
		if want, err := url.QueryUnescape(s); err == nil && got != want {
			t.Errorf("%q: %q, not %q", s, got, want)
		}
	})
}
