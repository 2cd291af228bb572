// Package jwt verifies JSON Web Tokens against the keys that their issuer
// publishes (OpenID Connect discovery), as API Gateway's JWT and Cognito
// authorizers do: RSA signatures alone, keys fetched within bounds and kept.
// It must not know what a token is needed for.
package jwt

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Algorithms are those that API Gateway takes (developer guide, "JWT
// authorizers": only RSA-based algorithms).
var algorithms = []string{"RS256", "RS384", "RS512"}

func allowed(algorithm string) bool {
	for _, a := range algorithms {
		if a == algorithm {
			return true
		}
	}
	return false
}

// maxToken bounds a token, in bytes: all headers of a request have less room.
const maxToken = 16 << 10

// Error is why a token isn't taken.
type Error struct {
	Text  string // in words that AWS shows to the client
	Cause error  // for the operator alone; nil: Text says all
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Text + ": " + e.Cause.Error()
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Cause }

func errorf(format string, args ...any) error { return &Error{Text: fmt.Sprintf(format, args...)} }

// Token is a verified token.
type Token struct {
	Claims  map[string]any // numbers as json.Number
	Payload []byte         // the claims as sent, JSON
	Expires time.Time

	from time.Time // the later of nbf and iat; zero without
}

// Text is a claim that is text.
func (t *Token) Text(claim string) string {
	s, _ := t.Claims[claim].(string)
	return s
}

// Entry is a claim as text.
type Entry struct{ Name, Value string }

// Form is how an API kind writes a claim that isn't text.
type Form uint8

// The forms.
const (
	// Commas has a list's elements with commas between, and of an object its
	// JSON, as REST APIs hand on cognito:groups.
	Commas Form = iota
	// Brackets has a list as [a b] and an object as map[k:v], as HTTP APIs do
	// (seen on AWS).
	Brackets
)

// Flat are the claims as texts, by name. A claim that is null is none.
func (t *Token) Flat(form Form) []Entry {
	var list []Entry
	for _, name := range slices.Sorted(maps.Keys(t.Claims)) {
		if v, ok := t.Claim(name, form); ok {
			list = append(list, Entry{name, v})
		}
	}
	return list
}

// Claim is one claim as Flat has it.
func (t *Token) Claim(name string, form Form) (string, bool) {
	v, ok := t.Claims[name]
	if !ok || v == nil {
		return "", false
	}
	return form.flat(v), true
}

func (f Form) flat(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	case []any:
		texts := make([]string, len(v))
		for i, e := range v {
			texts[i] = f.flat(e)
		}
		if f == Brackets {
			return "[" + strings.Join(texts, " ") + "]"
		}
		return strings.Join(texts, ",")
	case map[string]any:
		if f == Brackets {
			var texts []string
			for _, name := range slices.Sorted(maps.Keys(v)) {
				texts = append(texts, name+":"+f.flat(v[name]))
			}
			return "map[" + strings.Join(texts, " ") + "]"
		}
	case nil:
		if f == Brackets {
			return "<nil>"
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// Audience is the claim aud: one text or several.
func (t *Token) Audience() []string { return texts(t.Claims["aud"]) }

// Scopes are the scopes of the claim scope, separated by blanks, or of scp.
func (t *Token) Scopes() []string {
	if s := t.Text("scope"); s != "" {
		return strings.Fields(s)
	}
	if s := t.Text("scp"); s != "" {
		return strings.Fields(s)
	}
	return texts(t.Claims["scp"])
}

func texts(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// keySource finds the keys of an ID.
type keySource func(id string) ([]*key, error)

// verify reads and checks a token: its form, its signature and its time, and
// says which key it was. The error is an *Error, or one of the key source.
func verify(token string, now time.Time, find keySource) (*Token, *key, error) {
	payload, by, err := verifySignature(token, find)
	if err != nil {
		return nil, nil, err
	}
	t := &Token{Payload: payload}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	if err := d.Decode(&t.Claims); err != nil || t.Claims == nil || d.More() {
		return nil, nil, errMalformed
	}
	if err := t.checkTime(now); err != nil {
		return nil, nil, err
	}
	return t, by, nil
}

var errMalformed = &Error{Text: "the token is malformed"}

// header is what counts of a token's header.
type header struct {
	Algorithm string          `json:"alg"`
	KeyID     string          `json:"kid"`
	Critical  json.RawMessage `json:"crit"`
}

// verifySignature gives the bytes that were signed, and the key.
func verifySignature(token string, find keySource) ([]byte, *key, error) {
	if len(token) > maxToken {
		return nil, nil, errorf("token is longer than %d bytes", maxToken)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, errorf("token contains an invalid number of segments")
	}
	var decoded [3][]byte
	for i, p := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(p); err != nil || strings.ContainsAny(p, "\r\n") {
			return nil, nil, errMalformed
		}
	}
	var h header
	if err := json.Unmarshal(decoded[0], &h); err != nil {
		return nil, nil, errMalformed
	}
	switch {
	case !allowed(h.Algorithm):
		return nil, nil, errorf("signing method %s is invalid", clip(h.Algorithm))
	case h.Critical != nil:
		return nil, nil, errorf("the token has critical extensions that are not understood") // RFC 7515, 4.1.11
	}
	keys, err := find(h.KeyID)
	if err != nil {
		return nil, nil, err
	}
	by, err := signedBy(keys, h.Algorithm, parts[0]+"."+parts[1], decoded[2])
	return decoded[1], by, err
}

// signedBy is the key that made a signature. A key that says what it is for is
// for nothing else.
func signedBy(keys []*key, algorithm, text string, signature []byte) (*key, error) {
	err := errorf("signing method %s is invalid", algorithm)
	for _, k := range keys {
		if k.algorithm != "" && k.algorithm != algorithm {
			continue
		}
		if jwt.GetSigningMethod(algorithm).Verify(text, signature, k.public) == nil {
			return k, nil
		}
		err = errorf("the token signature is invalid")
	}
	return nil, err
}

// clip is an algorithm's name as it may be shown in a field of the answer:
// what a client sends is no syntax there.
func clip(s string) string {
	if len(s) > 40 {
		s = s[:40]
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || r == '"' || r == '\\' {
			return '?'
		}
		return r
	}, s)
}

// checkTime checks exp, which must be there, nbf and iat.
func (t *Token) checkTime(now time.Time) error {
	expires, there, err := t.moment("exp")
	if err != nil || !there {
		return errorf("the token has no valid expiration time")
	}
	if !now.Before(expires) {
		return errorf("the token has expired")
	}
	t.Expires = expires
	for claim, text := range map[string]string{"nbf": "the token is not valid yet", "iat": "the token was issued in the future"} {
		at, there, err := t.moment(claim)
		switch {
		case err != nil:
			return errorf("the token's %s is no time", claim)
		case there && now.Before(at):
			return errorf("%s", text)
		case there && at.After(t.from):
			t.from = at
		}
	}
	return nil
}

// lastSecond is the year 9999's; times beyond are none.
const lastSecond = 253402300799

// moment reads a NumericDate: seconds since 1970, fractions allowed.
func (t *Token) moment(claim string) (at time.Time, there bool, err error) {
	v, there := t.Claims[claim]
	if !there {
		return at, false, nil
	}
	n, ok := v.(json.Number)
	if !ok {
		return at, true, errors.New("no number")
	}
	seconds, err := n.Float64()
	if err != nil || seconds < 0 || seconds > lastSecond {
		return at, true, errors.New("no time")
	}
	whole := int64(seconds)
	return time.Unix(whole, int64((seconds-float64(whole))*1e9)), true, nil
}
