package http2

import (
	"strings"

	h2 "golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// pseudo are the fields in front of a request's own.
type pseudo struct {
	method, scheme, path, authority         string
	hasMethod, hasScheme, hasPath, hasAuthy bool
}

// take reads one; false: it is unknown or comes twice.
func (p *pseudo) take(f hpack.HeaderField) bool {
	var value *string
	var has *bool
	switch f.Name {
	case ":method":
		value, has = &p.method, &p.hasMethod
	case ":scheme":
		value, has = &p.scheme, &p.hasScheme
	case ":path":
		value, has = &p.path, &p.hasPath
	case ":authority":
		value, has = &p.authority, &p.hasAuthy
	default:
		return false
	}
	if *has {
		return false
	}
	*value, *has = f.Value, true
	return true
}

// whole says whether p names a request (RFC 9113, 8.3.1 and 8.5).
func (p *pseudo) whole() bool {
	if p.method == "CONNECT" {
		return p.hasAuthy && !p.hasScheme && !p.hasPath
	}
	return http1.ValidName(p.method) && (p.scheme == "http" || p.scheme == "https") && p.path != ""
}

// build makes the request that h holds. A code other than NO_ERROR: it is
// malformed. What HTTP/1.1 answers with an error, st.refusal answers.
func (st *Stream) build(h *headReader) h2.ErrCode {
	r := &st.request
	r.Header.Reset()
	*r = http1.Request{Header: r.Header, Minor: 1, ContentLength: -1}
	var p pseudo
	fields := h.list
	for len(fields) > 0 && fields[0].IsPseudo() {
		if !p.take(fields[0]) {
			return h2.ErrCodeProtocol
		}
		fields = fields[1:]
	}
	if h.refusal != nil {
		r.Method = p.method
		st.refusal = h.refusal
		return h2.ErrCodeNo
	}
	if !p.whole() {
		return h2.ErrCodeProtocol
	}
	r.Method = p.method
	if p.hasAuthy {
		r.Header.Add("Host", p.authority)
	}
	if !st.addFields(fields, &p) {
		return h2.ErrCodeProtocol
	}
	if h.end && r.ContentLength > 0 && st.refusal == nil {
		return h2.ErrCodeProtocol
	}
	if h.end {
		r.ContentLength, r.ExpectContinue = 0, false
	}
	if st.refusal == nil {
		st.setTarget(&p)
	}
	return h2.ErrCodeNo
}

// addFields puts the request's fields into its header. False: one is not
// valid in HTTP/2.
func (st *Stream) addFields(fields []hpack.HeaderField, p *pseudo) bool {
	header := &st.request.Header
	cookie := false
	for i := range fields {
		f := &fields[i]
		if !validField(f) {
			return false
		}
		switch f.Name {
		case "cookie":
			if !cookie {
				st.addCookie(fields[i:])
			}
			cookie = true
			continue
		case "host":
			if p.hasAuthy {
				if !strings.EqualFold(f.Value, p.authority) {
					return false
				}
				continue
			}
			p.authority, p.hasAuthy = f.Value, true
		case "content-length", "expect", "content_length", "transfer_encoding":
			st.frame(f)
		}
		header.Add(f.Name, f.Value)
	}
	return true
}

// addCookie joins the crumbs of a cookie (RFC 9113, 8.2.3), of which the
// first is the first of fields.
func (st *Stream) addCookie(fields []hpack.HeaderField) {
	st.scratch = append(st.scratch[:0], fields[0].Value...)
	for i := range fields[1:] {
		if f := &fields[1+i]; f.Name == "cookie" {
			st.scratch = append(append(st.scratch, "; "...), f.Value...)
		}
	}
	st.request.Header.AddBytes([]byte("cookie"), st.scratch)
}

// frame reads a field that says something of the message's frame, or would to
// a backend.
func (st *Stream) frame(f *hpack.HeaderField) {
	r := &st.request
	switch f.Name {
	case "content-length":
		n, ok := http1.ParseLength([]byte(f.Value))
		if !ok || r.ContentLength >= 0 {
			st.refusal = errLengthUnclear
			return
		}
		r.ContentLength = n
	case "expect":
		if r.ExpectContinue = strings.EqualFold(f.Value, "100-continue"); !r.ExpectContinue {
			st.refusal = errExpect
		}
	default:
		// CGI and its heirs turn - and _ into the same character.
		st.refusal = errNameLookal
	}
}

// setTarget sets what the request is for, or why that is refused.
func (st *Stream) setTarget(p *pseudo) {
	r := &st.request
	if r.Method == "CONNECT" {
		st.refusal = errConnect
		return
	}
	host := r.Header.GetKnown(http1.NameHost)
	if host == nil {
		st.refusal = errHostMissing
		return
	}
	st.target = append(st.target[:0], p.path...)
	err := r.SetHost(host)
	if err == nil {
		err = r.SetTarget(st.target)
	}
	if err != nil {
		st.refusal = err.(*http1.ProtocolError)
	}
}

// validField says whether f, no pseudo-header, may come over HTTP/2
// (RFC 9113, 8.2.1 and 8.2.2).
func validField(f *hpack.HeaderField) bool {
	if !validName(f.Name) || !http1.ValidValue(f.Value) || !trimmed(f.Value) {
		return false
	}
	switch f.Name {
	case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade":
		return false
	case "te":
		return f.Value == "trailers"
	}
	return true
}

func validName(name string) bool {
	for i := range len(name) {
		if 'A' <= name[i] && name[i] <= 'Z' {
			return false
		}
	}
	return http1.ValidName(name)
}

func trimmed(v string) bool {
	return v == "" || !blank(v[0]) && !blank(v[len(v)-1])
}

func blank(b byte) bool { return b == ' ' || b == '\t' }

func validTrailers(fields []hpack.HeaderField) bool {
	for i := range fields {
		if !validField(&fields[i]) {
			return false
		}
	}
	return true
}
