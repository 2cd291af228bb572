//go:build unix && (!linux || 386)

package http1

import "syscall"

// socket looks at a connection's input without reading or waiting.
type socket struct{ raw syscall.RawConn }

func newSocket(raw syscall.RawConn, _ bool) socket { return socket{raw} }

// peek says what a read would find.
func (s socket) peek() peeked {
	if s.raw == nil {
		return peekUnknown
	}
	var (
		one [1]byte
		n   int
		err error
	)
	if s.raw.Control(func(fd uintptr) {
		n, _, err = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	}) != nil {
		return peekUnknown
	}
	switch {
	case err == syscall.EAGAIN || err == syscall.EINTR:
		return peekQuiet
	case err != nil || n == 0:
		return peekGone
	}
	return peekData
}

// leftBehindData: left sees a close behind bytes that weren't read yet.
const leftBehindData = false

// left says whether the peer closed its side. Bytes that weren't read yet
// hide it here.
func (s socket) left() bool { return s.peek() == peekGone }

// Reading and writing is the net package's here.
func (s socket) isDirect() bool                              { return false }
func (s socket) read([]byte) (int, error)                    { panic("not direct") }
func (s socket) write([]byte) (int, error)                   { panic("not direct") }
func (s socket) swap(_, _ []byte) (sent, got int, err error) { panic("not direct") }

// brokenErrors are what writing to a connection that the peer closed gives.
var brokenErrors = []error{syscall.EPIPE, syscall.ECONNRESET}
