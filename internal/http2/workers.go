package http2

import (
	"runtime"
	"sync"
)

// workers are the goroutines that run requests. One that has nothing to do
// waits for the next request with the stack it has grown, as long as there
// are connections and not too many wait; the last to wait is the first to go
// on, as its memory is the warmest. Ready as its zero value.
type workers struct {
	mu        sync.Mutex // guards what follows
	idle      []chan task
	dismissed bool
}

// task is a request to answer or, without one, output of c to write.
type task struct {
	c  *conn
	st *Stream
}

// mostIdle is how many workers wait at most.
var mostIdle = 64 * runtime.GOMAXPROCS(0)

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
	w.idle = w.idle[:n]
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
		w.mu.Lock()
		if w.dismissed || len(w.idle) >= mostIdle {
			w.mu.Unlock()
			return
		}
		w.idle = append(w.idle, next)
		w.mu.Unlock()
		var ok bool
		if t, ok = <-next; !ok {
			return
		}
	}
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
	for _, next := range w.idle {
		close(next)
	}
	w.idle = nil
}
