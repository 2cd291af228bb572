package http2

import "sync"

// workers are the goroutines that run requests. One that has nothing to do
// waits for the next request with the stack it has grown, as long as there
// are connections; the last to wait is the first to go on, as its memory is
// the warmest. Those that were not needed for long end. Ready as its zero
// value.
type workers struct {
	mu        sync.Mutex // guards what follows
	idle      []chan task
	least     int // of idle since the last look
	waits     int // since then
	dismissed bool
}

// task is a request to answer or, without one, output of c to write.
type task struct {
	c  *conn
	st *Stream
}

const (
	mostIdle  = 1024 // workers that wait
	lookEvery = 4096 // waits between two looks at how many are needed
)

// do has a worker run t.
func (w *workers) do(t task) {
	w.mu.Lock()
	n := len(w.idle) - 1
	if n < 0 {
		w.mu.Unlock()
		go w.work(t)
		return
	}
	next := w.idle[n]
	w.idle[n] = nil
	w.idle = w.idle[:n]
	w.least = min(w.least, n)
	w.mu.Unlock()
	next <- t
}

func (w *workers) work(t task) {
	next := make(chan task, 1)
	for {
		if t.st != nil {
			t.st.serve()
		} else {
			t.c.flush()
		}
		if !w.wait(next) {
			return
		}
		var ok bool
		if t, ok = <-next; !ok {
			return
		}
	}
}

// wait lists the worker that next leads to as idle; false: it isn't needed.
func (w *workers) wait(next chan task) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dismissed || len(w.idle) >= mostIdle {
		return false
	}
	w.idle = append(w.idle, next)
	if w.waits++; w.waits >= lookEvery {
		w.dismissOldest(w.least)
		w.waits, w.least = 0, len(w.idle)
	}
	return true
}

// dismissOldest ends the n workers that have waited longest; w.mu is held.
func (w *workers) dismissOldest(n int) {
	for _, next := range w.idle[:n] {
		close(next)
	}
	kept := copy(w.idle, w.idle[n:])
	clear(w.idle[kept:])
	w.idle = w.idle[:kept]
}

// engage lets workers wait for requests.
func (w *workers) engage() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dismissed = false
}

// dismiss ends the workers that wait, and those at work when they are done.
func (w *workers) dismiss() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dismissed = true
	w.dismissOldest(len(w.idle))
	w.least = 0
}
