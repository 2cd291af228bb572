//go:build !386

package wsconn

import (
	"syscall"
	"unsafe"
)

// readable says whether a read would find something. It neither waits nor
// tells the runtime, and so fits the smallest stack: an idle connection's
// goroutine has called it.
func readable(fd uintptr) bool {
	var one [1]byte
	for {
		_, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&one)), 1,
			syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
		if errno != syscall.EINTR {
			return errno != syscall.EAGAIN
		}
	}
}
