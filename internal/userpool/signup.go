package userpool

import (
	"context"
	"strings"
	"time"
)

// setAttributes gives a user attributes that a client (nil: an administrator)
// sets. What can't change is refused unless the user is new.
func (t *txn) setAttributes(p *Pool, c *Client, u *User, values []Value, isNew bool) error {
	schema := CompleteSchema(p.Schema)
	if err := checkAttributes(schema, values); err != nil {
		return err
	}
	for _, v := range values {
		if c != nil && !c.mayWrite(v.Name) {
			return errorf(notAuthorized, "A client attempted to write unauthorized attribute")
		}
		for _, a := range schema {
			if a.Name == v.Name && !a.Mutable && !isNew && u.Attr(v.Name) != "" && u.Attr(v.Name) != v.Value {
				return errorf(invalidParameter, "user.%s: Attribute cannot be updated.\n", v.Name)
			}
		}
		if (v.Name == "email" || v.Name == "phone_number") && u.Attr(v.Name) != v.Value && u.Attr(v.Name) != "" {
			u.set(v.Name+"_verified", "false") // another address isn't verified by the old one's being so
		}
		u.set(v.Name, v.Value)
	}
	return nil
}

func aliasTaken(a alias) error {
	what := map[string]string{"email": "email", "phone_number": "phone number", "preferred_username": "preferred username"}[a.kind]
	return errorf(aliasExists, "An account with the %s already exists.", what)
}

func nameTaken(a alias) error {
	what := map[string]string{"email": "email", "phone_number": "phone_number"}[a.kind]
	return errorf(usernameExists, "An account with the given %s already exists.", what)
}

// newUser puts a user into a pool under the name they want.
func (t *txn) newUser(p *Pool, c *Client, name string, values []Value, force bool) (*User, error) {
	attribute, err := p.nameOfNew(name)
	if err != nil {
		return nil, err
	}
	now := t.s.seconds()
	u := &User{Username: name, Sub: newUUID(), Created: now}
	if attribute != "" {
		u.Username = u.Sub
		for _, v := range values {
			if v.Name == attribute && p.fold(v.Value) != p.fold(name) {
				return nil, errorf(invalidParameter, "%s and username must be the same", attribute)
			}
		}
		u.set(attribute, name)
	} else if other, err := read[User](t, p.userKey(name)); err != nil {
		return nil, err
	} else if other != nil {
		return nil, errorf(usernameExists, "User already exists")
	}
	if err := t.setAttributes(p, c, u, values, true); err != nil {
		return nil, err
	}
	if missing := required(CompleteSchema(p.Schema), u); len(missing) > 0 {
		return nil, errorf(invalidParameter, "Attributes did not conform to the schema: %s: The attribute %s is required\n", missing[0], missing[0])
	}
	taken := aliasTaken
	if attribute != "" {
		taken = nameTaken
	}
	if err := t.claim(p, u, nil, force, taken); err != nil {
		return nil, err
	}
	return u, t.count(p.ID, usersCount, 1, t.s.limits.Users, "users")
}

// SignedUp is what a sign-up tells.
type SignedUp struct {
	Sub       string
	Confirmed bool
	Delivery  *Delivery // nil: no code was sent
}

// SignUp makes a user who isn't confirmed yet.
func (s *Service) SignUp(ctx context.Context, id ClientID, hash, name, password string, values []Value) (*SignedUp, error) {
	p, c, err := s.catalog.client(id)
	if err != nil {
		return nil, err
	}
	if err := s.checkHash(p, c, hash, name); err != nil {
		return nil, err
	}
	if p.pool.AdminOnly {
		return nil, errorf(notAuthorized, "SignUp is not permitted for this user pool")
	}
	if password == "" {
		return nil, errorf(invalidParameter, "Missing required parameter Password")
	}
	out := &SignedUp{}
	var message *Message
	err = s.change(ctx, p.scope, func(t *txn) error {
		pool, err := t.readPool(p.pool.ID)
		if err != nil {
			return err
		}
		if err := pool.Password.check(password); err != nil {
			return err
		}
		u, err := t.newUser(pool, c, name, values, false)
		if err != nil {
			return err
		}
		u.Status = Unconfirmed
		if err := t.setPassword(pool, u, password); err != nil {
			return err
		}
		out.Sub, message = u.Sub, nil
		if to := pool.destination(u); to != "" {
			if message, err = t.newCode(pool, u, signUpCode, to, signUpCodeLife); err != nil {
				return err
			}
			out.Delivery = delivery(to, u.Attr(to))
		}
		return t.putUser(pool, u)
	})
	if err != nil {
		return nil, err
	}
	return out, s.send(ctx, message)
}

