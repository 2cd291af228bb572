package vtl

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// renderWith is what a template comes to: its text, or why not.
func renderWith(text string, roots []Root, r *Run) string {
	tmpl, err := Compile(text, roots)
	if err != nil {
		return "refused: " + err.Error()
	}
	out, err := tmpl.Render(nil, r)
	if err != nil {
		return "failed: " + err.Error()
	}
	return string(out)
}

type renderCase struct{ name, template, want string }

// runCases compares what templates come to; of a want that ends in … only what
// stands before it.
func runCases(t *testing.T, cases []renderCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := renderWith(c.template, testRoots(), testRun())
			if want, some := strings.CutSuffix(c.want, "…"); some && strings.HasPrefix(got, want) {
				return
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s\nrendered (-want +got):\n%s", c.template, diff)
			}
		})
	}
}

// TestNull has what differs from Velocity 1.7 (recorded on AWS, mapping
// templates that render $input.path of what isn't there).
func TestNull(t *testing.T) {
	runCases(t, []renderCase{
		{"undefined", `[$a][${a}][$!a][$a.b.c()][$a[0]]`, `[][][][][]`},
		{"equals null", `#if($a == $null)same#end`, `same`},
		{"equals the empty string", `#if($a == "")same#end#if("" == $a.b)same#end`, `samesame`},
		{"isn't unequal to the empty string", `#if($a.b.c != '')different#end`, ``},
		{"isn't an empty list", `#set($l = [])#if($l == $null)null#end#if($l == "")blank#end`, ``},
		{"isn't zero or false", `#if($a == 0)zero#end#if($a == false)false#end`, ``},
		{"is false", `#if($a)true#{else}false#end`, `false`},
		{"added to a string", `#set($s = $a + "x")$s`, `x`},
		{"a root without text", `[$input]`, `[]`},
		{"a method that isn't there", `[$input.nope()][$util.nope(1, 2)]`, `[][]`},
	})
}

// TestJSON has how documents print and behave (recorded on AWS: maps as Java
// prints them, lists as JSON).
func TestJSON(t *testing.T) {
	const set = `#set($j = $util.parseJson('{"m": {"a": 1, "b": "x"}, "l": [{"a": "q\""}, 2.50, null, true, "/"], "n": null, "big": 12345678901234567890, "e": 1e3, "d": 0.1234567890123456789}'))`
	runCases(t, []renderCase{
		{"map", set + `$j.m`, `{a=1, b=x}`},
		{"list", set + `$j.l`, `[{"a":"q\""},2.5,null,true,"\/"]`},
		{"escapes in a list's text", `#set($j = $util.parseJson('{"a": ["http://x/é€\u0001\t\"", {"k/": [1.50, 1e400]}]}'))$j.a $j`, `["http:\/\/x\/é\u20AC\u0001\t\"",{"k\/":[1.5,null]}] {a=["http:\/\/x\/é\u20AC\u0001\t\"",{"k\/":[1.5,null]}]}`},
		{"no escapes in other texts", `#set($j = $util.parseJson('{"a": {"b/": "x/y"}}'))$j #set($l = ["a/b"])$l`, `{a={b/=x/y}}[a/b]`},
		{"map in a list", set + `$j.l[0]`, `{a=q"}`},
		{"numbers", set + `$j.big $j.e $j.d`, `12345678901234567890 1000.0 0.1234567890123456789`},
		{"null member", set + `[$j.n][$j.l[2]]#if($j.containsKey("n"))there#end`, `[][]there`},
		{"loops", set + `#foreach($k in $j.keySet())$k #end#foreach($v in $j.m)$v #end#foreach($e in $j.m.entrySet())$e.key:$e.value #end`, `m l n big e d 1 x a:1 b:x `},
		{"negative index", set + `$j.l[-1]`, `/`},
		{"beyond the end", set + `$j.l[9]`, `failed: line 1, column 182: index 9 out of bounds for length 5`},
		{"changed member", set + `#set($j.m.a = 2)$j.m.put("c", 3)$j.m $j.m.size() $j.m.c`, `{a=2, b=x, c=3} 3 3`},
		{"changed list", set + `#set($ok = $j.l.add("z"))$j.l.size()$j.l.get(5)#set($j.l[0] = 7)$j.l`, `6z[7,2.5,null,true,"\/","z"]`},
		{"removed member", set + `$j.m.remove("a")$j.m`, `1{b=x}`},
		{"a change reaches functions", set + `#set($j.l[0].a = 5)$util.escapeJavaScript($j.l)`, `[{\"a\":5},2.5,null,true,\"\\/\"]`},
		{"a block reaches functions", `#define($d)a"b#end$util.escapeJavaScript($d)`, `a\"b`},
		{"the document itself stays", `#set($b = $input.path('$.items[0]'))#set($b.title = "new")$input.path('$.items[0].title') $input.json('$.items[0].title')`, `Sample Title "Sample Title"`},
		{"equals", set + `#if($j.m == {"a": 1, "b": "x"})same#end#if($j.l == [])same#end`, `same`},
		{"size and count", set + `$j.l.size() $j.l.count() $j.m.size() $j.l.isEmpty()`, `5 5 2 false`},
	})
}

