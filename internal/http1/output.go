package http1

import (
	"net"
	"strconv"
	"time"
)

// output is the writing side of a client's connection.
type output struct {
	nc      net.Conn
	sock    socket
	tls     bool
	timeout time.Duration
	armed   instant // the write deadline
	vec     [3][]byte
	bufs    net.Buffers
}

// onePiece is the most that is written under one deadline, so that a slow
// reader that makes progress isn't cut off.
const onePiece = 128 << 10

// arm makes sure that a write has at least the timeout, at most half more:
// the deadline moves once per half timeout, not per write.
func (o *output) arm(t instant) error {
	if o.armed >= t.add(o.timeout) {
		return nil
	}
	o.armed = t.add(o.timeout + o.timeout/2)
	return o.nc.SetWriteDeadline(o.armed.time())
}

// send writes p; t is about now.
func (o *output) send(t instant, p []byte) error {
	for {
		if err := o.arm(t); err != nil {
			return err
		}
		n, err := o.writeOnce(p[:min(len(p), onePiece)])
		if err != nil {
			return err
		}
		if p = p[n:]; len(p) == 0 {
			return nil
		}
		t = now()
	}
}

func (o *output) writeOnce(p []byte) (int, error) {
	if len(p) <= largeSize && o.sock.isDirect() {
		return o.sock.write(p)
	}
	return o.nc.Write(p)
}

// sendAll writes head, body and tail, in one system call when they are small.
// head has room behind it, which is used where copying is cheaper: below TLS
// every piece becomes a record and a call of its own.
func (o *output) sendAll(t instant, head, body []byte, tail string) error {
	if len(head)+len(body)+len(tail) <= cap(head) {
		return o.send(t, append(append(head, body...), tail...))
	}
	if o.tls {
		n := min(max(cap(head)-len(head), 0), len(body))
		if err := o.send(t, append(head, body[:n]...)); err != nil {
			return err
		}
		return o.sendRest(body[n:], tail)
	}
	if err := o.arm(t); err != nil {
		return err
	}
	n := min(len(body), onePiece)
	o.vec[0], o.vec[1] = head, body[:n]
	o.bufs = o.vec[:2]
	if n == len(body) && tail != "" {
		o.vec[2] = append(o.vec[2][:0], tail...)
		o.bufs, tail = o.vec[:3], ""
	}
	_, err := o.bufs.WriteTo(o.nc)
	o.vec[0], o.vec[1] = nil, nil
	if err != nil {
		return err
	}
	return o.sendRest(body[n:], tail)
}

func (o *output) sendRest(body []byte, tail string) error {
	if len(body) > 0 {
		if err := o.send(now(), body); err != nil {
			return err
		}
	}
	if tail != "" {
		return o.send(now(), []byte(tail))
	}
	return nil
}

// fieldsOfFraming are what neither a handler nor a caller may set.
type fieldsOfFraming [knownCount]bool

var (
	answerFraming  = fieldsOfFraming{NameContentLength: true, NameTransferEncoding: true, NameConnection: true, NameDate: true}
	requestFraming = fieldsOfFraming{NameContentLength: true, NameTransferEncoding: true, NameConnection: true, NameHost: true}
)

// appendFields appends h's field lines. It is the one place where fields
// become bytes, so it checks that none can break out of its line.
func appendFields(dst []byte, h *Header, framing *fieldsOfFraming) ([]byte, error) {
	if h == nil {
		return dst, nil
	}
	for i := range h.fields {
		f := &h.fields[i]
		if framing[f.known] {
			return dst, errFraming
		}
		name, value := h.At(i)
		if f.known == Other && (!ValidName(name) || lookalike(h, i)) || !validValue(value) {
			return dst, errInjection
		}
		dst = append(dst, name...)
		dst = append(dst, ": "...)
		dst = append(dst, value...)
		dst = append(dst, "\r\n"...)
	}
	return dst, nil
}

func appendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...)
}
