package jsonpath

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answer is what path names in doc: JSON, missing or refused.
func answer(t *testing.T, path, doc string) string {
	t.Helper()
	if _, err := Compile(path); err != nil {
		return "refused"
	}
	return search(t, path, doc)
}

// sameAnswer compares as JSON: Java writes 1E2 as 100.0.
func sameAnswer(t *testing.T, got, want string) bool {
	if got == "refused" || want == "refused" {
		return got == want
	}
	return normal(t, got) == normal(t, want)
}

// TestJayway compares with what Jayway itself answered.
func TestJayway(t *testing.T) {
	for _, file := range []string{"testdata/jayway.txt", "testdata/jayway-random.txt"} {
		table, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkAnswers(t, string(table))
	}
}

func checkAnswers(t *testing.T, table string) {
	doc := ""
	for line := range strings.Lines(table) {
		line = strings.TrimSuffix(line, "\n")
		pair, ok := strings.CutPrefix(line, "\t")
		if !ok {
			doc = line
			continue
		}
		path, want, _ := strings.Cut(pair, "\t")
		if got := answer(t, path, doc); !sameAnswer(t, got, want) {
			t.Errorf("%s in %.40s…: %s, not %s", path, doc, got, want)
		}
	}
}

// TestOtherThanJayway has what is meant to differ.
func TestOtherThanJayway(t *testing.T) {
	tree := `{"rows":[{"t":"A","c":[{"t":"B","c":[{"t":"C"}]}]},{"t":"D","c":[]}],"map":{"x":{"t":"X"}}}`
	for _, c := range []struct{ why, path, doc, want string }{
		{"Jayway compiles it, and fails whenever it is read", "$.a.bogus()", `{"a":1}`, "refused"},
		{"Jayway compiles it, and fails whenever it is read", "$.a.first().b", `{"a":[{"b":1}]}`, "refused"},
		{"Jayway takes no null document", "$", `null`, `null`},
		{"since 2.6 Jayway loses what a scan finds through a wildcard", "$..*.t", tree, `["A","D","B","C","X"]`},
		{"since 2.6 Jayway loses what a scan finds through a wildcard", "$..[*].t", tree, `["A","D","B","C","X"]`},
		{"Jayway 2.4 also takes t of each element of an array that passes, 2.6 loses it", "$..[?(!@.c)].t", tree, `["C","C","X"]`},
		{"Jayway takes no arguments within arguments, and its append changes the document", "$.sum($.a.append(2), $.a)", `{"a":[1]}`, `4.0`},
	} {
		t.Run(c.path, func(t *testing.T) {
			if got := answer(t, c.path, c.doc); !sameAnswer(t, got, c.want) {
				t.Errorf("%s, not %s: %s", got, c.want, c.why)
			}
		})
	}
}

const store = `{"store":{"book":[` +
	`{"category":"reference","author":"Nigel Rees","title":"Sayings of the Century","price":8.95},` +
	`{"category":"fiction","author":"Evelyn Waugh","title":"Sword of Honour","price":12.99},` +
	`{"category":"fiction","author":"Herman Melville","title":"Moby Dick","isbn":"0-553-21311-3","price":8.99},` +
	`{"category":"fiction","author":"J. R. R. Tolkien","title":"The Lord of the Rings","isbn":"0-395-19395-8","price":22.99}],` +
	`"bicycle":{"color":"red","price":19.95}},"expensive":10}`