func TestRoots(t *testing.T) {
	runCases(t, []renderCase{
		{"property", `$context.stage $context["stage"] $context.get("stage") ${context.stage}`, `prod prod prod prod`},
		{"set", `#set($context.a = 1)#set($context["b"] = 2)$context.put("c", 3)$context.a$context.b$context.c`, `123`},
		{"the methods of a map", `$context.size() $context.containsKey("stage") $context.keySet() #foreach($v in $context)$v#end`, `1 true [stage] prod`},
		{"bound call", `$input.path('$.items[0].title')|$input.json('$.version')`, `Sample Title|1`},
		{"computed call", `#set($n = 1)$input.path("$.items[$n].title")`, `Another Title`},
		{"a path that is none", `$input.path('$.[')`, `refused: line 1, column 1: $input.path: …`},
		{"assigned to", `#set($input = "text")$input.length() $input.path('$.x')`, `4 `},
		{"loop variable", `#foreach($util in [1, 2])$util.intValue()#end$util.urlEncode("a b")`, `12a+b`},
		{"can't be set", "\n  #set($util.x = 1)", `failed: line 2, column 14: $util can't be set`},
		{"a function's error", `x $util.parseJson("{")`, `failed: line 1, column 9: …`},
	})
}

func TestErrors(t *testing.T) {
	runCases(t, []renderCase{
		{"include", `x #include("a.vm")`, `refused: line 1, column 3: #include isn't available in API Gateway's templates`},
		{"parse", "\n\n#parse('a.vm')", `refused: line 3, column 1: #parse isn't available in API Gateway's templates`},
		{"evaluate", `#if(true)#evaluate('x')#end`, `refused: line 1, column 10: #evaluate isn't available in API Gateway's templates`},
		{"open if", "a\n#if(true)\nb", `refused: line 2, column 1: #if isn't closed by #end`},
		{"open foreach", "#foreach($i in [1])", `refused: line 1, column 1: #foreach isn't closed by #end`},
		{"stray end", "a\n b#end", `refused: line 2, column 3: unexpected #end`},
		{"stray else", "a\n b#else c", `refused: line 2, column 3: unexpected #else`},
		{"no condition", "#if true#end", `refused: line 1, column 1: #if and #elseif want a condition in parentheses`},
		{"open string", `#set($a = "x)`, `refused: line 1, column 11: a string isn't closed`},
		{"in a string", `#set($a = "b #if(c) d")`, `refused: line 1, column 18: expected a value, found "c) d"`},
		{"in the second line of a string", "#set($a = \"b\n  #if(c) d\")", `refused: line 2, column 7: expected a value, found "c) d"`},
		{"open brace", `${a.b`, `refused: line 1, column 6: expected }, found the end of the template`},
		{"arithmetic in an argument", `$a.substring($i + 1)`, `refused: line 1, column 17: expected ) or ,, found "+ 1)"`},
		{"Java's exception", "\n $context.stage.substring(9)", `failed: line 2, column 17: .substring: begin 9, end 4, length 4`},
		{"a list's exception", `#set($l = [1])$l.get(3)`, `failed: line 1, column 18: .get: index 3 out of bounds for length 1`},
		{"a number's exception", `#set($Integer = 0)$Integer.parseInt("x")`, `failed: line 1, column 28: .parseInt: for input string: "x"`},
		{"null argument", `#set($s = "a")$s.contains($null)`, `failed: line 1, column 18: .contains: an argument is null`},
		{"a pattern that is none", `#set($s = "a")$s.matches("(")`, `failed: line 1, column 18: .matches: …`},
		{"too many turns", `#foreach($i in [1..1001])#end`, `failed: line 1, column 1: #foreach takes more than 1000 turns`},
		{"macro too deep", "#macro(m)\n#m()#end#m()", `failed: line 2, column 1: macro #m is called more than 20 deep`},
		{"changed under way", `#set($l = [1, 2])#foreach($i in $l)$l.add(3)#end`, `failed: line 1, column 18: a list was changed while #foreach goes over it`},
	})
}

