package discovery_test

import (
	"log/slog"
	"testing"

	"github.com/gatehouse/gatehouse/internal/discovery"
	"github.com/gatehouse/gatehouse/internal/freeport"
	"github.com/gatehouse/gatehouse/internal/sourcetest"
)

func TestConsul(t *testing.T) {
	t.Parallel()
	sourcetest.Need(t, "consul")
	dir, address := t.TempDir(), freeport.Address(t)
	a, stop := sourcetest.NewConsul(t, dir, address)
	a.Register("one", "10.0.0.1", 8081)
	source := func(change func(*discovery.Consul, *discovery.ConsulService)) *observed {
		return observe(t, func(log *slog.Logger) discovery.Source {
			c, s := &discovery.Consul{Address: a.URL, Datacenter: "dc7", Token: sourcetest.ConsulToken, Log: log}, discovery.ConsulService{Name: "orders"}
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
	a.Register("two", "", 8082) // at its node
	two := "127.0.0.1 8082 HEALTHY color=blue tags=v1,two node=node-a tag:v1=true"
	all.becomes(attributes, one, two)
	tagged.becomes(attributes, two)
	a.Put("/v1/agent/check/fail/check-two", nil)
	all.becomes(attributes, one, "127.0.0.1 8082 UNHEALTHY color=blue tags=v1,two node=node-a tag:v1=true")
	passing.becomes(attributes, one)
	a.Put("/v1/agent/check/warn/check-two", nil)
	all.becomes(attributes, one, two)
	a.Put("/v1/agent/service/deregister/one", nil)
	all.becomes(attributes, two)
	tagged.becomes(attributes, two)
	forbidden.says("403")
	stop()
	all.says("the source can't be asked; what it said last holds")
	all.becomes(attributes, two)
	if a, _ = sourcetest.NewConsul(t, dir, address); all.book != nil {
		a.Register("three", "10.0.0.3", 8083)
	}
	all.becomes(attributes, "10.0.0.3 8083 HEALTHY color=blue tags=v1,three node=node-a tag:v1=true", two)
}
