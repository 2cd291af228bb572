package http1

// This file declares what other packages build on; the implementations stand
// beside it.

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// Limits bound what a peer may make us hold or wait for. Zero fields take
// the defaults of DefaultLimits.
type Limits struct {
	RequestLine   int           // bytes of method, target and version; more is 414
	HeaderBytes   int           // bytes of all fields; more is 431
	HeaderFields  int           // number of fields; more is 431
	HeaderTimeout time.Duration // first byte of a request to its blank line; later is 408
	IdleTimeout   time.Duration // between requests of a connection
	BodyTimeout   time.Duration // between two reads of a body that make progress
	WriteTimeout  time.Duration // between two writes that make progress
}

// Request is one parsed request. Its slices belong to the connection and are
// valid until the handler returns.
type Request struct {
	Method         string // interned for the registered methods
	Target         []byte // origin-form as sent; the path and query of an absolute-form
	Path           []byte // Target before '?', escapes as sent
	Query          []byte // Target after '?', nil without one
	Host           []byte // of the Host field, or of an absolute-form target
	Minor          int    // 1 for HTTP/1.1, 0 for HTTP/1.0
	Header         Header // every field in order, framing fields included
	ContentLength  int64  // bytes of body; -1 chunked
	ExpectContinue bool
	Close          bool // the client asked for, or its version implies, a close
	Upgrade        bool // Connection: upgrade with an Upgrade field
}

// ErrBodyTooLarge is returned when a body passes the limit given to ReadAll.
var ErrBodyTooLarge = errors.New("body larger than its limit")

// Handler answers one request on c: it calls c.Respond, or c.Start then
// c.Write and c.Finish, or c.Hijack. Returning without an answer closes the
// connection.
type Handler func(c *ServerConn, r *Request)

// Server serves connections. Configure it before the first Serve.
type Server struct {
	Handler Handler
	Limits  Limits
	// Refused is told of each malformed request and the status it got; may be nil.
	Refused func(c *ServerConn, status int, err error)
	serverState
}

// Server methods (server.go):
//
//	func (s *Server) ServeConn(nc net.Conn, info ConnInfo)   // until the connection ends
//	func (s *Server) Shutdown(ctx context.Context) error     // stop keep-alive, close idle connections now, wait for the busy ones
//
// ServerConn methods (server.go):
//
//	func (c *ServerConn) Info() *ConnInfo
//	func (c *ServerConn) Read(p []byte) (int, error)               // request body; sends 100-continue first when expected and nothing was answered yet; io.EOF at its end
//	func (c *ServerConn) ReadAll(dst []byte, limit int64) ([]byte, error) // appends the whole body; ErrBodyTooLarge beyond limit (before reading, when the length is known); grows with what arrives, not with what is announced
//	func (c *ServerConn) Respond(status int, h *Header, body []byte) error // one write (writev) where possible; Content-Length, Date, Connection are ours and added; h must not hold Content-Length, Transfer-Encoding, Connection, Date
//	func (c *ServerConn) Start(status int, h *Header, length int64) error  // head of a streamed answer; length -1: chunked (HTTP/1.0: until close)
//	func (c *ServerConn) Write(p []byte) (int, error); Flush() error; Finish() error  // Finish with fewer bytes than announced aborts the connection
//	func (c *ServerConn) Hijack() (nc net.Conn, buffered []byte, err error) // hands the connection over
//	func (c *ServerConn) OnAbandon(cancel func())  // cancel runs once, on another goroutine, if the client leaves before the answer is complete; nil disarms. Must cost next to nothing for requests that end within ~100 ms: one sweeper goroutine per Server looks (MSG_PEEK) at connections whose request is older than that.
//	func (c *ServerConn) Answered() bool; Responded bytes count: func (c *ServerConn) Sent() int64 (body bytes of the current answer)
//
// A handler that leaves body bytes unread: at most 256 KB more are read and
// dropped after the answer, else the connection closes.

// ConnInfo is what is known of a connection before its first byte.
type ConnInfo struct {
	Remote net.Addr // the client, after PROXY protocol
	Local  net.Addr
	TLS    *tls.ConnectionState // nil on a plain connection
	Tag    any                  // the listener's own
}

// Endpoint is one backend address with its idle connections. Make it with
// NewEndpoint (client.go); Close ends its idle connections.
type EndpointConfig struct {
	Address        string      // "host:port"
	TLS            *tls.Config // nil: plain
	Dial           func(ctx context.Context, network, address string) (net.Conn, error)
	MaxIdle        int           // kept idle connections; default 256
	IdleTimeout    time.Duration // default 55 s
	ConnectTimeout time.Duration // default 5 s
	Limits         Limits        // header limits for responses; default 64 KB of fields
}

// ClientRequest is one request to a backend. Nothing in it is kept after Do.
type ClientRequest struct {
	Method string
	Target []byte // path and query, escaped
	Host   []byte
	Header Header    // all other fields in order; without Host, Content-Length, Transfer-Encoding, Connection
	Body   []byte    // the body, when Stream is nil
	Stream io.Reader // the body as a stream
	Length int64     // of Stream; -1: chunked
	// ForceLength sends "Content-Length: 0" for an empty body also with methods that need none.
	ForceLength bool
}

// ClientResponse is a backend's answer: its head after Endpoint.Do, then its
// body by Read or ReadAll. Close gives the connection back (or closes it when
// the body wasn't read to its end). Reusable after Close.
//
//	func NewEndpoint(EndpointConfig) *Endpoint
//	func (e *Endpoint) Do(call *Call, req *ClientRequest, resp *ClientResponse) error
//	func (e *Endpoint) Close()
//	func (r *ClientResponse) Read(p []byte) (int, error)
//	func (r *ClientResponse) ReadAll(dst []byte, limit int64) ([]byte, error)
//	func (r *ClientResponse) Close()
//
// Do skips 1xx answers (101 is an error unless the request upgrades: later),
// checks an idle connection before reuse (a peek, no round trip), and dials
// and sends again only when nothing of the request was sent. Errors are *CallError.
type ClientResponse struct {
	Status int
	Reason []byte
	Minor  int
	Header Header
	Length int64 // -1: chunked or until close
	clientBody
}

// Call bounds one Do from outside: a deadline for head and body together,
// and Cancel from any goroutine, which ends a Do or body read in progress.
// Zero deadline: none. Reset before reuse.
type Call struct {
	Deadline time.Time
	cancelState
}

// CallPhase says how far a call to a backend came.
type CallPhase uint8

// The phases of a call.
const (
	PhaseResolve CallPhase = iota // the name did not resolve
	PhaseConnect
	PhaseTLS
	PhaseWrite
	PhaseHead // waiting for or reading the response head
	PhaseBody
)

// CallError is what ended a call to a backend.
type CallError struct {
	Phase     CallPhase
	Timeout   bool // the deadline of the Call passed
	Cancelled bool // Call.Cancel ended it
	Malformed bool // the backend's bytes are no HTTP/1.1 response
	Err       error
}

func (e *CallError) Error() string { return e.Err.Error() }
func (e *CallError) Unwrap() error { return e.Err }
