package schema

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

func compileText(t testing.TB, text string) *Schema {
	t.Helper()
	s, err := Compile([]byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func parse(t testing.TB, text string) *jsonpath.Value {
	t.Helper()
	v, err := jsonpath.Parse([]byte(text), jsonpath.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The texts are those of the validator's messages (validation.properties of
// json-schema-validator 2.2). The ones marked aws were seen in the answers of
// API Gateway.
func TestMessages(t *testing.T) {
	for name, tt := range map[string]struct {
		schema, doc string
		want        []string
	}{
		"required, sorted (aws)":               {`{"required":["type","timestamp","transactionId"]}`, `{}`, []string{`object has missing required properties (["timestamp","transactionId","type"])`}},
		"type (aws)":                           {`{"properties":{"a":{"type":"number"}}}`, `{"a":"1"}`, []string{`instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])`}},
		"boolean for string (aws)":             {`{"properties":{"a":{"type":"string"}}}`, `{"a":true}`, []string{`instance type (boolean) does not match any allowed primitive type (allowed: ["string"])`}},
		"minimum (aws)":                        {`{"properties":{"a":{"minimum":315529200000}}}`, `{"a":1}`, []string{`numeric instance is lower than the required minimum (minimum: 315529200000, found: 1)`}},
		"enum (aws)":                           {`{"enum":["CREATED","SENT"]}`, `"INVALID"`, []string{`instance value ("INVALID") not found in enum (possible values: ["CREATED","SENT"])`}},
		"oneOf (aws)":                          {`{"oneOf":[{"type":"string"},{"type":"null"}]}`, `1`, []string{`instance failed to match exactly one schema (matched 0 out of 2)`}},
		"types":                                {`{"type":["string","null","array"]}`, `1.0`, []string{`instance type (number) does not match any allowed primitive type (allowed: ["array","null","string"])`}},
		"a fraction is no integer":             {`{"type":"integer"}`, `1.0`, []string{`instance type (number) does not match any allowed primitive type (allowed: ["integer"])`}},
		"maximum":                              {`{"maximum":5.0}`, `5.5`, []string{`numeric instance is greater than the required maximum (maximum: 5, found: 5.5)`}},
		"exclusive minimum":                    {`{"minimum":5,"exclusiveMinimum":true}`, `5`, []string{`numeric instance is not strictly greater than the required minimum 5`}},
		"exclusive maximum":                    {`{"maximum":5,"exclusiveMaximum":true}`, `5.0`, []string{`numeric instance is not strictly lower than the required maximum 5`}},
		"multiple":                             {`{"multipleOf":0.01}`, `0.015`, []string{`remainder of division is not zero (0.015 / 0.01)`}},
		"length":                               {`{"minLength":3}`, `"é😀"`, []string{`string "é😀" is too short (length: 2, required minimum: 3)`}},
		"long":                                 {`{"maxLength":1}`, `"ab"`, []string{`string "ab" is too long (length: 2, maximum allowed: 1)`}},
		"pattern":                              {`{"pattern":"^\\d+$"}`, `"1\n"`, []string{"ECMA 262 regex \"^\\d+$\" does not match input string \"1\n\""}},
		"few items":                            {`{"minItems":2}`, `[1]`, []string{`array is too short: must have at least 2 elements but instance has 1 elements`}},
		"many items":                           {`{"maxItems":1}`, `[1,2]`, []string{`array is too long: must have at most 1 elements but instance has 2 elements`}},
		"same items":                           {`{"uniqueItems":true}`, `[{"a":1,"b":2},{"b":2.0,"a":1}]`, []string{`array must not contain duplicate elements`}},
		"more items":                           {`{"items":[{}],"additionalItems":false}`, `[1,2]`, []string{`schema only allows 1 elements in array but instance has 2 elements`}},
		"few members":                          {`{"minProperties":1}`, `{}`, []string{`object has too few properties (found 0 but schema requires at least 1)`}},
		"many members":                         {`{"maxProperties":1}`, `{"a":1,"b":2}`, []string{`object has too many properties (found 2 but schema requires at most 1)`}},
		"other members":                        {`{"properties":{"a":{}},"patternProperties":{"^x":{}},"additionalProperties":false}`, `{"c":1,"a":1,"b":1,"x1":2}`, []string{`object instance has properties which are not allowed by the schema: ["b","c"]`}},
		"dependencies":                         {`{"dependencies":{"a":["c","b"],"d":{"required":["e"]}}}`, `{"a":1,"b":1,"d":1}`, []string{`property "a" of object has missing property dependencies (schema requires ["b","c"]; missing: ["c"])`, `object has missing required properties (["e"])`}},
		"allOf":                                {`{"allOf":[{"type":"string"},{"minLength":2}]}`, `"a"`, []string{`instance failed to match all required schemas (matched only 1 out of 2)`}},
		"anyOf":                                {`{"anyOf":[{"type":"string"},{"minimum":2}]}`, `1`, []string{`instance failed to match at least one required schema among 2`}},
		"not":                                  {`{"not":{"type":"string"}}`, `"a"`, []string{`instance matched a schema which it should not have`}},
		"format":                               {`{"format":"email"}`, `"a"`, []string{`string "a" is not a valid email address`}},
		"date":                                 {`{"format":"date-time"}`, `"2021"`, []string{`string "2021" is invalid against requested date format(s) [yyyy-MM-dd'T'HH:mm:ssZ, yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,12}Z]`}},
		"format of another":                    {`{"format":"date"}`, `"a"`, nil},
		"order of keywords":                    {`{"required":["x"],"additionalProperties":false,"minProperties":2}`, `{"y":1}`, []string{`object instance has properties which are not allowed by the schema: ["y"]`, `object has too few properties (found 1 but schema requires at least 2)`, `object has missing required properties (["x"])`}},
		"order of members":                     {`{"properties":{"b":{"type":"null"},"a":{"type":"null"}}}`, `{"b":1,"a":""}`, []string{`instance type (string) does not match any allowed primitive type (allowed: ["null"])`, `instance type (integer) does not match any allowed primitive type (allowed: ["null"])`}},
		"nothing within what failed":           {`{"required":["b"],"properties":{"a":{"type":"null"}}}`, `{"a":1}`, []string{`object has missing required properties (["b"])`}},
		"nothing deeper once one did":          {`{"properties":{"a":{"type":"null"},"b":{"required":["c"],"properties":{"d":{"type":"null"}}}}}`, `{"a":1,"b":{"d":1}}`, []string{`instance type (integer) does not match any allowed primitive type (allowed: ["null"])`, `object has missing required properties (["c"])`}},
		"pointer in the model":                 {`{"definitions":{"a/b":{"type":"null"}},"items":{"$ref":"#/definitions/a~1b"}}`, `[1]`, []string{`instance type (integer) does not match any allowed primitive type (allowed: ["null"])`}},
		"recursion":                            {`{"properties":{"next":{"$ref":"#"},"v":{"type":"integer"}}}`, `{"next":{"next":{"v":"x"}}}`, []string{`instance type (string) does not match any allowed primitive type (allowed: ["integer"])`}},
		"exact numbers":                        {`{"maximum":9007199254740992}`, `9007199254740993`, []string{`numeric instance is greater than the required maximum (maximum: 9007199254740992, found: 9007199254740993)`}},
		"valid":                                {`{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}`, `{"a":1}`, nil},
		"what stands beside a $ref is ignored": {`{"definitions":{"a":{}},"items":{"$ref":"#/definitions/a","type":"null"}}`, `[1]`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s, doc := compileText(t, tt.schema), parse(t, tt.doc)
			if diff := cmp.Diff(tt.want, s.Validate(doc)); diff != "" {
				t.Error(diff)
			}
			if got := s.Valid(doc); got != (tt.want == nil) {
				t.Errorf("Valid is %v", got)
			}
		})
	}
}

const models = "https://apigateway.amazonaws.com/restapis/abc/models/"

func TestReferences(t *testing.T) {
	load := func(ref string) ([]byte, error) {
		switch ref {
		case models + "Tree":
			return []byte(`{"type":"object","properties":{"left":{"$ref":"` + models + `Tree"},"leaf":{"$ref":"` + models + `Leaf#/definitions/l"}}}`), nil
		case models + "Leaf":
			return []byte(`{"definitions":{"l":{"type":"integer"}}}`), nil
		}
		return nil, errors.New("no such model")
	}
	s, err := Compile([]byte(`{"oneOf":[{"type":"null"},{"$ref":"`+models+`Tree"}]}`), load)
	if err != nil {
		t.Fatal(err)
	}
	for doc, want := range map[string]bool{"null": true, `{"left":{"left":{"leaf":1}}}`: true, `{"left":{"leaf":""}}`: false, "1": false} {
		if got := s.Valid(parse(t, doc)); got != want {
			t.Errorf("%s: %v", doc, got)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	load := func(ref string) ([]byte, error) {
		if ref == models+"Bad" {
			return []byte(`{"type":"text"}`), nil
		}
		return nil, errors.New("there is no model Missing")
	}
	many := `{"items":[` + strings.Repeat(`{"pattern":"a{2,950}"},`, 1000) + `{}]}`
	for text, want := range map[string]string{
		many:                           "at /items/52/pattern: the patterns of the model are too many, or too large",
		`{`:                            "at its root: the model is no JSON document: at byte 1: ",
		`[]`:                           "at its root: a schema is an object, not array",
		`{"required":[]}`:              "at /required: must be an array of at least one name", // refused by AWS
		`{"enum":["A","A"]}`:           `at /enum: has the value "A" twice`,                   // refused by AWS
		`{"enum":[]}`:                  "at /enum: must be an array of at least one value",
		`{"enum":[1,1.0]}`:             "at /enum: has the value 1.0 twice",
		`{"type":"date"}`:              `at /type: "date" is no type: array, boolean, integer, null, number, object, string`,
		`{"type":[]}`:                  "at /type: must name at least one type",
		`{"properties":{"a/b":1}}`:     "at /properties/a~1b: a schema is an object, not integer",
		`{"items":{"pattern":"("}}`:    `at /items/pattern: Unclosed group near index 1 of the pattern "("`,
		`{"minLength":-1}`:             "at /minLength: must be an integer from 0 to 2147483647",
		`{"multipleOf":0}`:             "at /multipleOf: must be greater than 0",
		`{"exclusiveMinimum":true}`:    "at /exclusiveMinimum: stands without minimum",
		`{"exclusiveMinimum":5}`:       "at /exclusiveMinimum: stands without minimum",
		`{"allOf":[]}`:                 "at /allOf: must be an array of at least one schema",
		`{"$ref":"#/definitions/x"}`:   `at /$ref: "#/definitions/x" leads nowhere`,
		`{"$ref":"Other"}`:             `at /$ref: Model reference must be in canonical form, which "Other" isn't`,
		`{"$ref":"` + models + `M"}`:   `at /$ref: "` + models + `M": there is no model Missing`,
		`{"$ref":"` + models + `Bad"}`: `in ` + models + `Bad, at /type: "text" is no type: array, boolean, integer, null, number, object, string`,
		`{"$ref":"#"}`:                 "at its root: validation loop: a schema leads back to itself for the same value at #",
		`{"anyOf":[{"$ref":"#"},{}]}`:  "at its root: validation loop: a schema leads back to itself for the same value at #",
	} {
		_, err := Compile([]byte(text), load)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Compile(%s) is %v, want %v", text, err, want)
		}
	}
}

func TestIgnored(t *testing.T) {
	s := compileText(t, `{"$schema":"http://json-schema.org/draft-07/schema#","title":"x","example":1,"properties":{"const":{"const":1,"nullable":true}},"x-y":{"if":1}}`)
	want := []string{"/$schema", "/properties/const/const", "/properties/const/nullable"}
	if diff := cmp.Diff(want, s.Ignored); diff != "" {
		t.Error(diff)
	}
}

// What would take for ever, or much memory, ends.
func TestBounds(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 60) + `""` + strings.Repeat("}", 60)
	for name, tt := range map[string]struct{ schema, doc string }{
		"exponential":  {`{"type":"object","anyOf":[{"properties":{"a":{"$ref":"#"}}},{"properties":{"a":{"$ref":"#"},"b":{}}}]}`, deep},
		"pattern":      {`{"items":{"pattern":"^(a+)+\\1b$"}}`, `[` + strings.Repeat(`"`+strings.Repeat("a", 60)+`",`, 1000) + `""]`},
		"division":     {`{"multipleOf":1e-300}`, `1e999999999999`},
		"long report":  {`{"items":{"type":"null"}}`, `[` + strings.Repeat("1,", 100_000) + `1]`},
		"large values": {`{"items":{"maxLength":1}}`, `["` + strings.Repeat("é", 100_000) + `"]`},
	} {
		began := time.Now()
		got := compileText(t, tt.schema).Validate(parse(t, tt.doc))
		if size := len(fmt.Sprint(got)); len(got) == 0 || size > 40_000 {
			t.Errorf("%s: %d messages, %d bytes", name, len(got), size)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s took %v", name, took)
		}
	}
}

func TestFormats(t *testing.T) {
	for format, tt := range map[string]struct{ good, bad []string }{
		"date-time":    {[]string{"2021-02-28T23:59:59Z", "2021-02-28t23:59:59.123456789012+01:00", "2021-02-28T23:59:59-0130"}, []string{"", "2021-02-30T00:00:00Z", "2021-02-28", "2021-02-28T24:00:00Z", "2021-02-28T23:59:60Z", "2021-02-28T23:59:59", "2021-02-28T23:59:59.Z", "2021-02-28T23:59:59+25:00"}},
		"email":        {[]string{"a@b", "a.b+c@d.example", "a@[127.0.0.1]", "Joe <joe@example.com>"}, []string{"", "a", "@b", "a@", "a@b..c", "a b@c", "a@b c", ".a@b", "a@-b"}},
		"hostname":     {[]string{"a", "a.b-c.d", "a."}, []string{"", "-a", "a..b", "a b", "1.2.3.4", strings.Repeat("a", 64)}},
		"ipv4":         {[]string{"1.2.3.4"}, []string{"", "1.2.3", "256.1.1.1", "01.2.3.4", "::1"}},
		"ipv6":         {[]string{"::1", "2001:db8::1"}, []string{"", "1.2.3.4", "::ffff:1.2.3.4", "fe80::1%eth0", "12345::"}},
		"regex":        {[]string{"^a$", `\d`}, []string{"(", "[b-a]"}},
		"uri":          {[]string{"http://a/b?c#d", "a", "", "urn:x:y", "mailto:a@b", "http://[::1]/", "/a%20b", "http://é/", "http://u:p@[::1]:80/", "file:///x", "http://a?[b]", "//#"}, []string{"http://", "//", "http://a/[b]", "http://[1.2.3.4]/", "http://[::1]x", "a\u2028b", "http://a b", "a#b#c", "%zz", "1a:b", ":a", "a:", "http://a/{b}", "\\"}},
		"uuid":         {[]string{"6BA7B810-9DAD-11d1-80b4-00c04fd430c8"}, []string{"", "6ba7b810", "6ba7b810-9dad-11d1-80b4-00c04fd430cg"}},
		"mac":          {[]string{"00:1a:2B:3c:4d:5e"}, []string{"", "00:1a:2b:3c:4d", "001:a:2b:3c:4d:5e"}},
		"base64":       {[]string{"", "YQ==", "YWJj"}, []string{"YQ=", "Y===", "Y-Q="}},
		"md5":          {[]string{strings.Repeat("aF", 16)}, []string{"", strings.Repeat("g", 32)}},
		"json-pointer": {[]string{"", "/a~1b/0"}, []string{"a", "/~2"}},
	} {
		s := compileText(t, `{"format":"`+format+`"}`)
		for valid, list := range map[bool][]string{true: tt.good, false: tt.bad} {
			for _, text := range list {
				if got := s.Validate(&jsonpath.Value{Kind: jsonpath.String, Text: text}); (len(got) == 0) != valid {
					t.Errorf("%s: %q: %q", format, text, got)
				}
			}
		}
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`{"type":"object","properties":{"a":{"$ref":"#/definitions/b"}},"definitions":{"b":{"enum":[1,"x"]}}}`, `{"a":1}`)
	f.Add(`{"allOf":[{"minimum":1e5},{"multipleOf":0.1}],"oneOf":[{},{"not":{}}]}`, `1.5e3`)
	f.Add(`{"patternProperties":{"^a":{"format":"uri"}},"additionalProperties":false,"dependencies":{"a":["b"],"b":{}}}`, `{"a":"x y"}`)
	f.Add(`{"items":[{"uniqueItems":true}],"additionalItems":{"pattern":"(a|b)*c","maxLength":3}}`, `[[1,1.0],"ab"]`)
	f.Add(string(draft4), `{"$ref":"#"}`)
	f.Fuzz(func(t *testing.T, text, doc string) {
		s, err := Compile([]byte(text), func(ref string) ([]byte, error) { return []byte(text), nil })
		if err != nil {
			return
		}
		v, err := jsonpath.Parse([]byte(doc), jsonpath.Limits{})
		if err != nil {
			return
		}
		if valid, messages := s.Valid(v), s.Validate(v); valid != (len(messages) == 0) {
			t.Errorf("%s against %s: valid %v, messages %q", doc, text, valid, messages)
		}
	})
}

// orderModel and orderDocument are about 1 KB each.
const orderModel = `{"$schema":"http://json-schema.org/draft-04/schema#","title":"Order","type":"object","additionalProperties":false,
"required":["id","customer","items","total"],
"definitions":{"money":{"type":"object","required":["amount","currency"],"properties":{"amount":{"type":"number","minimum":0},"currency":{"enum":["EUR","USD","GBP"]}}}},
"properties":{"id":{"type":"string","pattern":"^[A-Z]{2}-[0-9]{6}$"},"placed":{"type":"string","format":"date-time"},
"customer":{"type":"object","required":["name","email"],"properties":{"name":{"type":"string","minLength":1,"maxLength":100},"email":{"type":"string","format":"email"},"tags":{"type":"array","uniqueItems":true,"items":{"type":"string"}}}},
"items":{"type":"array","minItems":1,"maxItems":50,"items":{"type":"object","required":["sku","quantity","price"],"properties":{"sku":{"type":"string","pattern":"^[a-z0-9-]+$"},"quantity":{"type":"integer","minimum":1},"price":{"$ref":"#/definitions/money"}}}},
"total":{"$ref":"#/definitions/money"},"note":{"type":["string","null"]}}}`

const orderDocument = `{"id":"AB-123456","placed":"2024-05-01T12:30:00.5+02:00","customer":{"name":"Ada Lovelace","email":"ada@example.com","tags":["new","vip","newsletter"]},
"items":[{"sku":"blue-mug-01","quantity":2,"price":{"amount":12.5,"currency":"EUR"}},{"sku":"red-mug-02","quantity":1,"price":{"amount":11.95,"currency":"EUR"}},
{"sku":"tea-pot-17","quantity":1,"price":{"amount":39,"currency":"EUR"}},{"sku":"spoon-small","quantity":6,"price":{"amount":2.2,"currency":"EUR"}},
{"sku":"spoon-large","quantity":6,"price":{"amount":2.9,"currency":"EUR"}},{"sku":"saucer","quantity":2,"price":{"amount":4.5,"currency":"EUR"}},
{"sku":"napkin-linen","quantity":4,"price":{"amount":3.75,"currency":"EUR"}},{"sku":"tray-oak","quantity":1,"price":{"amount":24,"currency":"EUR"}}],
"total":{"amount":143.85,"currency":"EUR"},"note":"Please leave the parcel with the neighbours on the left, they are at home all day; the bell is broken, so knock."}`

// BenchmarkValidate is the way of a request's body: parsed, then validated.
func BenchmarkValidate(b *testing.B) {
	s := compileText(b, orderModel)
	for name, text := range map[string]string{"valid": orderDocument, "invalid": strings.Replace(orderDocument, "tray-oak", "Tray", 1)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				doc, err := jsonpath.Parse([]byte(text), jsonpath.Limits{})
				if err != nil {
					b.Fatal(err)
				}
				if got := s.Validate(doc); (got == nil) != (name == "valid") {
					b.Fatal(got)
				}
			}
		})
	}
}

