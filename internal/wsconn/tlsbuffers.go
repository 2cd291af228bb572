package wsconn

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"unsafe"
)

// keptTLS is the most bytes of a buffer that an idle TLS connection may keep: a
// usual message fits.
const keptTLS = 1 << 10

// tlsBuffers is where a tls.Conn has what it read: it keeps buffers as large as
// the largest record that came, be it of the handshake (3 KB with the keys of
// today's clients, 16 KB and more at most), and has no way to say that it need
// not. A version of Go that has them elsewhere keeps them; TestTLSBuffers tells.
var tlsBuffers = struct{ raw, hand, input uintptr }{
	raw:   offset[bytes.Buffer]("rawInput"),
	hand:  offset[bytes.Buffer]("hand"),
	input: offset[bytes.Reader]("input"), // what it hasn't handed out of raw's memory
}

// offset is where tls.Conn has a field of this name and type; 0: nowhere.
func offset[T any](name string) uintptr {
	f, ok := reflect.TypeFor[tls.Conn]().FieldByName(name)
	if !ok || len(f.Index) > 1 || f.Type != reflect.TypeFor[T]() { // an offset within what is embedded isn't one
		return 0
	}
	return f.Offset
}

// shrink has an idle connection give back what it read into. Nobody may be
// reading it.
func shrink(c *tls.Conn) {
	if tlsBuffers.raw == 0 || tlsBuffers.hand == 0 || tlsBuffers.input == 0 {
		return
	}
	input := (*bytes.Reader)(unsafe.Add(unsafe.Pointer(c), tlsBuffers.input))
	if input.Len() > 0 {
		return
	}
	*input = bytes.Reader{}
	for _, at := range []uintptr{tlsBuffers.raw, tlsBuffers.hand} {
		if b := (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(c), at)); b.Len() == 0 && b.Cap() > keptTLS {
			*b = bytes.Buffer{}
		}
	}
}
