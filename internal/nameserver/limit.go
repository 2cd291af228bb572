package nameserver

import (
	"hash/maphash"
	"net/netip"
	"sync/atomic"
	"time"
)

// Rates of answers by UDP, whose askers may be forged, to one network.
const (
	rate  = 1000 // a second
	burst = 1000
)

// limiter bounds what is sent to each network by UDP, so that nobody is flooded
// by answers to questions that others ask in its name. Networks that share a
// slot share its rate.
type limiter struct {
	now   func() time.Time
	slots [4096]atomic.Int64 // when the slot would be full again, in ns
}

var seed = maphash.MakeSeed()

// admit says whether a client may be answered now. Loopback can't be forged from
// outside.
func (l *limiter) admit(client netip.Addr) bool {
	if client.IsLoopback() {
		return true
	}
	const each = int64(time.Second) / rate
	slot := &l.slots[maphash.Comparable(seed, network(client))%uint64(len(l.slots))]
	now := l.now().UnixNano()
	for {
		was := slot.Load()
		next := max(was, now) + each
		if next-now > burst*each {
			return false
		}
		if slot.CompareAndSwap(was, next) {
			return true
		}
	}
}

// network is who shares a rate: what one owner commonly has.
func network(a netip.Addr) netip.Prefix {
	bits := 24
	if a.Is6() {
		bits = 56
	}
	p, _ := a.Prefix(bits)
	return p
}
