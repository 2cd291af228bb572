package lambda

import "net"

func belongsTo(c net.Conn, pid int) bool { return true }
