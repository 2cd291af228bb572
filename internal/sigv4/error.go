package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
)

// Kind is the name AWS gives a kind of refusal.
type Kind string

// The kinds.
const (
	MissingToken       Kind = "MissingAuthenticationTokenException"
	Incomplete         Kind = "IncompleteSignatureException"
	Invalid            Kind = "InvalidSignatureException"
	UnrecognizedClient Kind = "UnrecognizedClientException"
	ExpiredToken       Kind = "ExpiredTokenException"
)

// Error is why a request isn't accepted, in AWS's words. API Gateway answers
// each with 403.
type Error struct {
	Kind    Kind
	Message string
}

func (e *Error) Error() string { return e.Message }

// hashed stands for text that isn't echoed, since it may hold a secret.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}
