package serving

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
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

// Logs says whether the log gets a line about f, which a request that came at at
// ended with: about an integration that failed, not about a client's mistake.
func (b *BusyTold) Logs(logger *slog.Logger, f *exchange.Fault, at time.Time) bool {
	if f == integration.Busy() && !b.Due(at) {
		return false
	}
	return f.Cause != nil && logger != nil && logger.Enabled(context.Background(), slog.LevelWarn)
}
