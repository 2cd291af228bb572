package integration

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestParseRouteOutput: developer guide, "AWS Lambda integrations for HTTP APIs";
// the scalars and the keys that are passed over as seen on AWS.
func TestParseRouteOutput(t *testing.T) {
	type answer struct {
		Status   int
		Body     string
		Headers  []string
		Base64   bool
		Inferred bool
	}
	refused := answer{}
	for name, tt := range map[string]struct {
		doc      string
		format1  answer
		format2  answer
		sameBoth bool
	}{
		"object":              {doc: `{"statusCode":201,"body":"x","headers":{"a":"1","b":2,"c":true,"d":null}}`, format1: answer{201, "x", []string{"a: 1", "b: 2", "c: true"}, false, false}, sameBoth: true},
		"status as text":      {doc: `{"statusCode":"404"}`, format1: answer{404, "", nil, false, false}, sameBoth: true},
		"base64":              {doc: `{"statusCode":200,"body":"eA==","isBase64Encoded":true}`, format1: answer{200, "eA==", nil, true, false}, sameBoth: true},
		"null body":           {doc: `{"statusCode":200,"body":null}`, format1: answer{200, "", nil, false, false}, sameBoth: true},
		"other keys":          {doc: ` {"other":{"a":["}",1]},"statusCode":200,"x":"\"},"}`, format1: answer{200, "", nil, false, false}, sameBoth: true},
		"cookies are of 2.0":  {doc: `{"statusCode":200,"cookies":["a=1","b=2"]}`, format1: answer{200, "", nil, false, false}, format2: answer{200, "", []string{"Set-Cookie: a=1", "Set-Cookie: b=2"}, false, false}},
		"multi is of 1.0":     {doc: `{"statusCode":200,"multiValueHeaders":{"a":["1","2"]}}`, format1: answer{200, "", []string{"a: 1", "a: 2"}, false, false}, format2: answer{200, "", nil, false, false}},
		"no status":           {doc: `{"message":"hi"}`, format2: answer{200, `{"message":"hi"}`, nil, false, true}},
		"status further in":   {doc: `{"a":{"statusCode":404},"headers":5}`, format2: answer{200, `{"a":{"statusCode":404},"headers":5}`, nil, false, true}},
		"text":                {doc: `"Hello \"you\""`, format2: answer{200, `Hello "you"`, nil, false, true}},
		"number":              {doc: `5`, format2: answer{200, `5`, nil, false, true}},
		"null":                {doc: `null`, format2: answer{200, `null`, nil, false, true}},
		"list":                {doc: ` [1, 2] `, format2: answer{200, `[1, 2]`, nil, false, true}},
		"empty object":        {doc: `{}`, format2: answer{200, `{}`, nil, false, true}},
		"status not integer":  {doc: `{"statusCode":200.5}`, format1: refused, sameBoth: true},
		"status a word":       {doc: `{"statusCode":"ok"}`, format1: refused, sameBoth: true},
		"status null":         {doc: `{"statusCode":null}`, format1: refused, sameBoth: true},
		"status out of range": {doc: `{"statusCode":100}`, format1: refused, sameBoth: true},
		"body an object":      {doc: `{"statusCode":200,"body":{}}`, format1: refused, sameBoth: true},
		"header a list":       {doc: `{"statusCode":200,"headers":{"a":["1"]}}`, format1: refused, sameBoth: true},
		"header with a break": {doc: `{"statusCode":200,"headers":{"a":"1\r\nb: 2"}}`, format1: refused, sameBoth: true},
		"no JSON":             {doc: `{"statusCode":200`, format1: refused, sameBoth: true},
		"nothing":             {doc: ``, format1: refused, sameBoth: true},
	} {
		if tt.sameBoth {
			tt.format2 = tt.format1
		}
		for format, want := range []answer{tt.format1, tt.format2} {
			got := refused
			if o, inferred, err := ParseRouteOutput([]byte(tt.doc), format == 1); err == nil {
				got = answer{o.Status, string(o.Body), nil, o.Base64, inferred}
				for _, f := range append(o.Multi, o.Headers...) {
					got.Headers = append(got.Headers, string(f.Name)+": "+string(f.Value))
				}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s, format %d.0: %s", name, format+1, d)
			}
		}
	}
}

func FuzzRouteOutput(f *testing.F) {
	for _, s := range []string{`{"statusCode":200,"headers":{"a":1},"cookies":["x"]}`, `"text"`, `{"a":[{"b":"\\\"}"}],"statusCode":"201"}`, `[`, `{"statusCode":200,"statusCode":null}`} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, doc []byte, format2 bool) {
		o, inferred, err := ParseRouteOutput(doc, format2)
		switch {
		case (err == nil) != (o != nil):
			t.Fatal("neither output nor error, or both")
		case err == nil && (!json.Valid(doc) || o.Status < 200 || o.Status > 599):
			t.Errorf("%q became %+v", doc, o)
		case format2 && err == nil && inferred != !topLevelStatus(doc):
			t.Errorf("inferred %v of %q", inferred, doc)
		}
	})
}

func topLevelStatus(doc []byte) bool {
	var object map[string]json.RawMessage
	if json.Unmarshal(doc, &object) != nil {
		return false
	}
	_, ok := object["statusCode"]
	return ok
}
