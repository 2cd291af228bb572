package serving

import (
	"sync/atomic"
	"time"
)

// BusyTold is when the log last had a line about calls that a backend had no
// room for: overload must not cost a line for each.
type BusyTold struct{ at atomic.Int64 }

// busyEvery is the least time between two such lines of a stage.
const busyEvery = 10 * time.Second

// Due says whether the time for a line has come, once for each time it has.
func (b *BusyTold) Due(now time.Time) bool {
	t, last := now.UnixNano(), b.at.Load()
	return t-last >= int64(busyEvery) && b.at.CompareAndSwap(last, t)
}
