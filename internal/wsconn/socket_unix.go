//go:build unix

package wsconn

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// socket waits for a connection's bytes without a buffer, and reads and writes
// what can be without waiting.
type socket struct {
	raw    syscall.RawConn
	kind   socketKind
	looked bool                  // ready looked once
	ready  func(fd uintptr) bool // made once: an idle connection waits in it
}

func (s *socket) set(nc net.Conn) {
	s.raw, s.kind = rawOf(nc)
	if s.kind != otherSocket {
		s.ready = s.look
	}
}

// look says whether there is something to read, the first time by looking;
// after that because the poller said so.
func (s *socket) look(fd uintptr) bool {
	if s.looked {
		return true
	}
	s.looked = true
	return readable(fd)
}

// wait returns when there may be something to read, or to be told by reading.
func (s *socket) wait() {
	s.looked = false
	s.raw.Read(s.ready) // reading finds the error, too
}

// hasInput says whether a read of the socket would find something.
func (s *socket) hasInput() (has bool) {
	err := s.raw.Control(func(fd uintptr) { has = readable(fd) })
	return has || err != nil
}

// tryRead reads what is there; errWait: nothing.
func (s *socket) tryRead(p []byte) (n int, err error) {
	a := accesses.Get().(*access)
	defer a.end()
	a.p = p
	if err := s.raw.Control(a.read); err != nil {
		return 0, err
	}
	switch {
	case a.errno == syscall.EAGAIN:
		return 0, errWait
	case a.errno != 0:
		return 0, os.NewSyscallError("read", a.errno)
	case a.n == 0:
		return 0, io.EOF
	}
	return a.n, nil
}

// tryWrite writes what the socket takes at once.
func (s *socket) tryWrite(p []byte) (n int, err error) {
	a := accesses.Get().(*access)
	defer a.end()
	a.p = p
	if err := s.raw.Control(a.write); err != nil {
		return 0, err
	}
	if a.errno != 0 && a.errno != syscall.EAGAIN {
		return a.n, os.NewSyscallError("write", a.errno)
	}
	return a.n, nil
}

// access is one use of a socket. They are kept, as the functions that a
// syscall.RawConn wants would be made anew for each.
type access struct {
	read, write func(fd uintptr)

	p     []byte
	n     int
	errno syscall.Errno // of the last call
}

var accesses = sync.Pool{New: func() any {
	a := new(access)
	a.read, a.write = a.doRead, a.doWrite
	return a
}}

func (a *access) end() {
	a.p, a.n, a.errno = nil, 0, 0
	accesses.Put(a)
}

func (a *access) doRead(fd uintptr) {
	for {
		if a.n, a.errno = receive(fd, a.p); a.errno != syscall.EINTR {
			return
		}
	}
}

func (a *access) doWrite(fd uintptr) {
	for len(a.p) > 0 {
		n, errno := send(fd, a.p[:min(len(a.p), onePiece)])
		switch {
		case errno == syscall.EINTR:
		case errno != 0:
			a.errno = errno
			return
		default:
			a.n += n
			a.p = a.p[n:]
		}
	}
}
