package integration

import (
	"bytes"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// Type is the part of an integration type that header rules differ by.
type Type uint8

// The types of header rules.
const (
	HTTP Type = iota // HTTP and HTTP_PROXY
	AWS              // AWS and AWS_PROXY
)

// DropRequestField says that a client's field does not pass to an HTTP_PROXY
// backend (recorded on AWS), or is framing that the connection to the backend
// has of its own. Host, X-Forwarded-* and the trace field are written anew;
// X-HTTP-Method-Override reaches a backend only when mapped (developer guide,
// "Important notes").
func DropRequestField(k http1.Known) bool { return k != http1.Other && requestFields[k]&dropped != 0 }

// MappedRequestField says what becomes of a field that a mapping sends
// (recorded on AWS): an error for every request, nothing, or that field.
func MappedRequestField(k http1.Known, t Type) (fails, drops bool) {
	rule := requestFields[k]
	if t == AWS {
		return rule&mappedFailsAWS != 0, false
	}
	return rule&mappedFails != 0, rule&mappedDropped != 0
}

const (
	dropped        = 1 << iota // not passed from the client
	mappedFails                // mapped: 500
	mappedFailsAWS             // mapped to AWS: 500
	mappedDropped              // mapped to HTTP: not sent
)

// requestFields are the rules by well-known name; a name without rule passes.
var requestFields = [256]uint8{
	http1.NameAuthorization:       mappedFailsAWS,
	http1.NameConnection:          dropped | mappedDropped | mappedFailsAWS,
	http1.NameContentEncoding:     dropped,
	http1.NameContentLength:       dropped | mappedFails | mappedFailsAWS,
	http1.NameContentMD5:          dropped,
	http1.NameExpect:              dropped | mappedDropped | mappedFailsAWS,
	http1.NameHost:                dropped,
	http1.NameKeepAlive:           dropped,
	http1.NameMaxForwards:         dropped,
	http1.NameProxyAuthenticate:   dropped | mappedDropped | mappedFailsAWS,
	http1.NameProxyConnection:     dropped,
	http1.NameServer:              dropped,
	http1.NameTE:                  dropped | mappedDropped | mappedFailsAWS,
	http1.NameTrailer:             dropped,
	http1.NameTransferEncoding:    dropped | mappedFails | mappedFailsAWS,
	http1.NameUpgrade:             dropped,
	http1.NameVia:                 dropped | mappedDropped,
	http1.NameWWWAuthenticate:     dropped,
	http1.NameXAmznTraceID:        dropped,
	http1.NameXForwardedFor:       dropped,
	http1.NameXForwardedPort:      dropped,
	http1.NameXForwardedProto:     dropped,
	http1.NameXHTTPMethodOverride: dropped,
}

// ResponseField is the name under which a field of a proxied backend's or
// function's answer reaches the client: its own, x-amzn-Remapped-..., or
// (empty) none. Recorded on AWS for Connection, Content-Length, Date, Server,
// X-Amzn-RequestId, Transfer-Encoding and Via; the rest is the developer
// guide's table in "Important notes".
func ResponseField(name []byte, k http1.Known) []byte {
	if k == http1.Other {
		return name
	}
	switch rule := &responseFields[k]; {
	case rule.drop:
		return nil
	case rule.remapped != nil:
		return rule.remapped
	}
	return name
}

// MappedResponseField is ResponseField for a field that a mapping sets
// (recorded on AWS for every name in the table).
func MappedResponseField(name string) string {
	k := http1.Lookup(name)
	if k == http1.NameTransferEncoding {
		return ""
	}
	if rule := &responseFields[k]; k != http1.Other && rule.remapped != nil {
		return string(rule.remapped)
	}
	return name
}

// responseRule says what becomes of a field. Some names have a remapped form
// for mappings and are dropped from proxied answers.
type responseRule struct {
	drop     bool
	remapped []byte
}

var responseFields = func() (t [256]responseRule) {
	for _, k := range []http1.Known{
		http1.NameAuthorization, http1.NameConnection, http1.NameContentLength, http1.NameContentMD5, http1.NameDate,
		http1.NameExpect, http1.NameHost, http1.NameMaxForwards, http1.NameProxyAuthenticate, http1.NameServer,
		http1.NameTrailer, http1.NameUpgrade, http1.NameUserAgent, http1.NameWWWAuthenticate,
	} {
		t[k].remapped = []byte("x-amzn-Remapped-" + k.String())
	}
	t[http1.NameXAmznRequestID].remapped = []byte("x-amzn-Remapped-X-Amzn-RequestId")
	for _, k := range []http1.Known{
		http1.NameExpect, http1.NameHost, http1.NameKeepAlive, http1.NameProxyAuthenticate, http1.NameProxyConnection,
		http1.NameTE, http1.NameTrailer, http1.NameTransferEncoding, http1.NameUpgrade, http1.NameVia,
	} {
		t[k].drop = true
	}
	return t
}()

// OwnRequestField says that a field is of the client's connection, or that the
// connection to a backend has its own: no API kind passes it on.
func OwnRequestField(k http1.Known) bool {
	switch k {
	case http1.NameConnection, http1.NameContentLength, http1.NameExpect, http1.NameHost, http1.NameKeepAlive, http1.NameProxyAuthenticate,
		http1.NameProxyAuthorization, http1.NameProxyConnection, http1.NameTE, http1.NameTrailer, http1.NameTransferEncoding, http1.NameUpgrade:
		return true
	}
	return false
}

// OwnResponseField is OwnRequestField for answers.
func OwnResponseField(k http1.Known) bool {
	switch k {
	case http1.NameConnection, http1.NameContentLength, http1.NameDate, http1.NameKeepAlive, http1.NameProxyAuthenticate,
		http1.NameProxyConnection, http1.NameTE, http1.NameTrailer, http1.NameTransferEncoding, http1.NameUpgrade:
		return true
	}
	return false
}

// PassFields adds to out the fields of a message that pass on, as they are
// spelled: neither those that drops holds nor those that the message's own
// Connection field calls hop-by-hop.
func PassFields(out, from *http1.Header, drops func(name []byte, k http1.Known) bool) {
	nominated := nominatedFields(from)
	for i := range from.Len() {
		name, _ := from.At(i)
		if drops(name, from.KnownAt(i)) || nominated != nil && listHolds(nominated, name) {
			continue
		}
		out.AddField(from, i)
	}
}

// nominatedFields are the names that a message's Connection field calls
// hop-by-hop (RFC 9110, 7.6.1), nil when it names none.
func nominatedFields(h *http1.Header) []byte {
	v := h.GetKnown(http1.NameConnection)
	if len(v) == 0 || bytes.EqualFold(v, keepAlive) || bytes.EqualFold(v, closing) {
		return nil
	}
	return v
}

var (
	keepAlive = []byte("keep-alive")
	closing   = []byte("close")
)

// listHolds says whether a comma-separated list holds name, in any case.
func listHolds(list, name []byte) bool {
	for part := range bytes.SplitSeq(list, []byte{','}) {
		if bytes.EqualFold(bytes.TrimSpace(part), name) {
			return true
		}
	}
	return false
}
