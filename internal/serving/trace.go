package serving

import (
	"bytes"
	"time"
)

// Trace is what is known of a request's trace. Both texts are slices of the
// request's memory.
type Trace struct {
	// Seen is the field a method request shows and HTTP backends and events
	// get: as the client sent it, or a new Root.
	Seen []byte
	// Full is the field of the answer and of a call to Lambda: with Parent
	// and Sampled.
	Full []byte
}

// maxTrace bounds a client's trace field; a longer one is replaced.
const maxTrace = 1024

// AppendTrace makes the trace of a request whose client sent sent, in dst.
// A complete field is kept and echoed; a Root alone is kept and gains a
// Parent and Sampled of our own (recorded on AWS); Root and Parent gain
// Sampled=1; without a Root all is new, and not sampled.
func AppendTrace(dst, sent []byte, now time.Time) (Trace, []byte) {
	root, parent, sampled := TraceParts(sent)
	from := len(dst)
	if len(root) == 0 || len(sent) > maxTrace {
		parent, sampled = false, false
		dst = appendRoot(append(dst, "Root="...), now)
	} else {
		dst = append(dst, sent...)
	}
	seen := len(dst)
	if !parent {
		dst = appendParent(append(dst, ";Parent="...))
	}
	if !sampled {
		dst = append(dst, ";Sampled="...)
		if parent {
			dst = append(dst, '1')
		} else {
			dst = append(dst, '0')
		}
	}
	return Trace{Seen: dst[from:seen:seen], Full: dst[from:len(dst):len(dst)]}, dst
}

// TraceParts finds the parts of a trace field.
func TraceParts(field []byte) (root []byte, parent, sampled bool) {
	for len(field) > 0 {
		part, rest, _ := bytes.Cut(field, semicolon)
		key, value, _ := bytes.Cut(bytes.TrimSpace(part), equals)
		switch {
		case len(value) == 0:
		case bytes.EqualFold(key, rootKey):
			root = value
		case bytes.EqualFold(key, parentKey):
			parent = true
		case bytes.EqualFold(key, sampledKey):
			sampled = true
		}
		field = rest
	}
	return root, parent, sampled
}

var (
	semicolon  = []byte{';'}
	equals     = []byte{'='}
	rootKey    = []byte("Root")
	parentKey  = []byte("Parent")
	sampledKey = []byte("Sampled")
)

// AppendRouteTrace makes the field that backends of an HTTP API see: what the
// client sent, behind a Self of our own, or a new Root (seen on AWS).
func AppendRouteTrace(dst, sent []byte, now time.Time) []byte {
	root, _, _ := TraceParts(sent)
	if len(root) == 0 || len(sent) > maxTrace {
		return appendRoot(append(dst, "Root="...), now)
	}
	dst = appendRoot(append(dst, "Self="...), now)
	for part := range bytes.SplitSeq(sent, semicolon) {
		part = bytes.TrimSpace(part)
		if key, _, _ := bytes.Cut(part, equals); len(part) > 0 && !bytes.EqualFold(key, selfKey) {
			dst = append(append(dst, ';'), part...)
		}
	}
	return dst
}

var selfKey = []byte("Self")
