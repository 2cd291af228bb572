package vtl

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// FuzzTemplate compiles and renders: nothing may panic, run on, or go past its
// limits, and a run's state mustn't leak into the next one.
func FuzzTemplate(f *testing.F) {
	for _, seed := range hostile() {
		f.Add(seed)
	}
	for _, seed := range []string{
		article,
		"#macro(m $a)$a#end#m('x')#@m('y')z#end",
		"#define($d)$x#end#foreach($x in [1..3])$d#end",
		"#set($m = {'a': [1, 2.5, true]})$m.a[0].intValue() $m.entrySet()",
		`#set($s = 'a,b')$s.split(',')[1].replaceAll("(b)", "$1$1").format("%5.2f", 1.5)`,
		"$!{input.path('$.items[0].title').substring(1, 3)}\\$a\\\\#if(1 < 2 && !$x)x#elseif($y)y#{else}z#end",
		"#set($input = 1)$input#set($context.a = 1)$context.a$context.put('b', 2)#foreach($k in $context.keySet())$k#end",
		"#set($b = $input.path('$'))#set($b.items[0].title = 'x')$b.items[0].remove('body')$b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		tmpl, err := Compile(text, testRoots())
		if err != nil {
			requirePlace(t, text, err)
			return
		}
		r := testRun()
		start := time.Now()
		first, err := tmpl.Render([]byte("before"), r)
		if took := time.Since(start); took > time.Minute {
			t.Errorf("took %v", took)
		}
		if err != nil {
			requirePlace(t, text, err)
			if string(first) != "before" {
				t.Errorf("dst is %q after an error", first)
			}
			return
		}
		if len(first) > r.Limits.Output+len("before") {
			t.Errorf("made %d bytes", len(first))
		}
		r.Objects = testRun().Objects
		if second, err := tmpl.Render([]byte("before"), r); err != nil || !bytes.Equal(first, second) {
			t.Errorf("a second run gave %q, %v, the first one %q", second, err, first)
		}
	})
}

func requirePlace(t *testing.T, text string, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Line < 1 || e.Column < 1 || e.Text == "" {
		t.Fatalf("error without a place: %#v", err)
	}
	if lines := bytes.Count([]byte(text), []byte("\n")) + 1; e.Line > lines {
		t.Fatalf("line %d of %d: %v", e.Line, lines, err)
	}
}

func testRun() *Run {
	in := &testInput{body: articleBody, params: MapValue([]string{"path"}, []Value{MapValue([]string{"id"}, []Value{StringValue("1")})})}
	in.doc, _ = jsonpath.Parse([]byte(articleBody), jsonpath.Limits{})
	context := &testMap{MapValue([]string{"stage"}, []Value{StringValue("prod")})}
	return &Run{
		Objects: []Object{in, testUtil{}, context, &testMap{MapValue(nil, nil)}},
		Limits:  Limits{Steps: 200_000, Output: 1 << 20},
	}
}
