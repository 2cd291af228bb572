package http1

import "testing"

func TestSetKnown(t *testing.T) {
	var h Header
	for _, f := range [][2]string{{"x-forwarded-for", "a"}, {"Accept", "b"}, {"X-Forwarded-For", "c"}, {"X-Other", "d"}} {
		h.Add(f[0], f[1])
	}
	h.DelKnown(NameXForwardedProto) // there is none
	h.SetKnown(NameXForwardedFor, []byte("X-FORWARDED-FOR"), []byte("e"))
	h.SetKnown(NameXForwardedPort, []byte("X-Forwarded-Port"), []byte("80"))
	got := ""
	for i := range h.Len() {
		name, value := h.At(i)
		got += string(name) + "=" + string(value) + " "
	}
	if want := "Accept=b X-Other=d X-FORWARDED-FOR=e X-Forwarded-Port=80 "; got != want {
		t.Errorf("fields are %q, not %q", got, want)
	}
	if v := h.GetKnown(NameXForwardedFor); string(v) != "e" || h.Index("x-forwarded-for", 0) != 2 {
		t.Errorf("the new field isn't found by its name: %q", v)
	}
}