// ConfirmSignUp confirms a user who has the code.
func (s *Service) ConfirmSignUp(ctx context.Context, id ClientID, hash, name, code string, force bool) error {
	p, c, err := s.named(id, hash, name)
	if err != nil {
		return err
	}
	err = s.checkCode(ctx, p.scope, p.pool, name, signUpCode, code, func(t *txn, u *User) error {
		if u.Status != Unconfirmed {
			return errorf(notAuthorized, "User cannot be confirmed. Current status is %s", u.Status)
		}
		before, attribute := p.pool.aliasesOf(u), u.Code.Attribute
		u.Status, u.Code = Confirmed, nil
		u.set(attribute+"_verified", "true")
		if err := t.claim(p.pool, u, before, force, aliasTaken); err != nil {
			return err
		}
		return t.putUser(p.pool, u)
	})
	return blind(c, err, s.confirmed(ctx, p, name), errorf(expiredCode, "Invalid code provided, please request a code again."))
}

// confirmed turns a code that isn't there into the state of a user who needs
// none.
func (s *Service) confirmed(ctx context.Context, p *place, name string) func(error) error {
	return func(err error) error {
		if codeOf(err) != expiredCode {
			return err
		}
		u, problem := s.user(ctx, p, name)
		if problem != nil || u == nil || u.Status == Unconfirmed {
			return err
		}
		return errorf(notAuthorized, "User cannot be confirmed. Current status is %s", u.Status)
	}
}

// blind has a client that doesn't tell who is a user answer instead.
func blind(c *Client, err error, otherwise func(error) error, instead error) error {
	if c.Blind() && codeOf(err) == userNotFound {
		return instead
	}
	if err != nil {
		return otherwise(err)
	}
	return nil
}

// named is a client who speaks of a user, with its secret's proof.
func (s *Service) named(id ClientID, hash, name string) (*place, *Client, error) {
	p, c, err := s.catalog.client(id)
	if err != nil {
		return nil, nil, err
	}
	return p, c, s.checkHash(p, c, hash, name)
}

// ResendConfirmationCode sends another code to a user who isn't confirmed.
func (s *Service) ResendConfirmationCode(ctx context.Context, id ClientID, hash, name string) (*Delivery, error) {
	return s.sendCode(ctx, id, hash, name, func(t *txn, p *Pool, u *User) (*Message, *Delivery, error) {
		if u.Status != Unconfirmed {
			return nil, nil, errorf(invalidParameter, "User is already confirmed.")
		}
		to := p.destination(u)
		if to == "" {
			return nil, nil, errorf(invalidParameter, "Auto verification not turned on.")
		}
		m, err := t.newCode(p, u, signUpCode, to, signUpCodeLife)
		return m, delivery(to, u.Attr(to)), err
	})
}

// ForgotPassword sends a code with which a password can be set.
func (s *Service) ForgotPassword(ctx context.Context, id ClientID, hash, name string) (*Delivery, error) {
	return s.sendCode(ctx, id, hash, name, func(t *txn, p *Pool, u *User) (*Message, *Delivery, error) {
		to := ""
		for _, choice := range p.recovery() {
			if a := strings.TrimPrefix(choice, "verified_"); u.Attr(a+"_verified") == "true" && u.Attr(a) != "" {
				to = a
				break
			}
		}
		switch {
		case u.Disabled:
			return nil, nil, errorf(notAuthorized, "User is disabled.")
		case u.Status == ForceChangePassword:
			return nil, nil, errorf(notAuthorized, "User password cannot be reset in the current state.")
		case p.recovery()[0] == "admin_only":
			return nil, nil, errorf(notAuthorized, "Contact administrator to reset password.")
		case to == "":
			return nil, nil, errorf(invalidParameter, "Cannot reset password for the user as there is no registered/verified email or phone_number")
		}
		m, err := t.newCode(p, u, passwordCode, to, passwordCodeLife)
		return m, delivery(to, u.Attr(to)), err
	})
}

// recovery are the ways in which passwords are recovered, first choice first
// (API reference, AccountRecoverySettingType: a telephone goes first).
func (p *Pool) recovery() []string {
	if len(p.Recovery) == 0 {
		return []string{"verified_phone_number", "verified_email"}
	}
	return p.Recovery
}

func (s *Service) sendCode(ctx context.Context, id ClientID, hash, name string, make func(*txn, *Pool, *User) (*Message, *Delivery, error)) (*Delivery, error) {
	p, c, err := s.named(id, hash, name)
	if err != nil {
		return nil, err
	}
	var message *Message
	var to *Delivery
	counted := false
	err = s.onUser(ctx, p.scope, p.pool.ID, name, func(t *txn, pool *Pool, u *User) error {
		if message, to, err = make(t, pool, u); err != nil {
			return err
		}
		if !counted {
			if err := s.maySend(pool, u); err != nil {
				return err
			}
		}
		counted = true
		return t.putUser(pool, u)
	})
	if c.Blind() && codeOf(err) == userNotFound {
		return s.simulated(p, name)
	}
	if err != nil {
		return nil, err
	}
	return to, s.send(ctx, message)
}

