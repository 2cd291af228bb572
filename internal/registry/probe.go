package registry

import (
	"net/netip"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// probe is the checks of an address for a member, and for those that take its
// place with the same address and checks.
type probe struct {
	at      netip.AddrPort
	check   apigw.ServiceHealth
	of      *member // guarded by the book's mu
	failing atomic.Bool
	stop    func()
}

func newProbe(m *member, at netip.AddrPort) *probe {
	p := &probe{at: at, check: *m.s.defined.Health, of: m}
	b := m.s.b
	p.stop = b.o.Checker.Watch(at, p.check, func(healthy bool) {
		p.failing.Store(!healthy)
		// The checker may tell before Watch returns, while the book is held. What
		// is shown is what was told last, whichever of these is first.
		go b.Update(func(u *Update) { p.of.turn(u) })
	})
	return p
}
