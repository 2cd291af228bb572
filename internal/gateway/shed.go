package gateway

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
)

// attend answers x: by its stage when there is room for another request, else
// with 503 at once, so that those in work are still served in time.
func (g *Gateway) attend(f *finder, x *exchange.Exchange, to answerer) {
	if !g.requests.Enter(time.Time{}) {
		g.shed(x)
		g.finish(x, to)
		return
	}
	defer g.requests.Leave()
	ran := g.run(f, x)
	g.finish(x, to)
	runtime.KeepAlive(ran)
}

// shed refuses x as AWS does when it can't serve.
func (g *Gateway) shed(x *exchange.Exchange) {
	g.cfg.REST.NewIDs(x)
	plain(x, 503, "ServiceUnavailableException", "Service Unavailable")
	if n := g.shedding.count(x.Received); n > 0 {
		g.log.Warn("too many requests are in work; some are answered 503", "limit", g.cfg.Requests.Work, "refused", n)
	}
}

// shedding counts refused requests between two lines of the log.
type shedding struct {
	refused atomic.Int64
	told    atomic.Int64 // UnixNano of the last line
}

// tellEvery is the least time between two lines about refused requests.
const tellEvery = 10 * time.Second

// count counts one more; it returns how many there were when it is time to
// tell, else 0.
func (s *shedding) count(now time.Time) int64 {
	s.refused.Add(1)
	at, told := now.UnixNano(), s.told.Load()
	if at-told < int64(tellEvery) || !s.told.CompareAndSwap(told, at) {
		return 0
	}
	return s.refused.Swap(0)
}

// Requests is how many requests are in work and waiting for it now, and how
// many were answered 503 since the start.
func (g *Gateway) Requests() (inWork, waiting, refused int64) { return g.requests.Stats() }
