package gateway

import (
	"bytes"
	"net/netip"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// forwarded replaces what the connection says of the client by what a trusted
// proxy says: the right-most address of X-Forwarded-For that is no trusted
// proxy itself, and the last X-Forwarded-Proto and X-Forwarded-Port. What
// isn't well-formed is not believed.
func forwarded(x *exchange.Exchange, trusted []netip.Prefix) {
	for i := x.Header.Len() - 1; i >= 0; i-- {
		if x.Header.KnownAt(i) != http1.NameXForwardedFor {
			continue
		}
		_, value := x.Header.At(i)
		if forwardedFor(value, &x.Client.IP, trusted) {
			break
		}
	}
	if proto := last(x.Header, http1.NameXForwardedProto); len(proto) > 0 {
		switch {
		case bytes.EqualFold(proto, []byte("https")):
			x.Client.TLS = true
		case bytes.EqualFold(proto, []byte("http")):
			x.Client.TLS, x.Client.TLSProto, x.Client.Cipher = false, "", ""
		}
	}
	if port := last(x.Header, http1.NameXForwardedPort); len(port) > 0 && len(port) < 6 {
		if n, err := strconv.ParseUint(string(port), 10, 16); err == nil {
			x.Client.Port = uint16(n)
		}
	}
}

// forwardedFor walks one field from the right. True: ip is the client's, or
// nothing further left can be believed.
func forwardedFor(value []byte, ip *netip.Addr, trusted []netip.Prefix) bool {
	for {
		comma := bytes.LastIndexByte(value, ',')
		addr, ok := parseForwarded(value[comma+1:])
		if !ok {
			return true
		}
		*ip = addr
		if !contains(trusted, addr) {
			return true
		}
		if comma < 0 {
			return false
		}
		value = value[:comma]
	}
}

// parseForwarded reads an address, with or without a port or brackets.
func parseForwarded(b []byte) (netip.Addr, bool) {
	b = bytes.Trim(b, " \t\"")
	if len(b) == 0 || len(b) > 64 {
		return netip.Addr{}, false
	}
	if b[0] == '[' {
		end := bytes.IndexByte(b, ']')
		if end < 0 {
			return netip.Addr{}, false
		}
		b = b[1:end]
	} else if colon := bytes.IndexByte(b, ':'); colon >= 0 && bytes.IndexByte(b[colon+1:], ':') < 0 {
		b = b[:colon]
	}
	addr, err := netip.ParseAddr(string(b))
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, false
	}
	return addr.Unmap(), true
}

// last is the last element of the last field named name, or nil.
func last(h *http1.Header, name http1.Known) []byte {
	for i := h.Len() - 1; i >= 0; i-- {
		if h.KnownAt(i) == name {
			_, list := h.At(i)
			return bytes.TrimSpace(list[bytes.LastIndexByte(list, ',')+1:])
		}
	}
	return nil
}
