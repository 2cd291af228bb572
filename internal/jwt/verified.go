package jwt

import (
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"
)

// Verified remembers tokens whose signature was verified, for all issuers of a
// process, so that a client who comes again doesn't cost an RSA verification
// again. It is as safe as that: a token is known by the SHA-256 of all its
// bytes, so that one changed byte is another token; only tokens that were
// found good are in it, so that nobody can fill it who doesn't have them; what
// is remembered is the claims and the key, and a token counts only while that
// very key is among keys that the issuer's last answer had, which are never
// older than two hours, and until it expires. Audience and scopes are checked
// for each request by who asks. The tokens themselves are not kept.
type Verified struct {
	tokens *otter.Cache[verifiedKey, *verified]
}

type verifiedKey struct {
	issuer *Issuer
	sum    [sha256.Size]byte
}

type verified struct {
	token *Token
	by    *key
	last  time.Duration // how long it is remembered
}

// maxVerified bounds what is remembered, in bytes: some 11,000 tokens of the
// usual size.
const maxVerified = 32 << 20

// NewVerified makes an empty Verified.
func NewVerified() *Verified {
	return &Verified{otter.Must(&otter.Options[verifiedKey, *verified]{
		MaximumWeight:    maxVerified,
		Weigher:          func(_ verifiedKey, v *verified) uint32 { return 512 + 4*uint32(len(v.token.Payload)) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[verifiedKey, *verified]) time.Duration { return e.Value.last }),
	})}
}

// sum is what a token is known by; false: tokens aren't remembered, or not one
// as long as this.
func (v *Verified) sum(issuer *Issuer, token []byte) (verifiedKey, bool) {
	if v == nil || len(token) > maxToken {
		return verifiedKey{}, false
	}
	return verifiedKey{issuer, sha256.Sum256(token)}, true
}

func (v *Verified) recall(key verifiedKey) *verified {
	found, _ := v.tokens.GetIfPresent(key)
	return found
}

// remember keeps a token for as long as it lasts, and no longer than keys do.
func (v *Verified) remember(key verifiedKey, token *Token, by *key, last time.Duration) {
	v.tokens.Set(key, &verified{token, by, min(last, keysLast)})
}
