package http2

import (
	"encoding/binary"
	"fmt"
)

// preface is what a client sends first (RFC 9113, 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// Frame types (RFC 9113, 6).
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	framePriority     = 0x2
	frameRSTStream    = 0x3
	frameSettings     = 0x4
	framePushPromise  = 0x5
	framePing         = 0x6
	frameGoAway       = 0x7
	frameWindowUpdate = 0x8
	frameContinuation = 0x9
)

// Frame flags; flagAck and flagEndStream are of different types.
const (
	flagAck        = 0x1
	flagEndStream  = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

// Settings (RFC 9113, 6.5.2).
const (
	settingHeaderTableSize      = 0x1
	settingEnablePush           = 0x2
	settingMaxConcurrentStreams = 0x3
	settingInitialWindowSize    = 0x4
	settingMaxFrameSize         = 0x5
	settingMaxHeaderListSize    = 0x6
)

const (
	frameHeader   = 9
	maxFrame      = 16384     // what we take, and send at most; the least a peer must take
	firstWindow   = 65535     // of connections and streams before any settings
	maxWindow     = 1<<31 - 1 // also the largest stream ID
	maxFrameLimit = 1<<24 - 1
)

// errorCode is why a stream or connection ends (RFC 9113, 7).
type errorCode uint32

const (
	noError          errorCode = 0x0
	protocolError    errorCode = 0x1
	internalError    errorCode = 0x2
	flowControlError errorCode = 0x3
	streamClosed     errorCode = 0x5
	frameSizeError   errorCode = 0x6
	refusedStream    errorCode = 0x7
	cancelled        errorCode = 0x8
	compressionError errorCode = 0x9
	enhanceYourCalm  errorCode = 0xb
)

// What a client may do before it is told to calm down.
const (
	maxStreamsRefused  = 1000 // streams beyond the limit
	freeResets         = 200  // resets beyond the requests that were answered
	continuationFrames = 64   // of one header block
)

// connError ends the connection with GOAWAY.
type connError struct {
	code   errorCode
	reason string
}

func (e *connError) Error() string {
	return fmt.Sprintf("http2: %s (error code 0x%x)", e.reason, uint32(e.code))
}

// streamError ends one stream with RST_STREAM.
type streamError struct {
	id     uint32
	code   errorCode
	reason string
}

func (e *streamError) Error() string {
	return fmt.Sprintf("http2: stream %d: %s (error code 0x%x)", e.id, e.reason, uint32(e.code))
}

// header is the first 9 bytes of a frame.
type header struct {
	length int
	kind   byte
	flags  byte
	stream uint32
}

func parseHeader(b []byte) header {
	return header{
		length: int(b[0])<<16 | int(b[1])<<8 | int(b[2]),
		kind:   b[3], flags: b[4],
		stream: binary.BigEndian.Uint32(b[5:]) &^ (1 << 31),
	}
}

func appendFrame(dst []byte, length int, kind, flags byte, stream uint32) []byte {
	dst = append(dst, byte(length>>16), byte(length>>8), byte(length), kind, flags)
	return binary.BigEndian.AppendUint32(dst, stream)
}

func appendRST(dst []byte, stream uint32, code errorCode) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(dst, 4, frameRSTStream, 0, stream), uint32(code))
}

func appendWindowUpdate(dst []byte, stream uint32, n int64) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(dst, 4, frameWindowUpdate, 0, stream), uint32(n))
}

func appendGoAway(dst []byte, last uint32, code errorCode, reason string) []byte {
	dst = appendFrame(dst, 8+len(reason), frameGoAway, 0, 0)
	dst = binary.BigEndian.AppendUint32(dst, last)
	return append(binary.BigEndian.AppendUint32(dst, uint32(code)), reason...)
}

func appendPing(dst []byte, flags byte, payload []byte) []byte {
	return append(appendFrame(dst, 8, framePing, flags, 0), payload...)
}

func appendSetting(dst []byte, id uint16, value uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(dst, id), value)
}

// appendHeaders frames a header block, in several frames when it is long.
func appendHeaders(dst, block []byte, stream uint32, end bool, most int) []byte {
	kind, flags := byte(frameHeaders), byte(0)
	if end {
		flags = flagEndStream
	}
	for {
		n := min(len(block), most)
		if n == len(block) {
			flags |= flagEndHeaders
		}
		dst = append(appendFrame(dst, n, kind, flags, stream), block[:n]...)
		block = block[n:]
		if len(block) == 0 {
			return dst
		}
		kind, flags = frameContinuation, 0
	}
}

// unpad takes the padding off a payload.
func unpad(flags byte, p []byte) ([]byte, bool) {
	if flags&flagPadded == 0 {
		return p, true
	}
	if len(p) == 0 || int(p[0]) >= len(p) {
		return nil, false
	}
	return p[1 : len(p)-int(p[0])], true
}
