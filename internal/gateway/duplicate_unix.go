//go:build unix

package gateway

import (
	"errors"
	"os"
	"syscall"
)

// duplicate is another file descriptor of a socket. Unlike the File method of
// a listener's, it stays as it is when a process is started with it: what that
// gives switches the socket, and so the listener, to blocking calls, and a
// listener that blocks can't be closed until one more connection comes.
func duplicate(conn syscall.Conn, name string) (*os.File, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var fd int
	var failed error
	err = raw.Control(func(socket uintptr) {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if fd, failed = syscall.Dup(int(socket)); failed == nil {
			syscall.CloseOnExec(fd)
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}
