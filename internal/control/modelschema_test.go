package control

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

func modelDefinition(schemas ...string) *apigw.Definition {
	def := newDefinition(apigw.Scope{}, apigw.RestAPI{ID: "api"})
	for i, s := range schemas {
		name := apigw.ModelName('A' + rune(i))
		def.Models[name] = &apigw.Model{Name: name, ContentType: "application/json", Schema: s}
	}
	return def
}

func TestFlatten(t *testing.T) {
	ref := func(name string) string { return `{"$ref":"` + modelURL("api") + name + `"}` }
	for name, tt := range map[string]struct {
		schemas []string
		want    string
	}{
		"alone": {[]string{`{ "b" : 1, "a":[true, null] }`}, `{"b":1,"a":[true,null]}`},
		"chain": {[]string{`{"items":` + ref("B") + `}`, `{"not":` + ref("C") + `}`, `{"type":"string"}`},
			`{"items":{"$ref":"#/definitions/B"},"definitions":{"B":{"not":{"$ref":"#/definitions/C"}},"C":{"type":"string"}}}`},
		"itself": {[]string{`{"items":` + ref("A") + `}`},
			`{"items":{"$ref":"#/definitions/A"},"definitions":{"A":{"items":{"$ref":"#/definitions/A"}}}}`},
		"own definitions": {[]string{`{"definitions":{"x":{}},"items":` + ref("B") + `}`, `{}`},
			`{"definitions":{"x":{},"B":{}},"items":{"$ref":"#/definitions/B"}}`},
	} {
		def := modelDefinition(tt.schemas...)
		if got, err := flatten(def, def.Models["A"]); err != nil || got != tt.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", name, err, got, tt.want)
		}
	}
}

func TestModelTemplateOfArrays(t *testing.T) {
	def := modelDefinition(`{"type":"array","items":{"$ref":"`+modelURL("api")+`B"}}`, `{"type":"object","properties":{"a":{"type":"boolean"},"b":{"$ref":"#/definitions/c"},"me":{"$ref":"`+modelURL("api")+`A"}},"definitions":{"c":{"type":"number"}}}`)
	w := newTemplateWriter(def)
	w.model("A", "", "$inputRoot", 0)
	want := "[\n##TODO: Update this foreach loop to reference array from input json\n#foreach($elem in $inputRoot)\n  {\n    \"a\" : true,\n    \"b\" : 42,\n    \"me\" : { }\n  } \n#if($foreach.hasNext),#end\n#end\n]"
	if got := w.b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestModelTemplateOfMany: a model that is referred to thousands of times is
// read once.
func TestModelTemplateOfMany(t *testing.T) {
	var refs strings.Builder
	for i := range 7000 {
		fmt.Fprintf(&refs, `,"p%d":{"$ref":"%sB"}`, i, modelURL("api"))
	}
	def := modelDefinition(`{"properties":{`+refs.String()[1:]+`}}`, `{"type":"string","enum":[`+strings.Repeat(`"a",`, 90_000)+`"b"]}`)
	began := time.Now()
	w := newTemplateWriter(def)
	w.model("A", "", "$inputRoot", 0)
	if took := time.Since(began); took > time.Minute || !strings.Contains(w.b.String(), `"p6999" : "foo"`) {
		t.Errorf("took %v", took)
	}
}

// FuzzSchema: any text is refused or can be flattened and made a template of.
func FuzzSchema(f *testing.F) {
	for _, seed := range []string{`{"$ref":"#"}`, `{"properties":{"a":{"$ref":"#/properties/a"}}}`, `{"$ref":"` + modelURL("api") + `A"}`, `{"type":"array","items":[1]}`, `{"type":["string","null"]}`, strings.Repeat(`{"a":`, 300), `[`, `{"a":1}x`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		def := modelDefinition(text)
		if checkSchema(def, def.Models["A"]) != nil {
			return
		}
		flat, err := flatten(def, def.Models["A"])
		if err == nil && !json.Valid([]byte(flat)) {
			t.Errorf("%s became %s", text, flat)
		}
		w := newTemplateWriter(def)
		w.model("A", "", "$inputRoot", 0)
		if w.b.Len() > 2*maxTemplate+10*len(text) {
			t.Errorf("%d bytes", w.b.Len())
		}
	})
}

// The first two are refused by AWS, by those words; the third is a model of
// AWS's own.
func TestCheckSchema(t *testing.T) {
	for text, want := range map[string]string{
		`{"type":"object","required":[]}`:              "Invalid model schema specified",
		`{"properties":{"status":{"enum":["A","A"]}}}`: "Invalid model schema specified",
		errorSchema:                                             "",
		`{"$ref":"` + modelURL("api") + `A"}`:                   "Invalid model schema specified",
		`{"items":{"$ref":"` + modelURL("api") + `A"}}`:         "",
		`{"items":{"$ref":"#/definitions/x"}}`:                  "Invalid model schema specified",
		`{"items":{"$ref":"B"}}`:                                "Model reference must be in canonical form",
		`{"$schema":"http://json-schema.org/draft-07/schema#"}`: "",
	} {
		def := modelDefinition(text)
		err := checkSchema(def, def.Models["A"])
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
