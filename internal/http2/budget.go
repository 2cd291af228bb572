package http2

import "time"

// budget bounds frames that ask for nothing but cost work: pings, settings,
// resets of requests, empty DATA, window updates, priorities. Answered
// requests and DATA that was sent earn some, as they entitle a client to
// frames about them; time earns a little. The zero value is full.
type budget struct {
	spent int
	since instant // when time last earned
	taken int     // bytes of DATA that were sent and that no window update was about yet
}

const (
	budgetSize      = 1000
	budgetPerSecond = 100
	earnedByAnswer  = 4
	earnedByData    = 2

	// A window update is about bytes that were sent, often long after they
	// were, and free as long as there are as many as one is for: Go's client
	// sends one for the stream and one for the connection every 4 KB.
	bytesPerUpdate = 2 << 10
	mostTaken      = 64 << 20
)

// sent notes DATA of n bytes.
func (b *budget) sent(n int) {
	b.earn(earnedByData)
	b.taken = min(b.taken+n, mostTaken)
}

// spendUpdate is spend for a window update.
func (b *budget) spendUpdate(t instant) bool {
	if b.taken >= bytesPerUpdate {
		b.taken -= bytesPerUpdate
		return true
	}
	return b.spend(1, t)
}

// spend takes n and says whether they were there.
func (b *budget) spend(n int, t instant) bool {
	if b.spent += n; b.spent <= budgetSize {
		return true
	}
	if b.since == 0 {
		b.since = t
	}
	earned := int64(t-b.since) * budgetPerSecond / int64(time.Second)
	b.since = b.since.add(time.Duration(earned) * time.Second / budgetPerSecond)
	b.earn(int(min(earned, budgetSize)))
	return b.spent <= budgetSize
}

func (b *budget) earn(n int) { b.spent = max(b.spent-n, 0) }

// recent remembers the last streams that were reset here.
type recent struct {
	ids  [64]uint32
	next int
}

func (r *recent) add(id uint32) {
	r.ids[r.next] = id
	r.next = (r.next + 1) % len(r.ids)
}

func (r *recent) has(id uint32) bool {
	for _, known := range r.ids {
		if known == id {
			return true
		}
	}
	return false
}
