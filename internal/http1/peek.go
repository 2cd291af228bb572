package http1

// peeked is what a look at a socket's input found, without reading it.
type peeked uint8

const (
	peekUnknown peeked = iota // this socket can't be looked at
	peekQuiet                 // open, nothing to read
	peekData                  // something to read
	peekGone                  // the peer closed or reset the connection
)
