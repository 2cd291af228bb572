//go:build unix

package gateway

import (
	"io"
	"syscall"
)

const canPeek = true

// peek copies the first bytes of a connection to buf without taking them. It
// waits while more says that those there are too few.
func peek(c syscall.Conn, buf []byte, more func([]byte) bool) (n int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		for {
			n, _, failed = syscall.Recvfrom(int(fd), buf, syscall.MSG_PEEK)
			switch {
			case failed == syscall.EINTR:
				continue
			case failed == syscall.EAGAIN:
				return false
			case failed != nil:
				return true
			case n == 0:
				failed = io.EOF
				return true
			}
			return !more(buf[:n])
		}
	})
	if err == nil {
		err = failed
	}
	return n, err
}
