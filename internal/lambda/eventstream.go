package lambda

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// The bounds of one message of an event stream, in bytes: its headers as the
// format has them, and what this side keeps of one in memory.
const (
	maxEventHeaders = 128 << 10
	maxEventText    = 1 << 20
	messageFrame    = 16 // of lengths and checksums
)

// eventReader reads the payload of the answer to InvokeWithResponseStream: a
// sequence of messages in AWS's binary framing
// (application/vnd.amazon.eventstream). Payload is handed on as it comes; a
// message's checksum is checked at its end.
type eventReader struct {
	from  *bufio.Reader
	left  uint32 // payload bytes of the message that is being handed on
	sum   uint32 // of the message so far
	ended error
	log   []byte // the end of the function's log, once that was told
}

func newEventReader(r io.Reader) *eventReader {
	return &eventReader{from: bufio.NewReaderSize(r, 16<<10)}
}

var errEventStream = errors.New("the endpoint's answer is no event stream")

func badEvents(what string) error { return fmt.Errorf("%w: %s", errEventStream, what) }

// Read implements io.Reader: io.EOF once the function said that it is done,
// *Failure when it failed.
func (e *eventReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for e.ended == nil {
		if e.left > 0 {
			n, err := e.from.Read(p[:min(len(p), int(e.left))])
			e.sum = crc32.Update(e.sum, crc32.IEEETable, p[:n])
			e.left -= uint32(n)
			if err == nil && e.left == 0 {
				err = e.checkSum()
			}
			if e.ended = unexpected(err); n > 0 {
				return n, nil
			}
			continue
		}
		e.ended = unexpected(e.message())
	}
	return 0, e.ended
}

// unexpected: a stream ends with the message that says so.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err == errComplete {
		return io.EOF
	}
	return err
}

// errComplete is the function's own word that it is done.
var errComplete = errors.New("complete")

// message reads a message up to its payload, when that is part of the answer,
// else to its end.
func (e *eventReader) message() error {
	var prelude [12]byte
	if _, err := io.ReadFull(e.from, prelude[:]); err != nil {
		return err
	}
	total, headers := binary.BigEndian.Uint32(prelude[0:]), binary.BigEndian.Uint32(prelude[4:])
	if crc32.ChecksumIEEE(prelude[:8]) != binary.BigEndian.Uint32(prelude[8:]) {
		return badEvents("a message's lengths are damaged")
	}
	if headers > maxEventHeaders || total < messageFrame || total-messageFrame < headers {
		return badEvents("a message's lengths make no sense")
	}
	text := make([]byte, headers)
	if _, err := io.ReadFull(e.from, text); err != nil {
		return err
	}
	h, err := parseEventHeaders(text)
	if err != nil {
		return err
	}
	e.left = total - messageFrame - headers
	e.sum = crc32.Update(crc32.ChecksumIEEE(prelude[:]), crc32.IEEETable, text)
	if h.message == "event" && h.event == "PayloadChunk" {
		if e.left == 0 {
			return e.checkSum()
		}
		return nil
	}
	payload, err := e.whole()
	if err != nil {
		return err
	}
	return e.meaning(&h, payload)
}

// whole reads a message's payload and checks the message.
func (e *eventReader) whole() ([]byte, error) {
	if e.left > maxEventText {
		return nil, badEvents("a message is too large")
	}
	payload := make([]byte, e.left)
	if _, err := io.ReadFull(e.from, payload); err != nil {
		return nil, err
	}
	e.left = 0
	e.sum = crc32.Update(e.sum, crc32.IEEETable, payload)
	return payload, e.checkSum()
}

func (e *eventReader) checkSum() error {
	var sum [4]byte
	if _, err := io.ReadFull(e.from, sum[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint32(sum[:]) != e.sum {
		return badEvents("a message is damaged")
	}
	return nil
}

// eventHeaders are those of a message's headers that say what it is.
type eventHeaders struct {
	message, event, exception string
}

// meaning is what a message without part of the answer says.
func (e *eventReader) meaning(h *eventHeaders, payload []byte) error {
	switch {
	case h.message == "exception" || h.message == "error":
		var doc struct{ Message string }
		_ = json.Unmarshal(payload, &doc) // the type says enough
		return &Error{Kind: Unavailable, Status: 200, Type: clip(printable(h.exception), 128), Message: clip(printable(doc.Message), 1024)}
	case h.event != "InvokeComplete":
		return nil // one that a later version of the API has
	}
	var doc struct {
		ErrorCode, ErrorDetails string
		LogResult               []byte
	}
	if json.Unmarshal(payload, &doc) != nil {
		return badEvents("its end can't be read")
	}
	e.log = doc.LogResult
	if doc.ErrorCode != "" {
		return &Failure{doc.ErrorCode, []byte(doc.ErrorDetails)}
	}
	return errComplete
}

// parseEventHeaders reads a message's headers: a name behind its length, a
// type, and a value of the type's own length.
func parseEventHeaders(b []byte) (h eventHeaders, err error) {
	bad := badEvents("a message's headers can't be read")
	for len(b) > 0 {
		n := int(b[0])
		if len(b) < 1+n+1 {
			return h, bad
		}
		name, kind := string(b[1:1+n]), b[1+n]
		b = b[2+n:]
		size := 0
		switch kind {
		case 0, 1: // true, false
		case 2, 3, 4, 5, 8, 9: // numbers, an instant, a UUID
			size = map[byte]int{2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}[kind]
		case 6, 7: // bytes, text
			if len(b) < 2 {
				return h, bad
			}
			size = int(binary.BigEndian.Uint16(b))
			b = b[2:]
		default:
			return h, bad
		}
		if len(b) < size {
			return h, bad
		}
		value := string(b[:size])
		b = b[size:]
		switch name {
		case ":message-type":
			h.message = value
		case ":event-type":
			h.event = value
		case ":exception-type", ":error-code":
			h.exception = value
		}
	}
	return h, nil
}
