package sourcetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// Consul is an agent that is its own cluster, dc7, and asks for tokens.
type Consul struct {
	t testing.TB
	// URL is where its API is.
	URL string
}

// ConsulToken may do everything.
const ConsulToken = "0b5a1c3e-0000-4000-8000-000000000000"

// NewConsul runs an agent that keeps what it knows in dir.
func NewConsul(t testing.TB, dir, address string) (c *Consul, stop func()) {
	t.Helper()
	_, http, _ := net.SplitHostPort(address)
	port := func() string {
		_, p, _ := net.SplitHostPort(freeport.Address(t))
		return p
	}
	config := fmt.Sprintf(`{"server": true, "bootstrap_expect": 1, "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "datacenter": "dc7", "node_name": "node-a", "data_dir": %q,
"ports": {"http": %s, "dns": -1, "grpc": -1, "server": %s, "serf_lan": %s, "serf_wan": -1}, "disable_update_check": true, "performance": {"raft_multiplier": 1},
"acl": {"enabled": true, "default_policy": "deny", "tokens": {"master": %q, "agent": %q}}}`, filepath.Join(dir, "data"), http, port(), port(), ConsulToken, ConsulToken)
	file := filepath.Join(dir, "consul.json")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	stop = Start(t, "consul", "agent", "-config-file", file)
	c = &Consul{t, "http://" + address}
	eventually(t, "consul has a leader", func() bool { return c.put("/v1/kv/ready", "yes") == nil })
	return c, stop
}

func (c *Consul) put(path string, body any) error {
	text, _ := json.Marshal(body)
	request, err := http.NewRequest("PUT", c.URL+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("X-Consul-Token", ConsulToken)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		return fmt.Errorf("%s: %s", path, answer.Status)
	}
	return nil
}

// Put is a call of its API that must succeed.
func (c *Consul) Put(path string, body any) {
	c.t.Helper()
	if err := c.put(path, body); err != nil {
		c.t.Fatal(err)
	}
}

// Register registers an instance of the service orders, with the check
// check-ID, which stays as it is told.
func (c *Consul) Register(id, address string, port int) {
	c.t.Helper()
	c.Put("/v1/agent/service/register", map[string]any{"ID": id, "Name": "orders", "Address": address, "Port": port, "Tags": []string{"v1", id}, "Meta": map[string]string{"color": "blue"},
		"Weights": map[string]int{"Passing": 5, "Warning": 1}, "Check": map[string]any{"CheckID": "check-" + id, "TTL": "1h", "Status": "passing"}})
}
