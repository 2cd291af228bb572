package http1

import "sync"

const (
	// bufferSize is what a client's connection reads into while it waits: a
	// usual head with a small body.
	bufferSize = 4 << 10
	// largeSize is what a message is put together in, or a backend's answer
	// read into. Nobody holds one while waiting for a client.
	largeSize = 16 << 10
)

// buffers recycles memory of both sizes. Ready as its zero value.
type buffers struct{ small, large sync.Pool }

func (b *buffers) getSmall() []byte {
	if p, ok := b.small.Get().(*[bufferSize]byte); ok {
		return p[:]
	}
	return make([]byte, bufferSize)
}

func (b *buffers) getLarge() []byte {
	if p, ok := b.large.Get().(*[largeSize]byte); ok {
		return p[:]
	}
	return make([]byte, largeSize)
}

// put takes p back when it is one of ours and starts where it was got.
func (b *buffers) put(p []byte) {
	switch cap(p) {
	case bufferSize:
		b.small.Put((*[bufferSize]byte)(p[:bufferSize]))
	case largeSize:
		b.large.Put((*[largeSize]byte)(p[:largeSize]))
	}
}
