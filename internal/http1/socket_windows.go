package http1

import (
	"syscall"
	"unsafe"
)

var (
	ws2     = syscall.NewLazyDLL("ws2_32.dll")
	wsaPoll = ws2.NewProc("WSAPoll")
	wsaRecv = ws2.NewProc("recv")
)

// socket looks at a connection's input without reading or waiting.
type socket struct{ raw syscall.RawConn }

func newSocket(raw syscall.RawConn, _ bool) socket { return socket{raw} }

// peek says what a read would find: WSAPoll first, since the socket blocks.
func (s socket) peek() peeked {
	if s.raw == nil {
		return peekUnknown
	}
	found := peekUnknown
	if s.raw.Control(func(fd uintptr) { found = peekHandle(fd) }) != nil {
		return peekUnknown
	}
	return found
}

func peekHandle(fd uintptr) peeked {
	const readNormal, msgPeek = 0x100, 2
	poll := struct {
		fd              uintptr
		events, revents int16
	}{fd: fd, events: readNormal}
	if n, _, _ := wsaPoll.Call(uintptr(unsafe.Pointer(&poll)), 1, 0); int32(n) < 0 {
		return peekUnknown
	} else if n == 0 {
		return peekQuiet
	}
	var one [1]byte
	n, _, _ := wsaRecv.Call(fd, uintptr(unsafe.Pointer(&one)), 1, msgPeek)
	if int32(n) <= 0 {
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
var brokenErrors = []error{syscall.WSAECONNRESET, syscall.WSAECONNABORTED}
