package responsecache

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/maypok86/otter/v2"
)

// Key names an answer: a digest of everything that tells it from others. It is
// one that nobody finds another preimage of, since clients choose its parts.
type Key [sha256.Size]byte

// Cache is what one stage keeps. It is safe for concurrent use.
type Cache struct {
	pool    *Pool
	of      Stage
	local   *otter.Cache[Key, kept]
	flights flights
	fresh   bool // nobody gave it its part of the memory yet; guarded by pool.mu
}

// kept is one entry: what Encode made, sealed if that was asked for. A nil
// entry says that answers to its key aren't kept.
type kept struct {
	entry []byte
	lasts time.Duration
}

// KeyOf begins the text whose Sum is a Key: parts of the stage's cache that are
// the same for every request. AppendPart and AppendParts add the others.
func (c *Cache) KeyOf(parts ...string) []byte {
	text := append([]byte(nil), c.pool.secret[:]...)
	for _, part := range append([]string{c.of.Name, c.of.Cluster}, parts...) {
		text = binary.BigEndian.AppendUint32(text, uint32(len(part)))
		text = append(text, part...)
	}
	return text
}

// Sum is the Key of a text.
func Sum(text []byte) Key { return sha256.Sum256(text) }

// Found is what a cache has for a key.
type Found uint8

// What Look finds.
const (
	Nothing Found = iota // the answer isn't there
	Kept                 // it is
	Passing              // the backend's last answer was one that isn't kept
)

// Look is what is kept for key and is younger than ttl at now; sealed: and was
// never in memory as it is. The entry may lie in scratch, which is returned for
// its next use.
func (c *Cache) Look(key Key, now time.Time, ttl time.Duration, sealed bool, scratch []byte) (Entry, []byte, Found) {
	k, ok := c.local.GetIfPresent(key)
	if ok && k.entry == nil {
		return Entry{}, scratch, Passing
	}
	if !ok && c.pool.shared != nil {
		k.entry = c.fetch(key)
	}
	if k.entry == nil || sealed && k.entry[0] != formSealed {
		return Entry{}, scratch, Nothing
	}
	e, scratch, err := c.open(key, k.entry, scratch)
	if err != nil || !e.young(now, ttl) {
		return Entry{}, scratch, Nothing
	}
	return e, scratch, Kept
}

// fetch asks the shared store. What it doesn't answer isn't there.
func (c *Cache) fetch(key Key) []byte {
	entry, err := c.pool.shared.Get(sharedKey(key))
	if err != nil || len(entry) == 0 || len(entry) > 2*MaxEntry {
		return nil
	}
	return entry
}

// sharedKey is a key of the shared store: it says nothing of what it is for.
func sharedKey(key Key) string {
	return "gatehouse:response:" + base64.RawURLEncoding.EncodeToString(key[:])
}

// put keeps an answer where the cache has its answers. What leaves the process
// is always sealed. False: the shared store didn't take it.
func (c *Cache) put(key Key, answer []byte, lasts time.Duration, sealed bool) bool {
	if c.pool.shared != nil {
		return !c.pool.shared.Away() && c.pool.shared.Set(sharedKey(key), c.seal(key, answer), lasts) == nil
	}
	if sealed {
		answer = c.seal(key, answer)
	}
	c.local.Set(key, kept{answer, lasts})
	return true
}

// pass remembers for a while that answers to key aren't kept.
func (c *Cache) pass(key Key, lasts time.Duration) {
	c.local.Set(key, kept{nil, min(lasts, passFor)})
}

// retire empties a cache that nobody is to find any more. Those who still have
// it keep nothing in it.
func (c *Cache) retire() {
	c.local.SetMaximum(0)
	c.local.InvalidateAll()
	c.local.StopAllGoroutines()
}

// seal encrypts an entry so that it is one of key alone.
func (c *Cache) seal(key Key, entry []byte) []byte {
	aead := c.pool.aead
	b := make([]byte, 1+aead.NonceSize(), 1+aead.NonceSize()+len(entry)+aead.Overhead())
	b[0] = formSealed
	nonce := b[1:]
	rand.Read(nonce) // never fails
	return aead.Seal(b, nonce, entry, key[:])
}

// open decodes what put kept, after decrypting it into scratch if need be.
func (c *Cache) open(key Key, entry, scratch []byte) (Entry, []byte, error) {
	if len(entry) > 0 && entry[0] == formSealed {
		plain, err := c.unseal(key, entry, scratch)
		if err != nil {
			return Entry{}, scratch, err
		}
		entry, scratch = plain, plain[:0]
	} else if c.pool.shared != nil {
		return Entry{}, scratch, errEntry // not from one of us
	}
	e, err := Decode(entry)
	return e, scratch, err
}

// unseal is a function of its own so that keys of entries that aren't sealed
// stay off the heap.
func (c *Cache) unseal(key Key, entry, scratch []byte) ([]byte, error) {
	aead := c.pool.aead
	if len(entry) < 1+aead.NonceSize() {
		return nil, errEntry
	}
	nonce, text := entry[1:1+aead.NonceSize()], entry[1+aead.NonceSize():]
	plain, err := aead.Open(scratch[:0], nonce, text, key[:])
	if err != nil {
		return nil, errEntry
	}
	return plain, nil
}
