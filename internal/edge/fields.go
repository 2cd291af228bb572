package edge

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// request makes what goes to the origin: the host, the path and the body as they
// came, so that signatures hold; well-known names in their usual spelling
// (recorded on AWS), cookies by name, no Content-MD5 (developer guide,
// "Edge-optimized APIs"), and who asked for what in X-Forwarded-* and
// CloudFront-Forwarded-Proto. What the client says of these is taken for nothing
// but X-Forwarded-For, to which it is added, as CloudFront does.
func (c *call) request() {
	x, out := c.x, &c.req
	out.Method, out.Host = x.Method, x.Host
	out.Target = append(out.Target[:0], x.Path...)
	if x.Query != nil {
		out.Target = append(append(out.Target, '?'), x.Query...)
	}
	out.Body, out.Stream, out.Length = nil, nil, 0
	if length := x.Body.Length(); length != 0 {
		out.Stream, out.Length = x.Body, length
	}
	out.ForceLength = x.Header.IndexKnown(http1.NameContentLength, 0) >= 0
	h := &out.Header
	h.Reset()
	integration.PassFields(h, x.Header, ofEdge)
	c.spell(h)
	proto := "http"
	if x.Client.TLS {
		proto = "https"
	}
	client := x.Client.IP.String()
	if sent := forwardedFor(x.Header); sent != "" {
		client = sent + ", " + client
	}
	h.Set("X-Forwarded-For", client)
	h.Add("X-Forwarded-Proto", proto)
	h.Add("X-Forwarded-Port", strconv.Itoa(int(x.Client.Port)))
	h.Add("CloudFront-Forwarded-Proto", proto)
	spoken := "1.1 "
	if x.Client.HTTP2 {
		spoken = "2.0 " // as CloudFront writes it
	}
	h.Add("Via", spoken+c.f.via)
	h.Add("X-Amz-Cf-Id", newID())
}

// maxForwarded bounds what is passed on of the addresses that a client sends.
const maxForwarded = 1024

// forwardedFor is what the client sent, one list.
func forwardedFor(h *http1.Header) string {
	var all []string
	for i := h.IndexKnown(http1.NameXForwardedFor, 0); i >= 0; i = h.IndexKnown(http1.NameXForwardedFor, i+1) {
		_, v := h.At(i)
		all = append(all, string(v))
	}
	list := strings.Join(all, ", ")
	if len(list) > maxForwarded {
		return ""
	}
	return list
}

var cloudFront = []byte("cloudfront-")

// ofEdge are fields that don't pass: those of the connection, those that this
// node says itself, and Content-MD5.
func ofEdge(name []byte, k http1.Known) bool {
	switch k {
	case http1.NameContentMD5, http1.NameXForwardedFor, http1.NameXForwardedProto, http1.NameXForwardedPort:
		return true
	}
	return integration.OwnRequestField(k) || len(name) > len(cloudFront) && bytes.EqualFold(name[:len(cloudFront)], cloudFront) || bytes.EqualFold(name, []byte("X-Amz-Cf-Id"))
}

// spell gives well-known fields their usual names, and sorts cookies.
func (c *call) spell(h *http1.Header) {
	plain := true
	for i := range h.Len() {
		name, _ := h.At(i)
		if k := h.KnownAt(i); k == http1.NameCookie || k != http1.Other && k.String() != string(name) {
			plain = false
			break
		}
	}
	if plain {
		return
	}
	var made http1.Header
	for i := range h.Len() {
		name, value := h.At(i)
		switch k := h.KnownAt(i); k {
		case http1.Other:
			made.AddBytes(name, value)
		case http1.NameCookie:
			made.Add(k.String(), string(c.sorted(value)))
		default:
			made.Add(k.String(), string(value))
		}
	}
	h.CopyFrom(&made)
}

// cookie is one of a Cookie field, with its name.
type cookie struct{ name, whole []byte }

// sorted is a Cookie field with its cookies by name; those of one name stay in
// their order. Nothing that isn't a cookie is lost.
func (c *call) sorted(field []byte) []byte {
	c.cookies = c.cookies[:0]
	for part := range bytes.SplitSeq(field, []byte{';'}) {
		if part = bytes.TrimSpace(part); len(part) > 0 {
			name, _, _ := bytes.Cut(part, []byte{'='})
			c.cookies = append(c.cookies, cookie{name, part})
		}
	}
	slices.SortStableFunc(c.cookies, func(a, b cookie) int { return cmp.Compare(string(a.name), string(b.name)) })
	out := make([]byte, 0, len(field)+2*len(c.cookies))
	for i, one := range c.cookies {
		if i > 0 {
			out = append(out, "; "...)
		}
		out = append(out, one.whole...)
	}
	return out
}

// answerFields are those of the origin's answer, and what this node adds, as
// edge-optimized APIs' answers have them (recorded on AWS).
func (c *call) answerFields(out *http1.Header) {
	out.Reset()
	from := &c.resp.Header
	integration.PassFields(out, from, func(_ []byte, k http1.Known) bool { return integration.OwnResponseField(k) })
	state := "Miss from gatehouse"
	if c.resp.Status >= 400 {
		state = "Error from gatehouse"
	}
	out.Add("X-Cache", state)
	out.Add("Via", "1.1 "+c.f.via)
	out.Add("X-Amz-Cf-Id", newID())
}

// newID is an X-Amz-Cf-Id: 56 characters.
func newID() string {
	var id [42]byte
	rand.Read(id[:])
	return base64.RawURLEncoding.EncodeToString(id[:])
}
