//go:build unix && (!linux || 386)

package wsconn

import (
	"errors"
	"syscall"
)

// readable says whether a read would find something.
func readable(fd uintptr) bool {
	var one [1]byte
	for {
		if _, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK); err != syscall.EINTR {
			return err != syscall.EAGAIN
		}
	}
}

// receive reads what is there.
func receive(fd uintptr, p []byte) (int, syscall.Errno) {
	n, err := syscall.Read(int(fd), p)
	return n, errno(err)
}

// send writes what the socket takes.
func send(fd uintptr, p []byte) (int, syscall.Errno) {
	n, err := syscall.Write(int(fd), p)
	return n, errno(err)
}

func errno(err error) (e syscall.Errno) {
	errors.As(err, &e)
	return e
}
