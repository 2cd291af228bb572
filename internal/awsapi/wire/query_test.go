package wire

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
)

// TestForm has the parameters of the query protocol.
func TestForm(t *testing.T) {
	read := func(form string) (*Object, *Request, error) {
		parameters, err := ParseQuery(form)
		if err != nil {
			t.Fatal(err)
		}
		r := new(Request)
		err = r.SetForm(parameters)
		return r.Object("in"), r, err
	}
	o, r, err := read("B.member.2=y&A=+1&B.member.1=x&B.member.10=z&N=12&E=&S.T.U=deep")
	if err != nil || *o.String("A") != " 1" || strings.Join(o.Strings("B"), "") != "xyz" || *o.Int("N") != 12 || len(o.Strings("E")) != 0 || *o.Object("S").Object("T").String("U") != "deep" || r.err != nil {
		t.Error(err, r.err)
	}
	if o, r, err = read("M.entry.2.value=y&M.entry.2.key=b&M.entry.1.key=a&M.entry.1.value=x"); err != nil || r.err != nil {
		t.Fatal(err, r.err)
	}
	if m := o.StringMap("M"); len(m) != 2 || m["a"] != "x" || m["b"] != "y" {
		t.Error(m)
	}
	for _, form := range []string{"M.entry.1.key=a", "M.entry.1=a", "M.entry.1.key=a&M.entry.1.value=b&M.entry.2.key=a&M.entry.2.value=c", "M.entry.x.key=a&M.entry.x.value=b", "A=1&A=2", "A=1&A.B=2", "A.member.0=1", "A.member.01=1", "A.member.1=1&A.member.x=2", "A" + strings.Repeat(".B", maxFormDepth) + "=1", strings.Repeat("A=1&", maxParameters+1)} {
		if _, _, err := read(form); err == nil {
			t.Errorf("%.40s was taken", form)
		}
	}
}

// TestFormNumbers: a number of a form is one that JSON has.
func TestFormNumbers(t *testing.T) {
	for text, want := range map[string]bool{"12": true, "-1": true, "1.5": true, "NaN": false, "Inf": false, "0x10": false, "1_0": false, "+1": false, "": false, "true": false} {
		r := new(Request)
		if err := r.SetForm([]QueryParameter{{"N", text}}); err != nil {
			t.Fatal(err)
		}
		o := r.Object("in")
		if n := o.Int("N"); (n != nil) != want || (r.err == nil) != want {
			t.Errorf("%q: %v, %v", text, n, r.err)
		}
		r.err = nil
		if n := o.Float("N"); (n != nil) != want || (r.err == nil) != want {
			t.Errorf("%q: %v, %v", text, n, r.err)
		}
	}
}

// FuzzForm: whatever is sent as a form, it is read or refused, and what is
// written of it is XML.
func FuzzForm(f *testing.F) {
	f.Add("A=1&B.member.1.Key=x&B.member.1.Value=y")
	f.Add("A.member.1=%3C%26%22&A.member.2=\x00")
	f.Add("A.=1&.B=2&.=3")
	f.Add("M.entry.1.key=a&M.entry.1.value=b")
	f.Fuzz(func(t *testing.T, form string) {
		parameters, err := ParseQuery(form)
		if err != nil {
			return
		}
		r := new(Request)
		if r.SetForm(parameters) != nil {
			return
		}
		o := r.Object("in")
		o.StringMap("M")
		w := Response{Query: true}
		w.Begin()
		w.String("A", o.String("A"))
		w.Strings("B", o.Strings("B"))
		w.End()
		text, err := w.XML("Op", "urn:x", "id")
		if err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(strings.NewReader(string(text))); ; {
			if _, err := d.Token(); err == io.EOF {
				return
			} else if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
		}
	})
}
