package userpool

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Result is where a sign-in stands: tokens, or a challenge to answer.
type Result struct {
	Tokens     *Tokens
	Challenge  string // "PASSWORD_VERIFIER"
	Session    string // to send back with the answer; empty: the challenge has it
	Parameters map[string]string
}

// The flows that are served, and what a call of each may carry.
var flowParameters = map[string][]string{
	"USER_SRP_AUTH":            {"USERNAME", "SRP_A", "SECRET_HASH", "DEVICE_KEY"},
	"USER_PASSWORD_AUTH":       {"USERNAME", "PASSWORD", "SECRET_HASH", "DEVICE_KEY"},
	"ADMIN_USER_PASSWORD_AUTH": {"USERNAME", "PASSWORD", "SECRET_HASH", "DEVICE_KEY"},
	"ADMIN_NO_SRP_AUTH":        {"USERNAME", "PASSWORD", "SECRET_HASH", "DEVICE_KEY"},
	"REFRESH_TOKEN_AUTH":       {"REFRESH_TOKEN", "SECRET_HASH", "DEVICE_KEY"},
	"REFRESH_TOKEN":            {"REFRESH_TOKEN", "SECRET_HASH", "DEVICE_KEY"},
}

// maxParameter bounds one parameter of a sign-in, in bytes.
const maxParameter = 16 << 10

// InitiateAuth begins a sign-in by a client.
func (s *Service) InitiateAuth(ctx context.Context, id ClientID, flow string, parameters map[string]string) (*Result, error) {
	p, c, err := s.catalog.client(id)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(flow, "ADMIN_") {
		return nil, errorf(invalidParameter, "Initiate Auth method not supported.")
	}
	return s.initiate(ctx, p, c, flow, parameters)
}

// AdminInitiateAuth begins a sign-in by a server that signs its calls.
func (s *Service) AdminInitiateAuth(ctx context.Context, scope apigw.Scope, pool PoolID, id ClientID, flow string, parameters map[string]string) (*Result, error) {
	p, c, err := s.clientIn(scope, pool, id)
	if err != nil {
		return nil, err
	}
	if flow == "USER_PASSWORD_AUTH" {
		return nil, errorf(invalidParameter, "Initiate Auth method not supported.")
	}
	return s.initiate(ctx, p, c, flow, parameters)
}

// clientIn is a client of a pool of a scope.
func (s *Service) clientIn(scope apigw.Scope, pool PoolID, id ClientID) (*place, *Client, error) {
	at := s.catalog.pool(pool)
	if at == nil || at.scope != scope {
		return nil, nil, unknownPool(pool)
	}
	p, c, err := s.catalog.client(id)
	if err != nil || c.Pool != pool {
		return nil, nil, unknownClient(id)
	}
	return p, c, nil
}

func (s *Service) initiate(ctx context.Context, p *place, c *Client, flow string, parameters map[string]string) (*Result, error) {
	if err := checkFlow(c, flow); err != nil {
		return nil, err
	}
	if err := checkParameters(parameters, flowParameters[flow]); err != nil {
		return nil, err
	}
	if strings.HasPrefix(flow, "REFRESH_TOKEN") {
		return s.initiateRefresh(ctx, p, c, parameters)
	}
	name, err := need(parameters, "USERNAME")
	if err != nil {
		return nil, err
	}
	if err := checkUsername(name); err != nil {
		return nil, err
	}
	if err := s.checkHash(p, c, parameters["SECRET_HASH"], name); err != nil {
		return nil, err
	}
	if flow == "USER_SRP_AUTH" {
		return s.initiateSRP(ctx, p, c, name, parameters)
	}
	password, err := need(parameters, "PASSWORD")
	if err != nil {
		return nil, err
	}
	return s.byPassword(ctx, p, c, name, password)
}

