package http1

// What another framing of the same messages (HTTP/2) needs of this one, so
// that a request means and is allowed the same in both.

// WithDefaults is l with its zero fields set.
func (l Limits) WithDefaults() Limits { return l.withDefaults() }

// SetTarget checks target, an origin-form ("/path?query", or "*" for
// OPTIONS), as the target of a request line is checked, and sets Target, Path
// and Query to parts of it. The error is a *ProtocolError.
func (r *Request) SetTarget(target []byte) error {
	if len(target) == 0 || target[0] != '/' && string(target) != "*" {
		return errTargetForm
	}
	return r.setTarget(target, span{0, uint32(len(target))}, nil)
}

// SetHost checks and sets the Host. The error is a *ProtocolError.
func (r *Request) SetHost(host []byte) error {
	if !validHost(host) {
		return errHostInvalid
	}
	r.Host = host
	return nil
}

// ParseLength reads a Content-Length: decimal digits that fit an int64.
func ParseLength(v []byte) (int64, bool) { return parseLength(v) }
