package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// maxKeys bounds the cache; a key lives for the day it is made for.
const maxKeys = 1024

type keyID struct{ secret, date, region, service string }

// keyCache keeps derived signing keys. It is read without a lock: a change
// replaces the map.
type keyCache struct {
	keys atomic.Pointer[map[keyID][32]byte]
	mu   sync.Mutex
}

func (c *keyCache) get(id keyID) ([32]byte, bool) {
	if m := c.keys.Load(); m != nil {
		key, ok := (*m)[id]
		return key, ok
	}
	return [32]byte{}, false
}

func (c *keyCache) put(id keyID, key [32]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	next := map[keyID][32]byte{}
	if m := c.keys.Load(); m != nil && len(*m) < maxKeys {
		maps.Copy(next, *m)
	}
	next[id] = key
	c.keys.Store(&next)
}

func sum(key []byte, text string) (out [32]byte) {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	h.Sum(out[:0])
	return out
}

func derive(id keyID) [32]byte {
	date := sum([]byte("AWS4"+id.secret), id.date)
	region := sum(date[:], id.region)
	service := sum(region[:], id.service)
	return sum(service[:], terminator)
}

// stringToSign binds the canonical request to its time and scope.
func stringToSign(t time.Time, s Scope, canonical []byte) string {
	hash := sha256.Sum256(canonical)
	return Algorithm + "\n" + t.UTC().Format(timeFormat) + "\n" +
		s.Date + "/" + s.Region + "/" + s.Service + "/" + terminator + "\n" + hex.EncodeToString(hash[:])
}
