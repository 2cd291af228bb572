package wsconn

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// The server cases of the Autobahn test suite (crossbario/autobahn-testsuite,
// sections 1 to 7, 9 and 10), by their numbers: what the suite sends to a
// server that echoes, and what it calls OK. Its "non-strict" and
// "informational" outcomes aren't accepted, except for 7.13.

// autobahn is one case: what is sent, in pieces of chop bytes, and what must
// come back before the connection ends with a status (0: it stays open).
type autobahn struct {
	name string
	chop int
	send []frame
	want []frame
	end  int
}

// autobahnLimits let through what the suite sends.
var autobahnLimits = Limits{Frame: 17 << 20, Message: 17 << 20, Queue: 64 << 20, Binary: true}

func run(t *testing.T, e *endpoint, cases []autobahn) {
	t.Helper()
	for _, a := range cases {
		t.Run(a.name, func(t *testing.T) {
			c := dial(t, e)
			c.t, c.chop = t, a.chop
			c.send(a.send...)
			c.expect(a.want...)
			if a.end == 0 {
				a.end = 1000
				c.send(closing(1000, ""))
			}
			c.expectEnd(a.end)
		})
	}
}

// both runs a section over plain connections and over TLS.
func both(t *testing.T, cases []autobahn) {
	t.Run("plain", func(t *testing.T) {
		run(t, serve(t, autobahnLimits, false, func() Handler { return echo{} }), cases)
	})
	t.Run("tls", func(t *testing.T) {
		run(t, serve(t, autobahnLimits, true, func() Handler { return echo{} }), cases)
	})
}

func TestAutobahn1Framing(t *testing.T) {
	var cases []autobahn
	for op, section := range map[byte]string{text: "1.1.", bin: "1.2."} {
		for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536, 65536} {
			payload := strings.Repeat("*", n)
			if op == bin {
				payload = strings.Repeat("\xfe", n)
			}
			a := autobahn{name: section + strconv.Itoa(i+1), send: []frame{{fin | op, payload}}, want: []frame{{fin | op, payload}}}
			if i == 7 {
				a.chop = 997
			}
			cases = append(cases, a)
		}
	}
	both(t, cases)
}

func TestAutobahn2PingsPongs(t *testing.T) {
	binary125 := strings.Repeat("\xfe", 125)
	var pings, pongs []frame
	for i := range 10 {
		payload := "payload-" + strconv.Itoa(i)
		pings, pongs = append(pings, frame{ping, payload}), append(pongs, frame{pong, payload})
	}
	both(t, []autobahn{
		{name: "2.1", send: []frame{{ping, ""}}, want: []frame{{pong, ""}}},
		{name: "2.2", send: []frame{{ping, "Hello, world!"}}, want: []frame{{pong, "Hello, world!"}}},
		{name: "2.3", send: []frame{{ping, "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"}}, want: []frame{{pong, "\x00\xff\xfe\xfd\xfc\xfb\x00\xff"}}},
		{name: "2.4", send: []frame{{ping, binary125}}, want: []frame{{pong, binary125}}},
		{name: "2.5", send: []frame{{ping, binary125 + "\xfe"}}, end: 1002},
		{name: "2.6", chop: 1, send: []frame{{ping, binary125}}, want: []frame{{pong, binary125}}},
		{name: "2.7", send: []frame{{pong, ""}}},
		{name: "2.8", send: []frame{{pong, "unsolicited pong payload"}}},
		{name: "2.9", send: []frame{{pong, "unsolicited pong payload"}, {ping, "ping payload"}}, want: []frame{{pong, "ping payload"}}},
		{name: "2.10", send: pings, want: pongs},
		{name: "2.11", chop: 1, send: pings, want: pongs},
	})
}

func TestAutobahn3ReservedBits(t *testing.T) {
	hello := frame{fin | text, "Hello, world!"}
	rsv := func(bits byte) frame { return frame{fin | bits<<4 | text, "Hello, world!"} }
	then := []frame{hello, rsv(2), {ping, ""}}
	both(t, []autobahn{
		{name: "3.1", send: []frame{rsv(1)}, end: 1002},
		{name: "3.2", send: then, want: []frame{hello}, end: 1002},
		{name: "3.3", send: []frame{hello, rsv(3), {ping, ""}}, want: []frame{hello}, end: 1002},
		{name: "3.4", chop: 1, send: []frame{hello, rsv(4), {ping, ""}}, want: []frame{hello}, end: 1002},
		{name: "3.5", send: []frame{{fin | 5<<4 | bin, "\x00\xff\xfe"}}, end: 1002},
		{name: "3.6", send: []frame{{ping | 6<<4, "Hello, world!"}}, end: 1002},
		{name: "3.7", send: []frame{{closes | 7<<4, ""}}, end: 1002},
	})
}

