package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// proxyPath is a path of an HTTP API's definition that calls uri.
func proxyPath(path, uri string) string {
	return fmt.Sprintf(`  %s:
    get:
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: '%s', payloadFormatVersion: "1.0"}
`, path, uri)
}

const corsHead = "openapi: 3.0.1\ninfo: {title: web, version: \"1\"}\nx-amazon-apigateway-cors: {allowOrigins: ['*']}\npaths:\n"

// echoPath answers with the path that it was called with.
func echoPath(t *testing.T) string {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }))
	t.Cleanup(backend.Close)
	return backend.URL
}

// TestServeHTTP serves a document as an HTTP API because of its extensions,
// edits it, and serves it as a REST API, in whose place it then is one.
func TestServeHTTP(t *testing.T) {
	t.Parallel()
	backend := echoPath(t)
	file := write(t, "api.yaml", corsHead+proxyPath("/a", backend+"/one")+strings.NewReplacer("get:", "x-amazon-apigateway-any-method:\n      isDefaultRoute: true").Replace(proxyPath("/$default", backend)))
	s := serveWith(t, file)
	id := s.api(file)
	base := s.invoke + "/_aws/execute-api/" + id
	told := s.records("serving")[0]
	if told["kind"] != "http" || told["because"] != "x-amazon-apigateway-cors (line 3)" || told["stage"] != "$default" || fmt.Sprint(told["urls"]) != fmt.Sprintf("[http://%s.execute-api.localhost:%s %s]", id, s.invoke[strings.LastIndex(s.invoke, ":")+1:], base) || fmt.Sprint(told["routes"]) != "[ANY $default GET /a]" {
		t.Errorf("told: %v", told)
	}
	for path, want := range map[string]string{"/a": "/one", "/b/c": "/b/c"} {
		if got := call(t, "GET", base+path, "", ""); got.status != 200 || got.body != want {
			t.Errorf("%s: %+v, want %s", path, got, want)
		}
	}
	liveIn(t, base+"/a", "/two", func() {
		replaceFile(t, file, corsHead+proxyPath("/a", backend+"/two")+proxyPath("/new", backend+"/new"))
	})
	eventually(t, "the edit is told", func() bool {
		list := s.records("reloaded")
		return len(list) == 1 && fmt.Sprint(list[0]["changes"]) == "[~ GET /a + GET /new - $default]"
	})
	if got := call(t, "GET", base+"/b", "", ""); got.status != 404 || got.body != `{"message":"Not Found"}` {
		t.Errorf("a route that went: %+v", got)
	}
	overwrite(t, file, corsHead+"  /a:\n    get: {}\n")
	eventually(t, "an edit that can't be served is told", func() bool {
		list := s.records("an edit isn't served; what was served before goes on")
		return len(list) == 1 && strings.Contains(fmt.Sprint(list[0]["problems"]), "the route has no integration")
	})
	if got := call(t, "GET", base+"/a", "", ""); got.body != "/two" {
		t.Errorf("after an edit that can't be served: %+v", got)
	}
	overwrite(t, file, apiHead+mockPath("/a", "rest"))
	eventually(t, "it is a REST API", func() bool { return len(s.records("serving")) == 2 })
	if got := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(file)+"/dev/a", "", ""); got.body != "rest" {
		t.Errorf("as a REST API: %+v", got)
	}
	if got := call(t, "GET", base+"/a", "", ""); got.status != 404 {
		t.Errorf("the HTTP API that it was: %+v", got)
	}
}

// TestServeKind: --kind decides where a document doesn't, and --stage names
// the stage of either kind; a folder holds both kinds.
func TestServeKind(t *testing.T) {
	t.Parallel()
	backend := echoPath(t)
	plain := apiHead + proxyPath("/a", backend+"/plain")
	file := write(t, "api.yaml", plain)
	s := serveWith(t, "--kind", "http", "--stage", "prod", file)
	if got := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(file)+"/prod/a", "", ""); got.body != "/plain" || got.header.Get("apigw-requestid") == "" {
		t.Errorf("%+v", got)
	}
	folder := t.TempDir()
	rest, web := filepath.Join(folder, "rest.yaml"), filepath.Join(folder, "web.yaml")
	replaceFile(t, rest, plain)
	replaceFile(t, web, corsHead+proxyPath("/a", backend+"/web"))
	s = serveWith(t, folder)
	if got := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(rest)+"/dev/a", "", ""); got.body != "/plain" || got.header.Get("x-amzn-requestid") == "" {
		t.Errorf("a document that says nothing is a REST API's: %+v", got)
	}
	if got := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(web)+"/a", "", ""); got.body != "/web" {
		t.Errorf("%+v", got)
	}
}