// TestCosts: neither a document nor a model makes a validation or its
// compilation go over the same text again and again for nothing.
func TestCosts(t *testing.T) {
	many := func(n int, one string) string { return strings.TrimSuffix(strings.Repeat(one+",", n), ",") }
	long := strings.Repeat("x", 1<<20)
	for name, c := range map[string]struct{ model, body string }{
		"patterns as values": {`{"items":{"format":"regex"}}`, `[` + many(600, `"`+strings.Repeat(`\\S`, 4000)+`"`) + `]`},
		"literal patterns": {`{"patternProperties":{` + func() string {
			var b strings.Builder
			for i := range 8000 {
				fmt.Fprintf(&b, `"p%d":{},`, i)
			}
			return strings.TrimSuffix(b.String(), ",")
		}() + `},"additionalProperties":false}`, `{` + func() string {
			var b strings.Builder
			for i := range 100_000 {
				fmt.Fprintf(&b, `"m%d":1,`, i)
			}
			return strings.TrimSuffix(b.String(), ",")
		}() + `}`},
		"enums":   {`{"anyOf":[` + many(5000, `{"enum":[1]}`) + `]}`, `["` + long + `"]`},
		"lengths": {`{"anyOf":[` + many(5000, `{"minLength":99999999}`) + `]}`, `"` + long + `"`},
		"unique":  {`{"allOf":[` + many(5000, `{"uniqueItems":true}`) + `]}`, `["` + long + `", [` + many(100_000, "1") + `]]`},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Compile([]byte(c.model), nil)
			if err != nil {
				t.Fatal(err)
			}
			doc, err := jsonpath.Parse([]byte(c.body), jsonpath.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if s.Valid(doc) {
				t.Error("valid")
			}
			if took := time.Since(began); took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
	name := strings.Repeat("n", 200<<10)
	properties := make([]string, 10_000)
	for i := range properties {
		properties[i] = fmt.Sprintf(`"p%d":{}`, i)
	}
	_, err := Compile([]byte(`{"properties":{"`+name+`":{"properties":{`+strings.Join(properties, ",")+`}}}}`), nil)
	if err == nil || !strings.Contains(err.Error(), "too long") || len(err.Error()) > 4096 {
		t.Errorf("%.200v", err)
	}
}
