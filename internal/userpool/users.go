package userpool

import (
	"context"
	"slices"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// NewUser is what an administrator says of a user to make.
type NewUser struct {
	Name       string
	Attributes []Value
	Password   string // temporary; empty: drawn
	Force      bool   // take aliases from who has them
	Resend     bool   // invite one who is there again
	Suppress   bool   // send no invitation
	Media      []string
}

// CreateUser makes a user who must change their password at the first sign-in,
// and sends them an invitation with it.
func (s *Service) CreateUser(ctx context.Context, scope apigw.Scope, pool PoolID, in NewUser) (*User, error) {
	var out *User
	var message *Message
	err := s.view(ctx, scope, pool, func(t *txn, p *Pool) error {
		password := in.Password
		if password == "" {
			password = p.Password.generate()
		}
		u, err := t.invited(p, in)
		if err != nil {
			return err
		}
		if err := t.setPassword(p, u, password); err != nil {
			return err
		}
		u.Status, u.Temporary = ForceChangePassword, s.now().Add(time.Duration(p.Password.TemporaryDays)*24*time.Hour).UTC()
		out, message = u, nil
		if to := inviteTo(in.Media, u); !in.Suppress && to != "" {
			const text = "Your username is {username} and temporary password is {####}. "
			m := p.Messages
			message = s.message(p, u, to, or(m.InviteSubject, "Your temporary password"), or(m.InviteEmail, text), or(m.InviteSMS, text), password)
			message.Password = password
		}
		return t.putUser(p, u)
	})
	if err != nil {
		return nil, err
	}
	return out, s.send(ctx, message)
}

// invited is the user to invite: a new one, or one who is there when in says
// so.
func (t *txn) invited(p *Pool, in NewUser) (*User, error) {
	if !in.Resend {
		u, err := t.newUser(p, nil, in.Name, in.Attributes, in.Force)
		if codeOf(err) == usernameExists && len(p.UsernameAttributes) == 0 {
			err = errorf(usernameExists, "User account already exists")
		}
		return u, err
	}
	u, err := t.findUser(p, in.Name)
	switch {
	case err != nil:
		return nil, err
	case u == nil:
		return nil, unknownUser()
	case u.Status != ForceChangePassword:
		return nil, errorf(unsupportedState, "Resend not possible. %s status is not FORCE_CHANGE_PASSWORD", u.Username)
	}
	return u, t.setAttributes(p, nil, u, in.Attributes, false)
}

// inviteTo is the attribute to which an invitation goes; empty: none. SMS is
// what AWS sends when nothing else is asked for.
func inviteTo(media []string, u *User) string {
	if (len(media) == 0 || slices.Contains(media, "SMS")) && u.Attr("phone_number") != "" {
		return "phone_number"
	}
	if (len(media) == 0 || slices.Contains(media, "EMAIL")) && u.Attr("email") != "" {
		return "email"
	}
	return ""
}

// User describes a user.
func (s *Service) User(ctx context.Context, scope apigw.Scope, pool PoolID, name string) (out *User, err error) {
	err = s.onUser(ctx, scope, pool, name, func(_ *txn, _ *Pool, u *User) error { out = u; return nil })
	return out, err
}

// DeleteUser removes a user.
func (s *Service) DeleteUser(ctx context.Context, scope apigw.Scope, pool PoolID, name string) error {
	return s.onUser(ctx, scope, pool, name, func(t *txn, p *Pool, u *User) error {
		for _, a := range p.aliasesOf(u) {
			if owner, err := read[string](t, p.aliasKey(a)); err != nil {
				return err
			} else if owner != nil && *owner == u.Username {
				t.remove(p.aliasKey(a))
			}
		}
		t.remove(p.userKey(u.Username))
		t.signOut(pool, u.Sub)
		return t.count(pool, usersCount, -1, 0, "")
	})
}

// EnableUser lets a user sign in, or not any more. What tokens they have stay
// good until they run out, but for refresh tokens.
func (s *Service) EnableUser(ctx context.Context, scope apigw.Scope, pool PoolID, name string, enabled bool) error {
	return s.onUser(ctx, scope, pool, name, func(t *txn, p *Pool, u *User) error {
		if u.Disabled = !enabled; u.Disabled {
			t.signOut(pool, u.Sub)
		}
		return t.putUser(p, u)
	})
}

// ConfirmUser confirms a user without a code.
func (s *Service) ConfirmUser(ctx context.Context, scope apigw.Scope, pool PoolID, name string) error {
	return s.onUser(ctx, scope, pool, name, func(t *txn, p *Pool, u *User) error {
		if u.Status != Unconfirmed {
			return errorf(notAuthorized, "User cannot be confirmed. Current status is %s", u.Status)
		}
		u.Status, u.Code = Confirmed, nil
		return t.putUser(p, u)
	})
}

// SetPassword gives a user a password: for good, or until the next sign-in.
func (s *Service) SetPassword(ctx context.Context, scope apigw.Scope, pool PoolID, name, password string, permanent bool) error {
	return s.onUser(ctx, scope, pool, name, func(t *txn, p *Pool, u *User) error {
		if err := t.setPassword(p, u, password); err != nil {
			return err
		}
		u.Status, u.Temporary, u.Code = Confirmed, time.Time{}, nil
		if !permanent {
			u.Status, u.Temporary = ForceChangePassword, s.now().Add(time.Duration(p.Password.TemporaryDays)*24*time.Hour).UTC()
		}
		return t.putUser(p, u)
	})
}

// UpdateUser sets attributes of a user.
func (s *Service) UpdateUser(ctx context.Context, scope apigw.Scope, pool PoolID, name string, values []Value) error {
	return s.onUser(ctx, scope, pool, name, func(t *txn, p *Pool, u *User) error {
		before := p.aliasesOf(u)
		if err := t.setAttributes(p, nil, u, values, false); err != nil {
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

// SignOutUser ends all sign-ins of a user.
func (s *Service) SignOutUser(ctx context.Context, scope apigw.Scope, pool PoolID, name string) error {
	return s.onUser(ctx, scope, pool, name, func(t *txn, _ *Pool, u *User) error {
		t.signOut(pool, u.Sub)
		return nil
	})
}

// pageScan is how many users one call looks at, at most.
const pageScan = 1000

// Users lists at most limit users that a filter takes, from the one behind
// after on. Next is where a further call goes on; empty: that was all.
func (s *Service) Users(ctx context.Context, scope apigw.Scope, pool PoolID, filter string, after string, limit int) (list []*User, next string, err error) {
	matches, err := parseFilter(filter)
	if err != nil {
		return nil, "", err
	}
	var p *Pool
	if err := s.view(ctx, scope, pool, func(_ *txn, found *Pool) error { p = found; return nil }); err != nil {
		return nil, "", err
	}
	if after != "" {
		after = p.userKey(after)
	}
	for scanned := 0; scanned < pageScan; scanned += 100 {
		page, last, more, err := listAll[User](ctx, s, scope, usersOf(pool), after, 100)
		if err != nil {
			return nil, "", err
		}
		for i, u := range page {
			if matches(u) {
				list = append(list, u)
			}
			if len(list) == limit && (i < len(page)-1 || more) {
				return list, u.Username, nil
			}
		}
		if !more {
			return list, "", nil
		}
		after, next = last, page[len(page)-1].Username
	}
	return list, next, nil
}
