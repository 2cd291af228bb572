// Package http2 is HTTP/2 framing (RFC 9113), server side. It knows frames,
// streams, flow control and header compression; it must not know APIs,
// stages, or what a gateway does with a message. A request looks like one of
// package http1: fields in the order they came, a body to read, an answer in
// one call or as a stream.
//
// One goroutine per connection reads; handlers run on goroutines that are
// reused. Whoever has something to send appends it to the connection's
// output, and whoever finds nobody writing writes it all, so that answers
// that are ready together leave together.
//
// What a client may cost is bounded: header blocks before they are decoded,
// streams that are open, handlers that still run for streams it has reset,
// resets, frames that only cause answers, and the time without progress.
package http2
