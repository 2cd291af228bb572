package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// initiateSRP answers a client's first message of SRP.
func (s *Service) initiateSRP(ctx context.Context, p *place, c *Client, name string, parameters map[string]string) (*Result, error) {
	text, err := need(parameters, "SRP_A")
	if err != nil {
		return nil, err
	}
	a, err := parsePublic(text)
	if err != nil {
		return nil, err
	}
	u, err := s.user(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if u == nil && !c.Blind() {
		return nil, unknownUser()
	}
	if _, err := s.attempt(p, u, name); err != nil {
		return nil, err
	}
	of := &session{ID: newUUID(), For: passwordVerifier, Client: c.ID, A: a.FillBytes(make([]byte, srpBytes))}
	var salt *big.Int
	err = s.compute(ctx, func() error {
		var v verifier
		if u != nil && u.Password != nil {
			v, err = s.openVerifier(p, u)
			of.User, of.Nobody = u.Username, "0"
		} else {
			v, of.User, err = s.nobody(p, u, name)
			of.Nobody = "1"
		}
		if err != nil {
			return err
		}
		b := newServerSecret()
		salt = v.salt
		of.Secret, of.Public = b.FillBytes(make([]byte, srpSecret)), serverPublic(v.v, b).FillBytes(make([]byte, srpBytes))
		return nil
	})
	if err != nil {
		return nil, err
	}
	of.Key = s.limitKey(p, u, name)
	block, err := s.sealSession(p, of, c)
	if err != nil {
		return nil, err
	}
	return &Result{Challenge: passwordVerifier, Parameters: map[string]string{
		"SALT": hexText(salt), "SRP_B": hexText(new(big.Int).SetBytes(of.Public)), "SECRET_BLOCK": block, "USERNAME": of.User, "USER_ID_FOR_SRP": of.User,
	}}, nil
}

// limitKey says by what failures of an attempt are counted, in the same length
// whoever is meant.
func (s *Service) limitKey(p *place, u *User, name string) []byte {
	if u != nil {
		name = u.Username
	}
	sum := sha256.Sum256([]byte(string(p.pool.ID) + "/" + p.pool.fold(name)))
	return sum[:16]
}

// nobody makes up who a name is that is nobody's, the same each time
// (developer guide, "Managing user existence error responses": a salt and an
// internal user ID that stay the same).
func (s *Service) nobody(p *place, u *User, name string) (verifier, string, error) {
	key, err := s.records.Open(p.scope, poolKey(p.pool.ID), p.pool.Blind)
	if err != nil {
		return verifier{}, "", err
	}
	derive := func(what string) []byte {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(what + "\x00" + p.pool.fold(name)))
		return m.Sum(nil)
	}
	shown := name
	if u != nil {
		shown = u.Username
	} else if len(p.pool.UsernameAttributes) > 0 || slices.ContainsFunc(p.pool.lookups(name), func(a alias) bool { return a.kind != "preferred_username" }) {
		b := derive("id")[:16]
		b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
		shown = fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	}
	salt := new(big.Int).SetBytes(derive("salt")[:saltBytes])
	var number []byte // no power of g: that would take longer than reading a user's
	for i := range srpBytes / sha256.Size {
		number = append(number, derive("verifier "+strconv.Itoa(i))...)
	}
	v := new(big.Int).SetBytes(number)
	return verifier{salt, v.Mod(v, srpN)}, shown, nil
}

// The challenges' answers and what each may carry, beside new attributes.
var answerParameters = map[string][]string{
	passwordVerifier:    {"USERNAME", "PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP", "SECRET_HASH", "DEVICE_KEY"},
	newPasswordRequired: {"USERNAME", "NEW_PASSWORD", "SECRET_HASH", "DEVICE_KEY"},
}

// RespondToAuthChallenge answers a challenge by a client.
func (s *Service) RespondToAuthChallenge(ctx context.Context, id ClientID, challenge, text string, answers map[string]string) (*Result, error) {
	p, c, err := s.catalog.client(id)
	if err != nil {
		return nil, err
	}
	return s.respond(ctx, p, c, challenge, text, answers)
}

// AdminRespondToAuthChallenge answers a challenge by a server that signs its
// calls.
func (s *Service) AdminRespondToAuthChallenge(ctx context.Context, scope apigw.Scope, pool PoolID, id ClientID, challenge, text string, answers map[string]string) (*Result, error) {
	p, c, err := s.clientIn(scope, pool, id)
	if err != nil {
		return nil, err
	}
	return s.respond(ctx, p, c, challenge, text, answers)
}

func (s *Service) respond(ctx context.Context, p *place, c *Client, challenge, text string, answers map[string]string) (*Result, error) {
	known, ok := answerParameters[challenge]
	if !ok {
		return nil, errorf(invalidParameter, "Gatehouse doesn't serve the challenge %s", challenge)
	}
	plain, attributes := splitAttributes(answers)
	if challenge != newPasswordRequired && len(attributes) > 0 {
		return nil, errorf(invalidParameter, "userAttributes mean nothing in the challenge %s", challenge)
	}
	if err := checkParameters(plain, known); err != nil {
		return nil, err
	}
	name, err := need(plain, "USERNAME")
	if err != nil {
		return nil, err
	}
	if err := s.checkHash(p, c, plain["SECRET_HASH"], name); err != nil {
		return nil, err
	}
	if challenge == passwordVerifier {
		return s.verifyPassword(ctx, p, c, name, plain)
	}
	password, err := need(plain, "NEW_PASSWORD")
	if err != nil {
		return nil, err
	}
	return s.newPassword(ctx, p, c, text, name, password, attributes)
}

