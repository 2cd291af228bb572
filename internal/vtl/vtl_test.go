package vtl

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func render(t *testing.T, text string) string {
	t.Helper()
	tmpl, err := Compile(text, nil)
	if err != nil {
		return "refused: " + err.Error()
	}
	out, err := tmpl.Render(nil, &Run{})
	if err != nil {
		return "failed: " + err.Error()
	}
	return string(out)
}

func TestRender(t *testing.T) {
	tests := []struct{ template, want string }{
		{`Hello`, `Hello`},
		{`#set($a = 1)$a`, `1`},
		{`#set($vice = "maniac")Jack is a ${vice}ist.`, `Jack is a maniacist.`},
		{`#foreach($i in [1..3])$i#if($foreach.hasNext),#end#end`, `1,2,3`},
		{`#set($m = {"k": "v"})#set($l = ["x", "y"])$m.k$m["k"]$l[1]$l.get(0)$m $l`, `vvyx{k=v} [x, y]`},
		{`#macro( d $x )<$x>#end#d("a")#d("b")`, `<a><b>`},
		{`#set($x = 7 / 2)$x #set($y = 7.0 / 2)$y`, `33.5`},
		{`#set($s = "abc")$s.length() $s.substring(1) $s.toUpperCase()`, `3 bc ABC`},
		{`$foo \$foo #set($foo = 1)\$foo \\$foo`, ` \$foo$foo \1`},
		{`#if(1 > 2)a#elseif(2 == 2)b#{else}c#end`, `b`},
		{`#define($b)[$x]#end#set($x = 1)$b#set($x = 2)$b`, `[1][2]`},
		{`#include("a")`, `refused: line 1, column 1: #include isn't available in API Gateway's templates`},
	}
	for _, test := range tests {
		t.Run(test.template, func(t *testing.T) {
			if diff := cmp.Diff(test.want, render(t, test.template)); diff != "" {
				t.Errorf("rendered (-want +got):\n%s", diff)
			}
		})
	}
}
