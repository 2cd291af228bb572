package jsonpath

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	many := `{"a0":0`
	for i := range 40 {
		many += `,"a` + strings.Repeat("x", i) + `":` + strings.Repeat("1", i+1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"scalar", ` "a" `, `"a"`},
		{"empty", `{"a":[],"b":{}}`, `{"a":[],"b":{}}`},
		{"number text is kept", `[1.10,1e3,-0,12345678901234567890]`, `[1.10,1e3,-0,12345678901234567890]`},
		{"order", `{"z":1,"a":2}`, `{"z":1,"a":2}`},
		{"of one name the last value, in the first place", `{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{"the same among many", many + `,"a0":[9]}`, strings.Replace(many, `"a0":0`, `"a0":[9]`, 1) + `}`},
		{"escapes", `"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00"`, `"\"\\/\b\f\n\r\tä😀"`},
		{"half a pair", `"\ud83d!\ude00"`, "\"\ufffd!\ufffd\""},
		{"no UTF-8", "[\"a\xff\xfe\"]", "[\"a\ufffd\ufffd\"]"},
		{"no UTF-8 beside an escape", "[\"\\n\xff\"]", "[\"\\n\ufffd\"]"},
		{"control characters are escaped", `"\u0001\u007f"`, `"\u0001` + "\x7f" + `"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := Parse([]byte(c.text), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, string(v.AppendJSON(nil))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{``, "at byte 0: the text ends where a value should be"},
		{`{wrongjson`, "at byte 1: no member name where one should be"},
		{`{"a":1`, "at byte 6: the text ends within an array or object"},
		{`{"a" 1}`, "at byte 5: no colon after a member name"},
		{`[1,]`, "at byte 3: no value begins like this"},
		{`[1 2]`, "at byte 3: neither a comma nor the end of the array or object"},
		{`[01]`, "at byte 1: not a number"},
		{`"a`, "at byte 2: the text ends within a string"},
		{"\"a\nb\"", "at byte 2: a control character within a string"},
		{`"\x"`, "at byte 1: an escape that is none"},
		{strings.Repeat("9", 1001), "at byte 0: a number has more digits than are allowed"},
		{`{} x`, "at byte 3: more than one value"},
		{`[[[[1]]]]`, "at byte 3: the document is nested deeper than is allowed"},
		{`[1,2,3,4,5,6,7,8]`, "at byte 15: the document has more values than are allowed"},
	} {
		t.Run(c.text, func(t *testing.T) {
			_, err := Parse([]byte(c.text), Limits{Depth: 3, Nodes: 8})
			if err == nil {
				t.Fatal("taken")
			}
			if d := cmp.Diff(c.want, err.Error()); d != "" {
				t.Error(d)
			}
		})
	}
}

// FuzzParse compares with encoding/json: what is a document, and its values.
func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e3,true,false,null,"x\u00e4\n"],"a":{}}`, "[\"\xff\\ud800\"]", ` [ ] `, `01`, `[1,]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Parse(text, Limits{Depth: 5000})
		if (err == nil) != json.Valid(text) {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		var m Memory
		for range 2 {
			if again, err := m.Parse(text, Limits{Depth: 5000}); err != nil || !bytes.Equal(again.AppendJSON(nil), v.AppendJSON(nil)) {
				t.Fatalf("%q: %v in memory that is used again", text, err)
			}
			m.Reset()
		}
		got, again := v.AppendJSON(nil), ""
		if d := cmp.Diff(normal(t, string(text)), normal(t, string(got))); d != "" {
			t.Fatal(d)
		}
		second, err := Parse(got, Limits{Depth: 5000})
		if err != nil {
			t.Fatal(err)
		}
		if again = string(second.AppendJSON(nil)); again != string(got) {
			t.Fatalf("%s, then %s", got, again)
		}
	})
}

// TestMemory parses one document after another in the same memory.
func TestMemory(t *testing.T) {
	var m Memory
	large := "[" + strings.Repeat(`{"a":[1,2,3],"b\n":"x"},`, 600) + "0]"
	var kept string
	for _, text := range []string{`{"a":["first"]}`, `[1,{"b":2}]`, large, `[1`, `{"c":{}}`, large, `"x"`} {
		v, err := m.Parse([]byte(text), Limits{})
		if text == `[1` {
			if err == nil {
				t.Error("half a document is taken")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(text, string(v.AppendJSON(nil))); d != "" {
			t.Error(d)
		}
		if a := v.Member("a"); a != nil {
			kept = a.Items[0].Text
		}
		m.Reset()
	}
	if kept != "first" {
		t.Errorf("a string of the first document became %q", kept)
	}
}
