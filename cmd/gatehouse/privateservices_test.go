package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrivateServicesExample runs examples/private-services with the AWS CLI: an
// Application Load Balancer with rules by path, a Network Load Balancer, and a
// registered service by attributes (sheet "private networking", 5 to 8).
func TestPrivateServicesExample(t *testing.T) {
	t.Parallel()
	need(t, "aws", "sh")
	port := func(name string) string {
		b := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, name, " ", r.Host, " ", r.URL.Path) }))
		t.Cleanup(b.Close)
		_, port, err := net.SplitHostPort(b.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		return port
	}
	s := serveWith(t)
	cmd := exec.CommandContext(t.Context(), "sh", filepath.Join("..", "..", "examples", "private-services", "setup.sh"))
	cmd.Env = append(s.clientEnv(), "ORDERS="+port("orders"), "USERS="+port("users"))
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
