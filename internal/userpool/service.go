package userpool

import (
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Limits bound what one pool, or one account in a region, may hold. AWS's
// quotas are higher for users; ours are where a store stays comfortable.
type Limits struct {
	Pools   int // of a scope; AWS: 1000
	Clients int // of a pool; AWS: 1000
	Groups  int // of a pool; AWS: 10000
	Servers int // of a pool; AWS: 25
	Users   int // of a pool; AWS: 40 million
	SignIns int // of a user that can be refreshed at a time
}

// DefaultLimits are used for what Options leaves zero.
func DefaultLimits() Limits {
	return Limits{Pools: 1000, Clients: 1000, Groups: 1000, Servers: 25, Users: 100_000, SignIns: 100}
}

// Options say what a Service works with. Records and Deliver are required.
type Options struct {
	Records Records
	// Deliver hands a message to whoever brings it to the user.
	Deliver func(ctx context.Context, m Message) error
	Now     func() time.Time // default time.Now
	Logger  *slog.Logger     // default slog.Default()
	Limits  Limits
	// Work is how many passwords are computed at a time; default: half of the
	// processors, and one at least.
	Work int
}

// Service is the embedded user pools. Safe for concurrent use.
type Service struct {
	records Records
	deliver func(ctx context.Context, m Message) error
	now     func() time.Time
	log     *slog.Logger
	limits  Limits
	catalog *catalog

	work    chan struct{} // one element per password that is computed
	waiting chan struct{} // one per call that waits for that

	// Failures of users who are there and of names that aren't: who tries many
	// names doesn't push out what is known of users.
	users, strangers *attempts
	codes            *attempts // failures of codes
	sent             *attempts // messages to a user
}

// waitingCalls is how many calls may wait until passwords are computed, and
// workWait how long each does.
const (
	waitingCalls = 64
	workWait     = 5 * time.Second
)

// New returns a Service that knows no pools yet: Apply tells it.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Work == 0 {
		o.Work = max(1, runtime.GOMAXPROCS(0)/2)
	}
	return &Service{
		records: o.Records, deliver: o.Deliver, now: o.Now, log: o.Logger, limits: o.Limits, catalog: newCatalog(),
		work: make(chan struct{}, o.Work), waiting: make(chan struct{}, waitingCalls),
		users: newAttempts(200_000), strangers: newAttempts(20_000), codes: newAttempts(100_000), sent: newAttempts(100_000),
	}
}

// compute runs what takes a processor for milliseconds, a few at a time:
// anybody may ask for it, and requests to APIs mustn't wait for them.
func (s *Service) compute(ctx context.Context, f func() error) error {
	select {
	case s.waiting <- struct{}{}:
	default:
		return errorf(tooManyRequests, "Rate exceeded")
	}
	ctx, cancel := context.WithTimeout(ctx, workWait)
	defer cancel()
	select {
	case s.work <- struct{}{}:
		<-s.waiting
	case <-ctx.Done():
		<-s.waiting
		return errorf(tooManyRequests, "Rate exceeded")
	}
	defer func() { <-s.work }()
	return f()
}

// seconds is the time AWS would note.
func (s *Service) seconds() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// readPool reads a pool into a change.
func (t *txn) readPool(id PoolID) (*Pool, error) {
	p, err := read[Pool](t, poolKey(id))
	if err == nil && p == nil {
		err = unknownPool(id)
	}
	return p, err
}

// counts are how many of each a pool holds. They are written with each of
// them, so nothing is added to a pool that goes.
type counts struct {
	Users   int `json:"users"`
	Clients int `json:"clients"`
	Groups  int `json:"groups"`
	Servers int `json:"servers"`
}

// count changes one of a pool's counts by n, up to most.
func (t *txn) count(pool PoolID, of func(*counts) *int, n, most int, what string) error {
	c, err := read[counts](t, countKey(pool))
	if err != nil {
		return err
	}
	if c == nil {
		return unknownPool(pool)
	}
	at := of(c)
	if *at += n; n > 0 && *at > most {
		return errorf(limitExceeded, "Exceeded the limit of %s in a user pool: %d", what, most)
	}
	return put(t, countKey(pool), c)
}

func usersCount(c *counts) *int   { return &c.Users }
func clientsCount(c *counts) *int { return &c.Clients }
func groupsCount(c *counts) *int  { return &c.Groups }
func serversCount(c *counts) *int { return &c.Servers }

// findUser reads the user whom a name means into a change; nil: there is none.
func (t *txn) findUser(p *Pool, name string) (*User, error) {
	if checkUsername(name) != nil {
		return nil, nil
	}
	u, err := read[User](t, p.userKey(name))
	if u != nil || err != nil {
		return u, err
	}
	for _, a := range p.lookups(name) {
		owner, err := read[string](t, p.aliasKey(a))
		if err != nil {
			return nil, err
		}
		if owner == nil {
			continue
		}
		return read[User](t, p.userKey(*owner))
	}
	return nil, nil
}

// putUser adds a user's record as it is now.
func (t *txn) putUser(p *Pool, u *User) error {
	u.Modified = t.s.seconds()
	return put(t, p.userKey(u.Username), u)
}

// claim gives a user the aliases of now in place of those of before. One that
// is another's is taken from it when force is set, else refused with what
// taken says.
func (t *txn) claim(p *Pool, u *User, before []alias, force bool, taken func(alias) error) error {
	now := p.aliasesOf(u)
	for _, a := range before {
		if !contains(now, a) {
			t.remove(p.aliasKey(a))
		}
	}
	for _, a := range now {
		if contains(before, a) {
			continue
		}
		owner, err := read[string](t, p.aliasKey(a))
		if err != nil {
			return err
		}
		if owner != nil && *owner != u.Username {
			if !force {
				return taken(a)
			}
			if err := t.dispossess(p, *owner, a); err != nil {
				return err
			}
		}
		if err := put(t, p.aliasKey(a), &u.Username); err != nil {
			return err
		}
	}
	return nil
}

// dispossess makes an alias unverified for who had it (API reference,
// ForceAliasCreation).
func (t *txn) dispossess(p *Pool, owner string, a alias) error {
	u, err := read[User](t, p.userKey(owner))
	if err != nil || u == nil {
		return err
	}
	if a.kind == "preferred_username" {
		u.set(a.kind, "")
	} else {
		u.set(a.kind+"_verified", "false")
	}
	return t.putUser(p, u)
}

func contains(list []alias, a alias) bool {
	for _, b := range list {
		if a == b {
			return true
		}
	}
	return false
}

// view runs apply, which only reads, on a pool of a scope.
func (s *Service) view(ctx context.Context, scope apigw.Scope, pool PoolID, apply func(*txn, *Pool) error) error {
	return s.change(ctx, scope, func(t *txn) error {
		p, err := t.readPool(pool)
		if err != nil {
			return err
		}
		return apply(t, p)
	})
}

// onUser runs apply on a user of a pool and stores what it made of them.
func (s *Service) onUser(ctx context.Context, scope apigw.Scope, pool PoolID, name string, apply func(*txn, *Pool, *User) error) error {
	return s.view(ctx, scope, pool, func(t *txn, p *Pool) error {
		u, err := t.findUser(p, name)
		if err != nil {
			return err
		}
		if u == nil {
			return unknownUser()
		}
		return apply(t, p, u)
	})
}
