package jwt

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// Keys are an issuer's public keys by their ID.
type Keys struct{ byID map[string]*key }

// key is one of them. algorithm is what it is for; empty: any.
type key struct {
	public    *rsa.PublicKey
	algorithm string
}

// Limits of a key set. AWS reads no more than 150,000 bytes (developer guide,
// "JWT authorizers").
const (
	maxKeys      = 100
	minModulus   = 1024 // bits; less isn't verified by crypto/rsa either
	maxModulus   = 8192
	maxDocument  = 150_000 // bytes
	maxKeyID     = 1024
	maxDiscovery = 64 << 10
)

// ParseKeys reads a JSON Web Key Set (RFC 7517). Keys that can't verify a
// token here, because they aren't RSA keys for signatures, are left out; a
// set with none left is an error.
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
	k := &Keys{byID: map[string]*key{}}
	for i := range set.Keys {
		public, err := set.Keys[i].public()
		if err != nil {
			return nil, fmt.Errorf("key %d: %w", i, err)
		}
		if public != nil {
			k.byID[set.Keys[i].ID] = &key{public, set.Keys[i].Algorithm}
		}
	}
	if len(k.byID) == 0 {
		return nil, errors.New("the key set has no RSA key for signatures")
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