// simulated is where a code would go to of a name that is nobody's, the same
// each time (developer guide, "Managing user existence error responses").
func (s *Service) simulated(p *place, name string) (*Delivery, error) {
	if isEmail(name) {
		return delivery("email", name), nil
	}
	_, shown, err := s.nobody(p, nil, name+"@")
	if err != nil {
		return nil, err
	}
	letter := func(i int) string { return string(lowers[int(shown[i%len(shown)])%len(lowers)]) }
	return delivery("email", letter(0)+"@"+letter(len(shown)-1)), nil
}

// ConfirmForgotPassword sets the password of a user who has the code.
func (s *Service) ConfirmForgotPassword(ctx context.Context, id ClientID, hash, name, code, password string) error {
	p, c, err := s.named(id, hash, name)
	if err != nil {
		return err
	}
	if err := p.pool.Password.check(password); err != nil {
		return err
	}
	var who *User
	err = s.checkCode(ctx, p.scope, p.pool, name, passwordCode, code, func(t *txn, u *User) error {
		if u.Disabled {
			return errorf(notAuthorized, "User is disabled.")
		}
		who = u
		if err := t.setPassword(p.pool, u, password); err != nil {
			return err
		}
		u.Status, u.Code, u.Temporary = Confirmed, nil, time.Time{}
		return t.putUser(p.pool, u)
	})
	if err == nil {
		s.users.passed(string(s.limitKey(p, who, "")))
	}
	return blind(c, err, func(err error) error { return err }, errorf(expiredCode, "Invalid code provided, please request a code again."))
}

// GetUser is the user of an access token, as their client may see them.
func (s *Service) GetUser(ctx context.Context, token string) (*User, error) {
	var out *User
	err := s.asUser(ctx, token, func(_ *txn, b *bearer, u *User) error {
		seen := *u
		seen.Attributes = nil
		for _, v := range u.Attributes {
			if b.client.mayRead(v.Name) {
				seen.Attributes = append(seen.Attributes, v)
			}
		}
		out = &seen
		return nil
	})
	return out, err
}

// GlobalSignOut ends all sign-ins of the user of an access token.
func (s *Service) GlobalSignOut(ctx context.Context, token string) error {
	return s.asUser(ctx, token, func(t *txn, b *bearer, u *User) error {
		t.signOut(b.place.pool.ID, u.Sub)
		return nil
	})
}

// ChangePassword gives the user of an access token another password.
func (s *Service) ChangePassword(ctx context.Context, token, previous, proposed string) error {
	return s.asUser(ctx, token, func(t *txn, b *bearer, u *User) error {
		try, err := s.attempt(b.place, u, u.Username)
		if err != nil {
			return errorf(limitExceeded, "Attempt limit exceeded, please try after some time.")
		}
		var ok bool
		if err := s.compute(ctx, func() error { ok, err = s.passwordOf(b.place, u, previous); return err }); err != nil {
			return err
		}
		if !ok {
			return s.failed(try)
		}
		try.of.passed(try.name)
		if err := t.setPassword(b.place.pool, u, proposed); err != nil {
			return err
		}
		return t.putUser(b.place.pool, u)
	})
}

// UpdateUserAttributes changes the user of an access token.
func (s *Service) UpdateUserAttributes(ctx context.Context, token string, values []Value) error {
	return s.asUser(ctx, token, func(t *txn, b *bearer, u *User) error {
		p := b.place.pool
		for _, v := range values {
			if (v.Name == "email" || v.Name == "phone_number") && u.Attr(v.Name) != v.Value {
				// On AWS a code goes out with which VerifyUserAttribute verifies it.
				return errorf(invalidParameter, "Gatehouse doesn't serve VerifyUserAttribute, so users can't change %s themselves: AdminUpdateUserAttributes does", v.Name)
			}
		}
		before := p.aliasesOf(u)
		if err := t.setAttributes(p, b.client, u, values, false); err != nil {
			return err
		}
		if missing := required(CompleteSchema(p.Schema), u); len(missing) > 0 {
			return errorf(invalidParameter, "Attributes did not conform to the schema: %s: The attribute %s is required\n", missing[0], missing[0])
		}
		if err := t.claim(p, u, before, false, aliasTaken); err != nil {
			return err
		}
		return t.putUser(p, u)
	})
}