func TestHostError(t *testing.T) {
	want := errors.New("out of ink")
	roots := []Root{{Name: "pen", Bind: func(string, []Value) (Func, error) {
		return func(*Run, []Value) (Value, error) { return Value{}, want }, nil
	}}}
	tmpl, err := Compile("a\n$pen.write()", roots)
	if err != nil {
		t.Fatal(err)
	}
	out, err := tmpl.Render([]byte("before"), &Run{Objects: []Object{testUtil{}}})
	var e *Error
	if !errors.Is(err, want) || !errors.As(err, &e) || e.Line != 2 || e.Column != 6 || string(out) != "before" {
		t.Errorf("Render gives %q, %#v", out, err)
	}
}

func TestLimits(t *testing.T) {
	tests := []struct {
		name, template string
		limits         Limits
		want           string
	}{
		{"steps", `#foreach($i in [1..100])$i#end`, Limits{Steps: 50}, "steps"},
		{"depth", `#if(true)#foreach($i in [1])#foreach($j in [1])#foreach($k in [1])x#end#end#end#end`, Limits{Depth: 2}, "deeper"},
		{"output", `#foreach($i in [1..100])0123456789#end`, Limits{Output: 900}, "text"},
		{"a string", `#set($s = "0123456789")#foreach($i in [1..10])#set($s = "$s$s")#end`, Limits{Output: 900}, "text"},
		{"a list's text", `#set($l = ["0123456789"])#foreach($i in [1..10])#set($l = [$l, $l])#end$l`, Limits{Output: 900}, "text"},
		{"turns", `#foreach($i in [1..5])#end`, Limits{Loop: 4}, "turns"},
		{"a list in itself for the host", `#set($l = [1])#set($ok = $l.add($l))$util.urlEncode($l)`, Limits{}, "deeper"},
		{"a list twice in itself for the host", `#set($l = [1])#foreach($i in [1..100])#set($l = [$l, $l])#end$util.urlEncode($l)`, Limits{}, "steps"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := testRun()
			r.Limits = test.limits
			if got := renderWith(test.template, testRoots(), r); !strings.HasPrefix(got, "failed: line ") || !strings.Contains(got, test.want) {
				t.Errorf("rendered %q, wants an error about %s", got, test.want)
			}
		})
	}
}