// splitAttributes takes userAttributes.NAME apart from the rest.
func splitAttributes(answers map[string]string) (plain map[string]string, attributes []Value) {
	plain = map[string]string{}
	for name, value := range answers {
		if attribute, ok := strings.CutPrefix(name, "userAttributes."); ok {
			attributes = append(attributes, Value{attribute, value})
		} else {
			plain[name] = value
		}
	}
	slices.SortFunc(attributes, func(a, b Value) int { return strings.Compare(a.Name, b.Name) })
	return plain, attributes
}

// srpTime is how clients write the time: in English, in UTC, days without a
// zero before them.
const srpTime = "Mon Jan 2 15:04:05 MST 2006"

// verifyPassword checks a client's proof that it knows the password.
func (s *Service) verifyPassword(ctx context.Context, p *place, c *Client, name string, answers map[string]string) (*Result, error) {
	var given [3]string
	for i, key := range []string{"PASSWORD_CLAIM_SECRET_BLOCK", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"} {
		var err error
		if given[i], err = need(answers, key); err != nil {
			return nil, err
		}
	}
	if _, err := time.Parse(srpTime, given[2]); err != nil {
		return nil, errorf(invalidParameter, "TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	of, err := s.openSession(p, given[0], passwordVerifier, c)
	if err != nil {
		return nil, err
	}
	u, err := s.user(ctx, p, of.User)
	if err != nil {
		return nil, err
	}
	if of.Nobody == "1" {
		u = nil
	}
	if named, err := s.user(ctx, p, name); err != nil {
		return nil, err
	} else if u != nil && (named == nil || named.Sub != u.Sub) {
		return nil, wrongPassword() // of somebody else
	}
	try := tried{s.users, string(of.Key)}
	if u == nil {
		try.of = s.strangers
	}
	if now := s.now(); !try.of.may(try.name, now) {
		return nil, errorf(notAuthorized, "Password attempts exceeded")
	} else if !try.of.room(try.name, now) {
		return nil, errorf(tooManyRequests, "Rate exceeded")
	}
	var result *Result
	err = s.compute(ctx, func() error {
		ok, err := s.proves(p, of, u, given[0], given[1], given[2])
		if err != nil {
			return err
		}
		if !ok {
			return s.failed(try)
		}
		try.of.passed(try.name)
		result, err = s.proved(ctx, p, c, u, of.ID)
		return err
	})
	return result, err
}

// proves says whether a signature is that of who knows u's password.
func (s *Service) proves(p *place, of *session, u *User, block, signature, timestamp string) (bool, error) {
	v := verifier{v: new(big.Int).SetBytes(of.Public)} // for nobody: it takes as long
	if u != nil && u.Password != nil {
		var err error
		if v, err = s.openVerifier(p, u); err != nil {
			return false, err
		}
	}
	a, b, public := new(big.Int).SetBytes(of.A), new(big.Int).SetBytes(of.Secret), new(big.Int).SetBytes(of.Public)
	key, err := sessionKey(a, b, public, v.v)
	if err != nil {
		return false, err
	}
	sealed, err := base64.StdEncoding.DecodeString(block)
	if err != nil {
		return false, err
	}
	sent, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || u == nil || u.Password == nil {
		return false, nil
	}
	return subtle.ConstantTimeCompare(sent, proof(key, p.pool.ID.Short(), of.User, sealed, timestamp)) == 1, nil
}

// newPassword is the answer of a user who had to choose a password.
func (s *Service) newPassword(ctx context.Context, p *place, c *Client, text, name, password string, attributes []Value) (*Result, error) {
	if text == "" {
		return nil, errorf(invalidParameter, "Missing required parameter Session")
	}
	of, err := s.openSession(p, text, newPasswordRequired, c)
	if err != nil {
		return nil, err
	}
	result := &Result{}
	err = s.change(ctx, p.scope, func(t *txn) error {
		u, err := t.findUser(p.pool, name)
		switch {
		case err != nil:
			return err
		case u == nil || u.Username != of.User:
			return errorf(notAuthorized, "Invalid session for the user.")
		case u.Disabled:
			return errorf(notAuthorized, "User is disabled.")
		case u.Status != ForceChangePassword:
			return errorf(notAuthorized, "Invalid session for the user, session can only be used once.")
		}
		before := p.pool.aliasesOf(u)
		if err := t.setAttributes(p.pool, c, u, attributes, false); err != nil {
			return err
		}
		if missing := required(CompleteSchema(p.pool.Schema), u); len(missing) > 0 {
			return errorf(invalidParameter, "Invalid attributes given, %s is missing", missing[0])
		}
		if err := t.setPassword(p.pool, u, password); err != nil {
			return err
		}
		u.Status, u.Temporary, u.Code = Confirmed, time.Time{}, nil
		if err := t.claim(p.pool, u, before, false, aliasTaken); err != nil {
			return err
		}
		if err := t.putUser(p.pool, u); err != nil {
			return err
		}
		result.Tokens, err = t.signedIn(p, c, u, of.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}
