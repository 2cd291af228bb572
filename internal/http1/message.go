package http1

import (
	"io"
	"strconv"
)

// message is a request on its way to a backend.
type message struct {
	req     *ClientRequest
	out     []byte    // head, with the body when it is small
	body    []byte    // a body that is not in out
	stream  io.Reader // a body that is not read yet
	left    int64     // bytes of stream to come
	chunked bool
}

const (
	// smallStream is read before a connection is taken, and sent with the head.
	smallStream = 8 << 10
	// watchedBody is large enough that sending it may block.
	watchedBody = 64 << 10
)

// build makes the head. It refuses what would not arrive as one request.
func (m *message) build() error {
	r := m.req
	if !ValidName(r.Method) || r.Method == "CONNECT" || !validHost(r.Host) ||
		len(r.Target) == 0 || r.Target[0] != '/' && string(r.Target) != "*" || !all(r.Target, inTarget) {
		return errRequest
	}
	out := append(m.out, r.Method...)
	out = append(out, ' ')
	out = append(out, r.Target...)
	out = append(out, " HTTP/1.1\r\nHost: "...)
	out = append(out, r.Host...)
	out = append(out, "\r\n"...)
	out, err := appendFields(out, &r.Header, &requestFraming)
	if err != nil {
		return err
	}
	if r.Stream != nil && r.Length < 0 {
		m.chunked, m.stream = true, r.Stream
		m.out = append(out, "Transfer-Encoding: chunked\r\n\r\n"...)
		return nil
	}
	length := int64(len(r.Body))
	if r.Stream != nil {
		length = r.Length
	}
	if length > 0 || r.ForceLength || r.Method == "POST" || r.Method == "PUT" || r.Method == "PATCH" {
		out = appendLength(out, length)
	}
	m.out = append(out, "\r\n"...)
	return m.addBody(length)
}

// addBody puts a small body behind the head and leaves a large one for send.
func (m *message) addBody(length int64) error {
	room := int64(cap(m.out) - len(m.out))
	switch {
	case length == 0:
	case m.req.Stream == nil && length <= room:
		m.out = append(m.out, m.req.Body...)
	case m.req.Stream == nil:
		m.body = m.req.Body
	case length <= min(room, smallStream):
		at := len(m.out)
		m.out = m.out[:at+int(length)]
		if _, err := io.ReadFull(m.req.Stream, m.out[at:]); err != nil {
			return streamError(err)
		}
	default:
		m.stream, m.left = m.req.Stream, length
	}
	return nil
}

// streamError says that the stream failed; one that ends before its length
// breaks the request.
func streamError(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return &StreamError{err}
}

// isSmall says whether all of m is in out.
func (m *message) isSmall() bool { return m.stream == nil && len(m.body) == 0 }

// send writes m to cc. sent: some of it was given to the connection.
func (m *message) send(cc *clientConn) (sent bool, err error) {
	sent, err = cc.write(m.out, m.body, len(m.body) > watchedBody)
	if err != nil || m.stream == nil {
		return sent, err
	}
	buf := calling.getLarge()
	defer calling.put(buf)
	for done := false; !done && err == nil; {
		if cc.refusesEarly() {
			return true, errEarly
		}
		if m.chunked {
			done, err = m.sendChunk(cc, buf)
		} else {
			done, err = m.sendPiece(cc, buf)
		}
	}
	return true, err
}

// sendPiece sends what one read of the stream gives.
func (m *message) sendPiece(cc *clientConn, buf []byte) (done bool, err error) {
	n, err := m.stream.Read(buf[:min(m.left, int64(len(buf)))])
	m.left -= int64(n)
	if err != nil && m.left > 0 {
		return false, streamError(err)
	}
	if n > 0 {
		if _, err := cc.write(buf[:n], nil, true); err != nil {
			return false, err
		}
	}
	return m.left == 0, nil
}

// sendChunk sends what one read of the stream gives as a chunk, or the end.
func (m *message) sendChunk(cc *clientConn, buf []byte) (done bool, err error) {
	const before, after = len("ffff\r\n"), len("\r\n0\r\n\r\n")
	n, err := m.stream.Read(buf[before : len(buf)-after])
	if err != nil && err != io.EOF {
		return false, streamError(err)
	}
	done = err == io.EOF
	from, out := before, buf[:before+n]
	if n > 0 {
		size := strconv.AppendInt(nil, int64(n), 16)
		from -= len(size) + 2
		copy(out[from:], size)
		copy(out[before-2:], "\r\n")
		out = append(out, "\r\n"...)
	}
	if done {
		out = append(out, "0\r\n\r\n"...)
	}
	if len(out) == from {
		return false, nil
	}
	_, err = cc.write(out[from:], nil, true)
	return done, err
}
