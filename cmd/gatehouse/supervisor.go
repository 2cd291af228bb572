package main

import (
	"net"
	"os"
	"strings"
)

// tellSupervisor tells systemd what state this process is in, as sd_notify(3)
// does; nothing when nobody asked. A supervisor that doesn't listen changes
// nothing.
func tellSupervisor(state string) {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return
	}
	if name, ok := strings.CutPrefix(socket, "@"); ok {
		socket = "\x00" + name // in the abstract namespace
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte(state))
}
