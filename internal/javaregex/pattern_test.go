package javaregex

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCompileErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"(ab":                      `Unclosed group near index 3 of the pattern "(ab"`,
		"é[":                       `Unclosed character class near index 3 of the pattern "é["`,
		`\X`:                       `\X is not supported near index 1 of the pattern "\\X"`,
		`a\b{g}`:                   `\b{g} is not supported near index 3 of the pattern "a\\b{g}"`,
		`\N{BULLET}`:               `\N is not supported near index 1 of the pattern "\\N{BULLET}"`,
		`\p{InRunic}`:              `Unknown character property name {InRunic} near index 11 of the pattern "\\p{InRunic}"`,
		strings.Repeat("(", 300):   `Groups and classes are nested more than 200 deep near index 200 of the pattern`,
		strings.Repeat("[", 300):   `Groups and classes are nested more than 200 deep near index 100 of the pattern`,
		strings.Repeat("a", 20000): `The pattern is longer than 16384 bytes near index 16384 of the pattern`,
	} {
		_, err := Compile(pattern)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Compile(%.40q) is %.200v, want %v", pattern, err, want)
		}
	}
}

// What would take the backtracker for ever, or RE2 much memory, ends.
func TestLimits(t *testing.T) {
	long := strings.Repeat("a", 10000)
	for _, tt := range []struct {
		pattern, text string
		want          error
	}{
		{"(a+)+b", long, nil}, // RE2's
		{"(a|aa)+$", long + "b", nil},
		{`(a+)+\1b`, long, ErrLimit},
		{"(?=(a+)+b)x|(a+)+b", long, ErrLimit},
		{"((a{1,100}){1,100}){1,100}b", long, ErrLimit},
		{"(?:(?:a?){1000}){1000}", long, nil},
		{"(?>(?:ab|b|a)*)c", strings.Repeat("ab", 1<<20), ErrLimit},
		{"(?<=a{0,2000000000})b", long, nil},
		{"[a-y](?:x|y|z)*" + strings.Repeat("(?:x|y)?", 100), strings.Repeat("x", 1<<20), ErrLimit},
	} {
		p, err := Compile(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := p.Match([]byte(tt.text)); !errors.Is(err, tt.want) {
			t.Errorf("%.40q: error %v, want %v", tt.pattern, err, tt.want)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%.40q took %v", tt.pattern, took)
		}
	}
}

// What a search or replacement goes over again and again is paid for.
func TestFindLimits(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          error
	}{
		{"(?<=b{100000})bq", strings.Repeat("b", 1<<18), ErrLimit},
		{"(?<=c{100000})bq", strings.Repeat("b", 1<<18), ErrLimit},
		{"(?<=c{1000000})bq", strings.Repeat("b", 1000), nil},
		{"(?>\\b\u0301z|\\b\u0301q)", "a" + strings.Repeat("\u0301", 1<<17), ErrLimit},
	} {
		p, err := Compile(tt.pattern)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if _, err := p.Find([]byte(tt.text)); !errors.Is(err, tt.want) {
			t.Errorf("%.40q: error %v, want %v", tt.pattern, err, tt.want)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%.40q took %v", tt.pattern, took)
		}
	}
	for pattern, group := range map[string]string{"()": "$1", "": "$0"} {
		p, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		text, replacement := strings.Repeat("a", 200_000), strings.Repeat(group, 50_000)
		if _, err := p.ReplaceAll(text, replacement, 10<<20, &Budget{10_000_000}); !errors.Is(err, ErrLimit) {
			t.Errorf("%q replaced: %v", pattern, err)
		}
	}
}

// A pattern is compiled in about the time that its length asks for.
func TestCompileTime(t *testing.T) {
	for _, pattern := range []string{
		"(?iu)" + strings.Repeat("k", 16000),
		"(?iu)[" + strings.Repeat("a-z", 5000) + "]",
		"(?iu)" + strings.Repeat("[a-z]", 3000),
		"[" + strings.Repeat("aé", 5000) + "]",
		"[" + strings.Repeat(`\p{L}`, 3000) + "]",
		strings.Repeat(`\P{L}`, 3000),
		"(?U)" + strings.Repeat(`\w`, 8000),
		strings.Repeat("[^&&", 190) + "a",
		strings.Repeat("(?<=", 190) + "a" + strings.Repeat(")*", 190),
		strings.Repeat("(", 190) + "a" + strings.Repeat("|b{1,1000})*", 190),
		strings.Repeat("(?:a|b)", 2000),
	} {
		began := time.Now()
		_, _ = Compile(pattern)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%.40q took %v", pattern, took)
		}
	}
}

func TestReplaceLimit(t *testing.T) {
	p, err := Compile("a")
	if err != nil {
		t.Fatal(err)
	}
	for limit, want := range map[int]error{8: nil, 7: ErrOutput} {
		if _, err := p.ReplaceAll("aaaab", "xy", limit+1, nil); !errors.Is(err, want) {
			t.Errorf("ReplaceAll to %d bytes: %v, want %v", limit, err, want)
		}
	}
}

