//go:build unix && (!linux || 386)

package wsconn

import "syscall"

// readable says whether a read would find something.
func readable(fd uintptr) bool {
	var one [1]byte
	for {
		if _, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK); err != syscall.EINTR {
			return err != syscall.EAGAIN
		}
	}
}
