package lambda

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// javaCode is testdata/java, compiled once for all tests: classes at the top,
// the library's interfaces in lib.
var javaCode = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "javafunction-")
	if err != nil {
		return "", err
	}
	sources := func(folder string) (list []string) {
		_ = filepath.WalkDir(filepath.Join("testdata", "java", folder), func(path string, _ os.DirEntry, _ error) error {
			if strings.HasSuffix(path, ".java") {
				list = append(list, path)
			}
			return nil
		})
		return list
	}
	javaFolder = dir
	core := filepath.Join(dir, "core")
	for _, args := range [][]string{
		append([]string{"javac", "-d", core}, sources("core")...),
		append([]string{"javac", "-d", dir, "-cp", core}, sources("src")...),
		{"jar", "cf", filepath.Join(dir, "lib", "core.jar"), "-C", core, "."},
	} {
		_ = os.MkdirAll(filepath.Join(dir, "lib"), 0o755)
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", &Error{Message: string(out), Cause: err}
		}
	}
	return dir, os.RemoveAll(core)
})

// javaFolder is javaCode's folder; empty until that was asked for.
var javaFolder string

// javaHost is a host of the function "raw".
func javaHost(t *testing.T, handler string) (*Functions, *logBuffer) {
	t.Helper()
	need(t, "javac")
	need(t, "jar")
	code, err := javaCode()
	if err != nil {
		t.Fatal(err)
	}
	cfg, logs := testConfig(t, map[string]Function{"raw": {Runtime: "java17", Code: code, Handler: handler, Timeout: 60 * time.Second, Memory: 256}})
	cfg.CacheDir = filepath.Join(code, "cache") // compiled once
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Close()
		if t.Failed() {
			t.Log(logs.String())
		}
	})
	return f, logs
}

func TestJava(t *testing.T) {
	cases := []struct {
		name, handler string
		events        []string // events and answers in turn
		logged        string
	}{
		{"text", "Handlers::text", []string{`"grün 🏠"`, `"got grün 🏠"`, `"a\"b\u0041"`, `"got a\"bA"`, `7`, `"got 7"`}, ""},
		{"map", "Handlers::map", []string{`{"a":[1,2.5,true,null,{"b":"c"}],"z":12345678901}`, `{"a":[1,2.5,true,null,{"b":"c"}],"z":12345678901}`}, ""},
		{"static, no parameter", "Handlers::nothing", []string{`{}`, `null`}, ""},
		{"object", "Handlers::order", []string{`{"name":"n","COUNT":2,"items":[{"id":"i","price":1.5,"more":1}],"kind":"NEW","unknown":{}}`,
			`{"name":"n","count":3,"items":[{"id":"i","price":3.0}],"kind":"NEW"}`}, ""},
		{"streams", "Handlers::stream", []string{`{"a":1}`, `<{"a":1}>`}, ""},
		{"printing", "Handlers::print", []string{`{}`, `"printed"`}, `msg="and an error"`},
		{"RequestHandler", "shop.Api", []string{`{"httpMethod":"GET","pathParameters":{"id":"7"},"isBase64Encoded":false}`,
			`{"statusCode":200,"headers":null,"body":"GET 7 raw true 256 {k=v}","isBase64Encoded":false}`}, `msg="serving GET"`},
		{"RequestHandler by its method", "shop.Api::handleRequest", []string{`{"httpMethod":"PUT","pathParameters":{"id":"8"}}`,
			`{"statusCode":200,"headers":null,"body":"PUT 8 raw true 256 {k=v}","isBase64Encoded":null}`}, ""},
		{"RequestStreamHandler", "shop.Upper", []string{`{"a":"b"}`, `{"A":"B"}`}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, logs := javaHost(t, c.handler)
			for pair := range slices.Chunk(c.events, 2) {
				if r := invoke(t, f, pair[0]); string(r.Payload) != pair[1] || r.FunctionError != "" {
					t.Errorf("%s: %q %s, want %s", pair[0], r.FunctionError, r.Payload, pair[1])
				}
			}
			within(t, c.logged, func() bool { return strings.Contains(logs.String(), c.logged) })
		})
	}
}

// TestJavaErrors: types and words as AWS's runtime client for Java has them,
// where it is documented.
func TestJavaErrors(t *testing.T) {
	cases := []struct{ name, handler, event, errorType, message, frame string }{
		{"thrown", "Handlers::fail", `{}`, "java.lang.IllegalArgumentException", "as told", "Handlers.fail(Handlers.java:"},
		{"with a cause", "Handlers::fail", `{"cause":1}`, "java.lang.IllegalStateException", "outer", "Handlers.fail(Handlers.java:"},
		{"exit", "Handlers::fail", `{"exit":1}`, "Runtime.ExitError", "exit status 3", ""},
		{"an object for a text", "Handlers::text", `{}`, "java.lang.IllegalArgumentException", "Cannot deserialize value of type `java.lang.String` from Object value", ""},
		{"no such class", "shop.Nobody", `{}`, "java.lang.ClassNotFoundException", "Class not found: shop.Nobody", ""},
		{"no such method", "Handlers::nobody", `{}`, "java.lang.NoSuchMethodException", "No public method named nobody", ""},
		{"no method", "Handlers", `{}`, "java.lang.IllegalArgumentException", "No method was named", ""},
		{"thrown while it was loaded", "Handlers$Broken::handle", `{}`, "java.lang.IllegalStateException", "no database", "Handlers$Broken.<clinit>"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, _ := javaHost(t, c.handler)
			got := reported(t, invoke(t, f, c.event))
			if got[0] != c.errorType || !strings.Contains(got[1], c.message) || !strings.Contains(got[2], c.frame) {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestJavaReuse: a process serves many events; its compiled bootstrap many
// processes.
func TestJavaReuse(t *testing.T) {
	f, _ := javaHost(t, "Handlers::pid")
	first := string(invoke(t, f, `{}`).Payload)
	if again := string(invoke(t, f, `{}`).Payload); again != first {
		t.Errorf("process %s, then %s", first, again)
	}
	for _, i := range f.interpreters {
		info, err := os.Stat(filepath.Join(i.compiledFolder(), javaMain+".class"))
		if err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

func TestJavaVersion(t *testing.T) {
	cases := []struct{ name, printed, want string }{
		{"OpenJDK", "openjdk 17.0.15 2025-04-15\nOpenJDK Runtime Environment (build 17.0.15+6)\nOpenJDK 64-Bit Server VM", "17.0.15"},
		{"Oracle", "java 21 2023-09-19 LTS\nJava(TM) SE Runtime Environment", "21"},
		{"nothing", "", ""},
	}
	for _, c := range cases {
		if got, path, ok := javaVersion(os.Args[0], c.printed); got != c.want || ok != (c.want != "") || ok && path == "" {
			t.Errorf("%s: %q, %q, %v", c.name, got, path, ok)
		}
	}
	for version, want := range map[string]bool{"17.0.15": true, "17": true, "1.7": false, "171.0": false, "21.0.1": false} {
		if got := (&interpreter{version: "17"}).matches(version); got != want {
			t.Errorf("%s: %v", version, got)
		}
	}
}
