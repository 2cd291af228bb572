package javaregex

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	update = flag.Bool("update", false, "ask java for the answers in testdata/java17.txt again")
	random = flag.Int("random", 0, "how many pairs of random patterns and texts to compare with java")
	seed   = flag.Int64("seed", 1, "of the random pairs")
)

// question is a pattern, a text, and what replaces what is found.
type question struct{ pattern, text, replacement string }

// answer is what a pattern does to a text, or why it isn't one: a line of the
// table, the question left out.
type answer string

func (q question) ask() answer {
	p, err := Compile(q.pattern)
	if err != nil {
		return answer(fmt.Sprintf("bad\t%q", err.(*Error).Text))
	}
	matched, err1 := p.Match([]byte(q.text))
	found, err2 := p.Find([]byte(q.text))
	var spans strings.Builder
	err3 := p.each([]byte(q.text), nil, 1, func(slots []int) (bool, error) {
		found = false
		for i := 0; i < len(slots); i += 2 {
			spans.WriteString(span(i, slots[i], slots[i+1]))
		}
		spans.WriteByte(';')
		return true, nil
	})
	parts, err4 := p.Split(q.text, 0, nil)
	if err := errors.Join(err1, err2, err3, err4); err != nil || found {
		return answer(fmt.Sprint("error ", found, err))
	}
	return answer(fmt.Sprintf("%v\t%s\t%q\t%q\t%q", matched, spans.String(),
		text(p.ReplaceAll(q.text, q.replacement, 1<<20, nil)), text(p.ReplaceFirst(q.text, q.replacement, 1<<20, nil)), parts))
}

func span(i, from, to int) string {
	comma := ""
	if i > 0 {
		comma = ","
	}
	if from < 0 || to < 0 {
		return comma + "-"
	}
	return fmt.Sprintf("%s%d:%d", comma, from, to)
}

func text(s string, err error) string {
	if err != nil {
		return "!" + err.Error()
	}
	return s
}

// TestJava compares with the answers of Java 17, in testdata/java17.txt.
func TestJava(t *testing.T) {
	questions, want := table(t)
	if *update {
		want = askJava(t, questions)
		writeTable(t, questions, want)
	}
	for i, q := range questions {
		if diff := cmp.Diff(want[i], q.ask()); diff != "" {
			t.Errorf("%q on %q with %q (-java +got):\n%s", q.pattern, q.text, q.replacement, diff)
		}
	}
}

// TestJavaRandom compares random pairs with the Java at hand. What differs are
// groups in repeated groups, which Java doesn't restore on its way back, and
// look-behinds that it can't measure.
func TestJavaRandom(t *testing.T) {
	if *random == 0 {
		t.Skip("run with -random 20000 where there is a java")
	}
	r := rand.New(rand.NewSource(*seed))
	questions := make([]question, *random)
	for i := range questions {
		questions[i] = question{randomPattern(r, 4), randomText(r), pick(r, "-", "[$0]", "<$1>", `\$`, "$2", "$11")}
	}
	different := 0
	for i, want := range askJava(t, questions) {
		q := questions[i]
		if got := q.ask(); got != want {
			different++
			t.Logf("%q on %q with %q\n got %s\njava %s", q.pattern, q.text, q.replacement, got, want)
		}
	}
	if different*500 > *random {
		t.Errorf("%d of %d differ", different, *random)
	}
}

func table(t *testing.T) (questions []question, answers []answer) {
	t.Helper()
	data, err := os.ReadFile("testdata/java17.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 4)
		var q question
		for i, into := range []*string{&q.pattern, &q.text, &q.replacement} {
			if *into, err = strconv.Unquote(f[i]); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		}
		questions, answers = append(questions, q), append(answers, answer(f[3]))
	}
	return questions, answers
}

