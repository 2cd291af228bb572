package wsconn

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// oracle reads what gobwas/ws finds in input: the events before the first
// fault, and whether there was one.
func oracle(input []byte, l *Limits) (events []event, faulty bool) {
	in := bytes.NewReader(input)
	state := ws.StateServerSide
	var message []byte
	var op ws.OpCode
	for {
		start := make([]byte, 2)
		n, _ := in.ReadAt(start, in.Size()-int64(in.Len()))
		h, err := ws.ReadHeader(in)
		if n == 2 && start[0]&8 != 0 && start[1]&0x7f > 125 { // gobwas takes a short length in a long form
			return events, true
		}
		switch {
		case n == 2 && (err == io.EOF || err == io.ErrUnexpectedEOF): // refused before the rest of the head is there
			h, _ = ws.ReadHeader(bytes.NewReader(append(start, make([]byte, 12)...)))
			return events, ws.CheckHeader(h, state) != nil || h.OpCode == ws.OpBinary && !l.Binary
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return events, false
		case err != nil:
			return events, true
		}
		if ws.CheckHeader(h, state) != nil || h.OpCode == ws.OpBinary && !l.Binary {
			return events, true
		}
		if h.OpCode.IsData() || h.OpCode == ws.OpContinuation {
			if h.Length > int64(l.Frame) || int64(len(message))+h.Length > int64(l.Message) {
				return events, true
			}
		}
		payload := make([]byte, h.Length)
		n, err = io.ReadFull(in, payload)
		ws.Cipher(payload, h.Mask, 0)
		if h.OpCode.IsControl() {
			if err != nil {
				return events, false
			}
			events = append(events, event{h.OpCode, payload})
			continue
		}
		if h.OpCode != ws.OpContinuation {
			op = h.OpCode
		}
		message = append(message, payload[:n]...)
		if op == ws.OpText && !utf8.Valid(message) && (err == nil && h.Fin || !utf8.Valid(withoutLast(message))) {
			return events, true
		}
		if err != nil {
			return events, false
		}
		if !h.Fin {
			state = state.Set(ws.StateFragmented)
			continue
		}
		events = append(events, event{op, message})
		message, state = nil, ws.StateServerSide
	}
}

// withoutLast is b without an incomplete rune at its end.
func withoutLast(b []byte) []byte {
	for n := 1; n <= 3 && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				return b[:len(b)-n]
			}
			return b
		}
	}
	return b
}

// FuzzDecoder compares what the decoder finds, however its input is cut, with
// what gobwas/ws finds.
func FuzzDecoder(f *testing.F) {
	seeds := [][]frame{
		{{fin | text, "hello"}},
		{{text, "frag"}, {ping, "between"}, {cont, "ment"}, {fin | cont, "ed"}},
		{{fin | text, string(bytes.Repeat([]byte("a"), 300))}, closing(1000, "bye")},
		{{text, "\xce"}, {fin | cont, "\xba"}},
		{{fin | text, "\xf4\x90"}, {pong, ""}},
		{{fin | bin, "\x00"}},
	}
	for _, s := range seeds {
		var all []byte
		for _, fr := range s {
			all = append(all, masked(fr)...)
		}
		f.Add(all, byte(1), true)
		f.Add(all, byte(7), false)
		f.Add(all, byte(255), true)
	}
	f.Add([]byte("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00abcd"), byte(3), false)
	f.Fuzz(func(t *testing.T, input []byte, cut byte, binary bool) {
		l := Limits{Frame: 1000, Message: 2000, Binary: binary}
		want, faulty := oracle(input, &l)
		m := &memory{most: 1 << 20}
		d := m.decoder(&l)
		var got []event
		var err error
		for rest := bytes.Clone(input); len(rest) > 0 && err == nil; {
			piece := rest[:min(len(rest), int(cut)+1)]
			rest = rest[len(piece):]
			for len(piece) > 0 && err == nil {
				var n int
				var e event
				n, e, err = d.next(piece)
				piece = piece[n:]
				if err == nil && e.op != ws.OpContinuation {
					got = append(got, event{e.op, bytes.Clone(e.payload)})
				}
			}
		}
		var why *closeError
		if (err != nil) != faulty || err != nil && !errors.As(err, &why) {
			t.Fatalf("fault %v, oracle %v", err, faulty)
		}
		if len(got) != len(want) {
			t.Fatalf("%d events, oracle %d", len(got), len(want))
		}
		for i := range got {
			if got[i].op != want[i].op || !bytes.Equal(got[i].payload, want[i].payload) {
				t.Fatalf("event %d: %v, oracle %v", i, got[i], want[i])
			}
		}
		d.release()
		if held := m.held.Load(); held != 0 {
			t.Fatalf("%d bytes are held", held)
		}
	})
}
