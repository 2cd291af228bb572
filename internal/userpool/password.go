package userpool

import (
	"crypto/rand"
	"math/big"
	"strings"
	"unicode/utf8"
)

// PasswordPolicy is what a password must have.
type PasswordPolicy struct {
	MinimumLength int  `json:"minimumLength"`
	Upper         bool `json:"upper,omitempty"`
	Lower         bool `json:"lower,omitempty"`
	Numbers       bool `json:"numbers,omitempty"`
	Symbols       bool `json:"symbols,omitempty"`
	// TemporaryDays is how long a password that an administrator gave is good
	// for.
	TemporaryDays int `json:"temporaryDays"`
}

// DefaultPolicy is a pool's for which none was set (developer guide, "Adding
// user pool password requirements").
func DefaultPolicy() PasswordPolicy {
	return PasswordPolicy{MinimumLength: 8, Upper: true, Lower: true, Numbers: true, Symbols: true, TemporaryDays: 7}
}

// The characters that count as symbols (developer guide, the same page).
const (
	symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+-"
	digits  = "0123456789"
	lowers  = "abcdefghijklmnopqrstuvwxyz"
	uppers  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

const maxPassword = 256 // characters

// check says what a password lacks, in AWS's words.
func (p PasswordPolicy) check(password string) error {
	missing := ""
	switch n := utf8.RuneCountInString(password); {
	case n > maxPassword:
		return errorf(invalidPassword, "Password did not conform with policy: Password is too long")
	case n < p.MinimumLength:
		missing = "Password not long enough"
	case p.Upper && !strings.ContainsAny(password, uppers):
		missing = "Password must have uppercase characters"
	case p.Lower && !strings.ContainsAny(password, lowers):
		missing = "Password must have lowercase characters"
	case p.Numbers && !strings.ContainsAny(password, digits):
		missing = "Password must have numeric characters"
	case p.Symbols && !strings.ContainsAny(password, symbols):
		missing = "Password must have symbol characters"
	default:
		return nil
	}
	return errorf(invalidPassword, "Password did not conform with policy: %s", missing)
}

// generate is a password that the policy takes.
func (p PasswordPolicy) generate() string {
	sets := []string{lowers, uppers, digits, "!@#%&*+-=?_"}
	n := max(p.MinimumLength, 16)
	text := make([]byte, n)
	for i := range text {
		set := sets[i%len(sets)]
		text[i] = set[below(len(set))]
	}
	for i := n - 1; i > 0; i-- {
		j := below(i + 1)
		text[i], text[j] = text[j], text[i]
	}
	return string(text)
}

// below is a random number from 0 to n-1.
func below(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil { // crypto/rand never fails
		panic(err)
	}
	return int(i.Int64())
}

// randomText is n characters of an alphabet.
func randomText(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[below(len(alphabet))]
	}
	return string(b)
}
