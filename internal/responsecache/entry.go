package responsecache

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// An entry: its form (1 byte), when it was made (8 bytes, ms of the Unix
// clock), the status (2 bytes), the number of fields (2 bytes), then of each
// field the lengths of name (2 bytes) and value (4 bytes) and both, then the
// body. Numbers are big-endian. A sealed one is its form, a nonce and an entry
// encrypted (XChaCha20-Poly1305).
const (
	formPlain  = 1
	formSealed = 2

	entryHead = 1 + 8 + 2 + 2
	fieldHead = 2 + 4
)

var errEntry = errors.New("not an entry of a response cache")

// Entry is an answer as it was kept. Its slices are valid for as long as the
// memory that it was decoded from.
type Entry struct {
	Made   time.Time
	Status int
	Body   []byte

	fields []byte
}

// Encode makes an entry of an answer. Fields for which without is true belong
// to the request alone and are left out. Nil: the answer is larger than
// MaxEntry.
func Encode(made time.Time, status int, h *http1.Header, without func(name []byte) bool, body []byte) []byte {
	size, n, content := entryHead+len(body), 0, len(body)
	for i := range h.Len() {
		if name, value := h.At(i); !without(name) {
			size += fieldHead + len(name) + len(value)
			content += len(name) + len(value)
			n++
		}
	}
	if content > MaxEntry || n > 1<<16-1 {
		return nil
	}
	b := append(make([]byte, 0, size), formPlain)
	b = binary.BigEndian.AppendUint64(b, uint64(made.UnixMilli()))
	b = binary.BigEndian.AppendUint16(b, uint16(status))
	b = binary.BigEndian.AppendUint16(b, uint16(n))
	for i := range h.Len() {
		name, value := h.At(i)
		if without(name) {
			continue
		}
		b = binary.BigEndian.AppendUint16(b, uint16(len(name)))
		b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
		b = append(append(b, name...), value...)
	}
	return append(b, body...)
}

// Decode reads what Encode made.
func Decode(b []byte) (Entry, error) {
	if len(b) < entryHead || b[0] != formPlain {
		return Entry{}, errEntry
	}
	e := Entry{
		Made:   time.UnixMilli(int64(binary.BigEndian.Uint64(b[1:]))),
		Status: int(binary.BigEndian.Uint16(b[9:])),
	}
	rest := b[entryHead:]
	for range binary.BigEndian.Uint16(b[11:]) {
		_, _, after, ok := cutField(rest)
		if !ok {
			return Entry{}, errEntry
		}
		rest = after
	}
	e.fields, e.Body = b[entryHead:len(b)-len(rest)], rest
	return e, nil
}

// Next takes the first field off e; false: there is none left.
func (e *Entry) Next() (name, value []byte, ok bool) {
	name, value, e.fields, ok = cutField(e.fields)
	return name, value, ok
}

func cutField(b []byte) (name, value, rest []byte, ok bool) {
	if len(b) < fieldHead {
		return nil, nil, nil, false
	}
	n, v := uint64(binary.BigEndian.Uint16(b)), uint64(binary.BigEndian.Uint32(b[2:]))
	b = b[fieldHead:]
	if n+v > uint64(len(b)) {
		return nil, nil, nil, false
	}
	return b[:n:n], b[n : n+v : n+v], b[n+v:], true
}

// young says that e is not older than ttl. One of the future is by a clock
// that goes wrong: it may be of any age.
func (e *Entry) young(now time.Time, ttl time.Duration) bool {
	age := now.Sub(e.Made)
	return age < ttl && age > -clockSkew
}

// clockSkew is by how much the clocks of nodes may differ.
const clockSkew = 30 * time.Second
