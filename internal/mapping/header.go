package mapping

import (
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// Blank says that a client's field of that name is not readable in mappings
// and does not reach any backend (recorded on AWS).
func Blank(k http1.Known) bool {
	switch k {
	case http1.NameConnection, http1.NameContentLength, http1.NameContentMD5, http1.NameExpect,
		http1.NameMaxForwards, http1.NameProxyAuthenticate, http1.NameServer, http1.NameTE,
		http1.NameTrailer, http1.NameTransferEncoding, http1.NameUpgrade, http1.NameWWWAuthenticate:
		return true
	}
	return false
}

func (s *Source) appendHeader(dst []byte, in *Input) ([]byte, bool) {
	if s.known != http1.Other {
		if Blank(s.known) {
			return dst, false
		}
		if v, ok := s.appendGatewayField(dst, in); ok {
			return v, true
		}
		if in.Canonical {
			return s.appendCanonical(dst, in.X.Header)
		}
	}
	if s.kind == multiHeader {
		return appendJoined(dst, in.X.Header, s.name)
	}
	return appendLast(dst, in.X.Header, s.name)
}

// appendGatewayField reads the fields that API Gateway's front end writes.
func (s *Source) appendGatewayField(dst []byte, in *Input) ([]byte, bool) {
	if s.known.String() != s.name {
		return dst, false
	}
	switch s.known {
	case http1.NameXForwardedFor:
		return AppendForwardedFor(dst, in.X), true
	case http1.NameXForwardedPort:
		return AppendForwardedPort(dst, in.X), true
	case http1.NameXForwardedProto:
		return append(dst, ForwardedProto(in.X)...), true
	case http1.NameXAmznTraceID:
		return append(dst, in.Trace...), len(in.Trace) > 0
	}
	return dst, false
}

func (s *Source) appendCanonical(dst []byte, h *http1.Header) ([]byte, bool) {
	if s.known.String() != s.name {
		return dst, false
	}
	found := false
	from := len(dst)
	for i := range h.Len() {
		if h.KnownAt(i) != s.known {
			continue
		}
		_, v := h.At(i)
		if s.kind == header {
			dst = dst[:from]
		} else if found {
			dst = append(dst, ',')
		}
		dst, found = append(dst, v...), true
	}
	return dst, found
}

func appendLast(dst []byte, h *http1.Header, name string) ([]byte, bool) {
	for i := h.Len() - 1; i >= 0; i-- {
		if n, v := h.At(i); string(n) == name {
			return append(dst, v...), true
		}
	}
	return dst, false
}

func appendJoined(dst []byte, h *http1.Header, name string) ([]byte, bool) {
	found := false
	for i := range h.Len() {
		if n, v := h.At(i); string(n) == name {
			if found {
				dst = append(dst, ',')
			}
			dst, found = append(dst, v...), true
		}
	}
	return dst, found
}

// AppendForwardedFor appends the X-Forwarded-For that a backend sees: what
// the client sent, then the client's address.
func AppendForwardedFor(dst []byte, x *exchange.Exchange) []byte {
	for i := x.Header.IndexKnown(http1.NameXForwardedFor, 0); i >= 0; i = x.Header.IndexKnown(http1.NameXForwardedFor, i+1) {
		if _, v := x.Header.At(i); len(v) > 0 {
			dst = append(append(dst, v...), ", "...)
		}
	}
	return AppendClientIP(dst, x)
}

// AppendClientIP appends the client's address as text.
func AppendClientIP(dst []byte, x *exchange.Exchange) []byte {
	if !x.Client.IP.IsValid() {
		return append(dst, "0.0.0.0"...)
	}
	return x.Client.IP.Unmap().WithZone("").AppendTo(dst)
}

// AppendForwardedPort appends the port that the client called.
func AppendForwardedPort(dst []byte, x *exchange.Exchange) []byte {
	return strconv.AppendUint(dst, uint64(x.Client.Port), 10)
}

// ForwardedProto is the scheme that the client used.
func ForwardedProto(x *exchange.Exchange) string {
	if x.Client.TLS {
		return "https"
	}
	return "http"
}

// SendableName says whether a header field may be called name. Names that
// some servers read as a framing field are none that anybody is sent.
func SendableName[T string | []byte](name T) bool {
	return http1.ValidName(name) && !strings.EqualFold(string(name), "Content_Length") && !strings.EqualFold(string(name), "Transfer_Encoding")
}
