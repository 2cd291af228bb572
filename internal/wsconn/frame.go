package wsconn

import (
	"encoding/binary"

	"github.com/gobwas/ws"
)

// Close codes (RFC 6455, 7.4.1) that connections end with.
const (
	CodeNormal      = 1000
	CodeGoingAway   = 1001
	CodeProtocol    = 1002
	CodeUnsupported = 1003
	CodeNoStatus    = 1005 // the client's close frame had none; never sent
	CodeAbnormal    = 1006 // the connection was lost; never sent
	CodeInvalid     = 1007
	CodeTooBig      = 1009
	CodeTryLater    = 1013
)

const (
	mostControl = ws.MaxControlFramePayloadSize
	mostHead    = 10 // bytes of the head of a frame that isn't masked
)

// appendHead appends the head of an unmasked frame with n bytes of payload.
func appendHead(dst []byte, op ws.OpCode, fin bool, n int) []byte {
	first := byte(op)
	if fin {
		first |= 0x80
	}
	switch {
	case n <= mostControl:
		return append(dst, first, byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(dst, first, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(n))
}

// appendMessage appends payload as one message, in frames of at most most
// bytes.
func appendMessage(dst []byte, op ws.OpCode, payload []byte, most int) []byte {
	for len(payload) > most {
		dst = append(appendHead(dst, op, false, most), payload[:most]...)
		payload, op = payload[most:], ws.OpContinuation
	}
	return append(appendHead(dst, op, true, len(payload)), payload...)
}

// encodedSize is about what appendMessage appends, never less.
func encodedSize(payload, most int) int { return payload + (payload/most+1)*mostHead }

// appendClose appends a close frame; CodeNoStatus: one without a status.
func appendClose(dst []byte, code int, reason string) []byte {
	if code == CodeNoStatus {
		return appendHead(dst, ws.OpClose, true, 0)
	}
	reason = reason[:min(len(reason), mostControl-2)]
	dst = appendHead(dst, ws.OpClose, true, 2+len(reason))
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, reason...)
}

// parseClose reads the payload of a close frame. A payload that a client may
// not send is a *closeError.
func parseClose(payload []byte) (code int, reason string, err error) {
	switch {
	case len(payload) == 0:
		return CodeNoStatus, "", nil
	case len(payload) == 1:
		return 0, "", &closeError{CodeProtocol, "a close frame has one byte of status"}
	}
	status := ws.StatusCode(binary.BigEndian.Uint16(payload))
	switch err := ws.CheckCloseFrameData(status, string(payload[2:])); {
	case err == ws.ErrProtocolInvalidUTF8:
		return 0, "", errNotUTF8
	case err != nil && !registered(status), status > 4999:
		return 0, "", &closeError{CodeProtocol, "a close frame has a status that none may have"}
	}
	return int(status), string(payload[2:]), nil
}

// registered are statuses that were given a meaning after RFC 6455 (IANA,
// "WebSocket Close Code Number Registry"): service restart, try again later,
// bad gateway.
func registered(s ws.StatusCode) bool { return s >= 1012 && s <= 1014 }