func TestAutobahn4Opcodes(t *testing.T) {
	hello := frame{fin | text, "Hello, world!"}
	var cases []autobahn
	for section, first := range map[string]byte{"4.1.": 3, "4.2.": 11} {
		for i := range byte(5) {
			payload := ""
			if i%2 == 1 {
				payload = "reserved opcode payload"
			}
			bad := frame{fin | (first + i), payload}
			a := autobahn{name: section + strconv.Itoa(int(i)+1), send: []frame{bad}, end: 1002}
			if i >= 2 {
				a.send, a.want = []frame{hello, bad, {ping, ""}}, []frame{hello}
			}
			if i == 3 {
				a.chop = 1
			}
			cases = append(cases, a)
		}
	}
	both(t, cases)
}

func TestAutobahn5Fragmentation(t *testing.T) {
	one, two, both2 := frame{text, "fragment1"}, frame{fin | cont, "fragment2"}, frame{fin | text, "fragment1fragment2"}
	more := frame{cont, "fragment2"}
	between, answer := frame{ping, "ping payload"}, frame{pong, "ping payload"}
	hello := frame{fin | text, "Hello, world!"}
	five := []frame{one, more, {ping, "pongme 1!"}, {cont, "fragment3"}, {cont, "fragment4"}, {ping, "pongme 2!"}, {fin | cont, "fragment5"}}
	fiveBack := []frame{{pong, "pongme 1!"}, {pong, "pongme 2!"}, {fin | text, "fragment1fragment2fragment3fragment4fragment5"}}
	cases := []autobahn{
		{name: "5.1", send: []frame{{ping &^ fin, "fragment1"}, two}, end: 1002},
		{name: "5.2", send: []frame{{pong &^ fin, "fragment1"}, two}, end: 1002},
		{name: "5.3", send: []frame{one, two}, want: []frame{both2}},
		{name: "5.4", chop: 9, send: []frame{one, two}, want: []frame{both2}},
		{name: "5.5", chop: 1, send: []frame{one, two}, want: []frame{both2}},
		{name: "5.6", send: []frame{one, between, two}, want: []frame{answer, both2}},
		{name: "5.7", chop: 9, send: []frame{one, between, two}, want: []frame{answer, both2}},
		{name: "5.8", chop: 1, send: []frame{one, between, two}, want: []frame{answer, both2}},
		{name: "5.18", send: []frame{one, {fin | text, "fragment2"}}, end: 1002},
		{name: "5.20", send: five, want: fiveBack},
	}
	for i, chop := range []int{0, 9, 1} {
		orphan := frame{fin | cont, "non-continuation payload"}
		cases = append(cases,
			autobahn{name: "5." + strconv.Itoa(9+i), chop: chop, send: []frame{orphan, hello}, end: 1002},
			autobahn{name: "5." + strconv.Itoa(12+i), chop: chop, send: []frame{{cont, orphan.payload}, hello}, end: 1002})
	}
	cases = append(cases,
		autobahn{name: "5.15", send: []frame{one, two, {cont, "fragment3"}, {fin | text, "fragment4"}}, want: []frame{both2}, end: 1002},
		autobahn{name: "5.16", send: []frame{{cont, "fragment1"}, {text, "fragment2"}, {fin | cont, "fragment3"}}, end: 1002},
		autobahn{name: "5.17", send: []frame{{fin | cont, "fragment1"}, {text, "fragment2"}, {fin | cont, "fragment3"}}, end: 1002})
	both(t, cases)
	t.Run("5.19", func(t *testing.T) { // 5.20 with pauses
		c := dial(t, serve(t, autobahnLimits, false, func() Handler { return echo{} }))
		c.send(five[:3]...)
		c.expect(fiveBack[0])
		time.Sleep(100 * time.Millisecond)
		c.send(five[3:6]...)
		c.expect(fiveBack[1])
		time.Sleep(100 * time.Millisecond)
		c.send(five[6])
		c.expect(fiveBack[2])
	})
}

