package lambda

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// inputs names all that an executable was made from, as far as it can change
// under us: packages out of the module cache are fixed by go.sum.
type inputs struct {
	GoVersion string   `json:"goVersion"`
	Platform  string   `json:"platform"`
	Folders   []string `json:"folders"` // every file right in them counts
	Files     []string `json:"files"`   // go.mod, go.sum, go.work
	Key       string   `json:"key"`     // of the executable made from them
}

// goPackage is what `go list -json` tells of a package.
type goPackage struct {
	Name       string
	ImportPath string
	Dir        string
	Standard   bool
	DepOnly    bool
	EmbedFiles []string
	Module     *goModule
}

type goModule struct {
	Version string
	Replace *goModule
}

// fixed reports whether the package comes out of the module cache.
func (p *goPackage) fixed() bool {
	m := p.Module
	if m != nil && m.Replace != nil {
		m = m.Replace
	}
	return p.Standard || m != nil && m.Version != ""
}

// inputs asks the go command what the folder's main package is made from.
func (t *goTool) inputs(ctx context.Context) (*inputs, error) {
	out, err := t.run(ctx, "list", "-e", "-deps", "-json=Name,ImportPath,Dir,Standard,DepOnly,EmbedFiles,Module", ".")
	if err != nil {
		return nil, err
	}
	in := &inputs{GoVersion: t.version, Platform: platform()}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading go list: %w", err)
		}
		if !p.DepOnly && p.Name != "" && p.Name != "main" {
			return nil, fmt.Errorf("the folder holds package %s, not a main package", p.Name)
		}
		if p.fixed() || p.Dir == "" {
			continue
		}
		in.Folders = append(in.Folders, p.Dir)
		for _, name := range p.EmbedFiles {
			in.Folders = append(in.Folders, filepath.Dir(filepath.Join(p.Dir, name)))
		}
	}
	slices.Sort(in.Folders)
	in.Folders = slices.Compact(in.Folders)
	for _, f := range []string{t.mod, t.work} {
		if f != "" {
			in.Files = append(in.Files, f, strings.TrimSuffix(strings.TrimSuffix(f, ".mod"), ".work")+sumOf(f))
		}
	}
	return in, nil
}

// sumOf is the ending of the checksum file beside a go.mod or go.work.
func sumOf(file string) string {
	if strings.HasSuffix(file, ".work") {
		return ".work.sum"
	}
	return ".sum"
}

// platform is what the go command builds for when nothing else is asked.
func platform() string {
	s := runtime.GOOS + "/" + runtime.GOARCH
	for _, name := range []string{"GOOS", "GOARCH", "GOFLAGS", "CGO_ENABLED", "GOEXPERIMENT"} {
		s += " " + name + "=" + os.Getenv(name)
	}
	return s
}

// key hashes the contents of all inputs.
func (in *inputs) key() (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", in.GoVersion, in.Platform)
	for _, dir := range in.Folders {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "folder %s\n", dir)
		for _, e := range entries {
			if e.Type().IsRegular() && !strings.HasSuffix(e.Name(), "_test.go") && !strings.HasPrefix(e.Name(), ".") {
				if err := hashFile(h, filepath.Join(dir, e.Name())); err != nil {
					return "", err
				}
			}
		}
	}
	for _, f := range in.Files {
		if err := hashFile(h, f); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

func hashFile(w io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s %x\n", filepath.Base(path), sum.Sum(nil))
	return nil
}

// cached returns the executable that was built last for the folder, if
// nothing it was made from has changed since; else "". It runs the go command
// only to ask for its version, and does without where there is none.
func (c *goCode) cached(ctx context.Context) string {
	data, err := os.ReadFile(c.note())
	if err != nil {
		return ""
	}
	var in inputs
	if json.Unmarshal(data, &in) != nil || in.Platform != platform() {
		return ""
	}
	if tool, err := findGo(ctx, c.dir); err == nil {
		in.GoVersion = tool.version
	} else if !errors.Is(err, errNoGo) {
		return ""
	}
	if key, err := in.key(); err != nil || key != in.Key {
		return ""
	}
	c.madeFrom(&in)
	path := c.executable(in.Key)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// remember notes what the executable under key was made from, and removes the
// one it replaces.
func (c *goCode) remember(in *inputs, key string) error {
	in.Key = key
	var old inputs
	if data, err := os.ReadFile(c.note()); err == nil {
		_ = json.Unmarshal(data, &old) // a damaged note is replaced
	}
	data, err := json.Marshal(in)
	if err != nil {
		return err
	}
	temp := c.note() + ".new"
	if err := os.WriteFile(temp, data, 0o600); err != nil {
		return err
	}
	if err := os.Rename(temp, c.note()); err != nil {
		return err
	}
	if serving := c.built.Load(); serving != nil && *serving == c.executable(old.Key) {
		return nil // adopt removes it
	}
	if old.Key != key {
		c.forget(old.Key)
	}
	return nil
}

// forget removes an executable; at worst it stays.
func (c *goCode) forget(key string) {
	if key != "" && isWord(key, "") {
		os.RemoveAll(filepath.Join(c.cache, key))
	}
}

// note is the file that remembers the inputs of the folder's executable.
func (c *goCode) note() string {
	sum := sha256.Sum256([]byte(c.dir))
	return filepath.Join(c.cache, hex.EncodeToString(sum[:8])+".json")
}
