package http2

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2/hpack"

	"github.com/gatehouse/gatehouse/internal/http1"
)

func newEncoder() *encoder {
	e := new(encoder)
	e.init()
	return e
}

// TestHeads: whatever the table holds, a head decodes to what was coded, and
// one that comes again is short.
func TestHeads(t *testing.T) {
	e := newEncoder()
	var got []string
	d := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		text := f.Name + ": " + f.Value
		if f.Sensitive {
			text += " (secret)"
		}
		got = append(got, text)
	})
	sizes := []int{}
	for i := range 200 {
		var h http1.Header
		h.Add("Content-Type", "application/json")
		h.Add("X-Amzn-RequestId", fmt.Sprint("id-", i))
		h.Add("Keep-Alive", "timeout=5")
		h.Add("Vary", []string{"Origin", "Accept"}[i/3%2])
		h.Add("Set-Cookie", "a=1")
		h.Add("Set-Cookie", "b=2")
		h.Add("X-Long", strings.Repeat("x", 300*(i%3)))
		h.Add(fmt.Sprint("X-New-", i), "v")
		want := []string{":status: 200", "content-type: application/json", fmt.Sprint("x-amzn-requestid: id-", i),
			"vary: " + []string{"Origin", "Accept"}[i/3%2], "set-cookie: a=1 (secret)", "set-cookie: b=2 (secret)",
			"x-long: " + strings.Repeat("x", 300*(i%3)), fmt.Sprintf("x-new-%d: v", i), "content-length: 7"}
		if i%50 == 49 {
			e.hpack.SetMaxDynamicTableSize(uint32(i) * 3)
		}
		e.begin(200)
		e.fields(&h)
		e.field("content-length", []byte("7"))
		sizes = append(sizes, len(e.block.bytes))
		got = got[:0]
		if _, err := d.Write(e.block.bytes); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("answer %d (-want +got)\n%s", i, diff)
		}
	}
	if sizes[3] > sizes[0]-len("application/json") {
		t.Errorf("the first heads take %v bytes", sizes[:4])
	}
}

// TestStaticNames holds our table to the library's.
func TestStaticNames(t *testing.T) {
	for name, index := range staticNames {
		d := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
			if f.Name != name {
				t.Errorf("%s has the index of %s", name, f.Name)
			}
		})
		e := newEncoder()
		e.name = []byte(name)
		e.literal(notIndexed, []byte("v"))
		if _, err := d.Write(e.block.bytes); err != nil {
			t.Errorf("%s (%d): %v", name, index, err)
		}
	}
}

func TestIntegers(t *testing.T) {
	for _, n := range []int{0, 1, 14, 15, 16, 126, 127, 128, 254, 255, 300, 16383, 16384, 70000} {
		e := newEncoder()
		var got string
		d := hpack.NewDecoder(4096, func(f hpack.HeaderField) { got = f.Value })
		e.name = []byte("x")
		e.literal(neverIndexed, []byte(strings.Repeat("v", n)))
		if _, err := d.Write(e.block.bytes); err != nil || len(got) != n {
			t.Errorf("%d bytes came as %d, %v", n, len(got), err)
		}
	}
}
