package sigv4

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// place is a text of a request that can be changed.
type place struct {
	name string
	text *string
}

// places are all texts of w: what a client sends, but for the framing.
func (w *wire) places() []place {
	list := []place{{"method", &w.method}, {"path", &w.path}, {"query", &w.query}, {"Host", &w.host}}
	for i := range w.fields {
		name := w.fields[i][0]
		list = append(list, place{name, &w.fields[i][1]}, place{"name of " + name, &w.fields[i][0]})
	}
	return list
}

// changed is w with the byte c at index i of place p; beyond the places it is
// the body.
func (w *wire) changed(p, i int, c byte) *wire {
	out := *w
	out.fields = slices.Clone(w.fields)
	if list := out.places(); p < len(list) {
		b := []byte(*list[p].text)
		b[i] = c
		*list[p].text = string(b)
		return &out
	}
	out.body = bytes.Clone(w.body)
	out.body[i] = c
	return &out
}

// meaning is a request in the one way in which all spellings of it read that
// Signature Version 4 takes for the same (IAM user guide, "Create a signed AWS
// API request"): names of fields in one case, runs of blanks as one, escapes in
// a query undone, a path without dot segments and doubled slashes. It is on
// purpose not made of what this package is made of.
func (w *wire) meaning() map[string]any {
	m := map[string]any{"method": w.method, "path": cleaned(w.path), "host": w.host, "body": string(w.body)}
	query := url.Values{}
	for pair := range strings.SplitSeq(w.query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			n, v = "not escaped: "+name, value
		}
		if pair != "" {
			query[n] = append(query[n], v)
		}
	}
	m["query"] = query
	fields := http.Header{}
	for _, f := range w.fields {
		fields.Add(f[0], strings.Join(strings.Fields(f[1]), " "))
	}
	m["fields"] = fields
	return m
}

func cleaned(p string) string {
	clean := path.Clean(p)
	if clean != "/" && strings.HasSuffix(p, "/") {
		clean += "/"
	}
	return clean
}

// candidates are the bytes that may stand in a place of a request as it
// travels: no control characters, nor blanks in a target.
func candidates(where string) (list []byte) {
	for c := range 256 {
		c := byte(c)
		switch {
		case where == "body":
		case c < ' ' && c != '\t', c == 0x7f:
			continue
		case c == ' ', c == '\t', c == '#', c == '?' && where == "path":
			if slices.Contains([]string{"method", "path", "query", "Host"}, where) || strings.HasPrefix(where, "name of ") {
				continue
			}
		}
		list = append(list, c)
	}
	return list
}

// everyChange calls f with each request that differs from w in one byte.
func everyChange(w *wire, bytesOf func(where string) []byte, f func(where string, i int, c byte, changed *wire)) {
	list := append(w.places(), place{"body", new(string(w.body))})
	for p, at := range list {
		for i := range len(*at.text) {
			for _, c := range bytesOf(at.name) {
				if c != (*at.text)[i] {
					f(at.name, i, c, w.changed(p, i, c))
				}
			}
		}
	}
}

// signedWire is a request that AWS's SDK signed.
func signedWire(t *testing.T, presigned bool) *wire {
	t.Helper()
	r := request("POST", "http://abcdefghij.execute-api.localhost:8080/prod/pets%2F1/caf%C3%A9?b=2&a=x%2By&a=0&empty=&X-Amz-Expires=60", "body\x00\xff")
	r.Header.Set("X-A", "value  of two")
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	sdkSign(t, r, "session/token+=", presigned)
	body, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.RawQuery, host: r.Host}
	if w.body, err = io.ReadAll(body); err != nil {
		t.Fatal(err)
	}
	r.Header.Del("Host")
	for name, values := range r.Header {
		for _, v := range values {
			w.fields = append(w.fields, [2]string{name, v})
		}
	}
	slices.SortFunc(w.fields, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	if w.header("content-length") == "" {
		w.fields = append(w.fields, [2]string{"Content-Length", fmt.Sprint(len(w.body))})
	}
	return w
}

// TestOneChangedByte changes each byte of a signed request to every other one:
// what then is accepted reads as the request that was signed.
func TestOneChangedByte(t *testing.T) {
	find := func(id, token string) (string, bool, error) {
		return secretOfTest, id == keyOfTest && token == "session/token+=", nil
	}
	for name, presigned := range map[string]bool{"header": false, "query": true} {
		t.Run(name, func(t *testing.T) {
			w, v := signedWire(t, presigned), verifier()
			if _, err := v.Verify(w.request(), find); err != nil {
				t.Fatal(err)
			}
			want := w.meaning()
			changes, alike := 0, map[string]int{}
			everyChange(w, candidates, func(where string, i int, c byte, changed *wire) {
				changes++
				if _, err := v.Verify(changed.request(), find); err != nil {
					return
				}
				alike[where]++
				if diff := cmp.Diff(want, changed.meaning()); diff != "" {
					t.Errorf("byte %d of %s as %q is accepted:\n%s", i, where, c, diff)
				}
			})
			t.Logf("%d changes; accepted, as they read the same: %v", changes, alike)
		})
	}
}

// TestOneChangedByteOfSuite does the same to the requests of AWS's suite, with
// the bytes that could slip through.
func TestOneChangedByteOfSuite(t *testing.T) {
	some := func(where string) []byte { return []byte("a%/.+=&;,\"~AZ09\x80") }
	for _, of := range suite(t) {
		for _, kind := range []string{"header", "query"} {
			if of.refused(kind) != "" {
				continue
			}
			w := readWire(of.files[kind+"-signed-request"])
			v, find := suiteVerifier(of)
			want := w.meaning()
			everyChange(w, some, func(where string, i int, c byte, changed *wire) {
				if _, err := v.Verify(changed.request(), find); err != nil {
					return
				}
				if diff := cmp.Diff(want, changed.meaning()); diff != "" {
					t.Errorf("%s/%s: byte %d of %s as %q is accepted:\n%s", of.name, kind, i, where, c, diff)
				}
			})
		}
	}
}

// TestHashIsSigned: a hash of another body is refused in every bit.
func TestHashIsSigned(t *testing.T) {
	r := signedWire(t, false).request()
	for bit := range 8 * sha256.Size {
		changed := *r
		changed.PayloadHash[bit/8] ^= 1 << (bit % 8)
		if _, err := verifier().Verify(&changed, lookup); err == nil {
			t.Errorf("bit %d", bit)
		}
	}
}
