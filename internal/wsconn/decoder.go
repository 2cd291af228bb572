package wsconn

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// closeError is a reason to end the connection with a status.
type closeError struct {
	code   int
	reason string
}

func (e *closeError) Error() string { return "wsconn: " + strconv.Itoa(e.code) + ": " + e.reason }

var (
	errNotUTF8  = &closeError{CodeInvalid, "text is not UTF-8"}
	errBinary   = &closeError{CodeUnsupported, "binary messages are not supported"}
	errFrameBig = &closeError{CodeTooBig, "frame is too big"}
	errTooBig   = &closeError{CodeTooBig, "message is too big"}
	errMemory   = &closeError{CodeTryLater, "too many unfinished messages"}
	errLength   = &closeError{CodeProtocol, "the length of a frame has its first bit set"}
)

// event is what a client said. The payload is valid until the next call of
// the decoder, in the caller's bytes or in its own.
type event struct {
	op      ws.OpCode // OpText, OpBinary, OpPing, OpPong, OpClose; OpContinuation: nothing yet
	payload []byte
}

// decoder turns a client's bytes into events, however they are cut. It holds
// no memory but for messages and control frames that have begun and not
// ended.
type decoder struct {
	limits *Limits
	memory *memory

	head    [14]byte
	headLen uint8 // bytes of a head that isn't complete
	need    uint8 // bytes of the head, as far as is known
	inFrame bool  // the head is complete
	frame   ws.Header
	taken   int // bytes of the frame's payload so far
	control []byte

	message ws.OpCode // of the message that has begun; OpContinuation: none
	text    []byte    // what came of it; its memory is the pools'
	checked int       // text[:checked] is UTF-8
	over    bool      // text was handed out
}

// next takes bytes off p and says what they were; p's bytes are unmasked in
// place. The error is a *closeError, and the end.
func (d *decoder) next(p []byte) (used int, e event, err error) {
	if d.over {
		d.release()
	}
	if !d.inFrame {
		if used, err = d.readHead(p); err != nil || !d.inFrame {
			return used, event{}, err
		}
	}
	n := min(int(d.frame.Length)-d.taken, len(p)-used)
	piece := p[used : used+n]
	ws.Cipher(piece, d.frame.Mask, d.taken)
	used += n
	d.taken += n
	ends := d.taken == int(d.frame.Length)
	d.inFrame = !ends
	if d.frame.OpCode.IsControl() {
		e, err = d.takeControl(piece, ends)
	} else {
		e, err = d.takeData(piece, ends)
	}
	return used, e, err
}

// readHead takes the head of a frame.
func (d *decoder) readHead(p []byte) (used int, err error) {
	if d.headLen == 0 {
		d.need = 2
	}
	for d.headLen < d.need {
		if used == len(p) {
			return used, nil
		}
		n := copy(d.head[d.headLen:d.need], p[used:])
		used += n
		d.headLen += uint8(n)
		if d.headLen == 2 && d.need == 2 {
			if err := d.readStart(); err != nil {
				return used, err
			}
		}
	}
	err = d.readLength()
	d.headLen, d.taken, d.inFrame = 0, 0, true
	return used, err
}

// readStart checks the first two bytes of a frame, so that what can't be one
// is refused before more of it comes.
func (d *decoder) readStart() error {
	first, second := d.head[0], d.head[1]
	d.frame = ws.Header{Fin: first&0x80 != 0, Rsv: first >> 4 & 7, OpCode: ws.OpCode(first & 0xf), Masked: second&0x80 != 0, Length: int64(second & 0x7f)}
	state := ws.StateServerSide
	if d.message != ws.OpContinuation {
		state = state.Set(ws.StateFragmented)
	}
	if err := ws.CheckHeader(d.frame, state); err != nil {
		return &closeError{CodeProtocol, err.Error()}
	}
	if d.frame.OpCode == ws.OpBinary && !d.limits.Binary {
		return errBinary
	}
	switch d.need = 2 + 4; d.frame.Length {
	case 126:
		d.need += 2
	case 127:
		d.need += 8
	}
	return nil
}

// readLength reads what follows the first two bytes, and checks how much the
// frame and its message come to.
func (d *decoder) readLength() error {
	rest := d.head[2:d.need]
	switch d.frame.Length {
	case 126:
		d.frame.Length = int64(binary.BigEndian.Uint16(rest))
	case 127:
		d.frame.Length = int64(binary.BigEndian.Uint64(rest))
	}
	copy(d.frame.Mask[:], rest[len(rest)-4:])
	switch {
	case d.frame.Length < 0:
		return errLength
	case d.frame.OpCode.IsControl():
		return nil
	case d.frame.Length > int64(d.limits.Frame):
		return errFrameBig
	case int64(len(d.text))+d.frame.Length > int64(d.limits.Message):
		return errTooBig
	}
	if d.frame.OpCode != ws.OpContinuation {
		d.message, d.checked = d.frame.OpCode, 0
	}
	return nil
}

// takeControl is for frames that may stand between those of a message.
func (d *decoder) takeControl(piece []byte, ends bool) (event, error) {
	if ends && len(d.control) == 0 {
		return event{d.frame.OpCode, piece}, nil
	}
	d.control = append(d.control, piece...)
	if !ends {
		return event{}, nil
	}
	payload := d.control
	d.control = nil
	return event{d.frame.OpCode, payload}, nil
}

func (d *decoder) takeData(piece []byte, ends bool) (event, error) {
	if ends && d.frame.Fin && len(d.text) == 0 { // all of it is in the caller's bytes
		if d.message == ws.OpText && !utf8.Valid(piece) {
			return event{}, errNotUTF8
		}
		return d.complete(piece), nil
	}
	var ok bool
	if d.text, ok = d.memory.extend(d.text, len(piece), d.limits.Message); !ok {
		return event{}, errMemory
	}
	d.text = append(d.text, piece...)
	if d.message == ws.OpText && !d.checkText(ends && d.frame.Fin) {
		return event{}, errNotUTF8
	}
	if !ends || !d.frame.Fin {
		return event{}, nil
	}
	d.over = true
	return d.complete(d.text), nil
}

func (d *decoder) complete(payload []byte) event {
	e := event{d.message, payload}
	d.message = ws.OpContinuation
	return e
}

// checkText checks what came since the last time, so that a message is
// refused as soon as it can't become UTF-8 any more.
func (d *decoder) checkText(whole bool) bool {
	rest := d.text[d.checked:]
	if utf8.Valid(rest) {
		d.checked = len(d.text)
		return true
	}
	if whole {
		return false
	}
	cut := len(rest) // before the last rune, if that one isn't complete
	for back := 1; back < utf8.UTFMax && back <= len(rest); back++ {
		if at := len(rest) - back; utf8.RuneStart(rest[at]) {
			if !utf8.FullRune(rest[at:]) {
				cut = at
			}
			break
		}
	}
	d.checked += cut
	return utf8.Valid(rest[:cut])
}

// release gives the memory of the message back.
func (d *decoder) release() {
	d.memory.put(d.text)
	d.text, d.over = nil, false
}

// idle says whether nothing has begun that hasn't ended. It ends what next
// handed out.
func (d *decoder) idle() bool {
	if d.over {
		d.release()
	}
	return d.headLen == 0 && !d.inFrame && d.message == ws.OpContinuation && d.control == nil && d.text == nil
}
