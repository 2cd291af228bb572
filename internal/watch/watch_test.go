package watch

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// watching runs a Watcher; the channel tells what changed.
func watching(t *testing.T) (*Watcher, <-chan string) {
	t.Helper()
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	names, ended := make(chan string, 100), make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(t.Context(), func(name string) { names <- name })
	}()
	t.Cleanup(func() {
		w.Close()
		<-ended
	})
	return w, names
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, names <-chan string, want string) {
	t.Helper()
	select {
	case got := <-names:
		if got != want {
			t.Errorf("%q changed, want %q", got, want)
		}
	case <-time.After(10 * time.Second):
		t.Fatalf("nothing changed, want %q", want)
	}
}

func check(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	write(t, file, "1")
	link := filepath.Join(t.TempDir(), "link.yaml")
	check(t, os.Symlink(file, link))
	w, names := watching(t)
	check(t, w.File("a", file), w.File("b", other))

	write(t, file, "2")
	expect(t, names, "a")
	write(t, filepath.Join(dir, "new"), "3") // as editors do
	check(t, os.Rename(filepath.Join(dir, "new"), file))
	expect(t, names, "a")
	check(t, os.Remove(file))
	expect(t, names, "a")
	write(t, file, "4")
	expect(t, names, "a")
	write(t, other, "1")
	expect(t, names, "b")

	check(t, w.File("link", link))
	write(t, file, "5")
	got := map[string]bool{<-names: true, <-names: true}
	if !got["a"] || !got["link"] {
		t.Errorf("changed are %v", got)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "sub", "index.js"), "1")
	write(t, filepath.Join(dir, "node_modules", "x", "index.js"), "1")
	w, names := watching(t)
	check(t, w.Folder("f", dir))

	write(t, filepath.Join(dir, "sub", "index.js"), "2")
	expect(t, names, "f")
	write(t, filepath.Join(dir, "node_modules", "x", "index.js"), "2")
	write(t, filepath.Join(dir, ".git", "index"), "2")
	write(t, filepath.Join(dir, "sub", ".index.js.swp"), "2")
	write(t, filepath.Join(dir, "sub", "index.js~"), "2")
	select {
	case name := <-names:
		t.Errorf("%q changed by what isn't edited", name)
	case <-time.After(3 * patience):
	}
	check(t, os.MkdirAll(filepath.Join(dir, "deep", "er"), 0o755))
	expect(t, names, "f")
	write(t, filepath.Join(dir, "deep", "er", "index.js"), "1")
	expect(t, names, "f")
	check(t, os.RemoveAll(filepath.Join(dir, "deep")))
	expect(t, names, "f")
}

// TestOneCallAtATime edits a file while its change is being handled.
func TestOneCallAtATime(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a")
	w, err := New()
	check(t, err)
	check(t, w.File("a", file))
	calls, proceed, ended := make(chan int, 10), make(chan struct{}), make(chan struct{})
	running := 0
	go func() {
		defer close(ended)
		w.Run(t.Context(), func(string) {
			running++ // races when calls overlap
			calls <- running
			<-proceed
			running--
		})
	}()
	write(t, file, "1")
	<-calls
	write(t, file, "2")
	proceed <- struct{}{}
	if n := <-calls; n != 1 {
		t.Errorf("%d calls at once", n)
	}
	check(t, w.Close())
	close(proceed)
	<-ended
}

// TestList: what is directly in a folder, and nothing below it.
func TestList(t *testing.T) {
	w, names := watching(t)
	folder := t.TempDir()
	write(t, filepath.Join(folder, "below", "x.yaml"), "1")
	check(t, w.List("list", folder))
	write(t, filepath.Join(folder, "a.yaml"), "1")
	expect(t, names, "list")
	check(t, os.Remove(filepath.Join(folder, "a.yaml")))
	expect(t, names, "list")
	write(t, filepath.Join(folder, "below", "x.yaml"), "2")
	write(t, filepath.Join(folder, "b.yaml"), "1")
	expect(t, names, "list")
	select {
	case name := <-names:
		t.Errorf("%q changed for what is below", name)
	case <-time.After(3 * patience):
	}
}
