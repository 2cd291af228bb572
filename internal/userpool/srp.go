package userpool

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"math/big"
	"strings"
)

// The group of user pools: the 3072-bit one of RFC 5054 with generator 2, as
// AWS's client libraries have it.
var (
	srpN = mustHex("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74" +
		"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437" +
		"4FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF05" +
		"98DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB" +
		"9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF695581718" +
		"3995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33" +
		"A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864" +
		"D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E2" +
		"08E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF")
	srpG = big.NewInt(2)
	srpK = hashInt(padded(srpN), padded(srpG))
)

const (
	srpBytes  = 384 // of a number of the group
	saltBytes = 16
	srpSecret = 32 // bytes of our side's ephemeral secret
)

func mustHex(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic("no hexadecimal number")
	}
	return n
}

// padded is n as AWS's libraries hash it: with a zero byte before a first byte
// that would make it negative in two's complement.
func padded(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) == 0 || b[0] >= 0x80 {
		return append([]byte{0}, b...)
	}
	return b
}

func hashInt(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}

// verifier is what a password is kept as.
type verifier struct {
	salt *big.Int
	v    *big.Int
}

// newVerifier is a password's, with a fresh salt. Pool is the pool's short
// name.
func newVerifier(pool, username, password string) verifier {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails
	return verifierOf(new(big.Int).SetBytes(salt), pool, username, password)
}

func verifierOf(salt *big.Int, pool, username, password string) verifier {
	identity := sha256.Sum256([]byte(pool + username + ":" + password))
	x := hashInt(padded(salt), identity[:])
	return verifier{salt, new(big.Int).Exp(srpG, x, srpN)}
}

// matches says whether password is the one of the verifier.
func (v verifier) matches(pool, username, password string) bool {
	other := verifierOf(v.salt, pool, username, password)
	var a, b [srpBytes]byte
	return subtle.ConstantTimeCompare(v.v.FillBytes(a[:]), other.v.FillBytes(b[:])) == 1
}

// encode and decodeVerifier turn a verifier into what is sealed and back.
func (v verifier) encode() []byte {
	b := make([]byte, saltBytes+srpBytes)
	v.salt.FillBytes(b[:saltBytes])
	v.v.FillBytes(b[saltBytes:])
	return b
}

func decodeVerifier(b []byte) (verifier, error) {
	if len(b) != saltBytes+srpBytes {
		return verifier{}, errors.New("a password's verifier is damaged")
	}
	return verifier{new(big.Int).SetBytes(b[:saltBytes]), new(big.Int).SetBytes(b[saltBytes:])}, nil
}

// parsePublic reads a client's SRP_A. Zero, and what is zero in the group,
// would let in anybody (RFC 5054, 2.5.4).
func parsePublic(text string) (*big.Int, error) {
	bad := errorf(invalidParameter, "SRP_A is no number of the group, in hexadecimal digits")
	if len(text) == 0 || len(text) > 2*srpBytes+2 || strings.Trim(text, "0123456789abcdefABCDEF") != "" {
		return nil, bad
	}
	a, ok := new(big.Int).SetString(text, 16)
	if !ok || new(big.Int).Mod(a, srpN).Sign() == 0 || a.Cmp(srpN) >= 0 {
		return nil, bad
	}
	return a, nil
}

// newServerSecret is our side's ephemeral secret.
func newServerSecret() *big.Int {
	b := make([]byte, srpSecret)
	rand.Read(b) // never fails
	return new(big.Int).SetBytes(b)
}

// serverPublic is B = kv + g^b.
func serverPublic(v, b *big.Int) *big.Int {
	n := new(big.Int).Mul(srpK, v)
	n.Add(n, new(big.Int).Exp(srpG, b, srpN))
	return n.Mod(n, srpN)
}

// sessionKey is the key that both sides end up with. A client with another
// password has another one. The error: the numbers can't be used.
func sessionKey(a, b, public, v *big.Int) ([]byte, error) {
	u := hashInt(padded(a), padded(public))
	if u.Sign() == 0 {
		return nil, wrongPassword()
	}
	s := new(big.Int).Exp(v, u, srpN)
	s.Mul(s, a).Mod(s, srpN)
	s.Exp(s, b, srpN)
	return hkdf(padded(s), padded(u)), nil
}

// hkdf is what AWS's libraries derive: the first 16 bytes of HKDF-SHA256.
func hkdf(secret, salt []byte) []byte {
	extract := hmac.New(sha256.New, salt)
	extract.Write(secret)
	expand := hmac.New(sha256.New, extract.Sum(nil))
	expand.Write([]byte("Caldera Derived Key\x01"))
	return expand.Sum(nil)[:16]
}

// proof is the signature of who has the key.
func proof(key []byte, pool, username string, block []byte, timestamp string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(pool + username))
	m.Write(block)
	m.Write([]byte(timestamp))
	return m.Sum(nil)
}

// hexText is n as challenges carry it.
func hexText(n *big.Int) string { return hex.EncodeToString(padded(n)) }
