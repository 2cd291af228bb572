package main

import (
	"encoding/json"
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
	apis := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, id, _ := strings.Cut(strings.TrimSpace(line), " ")
		apis[name] = id
	}
	s.leadsInside(apis)
	s.kill()
	s.restart()
	s.leadsInside(apis) // after kill -9
}

// leadsInside calls the APIs of the example's three architectures.
func (s *server) leadsInside(apis map[string]string) {
	s.t.Helper()
	host := func(name string) string { return apis[name] + ".execute-api.localhost" }
	for at, want := range map[string]string{
		"alb /orders/1": "orders " + host("alb") + " /orders/1",
		"alb /users/2":  "users " + host("alb") + " /users/2",
		"alb /else":     "nothing here",
		"nlb /prod":     "orders orders.internal /orders",
		"map /users/3":  "users " + host("map") + " /users/3",
	} {
		name, path, _ := strings.Cut(at, " ")
		if a := call(s.t, "GET", s.invoke+path, host(name), ""); a.body != want {
			s.t.Errorf("%s: %v, not %s", at, a, want)
		}
	}
}

// TestPrivateServicesByTerraform makes the same with Terraform, which then plans
// no change, and destroys it. Terraform and its AWS provider aren't Debian's: it
// runs where TF_PLUGIN_CACHE_DIR, Terraform's own variable, names a folder that
// has the provider. The provider alone waits a minute for new load balancers.
func TestPrivateServicesByTerraform(t *testing.T) {
	t.Parallel()
	plugins := os.Getenv("TF_PLUGIN_CACHE_DIR")
	if _, err := exec.LookPath("terraform"); err != nil || plugins == "" || testing.Short() {
		t.Skip("there is no terraform, or no TF_PLUGIN_CACHE_DIR")
	}
	s, folder := serveWith(t), t.TempDir()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "private-services", "main.tf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "main.tf"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(s.clientEnv(), "TF_VAR_orders="+servicePort(t, "orders"), "TF_VAR_users="+servicePort(t, "users"), "TF_PLUGIN_CACHE_DIR=", "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	terraform := func(args ...string) []byte {
		t.Helper()
		var problems strings.Builder
		cmd := exec.CommandContext(t.Context(), "terraform", args...)
		cmd.Dir, cmd.Env, cmd.Stderr = folder, env, &problems
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("terraform %v: %v\n%s\n%s", args, err, out, &problems)
		}
		return out
	}
	terraform("init", "-no-color", "-plugin-dir="+plugins)
	terraform("apply", "-no-color", "-auto-approve")
	var made map[string]struct{ Value string }
	if err := json.Unmarshal(terraform("output", "-json"), &made); err != nil {
		t.Fatal(err)
	}
	apis := map[string]string{}
	for name, v := range made {
		apis[name] = v.Value
	}
	s.leadsInside(apis)
	terraform("plan", "-no-color", "-detailed-exitcode") // fails where there is a change
	terraform("destroy", "-no-color", "-auto-approve")
}
