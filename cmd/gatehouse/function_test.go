package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// invoking is a definition whose GET path invokes a function.
func invoking(path, function string) string {
	return "  " + path + `:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:` + function + `/invocations
`
}

// folder has files: names and texts in turn.
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestBrokenFunctions: a function that can't run costs its callers an error,
// and the log says what is wrong with it.
func TestBrokenFunctions(t *testing.T) {
	t.Parallel()
	functions, err := json.Marshal(map[string]any{"functions": map[string]any{
		"unbuildable": map[string]any{"runtime": "go", "code": folder(t, "go.mod", "module f\n", "main.go", "package main\n\nfunc main() { nonsense }\n"), "timeout": 20},
		"unstartable": map[string]any{"runtime": "provided.al2023", "code": folder(t, "bootstrap", "#!/no/such/interpreter\n")},
		"dying":       map[string]any{"runtime": "provided.al2023", "code": folder(t, "bootstrap", "#!/bin/sh\necho last words >&2\nexit 3\n")},
		"sleeping":    map[string]any{"runtime": "provided.al2023", "code": folder(t, "bootstrap", "#!/bin/sh\nsleep 60\n"), "timeout": 1},
		"refusing":    map[string]any{"endpoint": "http://" + deadAddress(t)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		path, function string
		status         int
		logged         string // part of the log
	}{
		{"/a", "nobody", 500, "nobody"},
		{"/b", "unbuildable", 500, "main.go:3"},
		{"/c", "unstartable", 502, "no such file"},
		{"/d", "dying", 502, "last words"},
		{"/e", "sleeping", 502, "sleeping"},
		{"/f", "refusing", 504, "refused"},
	}
	var paths strings.Builder
	for _, c := range cases {
		paths.WriteString(invoking(c.path, c.function))
	}
	file := apiFile(t, paths.String()+greeting("hi"))
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", string(functions)), file)
	api := s.api(file)
	const missing = "every call will be answered 500 until functions in the configuration has it"
	if n := strings.Count(s.log.String(), missing); n != 1 {
		t.Errorf("%d warnings of the missing function", n)
	}
	for _, c := range cases {
		t.Run(c.function, func(t *testing.T) {
			a := call(t, "GET", s.invoke+"/_aws/execute-api/"+api+"/dev"+c.path, "", "")
			if a.status != c.status || !strings.Contains(a.body, "message") {
				t.Errorf("%v, want %d", a, c.status)
			}
			eventually(t, "the log says "+c.logged, func() bool { return strings.Contains(s.log.String(), c.logged) })
		})
	}
	s.greets(api, "dev", "hi")
}

// TestMissingCode: a function whose folder isn't there is told at the start.
func TestMissingCode(t *testing.T) {
	t.Parallel()
	s := newServer(t, "--config", write(t, "gatehouse.yaml", "functions: {f: {runtime: go, code: nowhere}}\n"))
	err := s.launch()
	if err == nil {
		s.kill()
		t.Fatal("it started")
	}
	if !strings.Contains(err.Error(), "function f") || !strings.Contains(err.Error(), "nowhere") {
		t.Error(err)
	}
}
