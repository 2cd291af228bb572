package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFolder serves a folder of definitions, edits it, and serves it again.
func TestFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	put := func(name, text string) string {
		file := filepath.Join(folder, name)
		replaceFile(t, file, text)
		return file
	}
	a := put("a.yaml", apiHead+mockPath("/x", "a"))
	b := put("b.json", `{"swagger": "2.0", "info": {"title": "test"}, "paths": {"/x": {"get": {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "http://127.0.0.1:9"}}}}}`)
	put("package.json", `{"name": "no definition"}`)
	put(".hidden.yaml", "openapi: broken")
	put("gatehouse.yaml", "region: eu-north-1\n")
	s := newServer(t, folder)
	s.start()
	t.Cleanup(s.kill)
	url := func(id string) string { return s.invoke + "/_aws/execute-api/" + id + "/dev/x" }
	idOfA := s.api(a)
	if got := call(t, "GET", url(idOfA), "", ""); got.body != "a" {
		t.Errorf("%+v", got)
	}
	if s.api(b) == idOfA || len(s.records("serving")) != 2 {
		t.Errorf("served: %v", s.records("serving"))
	}
	if !strings.Contains(s.log.String(), `are all called \"test\"`) {
		t.Error("nothing says that two APIs have one name")
	}

	liveIn(t, url(idOfA), "edited", func() { put("a.yaml", apiHead+mockPath("/x", "edited")) })
	c := put("c.yml", apiHead+mockPath("/x", "came"))
	if got := call(t, "GET", url(s.api(c)), "", ""); got.body != "came" {
		t.Errorf("a file that came: %+v", got)
	}
	put("c.yml", "openapi: 3.0.1\npaths: [")
	eventually(t, "a broken edit is told", func() bool { return len(s.records("an edit isn't served; what was served before goes on")) == 1 })
	if got := call(t, "GET", url(s.api(c)), "", ""); got.body != "came" {
		t.Errorf("a file with a broken edit: %+v", got)
	}

	if err := os.Remove(a); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what went isn't served", func() bool { return call(t, "GET", url(idOfA), "", "").status == 404 })
	liveIn(t, url(idOfA), "back", func() { put("a.yaml", apiHead+mockPath("/x", "back")) })

	if err := os.Remove(a); err != nil { // while nothing watches
		t.Fatal(err)
	}
	eventually(t, "it went again", func() bool { return call(t, "GET", url(idOfA), "", "").status == 404 })
	put("a.yaml", apiHead+mockPath("/x", "third"))
	liveIn(t, url(idOfA), "third", func() {})
	s.kill()
	for _, file := range []string{a, c} {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	s.start()
	if got := call(t, "GET", url(idOfA), "", ""); got.status != 404 {
		t.Errorf("what went while nothing watched is served: %+v", got)
	}
}

// TestFolderRefused: what can't be served of a folder is told by its files.
func TestFolderRefused(t *testing.T) {
	folder := t.TempDir()
	replaceFile(t, filepath.Join(folder, "a.yaml"), "openapi: 3.1.0\npaths: {}")
	replaceFile(t, filepath.Join(folder, "b.yaml"), "openapi: 3.0.1\nx-amazon-apigateway-cors: {}\nx-amazon-apigateway-policy: {}")
	s := newServer(t, folder)
	err := s.launch()
	for _, want := range []string{`a.yaml:1: OpenAPI "3.1.0" isn't accepted, as on AWS: write 3.0.3`, "b.yaml:2: /x-amazon-apigateway-cors: x-amazon-apigateway-cors belongs to HTTP APIs, but x-amazon-apigateway-policy on line 3 to REST APIs"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nhas no %s", err, want)
		}
	}
}
