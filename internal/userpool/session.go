package userpool

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// session is what a challenge has to remember until it is answered. The client
// carries it, sealed: any node may be the one that gets the answer.
type session struct {
	ID      string    `json:"id"` // of the sign-in that comes of it
	For     string    `json:"for"`
	Client  ClientID  `json:"client"`
	User    string    `json:"user"`             // the username; what SRP calls the user
	Nobody  string    `json:"nobody,omitempty"` // "1": there is no such user; "0": there is, in as many bytes
	Key     []byte    `json:"key,omitempty"`    // by what failures are counted
	A       []byte    `json:"a,omitempty"`      // SRP: the client's public number
	Secret  []byte    `json:"secret,omitempty"` // SRP: our secret
	Public  []byte    `json:"public,omitempty"` // SRP: our public number
	Expires time.Time `json:"expires"`
}

// What sessions are for: the challenges that are served.
const (
	passwordVerifier    = "PASSWORD_VERIFIER"
	newPasswordRequired = "NEW_PASSWORD_REQUIRED"
)

// sessionRecord names the record that sessions are sealed for, which is never
// written.
func sessionRecord(pool PoolID) string { return dataOf(pool) + "session" }

func (s *Service) sealSession(p *place, of *session, c *Client) (string, error) {
	of.Expires = s.now().Add(time.Duration(max(c.Session, 3)) * time.Minute)
	raw, err := json.Marshal(of)
	if err != nil {
		return "", fmt.Errorf("encode a session: %w", err)
	}
	sealed, err := s.records.Seal(p.scope, sessionRecord(p.pool.ID), raw)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sealed), nil
}

// maxSession bounds what a client sends as a session, in characters.
const maxSession = 4096

// openSession reads a session that was given to a client for a challenge.
func (s *Service) openSession(p *place, text, challenge string, c *Client) (*session, error) {
	bad := errorf(notAuthorized, "Invalid session for the user.")
	if len(text) > maxSession {
		return nil, bad
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, bad
	}
	raw, err := s.records.Open(p.scope, sessionRecord(p.pool.ID), sealed)
	if err != nil {
		return nil, bad
	}
	of := new(session)
	if err := json.Unmarshal(raw, of); err != nil || of.For != challenge || of.Client != c.ID {
		return nil, bad
	}
	if !s.now().Before(of.Expires) {
		return nil, errorf(notAuthorized, "Invalid session for the user, session is expired.")
	}
	return of, nil
}