func TestTrace(t *testing.T) {
	tmpl, err := Compile("#set($a = [1, 2])\n#foreach($i in $a)\n  #if($i > 1)$i#else-#end\n#end\n$a.size()$nothing#stop", nil)
	if err != nil {
		t.Fatal(err)
	}
	var steps []Step
	if _, err := tmpl.Render(nil, &Run{Trace: func(s Step) { s.Cost = 0; steps = append(steps, s) }}); err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{1, 1, "#set($a = [1, 2])", "[1, 2]", 0},
		{2, 1, "#foreach($i in $a)", "[1, 2]", 0},
		{3, 3, "#if($i > 1)", "false", 0},
		{3, 3, "#if($i > 1)", "true", 0},
		{3, 14, "$i", "2", 0},
		{5, 1, "$a.size()", "2", 0},
		{5, 10, "$nothing", "", 0},
		{5, 18, "#stop", "", 0},
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestConstant(t *testing.T) {
	tests := []struct {
		template, text string
		constant       bool
	}{
		{`{"statusCode": 200}`, `{"statusCode": 200}`, true},
		{"", "", true},
		{"## nothing\n", "", true},
		{"a#* b *#c #[[$d]]#", "ac $d", true},
		{"$a", "", false},
		{"#set($a = 1)", "", false},
	}
	for _, test := range tests {
		tmpl, err := Compile(test.template, nil)
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := tmpl.Constant(); ok != test.constant || string(text) != test.text {
			t.Errorf("%q: Constant is %q, %v", test.template, text, ok)
		}
	}
}

func TestRunAgain(t *testing.T) {
	tmpl, err := Compile(`$!a#set($a = $input.path('$.count'))$a#macro(m $x)$x#end#m(1)`, testRoots())
	if err != nil {
		t.Fatal(err)
	}
	r := testRun()
	for range 3 {
		if out, err := tmpl.Render(nil, r); err != nil || string(out) != "21" {
			t.Fatalf("rendered %q, %v", out, err)
		}
	}
}

func TestValue(t *testing.T) {
	doc, err := jsonpath.Parse([]byte(`{"a": [1, {"b": null}]}`), jsonpath.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name       string
		value      Value
		text, json string
	}{
		{"undefined", Value{}, "", "null"},
		{"null", NullValue(), "", "null"},
		{"string", StringValue("a\"\n"), "a\"\n", `"a\"\n"`},
		{"bool", BoolValue(true), "true", "true"},
		{"integer", IntegerValue(-5), "-5", "-5"},
		{"list", ListValue(StringValue("a"), NullValue(), IntegerValue(1)), "[a, null, 1]", `["a",null,1]`},
		{"map", MapValue([]string{"a", "b"}, []Value{StringValue("x"), ListValue()}), "{a=x, b=[]}", `{"a":"x","b":[]}`},
		{"document", JSONValue(doc), `{a=[1,{"b":null}]}`, `{"a":[1,{"b":null}]}`},
		{"no document", JSONValue(nil), "", "null"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.value.Text(); got != test.text {
				t.Errorf("Text is %q, want %q", got, test.text)
			}
			w := writer{limit: maxText}
			if w.json(test.value, 0); string(w.dst) != test.json {
				t.Errorf("as JSON it is %q, want %q", w.dst, test.json)
			}
		})
	}
}

// TestChangedWhilePrinted: what prints a map or hands it on goes over what the
// map had at the beginning, also when a block in it changes it.
func TestChangedWhilePrinted(t *testing.T) {
	const begin = `#set($m = {})#define($d)#set($x = $m.remove("b"))d#end#set($m = {"a": $d, "b": 1, "c": 2})`
	for text, want := range map[string]string{
		`$m`:                                    "{a=d, b=1, c=2}",
		`[$m]`:                                  "[{a=d, b=1, c=2}]",
		`#set($context.set = $m)$context.set$m`: "{a=d, b=1, c=2}{a=d, c=2}",
		`#set($l = $m.entrySet())$l`:            "[a=d, b=1, c=2]",
	} {
		if got := renderWith(begin+text, testRoots(), testRun()); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// TestKept wants a value that the host keeps to outlive the document it is of:
// the memory of a body is used again.
func TestKept(t *testing.T) {
	var memory jsonpath.Memory
	doc, err := memory.Parse([]byte(`{"a": {"b": ["x", {"c": "y"}]}}`), jsonpath.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r := testRun()
	r.Objects[0].(*testInput).doc = doc
	if got := renderWith(`#set($context.set = $input.path('$.a'))`, testRoots(), r); got != "" {
		t.Fatal(got)
	}
	memory.Reset()
	if _, err := memory.Parse([]byte(`{"other": {"text": ["z", {"z": "z"}]}}`), jsonpath.Limits{}); err != nil {
		t.Fatal(err)
	}
	v, _ := r.Objects[2].Get(r, "set")
	if got := v.Text(); got != `{b=["x",{"c":"y"}]}` {
		t.Errorf("kept %s", got)
	}
}
