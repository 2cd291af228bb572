package mapping

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBody(t *testing.T) {
	for _, c := range []struct {
		name, text, path string
		want             string // "-": missing
		err              error
	}{
		{"a part", `{"a":[{"b":1.50}]}`, ".a[0].b", "1.50", nil},
		{"of no object", `[1,2]`, "[-1]", "2", nil},
		{"of a text", `"a"`, ".a", "-", nil},
		{"of no JSON", `a=1`, ".a", "-", nil},
		{"of an array that is none", `[1,`, "[0]", "-", nil},
		{"of nothing", ``, ".a", "-", nil},
		{"broken", " \t\r\n{", ".a", "-", ErrInvalidJSON},
		{"a member of several names", `{"a":1,"a":{"b":2}}`, ".a.b", "2", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := ParseSource("method.request.body"+c.path, RequestPhase, nil)
			if err != nil {
				t.Fatal(err)
			}
			b, text := new(Body), []byte(c.text)
			b.Set(text)
			if _, err := b.JSON(); err != c.err {
				t.Fatal(err)
			}
			v, ok := s.Append([]byte("x"), &Input{Body: b})
			if !ok {
				v = append(v, '-')
			}
			if d := cmp.Diff("x"+c.want, string(v)); d != "" {
				t.Error(d)
			}
			if !b.Holds(text) || len(text) > 0 && b.Holds([]byte(c.text)) {
				t.Error("the body holds another text")
			}
		})
	}
}

// BenchmarkBody maps a header from a body that is read as JSON for it.
func BenchmarkBody(b *testing.B) {
	s, err := ParseSource("method.request.body.customer.name", RequestPhase, nil)
	if err != nil {
		b.Fatal(err)
	}
	text := []byte(`{"id":1,"customer":{"id":7,"name":"Ada Lovelace"},"items":[{"sku":"a1","price":5,"tags":["x","y"]}]}`)
	in, dst := &Input{Body: new(Body)}, []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		in.Body.Set(text)
		dst, _ = s.Append(dst[:0], in)
	}
}
