package http1

import "bytes"

// chunkState is what comes next of a chunked body.
type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkData
	chunkEnd // CR LF behind the data
	chunkTrailers
)

const (
	maxChunkLine   = 512      // a size with its extensions
	maxChunkExcess = 16 << 10 // all extensions of a body
)

// stepChunk takes the next piece of framing off the buffer. moved is false
// when it hasn't arrived whole.
func (b *bodyReader) stepChunk() (moved bool, err error) {
	if b.chunk == chunkEnd {
		return b.stepChunkEnd()
	}
	w := b.wire
	in := w.buffered()
	i := bytes.IndexByte(in, '\n')
	if i < 0 {
		if b.chunk == chunkSize && len(in) > maxChunkLine {
			return false, errChunkExcess
		}
		if b.chunk == chunkTrailers && len(in)+b.excess > b.limits.HeaderBytes {
			return false, errTrailers
		}
		return false, nil
	}
	if i == 0 || in[i-1] != '\r' {
		return false, errBareLF
	}
	w.r += i + 1
	if b.chunk == chunkSize {
		return true, b.takeSize(in[:i-1])
	}
	return true, b.takeTrailer(in[:i-1])
}

func (b *bodyReader) stepChunkEnd() (moved bool, err error) {
	in := b.wire.buffered()
	if len(in) > 0 && in[0] != '\r' || len(in) > 1 && in[1] != '\n' {
		return false, errChunkEnd
	}
	if len(in) < 2 {
		return false, nil
	}
	b.wire.r += 2
	b.chunk = chunkSize
	return true, nil
}

// takeSize reads "size[;extensions]". Blanks around the size are refused: no
// two parsers agree on them.
func (b *bodyReader) takeSize(line []byte) error {
	var size uint64
	digits := 0
	for digits < len(line) && classes[line[digits]]&isHex != 0 {
		if digits == 15 {
			return errChunkSize // 60 bits are more than anybody sends
		}
		size = size<<4 | uint64(hexValue(line[digits]))
		digits++
	}
	if digits == 0 || digits < len(line) && line[digits] != ';' {
		return errChunkSize
	}
	b.excess += len(line) - digits
	if len(line) > maxChunkLine || b.excess > maxChunkExcess {
		return errChunkExcess
	}
	if !validExtensions(line[digits:]) {
		return errChunkExt
	}
	b.chunk, b.left = chunkData, int64(size)
	if size == 0 {
		b.chunk, b.excess = chunkTrailers, 0
	}
	return nil
}

func hexValue(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return lower[c] - 'a' + 10
}

// validExtensions checks *( ";" name [ "=" ( token / quoted-string ) ] ).
// They are dropped: none is registered.
func validExtensions(ext []byte) bool {
	for len(ext) > 0 {
		if ext[0] != ';' {
			return false
		}
		ext = trimLeft(ext[1:])
		name := tokenLength(ext)
		if name == 0 {
			return false
		}
		ext = ext[name:]
		if len(ext) > 0 && ext[0] == '=' {
			n := valueLength(ext[1:])
			if n == 0 {
				return false
			}
			ext = ext[1+n:]
		}
	}
	return true
}

func trimLeft(b []byte) []byte { return bytes.TrimLeft(b, " \t") }

func tokenLength(b []byte) int {
	n := 0
	for n < len(b) && classes[b[n]]&inToken != 0 {
		n++
	}
	return n
}

// valueLength is how long the token or quoted-string at the start of b is; 0
// for neither.
func valueLength(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		return tokenLength(b)
	}
	for i := 1; i < len(b); i++ {
		switch {
		case b[i] == '"':
			return i + 1
		case b[i] == '\\':
			i++
		}
		if i < len(b) && classes[b[i]]&inValue == 0 {
			return 0
		}
	}
	return 0
}

// takeTrailer checks one trailer line and drops it; the blank one ends the body.
func (b *bodyReader) takeTrailer(line []byte) error {
	if len(line) == 0 {
		b.done = true
		return nil
	}
	b.excess += len(line) + 2
	b.fields++
	if b.excess > b.limits.HeaderBytes || b.fields > b.limits.HeaderFields {
		return errTrailers
	}
	_, err := parseField(line, 0, len(line))
	return err
}
