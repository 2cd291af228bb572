package userpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// clientSecret is a client's secret; empty: it has none.
func (s *Service) clientSecret(p *place, c *Client) (string, error) {
	if c.Sealed == nil {
		return "", nil
	}
	raw, err := s.records.Open(p.scope, clientKey(c.Pool, c.ID), c.Sealed)
	return string(raw), err
}

// checkHash checks SECRET_HASH: the HMAC of one of the names and the client's
// ID under the client's secret (developer guide, "Computing secret hash
// values").
func (s *Service) checkHash(p *place, c *Client, hash string, names ...string) error {
	secret, err := s.clientSecret(p, c)
	switch {
	case err != nil:
		return err
	case secret == "" && hash == "":
		return nil
	case hash == "":
		return errorf(notAuthorized, "Client %s is configured with secret but SECRET_HASH was not received", c.ID)
	case secret != "":
		sent, err := base64.StdEncoding.DecodeString(hash)
		ok := 0
		for _, name := range names {
			m := hmac.New(sha256.New, []byte(secret))
			m.Write([]byte(name + string(c.ID)))
			ok |= subtle.ConstantTimeCompare(sent, m.Sum(nil))
		}
		if err == nil && ok == 1 {
			return nil
		}
	}
	return errorf(notAuthorized, "Unable to verify secret hash for client %s", c.ID)
}

// checkSecret checks a client's secret itself.
func (s *Service) checkSecret(p *place, c *Client, sent string) error {
	secret, err := s.clientSecret(p, c)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(sent), []byte(secret)) != 1 {
		return errorf(notAuthorized, "Invalid client secret")
	}
	return nil
}
