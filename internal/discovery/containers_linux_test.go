package discovery_test

import (
	"log/slog"
	"testing"

	"github.com/gatehouse/gatehouse/internal/discovery"
	"github.com/gatehouse/gatehouse/internal/sourcetest"
)

func TestContainers(t *testing.T) {
	t.Parallel()
	e := sourcetest.NewPodman(t)
	stop := e.Serve()
	o := observe(t, func(log *slog.Logger) discovery.Source {
		return &discovery.Containers{Address: "unix:" + e.Socket, Namespace: "shop", Log: log}
	})
	one := e.Run("one", "-l", "gatehouse.service=orders", "-l", "gatehouse.attribute.version=2")
	e.Run("unlabelled")
	attributes := []string{"container", "version"}
	first := one + " 8080 UNKNOWN container=one version=2"
	o.becomes(attributes, first)
	two := e.Run("two", "-l", "gatehouse.service=shop/orders", "-l", "gatehouse.port=9090", "--health-cmd", "/no-such-program", "--health-interval", "disable", "--health-retries", "1")
	second := two + " 9090 UNHEALTHY container=two version="
	o.becomes(attributes, sortedPair(first, second)...)
	e.Do("pause", "one")
	o.becomes(attributes, second)
	e.Do("unpause", "one")
	o.becomes(attributes, sortedPair(first, second)...)
	end := e.Leave("one") // of which no event tells
	o.becomes(attributes, second)
	end()
	e.Remove("one")
	o.becomes(attributes, second)
	// while the engine is away, what it said last holds
	stop()
	o.says("the source can't be asked")
	o.becomes(attributes, second)
	e.Remove("two")
	e.Serve()
	o.becomes(attributes)
	o.says("the source answers again")
	e.Run("odd", "-l", "gatehouse.service=orders", "-l", "gatehouse.port=http")
	o.says(`the label gatehouse.port is a port, not \"http\"`)
	e.Run("lost", "-l", "gatehouse.service=other/one")
	o.says("service=other/one")
	e.Run("host", "--network", "none", "-l", "gatehouse.port=8080", "-l", "gatehouse.service=orders")
	o.becomes(attributes, "127.0.0.1 8080 UNKNOWN container=host version=")
}

func sortedPair(a, b string) []string {
	if a > b {
		a, b = b, a
	}
	return []string{a, b}
}
