package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// servicePort is where a service answers with its name and what it was asked for.
func servicePort(t *testing.T, name string) string {
	t.Helper()
	b := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, name, " ", r.Host, " ", r.URL.Path) }))
	t.Cleanup(b.Close)
	_, port, err := net.SplitHostPort(b.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestPrivateServicesFromFiles: load balancers, a registered service, links and
// APIs over them from files alone.
func TestPrivateServicesFromFiles(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "examples", "private-services")
	text, err := os.ReadFile(filepath.Join(folder, "gatehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	ports := strings.NewReplacer("9001", servicePort(t, "orders"), "9002", servicePort(t, "users"))
	rest, web := filepath.Join(folder, "openapi.yaml"), filepath.Join(folder, "http.yaml")
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", ports.Replace(string(text))), rest, web)
	front := s.api(web) + ".execute-api.localhost"
	for _, c := range []struct{ host, path, want string }{
		{s.api(rest) + ".execute-api.localhost", "/dev/orders/7", "orders orders.internal /orders/7"},
		{front, "/orders/7", "orders " + front + " /orders/7"},
		{front, "/users/7", "users " + front + " /users/7"},
		{front, "/else", "nothing here"},
		{front, "/web", "users " + front + " /web"},
	} {
		if a := call(t, "GET", s.invoke+c.path, c.host, ""); a.body != c.want {
			t.Errorf("%s: %v, not %s", c.path, a, c.want)
		}
	}
}

// TestPrivateServicesExample runs examples/private-services with the AWS CLI: an
// Application Load Balancer with rules by path, a Network Load Balancer, and a
// registered service by attributes (sheet "private networking", 5 to 8).
func TestPrivateServicesExample(t *testing.T) {
	t.Parallel()
	need(t, "aws", "sh")
	s := serveWith(t)
	cmd := exec.CommandContext(t.Context(), "sh", filepath.Join("..", "..", "examples", "private-services", "setup.sh"))
	cmd.Env = append(s.clientEnv(), "ORDERS="+servicePort(t, "orders"), "USERS="+servicePort(t, "users"))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("setup.sh: %v\n%s", err, out)
	}
	hosts := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		hosts[name] = id + ".execute-api.localhost"
	}
	for at, want := range map[string]string{
		"alb /orders/1": "orders " + hosts["alb"] + " /orders/1",
		"alb /users/2":  "users " + hosts["alb"] + " /users/2",
		"alb /else":     "nothing here",
		"nlb /prod":     "orders orders.internal /orders",
		"map /users/3":  "users " + hosts["map"] + " /users/3",
	} {
		name, path, _ := strings.Cut(at, " ")
		if a := call(t, "GET", s.invoke+path, hosts[name], ""); a.body != want {
			t.Errorf("%s: %v, not %s", at, a, want)
		}
	}
}
