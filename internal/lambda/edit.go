package lambda

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"
)

// edition is which state of a function's code an environment runs.
type edition struct {
	number int    // of edits that were taken up before it started
	path   string // of the executable
}

// Changed takes up the code of a local function as it lies there now: Go is
// built anew, and a first process with the new code started. Until that
// stands, and when it can't be built or doesn't start, the code before serves.
// Then processes of the code before end, each after the event it works on.
// False: nothing that the function is made from has changed, or it runs
// elsewhere, or is being debugged. The error is an *Error.
func (f *Functions) Changed(ctx context.Context, name string) (bool, error) {
	t, err := f.find(name)
	if err != nil || t.local == nil || t.local.debug { // a second process would want the debugger's port
		return false, err
	}
	changed, err := t.local.reload(ctx)
	return changed, named(err, name)
}

// Sources are the folders that a local function's code is made from: its own
// and, once it was built, those of the packages beside it that it imports. A
// name that isn't local has none. Whoever asks is expected to call Changed
// when something in them was edited.
func (f *Functions) Sources(name string) []string {
	t, err := f.find(name)
	if err != nil || t.local == nil {
		return nil
	}
	t.local.mu.Lock()
	t.local.watched = true
	t.local.mu.Unlock()
	list := []string{t.local.function.Code}
	if c, ok := t.local.code.(*goCode); ok {
		c.mu.Lock()
		list = append(list, c.sources...)
		c.mu.Unlock()
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// reload makes l run its code as it is now; see Changed.
func (l *local) reload(ctx context.Context) (bool, error) {
	if !l.enter() {
		return false, errStopped()
	}
	defer l.work.Done()
	l.edits.Lock()
	defer l.edits.Unlock()
	if _, built := l.code.(*goCode); !built {
		l.hold(forever) // or until it is known to start
	}
	path, adopt, err := l.renewed(ctx)
	if err != nil {
		return false, asError(ctx, err)
	}
	if path == "" {
		return false, nil
	}
	e, err := l.spawnExtra(path)
	if err == nil {
		within, cancel := context.WithTimeout(ctx, initLimit)
		defer cancel()
		err = initialised(within, e)
	}
	if err != nil {
		if e != nil {
			l.drop(e)
		}
		l.countExtra(-1)
		return false, asError(ctx, err)
	}
	adopt()
	l.replace(e)
	return true, nil
}

// renewed is the executable of the code as it lies there now, and what makes
// it the one that serves. It is empty when the one that serves is the same.
func (l *local) renewed(ctx context.Context) (path string, adopt func(), err error) {
	c, ok := l.code.(*goCode)
	if !ok {
		path, err = l.code.ready(ctx)
		return path, func() {}, err
	}
	c.mu.Lock()
	c.failed = time.Time{} // what failed before was other code
	c.mu.Unlock()
	first := c.built.Load() == nil
	if _, err := c.ready(ctx); err != nil {
		return "", nil, err
	}
	serving := c.built.Load()
	within, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	path, err = c.build(within)
	if err != nil {
		return "", nil, fmt.Errorf("can't be built: %w", err)
	}
	if path == *serving && !first {
		return "", nil, nil
	}
	return path, func() { c.adopt(path) }, nil
}

// adopt makes the executable at path the one that serves.
func (c *goCode) adopt(path string) {
	if old := c.built.Swap(&path); old != nil && *old != path {
		c.forget(filepath.Base(filepath.Dir(*old)))
	}
}

// madeFrom notes what an executable is made from.
func (c *goCode) madeFrom(in *inputs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources = slices.Clone(in.Folders)
}

// spawnExtra starts an environment beside those that concurrency allows.
func (l *local) spawnExtra(path string) (*environment, error) {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		l.countExtra(1) // as the caller expects
		return nil, errStopped()
	}
	l.live++
	l.extra++
	l.work.Add(1)
	l.mu.Unlock()
	return l.spawn(path)
}

// How long environments of the code before are preferred to new ones.
const (
	forever = 100 * 365 * 24 * time.Hour
	noticed = time.Second // more than it takes to hear of an edit
)

func (l *local) hold(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(d); until.After(l.held) {
		l.held = until
	}
}

// meantEdit says whether an environment that didn't start may have met an
// edit that nobody has told of yet, while one that did start can do its work.
func (l *local) meantEdit(r *run) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.watched || r.taken {
		return false
	}
	for e := range l.all {
		if e != r.e && !e.dead && e.warm {
			return true
		}
	}
	return false
}

func (l *local) countExtra(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.extra += n
}

// replace makes e, which was extra, the environment that is used next, and
// ends the idle ones of the code before; busy ones end when they are released.
func (l *local) replace(e *environment) {
	l.mu.Lock()
	l.extra--
	l.held = time.Time{}
	l.latest = edition{l.latest.number + 1, e.code.path}
	e.code = l.latest
	old := l.idle
	l.idle = nil
	for _, o := range old {
		l.retire(o)
	}
	if !e.dead && !l.closed {
		e.warm, e.idleSince = true, time.Now()
		l.idle = append(l.idle, e)
	}
	l.mu.Unlock()
	for _, o := range old {
		o.proc.kill()
	}
	l.signal()
}

// retire marks an environment whose code isn't the latest, so that it isn't
// used again, and says whether it did: the caller kills it. l.mu is held.
func (l *local) retire(e *environment) bool {
	current := e.code.number == l.latest.number && (l.latest.path == "" || e.code.path == l.latest.path)
	if e.dead || current {
		return false
	}
	e.dead, e.retired = true, true
	l.extra++
	return true
}
