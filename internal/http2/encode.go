package http2

import (
	"bytes"
	"strconv"

	"golang.org/x/net/http2/hpack"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// encoder codes the heads of answers. A field whose value comes a second time
// goes into the dynamic table of HPACK, so that it costs a byte or two from
// then on; one with a new value each time (request IDs) goes out as it is,
// without a string being made of it.
type encoder struct {
	hpack   *hpack.Encoder
	block   block
	name    []byte // of the current field, in lower case
	learned map[string]*learned
}

// learned is a field name that a connection's answers had.
type learned struct {
	last  []byte // the value it had last
	field hpack.HeaderField
	known bool // field is worth a place in the table
}

const (
	learnedMost = 32  // names
	learnedSize = 512 // bytes of value
)

// block is a header block as it is coded.
type block struct{ bytes []byte }

func (b *block) Write(p []byte) (int, error) {
	b.bytes = append(b.bytes, p...)
	return len(p), nil
}

func (e *encoder) init() {
	e.hpack = hpack.NewEncoder(&e.block)
	e.learned = map[string]*learned{}
}

// begin begins a block.
func (e *encoder) begin(status int) {
	if cap(e.block.bytes) > chunkSize {
		e.block.bytes = nil
	}
	e.block.bytes = e.block.bytes[:0]
	e.hpack.WriteField(hpack.HeaderField{Name: ":status", Value: statuses[status]})
}

// statuses holds each final status as text.
var statuses = func() (t [1000]string) {
	for status := 100; status < 1000; status++ {
		t[status] = strconv.Itoa(status)
	}
	return t
}()

// fields codes h, which checkFields has seen.
func (e *encoder) fields(h *http1.Header) {
	if h == nil {
		return
	}
	for i := range h.Len() {
		name, value := h.At(i)
		switch h.KnownAt(i) {
		case http1.NameKeepAlive, http1.NameProxyConnection, http1.NameUpgrade, http1.NameTE:
			continue
		}
		e.name = e.name[:0]
		for _, b := range name {
			if 'A' <= b && b <= 'Z' {
				b += 'a' - 'A'
			}
			e.name = append(e.name, b)
		}
		e.code(value)
	}
}

// field codes one field with a name in lower case.
func (e *encoder) field(name string, value []byte) {
	e.name = append(e.name[:0], name...)
	e.code(value)
}

// code codes the field e.name.
func (e *encoder) code(value []byte) {
	l := e.learned[string(e.name)]
	switch {
	case secret(e.name):
		e.literal(neverIndexed, value)
		return
	case l == nil && len(e.learned) < learnedMost:
		l = &learned{field: hpack.HeaderField{Name: string(e.name)}}
		e.learned[l.field.Name] = l
	case l == nil || len(value) > learnedSize:
		e.literal(notIndexed, value)
		return
	case l.known && l.field.Value == string(value):
		e.hpack.WriteField(l.field)
		return
	case bytes.Equal(l.last, value):
		l.field.Value, l.known = string(value), true
		e.hpack.WriteField(l.field)
		return
	}
	l.last = append(l.last[:0], value...)
	e.literal(notIndexed, value)
}

// secret fields are kept out of every table on the way (RFC 7541, 7.1.3).
func secret(name []byte) bool {
	return string(name) == "set-cookie" || string(name) == "authorization" || string(name) == "proxy-authorization"
}

// How a literal field may be treated by others on the way (RFC 7541, 6.2.2
// and 6.2.3).
const (
	notIndexed   = 0x00
	neverIndexed = 0x10
)

// literal codes the field without touching the table, and without Huffman's
// code, which saves a quarter and costs more than it is worth here.
func (e *encoder) literal(kind byte, value []byte) {
	b := e.block.bytes
	if i := staticNames[string(e.name)]; i != 0 {
		b = appendInteger(b, kind, 4, uint(i))
	} else {
		b = append(b, kind)
		b = appendInteger(b, 0, 7, uint(len(e.name)))
		b = append(b, e.name...)
	}
	b = appendInteger(b, 0, 7, uint(len(value)))
	e.block.bytes = append(b, value...)
}

// appendInteger appends n with a prefix of bits bits, the others taken from
// first (RFC 7541, 5.1).
func appendInteger(b []byte, first byte, bits uint, n uint) []byte {
	most := uint(1)<<bits - 1
	if n < most {
		return append(b, first|byte(n))
	}
	b = append(b, first|byte(most))
	for n -= most; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// staticNames are the names of answers' fields in HPACK's static table
// (RFC 7541, appendix A).
var staticNames = map[string]uint8{
	"accept-ranges": 18, "access-control-allow-origin": 20, "age": 21, "allow": 22, "cache-control": 24,
	"content-disposition": 25, "content-encoding": 26, "content-language": 27, "content-length": 28,
	"content-location": 29, "content-range": 30, "content-type": 31, "date": 33, "etag": 34, "expires": 36,
	"last-modified": 44, "link": 45, "location": 46, "proxy-authenticate": 48, "refresh": 52, "retry-after": 53,
	"server": 54, "set-cookie": 55, "strict-transport-security": 56, "vary": 59, "via": 60, "www-authenticate": 61,
	"authorization": 23, "proxy-authorization": 49,
}

// checkFields says whether h can be sent. It is the one place where fields of
// others become ours, so none may break out of its place.
func checkFields(h *http1.Header) error {
	if h == nil {
		return nil
	}
	for i := range h.Len() {
		name, value := h.At(i)
		switch h.KnownAt(i) {
		case http1.NameContentLength, http1.NameTransferEncoding, http1.NameConnection, http1.NameDate:
			return errFraming
		case http1.Other:
			if !http1.ValidName(name) {
				return errInjection
			}
		}
		if !http1.ValidValue(value) {
			return errInjection
		}
	}
	return nil
}
