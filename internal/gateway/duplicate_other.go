//go:build !unix

package gateway

import (
	"errors"
	"os"
	"syscall"
)

func duplicate(syscall.Conn, string) (*os.File, error) {
	return nil, errors.New("sockets can't be handed over on this system")
}
