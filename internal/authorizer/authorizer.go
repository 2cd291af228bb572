// Package authorizer answers who a client is and what it may do, for every API
// kind: functions that decide (Lambda authorizers), tokens of an OpenID
// Connect issuer or a user pool, and IAM signatures. What was found out is
// kept for as long as it may be. It must not know an API kind: the event that
// a function gets and what a refusal looks like are the kind's own.
package authorizer

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/jwt"
)

// Kind is how an authorization failed.
type Kind uint8

// The kinds.
const (
	// Unauthorized: the client said nothing, or nothing that is believed.
	Unauthorized Kind = iota + 1
	// Broken: the authorizer could not be asked, or answered what is no answer.
	Broken
	// Forbidden: the client is known, and may not.
	Forbidden
	// Busy: as many clients wait for the authorizer as may.
	Busy
)

// Error is why there is no answer.
type Error struct {
	Kind  Kind
	Text  string // for the client; empty: the kind's own
	Cause error  // for the operator
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Cause.Error()
	}
	return e.Text
}

func (e *Error) Unwrap() error { return e.Cause }

// Answer is what an authorizer said of a client. It never changes.
type Answer struct {
	PrincipalID string
	Context     []Entry // in the function's order; a list or an object as its JSON
	ContextJSON string  // the whole context as the function answered it; empty: there is none, or it is of texts alone
	UsageKey    string  // usageIdentifierKey, the value of an API key
	Token       *jwt.Token
	Scopes      []string // the token's, where the route wants some; else nil
	Policy      string   // policyDocument as the function answered it, JSON

	policies []*iam.Policy
	verdict  iam.Effect // of an answer that is yes or no for every request; zero: the policies decide
}

// Entry is one value that an authorizer hands on, as text.
type Entry struct{ Name, Value string }

// Value is the context's entry of a name.
func (a *Answer) Value(name string) (string, bool) {
	for i := range a.Context {
		if a.Context[i].Name == name {
			return a.Context[i].Value, true
		}
	}
	return "", false
}

// Decide is what the function's policy says of one request. It is asked for
// every request, also of an answer that was kept.
func (a *Answer) Decide(r *iam.Request) iam.Decision {
	if a.verdict != 0 {
		return iam.Decision{Effect: a.verdict}
	}
	return iam.Evaluate(a.policies, r)
}

// Client is who waits for an answer. Its Context ends when it leaves, and is
// asked for only when there is something to wait for: a request has none
// before.
type Client interface{ Context() context.Context }

// Key names what an answer is for.
type Key [sha256.Size]byte

// maxAnswers bounds a Cache. An answer is seldom more than a few KB.
const maxAnswers = 10_000

// Cache keeps answers. One serves all authorizers of a process.
type Cache struct{ answers *otter.Cache[Key, kept] }

type kept struct {
	answer *Answer
	last   time.Duration
}

// NewCache makes an empty Cache.
func NewCache() *Cache {
	return &Cache{otter.Must(&otter.Options[Key, kept]{
		MaximumSize:      maxAnswers,
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[Key, kept]) time.Duration { return e.Value.last }),
	})}
}

// Kept is the answer for key that is kept; nil: none is.
func (c *Cache) Kept(key Key) *Answer {
	k, _ := c.answers.GetIfPresent(key)
	return k.answer
}

// loader asks an authorizer, and says how long its answer may be kept.
type loader func(ctx context.Context) (*Answer, time.Duration, error)

// get is the answer for key: the kept one, or what load gives, which runs once
// for all who ask at the same time. Failures aren't kept. The call doesn't end
// with the client who happened to be first.
func (c *Cache) get(ctx context.Context, key Key, load loader) (*Answer, error) {
	k, err := c.answers.Get(context.WithoutCancel(ctx), key, otter.LoaderFunc[Key, kept](func(ctx context.Context, _ Key) (kept, error) {
		answer, last, err := load(ctx)
		return kept{answer, last}, err
	}))
	return k.answer, err
}
