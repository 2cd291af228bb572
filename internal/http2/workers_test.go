package http2

import "testing"

// TestWorkersAreKeptByNeed: what a burst needed ends when one request at a
// time is all that comes, and the rest when the last connection has ended.
func TestWorkersAreKeptByNeed(t *testing.T) {
	var w workers
	idle := map[chan task]bool{}
	for range 50 { // they come back from a burst
		next := make(chan task, 1)
		idle[next] = w.wait(next)
	}
	// give hands a request to a worker and says which it was.
	give := func() chan task {
		newest := w.idle[len(w.idle)-1]
		w.do(task{c: new(conn)})
		if got := <-newest; got.c == nil {
			t.Fatal("the newest worker got nothing")
		}
		return newest
	}
	for range 2 * lookEvery {
		one, other := give(), give()
		if !w.wait(one) || !w.wait(other) {
			t.Fatal("a worker that is needed was sent away")
		}
	}
	if n := len(w.idle); n != 2 {
		t.Errorf("%d workers wait where two are needed", n)
	}
	w.dismiss()
	for next := range idle {
		if _, open := <-next; open {
			t.Error("a worker has work left")
		}
	}
	if w.wait(make(chan task, 1)) {
		t.Error("a worker waits for nothing")
	}
	w.engage()
	if !w.wait(make(chan task, 1)) {
		t.Error("a worker isn't taken back")
	}
}
