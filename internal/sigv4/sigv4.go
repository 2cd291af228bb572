// Package sigv4 signs requests with AWS Signature Version 4 and verifies such
// signatures, in the Authorization header or in the query string. It knows
// what is signed and how; it must not know who may do what, nor where secrets
// are kept.
package sigv4

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// Algorithm is the only one that is signed and accepted.
	Algorithm = "AWS4-HMAC-SHA256"

	// MaxSkew is how far a signature's time may be from ours, either way.
	MaxSkew = 5 * time.Minute

	// MaxExpires is the longest a presigned request may be valid.
	MaxExpires = 7 * 24 * time.Hour

	// UnsignedPayload stands for the hash of a body that isn't signed.
	UnsignedPayload = "UNSIGNED-PAYLOAD"

	terminator = "aws4_request"
	timeFormat = "20060102T150405Z"
	dateFormat = "20060102"

	// maxHeader bounds the Authorization header, and maxSigned the names in it.
	maxHeader = 8 << 10
	maxSigned = 100
)

// Credentials sign. A session token travels with temporary ones.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
}

// Request is what a signature covers.
type Request struct {
	Method string
	Path   string // escaped, as on the wire
	Query  string // raw, without the question mark
	Host   string // as the client sent it, with its port
	// Header is the values of a header in their order, by its name in lower
	// case. Never asked for host.
	Header func(name string) []string
	// PayloadHash is the SHA-256 of the body.
	PayloadHash [32]byte
}

// FromHTTP is r as the signature sees it. hash is of the whole body.
func FromHTTP(r *http.Request, hash [32]byte) *Request {
	return &Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, Host: r.Host, PayloadHash: hash,
		Header: func(name string) []string {
			values := r.Header.Values(name)
			if len(values) == 0 && name == "content-length" && r.ContentLength >= 0 {
				return []string{strconv.FormatInt(r.ContentLength, 10)}
			}
			return values
		},
	}
}

func (r *Request) header(name string) string {
	if v := r.Header(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// Scope is what a credential is bound to.
type Scope struct {
	AccessKeyID string
	Date        string // "20260531"
	Region      string
	Service     string
}

// ScopeOf reads the credential of a request without verifying anything: from
// the header or, when there is none, from the query. False when the request
// carries no credential of five parts.
func ScopeOf(authorization, query string) (Scope, bool) {
	credential := ""
	if len(authorization) > maxHeader {
		return Scope{}, false
	}
	if authorization != "" {
		_, rest, _ := strings.Cut(authorization, " ")
		for part := range strings.SplitSeq(rest, ",") {
			if v, ok := strings.CutPrefix(strings.TrimSpace(part), "Credential="); ok {
				credential = v
			}
		}
	} else {
		credential, _ = queryValue(query, "X-Amz-Credential")
	}
	parts, ok := splitCredential(credential)
	if !ok {
		return Scope{}, false
	}
	return Scope{parts[0], parts[1], parts[2], parts[3]}, true
}

// splitCredential takes key/date/region/service/term apart from the right, as
// nothing but the key may hold a slash.
func splitCredential(credential string) (parts [5]string, ok bool) {
	list := strings.Split(credential, "/")
	if len(list) != 5 {
		return parts, false
	}
	return [5]string(list), true
}
