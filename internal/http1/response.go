package http1

// responseHead is one parsed response head; it lives in the bytes it was
// parsed from.
type responseHead struct {
	status int
	minor  int
	reason span
	header Header
}

// responseParser parses one response head as it arrives. Its zero value is
// ready.
type responseParser struct{ headScanner }

// parse reads head, all bytes of the response so far. When done, the head
// ends at p.line and r is complete.
func (p *responseParser) parse(r *responseHead, head []byte, l *Limits) (done bool, err error) {
	if p.fields == 0 {
		from, to, ok, err := p.next(head)
		switch {
		case err != nil:
			return false, err
		case p.scanned-from > l.RequestLine, !ok && !couldBeStatusLine(head):
			return false, errStatusLine
		case !ok:
			return false, nil
		}
		p.fields = p.line
		r.header.fields = r.header.fields[:0]
		if err := r.splitLine(head, from, to); err != nil {
			return false, err
		}
	}
	if done, err = p.parseFields(&r.header, head, l); !done {
		return false, err
	}
	r.header.borrow(head[:p.line])
	return true, nil
}

// couldBeStatusLine says whether an unfinished line may become one, so that
// we don't wait for more of something else.
func couldBeStatusLine(head []byte) bool {
	const begin = "HTTP/1."
	n := min(len(head), len(begin))
	return string(head[:n]) == begin[:n]
}

// splitLine reads "HTTP/1.1 200 OK". The blank after the status is not
// demanded when the reason is empty: many leave it out, and it frames nothing.
func (r *responseHead) splitLine(head []byte, from, to int) error {
	line := head[from:to]
	if len(line) < len("HTTP/1.1 200") || line[8] != ' ' || !all(line[9:12], isDigit) || line[9] == '0' {
		return errStatusLine
	}
	minor, err := parseVersion(line[:8])
	if err != nil || len(line) > 12 && line[12] != ' ' || !validValue(line[12:]) {
		return errStatusLine
	}
	r.minor = minor
	r.status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')
	r.reason = span{uint32(min(from+13, to)), uint32(to)}
	return nil
}

// frame says how the body of a response to method ends, and whether the
// connection can go on after it (RFC 9112, 6.3).
func (r *responseHead) frame(method string) (frame bodyFrame, length int64, persist bool, err error) {
	f, err := readFraming(&r.header, r.minor)
	if err != nil {
		return bodyNone, 0, false, err
	}
	persist = !f.close && (r.minor == 1 || f.keepAlive)
	switch {
	case r.status < 200:
		if f.chunked || f.length > 0 {
			return bodyNone, 0, false, errBodyless
		}
		return bodyNone, 0, persist, nil
	case r.status == 204:
		// It ends with its head whatever that announces (RFC 9112, 6.3), and
		// some backends do announce; but what they may send after it must not be
		// taken for the next answer.
		return bodyNone, 0, persist && !f.chunked && f.length <= 0, nil
	case r.status == 304 || method == "HEAD":
		return bodyNone, 0, persist, nil
	case f.chunked:
		return bodyChunked, -1, persist, nil
	case f.length >= 0:
		return bodyLength, f.length, persist, nil
	}
	return bodyUntilClose, -1, false, nil
}
