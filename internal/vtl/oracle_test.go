package vtl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestVelocity renders templates and compares with what Apache Velocity 1.7
// made of them (testdata/velocity/Oracle.java). What is to differ is named in
// deviations.
func TestVelocity(t *testing.T) {
	files, err := filepath.Glob("testdata/velocity/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no templates", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		theme := strings.TrimSuffix(filepath.Base(file), ".txtar")
		parts := txtar.Parse(data).Files
		for i := 0; i+1 < len(parts); i += 2 {
			template, answer := parts[i], parts[i+1]
			t.Run(theme+"/"+template.Name, func(t *testing.T) {
				compareWithVelocity(t, template, answer)
			})
		}
	}
}

func compareWithVelocity(t *testing.T, template, answer txtar.File) {
	text := strings.TrimSuffix(string(template.Data), "\n")
	got, want := renderWith(text, testRoots()[1:2], &Run{Objects: []Object{testUtil{}}}), strings.TrimSuffix(string(answer.Data), "\n")
	if strings.HasSuffix(answer.Name, ": fails") {
		want = "fails"
		if strings.HasPrefix(got, "refused: ") || strings.HasPrefix(got, "failed: ") {
			got = want
		}
	}
	diff := cmp.Diff(want, got)
	why, differs := deviations()[text]
	switch {
	case diff != "" && !differs:
		t.Errorf("%s\nVelocity (-), here (+):\n%s", text, diff)
	case diff == "" && differs:
		t.Errorf("%s\nno longer differs, though listed: %s", text, why)
	}
}

// deviations are the templates that are to render otherwise than in Velocity,
// and why.
func deviations() map[string]string {
	const (
		class   = "API Gateway gives templates no classes"
		bang    = "$\\!a is no reference: text, not nothing"
		missing = "refused by name instead of running no turns"
		formal  = "Velocity sets a variable of another name: a mistake of its parser"
	)
	return map[string]string{
		`$\!a`:                      bang,
		`$\\!a`:                     bang,
		`#set($a = 1)$\!a`:          bang,
		`#set($a = 1)$\\!a`:         bang,
		`#set($a = 1)$\\\!a`:        bang,
		`$!$!1`:                     "Velocity loses the ! of both",
		`#set($a = 1)$a{b}`:         "Velocity loses the closing brace",
		`#foreach($i [1..3])$i#end`: missing,
		`#foreach($i in)$i#end`:     missing,
		`#set($l = ['a', 'b', 'a'])$l.count()|$l`:                       "AWS documents .count()",
		`#macro(m $a)\$a $a#end#m('x')`:                                 "Velocity writes the argument's source",
		`#macro(m-1)x#end#m-1()`:                                        "a macro's name is a word; the rest is refused",
		`#define($d)$d#end[$d]`:                                         "a reference to nothing renders empty (recorded on AWS)",
		`#set($m = {'a': 1, 'b': 'x'})$m.class|$m`:                      class,
		`#set($m = {'a': 1, 'b': 'x'})$m.getClass()|$m`:                 class,
		`#set($m = {'class': 'c'})$m.class|$m['class']|$m.get('class')`: class,
		`#set($s = 'abc')$s.class`:                                      class,
		`#set($s = 'abc')$s.getClass()`:                                 class,
		`#set($s = 'abc')$s.getClass().getName()`:                       class,
		`#set($s = 'abc')$s.class.name`:                                 class,
		`#set(${a} = 1)$a`:                                              formal,
		`#set($!a = 1)$a`:                                               formal,
		`#set($!{a} = 1)$a`:                                             formal,
	}
}
