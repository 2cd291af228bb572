package userpool

import (
	"context"
	"crypto/subtle"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Message is what a user is to be told: there is no mail and no telephone
// here.
type Message struct {
	Time     time.Time `json:"time"`
	Pool     PoolID    `json:"pool"`
	Username string    `json:"username"`
	Medium   string    `json:"medium"` // EMAIL or SMS
	To       string    `json:"to"`
	Subject  string    `json:"subject,omitempty"` // of mail
	Text     string    `json:"text"`
	Code     string    `json:"code,omitempty"`     // that Text has, too
	Password string    `json:"password,omitempty"` // likewise
}

// Delivery says where a message went, without telling it all.
type Delivery struct{ Destination, Medium, Attribute string }

// The lives of codes (developer guide, "Verification codes": a day, and an
// hour of one for a forgotten password), how often one may be tried, and how
// many messages one user gets in an hour.
const (
	signUpCodeLife   = 24 * time.Hour
	passwordCodeLife = time.Hour
	codeFailures     = 5
	messagesAnHour   = 5
	signUpCode       = "signUp"
	passwordCode     = "password"
)

// destination is the attribute to which a user's codes go first; empty: none.
func (p *Pool) destination(u *User) string {
	for _, name := range []string{"phone_number", "email"} { // on AWS, a telephone goes first
		if slices.Contains(p.AutoVerified, name) && u.Attr(name) != "" {
			return name
		}
	}
	return ""
}

// delivery is where what goes to an attribute arrives, as answers show it.
func delivery(attribute, value string) *Delivery {
	d := &Delivery{Attribute: attribute, Medium: "EMAIL"}
	if attribute == "phone_number" {
		d.Medium = "SMS"
		d.Destination = strings.Repeat("*", max(0, len(value)-5)) + value[max(0, len(value)-4):]
		if strings.HasPrefix(value, "+") {
			d.Destination = "+" + d.Destination
		}
		return d
	}
	name, host, _ := strings.Cut(value, "@")
	d.Destination = firstOf(name) + "***@" + firstOf(host) + "***"
	return d
}

func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// newCode gives the user a code and says what to send: the message is sent
// once the user is stored.
func (t *txn) newCode(p *Pool, u *User, of, attribute string, life time.Duration) (*Message, error) {
	code := randomText(digits, 6)
	sealed, err := t.s.records.Seal(t.scope, p.userKey(u.Username), []byte(code))
	if err != nil {
		return nil, err
	}
	u.Code = &Code{For: of, Sealed: sealed, Expires: t.s.now().Add(life).UTC(), Attribute: attribute}
	subject, mail, sms := p.Messages.EmailSubject, p.Messages.Email, p.Messages.SMS
	if of == passwordCode && mail == "" {
		subject, mail = "Your password reset code", "Your password reset code is {####}"
	}
	m := t.s.message(p, u, attribute, or(subject, "Your verification code"), or(mail, "Your confirmation code is {####}"), or(sms, "Your confirmation code is {####}"), code)
	m.Code = code
	return m, nil
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (s *Service) message(p *Pool, u *User, attribute, subject, mail, sms, secret string) *Message {
	m := &Message{Time: s.seconds(), Pool: p.ID, Username: u.Username, Medium: "EMAIL", To: u.Attr(attribute), Subject: subject, Text: mail}
	if attribute == "phone_number" {
		m.Medium, m.Subject, m.Text = "SMS", "", sms
	}
	name := u.Username
	if slices.Contains(p.UsernameAttributes, attribute) {
		name = u.Attr(attribute)
	}
	m.Text = strings.NewReplacer("{####}", secret, "{username}", name).Replace(m.Text)
	return m
}

// send hands a message on. What was stored stands: the user asks for another.
func (s *Service) send(ctx context.Context, m *Message) error {
	if m == nil {
		return nil
	}
	if err := s.deliver(ctx, *m); err != nil {
		s.log.Error("a message to a user can't be delivered", "pool", m.Pool, "error", err)
		return errorf("CodeDeliveryFailureException", "The message can't be delivered")
	}
	return nil
}

// maySend counts a message to a user and refuses one too many.
func (s *Service) maySend(p *Pool, u *User) error {
	key, now := string(p.ID)+"/"+p.fold(u.Username), s.now()
	s.sent.mu.Lock()
	defer s.sent.mu.Unlock()
	f := s.sent.seen[key]
	if f == nil {
		if len(s.sent.seen) >= s.sent.most && !s.sent.forgetSent(now) {
			return errorf(limitExceeded, "Attempt limit exceeded, please try after some time.")
		}
		f = &failures{last: now}
		s.sent.seen[key] = f
	}
	if now.Sub(f.last) >= time.Hour {
		f.n, f.last = 0, now
	}
	if f.n >= messagesAnHour {
		return errorf(limitExceeded, "Attempt limit exceeded, please try after some time.")
	}
	f.n++
	return nil
}

// forgetSent makes room for another hour. a.mu is held.
func (a *attempts) forgetSent(now time.Time) bool {
	for name, f := range a.seen {
		if now.Sub(f.last) >= time.Hour {
			delete(a.seen, name)
		}
	}
	return len(a.seen) < a.most
}

// checkCode checks what a user says a code is. A wrong one is counted and
// stored, so that no restart gives more attempts.
func (s *Service) checkCode(ctx context.Context, scope apigw.Scope, p *Pool, name, of, code string, then func(*txn, *User) error) error {
	var wrong error
	err := s.change(ctx, scope, func(t *txn) error {
		wrong = nil
		u, err := t.findUser(p, name)
		switch {
		case err != nil:
			return err
		case u == nil:
			return unknownUser()
		case u.Code == nil || u.Code.For != of || !s.now().Before(u.Code.Expires):
			return errorf(expiredCode, "Invalid code provided, please request a code again.")
		case u.Code.Failures >= codeFailures:
			return errorf(limitExceeded, "Attempt limit exceeded, please try after some time.")
		}
		want, err := s.records.Open(scope, p.userKey(u.Username), u.Code.Sealed)
		if err != nil {
			return err
		}
		if subtle.ConstantTimeCompare(want, []byte(code)) != 1 {
			u.Code.Failures++
			wrong = errorf(codeMismatch, "Invalid verification code provided, please try again.")
			return t.putUser(p, u)
		}
		return then(t, u)
	})
	if err == nil {
		err = wrong
	}
	return err
}
