package http2

import (
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// Answers are compressed by the static table alone (RFC 7541, appendix A), as
// nginx does: no table to keep per connection, and nothing about an answer
// can be guessed from the length of another.

// staticNames are the entries of the static table for names that answers have.
var staticNames = map[http1.Known]byte{
	http1.NameAge: 21, http1.NameContentEncoding: 26, http1.NameContentType: 31, http1.NameServer: 54,
	http1.NameVia: 60, http1.NameWWWAuthenticate: 61, http1.NameCookie: 32, http1.NameAccept: 19, http1.NameHost: 38,
}

// staticByKnown is staticNames as a table, 0: none.
var staticByKnown = func() (t [256]byte) {
	for known, index := range staticNames {
		t[known] = index
	}
	return t
}()

const (
	indexStatus        = 8
	indexContentLength = 28
	indexDate          = 33
)

// staticStatus are the statuses that the static table holds whole.
var staticStatus = map[int]byte{200: 8, 204: 9, 206: 10, 304: 11, 400: 12, 404: 13, 500: 14}

func appendStatus(dst []byte, status int) []byte {
	if index, ok := staticStatus[status]; ok {
		return append(dst, 0x80|index)
	}
	return append(dst, indexStatus, 3, byte('0'+status/100), byte('0'+status/10%10), byte('0'+status%10))
}

// Literal fields without indexing (RFC 7541, 6.2.2), strings without Huffman
// code: the processor's time is worth more than the bytes here.

func appendIndexedName(dst []byte, index byte) []byte {
	if index < 15 {
		return append(dst, index)
	}
	return append(dst, 15, index-15)
}

func appendString[S string | []byte](dst []byte, s S) []byte {
	return append(appendLength(dst, len(s)), s...)
}

// appendLength is an integer with a prefix of 7 bits (RFC 7541, 5.1).
func appendLength(dst []byte, n int) []byte {
	if n < 127 {
		return append(dst, byte(n))
	}
	dst = append(dst, 127)
	for n -= 127; n >= 128; n >>= 7 {
		dst = append(dst, byte(n)|0x80)
	}
	return append(dst, byte(n))
}

// appendName is a name that the static table doesn't hold, in lower case.
func appendName(dst, name []byte) []byte {
	dst = appendLength(append(dst, 0), len(name))
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

var (
	errFraming = errors.New("http2: the connection's own fields can't be set")
	errField   = errors.New("http2: a field's name or value can't be sent")
	errStatus  = errors.New("http2: no final status")
)

// hopByHop are fields that HTTP/2 doesn't have, or that are ours to send.
var hopByHop = func() (t [256]bool) {
	for _, k := range []http1.Known{http1.NameConnection, http1.NameKeepAlive, http1.NameProxyConnection, http1.NameTransferEncoding,
		http1.NameUpgrade, http1.NameContentLength, http1.NameDate} {
		t[k] = true
	}
	return t
}()

// appendFields appends h. It is the one place where fields become bytes.
func appendFields(dst []byte, h *http1.Header) ([]byte, error) {
	if h == nil {
		return dst, nil
	}
	for i := range h.Len() {
		known := h.KnownAt(i)
		if hopByHop[known] {
			return dst, errFraming
		}
		name, value := h.At(i)
		if !http1.ValidValue(value) {
			return dst, errField
		}
		if index := staticByKnown[known]; index != 0 {
			dst = appendIndexedName(dst, index)
		} else {
			if !http1.ValidName(name) {
				return dst, errField
			}
			dst = appendName(dst, name)
		}
		dst = appendString(dst, value)
	}
	return dst, nil
}

// appendBlock makes the header block of an answer; length -1: unknown.
func (s *Server) appendBlock(dst []byte, t time.Time, status int, h *http1.Header, length int64) ([]byte, error) {
	if status < 200 || status > 999 {
		return dst, errStatus
	}
	dst, err := appendFields(appendStatus(dst, status), h)
	if err != nil {
		return dst, err
	}
	dst = s.date.append(dst, t)
	if length >= 0 && status != 204 && status != 304 {
		var digits [20]byte
		dst = appendString(appendIndexedName(dst, indexContentLength), strconv.AppendInt(digits[:0], length, 10))
	}
	return dst, nil
}

// dateCache is the date field of the current second.
type dateCache struct{ line atomic.Pointer[dateLine] }

type dateLine struct {
	second int64
	field  []byte
}

func (d *dateCache) append(dst []byte, t time.Time) []byte {
	line, second := d.line.Load(), t.Unix()
	if line == nil || line.second != second {
		text := t.UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT")
		line = &dateLine{second, appendString(appendIndexedName(nil, indexDate), text)}
		d.line.Store(line)
	}
	return append(dst, line.field...)
}
