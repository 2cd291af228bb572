package jwt

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Keys are an issuer's public keys by their ID. IDs should be different (RFC
// 7517, section 4.5); of keys with the same, any may have signed.
type Keys struct{ byID map[string][]*key }

// key is one of them. algorithm is what it is for; empty: any.
type key struct {
	id        string
	public    *rsa.PublicKey
	algorithm string
}

// has says that k is one of the keys.
func (s *Keys) has(k *key) bool { return slices.Contains(s.byID[k.id], k) }

// keep makes keys that were there before the same as they were.
func (s *Keys) keep(before *Keys) {
	for id, list := range s.byID {
		for i, k := range list {
			for _, old := range before.byID[id] {
				if old.algorithm == k.algorithm && old.public.Equal(k.public) {
					list[i] = old
				}
			}
		}
	}
}

// Limits of a key set. AWS reads no more than 150,000 bytes (developer guide,
// "JWT authorizers").
const (
	maxKeys      = 100
	maxSameID    = 4    // each costs a verification
	minModulus   = 1024 // bits; less isn't verified by crypto/rsa either
	maxModulus   = 8192
	maxDocument  = 150_000 // bytes
	maxKeyID     = 1024
	maxDiscovery = 64 << 10
)

// ParseKeys reads a JSON Web Key Set. Keys that can't verify a token here,
// because they aren't RSA keys for signatures, or of values that aren't
// supported, are left out (RFC 7517, section 5); a set with none left is an
// error.
func ParseKeys(document []byte) (*Keys, error) {
	if len(document) > maxDocument {
		return nil, fmt.Errorf("the key set is longer than %d bytes", maxDocument)
	}
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("the key set is no JSON of its kind: %w", err)
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("the key set has more than %d keys", maxKeys)
	}
	k := &Keys{byID: map[string][]*key{}}
	var wrong error
	for i := range set.Keys {
		id := set.Keys[i].ID
		public, err := set.Keys[i].public()
		if err == nil && public != nil && len(k.byID[id]) == maxSameID {
			err = fmt.Errorf("more than %d keys have its ID", maxSameID)
		}
		if err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("key %d: %w", i, err))
		} else if public != nil {
			k.byID[id] = append(k.byID[id], &key{id, public, set.Keys[i].Algorithm})
		}
	}
	if len(k.byID) == 0 {
		return nil, errors.Join(errors.New("the key set has no RSA key for signatures"), wrong)
	}
	return k, nil
}

type jwk struct {
	Type       string   `json:"kty"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	Algorithm  string   `json:"alg"`
	ID         string   `json:"kid"`
	Modulus    string   `json:"n"`
	Exponent   string   `json:"e"`
}

// public is the key; nil without an error: one for something else.
func (j *jwk) public() (*rsa.PublicKey, error) {
	if j.Type != "RSA" || j.Use != "" && j.Use != "sig" || !j.verifies() || j.Algorithm != "" && !allowed(j.Algorithm) {
		return nil, nil
	}
	if j.ID == "" || len(j.ID) > maxKeyID {
		return nil, nil // no token can name it
	}
	n, err := base64.RawURLEncoding.DecodeString(j.Modulus)
	if err != nil {
		return nil, errors.New("n is no base64url")
	}
	e, err := base64.RawURLEncoding.DecodeString(j.Exponent)
	if err != nil {
		return nil, errors.New("e is no base64url")
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n)}
	if bits := key.N.BitLen(); bits < minModulus || bits > maxModulus {
		return nil, fmt.Errorf("a modulus of %d bits, not of %d to %d", bits, minModulus, maxModulus)
	}
	exponent := new(big.Int).SetBytes(e)
	if !exponent.IsInt64() || exponent.Int64() < 3 || exponent.Int64() > 1<<31-1 || exponent.Bit(0) == 0 {
		return nil, errors.New("e is no exponent of RSA")
	}
	key.E = int(exponent.Int64())
	return key, nil
}

func (j *jwk) verifies() bool {
	for _, op := range j.Operations {
		if op == "verify" {
			return true
		}
	}
	return len(j.Operations) == 0
}
