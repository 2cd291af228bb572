package telemetry

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Destination is where the lines of log groups end up. A Logs calls it from
// one goroutine.
type Destination interface {
	// Write takes whole lines of a group. An error means that they are lost.
	Write(group string, lines []byte) error
	// Idle is called now and then while nothing is written.
	Idle()
	Close() error
}

// The bounds of what waits to be written, in bytes.
const (
	maxPending      = 1 << 20  // of one group
	maxAllPending   = 64 << 20 // of all groups
	urgentPending   = 256 << 10
	flushEvery      = 100 * time.Millisecond
	complainAtMost  = time.Minute
	closeTime       = 5 * time.Second
	idleEvery       = 30 * time.Second
	firstPending    = 4 << 10
	keepPendingSize = 512 << 10
)

// Logs takes lines from requests and writes them behind their backs: a line is
// copied into its group's buffer and written within flushEvery. A destination
// that can't keep up costs lines, never time: they are dropped, counted, and
// complained of once a minute.
type Logs struct {
	to  Destination
	log *slog.Logger

	mu     sync.Mutex        // guards groups, their refs, and dirty
	groups map[string]*Group // those that are open
	dirty  []*Group          // those with something to write

	buffers sync.Pool // of *[]byte
	wake    chan struct{}
	urgent  chan struct{}
	stop    chan struct{}
	done    chan struct{}

	pending    atomic.Int64 // bytes that wait, of all groups
	written    atomic.Int64 // lines
	dropped    atomic.Int64 // lines
	complained time.Time    // the writer's own
	told       int64        // dropped when that was
}

// Group is one log group that lines are added to.
type Group struct {
	logs *Logs
	name string
	refs int // guarded by logs.mu

	mu    sync.Mutex // guards what follows
	lines *[]byte    // nil: nothing waits
	count int64      // of lines in it
}

// NewLogs starts writing to a destination. log hears of lines that are lost.
func NewLogs(to Destination, log *slog.Logger) *Logs {
	l := &Logs{
		to: to, log: log, groups: map[string]*Group{},
		wake: make(chan struct{}, 1), urgent: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	l.buffers.New = func() any { b := make([]byte, 0, firstPending); return &b }
	go l.run()
	return l
}

// Open is the group called name. Close it once nothing is added to it any more.
func (l *Logs) Open(name string) *Group {
	l.mu.Lock()
	defer l.mu.Unlock()
	g := l.groups[name]
	if g == nil {
		g = &Group{logs: l, name: name}
		l.groups[name] = g
	}
	g.refs++
	return g
}

// Close gives the group back. What was added is still written.
func (g *Group) Close() {
	g.logs.mu.Lock()
	defer g.logs.mu.Unlock()
	if g.refs--; g.refs == 0 {
		delete(g.logs.groups, g.name)
	}
}

// Add takes whole lines. It never waits for the destination.
func (g *Group) Add(lines []byte, count int64) {
	l := g.logs
	if l.pending.Load() > maxAllPending {
		l.dropped.Add(count)
		return
	}
	g.mu.Lock()
	first := g.lines == nil
	if first {
		g.lines = l.buffers.Get().(*[]byte)
	}
	before := len(*g.lines)
	if before+len(lines) > maxPending {
		g.mu.Unlock()
		l.dropped.Add(count)
		return
	}
	*g.lines = append(*g.lines, lines...)
	g.count += count
	g.mu.Unlock()
	l.pending.Add(int64(len(lines)))
	if first {
		l.mark(g)
	}
	if before < urgentPending && before+len(lines) >= urgentPending {
		signal(l.urgent)
	}
}

// mark puts g on the list of what is to be written.
func (l *Logs) mark(g *Group) {
	l.mu.Lock()
	l.dirty = append(l.dirty, g)
	l.mu.Unlock()
	signal(l.wake)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run writes what is added until Close.
func (l *Logs) run() {
	defer close(l.done)
	pause := time.NewTimer(0)
	defer pause.Stop()
	idle := time.NewTicker(idleEvery)
	defer idle.Stop()
	for {
		select {
		case <-l.wake:
		case <-idle.C:
			l.to.Idle()
			l.complain()
			continue
		case <-l.stop:
			l.flush()
			return
		}
		pause.Reset(flushEvery)
		select {
		case <-pause.C:
		case <-l.urgent:
		case <-l.stop:
		}
		l.flush()
	}
}

// flush writes everything that waits.
func (l *Logs) flush() {
	l.mu.Lock()
	dirty := l.dirty
	l.dirty = nil
	l.mu.Unlock()
	for _, g := range dirty {
		g.mu.Lock()
		lines, count := g.lines, g.count
		g.lines, g.count = nil, 0
		g.mu.Unlock()
		if lines == nil {
			continue
		}
		if err := l.to.Write(g.name, *lines); err != nil {
			l.dropped.Add(count)
			l.complainOf(g.name, err)
		} else {
			l.written.Add(count)
		}
		l.pending.Add(-int64(len(*lines)))
		if cap(*lines) <= keepPendingSize {
			*lines = (*lines)[:0]
			l.buffers.Put(lines)
		}
	}
	l.complain()
}

// complain tells once a minute of lines that nobody had time to write.
func (l *Logs) complain() {
	if l.dropped.Load() > l.told {
		l.complainOf("", nil)
	}
}

func (l *Logs) complainOf(group string, err error) {
	if !l.complained.IsZero() && time.Since(l.complained) < complainAtMost {
		return
	}
	dropped := l.dropped.Load()
	if err != nil {
		l.log.Error("log lines can't be written", "group", group, "error", err, "lost", dropped-l.told)
	} else {
		l.log.Error("log lines are dropped: their destination doesn't keep up", "lost", dropped-l.told)
	}
	l.complained, l.told = time.Now(), dropped
}

// Close writes what waits, for at most some seconds, and ends.
func (l *Logs) Close() error {
	close(l.stop)
	select {
	case <-l.done:
		return l.to.Close()
	case <-time.After(closeTime):
		return errSlowClose
	}
}
