//go:build unix

package vtl

import (
	"strings"
	"syscall"
	"testing"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// cpuTime is what the process has used so far, in nanoseconds: on a machine that
// others work on it says more than the time of day.
func cpuTime(b *testing.B) int64 {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func benchmarkRun(b *testing.B, template string, parse bool) {
	t, err := Compile(template+strings.Repeat(" ", max(0, 2048-len(template))), testRoots())
	if err != nil {
		b.Fatal(err)
	}
	in := &testInput{body: articleBody, params: MapValue(nil, nil)}
	in.doc, _ = jsonpath.Parse([]byte(articleBody), jsonpath.Limits{})
	context := &testMap{MapValue([]string{"apiId", "stage"}, []Value{StringValue("a1b2c3"), StringValue("prod")})}
	body := []byte(articleBody)
	r := &Run{Objects: []Object{in, testUtil{}, context, context}}
	var dst []byte
	var memory jsonpath.Memory // as bodies are parsed
	b.ReportAllocs()
	start := cpuTime(b)
	defer func() { b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op") }()
	for b.Loop() {
		if parse {
			memory.Reset()
			in.doc, _ = memory.Parse(body, jsonpath.Limits{})
		}
		if dst, err = t.Render(dst[:0], r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkArticle is the budget's case: 2 KB of template, 1 KB of JSON, which
// is parsed, too.
func BenchmarkArticle(b *testing.B) { benchmarkRun(b, article, true) }

func BenchmarkArticleRenderOnly(b *testing.B) { benchmarkRun(b, article, false) }

func BenchmarkPassthrough(b *testing.B) {
	benchmarkRun(b, `{"statusCode": 200, "path": "$context.stage"}`, false)
}

func BenchmarkLoop(b *testing.B) {
	benchmarkRun(b, `#foreach($i in [1..100])#set($x = $i * 2)#if($x > 100)$x#end#end`, false)
}

func BenchmarkMacro(b *testing.B) {
	benchmarkRun(b, `#macro(m $a $b)$a-$b#end#foreach($i in [1..20])#m($i "x$i")#end`, false)
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Compile(article, testRoots()); err != nil {
			b.Fatal(err)
		}
	}
}
