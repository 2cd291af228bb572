package sigv4

import (
	"crypto/subtle"
	"encoding/hex"
	"time"
)

// Verifier checks signatures. One serves many goroutines.
type Verifier struct {
	// Service and Region are what credentials must be scoped to; empty: any.
	Service, Region string
	// Now is the clock.
	Now func() time.Time
	// AllowUnsigned accepts a body whose hash the client left out of the
	// signature by saying so in a signed header. API Gateway doesn't.
	AllowUnsigned bool

	cache keyCache
}

// Lookup finds the secret of an access key; token is the session token that
// came with it. False: no such key. An *Error refuses in its own words, such
// as ExpiredToken.
type Lookup func(accessKeyID, token string) (secret string, ok bool, err error)

// Claim reads who r says has signed it, and refuses what is wrong without
// looking at a secret or the body (*Error). Nothing in it is proven.
func (v *Verifier) Claim(r *Request) (*Signature, error) {
	s, err := parse(r)
	if err != nil {
		return nil, err
	}
	return s, s.check(v.Now(), v.Region, v.Service)
}

// Verify says whose signature r carries, or why it isn't accepted (*Error).
func (v *Verifier) Verify(r *Request, lookup Lookup) (*Signature, error) {
	s, err := v.Claim(r)
	if err != nil {
		return nil, err
	}
	secret, ok, err := lookup(s.Scope.AccessKeyID, s.SessionToken)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &Error{UnrecognizedClient, "The security token included in the request is invalid."}
	}
	return s, v.compare(r, s, secret)
}

// compare signs the request as the client should have. The body's hash is
// always our own: what x-amz-content-sha256 claims is covered like any signed
// header and otherwise ignored.
func (v *Verifier) compare(r *Request, s *Signature, secret string) error {
	payload := hexHash(r.PayloadHash)
	if v.AllowUnsigned && r.header("x-amz-content-sha256") == UnsignedPayload && contains(s.names, "x-amz-content-sha256") {
		payload = UnsignedPayload
	}
	text := canonical(r, s.names, payload)
	toSign := stringToSign(s.Time, s.Scope, text)
	id := keyID{secret, s.Scope.Date, s.Scope.Region, s.Scope.Service}
	key, cached := v.cache.get(id)
	if !cached {
		key = derive(id)
	}
	want := sum(key[:], toSign)
	var spelled [2 * len(want)]byte
	hex.Encode(spelled[:], want[:])
	if subtle.ConstantTimeCompare([]byte(s.signature), spelled[:]) != 1 {
		return mismatch(text, toSign)
	}
	if !cached { // only what is proven takes room
		v.cache.put(id, key)
	}
	return nil
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// maxEcho bounds how much of a request the answer to a bad signature repeats.
const maxEcho = 16 << 10

func mismatch(canonical []byte, toSign string) *Error {
	if len(canonical) > maxEcho {
		canonical = canonical[:maxEcho]
	}
	return &Error{Invalid, "The request signature we calculated does not match the signature you provided." +
		" Check your AWS Secret Access Key and signing method. Consult the service documentation for details.\n\n" +
		"The Canonical String for this request should have been\n'" + string(canonical) +
		"'\n\nThe String-to-Sign should have been\n'" + toSign + "'\n"}
}