// TestReadme has the examples of Jayway's README.
func TestReadme(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"$.store.book[*].author", `["Nigel Rees","Evelyn Waugh","Herman Melville","J. R. R. Tolkien"]`},
		{"$..author", `["Nigel Rees","Evelyn Waugh","Herman Melville","J. R. R. Tolkien"]`},
		{"$.store..price", `[8.95,12.99,8.99,22.99,19.95]`},
		{"$..book[2].title", `["Moby Dick"]`},
		{"$..book[-2].title", `["Moby Dick"]`},
		{"$..book[0,1].title", `["Sayings of the Century","Sword of Honour"]`},
		{"$..book[:2].title", `["Sayings of the Century","Sword of Honour"]`},
		{"$..book[1:2].title", `["Sword of Honour"]`},
		{"$..book[-2:].title", `["Moby Dick","The Lord of the Rings"]`},
		{"$..book[2:].title", `["Moby Dick","The Lord of the Rings"]`},
		{"$..book[?(@.isbn)].title", `["Moby Dick","The Lord of the Rings"]`},
		{"$.store.book[?(@.price < 10)].title", `["Sayings of the Century","Moby Dick"]`},
		{"$..book[?(@.price <= $['expensive'])].title", `["Sayings of the Century","Moby Dick"]`},
		{"$..book.length()", `4`},
		{"$.store.book[?(@.category == 'fiction')].price", `[12.99,8.99,22.99]`},
		{"$.store.book[?(@.category in ['reference'])].price", `[8.95]`},
		{"$.store.book[?(@.price > 10 && @.category == 'fiction')].price", `[12.99,22.99]`},
		{"$.store.book[?(@.category == 'reference' || @.price > 20)].price", `[8.95,22.99]`},
		{"$.store.book[?(!(@.price < 10 && @.category == 'fiction'))].price", `[8.95,12.99,22.99]`},
		{"$.store.bicycle.keys()", `["color","price"]`},
		{"$.store.book[0]['title','price']", `{"title":"Sayings of the Century","price":8.95}`},
	} {
		t.Run(c.path, func(t *testing.T) {
			if d := cmp.Diff(c.want, search(t, c.path, store)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct{ path, want string }{
		{"", `JSONPath "": at character 1: the path is empty`},
		{"$.a.", `JSONPath "$.a.": at character 5: the path ends with a dot`},
		{"a.", `JSONPath "a.": at character 3: the path ends with a dot`},
		{"$.my prop", `JSONPath "$.my prop": at character 5: a name with blanks is written ['a name']`},
		{"$.a[b]", `JSONPath "$.a[b]": at character 5: expected ?, a quote, a number or * after '['`},
		{"$.a[0", `JSONPath "$.a[0": at character 5: no ']' after a number`},
		{"$.a[99999999999]", `JSONPath "$.a[99999999999]": at character 5: "99999999999" is no index`},
		{"$.a[?(@.b = 1)]", `JSONPath "$.a[?(@.b = 1)]": at character 11: expected an operator or ')'`},
		{"$.a[?(@.b == x)]", `JSONPath "$.a[?(@.b == x)]": at character 14: expected a path or a literal`},
		{"$.a[?(@.b[x] == 1)]", `JSONPath "$.a[?(@.b[x] == 1)]": at character 13: in the path @.b[x]: expected ?, a quote, a number or * after '['`},
		{"$.a.bogus()", `JSONPath "$.a.bogus()": at character 10: there is no function bogus`},
		{"$.concat(x)", `JSONPath "$.concat(x)": at character 10: expected a path or a literal`},
	} {
		t.Run(c.path, func(t *testing.T) {
			_, err := Compile(c.path)
			if err == nil {
				t.Fatal("compiled")
			}
			if d := cmp.Diff(c.want, err.Error()); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestBounds has paths that would go on for long, and texts without end.
func TestBounds(t *testing.T) {
	wide := "[" + strings.Repeat("[1,2,3,4,5,6,7,8,9],", 300) + "0]"
	doc, err := Parse([]byte(wide), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"$..*..*..*", "$[?(@ == 0 || $..*[?($..* == 1)] == 1)]", "$[?(@ in $..*)]", "$[?('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' =~ /(?:(a+)+\\1)*b/)]"} {
		p, err := Compile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := p.Find(doc, Limits{Nodes: 3000}); err != ErrLimit {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{
		"$" + strings.Repeat(".a", maxPathBytes),
		"$[?(" + strings.Repeat("(", 1000),
		"$[?(" + strings.Repeat("!", 1000),
		"$[?(@ == " + strings.Repeat("[", 1000),
		strings.Repeat("$[?(@", 200),
		strings.Repeat("$.sum(", 200),
	} {
		if _, err := Compile(path); err == nil {
			t.Errorf("%.20s… compiled", path)
		}
	}
}

// TestLargeObject: a filter that compares with a member of a large object looks
// for it once, and one that must look into many doesn't go on for ever.
func TestLargeObject(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"list":[1,2` + strings.Repeat(",3", 20000) + `]`)
	for i := range 20000 {
		fmt.Fprintf(&b, `,"member%d":0`, i)
	}
	b.WriteString(`,"limit":3}`)
	for path, want := range map[string]string{"$.list[?(@ < $.limit)]": "[1,2]", "$.list[?(@ < $.none)]": "[]", "$.list[?(@ == $..limit)]": "[]"} {
		if got := search(t, path, b.String()); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	doc, err := Parse([]byte(b.String()), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile("$[?(@.list[?(@ < 0)])].list[?(@ in $.list[?(@.x == 1)])]")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Find(doc, Limits{Nodes: 30000}); err != ErrLimit {
		t.Error(err)
	}
}

// FuzzPath compiles and searches: it must come to an end.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"$.a.b[0]['c','d'][1:2][-1,2].*..x", "$..[?(@.a == 'b' && !(@.c in [1,'x']) || @.d.length() > 2)]",
		"$.sum($..a, 3)", "$..a.avg()", `$["\u0041\n"]`, "$.a[?(@.b size 1)][?(@.c empty true)]", "$.concat('a', {'b': [1]})", "$..[?(@ =~ /a(b|c)*?\\1$/i)]"} {
		f.Add(s, store)
	}
	f.Fuzz(func(t *testing.T, path, text string) {
		p, err := Compile(path)
		if err != nil {
			return
		}
		doc, err := Parse([]byte(text), Limits{})
		if err != nil {
			return
		}
		before := string(doc.AppendJSON(nil))
		found, ok, err := p.Find(doc, Limits{Nodes: 10000})
		if err == nil && !ok && !p.Definite() {
			t.Fatal("an indefinite path without an answer")
		}
		if ok {
			found.AppendJSON(nil)
		}
		if string(doc.AppendJSON(nil)) != before {
			t.Fatal("the document changed")
		}
	})
}
