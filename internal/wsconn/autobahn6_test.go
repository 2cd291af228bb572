package wsconn

import (
	"strconv"
	"testing"
	"time"
)

// octets sends payload in frames of one byte.
func octets(payload string) []frame {
	frames := []frame{{text, ""}}
	for i := range len(payload) {
		frames = append(frames, frame{cont, payload[i : i+1]})
	}
	return append(frames, frame{fin | cont, ""})
}

const kosme = "κόσμε"

// utf8Cases are the payloads of 6.5 to 6.23: the suite sends each as one
// frame.
var utf8Cases = []struct {
	section  string
	valid    bool
	payloads []string
}{
	{"6.6", false, []string{"\xce", "\xce\xba\xe1", "\xce\xba\xe1\xbd", "\xce\xba\xe1\xbd\xb9\xcf", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce"}},
	{"6.6 valid", true, []string{"\xce\xba", "\xce\xba\xe1\xbd\xb9", "\xce\xba\xe1\xbd\xb9\xcf\x83", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"}},
	{"6.7", true, []string{"\x00", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}},
	{"6.8", false, []string{"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"}},
	{"6.9", true, []string{"\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"}},
	{"6.10", false, []string{"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"}},
	{"6.11", true, []string{"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf"}},
	{"6.11.5", false, []string{"\xf4\x90\x80\x80"}},
	{"6.12", false, []string{"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80", "\x80\xbf\x80\xbf\x80\xbf", allContinuations()}},
	{"6.13", false, []string{starts(0xc0, 0xdf), starts(0xe0, 0xef), starts(0xf0, 0xf7), starts(0xf8, 0xfb), starts(0xfc, 0xfd)}},
	{"6.14", false, []string{"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80", "\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"}},
	{"6.15", false, []string{"\xc0\xe0\x80\xf0\x80\x80\xf8\x80\x80\x80\xfc\x80\x80\x80\x80\xdf\xef\xbf\xf7\xbf\xbf\xfb\xbf\xbf\xbf\xfd\xbf\xbf\xbf\xbf"}},
	{"6.16", false, []string{"\xfe", "\xff", "\xfe\xfe\xff\xff"}},
	{"6.17", false, []string{"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"}},
	{"6.18", false, []string{"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"}},
	{"6.19", false, []string{"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"}},
	{"6.20", false, []string{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"}},
	{"6.21", false, []string{"\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80", "\xed\xad\xbf\xed\xbf\xbf", "\xed\xae\x80\xed\xb0\x80", "\xed\xae\x80\xed\xbf\xbf", "\xed\xaf\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf"}},
	{"6.22", true, nonCharacters()},
	{"6.23", true, []string{"\xef\xbf\xb9", "\xef\xbf\xba", "\xef\xbf\xbb", "\xef\xbf\xbc", "\xef\xbf\xbd", "\xef\xbf\xbe", "\xef\xbf\xbf"}},
}

func allContinuations() string {
	var s []byte
	for b := 0x80; b <= 0xbf; b++ {
		s = append(s, byte(b))
	}
	return string(s)
}

// starts are first bytes, each followed by a blank.
func starts(from, to int) string {
	var s []byte
	for b := from; b <= to; b++ {
		s = append(s, byte(b), ' ')
	}
	return string(s)
}

// nonCharacters are U+nFFFE and U+nFFFF of every plane.
func nonCharacters() []string {
	var s []string
	for plane := range rune(17) {
		s = append(s, string(plane<<16|0xfffe), string(plane<<16|0xffff))
	}
	return s
}

func TestAutobahn6UTF8(t *testing.T) {
	greek := "Hello-µ@ßöäüàá-UTF-8!!"
	bad := "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"
	cases := []autobahn{
		{name: "6.1.1", send: []frame{{fin | text, ""}}, want: []frame{{fin | text, ""}}},
		{name: "6.1.2", send: []frame{{text, ""}, {cont, ""}, {fin | cont, ""}}, want: []frame{{fin | text, ""}}},
		{name: "6.1.3", send: []frame{{text, ""}, {cont, "middle frame payload"}, {fin | cont, ""}}, want: []frame{{fin | text, "middle frame payload"}}},
		{name: "6.2.1", send: []frame{{fin | text, greek}}, want: []frame{{fin | text, greek}}},
		{name: "6.2.2", send: []frame{{text, greek[:12]}, {fin | cont, greek[12:]}}, want: []frame{{fin | text, greek}}},
		{name: "6.2.3", send: octets(greek), want: []frame{{fin | text, greek}}},
		{name: "6.2.4", send: octets(kosme), want: []frame{{fin | text, kosme}}},
		{name: "6.3.1", send: []frame{{fin | text, bad}}, end: 1007},
		{name: "6.3.2", send: octets(bad), end: 1007},
		{name: "6.5.1", chop: 0, send: []frame{{text, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"}, {fin | cont, ""}}, want: []frame{{fin | text, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"}}},
		{name: "6.5.2", chop: 7, send: []frame{{fin | text, kosme}}, want: []frame{{fin | text, kosme}}},
	}
	for _, u := range utf8Cases {
		for i, payload := range u.payloads {
			a := autobahn{name: u.section + "." + strconv.Itoa(i+1), send: []frame{{fin | text, payload}}, end: 1007}
			if u.valid {
				a.want, a.end = a.send, 0
			}
			cases = append(cases, a)
		}
	}
	both(t, cases)
}

// 6.4: what can't become UTF-8 any more ends the connection while the message
// is still coming, between frames (1, 2) and within one (3, 4).
func TestAutobahn6FailsFast(t *testing.T) {
	e := serve(t, autobahnLimits, false, func() Handler { return echo{} })
	for name, parts := range map[string][2]string{
		"6.4.1": {kosme, "\xf4\x90\x80\x80"},
		"6.4.2": {kosme + "\xf4", "\x90"},
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, e)
			c.send(frame{text, parts[0]})
			time.Sleep(20 * time.Millisecond)
			c.send(frame{cont, parts[1]})
			c.expectEnd(1007)
		})
	}
	for name, cut := range map[string]int{"6.4.3": len(kosme) + 4, "6.4.4": len(kosme) + 2} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, e)
			whole := masked(frame{fin | text, kosme + "\xf4\x90\x80\x80edited"})
			head := 2 + 4
			c.write(whole[:head+len(kosme)])
			time.Sleep(20 * time.Millisecond)
			c.write(whole[head+len(kosme) : head+cut])
			c.expectEnd(1007)
		})
	}
}
