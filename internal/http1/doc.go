// Package http1 is HTTP/1.1 framing (RFC 9112), server and client side. It
// knows messages, connections and their deadlines; it must not know APIs,
// stages, or what a gateway does with a message.
//
// It is strict: whatever two parties could frame differently is refused with
// 400 and a closed connection (obs-fold, Content-Length with
// Transfer-Encoding, several differing lengths, blanks before a colon, bare
// CR or LF, ...). Header and body limits are checked before memory is taken.
package http1
