package http1

import "errors"

// ProtocolError is a message that is not HTTP/1.1 as we take it. On the
// server side Status is what the client gets; on the client side it means
// nothing.
type ProtocolError struct {
	Status int
	Reason string // fit for the peer to read; holds nothing of what it sent
}

func (e *ProtocolError) Error() string { return e.Reason }

// Everything that is refused, by name. The values are shared: refusing costs
// no memory.
var (
	errBareLF         = &ProtocolError{400, "a line of the head ends in LF without CR"}
	errMethod         = &ProtocolError{400, "the method is not a token"}
	errRequestLine    = &ProtocolError{400, "the request line is not method, target and version"}
	errVersion        = &ProtocolError{400, "the HTTP version is malformed"}
	errVersionUnknown = &ProtocolError{505, "only HTTP/1.1 and HTTP/1.0 are served on this connection"}
	errLineTooLong    = &ProtocolError{414, "the request line is too long"}
	errHeadTooLarge   = &ProtocolError{431, "the header fields are too large"}
	errTooManyFields  = &ProtocolError{431, "there are too many header fields"}

	errFolded      = &ProtocolError{400, "a header line starts with a blank"}
	errNoColon     = &ProtocolError{400, "a header line has no colon"}
	errNameEmpty   = &ProtocolError{400, "a header has no name"}
	errNameBlank   = &ProtocolError{400, "a header has a blank before its colon"}
	errNameInvalid = &ProtocolError{400, "a header name holds an invalid character"}
	errNameLookal  = &ProtocolError{400, "a header name spells a framing header with underscores"}
	errValue       = &ProtocolError{400, "a header value holds a control character"}

	errTarget       = &ProtocolError{400, "the request target is malformed"}
	errTargetForm   = &ProtocolError{400, "the request target is neither a path nor an http URI"}
	errTargetEscape = &ProtocolError{400, "the path holds a malformed percent escape"}
	errFragment     = &ProtocolError{400, "the request target holds a fragment"}
	errAsterisk     = &ProtocolError{400, "the target * is for OPTIONS alone"}
	errConnect      = &ProtocolError{501, "CONNECT is not supported"}
	errHostMissing  = &ProtocolError{400, "the Host header is missing"}
	errHostSeveral  = &ProtocolError{400, "there are several Host headers"}
	errHostInvalid  = &ProtocolError{400, "the Host header is malformed"}

	errLengthAndCoding = &ProtocolError{400, "Content-Length and Transfer-Encoding exclude each other"}
	errLengthSeveral   = &ProtocolError{400, "there are several Content-Length headers"}
	errLengthInvalid   = &ProtocolError{400, "Content-Length is not a decimal number"}
	errCodingSeveral   = &ProtocolError{400, "there are several Transfer-Encoding headers"}
	errCodingInvalid   = &ProtocolError{400, "Transfer-Encoding is not chunked"}
	errCodingUnknown   = &ProtocolError{501, "transfer codings other than chunked are not supported"}
	errCodingOld       = &ProtocolError{400, "Transfer-Encoding needs HTTP/1.1"}
	errTrailerName     = &ProtocolError{400, "the Trailer header announces a framing header"}
	errExpect          = &ProtocolError{417, "the Expect header asks for something other than 100-continue"}

	errChunkSize   = &ProtocolError{400, "a chunk size is not a hexadecimal number"}
	errChunkExt    = &ProtocolError{400, "a chunk extension is malformed"}
	errChunkExcess = &ProtocolError{400, "the chunk extensions are too large"}
	errChunkEnd    = &ProtocolError{400, "a chunk is not followed by CR LF"}
	errTrailers    = &ProtocolError{431, "the trailers are too large"}

	errHeaderTimeout = &ProtocolError{408, "the request head did not arrive in time"}
	errBodyTimeout   = &ProtocolError{408, "the request body did not arrive in time"}

	errStatusLine = &ProtocolError{502, "the status line is malformed"}
	errInterim    = &ProtocolError{502, "there are too many interim responses"}
	errSwitch     = &ProtocolError{502, "the backend switches protocols without being asked"}
	errBodyless   = &ProtocolError{502, "an interim response announces a body"}
)

// Misuse by a handler or a caller; nothing of the message was sent.
var (
	errAnswered  = errors.New("http1: the request was answered already")
	errNotBegun  = errors.New("http1: Write, Flush or Finish without Start")
	errStatus    = errors.New("http1: status of a final answer outside 200 to 999")
	errFraming   = errors.New("http1: Content-Length, Transfer-Encoding, Connection, Date and Host are set by framing")
	errInjection = errors.New("http1: a header field holds a control character or an invalid name")
	errTooMuch   = errors.New("http1: more body than the length announced")
	errTooLittle = errors.New("http1: less body than the length announced")
	errHijacked  = errors.New("http1: the connection was hijacked")
	errRequest   = errors.New("http1: the method, target or host of a request is malformed")
)