func TestAutobahn7Close(t *testing.T) {
	hello := frame{fin | text, "Hello World!"}
	cases := []autobahn{
		{name: "7.1.1", send: []frame{hello}, want: []frame{hello}},
		{name: "7.1.2", send: []frame{closing(1000, ""), closing(1000, "")}, end: 1000},
		{name: "7.1.3", send: []frame{closing(1000, ""), {ping, ""}}, end: 1000},
		{name: "7.1.4", send: []frame{closing(1000, ""), hello}, end: 1000},
		{name: "7.1.5", send: []frame{{text, "fragment1"}, closing(1000, ""), {fin | cont, "fragment2"}}, end: 1000},
		{name: "7.3.1", send: []frame{{closes, ""}}, end: CodeNoStatus},
		{name: "7.3.2", send: []frame{{closes, "a"}}, end: 1002},
		{name: "7.3.3", send: []frame{closing(1000, "")}, end: 1000},
		{name: "7.3.4", send: []frame{closing(1000, "Hello World!")}, end: 1000},
		{name: "7.3.5", send: []frame{closing(1000, strings.Repeat("*", 123))}, end: 1000},
		{name: "7.3.6", send: []frame{closing(1000, strings.Repeat("*", 124))}, end: 1002},
		{name: "7.5.1", send: []frame{closing(1000, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited")}, end: 1007},
	}
	for i, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999} {
		cases = append(cases, autobahn{name: "7.7." + strconv.Itoa(i+1), send: []frame{closing(code, "")}, end: code})
	}
	for i, code := range []int{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999} {
		cases = append(cases, autobahn{name: "7.9." + strconv.Itoa(i+1), send: []frame{closing(code, "")}, end: 1002})
	}
	for i, code := range []int{5000, 65535} { // informational: no specification says
		cases = append(cases, autobahn{name: "7.13." + strconv.Itoa(i+1), send: []frame{closing(code, "")}, end: 1002})
	}
	both(t, cases)
	t.Run("7.1.6", func(t *testing.T) { // 256 KB, then close, then ping
		c := dial(t, serve(t, autobahnLimits, false, func() Handler { return echo{} }))
		big := frame{fin | text, strings.Repeat("BAsd7&jh23", 26214)}
		c.send(big, closing(1000, ""), frame{ping, ""})
		c.expect(big)
		c.expectEnd(1000)
	})
}

func TestAutobahn9Performance(t *testing.T) {
	if testing.Short() {
		t.Skip("sends hundreds of megabytes")
	}
	var cases []autobahn
	add := func(name string, op byte, total, fragment, chop int) {
		payload := strings.Repeat("BAsd7&jh23______", total/16)
		a := autobahn{name: name, chop: chop, want: []frame{{fin | op, payload}}}
		for rest, head := payload, op; ; head = cont {
			if fragment == 0 || len(rest) <= fragment {
				a.send = append(a.send, frame{fin | head, rest})
				break
			}
			a.send = append(a.send, frame{head, rest[:fragment]})
			rest = rest[fragment:]
		}
		cases = append(cases, a)
	}
	for i, op := range []byte{text, bin} {
		whole, pieces, chopped := "9."+strconv.Itoa(1+i)+".", "9."+strconv.Itoa(3+i)+".", "9."+strconv.Itoa(5+i)+"."
		for j, size := range []int{64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20} {
			add(whole+strconv.Itoa(j+1), op, size, 0, 0)
		}
		for j, size := range []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20} {
			add(pieces+strconv.Itoa(j+1), op, 4<<20, size, 0)
		}
		for j, size := range []int{64, 128, 256, 512, 1024, 2048} {
			add(chopped+strconv.Itoa(j+1), op, 1<<20, 0, size)
		}
	}
	e := serve(t, autobahnLimits, false, func() Handler { return echo{} })
	run(t, e, cases)
	for i, op := range []byte{text, bin} {
		for j, size := range []int{0, 16, 64, 256, 1024, 4096} {
			t.Run("9."+strconv.Itoa(7+i)+"."+strconv.Itoa(j+1), func(t *testing.T) { // 1,000 there and back
				c := dial(t, e)
				f := frame{fin | op, strings.Repeat("*", size)}
				for range 1000 {
					c.send(f)
					c.expect(f)
				}
			})
		}
	}
}

func TestAutobahn10AutoFragmentation(t *testing.T) {
	payload := strings.Repeat("*", 65536)
	a := autobahn{name: "10.1.1", want: []frame{{fin | text, payload}}}
	head := text
	for rest := payload; len(rest) > 0; head = cont {
		n := min(len(rest), 1300)
		if n == len(rest) {
			head |= fin
		}
		a.send = append(a.send, frame{head, rest[:n]})
		rest = rest[n:]
	}
	both(t, []autobahn{a})
}
