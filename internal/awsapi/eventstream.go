package awsapi

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"

	"github.com/gatehouse/gatehouse/internal/lambda"
)

// maxEventPayload is what one event of a stream carries at most here; clients
// take up to 16 MB.
const maxEventPayload = 64 << 10

// eventStream writes a function's answer as the events of a stream, each as
// soon as there is something to tell.
type eventStream struct{ from *lambda.Stream }

// WriteTo implements io.WriterTo. An error is that of w, or of an answer that
// broke off by nobody's word.
func (s eventStream) WriteTo(w io.Writer) (written int64, err error) {
	defer s.from.Close()
	write := func(kind, contentType string, payload []byte) error {
		n, err := w.Write(appendEvent(nil, kind, contentType, payload))
		written += int64(n)
		return err
	}
	piece := make([]byte, maxEventPayload)
	for {
		n, err := s.from.Read(piece)
		if n > 0 {
			if err := write("PayloadChunk", "application/octet-stream", piece[:n]); err != nil {
				return written, err
			}
		}
		if err != nil {
			end, err := s.completed(err)
			if err == nil {
				err = write("InvokeComplete", "application/json", end)
			}
			return written, err
		}
	}
}

// completed is the document of a stream's last event, for what ended it.
func (s eventStream) completed(err error) ([]byte, error) {
	var complete struct {
		ErrorCode    string `json:",omitempty"`
		ErrorDetails string `json:",omitempty"`
		LogResult    []byte `json:",omitempty"`
	}
	if f, ok := errors.AsType[*lambda.Failure](err); ok {
		complete.ErrorCode, complete.ErrorDetails = f.FunctionError, string(f.Payload)
	} else if err != io.EOF {
		return nil, err
	}
	if s.from.Log != nil {
		complete.LogResult = s.from.Log()
	}
	return json.Marshal(complete)
}

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