// checkFlow refuses a flow that isn't served or that the client doesn't have,
// in AWS's words.
func checkFlow(c *Client, flow string) error {
	has := func(name string) bool { return slices.Contains(c.Flows, name) }
	legacy := len(c.Flows) > 0 && !strings.HasPrefix(c.Flows[0], "ALLOW_")
	switch flow {
	case "USER_SRP_AUTH":
		if !legacy && !has("ALLOW_USER_SRP_AUTH") {
			return errorf(invalidParameter, "USER_SRP_AUTH is not enabled for the client.")
		}
	case "USER_PASSWORD_AUTH":
		if !has("ALLOW_USER_PASSWORD_AUTH") && !has("USER_PASSWORD_AUTH") {
			return errorf(invalidParameter, "USER_PASSWORD_AUTH flow not enabled for this client")
		}
	case "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH":
		if !has("ALLOW_ADMIN_USER_PASSWORD_AUTH") && !has("ADMIN_NO_SRP_AUTH") {
			return errorf(invalidParameter, "Auth flow not enabled for this client")
		}
	case "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN":
		if !legacy && !has("ALLOW_REFRESH_TOKEN_AUTH") {
			return errorf(invalidParameter, "REFRESH_TOKEN_AUTH flow not enabled for this client")
		}
	case "CUSTOM_AUTH":
		return errorf(invalidParameter, "Custom auth lambda trigger is not configured for the user pool.")
	default:
		return errorf(invalidParameter, "Gatehouse doesn't serve the auth flow %s", flow)
	}
	return nil
}

func checkParameters(parameters map[string]string, known []string) error {
	for name, value := range parameters {
		if !slices.Contains(known, name) {
			return errorf(invalidParameter, "The parameter %.64q means nothing in this flow", name)
		}
		if len(value) > maxParameter {
			return errorf(invalidParameter, "The parameter %s is longer than %d bytes", name, maxParameter)
		}
	}
	if parameters["DEVICE_KEY"] != "" { // devices aren't kept, so none is known
		return errorf(resourceNotFound, "Device does not exist.")
	}
	return nil
}

func need(parameters map[string]string, name string) (string, error) {
	if v := parameters[name]; v != "" {
		return v, nil
	}
	return "", errorf(invalidParameter, "Missing required parameter %s", name)
}

func (s *Service) initiateRefresh(ctx context.Context, p *place, c *Client, parameters map[string]string) (*Result, error) {
	token, err := need(parameters, "REFRESH_TOKEN")
	if err != nil {
		return nil, err
	}
	var tokens *Tokens
	err = s.compute(ctx, func() error {
		tokens, err = s.refresh(ctx, p, c, token, func(u *User) error {
			return s.checkHash(p, c, parameters["SECRET_HASH"], u.Username, u.Sub)
		})
		return err
	})
	return &Result{Tokens: tokens}, err
}

// tried is one attempt at a password.
type tried struct {
	of   *attempts
	name string
}

// attempt asks leave to try the password of a user, or of a name that is
// nobody's.
func (s *Service) attempt(p *place, u *User, name string) (tried, error) {
	t := tried{s.strangers, string(s.limitKey(p, u, name))}
	if u != nil {
		t.of = s.users
	}
	now := s.now()
	if !t.of.may(t.name, now) {
		return t, errorf(notAuthorized, "Password attempts exceeded")
	}
	if !t.of.room(t.name, now) {
		return t, errorf(tooManyRequests, "Rate exceeded")
	}
	return t, nil
}

func (s *Service) failed(t tried) error {
	t.of.failed(t.name, s.now())
	return wrongPassword()
}

// user reads a user without a change.
func (s *Service) user(ctx context.Context, p *place, name string) (u *User, err error) {
	err = s.change(ctx, p.scope, func(t *txn) error {
		u, err = t.findUser(p.pool, name)
		return err
	})
	return u, err
}

