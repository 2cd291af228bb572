package vpclink

import (
	"crypto/tls"
	"iter"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/registry"
)

// Config is what a Book stands on. Zero fields do without.
type Config struct {
	Pools     *integration.Pools // how targets are reached
	Functions lambda.Invoker     // nil: every function fails as unreachable
	Registry  *registry.Book     // nil: there are no services
	Network   *apigw.Network     // that is declared; nil: none is
	// Certificate is what else listeners' ARNs may name beside ACM's certificates;
	// nil: nothing.
	Certificate func(apigw.ARN) *tls.Certificate
	Log         *slog.Logger     // nil: nothing is logged
	Now         func() time.Time // nil: time.Now
	// Secret is what cookies of stickiness are sealed with, the same on all nodes,
	// asked for once when one is needed. Nil, or an error: a secret is made up, and
	// cookies end with the process.
	Secret func() ([]byte, error)
}

// Link is a VPC link of either version.
type Link struct {
	Scope          apigw.Scope
	ID             apigw.VPCLinkID
	Target         apigw.ARN // the load balancer of one of version 1; empty: it is of version 2
	Failure        string    // why it leads nowhere, as of a link that is FAILED; empty: it leads
	Subnets        []string  // of version 2
	SecurityGroups []string
}

// Book is all load balancers, target groups and links that a node serves with,
// and what it knows of their targets. What is told to it replaces what it was
// told before; what stays the same goes on undisturbed, and calls see each
// change at once. Make it with NewBook.
type Book struct {
	config  Config
	checker *balance.Checker
	cookies func() *sealer // made once
	world   atomic.Pointer[world]
	end     chan struct{}
	work    sync.WaitGroup

	mu       sync.Mutex // held while anything changes; guards what follows
	groups   map[apigw.ARN]*group
	dialects map[dialectKey]*dialect
	services map[serviceKey]*service
}

// world is which load balancers and links there are. It doesn't change.
type world struct {
	balancers    map[apigw.ARN]*balancer
	listeners    map[apigw.ARN]*listener
	links        map[linkKey]*Link
	certificates map[apigw.ARN]*tls.Certificate
}

type linkKey struct {
	scope apigw.Scope
	id    apigw.VPCLinkID
}

// NewBook returns a Book that knows nothing yet. Close it.
func NewBook(c Config) *Book {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Pools == nil {
		c.Pools = integration.NewPools(integration.PoolConfig{})
	}
	b := &Book{config: c, checker: balance.NewChecker(), end: make(chan struct{}), groups: map[apigw.ARN]*group{}, dialects: map[dialectKey]*dialect{}, services: map[serviceKey]*service{}}
	b.cookies = sync.OnceValue(b.newSealer)
	b.world.Store(&world{})
	b.work.Go(b.tend)
	return b
}

// Close ends all health checks and idle connections.
func (b *Book) Close() {
	close(b.end)
	b.work.Wait()
	b.checker.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	for g := range b.all() {
		for _, t := range g.set.Targets() {
			memberOf(t).close()
		}
	}
}

// all are the target groups, and the services that stand for some. b.mu is held.
func (b *Book) all() iter.Seq[*group] {
	return func(yield func(*group) bool) {
		for _, g := range b.groups {
			if !yield(g) {
				return
			}
		}
		for _, s := range b.services {
			if !yield(s.group) {
				return
			}
		}
	}
}

// tendEvery is how often anomalies are looked for, and drained targets go.
const tendEvery = 5 * time.Second

// tend does what is due from time to time.
func (b *Book) tend() {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		select {
		case <-b.end:
			return
		case <-tick.C:
			b.mu.Lock()
			for g := range b.all() {
				g.set.Mitigate()
			}
			b.sweep(b.config.Now())
			b.sweepServices(b.config.Now())
			b.sweepDialects(b.config.Now())
			b.mu.Unlock()
		}
	}
}

// SetLinks says which VPC links there are.
func (b *Book) SetLinks(list []Link) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := *b.world.Load()
	w.links = make(map[linkKey]*Link, len(list))
	for i := range list {
		l := list[i]
		w.links[linkKey{l.Scope, l.ID}] = &l
	}
	b.world.Store(&w)
}

// SetLoadBalancers says which load balancers there are. The Book keeps them:
// nobody changes them any more.
func (b *Book) SetLoadBalancers(list []*apigw.LoadBalancer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.world.Load()
	w := &world{balancers: make(map[apigw.ARN]*balancer, len(list)), listeners: map[apigw.ARN]*listener{}, links: old.links, certificates: old.certificates}
	for _, l := range list {
		known := old.balancers[l.ARN]
		if known == nil || known.spec != l && !reflect.DeepEqual(known.spec, l) {
			known = b.newBalancer(l)
		}
		w.balancers[l.ARN] = known
		for _, listener := range known.listeners {
			w.listeners[listener.spec.ARN] = listener
		}
	}
	b.noteUse(w)
	b.world.Store(w)
}

// SetTargetGroups says which target groups there are, with their targets. The
// Book keeps them: nobody changes them any more.
func (b *Book) SetTargetGroups(list []*apigw.TargetGroup) {
	b.mu.Lock()
	defer b.mu.Unlock()
	there := make(map[apigw.ARN]bool, len(list))
	for _, spec := range list {
		there[spec.ARN] = true
		g := b.group(spec.ARN)
		if was := g.spec.Load(); was == nil || was.TargetGroup != spec && !reflect.DeepEqual(was.TargetGroup, spec) {
			b.setGroup(g, spec)
		}
	}
	for arn, g := range b.groups {
		if !there[arn] && g.spec.Load() != nil {
			g.remove()
		}
	}
	b.noteUse(b.world.Load())
}

// group finds or makes the group of an ARN, which exists once its spec is set.
func (b *Book) group(arn apigw.ARN) *group {
	g := b.groups[arn]
	if g == nil {
		g = b.newGroup(arn)
		b.groups[arn] = g
	}
	return g
}

// noteUse has the targets checked of groups that load balancers of w lead to, and
// those of no others; it notes what these load balancers may connect to, and
// forgets groups that are neither there nor named.
func (b *Book) noteUse(w *world) {
	direct, used := map[*group][]*guard{}, map[*group][]*guard{}
	for _, l := range w.balancers {
		for _, g := range l.groups {
			direct[g] = also(direct[g], l.guard)
			used[g] = direct[g]
		}
	}
	for g, guards := range direct {
		if spec := g.spec.Load(); spec != nil && spec.overflow != nil {
			used[spec.overflow] = also(used[spec.overflow], guards...)
		}
	}
	named := map[*group]bool{} // as an overflow
	for _, g := range b.groups {
		if spec := g.spec.Load(); spec != nil && spec.overflow != nil {
			named[spec.overflow] = true
		}
	}
	for arn, g := range b.groups {
		guards, isUsed := used[g]
		if g.spec.Load() == nil && !isUsed && !named[g] {
			delete(b.groups, arn)
			continue
		}
		g.guardBy(guards)
		g.use(isUsed)
	}
}

// also is list with those of more that it doesn't hold.
func also(list []*guard, more ...*guard) []*guard {
	for _, one := range more {
		if !slices.Contains(list, one) {
			list = append(list[:len(list):len(list)], one)
		}
	}
	return list
}

// Health is how this node sees the targets of a group, in the order of its
// record; nil: it knows no such group.
func (b *Book) Health(arn apigw.ARN) []apigw.TargetHealth {
	b.mu.Lock()
	g := b.groups[arn]
	b.mu.Unlock()
	if g == nil {
		return nil
	}
	return g.health()
}
