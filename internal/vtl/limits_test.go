package vtl

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// hostile are templates that would take all time or memory, were they let.
func hostile() []string {
	return []string{
		`#set($s = "x")#foreach($i in [1..100])#set($s = "$s$s")#end$s`,
		`#set($s = "x")#foreach($i in [1..100])#set($s = $s + $s)#end$s`,
		`#set($s = "x")#foreach($i in [1..100])#set($s = $s.concat($s))#end$s`,
		`#set($s = "xxxx")#foreach($i in [1..100])#set($s = $s.replace("x", "xxxxxxxx"))#end$s`,
		`#set($s = "xxxx")#foreach($i in [1..100])#set($s = $s.replaceAll("x", "xxxxxxxx"))#end$s`,
		`#set($l = [1])#foreach($i in [1..100])#set($ok = $l.addAll($l))#end$l.size()`,
		`#set($l = [1])#foreach($i in [1..100])#set($l = [$l, $l])#end$l`,
		`#set($l = [1])#foreach($i in [1..1000])#set($l = [$l])#end$l`,
		`#set($l = [1])#set($ok = $l.add($l))$l.hashCode()$l.equals($l)$l`,
		`#set($a = [1])#set($b = [1])#set($ok = $a.add($b))#set($ok = $b.add($a))$a.equals($b)$a.hashCode()$a`,
		`#set($m = {})#set($n = {})#set($m.n = $n)#set($n.m = $m)$m.equals($n)$m`,
		`#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])#set($x = 1)#end#end#end`,
		`#foreach($a in [1..1000])#foreach($b in [1..1000])$x#end#end`,
		`#foreach($a in [1..1001])#end`,
		`#set($x = [1..2000000000])`,
		`#set($x = [-2147483648..2147483647])`,
		`#set($l = [1])#foreach($i in [1..100])#set($l = [$l, $l])#end$l.hashCode()`,
		`#set($l = [1])#foreach($i in [1..100])#set($l = [$l, $l])#end#set($k = [1])#foreach($i in [1..100])#set($k = [$k, $k])#end#if($l == $k)x#end`,
		`#set($l = {"a": 1})#foreach($i in [1..100])#set($l = {"a": $l, "b": $l})#end#set($k = {"a": 1})#foreach($i in [1..100])#set($k = {"a": $k, "b": $k})#end$l.equals($k) $l.hashCode() [$l].contains($k)`,
		`#set($l = [])#foreach($i in [1..100])#set($l = [$l, $l])#end#foreach($i in [1..1000])#set($s = "$l")#end`,
		`#macro(m)#m()#m()#end#m()`,
		`#macro(m $a)#m("$a$a")#end#m("x")`,
		`#define($d)$d$d#end$d`,
		`#define($a)$b#end#define($b)$a#end$a`,
		`#define($a)xxxxxxxxxx$b$b$b$b#end#define($b)$c$c$c$c$c#end#define($c)$e$e$e$e$e$e#end#define($e)yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy#end#foreach($i in [1..1000])#set($s = "$s$a")#end`,
		`#set($n = 9999999999)#foreach($i in [1..1000])#set($n = $n * $n)#end$n`,
		`#set($s = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")$s.matches("(a+)+")`,
		`#set($s = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")#foreach($i in [1..1000])#set($x = $s.substring(0, 15).matches("(a+)+\1b"))#set($y = $s.substring(0, 15).split("(a+)+\1b"))#end`,
		`#set($s = "a")#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $s.matches("a{1,950}\p{L}$i$j"))#end#end`,
		`#set($s = "%9999s")#foreach($i in [1..20])#set($s = "$s$s")#end$s.format($s, "a")`,
		`#set($l = [1..1000])#foreach($i in $l)#foreach($j in $l)$l.contains($j)#end#end`,
		`#set($m = {})#foreach($i in [1..1000])#foreach($j in [1..1000])#set($m["$i $j"] = 1)#end#end$m.size()`,
		`#set($m = {})#foreach($i in [1..1000])#foreach($j in [1..1000])#set($m[$j] = 1)#end#end$m.size()`,
		`#set($m = {"a": 1})#foreach($e in $m.entrySet())#set($y = $e.setValue($m))#set($x = $m.put("a", $e))#end$m$m.toString()$util.urlEncode($m)$context[$m]`,
		`#set($m = {"a": 1})#foreach($e in $m.entrySet())#set($y = $e.setValue($e))$e$e.toString()$e.equals($e)$e.hashCode()#set($context.set = $e)#end`,
		`#set($a = [1..200000])#set($x = $a.add($null))#set($b = [$null])#foreach($i in [1..16])#set($x = $b.addAll($b))#end$a.containsAll($b)`,
		`#set($m = {})#set($x = $m.put("m", $m))#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $m` + strings.Repeat(".m", 100_000) + `)#end#end`,
		`#macro(m ` + strings.Repeat("$b ", 50_000) + `)#end#foreach($i in [1..1000])#foreach($j in [1..1000])#m(` + strings.Repeat("1 ", 50_000) + `)#end#end`,
		`#set($s = "xxxxxxxxxxxxxxxx")#foreach($i in [1..18])#set($s = "$s$s")#end#set($t = "$s")#foreach($i in [1..1000])#foreach($j in [1..1000])#if($s == $t || $s.equals($t))#end#set($x = $m.b)#end#end`,
		`#set($s = "xxxxxxxxxxxxxxxx")#foreach($i in [1..18])#set($s = "$s$s")#end#set($a = "a")#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $a.compareToIgnoreCase($s))#end#end`,
		`#set($s = "1111111111111111")#foreach($i in [1..18])#set($s = "$s$s")#end#set($d = 1.5)#foreach($i in [1..1000])#foreach($j in [1..1000])#set($x = $d.parseDouble($s))#end#end`,
		strings.Repeat("#if(true)", 20_000),
		strings.Repeat("(", 20_000),
		"#set($x = " + strings.Repeat("(", 20_000),
		"#set($x = " + strings.Repeat("[", 20_000),
		"#set($x = " + strings.Repeat("{1:", 20_000),
		"#set($x = " + strings.Repeat("!", 20_000) + "$x)",
		"#set($x = 1" + strings.Repeat(" + 1", 20_000) + ")",
		"#set($x = " + strings.Repeat("$a.b(", 20_000),
		"$a" + strings.Repeat("[$a", 20_000),
		"$a" + strings.Repeat(".b", 50_000),
		"#set($x = \"" + strings.Repeat("$a.b(", 10_000) + "\")",
		"#foreach($x in " + strings.Repeat("[", 20_000),
		strings.Repeat(`\`, 50_000) + "$a",
		strings.Repeat("$", 50_000),
		strings.Repeat("#", 50_000),
		strings.Repeat("#[[", 20_000),
		strings.Repeat("#*", 20_000),
		strings.Repeat(`"`, 20_000),
		"#set($x = " + strings.Repeat(`"`, 50_000),
		"#set($x = " + strings.Repeat("9", 300_000) + ")",
		strings.Repeat(`$\`, 150_000),
		strings.Repeat("#{", 150_000),
		strings.Repeat("  $", 100_000),
		strings.Repeat(`\#a`, 100_000),
		strings.Repeat("$a.b##x", 40_000),
	}
}

// TestHostile wants every hostile template refused or stopped soon, or to come
// to an end within the limits.
func TestHostile(t *testing.T) {
	for _, text := range hostile() {
		t.Run(text[:min(len(text), 60)], func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			if tmpl, err := Compile(text, testRoots()); err == nil {
				r := testRun()
				r.Limits = Limits{Steps: 2_000_000}
				_, _ = tmpl.Render(nil, r)
			}
			runtime.ReadMemStats(&after)
			if took := time.Since(start); took > time.Minute {
				t.Errorf("took %v", took)
			}
			if made := after.TotalAlloc - before.TotalAlloc; made > 1<<30 {
				t.Errorf("allocated %d MB", made>>20)
			}
		})
	}
}
