package discovery_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/gatehouse/gatehouse/internal/discovery"
	"github.com/gatehouse/gatehouse/internal/freeport"
)

// agent is a Consul agent that is its own cluster and asks for tokens.
type agent struct {
	t       *testing.T
	address string
}

const rootToken = "0b5a1c3e-0000-4000-8000-000000000000"

func newAgent(t *testing.T, dir string, address string) (a *agent, stop func()) {
	t.Helper()
	_, http, _ := net.SplitHostPort(address)
	port := func() string {
		_, p, _ := net.SplitHostPort(freeport.Address(t))
		return p
	}
	config := fmt.Sprintf(`{"server": true, "bootstrap_expect": 1, "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "datacenter": "dc7", "node_name": "node-a", "data_dir": %q,
"ports": {"http": %s, "dns": -1, "grpc": -1, "server": %s, "serf_lan": %s, "serf_wan": -1}, "disable_update_check": true, "performance": {"raft_multiplier": 1},
"acl": {"enabled": true, "default_policy": "deny", "tokens": {"master": %q, "agent": %q}}}`, filepath.Join(dir, "data"), http, port(), port(), rootToken, rootToken)
	file := filepath.Join(dir, "consul.json")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	stop = start(t, "consul", "agent", "-config-file", file)
	a = &agent{t, "http://" + address}
	eventually(t, "consul has a leader", func() bool { return a.put("/v1/kv/ready", "yes") == nil })
	return a, stop
}

func (a *agent) put(path string, body any) error {
	text, _ := json.Marshal(body)
	request, err := http.NewRequest("PUT", a.address+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("X-Consul-Token", rootToken)
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

func (a *agent) must(path string, body any) {
	a.t.Helper()
	if err := a.put(path, body); err != nil {
		a.t.Fatal(err)
	}
}

// register registers an instance with a check that stays as it is told.
func (a *agent) register(id, address string, port int) {
	a.t.Helper()
	a.must("/v1/agent/service/register", map[string]any{"ID": id, "Name": "orders", "Address": address, "Port": port, "Tags": []string{"v1", id}, "Meta": map[string]string{"color": "blue"},
		"Weights": map[string]int{"Passing": 5, "Warning": 1}, "Check": map[string]any{"CheckID": "check-" + id, "TTL": "1h", "Status": "passing"}})
}

func TestConsul(t *testing.T) {
	t.Parallel()
	need(t, "consul")
	dir, address := t.TempDir(), freeport.Address(t)
	a, stop := newAgent(t, dir, address)
	a.register("one", "10.0.0.1", 8081)
	source := func(change func(*discovery.Consul, *discovery.ConsulService)) *observed {
		return observe(t, func(log *slog.Logger) discovery.Source {
			c, s := &discovery.Consul{Address: a.address, Datacenter: "dc7", Token: rootToken, Log: log}, discovery.ConsulService{Name: "orders"}
			change(c, &s)
			c.Services = map[discovery.Service]discovery.ConsulService{named: s}
			return c
		})
	}
	all := source(func(*discovery.Consul, *discovery.ConsulService) {})
	passing := source(func(_ *discovery.Consul, s *discovery.ConsulService) { s.Passing = true })
	tagged := source(func(_ *discovery.Consul, s *discovery.ConsulService) { s.Tag = "two" })
	forbidden := source(func(c *discovery.Consul, _ *discovery.ConsulService) {
		c.Token = "11111111-0000-4000-8000-000000000000"
	})
	attributes := []string{"color", "tags", "node", "tag:v1"}
	one := "10.0.0.1 8081 HEALTHY color=blue tags=v1,one node=node-a tag:v1=true"
	all.becomes(attributes, one)
	passing.becomes(attributes, one)
	a.register("two", "", 8082) // at its node
	two := "127.0.0.1 8082 HEALTHY color=blue tags=v1,two node=node-a tag:v1=true"
	all.becomes(attributes, one, two)
	tagged.becomes(attributes, two)
	a.must("/v1/agent/check/fail/check-two", nil)
	all.becomes(attributes, one, "127.0.0.1 8082 UNHEALTHY color=blue tags=v1,two node=node-a tag:v1=true")
	passing.becomes(attributes, one)
	a.must("/v1/agent/check/warn/check-two", nil)
	all.becomes(attributes, one, two)
	a.must("/v1/agent/service/deregister/one", nil)
	all.becomes(attributes, two)
	tagged.becomes(attributes, two)
	forbidden.says("403")
	stop()
	all.says("the source can't be asked; what it said last holds")
	all.becomes(attributes, two)
	if a, _ = newAgent(t, dir, address); all.book != nil {
		a.register("three", "10.0.0.3", 8083)
	}
	all.becomes(attributes, "10.0.0.3 8083 HEALTHY color=blue tags=v1,three node=node-a tag:v1=true", two)
}
