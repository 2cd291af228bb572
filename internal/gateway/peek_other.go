//go:build !unix

package gateway

import (
	"errors"
	"syscall"
)

const canPeek = false

func peek(syscall.Conn, []byte, func([]byte) bool) (int, error) {
	return 0, errors.ErrUnsupported
}
