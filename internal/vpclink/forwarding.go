package vpclink

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// forwarding is what an Application Load Balancer changes in requests (7.4 of
// the sheet).
type forwarding struct {
	mode        string // of X-Forwarded-For: append, preserve, remove
	withPort    bool   // addresses have the client's port
	keepHost    bool
	dropInvalid bool // fields whose names have other characters than letters, digits and hyphens
}

func newForwarding(lb *apigw.LoadBalancer) forwarding {
	on := func(key string) bool { return lb.Attribute(key) == "true" }
	return forwarding{
		mode:        lb.Attribute("routing.http.xff_header_processing.mode"),
		withPort:    on("routing.http.xff_client_port.enabled"),
		keepHost:    on("routing.http.preserve_host_header.enabled"),
		dropInvalid: on("routing.http.drop_invalid_header_fields.enabled"),
	}
}

var (
	fieldFor   = []byte("X-Forwarded-For")
	fieldProto = []byte("X-Forwarded-Proto")
	fieldPort  = []byte("X-Forwarded-Port")
	fieldTrace = []byte("X-Amzn-Trace-Id")
)

// forward makes v's request what targets see. The load balancer's client is the
// VPC link, in whose name this process calls: its address is what is appended.
func (f *forwarding) forward(v *visit) {
	h, l := &v.req.Header, v.route.listener
	if f.dropInvalid {
		dropInvalid(h)
	}
	f.forwardedFor(v)
	h.SetKnown(http1.NameXForwardedProto, fieldProto, l.scheme)
	h.SetKnown(http1.NameXForwardedPort, fieldPort, l.portText)
	v.scratch = appendTrace(v.scratch[:0], h.GetKnown(http1.NameXAmznTraceID), v.began)
	h.SetKnown(http1.NameXAmznTraceID, fieldTrace, v.scratch)
	// A port that isn't its protocol's own is appended to Host unless the client
	// has (announcement of "Host header preservation": "appends listener port").
	if !f.keepHost && l.port != "80" && l.port != "443" && len(hostOf(v.req.Host)) == len(v.req.Host) {
		v.req.Host = append(append(v.req.Host, ':'), l.port...)
	}
}

// forwardedFor is X-Forwarded-For by the mode.
func (f *forwarding) forwardedFor(v *visit) {
	h := &v.req.Header
	switch f.mode {
	case "preserve":
		return
	case "remove":
		h.DelKnown(http1.NameXForwardedFor)
		return
	}
	list := v.scratch[:0]
	for i := h.IndexKnown(http1.NameXForwardedFor, 0); i >= 0; i = h.IndexKnown(http1.NameXForwardedFor, i+1) {
		if _, value := h.At(i); len(value) > 0 {
			list = append(append(list, value...), ", "...)
		}
	}
	list = appendAddress(list, v.source(), f.withPort)
	v.scratch = list[:0]
	h.SetKnown(http1.NameXForwardedFor, fieldFor, list)
}

// linkPort is the port that a VPC link connects from, where one must be told:
// connections to targets are shared by many requests, so there is no true one.
const linkPort = 443

func appendAddress(dst []byte, a netip.Addr, withPort bool) []byte {
	if withPort {
		return netip.AddrPortFrom(a, linkPort).AppendTo(dst)
	}
	return a.AppendTo(dst)
}

// appendTrace is a request's X-Amzn-Trace-Id behind the load balancer: an
// existing Root stays, with Self before it (request tracing).
func appendTrace(dst, old []byte, now time.Time) []byte {
	name := "Root="
	if bytes.Contains(old, []byte("Root=")) {
		name = "Self="
	} else {
		old = nil
	}
	dst = append(append(dst, name...), "1-"...)
	mark := len(dst)
	dst = append(dst, "00000000-000000000000000000000000"...)
	id := dst[mark:]
	putHex(id[:8], uint64(now.Unix()))
	putHex(id[9:17], uint64(rand.Uint32()))
	putHex(id[17:], rand.Uint64())
	for len(old) > 0 {
		var part []byte
		part, old, _ = bytes.Cut(old, []byte(";"))
		if part = bytes.TrimSpace(part); len(part) > 0 && !bytes.HasPrefix(part, []byte("Self=")) {
			dst = append(append(dst, ';'), part...)
		}
	}
	return dst
}

// dropInvalid removes fields whose names load balancers don't take for valid.
func dropInvalid(h *http1.Header) {
	for i := 0; i < h.Len(); {
		name, _ := h.At(i)
		if h.KnownAt(i) == http1.Other && !plainName(name) {
			h.Del(string(name))
		} else {
			i++
		}
	}
}

func plainName(name []byte) bool {
	for _, c := range name {
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// putHex writes n over dst in hexadecimal digits.
func putHex(dst []byte, n uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = "0123456789abcdef"[n&15]
		n >>= 4
	}
}
