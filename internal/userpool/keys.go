package userpool

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// keyBits and keyCount are AWS's: two RSA keys, one of identity tokens and one
// of access tokens.
const (
	keyBits  = 2048
	keyCount = 2
)

// SigningKey signs the tokens of one kind.
type SigningKey struct {
	ID      string `json:"id"`
	Public  []byte `json:"public"`  // PKCS #1
	Private []byte `json:"private"` // PKCS #8, sealed
}

// newKeys makes a pool's keys; seal seals a private one.
func newKeys(seal func([]byte) ([]byte, error)) ([]SigningKey, error) {
	var list []SigningKey
	for range keyCount {
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return nil, fmt.Errorf("make a signing key: %w", err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, fmt.Errorf("encode a signing key: %w", err)
		}
		k := SigningKey{Public: x509.MarshalPKCS1PublicKey(&key.PublicKey)}
		sum := sha256.Sum256(k.Public)
		k.ID = base64.StdEncoding.EncodeToString(sum[:])
		if k.Private, err = seal(private); err != nil {
			return nil, err
		}
		list = append(list, k)
	}
	return list, nil
}

// KeySet is the pool's public keys as a JSON Web Key Set, as AWS writes it.
func (p *Pool) KeySet() ([]byte, error) {
	type jwk struct {
		Algorithm string `json:"alg"`
		Exponent  string `json:"e"`
		ID        string `json:"kid"`
		Type      string `json:"kty"`
		Modulus   string `json:"n"`
		Use       string `json:"use"`
	}
	set := struct {
		Keys []jwk `json:"keys"`
	}{[]jwk{}}
	for _, k := range p.Keys {
		public, err := x509.ParsePKCS1PublicKey(k.Public)
		if err != nil {
			return nil, fmt.Errorf("read a signing key: %w", err)
		}
		set.Keys = append(set.Keys, jwk{
			Algorithm: "RS256", Type: "RSA", Use: "sig", ID: k.ID, Exponent: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
			Modulus: base64.RawURLEncoding.EncodeToString(public.N.Bytes()),
		})
	}
	return json.Marshal(set)
}

// signingKeys are the pool's private keys, unsealed.
func (s *Service) signingKeys(scope apigw.Scope, p *Pool) ([]*rsa.PrivateKey, error) {
	var list []*rsa.PrivateKey
	for _, k := range p.Keys {
		der, err := s.records.Open(scope, poolKey(p.ID), k.Private)
		if err != nil {
			return nil, fmt.Errorf("open a signing key of %s: %w", p.ID, err)
		}
		key, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, fmt.Errorf("read a signing key of %s: %w", p.ID, err)
		}
		private, ok := key.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("a signing key of %s is no RSA key", p.ID)
		}
		list = append(list, private)
	}
	if len(list) != keyCount {
		return nil, fmt.Errorf("%s has %d signing keys", p.ID, len(list))
	}
	return list, nil
}
