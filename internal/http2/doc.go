// Package http2 is the server side of HTTP/2 connections (RFC 9113). It knows
// connections, streams, flow control and their deadlines, and gives each
// request to a Handler in the shape that HTTP/1.1 requests have; it must not
// know APIs, stages, or what a gateway does with a request.
//
// Frames are read, checked and, but for the most frequent ones, written by
// golang.org/x/net/http2's Framer, and header blocks coded by its hpack.
//
// One goroutine per connection reads. Each request runs on a worker, which
// puts its answer into the connection's output; whoever finds nobody writing
// writes for all, so that the answers of many streams leave in one system
// call and one TLS record.
//
// What a client may make us hold or do is bounded: streams that run (also
// those it has reset), header blocks by bytes, fields and frames, bodies by
// windows that grow only while a handler reads, output by waiting, and frames
// that only cost work by a budget that useful ones earn.
package http2
