package vtl

import (
	"strings"
	"syscall"
	"testing"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// article is a template of 2 KB that goes over a list, as the examples of the
// developer guide do.
const article = `#set($inputRoot = $input.path('$'))
{
  "count": $inputRoot.count,
  "source": "$context.apiId/$context.stage",
  "items": [
#foreach($elem in $inputRoot.items)
    {
      "last_updated_date": "$elem.last_updated_date",
      "expire_date": "$elem.expire_date",
      "author_first_name": "$elem.author_first_name",
      "description": "$elem.description",
      "creation_date": "$elem.creation_date",
      "title": "$elem.title",
      "allow_comment": #if($elem.allow_comment == "1")true#{else}false#end,
      "author": {
        "last_name": "$elem.author.last_name",
        "email": "$elem.author.email",
        "first_name": "$elem.author.first_name"
      },
      "body": "$util.escapeJavaScript($elem.body)",
      "publish_date": "$elem.publish_date",
      "version": "$elem.version",
      "author_last_name": "$elem.author_last_name",
      "parent_id": $elem.parent_id,
      "article_url": "$elem.article_url"
    }#if($foreach.hasNext),#end

#end
  ],
  "version": $inputRoot.version
}
`

const articleBody = `{"count": 2, "items": [
{"last_updated_date": "2015-04-24", "expire_date": "2016-04-25", "author_first_name": "John", "description": "Sample Description", "creation_date": "2015-04-20", "title": "Sample Title", "allow_comment": "1", "author": {"last_name": "Doe", "email": "johndoe@example.com", "first_name": "John"}, "body": "Sample Body", "publish_date": "2015-04-25", "version": "1", "author_last_name": "Doe", "parent_id": 2345678901, "article_url": "http://www.example.com/articles/3456789012"},
{"last_updated_date": "2015-04-25", "expire_date": "2016-04-26", "author_first_name": "Jane", "description": "Another Description", "creation_date": "2015-04-21", "title": "Another Title", "allow_comment": "0", "author": {"last_name": "Roe", "email": "janeroe@example.com", "first_name": "Jane"}, "body": "Another Body", "publish_date": "2015-04-26", "version": "2", "author_last_name": "Roe", "parent_id": 2345678902, "article_url": "http://www.example.com/articles/3456789013"}
], "version": 1}`

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
	r := &Run{Objects: []Object{in, testUtil{}, context, context}}
	var dst []byte
	b.ReportAllocs()
	start := cpuTime(b)
	defer func() { b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op") }()
	for b.Loop() {
		if parse {
			in.doc, _ = jsonpath.Parse([]byte(articleBody), jsonpath.Limits{})
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
