// Package http1 is HTTP/1.1 framing (RFC 9112), server and client side. It
// knows messages, connections and their deadlines; it must not know APIs,
// stages, or what a gateway does with a message.
//
// It is strict: whatever two parties could frame differently is refused with
// 400 and a closed connection (obs-fold, Content-Length with
// Transfer-Encoding, several lengths, blanks before a colon, bare CR or LF,
// ...; refusal.go is the list). Messages are never passed on as they came but
// made anew from what was parsed, and fields are checked once more as they
// become bytes. Header and body limits are checked before memory is taken.
//
// Where it is more lenient than the strictest reading, it says why: one blank
// line before a request (requestParser.parseLine), characters in a target
// that browsers send (Request.setTarget), a status line without a blank
// behind the status (responseHead.splitLine).
//
// A message in steady state costs one read and one write, no allocation and
// no timer (wire.go, socket_linux.go).
package http1
