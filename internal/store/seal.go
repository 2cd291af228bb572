package store

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// A sealed value: version (1 byte), the key's ID (8 bytes), nonce (24 bytes),
// ciphertext with tag (XChaCha20-Poly1305).
const (
	sealVersion = 1
	keyIDSize   = 8
	sealHeader  = 1 + keyIDSize
)

// Errors of Sealer.Open.
var (
	ErrOtherKey = errors.New("sealed with another master key")
	ErrNotSeal  = errors.New("not a sealed value of this record, or an altered one")
)

// Sealer encrypts secrets before they are stored. Safe for concurrent use.
type Sealer struct {
	current keyID
	keys    map[keyID]cipher.AEAD
	prints  [][]byte // keys of Fingerprints, in the order of the master keys
	proofs  []Proof  // in that order, too
}

type keyID [keyIDSize]byte

// NewSealer seals with the first key and opens what any of them sealed, so
// that a key can be replaced. Each has 32 bytes.
func NewSealer(keys ...[]byte) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("no master key")
	}
	s := &Sealer{current: idOf(keys[0]), keys: map[keyID]cipher.AEAD{}}
	for _, k := range keys {
		aead, err := chacha20poly1305.NewX(k)
		if err != nil {
			return nil, fmt.Errorf("a master key has %d bytes: %w", len(k), err)
		}
		s.keys[idOf(k)] = aead
		s.prints = append(s.prints, derive(k, "gatehouse fingerprint"))
		id := idOf(k)
		s.proofs = append(s.proofs, Proof{hex.EncodeToString(id[:]), hex.EncodeToString(derive(k, "gatehouse operator"))})
	}
	return s, nil
}

// derive makes a key for one purpose of a master key.
func derive(key []byte, purpose string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(purpose))
	return m.Sum(nil)
}

// Fingerprints name a secret so that it can be found again without being told:
// by the current master key, then by the older ones. Of is what kind of secret
// it is.
func (s *Sealer) Fingerprints(of, secret string) []string {
	list := make([]string, 0, len(s.prints))
	for _, k := range s.prints {
		m := hmac.New(sha256.New, k)
		m.Write([]byte(of + "\x00" + secret))
		list = append(list, hex.EncodeToString(m.Sum(nil)))
	}
	return list
}

// Derived is a key of 32 bytes for one purpose, the same wherever the current
// master key is.
func (s *Sealer) Derived(purpose string) []byte { return derive(s.prints[0], purpose) }

// EachDerived is Derived by every master key; the current one's comes first.
func (s *Sealer) EachDerived(purpose string) (list [][]byte) {
	for _, print := range s.prints {
		list = append(list, derive(print, purpose))
	}
	return list
}

// Proof is what only who has a master key can know: the operator signs with it.
type Proof struct{ KeyID, Secret string }

// Proofs are those of every master key; the current one's comes first.
func (s *Sealer) Proofs() []Proof { return s.proofs }

// idOf names a key without giving anything of it away.
func idOf(key []byte) keyID {
	m := hmac.New(sha256.New, key)
	m.Write([]byte("gatehouse master key id"))
	return keyID(m.Sum(nil)[:keyIDSize])
}

// Seal encrypts plaintext. Aad, the record's key, must be given to Open again,
// so that a sealed value can't be moved to another record.
func (s *Sealer) Seal(aad string, plaintext []byte) []byte {
	aead := s.keys[s.current]
	b := make([]byte, sealHeader+aead.NonceSize(), sealHeader+aead.NonceSize()+len(plaintext)+aead.Overhead())
	b[0] = sealVersion
	copy(b[1:], s.current[:])
	nonce := b[sealHeader:]
	rand.Read(nonce) // never fails
	return aead.Seal(b, nonce, plaintext, s.bound(b, aad))
}

// bound is what the tag covers beside the plaintext: header and record.
func (s *Sealer) bound(sealed []byte, aad string) []byte {
	return append(sealed[:sealHeader:sealHeader], aad...)
}

// Rotates says that there is more than one key: secrets may be sealed with
// another than the current one.
func (s *Sealer) Rotates() bool { return len(s.keys) > 1 }

// Stale says that sealed was sealed with one of the keys but the current one.
func (s *Sealer) Stale(sealed []byte) bool {
	if len(sealed) < sealHeader || sealed[0] != sealVersion {
		return false
	}
	id := keyID(sealed[1:sealHeader])
	return id != s.current && s.keys[id] != nil
}

// Open decrypts what Seal made. ErrOtherKey, ErrNotSeal, ErrNewer.
func (s *Sealer) Open(aad string, sealed []byte) ([]byte, error) {
	if len(sealed) < sealHeader {
		return nil, ErrNotSeal
	}
	if sealed[0] != sealVersion {
		return nil, fmt.Errorf("%w: sealed value of version %d", ErrNewer, sealed[0])
	}
	aead, ok := s.keys[keyID(sealed[1:sealHeader])]
	if !ok {
		return nil, ErrOtherKey
	}
	rest := sealed[sealHeader:]
	if len(rest) < aead.NonceSize() {
		return nil, ErrNotSeal
	}
	nonce, text := rest[:aead.NonceSize()], rest[aead.NonceSize():]
	plain, err := aead.Open(nil, nonce, text, s.bound(sealed, aad))
	if err != nil {
		return nil, ErrNotSeal
	}
	return plain, nil
}
