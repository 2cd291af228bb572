package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/openapi"
)

// maxDefinition is the largest definition that is read, in bytes; AWS's limit
// for an import is 6 MB.
const maxDefinition = 6 << 20

// maxInFolder bounds how many definitions a folder may hold.
const maxInFolder = 1000

// definition is a file that was given and what it defines: a REST API or an
// HTTP API.
type definition struct {
	file string
	kind openapi.Chosen
	rest *openapi.API     // nil: an HTTP API
	http *openapi.HTTPAPI // nil: a REST API
	text []byte           // that it was read from
}

// warnings are the import's.
func (d *definition) warnings() []string {
	if d.http != nil {
		return d.http.Warnings
	}
	return d.rest.Warnings
}

// info is what the definition says that its API has no use for.
func (d *definition) info() []string {
	if d.http != nil {
		return d.http.Info
	}
	return nil
}

// size says how much the definition defines.
func (d *definition) size() string {
	if d.http != nil {
		return fmt.Sprintf("%d routes", len(d.http.Definition.Routes))
	}
	return fmt.Sprintf("%d paths", len(d.rest.Paths))
}

// title is what the definition calls its API.
func (d *definition) title() string {
	if d.http != nil {
		return d.http.Definition.RouteAPI.Name
	}
	return d.rest.Name
}

// definitionReader reads definitions.
type definitionReader struct {
	scope apigw.Scope
	kind  openapi.Kind // empty: as each document says

	checks openapi.HTTPChecks
}

// kindFlag adds --kind to a command.
func kindFlag(flags *pflag.FlagSet, to *string) {
	flags.StringVar(to, "kind", "", "what the definitions are read as, rest or http (default: as each says by its extensions, else rest)")
}

func newDefinitionReader(scope apigw.Scope, kind string) (definitionReader, error) {
	switch k := openapi.Kind(strings.ToLower(kind)); k {
	case "", openapi.REST, openapi.HTTP:
		return definitionReader{scope, k, control.New(control.Options{}).ImportChecks()}, nil
	}
	return definitionReader{}, &usageError{fmt.Sprintf("kind %q: use rest or http", kind)}
}

// read reads one file.
func (r definitionReader) read(file string) (definition, error) {
	d := definition{file: file}
	info, err := os.Stat(file)
	if err != nil {
		return d, err
	}
	if info.Size() > maxDefinition {
		return d, fmt.Errorf("%s: %d bytes; a definition has at most %d", file, info.Size(), maxDefinition)
	}
	if d.text, err = readDefinition(file); err != nil {
		return d, err
	}
	o := openapi.Options{File: file, Scope: r.scope, Checks: r.checks}
	d.kind = openapi.Chosen{Kind: r.kind, Why: "--kind"}
	if r.kind == "" {
		if d.kind, err = openapi.Choose(d.text, o); err != nil {
			return d, err
		}
	}
	if d.kind.Kind == openapi.HTTP {
		d.http, err = openapi.ParseHTTP(d.text, o)
	} else {
		d.rest, err = openapi.Parse(d.text, o)
	}
	return d, err
}

// readDefinition reads a file, which may grow meanwhile, or be a pipe, no further
// than a definition goes.
func readDefinition(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxDefinition+1))
	switch {
	case err != nil:
		return nil, err
	case len(text) > maxDefinition:
		return nil, fmt.Errorf("%s: more than %d bytes; a definition has no more", file, maxDefinition)
	}
	return text, nil
}

// all reads every file and reports the problems of all of them.
func (r definitionReader) all(files []string) ([]definition, error) {
	var list []definition
	var problems []error
	for _, file := range files {
		d, err := r.read(file)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		list = append(list, d)
	}
	return list, errors.Join(problems...)
}

// given is what a command line names: files, and folders of definitions.
type given struct {
	files   []string // those of the folders, too; each once
	folders []string
	passed  []string // why files of the folders, which may be definitions, were passed over
}

// find looks up what arguments name.
func find(arguments []string) (given, error) {
	var g given
	seen := map[string]string{}
	add := func(file string) {
		path := file
		if absolute, err := filepath.Abs(file); err == nil {
			path = absolute
		}
		if seen[path] == "" {
			seen[path] = file
			g.files = append(g.files, file)
		}
	}
	for _, argument := range arguments {
		info, err := os.Stat(argument)
		if err != nil || !info.IsDir() {
			add(argument) // what it lacks is said when it is read
			continue
		}
		files, passed, err := inFolder(argument)
		if err != nil {
			return g, err
		}
		g.passed = append(g.passed, passed...)
		g.folders = append(g.folders, filepath.Clean(argument))
		for _, file := range files {
			add(file)
		}
	}
	return g, nil
}

// inFolder are the definitions directly in a folder, by name: its files that
// end in .yaml, .yml or .json and say at their root that they are Swagger or
// OpenAPI documents. The configuration and hidden files are none. passed says why
// nobody could tell of others.
func inFolder(folder string) (files, passed []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
		if !mayDefine(e.Name()) {
			continue
		}
		file := filepath.Join(folder, e.Name())
		text, err := readInFolder(file)
		switch {
		case err != nil:
			passed = append(passed, err.Error())
		case !openapi.IsDefinition(text):
		case len(files) == maxInFolder:
			return nil, nil, fmt.Errorf("%s: more than %d definitions in a folder", folder, maxInFolder)
		default:
			files = append(files, file)
		}
	}
	return files, passed, nil
}

func mayDefine(name string) bool {
	return name != config.FileName && !strings.HasPrefix(name, ".") &&
		slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(name))
}

// readInFolder reads a file that nobody named: only what is one, since a pipe of
// that name would be waited for.
func readInFolder(file string) ([]byte, error) {
	info, err := os.Stat(file)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file", file)
	}
	return readDefinition(file)
}

// isGone tells whether there is no such file any more.
func isGone(file string) bool {
	_, err := os.Stat(file)
	return errors.Is(err, fs.ErrNotExist)
}

// sameTitles says which files define APIs of one name, which AWS allows and
// which lists of APIs don't tell apart.
func sameTitles(list []definition) []string {
	files := map[string][]string{}
	for _, d := range list {
		files[d.title()] = append(files[d.title()], d.file)
	}
	var told []string
	for title, of := range files {
		if len(of) > 1 {
			told = append(told, fmt.Sprintf("the definitions %s are all called %q: only their IDs tell the APIs apart", strings.Join(of, ", "), title))
		}
	}
	slices.Sort(told)
	return told
}
