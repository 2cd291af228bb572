package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/watch"
)

// What is watched is named by its kind, a blank, and its name.
const (
	watchDefinition    = "definition"
	watchDefinitions   = "definitions" // a folder of them
	watchFunction      = "function"
	watchConfiguration = "configuration"
)

// storeRetry is how soon an edit that the store didn't take is tried again.
const storeRetry = time.Second

// reloader takes up edits of what the command line and the configuration name
// while it is served.
type reloader struct {
	p       *program
	watcher *watch.Watcher
	end     context.CancelFunc
	running sync.WaitGroup

	mu            sync.Mutex                   // guards what follows
	live          map[string]*apigw.Definition // by file
	texts         map[string][]byte            // of files in folders, as they were taken up or refused
	refused       map[string]bool              // files and functions whose latest edit isn't served
	configuration []byte                       // as it was read at the start, or told of last
}

// newReloader watches the definitions and, for the functions of the
// configuration, their code. What can't be watched is told, and served as it
// is.
func newReloader(p *program, definitions []definition) (*reloader, error) {
	w, err := watch.New()
	if err != nil {
		return nil, err
	}
	r := &reloader{p: p, watcher: w, live: map[string]*apigw.Definition{}, texts: map[string][]byte{}, refused: map[string]bool{}}
	for _, d := range definitions {
		if r.folderOf(d.file) != "" {
			r.texts[d.file] = d.text
			continue
		}
		r.told(w.File(watchDefinition+" "+d.file, d.file))
	}
	for _, folder := range p.folders {
		r.told(w.List(watchDefinitions+" "+folder, folder))
	}
	if file := p.config.File; file != "" {
		r.configuration, _ = os.ReadFile(file)
		r.told(w.File(watchConfiguration+" "+file, file))
	}
	r.watchFunctions()
	return r, nil
}

// watchFunctions watches the code of local functions. It is called again when
// more is known of what they are made from. It may be called on nil.
func (r *reloader) watchFunctions() {
	if r == nil {
		return
	}
	for name := range r.p.config.Functions {
		for _, folder := range r.p.parts.functions.Sources(name) {
			r.told(r.watcher.Folder(watchFunction+" "+name, folder))
		}
	}
}

func (r *reloader) told(err error) {
	if err != nil && !errors.Is(err, watch.ErrClosed) {
		r.p.log.Warn("edits won't be noticed", "error", err)
	}
}

// start begins to take up edits, also those made since the files were read.
func (r *reloader) start(definitions []definition) {
	ctx, cancel := context.WithCancel(context.Background())
	r.end = cancel
	r.running.Go(func() {
		for _, folder := range r.p.folders {
			r.folder(ctx, folder)
		}
		for _, d := range definitions {
			if r.folderOf(d.file) != "" && r.live[d.file] != nil {
				continue
			}
			if text, err := os.ReadFile(d.file); r.live[d.file] == nil || err != nil || !bytes.Equal(text, d.text) {
				r.definition(ctx, d.file)
			}
		}
		r.watcher.Run(ctx, func(name string) { r.changed(ctx, name) })
	})
}

// stop ends it and waits for what it is at. It may be called on nil.
func (r *reloader) stop() {
	if r == nil {
		return
	}
	if r.end != nil {
		r.end()
	}
	r.watcher.Close()
	r.running.Wait()
}

func (r *reloader) changed(ctx context.Context, name string) {
	kind, name, _ := strings.Cut(name, " ")
	switch kind {
	case watchDefinition:
		r.definition(ctx, name)
	case watchDefinitions:
		r.folder(ctx, name)
	case watchFunction:
		r.function(ctx, name)
	case watchConfiguration:
		r.configured(name)
	}
}

// definition takes up an edited definition, or says why it can't be served.
func (r *reloader) definition(ctx context.Context, file string) {
	began, waiting := time.Now(), false
	for {
		d, err := r.p.reader.read(file)
		if err == nil {
			var s *served
			if s, err = r.p.put(ctx, d); err == nil {
				r.show(s, time.Since(began))
				r.p.parts.prepare(ctx, s.def, r.watchFunctions)
				return
			}
		}
		if ctx.Err() != nil {
			return
		}
		if apigw.KindOf(err) != apigw.Unavailable {
			r.refuse(file, err)
			return
		}
		if !waiting {
			waiting = true
			r.p.log.Error("the definition can't be stored now; trying again", "definition", file, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(storeRetry):
		}
	}
}

// refuse says why an edit isn't served.
func (r *reloader) refuse(file string, err error) {
	r.mu.Lock()
	r.refused[file] = true
	r.mu.Unlock()
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("the file is gone")
	}
	r.p.screen.refused("definition", file, problemLines(file, err))
}

