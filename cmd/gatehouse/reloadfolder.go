package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
)

// folderOf is the given folder that a file is in; empty: none.
func (r *reloader) folderOf(file string) string {
	if i := slices.Index(r.p.folders, filepath.Dir(file)); i >= 0 {
		return r.p.folders[i]
	}
	return ""
}

// folder takes up what came, changed and went in a folder of definitions.
func (r *reloader) folder(ctx context.Context, folder string) {
	files, _, err := inFolder(folder)
	if err != nil {
		r.p.screen.refused("folder", folder, problemLines(folder, err))
		return
	}
	for file := range r.known(folder) {
		switch {
		case slices.Contains(files, file):
		case isGone(file):
			r.gone(ctx, file)
		default: // no definition any more, which reading it says
			files = append(files, file)
		}
	}
	slices.Sort(files)
	for _, file := range files {
		text, err := readInFolder(file)
		if errors.Is(err, fs.ErrNotExist) || ctx.Err() != nil {
			continue // gone again: told by the next edit
		}
		r.mu.Lock()
		was, known := r.texts[file]
		r.texts[file] = text
		r.mu.Unlock()
		switch {
		case known && (was == nil) == (text == nil) && bytes.Equal(was, text):
		case err != nil:
			r.refuse(file, err)
		default:
			r.definition(ctx, file)
		}
	}
}

// known are the files of a folder that were taken up or refused.
func (r *reloader) known(folder string) map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	files := map[string]bool{}
	for file := range r.texts {
		if filepath.Dir(file) == folder {
			files[file] = true
		}
	}
	return files
}

// gone takes down what a file in a folder defined. Its API stays, so that it
// has the same ID and URL once the file is back.
func (r *reloader) gone(ctx context.Context, file string) {
	if err := r.p.withdraw(ctx, file); err != nil {
		if ctx.Err() == nil {
			r.refuse(file, err)
		}
		return
	}
	r.mu.Lock()
	served := r.live[file] != nil
	delete(r.texts, file)
	delete(r.live, file)
	delete(r.refused, file)
	r.mu.Unlock()
	if served {
		r.p.screen.withdrawn(file)
	}
}
