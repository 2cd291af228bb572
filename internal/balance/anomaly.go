package balance

import "sync/atomic"

// tally counts how calls ended since anomalies were last looked for.
type tally struct{ calls, failed atomic.Uint32 }

func (t *tally) count(failed bool) {
	t.calls.Add(1)
	if failed {
		t.failed.Add(1)
	}
}

// What makes a target anomalous, and what becomes of it.
const (
	fewestCalls   = 5   // that say anything
	fewestTargets = 3   // that can be compared (Application Load Balancers, "Automatic Target Weights")
	muchWorse     = 100 // thousandths of calls that fail, beyond what is usual among the targets
	smallestShare = 50  // thousandths
)

// Mitigate gives targets that fail much more often than the others a smaller
// part of their share, and gives it back step by step when that is over. Call it
// every few seconds; it does nothing unless the policy asks for it.
func (s *Set) Mitigate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.policy.Mitigate {
		return
	}
	usual, compared := s.usualFailures()
	for _, t := range s.order {
		calls, failed := t.tally.calls.Swap(0), t.tally.failed.Swap(0)
		anomalous := compared >= fewestTargets && calls >= fewestCalls && uint64(failed)*1000/uint64(calls) > usual+muchWorse
		share := t.share.Load()
		if anomalous {
			share = max(share/2, smallestShare)
		} else {
			share = min(share+100, 1000)
		}
		t.share.Store(share)
	}
}

// usualFailures is how many thousandths of all calls of fit targets failed, the
// worst target aside, and how many targets were compared. s.mu is held.
func (s *Set) usualFailures() (thousandths uint64, compared int) {
	var calls, failed, worstCalls, worstFailed uint64
	for _, t := range s.order {
		if !t.fit() {
			continue
		}
		compared++
		c, f := uint64(t.tally.calls.Load()), uint64(t.tally.failed.Load())
		calls, failed = calls+c, failed+f
		if c >= fewestCalls && f*max(worstCalls, 1) > worstFailed*c {
			worstCalls, worstFailed = c, f
		}
	}
	calls, failed = calls-worstCalls, failed-worstFailed
	if calls == 0 {
		return 0, compared
	}
	return failed * 1000 / calls, compared
}
