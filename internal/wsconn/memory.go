package wsconn

import (
	"sync"
	"sync/atomic"
)

// Buffers are pooled in three sizes: a usual read, a frame, a message.
const (
	readSize    = 4 << 10
	frameSize   = 32<<10 + 16
	messageSize = 128<<10 + 8*16
)

// memory is the buffers of all connections of a Server.
type memory struct {
	reads, frames, messages sync.Pool
	decoders                sync.Pool    // of *decoder
	held                    atomic.Int64 // bytes of unfinished messages
	most                    int64
}

// get returns an empty buffer of at least n bytes.
func (m *memory) get(n int) []byte {
	switch {
	case n <= readSize:
		if p, ok := m.reads.Get().(*[readSize]byte); ok {
			return p[:0]
		}
		return make([]byte, 0, readSize)
	case n <= frameSize:
		if p, ok := m.frames.Get().(*[frameSize]byte); ok {
			return p[:0]
		}
		return make([]byte, 0, frameSize)
	case n <= messageSize:
		if p, ok := m.messages.Get().(*[messageSize]byte); ok {
			return p[:0]
		}
		return make([]byte, 0, messageSize)
	}
	return make([]byte, 0, n)
}

// recycle takes p back when it is of a pooled size.
func (m *memory) recycle(p []byte) {
	switch cap(p) {
	case readSize:
		m.reads.Put((*[readSize]byte)(p[:readSize]))
	case frameSize:
		m.frames.Put((*[frameSize]byte)(p[:frameSize]))
	case messageSize:
		m.messages.Put((*[messageSize]byte)(p[:messageSize]))
	}
}

// extend makes room for n more bytes behind those of an unfinished message;
// false when that is more than all connections together may hold. Memory
// grows with what came, not with what was announced, to about most.
func (m *memory) extend(p []byte, n, most int) ([]byte, bool) {
	if cap(p)-len(p) >= n {
		return p, true
	}
	bigger := m.get(max(len(p)+n, min(2*cap(p), most)))
	if m.held.Add(int64(cap(bigger)-cap(p))) > m.most {
		m.held.Add(int64(cap(p) - cap(bigger)))
		m.recycle(bigger)
		return p, false
	}
	bigger = append(bigger, p...)
	m.recycle(p)
	return bigger, true
}

// put ends what extend began.
func (m *memory) put(p []byte) {
	if p != nil {
		m.held.Add(int64(-cap(p)))
		m.recycle(p)
	}
}

// decoder returns a decoder that nothing was given to.
func (m *memory) decoder(l *Limits) *decoder {
	if d, ok := m.decoders.Get().(*decoder); ok {
		return d
	}
	return &decoder{limits: l, memory: m}
}
