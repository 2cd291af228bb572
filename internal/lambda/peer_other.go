//go:build !linux

package lambda

import "net"

// belongsTo can't tell here whose a connection is: the port is on loopback
// and told to nobody else.
func belongsTo(net.Conn, int) bool { return true }
