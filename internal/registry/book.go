// Package registry is what a node knows of the service registry: namespaces,
// services, and where their instances answer. Who asks finds a service's view,
// which nobody changes, behind an atomic pointer. It knows of instances that are
// stored and of those that sources add in memory, and of their health; it must
// not know how records are stored, nor what asks.
package registry

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Checker probes instances of services that have a health check.
type Checker interface {
	// Watch probes an address and tells what becomes of its health, from any
	// goroutine, until stop is called. Nothing told: it is healthy.
	Watch(at netip.AddrPort, check apigw.ServiceHealth, tell func(healthy bool)) (stop func())
}

// Options of a Book.
type Options struct {
	// Delay is how long a status that a call tells takes to show:
	// apigw.StatusDelay.
	Delay time.Duration
	// Checker probes instances; nil: those of services with a health check count
	// as healthy.
	Checker Checker
	Now     func() time.Time
}

// Book is the running index. Any number of goroutines may use it; those who
// read take no lock.
type Book struct {
	o     Options
	index atomic.Pointer[Index]

	mu         sync.Mutex // held while what is known changes
	namespaces map[apigw.ARN]*apigw.Namespace
	services   map[apigw.ARN]*Service // also those that only instances or sources speak of
	sourced    int64                  // the latest revision that a source made
}

// New returns an empty book.
func New(o Options) *Book {
	b := &Book{o: o, namespaces: map[apigw.ARN]*apigw.Namespace{}, services: map[apigw.ARN]*Service{}, sourced: o.Now().UnixMilli()}
	b.index.Store(newIndex(nil, nil))
	return b
}

// Index is what is known of namespaces and services now.
func (b *Book) Index() *Index { return b.index.Load() }

// Service finds a service by its ARN; nil: there is none.
func (b *Book) Service(arn apigw.ARN) *Service { return b.Index().Service(arn) }

// Update changes what is known as f says, and shows it all at once. The values
// that f gives belong to the book; nobody changes them any more.
func (b *Book) Update(f func(*Update)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	u := &Update{b: b, touched: map[*Service]struct{}{}}
	defer u.show()
	f(u)
}

// Update is a change of a Book under way.
type Update struct {
	b       *Book
	touched map[*Service]struct{} // whose views are to be made anew
	index   bool                  // namespaces or services changed
}

// Namespace adds or changes a namespace.
func (u *Update) Namespace(n *apigw.Namespace) { u.setNamespace(n.ARN, n) }

// RemoveNamespace removes a namespace; its services don't show any more.
func (u *Update) RemoveNamespace(arn apigw.ARN) { u.setNamespace(arn, nil) }

func (u *Update) setNamespace(arn apigw.ARN, n *apigw.Namespace) {
	u.index = true
	if n == nil {
		delete(u.b.namespaces, arn)
	} else {
		u.b.namespaces[arn] = n
	}
	for _, s := range u.b.services {
		if s.defined != nil && s.namespaceARN() == arn {
			u.touched[s] = struct{}{}
		}
	}
}

// Service adds or changes a service.
func (u *Update) Service(s *apigw.RegistryService) { u.define(s.ARN, s) }

// RemoveService removes a service. What its sources say waits for it to come back.
func (u *Update) RemoveService(arn apigw.ARN) { u.define(arn, nil) }

func (u *Update) define(arn apigw.ARN, defined *apigw.RegistryService) {
	u.index = true
	s := u.service(arn)
	s.defined = defined
	for id := range s.records() {
		s.settle(id, true)
	}
}

// Instance adds or changes an instance that is stored.
func (u *Update) Instance(service apigw.ARN, in *apigw.RegistryInstance) {
	s := u.service(service)
	s.stored[in.ID] = in
	s.settle(in.ID, false)
}

// RemoveInstance removes an instance that was stored.
func (u *Update) RemoveInstance(service apigw.ARN, id string) {
	s := u.service(service)
	delete(s.stored, id)
	s.settle(id, false)
}

// Revision says with which revision of the store instances of a service last
// came or went.
func (u *Update) Revision(service apigw.ARN, revision int64) { u.service(service).revision = revision }

// service finds or makes the service of an ARN, which shows once it is defined.
func (u *Update) service(arn apigw.ARN) *Service {
	s := u.b.services[arn]
	if s == nil {
		s = newService(u.b, arn)
		u.b.services[arn] = s
	}
	u.touched[s] = struct{}{}
	return s
}

// show makes what changed visible: views before the index that leads to them.
func (u *Update) show() {
	for s := range u.touched {
		if s.show() {
			u.index = true
		}
		if s.empty() {
			delete(u.b.services, s.arn)
		}
	}
	if u.index {
		old := u.b.index.Swap(newIndex(u.b.namespaces, u.b.services))
		close(old.changed)
	}
}
