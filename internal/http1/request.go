package http1

import (
	"bytes"
	"time"
)

// Request is one parsed request. Its slices belong to the connection and are
// valid until the handler returns.
type Request struct {
	Method         string // interned for the registered methods
	Target         []byte // origin-form as sent; the path and query of an absolute-form
	Path           []byte // Target before '?', escapes as sent
	Query          []byte // Target after '?', nil without one
	Host           []byte // of the Host field, or of an absolute-form target; nil only with HTTP/1.0
	Minor          int    // 1 for HTTP/1.1, 0 for HTTP/1.0
	Header         Header // every field in order, framing fields included; Host as above
	ContentLength  int64  // bytes of body; -1 chunked
	ExpectContinue bool
	Close          bool      // the client asked for, or its version implies, a close
	Upgrade        bool      // Connection: upgrade with an Upgrade field
	Received       time.Time // when its first byte was there
}

// requestParser parses one request head as it arrives. Its zero value is ready.
type requestParser struct {
	headScanner
	method, target span
	skipped        bool // the one blank line that may precede a request
}

// parse reads head, all bytes of the request so far. When done, the head ends
// at p.line and r is complete; its slices point into head.
func (p *requestParser) parse(r *Request, head []byte, l *Limits) (done bool, err error) {
	if p.fields == 0 {
		if ok, err := p.parseLine(r, head, l); !ok || err != nil {
			return false, err
		}
		r.Header.fields = r.Header.fields[:0]
	}
	if done, err = p.parseFields(&r.Header, head, l); !done {
		return false, err
	}
	err = p.finish(r, head[:p.line])
	return err == nil, err
}

// parseLine reads the request line. RFC 9112, 2.2 wants at least one blank
// line before it ignored, for clients that send one after a body: one is
// ignored, more are refused. It carries no meaning, and no second party reads
// our input, so it can't be framed differently.
func (p *requestParser) parseLine(r *Request, head []byte, l *Limits) (ok bool, err error) {
	from, to, ok, err := p.next(head)
	if ok && from == to && !p.skipped {
		p.skipped = true
		from, to, ok, err = p.next(head)
	}
	switch {
	case err != nil:
		return false, err
	case !ok && p.line < len(head) && classes[head[p.line]]&inToken == 0 && head[p.line] != '\r':
		return false, errMethod // a TLS hello, for one: don't wait for a LF
	case !ok && p.scanned-p.line > l.RequestLine+len("\r"), ok && to-from > l.RequestLine:
		return false, errLineTooLong
	case !ok:
		return false, nil
	}
	p.fields = p.line
	return true, p.splitLine(r, head, from, to)
}

// splitLine finds method, target and version, one blank between each.
func (p *requestParser) splitLine(r *Request, head []byte, from, to int) error {
	line := head[from:to]
	sp1 := bytes.IndexByte(line, ' ')
	if sp1 <= 0 {
		if all(line, inToken) {
			return errRequestLine
		}
		return errMethod
	}
	if !all(line[:sp1], inToken) {
		return errMethod
	}
	sp2 := bytes.IndexByte(line[sp1+1:], ' ')
	if sp2 <= 0 {
		return errRequestLine
	}
	sp2 += sp1 + 1
	minor, err := parseVersion(line[sp2+1:])
	if err != nil {
		return err
	}
	r.Minor = minor
	p.method = span{uint32(from), uint32(from + sp1)}
	p.target = span{uint32(from + sp1 + 1), uint32(from + sp2)}
	return nil
}

// parseVersion reads "HTTP/1.1" or "HTTP/1.0" into 1 or 0.
func parseVersion(v []byte) (minor int, err error) {
	if len(v) != 8 || string(v[:5]) != "HTTP/" || classes[v[5]]&isDigit == 0 || v[6] != '.' || classes[v[7]]&isDigit == 0 {
		return 0, errVersion
	}
	if v[5] != '1' || v[7] > '1' {
		return 0, errVersionUnknown
	}
	return int(v[7] - '0'), nil
}

// finish checks the head as a whole and fills r.
func (p *requestParser) finish(r *Request, head []byte) error {
	r.Header.borrow(head)
	r.Method = internMethod(head[p.method.from:p.method.to])
	if r.Method == "CONNECT" {
		return errConnect
	}
	f, err := readFraming(&r.Header, r.Minor)
	if err != nil {
		return err
	}
	if err := r.setHost(&f); err != nil {
		return err
	}
	if err := r.setTarget(head, p.target, &f); err != nil {
		return err
	}
	r.ContentLength = max(f.length, 0)
	if f.chunked {
		r.ContentLength = -1
	}
	r.Close = f.close || r.Minor == 0 && !f.keepAlive
	r.Upgrade = f.upgrade && f.upgradeName && r.Minor == 1
	r.ExpectContinue = false
	if f.expect != nil && r.Minor == 1 {
		if !equalFold(f.expect, "100-continue") {
			return errExpect
		}
		r.ExpectContinue = r.ContentLength != 0
	}
	return nil
}

func (r *Request) setHost(f *framing) error {
	r.Host = nil
	if f.host < 0 {
		if r.Minor == 1 {
			return errHostMissing
		}
		return nil
	}
	_, r.Host = r.Header.At(f.host)
	// An empty Host is for URIs without authority; http has none (RFC 9110, 4.2.1).
	if !validHost(r.Host) {
		return errHostInvalid
	}
	return nil
}

// internMethod is b as a string, without allocating for the common methods.
func internMethod(b []byte) string {
	switch string(b) {
	case "GET":
		return "GET"
	case "POST":
		return "POST"
	case "PUT":
		return "PUT"
	case "DELETE":
		return "DELETE"
	case "PATCH":
		return "PATCH"
	case "HEAD":
		return "HEAD"
	case "OPTIONS":
		return "OPTIONS"
	case "TRACE":
		return "TRACE"
	case "CONNECT":
		return "CONNECT"
	}
	return string(b)
}
