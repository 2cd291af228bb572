package usageplan

import (
	"strings"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/throttle"
)

// The limits of an AWS account (developer guide, "Throttle requests to your REST
// APIs"): they complete a limit of which one half is set. What AWS makes of such
// a limit isn't known.
const (
	accountRate  = 10000
	accountBurst = 5000
)

// plan is a usage plan, also before it is known and after it is gone: members
// and counts may come earlier, and leave later.
type plan struct {
	ref  PlanRef
	view atomic.Pointer[planView] // nil: there is no such plan

	// Book.mu guards what follows.
	members map[apigw.APIKeyID]*member
	grants  map[apigw.APIKeyID]*apigw.UsageGrant
	counts  map[apigw.Day]map[apigw.APIKeyID]int64 // as stored, by all nodes
}

// planView is a plan as it was set. It never changes.
type planView struct {
	limit  *throttle.Limit // of each key in all stages together; nil: none
	stages map[Stage]*stageView
	quota  *apigw.Quota // nil: none
}

type stageView struct {
	methods map[method]throttle.Limit
}

// method names what a limit of a plan's stage is for: a resource's path and a
// verb, or * for all of them.
type method struct{ path, verb string }

func newView(p *apigw.UsagePlan) *planView {
	v := &planView{limit: limitOf(p.Throttle), stages: map[Stage]*stageView{}}
	if p.Quota != nil {
		quota := *p.Quota
		v.quota = &quota
	}
	for _, s := range p.Stages {
		stage := &stageView{map[method]throttle.Limit{}}
		for name, t := range s.Throttle {
			i := strings.LastIndexByte(name, '/')
			if l := limitOf(&t); i > 0 && l != nil {
				stage.methods[method{name[:i], name[i+1:]}] = *l
			}
		}
		v.stages[Stage{s.API, s.Stage}] = stage
	}
	return v
}

// limitOf is a throttle as a bucket has it; nil: there is none. One that says 0
// of both lets nobody in, as a stage's does.
func limitOf(t *apigw.Throttle) *throttle.Limit {
	if t == nil {
		return nil
	}
	l := throttle.Limit{Rate: t.Rate, Burst: t.Burst}
	if l == (throttle.Limit{}) {
		return &l
	}
	if l.Rate == 0 {
		l.Rate = accountRate
	}
	if l.Burst == 0 {
		l.Burst = accountBurst
	}
	return &l
}

// member is a key in a plan.
type member struct {
	plan *plan
	key  apigw.APIKeyID

	// Buckets are made when they are first needed, and stay while their limit
	// does: no deployment and no other change of the plan fills them.
	bucket  atomic.Pointer[bucket]
	methods atomic.Pointer[map[methodAt]*bucket] // never changed, but replaced

	count counter
}

// methodAt is a method of a stage.
type methodAt struct {
	at Stage
	of method
}

type bucket struct {
	limit throttle.Limit
	*throttle.Bucket
	gate *tally.Gate // of all nodes; nil: none is asked for
}

// newBucket is a full bucket with what it is called on every node.
func (b *Book) newBucket(name string, l throttle.Limit) *bucket {
	own := b.group.New(name, l)
	return &bucket{l, own, b.ledger.Gate(name, l, own)}
}

// Verdict is what a plan says of a request.
type Verdict uint8

// The verdicts.
const (
	Admitted Verdict = iota
	Throttled
	OverQuota
)

// Request is what a plan has to know of a request.
type Request struct {
	Path  string // of the resource: /pets/{id}
	Route string // the method's verb, or ANY
	Verb  string // the client's
	Now   int64  // nanoseconds of a clock that doesn't go back, for limits
	Unix  int64  // seconds of the wall clock, for quotas
}

// Take lets a request in, or says why not. The limit is the one that was asked;
// nil: there is none. A key's limit for a method replaces its limit for all
// (developer guide, "Usage plans and API keys").
func (u *Use) Take(r *Request) (Verdict, *throttle.Limit) {
	b := u.bucket(r)
	if b == nil {
		if !u.charge(r.Unix) {
			return OverQuota, nil
		}
		return Admitted, nil
	}
	if !b.Take(r.Now) {
		return Throttled, &b.limit
	}
	if !u.charge(r.Unix) {
		return OverQuota, &b.limit
	}
	return Admitted, &b.limit
}

// bucket is the one that the request takes from; nil: there is no limit.
func (u *Use) bucket(r *Request) *bucket {
	if len(u.stage.methods) > 0 {
		if l, of, ok := u.stage.limit(r); ok {
			return u.member.methodBucket(u.book, methodAt{u.at, of}, l)
		}
	}
	if u.view.limit == nil {
		return nil
	}
	return u.member.ownBucket(u.book, *u.view.limit)
}

// limit is the limit for a method and what its bucket is called: one for all
// verbs or paths is each method's own, as a stage's is.
func (s *stageView) limit(r *Request) (l throttle.Limit, of method, ok bool) {
	if l, ok = s.methods[method{r.Path, r.Verb}]; ok {
		return l, method{r.Path, r.Verb}, true
	}
	of = method{r.Path, r.Route}
	for _, name := range [...]method{of, {r.Path, "*"}, {"/*", "*"}} {
		if l, ok = s.methods[name]; ok {
			return l, of, true
		}
	}
	return l, of, false
}

// name is what a bucket of the key is called on every node.
func (m *member) name() string {
	r := m.plan.ref
	return "plan/" + r.Scope.Partition + "/" + r.Scope.Account + "/" + r.Scope.Region + "/" + string(r.ID) + "/" + string(m.key)
}

func (n methodAt) name() string {
	return "/" + string(n.at.API) + "/" + string(n.at.Stage) + "/" + n.of.verb + n.of.path
}

func (m *member) ownBucket(book *Book, l throttle.Limit) *bucket {
	for {
		b := m.bucket.Load()
		if b != nil && b.limit == l {
			return b
		}
		m.bucket.CompareAndSwap(b, book.newBucket(m.name(), l))
	}
}

func (m *member) methodBucket(book *Book, name methodAt, l throttle.Limit) *bucket {
	for {
		all := m.methods.Load()
		if all != nil {
			if b := (*all)[name]; b != nil && b.limit == l {
				return b
			}
		}
		more := map[methodAt]*bucket{name: book.newBucket(m.name()+name.name(), l)}
		if all != nil {
			for n, b := range *all {
				if n != name {
					more[n] = b
				}
			}
		}
		m.methods.CompareAndSwap(all, &more)
	}
}
