package awsapi

import (
	"encoding/binary"
	"hash/crc32"
)

// maxEventPayload is what one event of a stream carries at most here; clients
// take up to 16 MB.
const maxEventPayload = 1 << 20

// appendEvent writes one event of the binary framing that AWS streams in: two
// lengths and their checksum, headers, payload, and a checksum of all
// (application/vnd.amazon.eventstream).
func appendEvent(b []byte, kind, contentType string, payload []byte) []byte {
	start := len(b)
	b = append(b, make([]byte, 12)...)
	for _, h := range [...][2]string{{":message-type", "event"}, {":event-type", kind}, {":content-type", contentType}} {
		b = append(b, byte(len(h[0])))
		b = append(b, h[0]...)
		b = append(b, 7) // a text
		b = binary.BigEndian.AppendUint16(b, uint16(len(h[1])))
		b = append(b, h[1]...)
	}
	headers := len(b) - start - 12
	b = append(b, payload...)
	binary.BigEndian.PutUint32(b[start:], uint32(len(b)-start+4))
	binary.BigEndian.PutUint32(b[start+4:], uint32(headers))
	binary.BigEndian.PutUint32(b[start+8:], crc32.ChecksumIEEE(b[start:start+8]))
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}
