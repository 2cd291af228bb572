package http2

import "time"

// budget bounds frames that ask for nothing but cost work: pings, settings,
// resets of requests, empty DATA, window updates, priorities. Answered
// requests and DATA that was sent earn some, as they entitle a client to
// frames about them; time earns a little. The zero value is full.
type budget struct {
	spent int
	since instant // when time last earned
}

const (
	budgetSize      = 1000
	budgetPerSecond = 100
	earnedByAnswer  = 4
	earnedByData    = 2
)

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
