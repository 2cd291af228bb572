package http1

import (
	"syscall"
	"unsafe"
)

// socket looks at a connection's input without reading or waiting.
type socket struct{ *peeker }

type peeker struct {
	raw    syscall.RawConn
	recv   func(fd uintptr)
	poll   func(fd uintptr)
	byte   [1]byte
	pollFD pollFD
	n      uintptr
	errno  syscall.Errno
}

type pollFD struct {
	fd              int32
	events, revents int16
}

const (
	pollErr   = 0x8
	pollHup   = 0x10
	pollRDHup = 0x2000
)

func newSocket(raw syscall.RawConn) socket {
	p := &peeker{raw: raw}
	p.recv = func(fd uintptr) {
		p.n, _, p.errno = syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&p.byte)), 1,
			syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
	}
	var zero syscall.Timespec
	p.poll = func(fd uintptr) {
		p.pollFD = pollFD{fd: int32(fd), events: pollRDHup}
		_, _, p.errno = syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p.pollFD)), 1,
			uintptr(unsafe.Pointer(&zero)), 0, 0, 0)
	}
	return socket{p}
}

// peek says what a read would find. Not for concurrent use.
func (s socket) peek() peeked {
	if s.peeker == nil || s.raw.Control(s.recv) != nil {
		return peekUnknown
	}
	switch {
	case s.errno == syscall.EAGAIN || s.errno == syscall.EINTR:
		return peekQuiet
	case s.errno != 0 || s.n == 0:
		return peekGone
	}
	return peekData
}

// left says whether the peer closed its side, even behind bytes that weren't
// read yet (the close_notify of TLS, pipelined requests). Not for concurrent use.
func (s socket) left() bool {
	if s.peeker == nil || s.raw.Control(s.poll) != nil {
		return false
	}
	return s.errno == 0 && s.pollFD.revents&(pollRDHup|pollHup|pollErr) != 0
}

// brokenErrors are what writing to a connection that the peer closed gives.
var brokenErrors = []error{syscall.EPIPE, syscall.ECONNRESET}
