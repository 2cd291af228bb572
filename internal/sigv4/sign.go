package sigv4

import (
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Signer signs requests that we make. One serves many goroutines.
type Signer struct{ cache keyCache }

// Sign is the Authorization header of r. names are the headers to sign in
// lower case; r.Header must already have x-amz-date, in the form of Date, and
// x-amz-security-token where the credentials have one. Those two and host are
// signed also when names leaves them out.
func (s *Signer) Sign(r *Request, c Credentials, region, service string, t time.Time, names ...string) string {
	all := append([]string{"host", "x-amz-date"}, names...)
	if c.SessionToken != "" {
		all = append(all, "x-amz-security-token")
	}
	slices.Sort(all)
	all = slices.Compact(all)
	scope := Scope{c.AccessKeyID, t.UTC().Format(dateFormat), region, service}
	id := keyID{c.SecretAccessKey, scope.Date, region, service}
	key, ok := s.cache.get(id)
	if !ok {
		key = derive(id)
		s.cache.put(id, key)
	}
	signature := sum(key[:], stringToSign(t, scope, canonical(r, all, hexHash(r.PayloadHash))))
	return Algorithm + " Credential=" + c.AccessKeyID + "/" + scope.Date + "/" + region + "/" + service + "/" + terminator +
		", SignedHeaders=" + strings.Join(all, ";") + ", Signature=" + hex.EncodeToString(signature[:])
}

// Date is t as x-amz-date carries it.
func Date(t time.Time) string { return t.UTC().Format(timeFormat) }

// SignHTTP adds to r the headers that sign it. hash is of the whole body.
// Every header that is there is signed, but for those that proxies change.
func (s *Signer) SignHTTP(r *http.Request, hash [32]byte, c Credentials, region, service string, t time.Time) {
	r.Header.Set("X-Amz-Date", Date(t))
	if c.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", c.SessionToken)
	}
	r.Header.Del("Authorization")
	var names []string
	for name := range r.Header {
		switch name = strings.ToLower(name); name {
		case "user-agent", "connection", "expect", "te", "trailer", "transfer-encoding", "upgrade", "x-amzn-trace-id", "accept-encoding", "content-length":
		default:
			names = append(names, name)
		}
	}
	in := FromHTTP(r, hash)
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	r.Header.Set("Authorization", s.Sign(in, c, region, service, t, names...))
}