// A text that is no UTF-8 has U+FFFD for each byte that isn't, whoever matches.
func TestInvalidUTF8(t *testing.T) {
	for pattern, want := range map[string]bool{"..": true, `[^a]\W`: true, `(?=.)\x{FFFD}\uFFFD`: true, ".": false, `\p{So}+`: true} {
		p, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Match([]byte("\xff\xfe")); got != want || err != nil {
			t.Errorf("%q matches: %v, %v, want %v", pattern, got, err, want)
		}
	}
}

// The patterns of schemas, by ECMA-262's section 15.10.
func TestScript(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{`^[a-z]+$`, "abc", true},
		{`^[a-z]+$`, "abc\n", false},
		{`b`, "abc", true},
		{`^\S+$`, "a\u00a0b", false},
		{`^\s$`, "\ufeff", true},
		{`^\d+$`, "٣", false},
		{`^[\w.-]+@[\w-]+\.\w{2,}$`, "a.b@c-d.org", true},
		{`^a{$`, "a{", true},
		{`^a{,2}$`, "a{,2}", true},
		{`^\/x\/$`, "/x/", true},
		{`^[]`, "a", false},
		{`^[^]$`, "\n", true},
		{`^[[a]$`, "[", true},
		{`^[a&&b]$`, "&", true},
		{`^(?:(a)|b)\1$`, "b", true},
		{`^\cJ$`, "\n", true},
		{`^\u0061\x62\0$`, "ab\x00", true},
		{`^[\b]$`, "\b", true},
		{`\bé`, "é", false},
		{`^.$`, "\u0085", true},
		{`^(?!x)(?=a)[\w-]+$`, "a-b", true},
		{`^[\d-x]+$`, "1-x", true},
	} {
		p, err := CompileScript(tt.pattern)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		if got, err := p.Find([]byte(tt.text)); got != tt.want || err != nil {
			t.Errorf("%q in %q: %v, %v, want %v", tt.pattern, tt.text, got, err, tt.want)
		}
	}
	for _, pattern := range []string{"(?i)a", "(?<=a)b", "(?>a)", "a**", "a++", "(a", "a)", "[a", `a\`, "[b-a]"} {
		if _, err := CompileScript(pattern); err == nil {
			t.Errorf("%q compiles", pattern)
		}
	}
}

func FuzzPattern(f *testing.F) {
	questions, _ := table(&testing.T{})
	for _, q := range questions[:500] {
		f.Add(q.pattern, q.text, q.replacement)
	}
	f.Add("(a+)+b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "")
	f.Add(`(?x)[a-z&&[^b]] #c`, "\xff", "$1")
	f.Fuzz(func(t *testing.T, pattern, text, replacement string) {
		p, err := Compile(pattern)
		if err != nil {
			if e := err.(*Error); e.At < 0 || e.At > len(pattern) {
				t.Errorf("the error of %q is at %d", pattern, e.At)
			}
			return
		}
		checkEngines(t, p, []byte(text))
		if out, err := p.ReplaceAll(text, replacement, 1000, nil); err == nil && len(out) > max(1000, len(text)) {
			t.Errorf("%q with %q gave %d bytes", pattern, replacement, len(out))
		}
		_, _ = p.Split(text, 0, nil)
		if p, err := CompileScript(pattern); err == nil {
			_, _ = p.Find([]byte(text))
		}
	})
}

// checkEngines compares RE2 with the backtracker.
func checkEngines(t *testing.T, p *Pattern, text []byte) {
	matched, err1 := p.Match(text)
	found, err2 := p.Find(text)
	if p.literal != nil || err1 != nil || err2 != nil {
		return
	}
	m := newMachine(p.prog)
	m.begin(text)
	if got, err := m.match(); err == nil && got != matched {
		t.Errorf("%q matches %q: the backtracker says %v, RE2 %v", p, text, got, matched)
	}
	m.begin(text)
	if got, err := m.find(0); err == nil && got != found {
		t.Errorf("%q is in %q: the backtracker says %v, RE2 %v", p, text, got, found)
	}
}

func TestReplacementErrors(t *testing.T) {
	p, err := Compile("(?<n>a)")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, replacement := range []string{"$", "$2", "${m}", "${", "$x", `\`} {
		_, err := p.ReplaceFirst("a", replacement, 100, nil)
		got[replacement] = err.Error()
	}
	want := map[string]string{
		"$": "Illegal group reference: group index is missing", "$2": "No group 2", "${m}": "No group with name {m}",
		"${": "named capturing group has 0 length name", "$x": "Illegal group reference", `\`: "character to be escaped is missing",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func BenchmarkMatch(b *testing.B) {
	for _, tt := range []struct{ name, pattern, text string }{
		{"literal", "200", "200"},
		{"status", `2\d{2}`, "200"},
		{"contains", ".*Bad Request.*", "[400] Bad Request: the order has no items"},
		{"look-ahead", "^(?!2)[0-9]{3}$", "404"},
		{"email", `^[\w.+-]+@[\w-]+(\.[\w-]+)+$`, "someone.else@mail.example.com"},
	} {
		p, err := Compile(tt.pattern)
		if err != nil {
			b.Fatal(err)
		}
		text := []byte(tt.text)
		b.Run(tt.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := p.Match(text); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
}
