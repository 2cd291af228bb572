package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/explain"
)

// explainCommand runs gatehouse explain and returns what it prints.
func (s *server) explainCommand(args ...string) (stdout, stderr string) {
	s.t.Helper()
	cmd := command(append([]string{"explain", "--control", s.control}, args...)...)
	cmd.Env = append(cmd.Env, s.env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, _ := cmd.Output()
	return string(out), errs.String()
}

// TestExplainHeader asks for the decisions of single requests, as on a
// developer's machine.
func TestExplainHeader(t *testing.T) {
	t.Parallel()
	file := apiFile(t, mockPath("/a/{b}", "x")+`  /gone:
    get:
      x-amazon-apigateway-integration: {type: http_proxy, httpMethod: GET, uri: 'http://`+deadAddress(t)+`/'}
`)
	s := serveWith(t, file)
	base := s.invoke + "/_aws/execute-api/" + s.api(file) + "/dev"
	address := "address " + s.api(file) + "/dev; "
	for _, c := range []struct{ name, url, want string }{
		{"mock", base + "/a/1", regexp.QuoteMeta(address + "route GET /a/{b}; integration MOCK; request mapping template application/json; " +
			"response mapping integration response 200; response mapping template application/json")},
		{"no route", base + "/none", regexp.QuoteMeta(address + "route none; fault MISSING_AUTHENTICATION_TOKEN")},
		{"no stage", strings.TrimSuffix(base, "dev") + "prod/a", "address " + s.api(file)},
		{"no API", s.invoke + "/", "address none"},
		{"no backend", base + "/gone", regexp.QuoteMeta(address) + "route GET /gone; integration HTTP_PROXY .*; integration no answer; fault .*; integration took .* ms"},
	} {
		a := call(t, "GET", c.url, "", "", "x-gatehouse-explain", "1")
		if got := a.header.Get("x-gatehouse-explain"); !regexp.MustCompile("^" + c.want + "$").MatchString(got) {
			t.Errorf("%s: explained by %q, want %q", c.name, got, c.want)
		}
		id := a.header.Get("x-amzn-RequestId")
		if out, errs := s.explainCommand(id); !strings.Contains(out, "request "+id) {
			t.Errorf("%s: nothing is known of it later: %s", c.name, errs)
		}
	}
	for name, header := range map[string][]string{
		"not asked":      nil,
		"asked by proxy": {"x-gatehouse-explain", "1", "X-Forwarded-For", "198.51.100.1"},
	} {
		a := call(t, "GET", base+"/a/1", "", "", header...)
		if got := a.header.Get("x-gatehouse-explain"); got != "" && got != "1" {
			t.Errorf("%s: explained by %q", name, got)
		}
		if _, told := s.explainCommand(a.header.Get("x-amzn-RequestId")); !strings.Contains(told, "nothing is known of this request") {
			t.Errorf("%s: told is %q", name, told)
		}
	}
}

// TestExplainAll keeps the decisions of all requests, and tells them only to
// callers that may manage.
func TestExplainAll(t *testing.T) {
	t.Parallel()
	file := apiFile(t, mockPath("/a", "x"))
	s := serveWith(t, "--explain", file)
	a := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(file)+"/dev/a?token=secret", "", "")
	id := a.header.Get("x-amzn-RequestId")
	if a.header.Get("x-gatehouse-explain") != "" {
		t.Error("a request that didn't ask is answered with its decisions")
	}
	out, errs := s.explainCommand(id)
	if !strings.Contains(out, "route             GET /a") || strings.Contains(out, "secret") {
		t.Errorf("explained is %q, %q", out, errs)
	}
	out, _ = s.explainCommand("--json", id)
	var r explain.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.RequestID != id || r.Status != 200 || len(r.Steps) < 4 {
		t.Errorf("as JSON: %v, %s", err, out)
	}
	url := s.control + "/_gatehouse/explain/" + id
	for _, c := range []struct {
		name   string
		header []string
		status int
	}{
		{"no credentials", nil, http.StatusForbidden},
		{"a web page", []string{"Authorization", "x", "Origin", "http://evil.test"}, http.StatusForbidden},
		{"any credentials", []string{"Authorization", "x"}, http.StatusOK},
	} {
		if got := call(t, "GET", url, "", "", c.header...); got.status != c.status {
			t.Errorf("%s: %v, want status %d", c.name, got, c.status)
		}
	}
	if got := call(t, "POST", url, "", "", "Authorization", "x"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %v", got)
	}
	if got := call(t, "GET", url, "rebound.test", "", "Authorization", "x"); got.status != http.StatusForbidden {
		t.Errorf("another Host: %v", got)
	}
}

