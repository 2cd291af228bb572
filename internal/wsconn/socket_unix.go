//go:build unix

package wsconn

import (
	"io"
	"net"
	"os"
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
	controlled := s.raw.Control(func(fd uintptr) {
		for {
			if n, err = syscall.Read(int(fd), p); err != syscall.EINTR {
				return
			}
		}
	})
	switch {
	case controlled != nil:
		return 0, controlled
	case err == syscall.EAGAIN:
		return 0, errWait
	case err != nil:
		return 0, os.NewSyscallError("read", err)
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// tryWrite writes what the socket takes at once.
func (s *socket) tryWrite(p []byte) (n int, err error) {
	controlled := s.raw.Control(func(fd uintptr) {
		for n < len(p) && err == nil {
			var m int
			if m, err = syscall.Write(int(fd), p[n:]); m > 0 {
				n += m
			}
			if err == syscall.EINTR {
				err = nil
			}
		}
	})
	if err == syscall.EAGAIN {
		err = nil
	}
	if controlled != nil {
		err = controlled
	}
	return n, err
}
