package main

import (
	"io"
	"sync"
	"time"
)

// behind writes behind the backs of those who have something to tell: a
// terminal that was stopped, or a reader that is slow, holds no request up.
// What doesn't fit is left out, counted, and told of once there is room.
type behind struct {
	to   io.Writer
	lost func(lines int64) // tells, on to, of what was left out

	mu      sync.Mutex // guards what follows
	waiting []byte
	spare   []byte // memory for the next waiting
	dropped int64  // lines
	writing bool
	closed  bool

	wake chan struct{} // holds a token when something waits, or it is closed
	done chan struct{} // closed when all is written
}

// maxBehind bounds what waits, in bytes.
const maxBehind = 1 << 20

// lastWords is how long the end of the program waits for a reader.
const lastWords = time.Second

func newBehind(to io.Writer, lost func(lines int64)) *behind {
	b := &behind{to: to, lost: lost, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go b.run()
	return b
}

// Write takes whole lines, as they are told. It never waits, and never fails.
func (b *behind) Write(p []byte) (int, error) {
	b.mu.Lock()
	if b.closed || len(b.waiting)+len(p) > maxBehind {
		b.dropped++
	} else {
		b.waiting = append(b.waiting, p...)
	}
	b.mu.Unlock()
	b.signal()
	return len(p), nil
}

func (b *behind) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *behind) run() {
	defer close(b.done)
	for range b.wake {
		lines, dropped, closed := b.take()
		if len(lines) > 0 {
			_, _ = b.to.Write(lines) // there is nobody to complain to
			b.mu.Lock()
			b.writing = false
			b.mu.Unlock()
		}
		if dropped > 0 && !closed {
			b.lost(dropped)
		}
		if closed {
			return
		}
	}
}

// take takes all that waits.
func (b *behind) take() (lines []byte, dropped int64, closed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines, dropped = b.waiting, b.dropped
	b.waiting, b.spare, b.dropped, b.writing = b.spare[:0], lines, 0, len(lines) > 0
	return lines, dropped, b.closed
}

// catchUp waits until what was told is written, for a moment: what is said
// elsewhere next should be read after it.
func (b *behind) catchUp() {
	for end := time.Now().Add(lastWords / 4); time.Now().Before(end); time.Sleep(time.Millisecond) {
		b.mu.Lock()
		idle := len(b.waiting) == 0 && !b.writing
		b.mu.Unlock()
		if idle {
			return
		}
	}
}

// close writes what waits, within lastWords.
func (b *behind) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.signal()
	select {
	case <-b.done:
	case <-time.After(lastWords):
	}
}
