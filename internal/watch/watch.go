// Package watch says which files and folders were edited, once the writing
// has paused. It must not know what they hold, nor what they are for.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// pause is how long nothing may be written before an edit counts as done:
	// editors and version control write a file in several steps.
	pause = 20 * time.Millisecond
	// patience is how long an edit waits for a pause.
	patience = 100 * time.Millisecond
	// maxFolders bounds what is watched; the system's own limits are near.
	maxFolders = 4096
)

// ErrClosed is the error of a Watcher that was closed.
var ErrClosed = fsnotify.ErrClosed

// Watcher watches files and folders, each under a name that its user gives
// it. It is safe for concurrent use.
type Watcher struct {
	system *fsnotify.Watcher

	mu      sync.Mutex                 // guards what follows
	files   map[string]map[string]bool // names by path
	folders map[string]map[string]bool // names by path, of folders watched with all they hold
	lists   map[string]map[string]bool // names by path, of folders watched for what is directly in them
	watched map[string]bool            // folders that the system tells of
}

// New returns a Watcher that watches nothing yet. Close ends it.
func New() (*Watcher, error) {
	system, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return &Watcher{
		system: system,
		files:  map[string]map[string]bool{}, folders: map[string]map[string]bool{}, lists: map[string]map[string]bool{},
		watched: map[string]bool{},
	}, nil
}

// Close ends Run.
func (w *Watcher) Close() error { return w.system.Close() }

// File watches a file under name. It need not stay the same file: many
// editors put a new one in its place. Behind a symbolic link, link and target
// are watched.
func (w *Watcher) File(name, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	paths := []string{path}
	if target, err := filepath.EvalSymlinks(path); err == nil && target != path {
		paths = append(paths, target)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range paths {
		note(w.files, p, name)
		err = errors.Join(err, w.add(filepath.Dir(p)))
	}
	return err
}

// Folder watches a folder and the folders in it under name; those that come
// later, too. Hidden ones, node_modules and __pycache__ are left out.
func (w *Watcher) Folder(name, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	note(w.folders, path, name)
	return w.addAll(path)
}

// List watches under name what is directly in a folder: files that come, go
// and are edited.
func (w *Watcher) List(name, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	note(w.lists, path, name)
	return w.add(path)
}

func note(m map[string]map[string]bool, path, name string) {
	if m[path] == nil {
		m[path] = map[string]bool{}
	}
	m[path][name] = true
}

// addAll makes the system tell of top and the folders in it. w.mu is held.
func (w *Watcher) addAll(top string) error {
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if path != top && ignored(d.Name()) {
			return filepath.SkipDir
		}
		return w.add(path)
	})
}

// add makes the system tell of one folder. w.mu is held.
func (w *Watcher) add(folder string) error {
	if w.watched[folder] {
		return nil
	}
	if len(w.watched) >= maxFolders {
		return fmt.Errorf("%s: more than %d folders can't be watched", folder, maxFolders)
	}
	if err := w.system.Add(folder); err != nil {
		return fmt.Errorf("%s: %w", folder, err)
	}
	w.watched[folder] = true
	return nil
}

// ignored says that a file or folder of this name is no part of what a person
// edits: hidden, an editor's, or made by a tool.
func ignored(name string) bool {
	switch name {
	case "node_modules", "__pycache__", "4913": // the last: vim tries whether it may write
		return true
	}
	switch filepath.Ext(name) {
	case ".swp", ".swx", ".tmp", ".pyc":
		return true
	}
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasSuffix(name, "~")
}

// Run calls changed with the name of whatever was edited, until ctx ends or w
// is closed, and waits for the last call. Calls for different names may
// overlap; for one name they follow each other.
func (w *Watcher) Run(ctx context.Context, changed func(name string)) {
	r := &runner{pending: map[string]*edit{}, busy: map[string]bool{}, done: make(chan string), changed: changed}
	r.timer = time.NewTimer(time.Hour)
	defer r.timer.Stop()
	defer r.wait()
	for {
		select {
		case e, ok := <-w.system.Events:
			if !ok {
				return
			}
			r.note(w.namesOf(e))
		case _, ok := <-w.system.Errors: // events were lost
			if !ok {
				return
			}
			r.note(w.names())
		case now := <-r.timer.C:
			r.start(now)
		case name := <-r.done:
			delete(r.busy, name)
			r.start(time.Now())
		case <-ctx.Done():
			return
		}
	}
}

// namesOf are the names under which the subject of e is watched.
func (w *Watcher) namesOf(e fsnotify.Event) []string {
	if e.Op == fsnotify.Chmod {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for _, of := range []map[string]bool{w.files[e.Name], w.lists[filepath.Dir(e.Name)]} {
		for name := range of {
			names = append(names, name)
		}
	}
	if ignored(filepath.Base(e.Name)) {
		return names
	}
	inside := false
	for top, of := range w.folders {
		if within(top, e.Name) {
			inside = true
			for name := range of {
				names = append(names, name)
			}
		}
	}
	if inside {
		w.follow(e)
	}
	return names
}

// follow watches a folder that came, and forgets one that went. w.mu is held.
func (w *Watcher) follow(e fsnotify.Event) {
	if e.Has(fsnotify.Create) {
		_ = w.addAll(e.Name) // a file, or gone again: nothing to watch
	}
	if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
		if w.watched[e.Name] {
			_ = w.system.Remove(e.Name)
			delete(w.watched, e.Name)
		}
	}
}

// within says that path is below top and nothing between them is ignored.
func within(top, path string) bool {
	rest, ok := strings.CutPrefix(path, top+string(filepath.Separator))
	if !ok {
		return false
	}
	for part := range strings.SplitSeq(filepath.Dir(rest), string(filepath.Separator)) {
		if part != "." && ignored(part) {
			return false
		}
	}
	return true
}

// names are all names.
func (w *Watcher) names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for _, m := range []map[string]map[string]bool{w.files, w.folders, w.lists} {
		for _, of := range m {
			for name := range of {
				names = append(names, name)
			}
		}
	}
	return names
}

// edit is a change that waits for a pause.
type edit struct{ first, due time.Time }

// runner is the state of one Run.
type runner struct {
	pending map[string]*edit
	busy    map[string]bool // names that changed is called for
	done    chan string
	timer   *time.Timer
	changed func(string)
}

// note makes the names due after a pause.
func (r *runner) note(names []string) {
	if len(names) == 0 {
		return
	}
	now := time.Now()
	for _, name := range names {
		e := r.pending[name]
		if e == nil {
			e = &edit{first: now}
			r.pending[name] = e
		}
		e.due = now.Add(pause)
		if most := e.first.Add(patience); e.due.After(most) {
			e.due = most
		}
	}
	r.arm(now)
}

// arm sets the timer for what is due next.
func (r *runner) arm(now time.Time) {
	wait := time.Hour
	for name, e := range r.pending {
		if !r.busy[name] {
			wait = min(wait, e.due.Sub(now))
		}
	}
	r.timer.Reset(max(wait, 0))
}

// start calls changed for what is due; what is busy is called again later.
func (r *runner) start(now time.Time) {
	for name, e := range r.pending {
		if r.busy[name] || e.due.After(now) {
			continue
		}
		delete(r.pending, name)
		r.busy[name] = true
		go func() {
			defer func() { r.done <- name }()
			r.changed(name)
		}()
	}
	r.arm(now)
}

// wait returns when no call is under way.
func (r *runner) wait() {
	for range r.busy {
		<-r.done
	}
}
