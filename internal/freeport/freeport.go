// Package freeport finds addresses for servers that tests start as processes
// of their own. No program imports it.
package freeport

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// Address is a loopback address that nobody listens on. Its port isn't one of
// those that systems give to outgoing connections and to listeners that ask
// for any (from 32768 on Linux, from 49152 elsewhere), so that no other test
// gets it before the server has it, or while the server restarts.
func Address(t testing.TB) string {
	t.Helper()
	const low, high, tries = 10000, 32000, 100
	var err error
	for range tries {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(low+rand.N(high-low)))
		var l net.Listener
		if l, err = net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatalf("no port is free: %v", err)
	return ""
}