// TestExplainIdentities explains to identities alone, once they are
// configured.
func TestExplainIdentities(t *testing.T) {
	t.Parallel()
	config := write(t, "gatehouse.yaml", `identities:
  users:
    - {name: dev, accessKeys: [{id: AKIDEV, secret: opensesame}]}
`)
	file := apiFile(t, mockPath("/a", "x"))
	s := serveWith(t, "--config", config, "--explain", file)
	a := call(t, "GET", s.invoke+"/_aws/execute-api/"+s.api(file)+"/dev/a", "", "")
	id := a.header.Get("x-amzn-RequestId")
	for _, c := range []struct{ name, key, secret, want string }{
		{"a stranger", "AKIOTHER", "opensesame", "security token included in the request is invalid"},
		{"a wrong secret", "AKIDEV", "wrong", "signature we calculated does not match"},
		{"the user", "AKIDEV", "opensesame", "GET /a"},
	} {
		s.env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+c.key, "AWS_SECRET_ACCESS_KEY="+c.secret, "AWS_SESSION_TOKEN=")
		out, errs := s.explainCommand(id)
		if !strings.Contains(out+errs, c.want) {
			t.Errorf("%s: %q, %q", c.name, out, errs)
		}
		if c.name != "the user" && out != "" {
			t.Errorf("%s is told %q", c.name, out)
		}
	}
}

// TestRequestLines tells of each request in the form that was asked for.
func TestRequestLines(t *testing.T) {
	t.Parallel()
	file := apiFile(t, mockPath("/a", "x"))
	for _, c := range []struct {
		name  string
		flags []string
		want  string // regular expression; empty: no line
	}{
		{"json", []string{"--log-format", "json"}, `"msg":"request","requestId":"[0-9a-f-]{36}","method":"GET","path":"/dev/none","status":403,"ms":[0-9.]+,"fault":"MISSING_AUTHENTICATION_TOKEN"\}`},
		{"text", []string{"--log-format", "text"}, `(?m)^\d\d:\d\d:\d\d\.\d{3} GET     403 +[0-9.]+ ms  /dev/none  MISSING_AUTHENTICATION_TOKEN$`},
		{"quiet", []string{"--log-format", "json", "--quiet"}, ""},
		{"no terminal", nil, ""},
	} {
		s := serveWith(t, append(c.flags, file)...)
		host := regexp.MustCompile(`http://([a-z0-9]+)\.execute-api\.localhost`)
		eventually(t, "the API is announced", func() bool { return host.MatchString(s.log.String()) })
		url := s.invoke + "/_aws/execute-api/" + host.FindStringSubmatch(s.log.String())[1] + "/dev/"
		call(t, "GET", url+"none?token=secret", "", "")
		call(t, "GET", url+"a", "", "")
		if c.want != "" {
			eventually(t, c.name+" tells of the request", func() bool { return regexp.MustCompile(c.want).MatchString(s.log.String()) })
		} else if strings.Contains(s.log.String(), "/dev/none") {
			t.Errorf("%s: %s", c.name, s.log.String())
		}
		if strings.Contains(s.log.String(), "secret") {
			t.Errorf("%s: the query is shown", c.name)
		}
		s.kill()
	}
}