func writeTable(t *testing.T, questions []question, answers []answer) {
	t.Helper()
	var out bytes.Buffer
	for i, q := range questions {
		fmt.Fprintf(&out, "%q\t%q\t%q\t%s\n", q.pattern, q.text, q.replacement, answers[i])
	}
	if err := os.WriteFile("testdata/java17.txt", out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func askJava(t *testing.T, questions []question) []answer {
	t.Helper()
	var in bytes.Buffer
	for _, q := range questions {
		fmt.Fprintf(&in, "%s\t%s\t%s\n", encode(q.pattern), encode(q.text), encode(q.replacement))
	}
	cmd := exec.Command("java", "testdata/Answers.java")
	cmd.Stdin, cmd.Stderr = &in, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []answer
	for line := range strings.Lines(string(out)) {
		answers = append(answers, readAnswer(t, strings.Split(strings.TrimSuffix(line, "\n"), "\t")))
	}
	return answers
}

func readAnswer(t *testing.T, f []string) answer {
	if f[0] == "bad" {
		return answer(fmt.Sprintf("bad\t%q", decode(t, f[1])))
	}
	parts := []string{}
	for _, part := range strings.Split(strings.TrimSuffix(f[4], "."), ".") {
		if f[4] != "" {
			parts = append(parts, decode(t, part))
		}
	}
	return answer(fmt.Sprintf("%s\t%s\t%q\t%q\t%q", f[0], f[1], decode(t, f[2]), decode(t, f[3]), parts))
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func decode(t *testing.T, s string) string {
	t.Helper()
	s, failed := strings.CutPrefix(s, "!")
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	if failed {
		return "!" + string(b)
	}
	return string(b)
}

func pick(r *rand.Rand, from ...string) string { return from[r.Intn(len(from))] }

func randomPattern(r *rand.Rand, depth int) string {
	switch n := r.Intn(14); {
	case depth <= 0 || n < 5:
		return pick(r, "a", "b", "c", "A", ".", `\d`, `\w`, `\s`, `\S`, `\W`, "[ab]", "[^a]", "[a-c&&[^b]]", "[a-z&&[bc]]", "[a[bc]]",
			"[^a[b]]", "[a-c&&b-c&&c]", "[ab&&bc]", "[^a-b&&b-c]", `\h`, `\v`, `\R`, `\p{Alpha}`, `\p{L}`, `\P{L}`, `\p{Lower}`,
			`\p{javaLowerCase}`, `\p{Punct}`, "^", "$", `\b`, `\B`, `\Z`, `\z`, `\A`, `\G`, `\1`, `\2`, `\n`, `\r`, "é", `\x61`,
			`\u0061`, `\0141`, `\Qa.\E`, "-", "1", "_", `[\w&&[^_]]`, "[.]", `[\-a]`, "[a-]", `\.`, `[^\s]`, "İ", "ı", "k", "ſ", "\u0301", "ß")
	case n < 8:
		return randomPattern(r, depth-1) + randomPattern(r, depth-1)
	case n < 10:
		return pick(r, "(", "(", "(?:", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?s:", "(?m:", "(?iu:", "(?d:", "(?U:", "(?md:", "(?-i:") +
			randomPattern(r, depth-1) + ")"
	case n < 12:
		return pick(r, "(", "(?:") + randomPattern(r, depth-1) + "|" + randomPattern(r, depth-1) + ")"
	}
	x := randomPattern(r, depth-1)
	if len(x) > 2 || r.Intn(3) == 0 {
		x = pick(r, "(", "(?:") + x + ")"
	}
	return x + pick(r, "*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{2}", "{1,2}", "{0,2}?", "{2,}", "{1,}+")
}

func randomText(r *rand.Rand) string {
	var b strings.Builder
	for range r.Intn(6) {
		if r.Intn(3) > 0 {
			b.WriteString(pick(r, "a", "b", "c", "A", "B", "ab", "aa"))
			continue
		}
		b.WriteString(pick(r, "1", " ", "\n", "\r", "\r\n", "\u0085", "\u2028", "é", "É", "_", "-", ".", "abc", "a.", "\t", "k", "K", "\u212a", "ſ", "s", "\u0301", "İ", "i", "ß"))
	}
	return b.String()
}
