package vtl

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// testRoots are just enough of $input, $util, $context and $stageVariables to
// try the engine with.
func testRoots() []Root {
	return []Root{{Name: "input", Bind: bindInput}, {Name: "util"}, {Name: "context"}, {Name: "stageVariables"}}
}

// bindInput compiles a constant path of $input.path and $input.json.
func bindInput(method string, args []Value) (Func, error) {
	if (method != "path" && method != "json") || len(args) != 1 || args[0].Kind() != String {
		return nil, nil
	}
	path, err := jsonpath.Compile(args[0].Text())
	if err != nil {
		return nil, err
	}
	return func(r *Run, _ []Value) (Value, error) {
		return r.Objects[0].(*testInput).find(path, method == "json"), nil
	}, nil
}

type testInput struct {
	body   string
	doc    *jsonpath.Value
	params Value
}

func (in *testInput) find(path *jsonpath.Path, text bool) Value {
	var v *jsonpath.Value
	if in.doc != nil {
		v, _, _ = path.Find(in.doc, jsonpath.Limits{})
	}
	switch {
	case !text:
		return JSONValue(v)
	case v == nil:
		return StringValue(`""`)
	}
	return StringValue(string(v.AppendJSON(nil)))
}

func (in *testInput) Get(_ *Run, name string) (Value, error) {
	if name == "body" {
		return StringValue(in.body), nil
	}
	return Value{}, nil
}

func (in *testInput) Set(*Run, string, Value) error { return fmt.Errorf("$input can't be set") }

func (in *testInput) Call(_ *Run, method string, args []Value) (Value, bool, error) {
	switch {
	case method == "params" && len(args) == 0:
		return in.params, true, nil
	case method == "params" && len(args) == 1:
		for _, kind := range in.params.Members() {
			for _, m := range kind.Value.Members() {
				if m.Name == args[0].Text() {
					return m.Value, true, nil
				}
			}
		}
		return StringValue(""), true, nil
	case (method == "path" || method == "json") && len(args) == 1:
		path, err := jsonpath.Compile(args[0].Text())
		if err != nil {
			return Value{}, true, err
		}
		return in.find(path, method == "json"), true, nil
	}
	return Value{}, false, nil
}

func (in *testInput) Append(_ *Run, dst []byte) ([]byte, bool) { return dst, false }

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, "\n", `\n`)

type testUtil struct{}

func (testUtil) Get(*Run, string) (Value, error) { return Value{}, nil }

func (testUtil) Set(*Run, string, Value) error { return fmt.Errorf("$util can't be set") }

func (testUtil) Call(_ *Run, method string, args []Value) (Value, bool, error) {
	if len(args) != 1 {
		return Value{}, false, nil
	}
	s := args[0].Text()
	switch method {
	case "escapeJavaScript":
		return StringValue(escaper.Replace(s)), true, nil
	case "base64Encode":
		return StringValue(base64.StdEncoding.EncodeToString([]byte(s))), true, nil
	case "urlEncode":
		return StringValue(url.QueryEscape(s)), true, nil
	case "urlDecode":
		text, err := url.QueryUnescape(s)
		return StringValue(text), true, err
	case "parseJson":
		doc, err := jsonpath.Parse([]byte(s), jsonpath.Limits{})
		return JSONValue(doc), true, err
	}
	return Value{}, false, nil
}

func (testUtil) Append(_ *Run, dst []byte) ([]byte, bool) { return dst, false }

// testMap is a map that is an Object; its text is empty, as $context's maps are
// recorded to be.
type testMap struct{ values Value }

func (m *testMap) Get(r *Run, name string) (Value, error) {
	for _, member := range m.values.Members() {
		if member.Name == name {
			return member.Value, nil
		}
	}
	return Value{}, nil
}

func (m *testMap) Set(r *Run, name string, v Value) error {
	return r.put(m.values, StringValue(name), v)
}

func (m *testMap) Call(*Run, string, []Value) (Value, bool, error) { return Value{}, false, nil }

func (m *testMap) Append(_ *Run, dst []byte) ([]byte, bool) { return dst, true }

func (m *testMap) Map(*Run) Value { return m.values }

// testValue makes a map of the host's of a YAML or JSON value.
func testValue(v any, order func(map[string]any) []string) Value {
	switch v := v.(type) {
	case map[string]any:
		m := MapValue(nil, nil)
		for _, name := range order(v) {
			m.ref.(*hash).put(StringValue(name), testValue(v[name], order))
		}
		return HostValue(&testMap{m})
	case string:
		return StringValue(v)
	case nil:
		return NullValue()
	}
	return StringValue(fmt.Sprint(v))
}

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
