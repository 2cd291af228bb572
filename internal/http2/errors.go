package http2

import (
	"errors"
	"fmt"

	h2 "golang.org/x/net/http2"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// connError ends the connection: its code goes out in a GOAWAY.
type connError struct {
	code   h2.ErrCode
	reason string // fit for the peer to read
}

func (e *connError) Error() string { return "http2: " + e.reason }

// The connection errors that are found here; the Framer finds others.
var (
	errPreface       = &connError{h2.ErrCodeProtocol, "the preface is malformed"}
	errNoSettings    = &connError{h2.ErrCodeProtocol, "the first frame is not SETTINGS"}
	errPush          = &connError{h2.ErrCodeProtocol, "a client pushes"}
	errStreamZero    = &connError{h2.ErrCodeProtocol, "DATA on stream 0"}
	errStreamIdle    = &connError{h2.ErrCodeProtocol, "a frame for a stream that isn't open yet"}
	errStreamEven    = &connError{h2.ErrCodeProtocol, "a client's stream has an even number"}
	errStreamOld     = &connError{h2.ErrCodeProtocol, "a new stream has a lower number than one before"}
	errStreamClosed  = &connError{h2.ErrCodeStreamClosed, "HEADERS on a closed stream"}
	errPadding       = &connError{h2.ErrCodeProtocol, "the padding is longer than the frame"}
	errPadMissing    = &connError{h2.ErrCodeFrameSize, "the length of the padding is missing"}
	errHeadersFrame  = &connError{h2.ErrCodeProtocol, "a HEADERS frame is malformed"}
	errCompression   = &connError{h2.ErrCodeCompression, "a header block can't be decoded"}
	errBlockTooLarge = &connError{h2.ErrCodeEnhanceYourCalm, "a header block is too large"}
	errConnWindow    = &connError{h2.ErrCodeFlowControl, "more DATA than the connection's window"}
	errWindowGrown   = &connError{h2.ErrCodeFlowControl, "a window grows past 2^31-1"}
	errFlood         = &connError{h2.ErrCodeEnhanceYourCalm, "too many frames that ask for nothing"}
	errIdle          = &connError{h2.ErrCodeNo, "the connection was idle"}
	errSlow          = &connError{h2.ErrCodeNo, "a frame did not arrive in time"}
	errShutdown      = &connError{h2.ErrCodeNo, "the server is shutting down"}
)

var (
	errConnLost    = errors.New("http2: the connection is gone")
	errStalled     = errors.New("http2: the client left its window closed")
	errAnswered    = errors.New("http2: the request was answered already")
	errNotBegun    = errors.New("http2: Write, Flush or Finish without Start")
	errStatus      = errors.New("http2: status of a final answer outside 200 to 999")
	errFraming     = errors.New("http2: Content-Length, Transfer-Encoding, Connection and Date are set by framing")
	errInjection   = errors.New("http2: a header field holds a control character or an invalid name")
	errTooMuch     = errors.New("http2: more body than the length announced")
	errTruncated   = errors.New("http2: the connection ended within a frame")
	errDropped     = errors.New("http2: DATA of a stream that was reset")
	errTooLittle   = errors.New("http2: less body than the length announced")
	errBodyTimeout = &http1.ProtocolError{Status: 408, Reason: "the request body did not arrive in time"}
)

// resetError is a stream that one side has reset.
type resetError struct {
	code   h2.ErrCode
	byPeer bool
}

func (e resetError) Error() string {
	if e.byPeer {
		return fmt.Sprintf("http2: the client reset the stream: %v", e.code)
	}
	return fmt.Sprintf("http2: the stream was reset: %v", e.code)
}

// What is refused with an answer, as over HTTP/1.1.
var (
	errTargetTooLong = &http1.ProtocolError{Status: 414, Reason: "the request target is too long"}
	errHeadTooLarge  = &http1.ProtocolError{Status: 431, Reason: "the header fields are too large"}
	errTooManyFields = &http1.ProtocolError{Status: 431, Reason: "there are too many header fields"}
	errNameLookal    = &http1.ProtocolError{Status: 400, Reason: "a header name spells a framing header with underscores"}
	errConnect       = &http1.ProtocolError{Status: 501, Reason: "CONNECT is not supported"}
	errHostMissing   = &http1.ProtocolError{Status: 400, Reason: "the Host header is missing"}
	errExpect        = &http1.ProtocolError{Status: 417, Reason: "the Expect header asks for something other than 100-continue"}
	errLengthUnclear = &http1.ProtocolError{Status: 400, Reason: "Content-Length is not one decimal number"}
)
