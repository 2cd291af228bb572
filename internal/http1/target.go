package http1

import (
	"bytes"
	"net/netip"
)

// setTarget checks the request target and fills Target, Path and Query.
// Visible characters that RFC 3986 keeps out of a URI (" < > \ ^ ` { | }) are
// taken, as browsers send them and they frame nothing; bytes above 0x7e, '#',
// and malformed escapes in the path are not. Escapes in a query are the
// application's.
func (r *Request) setTarget(head []byte, at span, f *framing) error {
	t := head[at.from:at.to:at.to]
	if !all(t, inTarget) {
		if bytes.IndexByte(t, '#') >= 0 {
			return errFragment
		}
		return errTarget
	}
	switch {
	case t[0] == '/':
	case string(t) == "*":
		if r.Method != "OPTIONS" {
			return errAsterisk
		}
	default:
		var err error
		if t, err = r.absolute(head, at, f); err != nil {
			return err
		}
	}
	r.Target, r.Path, r.Query = t, t, nil
	if q := bytes.IndexByte(t, '?'); q >= 0 {
		r.Path, r.Query = t[:q:q], t[q+1:]
	}
	if !validEscapes(r.Path) {
		return errTargetEscape
	}
	return nil
}

// absolute takes an absolute-form target apart ("http://host/path?query"):
// its authority replaces the Host field's value (RFC 9112, 3.2.2), in the
// Header too, so that nobody later sees two hosts. The result is the
// origin-form, made in place.
func (r *Request) absolute(head []byte, at span, f *framing) ([]byte, error) {
	t := head[at.from:at.to]
	skip := schemeLength(t)
	if skip == 0 {
		return nil, errTargetForm
	}
	end := skip
	for end < len(t) && t[end] != '/' && t[end] != '?' {
		end++
	}
	if !validHost(t[skip:end]) {
		return nil, errTarget
	}
	path := t[end:]
	switch {
	case len(path) == 0:
		// The blank after the target is not needed any more.
		path = head[at.to : at.to+1]
		path[0] = '/'
		if r.Method == "OPTIONS" {
			path[0] = '*'
		}
	case path[0] == '?':
		copy(t[skip-1:], t[skip:end])
		skip, end = skip-1, end-1
		t[end] = '/'
		path = t[end:]
	}
	r.Host = t[skip:end:end]
	if f.host >= 0 {
		r.Header.fields[f.host].value = span{at.from + uint32(skip), at.from + uint32(end)}
	}
	return path[:len(path):len(path)], nil
}

func schemeLength(t []byte) int {
	for _, scheme := range []string{"http://", "https://"} {
		if len(t) >= len(scheme) && equalFold(t[:len(scheme)], scheme) {
			return len(scheme)
		}
	}
	return 0
}

// validEscapes says whether every '%' of path is followed by two hex digits.
func validEscapes(path []byte) bool {
	for {
		i := bytes.IndexByte(path, '%')
		if i < 0 {
			return true
		}
		if len(path) < i+3 || !all(path[i+1:i+3], isHex) {
			return false
		}
		path = path[i+3:]
	}
}

// validHost checks uri-host [":" port] (RFC 3986, 3.2.2) without user
// information. The host can't be empty, nor hold percent escapes: no name that
// can be asked for has any.
func validHost(h []byte) bool {
	host := h
	if i := bytes.LastIndexByte(h, ':'); i >= 0 && bytes.IndexByte(h[i:], ']') < 0 {
		port := h[i+1:]
		if len(port) > 5 || !all(port, isDigit) {
			return false
		}
		host = h[:i]
	}
	if len(host) > 1 && host[0] == '[' {
		return host[len(host)-1] == ']' && validIPv6(host[1:len(host)-1])
	}
	return len(host) > 0 && all(host, inRegName)
}

func validIPv6(b []byte) bool {
	a, err := netip.ParseAddr(string(b))
	return err == nil && a.Is6() && a.Zone() == ""
}
