package http1

import (
	"errors"
	"io"
	"slices"
)

// ErrBodyTooLarge is returned when a body passes the limit given to ReadAll.
var ErrBodyTooLarge = errors.New("body larger than its limit")

// bodyFrame is how a body ends.
type bodyFrame uint8

const (
	bodyNone bodyFrame = iota
	bodyLength
	bodyChunked
	bodyUntilClose
)

// bodyReader reads one body off a wire.
type bodyReader struct {
	wire   *wire
	source source
	limits *Limits
	frame  bodyFrame
	chunk  chunkState
	done   bool
	left   int64 // bytes left of the body (length) or of the chunk
	excess int   // bytes of chunk extensions, then of trailers
	fields int   // trailers
	err    error // what ended reading for good
}

// begin readies b for a body of length bytes; -1 chunked.
func (b *bodyReader) begin(length int64) {
	b.frame, b.done, b.left, b.err = bodyLength, length == 0, length, nil
	if length < 0 {
		b.frame, b.left = bodyChunked, 0
		b.chunk, b.excess, b.fields = chunkSize, 0, 0
	}
}

// directRead is from which size on a read goes past the wire's buffer into
// the reader's own memory.
const directRead = 1 << 10

// Read is io.Reader for the body.
func (b *bodyReader) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

func (b *bodyReader) read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for n < len(p) {
		if b.done {
			return eofAfter(n)
		}
		if b.frame == bodyChunked && b.chunk != chunkData {
			moved, err := b.stepChunk()
			switch {
			case err != nil:
				return n, err
			case moved:
				continue
			case n > 0:
				return n, nil
			}
			if err := b.fill(); err != nil {
				return 0, err
			}
			continue
		}
		got, err := b.readData(p[n:], n == 0)
		n += got
		if err != nil || got == 0 {
			return n, err
		}
	}
	return n, nil
}

func eofAfter(n int) (int, error) {
	if n > 0 {
		return n, nil
	}
	return 0, io.EOF
}

// readData reads body bytes from the buffer, or from the peer when mayWait.
func (b *bodyReader) readData(p []byte, mayWait bool) (n int, err error) {
	if b.frame != bodyUntilClose && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	if w := b.wire; w.r < w.w {
		n = copy(p, w.buffered())
		w.r += n
	} else if !mayWait {
		return 0, nil
	} else if len(p) >= directRead {
		if n, err = b.source.read(p); n == 0 {
			return 0, b.ended(err)
		}
	} else if err = b.fill(); err != nil {
		return 0, err
	} else {
		n = copy(p, w.buffered())
		w.r += n
	}
	b.took(n)
	return n, nil
}

func (b *bodyReader) took(n int) {
	if b.frame == bodyUntilClose {
		return
	}
	b.left -= int64(n)
	if b.left > 0 {
		return
	}
	if b.frame == bodyChunked {
		b.chunk = chunkEnd
	} else {
		b.done = true
	}
}

func (b *bodyReader) fill() error {
	return b.ended(b.wire.fill(b.source, bufferSize+maxChunkLine+b.limits.HeaderBytes))
}

// ended translates the end of the connection: it ends a body without length,
// and breaks every other.
func (b *bodyReader) ended(err error) error {
	if err != io.EOF {
		return err
	}
	if b.frame == bodyUntilClose {
		b.done = true
		return io.EOF
	}
	return io.ErrUnexpectedEOF
}

// settled says whether the body was read to its end, looking no further than
// what is buffered.
func (b *bodyReader) settled() bool {
	for !b.done && b.err == nil && b.frame == bodyChunked && b.chunk != chunkData {
		if moved, err := b.stepChunk(); err != nil || !moved {
			b.err = err
			return false
		}
	}
	return b.done
}

// ReadAll appends the rest of the body to dst, at most limit bytes: beyond
// that ErrBodyTooLarge, before reading when the length is known. dst grows
// with what arrives, not with what is announced.
func (b *bodyReader) ReadAll(dst []byte, limit int64) ([]byte, error) {
	if b.frame == bodyLength && b.left > limit {
		return dst, ErrBodyTooLarge
	}
	for {
		if b.done {
			return dst, nil
		}
		room, spare := dst[len(dst):cap(dst)], b.want()
		if len(room) < min(spare, directRead) {
			dst = slices.Grow(dst, spare)
			room = dst[len(dst):cap(dst)]
		}
		// One byte beyond the limit tells a body that ends there from a larger one.
		if int64(len(room)) > limit+1 {
			room = room[:limit+1]
		}
		n, err := b.Read(room)
		if int64(n) > limit {
			return dst, ErrBodyTooLarge
		}
		dst, limit = dst[:len(dst)+n], limit-int64(n)
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

// want is how much memory the next read should find: what is left of a short
// body, a few KB of one that is long or has no length.
func (b *bodyReader) want() int {
	const most = 32 << 10
	if b.frame == bodyLength && b.left < most {
		return int(b.left)
	}
	return min(most, max(len(b.wire.buffered()), bufferSize))
}