// problemLines are the lines of an error, each with its file.
func problemLines(file string, err error) []string {
	var lines []string
	for line := range strings.Lines(err.Error()) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), file+": "))
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// show tells what an edit changed. An edit that changes nothing is told only
// when the one before was refused.
func (r *reloader) show(s *served, took time.Duration) {
	r.mu.Lock()
	before, refused := r.live[s.file], r.refused[s.file]
	r.live[s.file] = s.def
	delete(r.refused, s.file)
	r.mu.Unlock()
	switch {
	case before == nil, before.ID() != s.def.ID(): // the store was away at the start; an API of the other kind now
		r.p.screen.announce(s)
		return
	case !s.changed && !refused:
		return
	}
	r.p.screen.reloaded("definition", s.file, took, changes(before, s.def))
}

// changes lists the methods or routes that differ: "+ GET /pets" came,
// "- GET /pets" went, "~ GET /pets" changed.
func changes(before, after *apigw.Definition) []string {
	old, now := offers(before), offers(after)
	var list []string
	for _, place := range slices.Sorted(maps.Keys(now)) {
		switch m, ok := old[place]; {
		case !ok:
			list = append(list, "+ "+place)
		case !reflect.DeepEqual(m, now[place]):
			list = append(list, "~ "+place)
		}
	}
	for _, place := range slices.Sorted(maps.Keys(old)) {
		if _, ok := now[place]; !ok {
			list = append(list, "- "+place)
		}
	}
	return list
}

// offered is a method or a route, and what it calls, as far as an edit may
// change them: the identifiers of what it calls aren't of the file.
type offered struct {
	Method      *apigw.Method
	Route       *apigw.Route
	Integration *apigw.RouteIntegration
	Authorizer  *apigw.RouteAuthorizer
}

// offers are the methods or routes of an API.
func offers(def *apigw.Definition) map[string]offered {
	list := map[string]offered{}
	for _, r := range def.Resources {
		for verb, m := range r.Methods {
			list[string(verb)+" "+r.Path] = offered{Method: m}
		}
	}
	for _, r := range def.Routes {
		o := offered{Route: new(apigw.Route)}
		*o.Route = *r
		o.Route.ID, o.Route.Target, o.Route.AuthorizerID = "", "", ""
		if i := def.RouteIntegrations[r.Target]; i != nil {
			o.Integration = new(apigw.RouteIntegration)
			*o.Integration = *i
			o.Integration.ID = ""
		}
		if a := def.RouteAuthorizers[r.AuthorizerID]; a != nil {
			o.Authorizer = new(apigw.RouteAuthorizer)
			*o.Authorizer = *a
			o.Authorizer.ID = ""
		}
		list[r.Key] = o
	}
	return list
}

// function takes up a function's edited code, or says why it can't run.
func (r *reloader) function(ctx context.Context, name string) {
	began := time.Now()
	changed, err := r.p.parts.functions.Changed(ctx, name)
	if ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	refused := r.refused[name]
	r.refused[name] = err != nil
	r.mu.Unlock()
	r.watchFunctions()
	switch {
	case err != nil:
		text := strings.TrimPrefix(err.Error(), "function "+name+": ")
		r.p.screen.refused("function", name, strings.Split(text, "; "))
	case changed || refused:
		r.p.screen.reloaded("function", name, time.Since(began), nil)
	}
}

// configured tells that the configuration isn't what was read at the start.
func (r *reloader) configured(file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return // gone, or about to be replaced
	}
	r.mu.Lock()
	same := bytes.Equal(text, r.configuration)
	r.configuration = text
	r.mu.Unlock()
	if !same {
		r.p.log.Warn("the configuration was edited: restart to use it", "file", shorten(file))
	}
}

// shorten writes a path as short as it can be read from here.
func shorten(path string) string {
	here, err := os.Getwd()
	if err != nil {
		return path
	}
	short, err := filepath.Rel(here, path)
	if err != nil || len(short) > len(path) {
		return path
	}
	return short
}

// watchEdits begins to watch what was given on the command line; edits are
// taken up after startReload.
func (p *program) watchEdits(definitions []definition) {
	if !p.watch || len(definitions) == 0 && len(p.folders) == 0 || p.reload != nil {
		return
	}
	r, err := newReloader(p, definitions)
	if err != nil {
		p.watch = false
		p.log.Warn("edits won't be noticed", "error", fmt.Errorf("watch files: %w", err))
		return
	}
	p.reload = r
}

// startReload takes up edits from now on.
func (p *program) startReload(definitions []definition) {
	p.watchEdits(definitions)
	r := p.reload
	if r == nil {
		return
	}
	p.mu.Lock()
	for _, s := range p.deployed {
		r.live[s.file] = s.def
	}
	p.mu.Unlock()
	r.start(definitions)
}
