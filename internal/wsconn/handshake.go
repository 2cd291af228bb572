package wsconn

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// Why a request is no opening handshake.
var (
	ErrMethod  = errors.New("wsconn: the method of a handshake is GET")
	ErrUpgrade = errors.New("wsconn: the request doesn't ask for an upgrade to websocket")
	ErrVersion = errors.New("wsconn: Sec-WebSocket-Version isn't 13")
	ErrKey     = errors.New("wsconn: Sec-WebSocket-Key isn't 16 bytes in base64")
)

// acceptGUID is what a key is hashed with (RFC 6455, 1.3).
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// CheckHandshake says why an HTTP/1.1 request with method and h is no opening
// handshake (RFC 6455, 4.2.1); nil: it is one.
func CheckHandshake(method string, h *http1.Header) error {
	switch {
	case method != "GET":
		return ErrMethod
	case !hasToken(h, http1.NameUpgrade, "websocket") || !hasToken(h, http1.NameConnection, "upgrade"):
		return ErrUpgrade
	case string(one(h, "Sec-WebSocket-Version")) != "13":
		return ErrVersion
	}
	var raw [18]byte
	key := one(h, "Sec-WebSocket-Key")
	if len(key) != 24 {
		return ErrKey
	}
	if n, err := base64.StdEncoding.Decode(raw[:], key); err != nil || n != 16 {
		return ErrKey
	}
	return nil
}

// hasToken says whether a field named k lists token, in any case.
func hasToken(h *http1.Header, k http1.Known, token string) bool {
	for i := h.IndexKnown(k, 0); i >= 0; i = h.IndexKnown(k, i+1) {
		if _, v := h.At(i); http1.HasToken(v, token) {
			return true
		}
	}
	return false
}

// one is the value of the only field of this name; nil when there are several.
func one(h *http1.Header, name string) []byte {
	i := h.Index(name, 0)
	if i < 0 || h.Index(name, i+1) >= 0 {
		return nil
	}
	_, v := h.At(i)
	return v
}

// Accept is the Sec-WebSocket-Accept that answers key.
func Accept(key []byte) string {
	hash := sha1.New()
	hash.Write(key)
	hash.Write([]byte(acceptGUID))
	return base64.StdEncoding.EncodeToString(hash.Sum(nil))
}

// ours are the fields of an answer that nobody else sets. An extension that
// was agreed to would change what frames mean.
var ours = []string{"Upgrade", "Connection", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Content-Length", "Transfer-Encoding", "Date"}

// Answer makes the head of the 101 to a request that passed CheckHandshake.
// Fields of extra that aren't the handshake's own are added to it, such as
// Sec-WebSocket-Protocol; nil: none. An error says that one of them can't be a
// field.
func Answer(request, extra *http1.Header) ([]byte, error) {
	var fields http1.Header
	if extra != nil {
		fields.CopyFrom(extra)
	}
	for _, name := range ours {
		fields.Del(name)
	}
	fields.Add("Upgrade", "websocket")
	fields.Add("Sec-WebSocket-Accept", Accept(one(request, "Sec-WebSocket-Key")))
	return http1.AppendSwitching(nil, &fields)
}
