package main

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFolderOfOddFiles: what is no file to be read, or too large, is passed over
// and told, is waited for by nobody, and leaves what was served before.
func TestFolderOfOddFiles(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	a, pipe := filepath.Join(folder, "a.yaml"), filepath.Join(folder, "pipe.yaml")
	replaceFile(t, a, apiHead+mockPath("/x", "a"))
	replaceFile(t, filepath.Join(folder, "large.json"), strings.Repeat(" ", maxDefinition+1))
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, folder)
	s.start()
	t.Cleanup(s.kill)
	url := s.invoke + "/_aws/execute-api/" + s.api(a) + "/dev/x"
	for _, want := range []string{"pipe.yaml is no file", "large.json: more than 6291456 bytes"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("nothing says %s", want)
		}
	}
	refused := func() int { return len(s.records("an edit isn't served; what was served before goes on")) }
	if err := os.Rename(pipe, a); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a pipe is told", func() bool { return refused() == 1 })
	replaceFile(t, a, apiHead+mockPath("/x", "b")+"#"+strings.Repeat(" ", maxDefinition))
	if got := call(t, "GET", url, "", ""); got.body != "a" {
		t.Errorf("%+v", got)
	}
	liveIn(t, url, "c", func() { replaceFile(t, a, apiHead+mockPath("/x", "c")) })
	if code := s.terminate(); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}
