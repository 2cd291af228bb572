// Package wsconn is the server's side of WebSocket connections (RFC 6455) on
// a connection that another protocol handed over, plain or TLS: handshake,
// frames, the closing handshake, time limits and bounded queues of what is to
// be sent. It knows connections and their messages; it must not know APIs,
// routes, or what a message means.
//
// Most connections say nothing most of the time, so an idle one holds no
// buffer: its goroutine waits for the socket on a small stack, and takes a
// buffer from a pool once bytes are there. Two timers per connection are one
// entry of a wheel that all share (wheel.go). Nothing waits for a slow reader:
// what a socket doesn't take at once is queued, a full queue is ErrFull, and a
// socket that takes nothing for Limits.WriteTimeout is closed (write.go).
//
// Frames' rules and masking are gobwas/ws's; extensions, and so compression,
// are never agreed to.
package wsconn
