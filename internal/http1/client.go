package http1

import (
	"io"
	"time"
)

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

// Hold makes a small Stream a Body, so that r can be sent to another address when
// one can't be connected to: Do reads such a Stream before it connects. It leaves a
// larger one, which Do reads once there is a connection. The error is a
// *StreamError.
func (r *ClientRequest) Hold() error {
	if r.Stream == nil || r.Length < 0 || r.Length > smallStream {
		return nil
	}
	body := make([]byte, r.Length)
	if _, err := io.ReadFull(r.Stream, body); err != nil {
		return streamError(err)
	}
	r.Body, r.Stream = body, nil
	return nil
}

// ClientResponse is a backend's answer: its head after Endpoint.Do, then its
// body by Read or ReadAll. Close gives the connection back, or closes it when
// the body wasn't read to its end; it must be called after each Do that
// returned nil. The head stays valid until the next Do with the same
// ClientResponse.
type ClientResponse struct {
	Status int
	Reason []byte
	Minor  int
	Header Header
	Length int64 // of the body; 0 where there is none (HEAD, 204, 304), -1: chunked or until close
	clientBody
}

// clientBody is the connection under a response.
type clientBody struct {
	endpoint *Endpoint
	conn     *clientConn // nil once given back
	own      []byte      // what is left of a body that no backend sent
	body     bodyReader
	persist  bool
	call     *Call
}

// maxInterim is how many 1xx answers may precede the final one.
const maxInterim = 16

// Do sends req and reads the head of the answer. It checks an idle connection
// before reuse (a peek, no round trip), and dials and sends again only when
// nothing of the request was sent: nothing else is ever repeated. 1xx answers
// are skipped; 101 is an error.
//
// A Stream that blocks isn't woken by Cancel or the deadline: it has its own.
// Streams of up to 8 KB are read before a connection is taken. A backend that
// answers with an error status before it took the whole body is heard. Errors
// are *CallError.
func (e *Endpoint) Do(call *Call, req *ClientRequest, resp *ClientResponse) error {
	m := message{req: req, out: calling.getLarge()[:0]}
	err := m.build()
	if err != nil {
		err = call.failure(PhaseWrite, err)
	} else {
		err = e.do(call, &m, resp)
	}
	calling.put(m.out)
	return err
}

func (e *Endpoint) do(call *Call, m *message, resp *ClientResponse) error {
	for {
		cc, reused, err := e.acquire(call, m.isSmall())
		if err != nil {
			return err
		}
		if err := cc.begin(call); err != nil {
			e.drop(cc)
			return call.failure(PhaseConnect, err)
		}
		cc.in.buf = calling.getLarge()
		var sent bool
		if reused && m.isSmall() && cc.in.sock.isDirect() {
			sent, err = cc.swap(m.out)
		} else {
			sent, err = m.send(cc)
		}
		if !sent && reused && (err == errStale || err != nil && brokenPipe(err)) {
			cc.end(e)
			continue
		}
		if _, theirs := err.(*StreamError); !theirs && (err == nil || err == errEarly || brokenPipe(err)) {
			return e.receive(cc, m, resp, err)
		}
		cc.end(e)
		return call.failure(PhaseWrite, err)
	}
}

// receive reads the answer to m on cc. cut is what kept m from being sent
// whole, nil when it was.
func (e *Endpoint) receive(cc *clientConn, m *message, resp *ClientResponse, cut error) error {
	call := cc.call
	frame, length, persist, err := cc.readHead(m.req.Method, &e.config.Limits)
	if err != nil {
		cc.end(e)
		if cut != nil && cut != errEarly {
			return call.failure(PhaseWrite, cut)
		}
		return call.failure(PhaseHead, err)
	}
	resp.takeHead(&cc.head)
	resp.Length = length
	resp.clientBody = clientBody{endpoint: e, conn: cc, call: call, persist: persist && cut == nil}
	b := &resp.clientBody.body
	b.wire, b.source, b.limits = &cc.in, cc, &e.config.Limits
	b.begin(length)
	if frame == bodyUntilClose {
		b.frame = frame
	}
	return nil
}

// takeHead copies h, so that it outlives the connection's buffer.
func (r *ClientResponse) takeHead(h *responseHead) {
	r.Status, r.Minor = h.status, h.minor
	r.Header.CopyFrom(&h.header)
	r.Reason = r.Header.buf[h.reason.from:h.reason.to:h.reason.to]
}

// Read reads the body; io.EOF at its end, else *CallError.
func (r *ClientResponse) Read(p []byte) (int, error) {
	if r.conn == nil {
		return r.readOwn(p)
	}
	n, err := r.body.Read(p)
	return n, r.failure(err)
}

// ReadAll appends the rest of the body to dst. A body larger than limit is
// ErrBodyTooLarge, before anything is read when its length is known; other
// errors are *CallError.
func (r *ClientResponse) ReadAll(dst []byte, limit int64) ([]byte, error) {
	if r.conn == nil {
		return r.readAllOwn(dst, limit)
	}
	dst, err := r.body.ReadAll(dst, limit)
	return dst, r.failure(err)
}

// Extend moves the deadline for the rest of the body.
func (r *ClientResponse) Extend(deadline time.Time) {
	if r.conn != nil {
		r.call.Deadline = deadline
		r.conn.deadline = r.call.deadline()
	}
}

func (r *ClientResponse) failure(err error) error {
	if err == nil || err == io.EOF || err == ErrBodyTooLarge {
		return err
	}
	return r.call.failure(PhaseBody, err)
}

// Close gives the connection back, or closes it when it can't serve another
// call: the body wasn't read to its end, more than it was sent, or one side
// wants to close. Closing again does nothing.
func (r *ClientResponse) Close() {
	cc := r.conn
	if r.own = nil; cc == nil {
		return
	}
	r.conn = nil
	clean := r.persist && r.body.settled() && cc.in.r == cc.in.w
	if !r.call.detach() || !clean {
		cc.call = nil
		r.endpoint.drop(cc)
		calling.put(cc.in.buf)
		return
	}
	cc.call = nil
	calling.put(cc.in.buf)
	cc.in.buf, cc.in.r, cc.in.w = nil, 0, 0
	r.endpoint.put(cc)
}

// end closes cc, whose call failed.
func (cc *clientConn) end(e *Endpoint) {
	cc.call.detach()
	cc.call = nil
	e.drop(cc)
	calling.put(cc.in.buf)
	cc.in.buf = nil
}

// readHead reads into cc.head until the head of the final answer is there.
func (cc *clientConn) readHead(method string, l *Limits) (frame bodyFrame, length int64, persist bool, err error) {
	for range maxInterim {
		if err := cc.readOneHead(l); err != nil {
			return 0, 0, false, err
		}
		if cc.head.status == 101 {
			return 0, 0, false, errSwitch
		}
		frame, length, persist, err = cc.head.frame(method)
		if err != nil || cc.head.status >= 200 {
			return frame, length, persist, err
		}
	}
	return 0, 0, false, errInterim
}

func (cc *clientConn) readOneHead(l *Limits) error {
	var p responseParser
	for {
		done, err := p.parse(&cc.head, cc.in.buffered(), l)
		if err != nil {
			return err
		}
		if done {
			cc.in.r += p.line
			return nil
		}
		if err := cc.in.fill(cc, l.RequestLine+l.HeaderBytes+bufferSize); err != nil {
			if err == io.EOF {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
}
