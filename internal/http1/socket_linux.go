//go:build !386

package http1

import (
	"io"
	"os"
	"syscall"
	"unsafe"
)

// socket is a connection's socket: it looks at its input, and reads and
// writes it with less to pay than through the net package. These calls never
// wait in the kernel, so the runtime need not be told of each (which costs a
// tenth of a short one, and wakes its monitor); and a request to a backend
// doesn't try to read before there can be an answer.
type socket struct{ *socketIO }

type socketIO struct {
	raw    syscall.RawConn
	direct bool // the connection's bytes are the socket's

	// The functions are made once; what they work on is beside them. Reading,
	// writing and polling may happen at the same time, each by one goroutine.
	recvPeek, poll                   func(fd uintptr)
	readReady, writeReady, swapReady func(fd uintptr) bool

	in, out struct {
		p     []byte
		n     int
		errno syscall.Errno
	}
	byte [1]byte
	swapState
	pollFD    pollFD
	pollErrno syscall.Errno
}

// swapState is how far an exchange is.
type swapState uint8

const (
	swapBegun swapState = iota
	swapStale
	swapPart // some of the request was sent, or none: see out
	swapSent
	swapRead
)

type pollFD struct {
	fd              int32
	events, revents int16
}

const (
	pollErr   = 0x8
	pollHup   = 0x10
	pollRDHup = 0x2000
)

func newSocket(raw syscall.RawConn, direct bool) socket {
	s := &socketIO{raw: raw, direct: direct}
	s.recvPeek = func(fd uintptr) { s.peekOnce(fd) }
	s.poll = func(fd uintptr) { s.pollOnce(fd) }
	if direct {
		s.readReady = func(fd uintptr) bool { return s.readOnce(fd) != syscall.EAGAIN }
		s.writeReady = func(fd uintptr) bool { return s.writeAll(fd) }
		s.swapReady = func(fd uintptr) bool { return s.swapOnce(fd) }
	}
	return socket{s}
}

func (s *socketIO) peekOnce(fd uintptr) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&s.byte)), 1,
		syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
	s.in.n, s.in.errno = int(n), errno
}

func (s *socketIO) pollOnce(fd uintptr) {
	var zero syscall.Timespec
	s.pollFD = pollFD{fd: int32(fd), events: pollRDHup}
	_, _, s.pollErrno = syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&s.pollFD)), 1,
		uintptr(unsafe.Pointer(&zero)), 0, 0, 0)
}

func (s *socketIO) readOnce(fd uintptr) syscall.Errno {
	in := &s.in
	for {
		n, errno := recv(fd, in.p)
		if errno != syscall.EINTR {
			in.n, in.errno = n, errno
			return errno
		}
	}
}

// writeAll writes out.p; false when the socket takes no more for now.
func (s *socketIO) writeAll(fd uintptr) bool {
	out := &s.out
	for out.n < len(out.p) {
		n, errno := send(fd, out.p[out.n:])
		switch errno {
		case 0:
			out.n += n
		case syscall.EAGAIN:
			return false
		case syscall.EINTR:
		default:
			out.errno = errno
			return true
		}
	}
	return true
}

// swapOnce looks, sends, and then, when there is something to read, reads.
func (s *socketIO) swapOnce(fd uintptr) bool {
	if s.swapState == swapSent {
		if s.readOnce(fd) == syscall.EAGAIN {
			return false
		}
		s.swapState = swapRead
		return true
	}
	if s.peekOnce(fd); s.peeked() != peekQuiet {
		s.swapState = swapStale
		return true
	}
	s.writeAll(fd)
	if s.out.n < len(s.out.p) {
		s.swapState = swapPart
		return true
	}
	s.swapState = swapSent
	return false
}

func (s *socketIO) peeked() peeked {
	switch {
	case s.in.errno == syscall.EAGAIN || s.in.errno == syscall.EINTR:
		return peekQuiet
	case s.in.errno != 0 || s.in.n == 0:
		return peekGone
	}
	return peekData
}

// peek says what a read would find.
func (s socket) peek() peeked {
	if s.socketIO == nil || s.raw.Control(s.recvPeek) != nil {
		return peekUnknown
	}
	return s.peeked()
}

// leftBehindData: left sees a close behind bytes that weren't read yet.
const leftBehindData = true

// left says whether the peer closed its side, even behind bytes that weren't
// read yet (the close_notify of TLS, pipelined requests).
func (s socket) left() bool {
	if s.socketIO == nil || s.raw.Control(s.poll) != nil {
		return false
	}
	return s.pollErrno == 0 && s.pollFD.revents&(pollRDHup|pollHup|pollErr) != 0
}

// isDirect says whether read, write and swap may be used.
func (s socket) isDirect() bool { return s.socketIO != nil && s.direct }

// read is net.Conn's Read.
func (s socket) read(p []byte) (int, error) {
	s.in.p = p
	err := s.raw.Read(s.readReady)
	return s.endRead(err)
}

func (s socket) endRead(err error) (int, error) {
	in := &s.in
	in.p = nil
	switch {
	case err != nil:
		return 0, err
	case in.errno != 0:
		return 0, os.NewSyscallError("recv", in.errno)
	case in.n == 0:
		return 0, io.EOF
	}
	return in.n, nil
}

// write is net.Conn's Write, for little: the kernel's copying counts as ours.
func (s socket) write(p []byte) (int, error) {
	s.out.p, s.out.n, s.out.errno = p, 0, 0
	err := s.raw.Write(s.writeReady)
	return s.endWrite(err)
}

func (s socket) endWrite(err error) (int, error) {
	out := &s.out
	out.p = nil
	if err == nil && out.errno != 0 {
		err = os.NewSyscallError("send", out.errno)
	}
	return out.n, err
}

// swap sends out if the peer has said nothing since it was last heard
// (errStale otherwise), and reads what comes back into in. sent is how much of
// out was taken; when that is all, the error is of reading.
func (s socket) swap(out, in []byte) (sent, got int, err error) {
	s.out.p, s.out.n, s.out.errno = out, 0, 0
	s.in.p, s.swapState = in, swapBegun
	err = s.raw.Read(s.swapReady)
	switch s.swapState {
	case swapStale:
		s.in.p, s.out.p = nil, nil
		return 0, 0, errStale
	case swapBegun, swapPart:
		s.in.p = nil
		sent, err = s.endWrite(err)
		return sent, 0, err
	}
	sent, _ = s.endWrite(nil)
	got, err = s.endRead(err)
	return sent, got, err
}

// brokenErrors are what writing to a connection that the peer closed gives.
var brokenErrors = []error{syscall.EPIPE, syscall.ECONNRESET}