// byPassword is a sign-in with a password as it is.
func (s *Service) byPassword(ctx context.Context, p *place, c *Client, name, password string) (*Result, error) {
	u, err := s.user(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if u == nil && !c.Blind() {
		return nil, unknownUser()
	}
	try, err := s.attempt(p, u, name)
	if err != nil {
		return nil, err
	}
	var result *Result
	err = s.compute(ctx, func() error {
		ok, err := s.passwordOf(p, u, password)
		if err != nil {
			return err
		}
		if !ok {
			return s.failed(try)
		}
		try.of.passed(try.name)
		result, err = s.proved(ctx, p, c, u, newUUID())
		return err
	})
	return result, err
}

// passwordOf says whether a password is the user's. It takes as long for
// nobody.
func (s *Service) passwordOf(p *place, u *User, password string) (bool, error) {
	if len(password) > 4*maxPassword {
		return false, nil
	}
	if u == nil || u.Password == nil {
		newVerifier(p.pool.ID.Short(), "nobody", password)
		return false, nil
	}
	v, err := s.openVerifier(p, u)
	if err != nil {
		return false, err
	}
	return v.matches(p.pool.ID.Short(), u.Username, password), nil
}

func (s *Service) openVerifier(p *place, u *User) (verifier, error) {
	raw, err := s.records.Open(p.scope, p.pool.userKey(u.Username), u.Password)
	if err != nil {
		return verifier{}, err
	}
	return decodeVerifier(raw)
}

// setPassword gives the user a password that the policy takes.
func (t *txn) setPassword(p *Pool, u *User, password string) error {
	if err := p.Password.check(password); err != nil {
		return err
	}
	var v verifier
	if err := t.s.compute(t.ctx, func() error { v = newVerifier(p.ID.Short(), u.Username, password); return nil }); err != nil {
		return err
	}
	sealed, err := t.s.records.Seal(t.scope, p.userKey(u.Username), v.encode())
	u.Password = sealed
	return err
}

// proved goes on with a user who has proved to know the password that was
// theirs when proof was read: tokens, or the next challenge.
func (s *Service) proved(ctx context.Context, p *place, c *Client, proof *User, id string) (*Result, error) {
	result := &Result{}
	err := s.change(ctx, p.scope, func(t *txn) error {
		u, err := read[User](t, p.pool.userKey(proof.Username))
		if err != nil {
			return err
		}
		switch {
		case u == nil || u.Sub != proof.Sub || !bytes.Equal(u.Password, proof.Password):
			return wrongPassword()
		case u.Disabled:
			return errorf(notAuthorized, "User is disabled.")
		case u.Status == Unconfirmed:
			return errorf(userNotConfirmed, "User is not confirmed.")
		case u.Status == ForceChangePassword:
			*result, err = s.newPasswordChallenge(p, c, u, id)
			return err
		}
		result.Tokens, err = t.signedIn(p, c, u, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

func (s *Service) newPasswordChallenge(p *place, c *Client, u *User, id string) (Result, error) {
	if !u.Temporary.IsZero() && !s.now().Before(u.Temporary) {
		return Result{}, errorf(notAuthorized, "User account has expired, it must be reset by an administrator.")
	}
	sealed, err := s.sealSession(p, &session{ID: id, For: newPasswordRequired, Client: c.ID, User: u.Username}, c)
	if err != nil {
		return Result{}, err
	}
	attributes := map[string]string{}
	for _, v := range u.Attributes {
		if c.mayRead(v.Name) {
			attributes[v.Name] = v.Value
		}
	}
	missing := []string{}
	for _, name := range required(CompleteSchema(p.pool.Schema), u) {
		missing = append(missing, "userAttributes."+name)
	}
	text, err := json.Marshal(attributes)
	if err != nil {
		return Result{}, err
	}
	list, err := json.Marshal(missing)
	return Result{Challenge: newPasswordRequired, Session: sealed, Parameters: map[string]string{
		"USER_ID_FOR_SRP": u.Username, "requiredAttributes": string(list), "userAttributes": string(text),
	}}, err
}
