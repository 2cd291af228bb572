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

// TestPrivateServicesFromFiles: a load balancer, a link and an API over it from
// files alone.
func TestPrivateServicesFromFiles(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "examples", "private-services")
	text, err := os.ReadFile(filepath.Join(folder, "gatehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	ports := strings.NewReplacer(":9001", ":"+servicePort(t, "orders"), ":9002", ":"+servicePort(t, "orders"))
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", ports.Replace(string(text))), filepath.Join(folder, "openapi.yaml"))
	apis, err := s.sdk().GetRestApis(t.Context(), nil)
	if err != nil || len(apis.Items) != 1 {
		t.Fatal(apis, err)
	}
	if a := call(t, "GET", s.invoke+"/dev/orders/7", *apis.Items[0].Id+".execute-api.localhost", ""); a.body != "orders orders.internal /orders/7" {
		t.Error(a)
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
