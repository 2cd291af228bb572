package config

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse/gatehouse/internal/discovery"
)

func TestSources(t *testing.T) {
	t.Setenv("CONSUL_TOKEN", "s3cret")
	c, err := loadText(t, `
registry:
  sources:
    names:
      dns: {resolvers: [10.0.0.53, "10.0.0.54:5353"], minTtl: 5, services: {shop.internal/carts: {name: carts.corp, port: 8080}, shop.internal/orders: {name: _orders._tcp.corp}}}
    mesh:
      consul: {address: "https://consul.corp:8501", ca: ca.pem, token: "env:CONSUL_TOKEN", datacenter: dc1, services: {shop/orders: {name: orders, tag: v2, passing: true}}}
    agent:
      consul: {services: {shop/orders: {name: orders}}}
    cluster:
      kubernetes: {services: {shop/orders: {name: orders}}}
    other:
      kubernetes: {server: "https://10.0.0.9:6443", ca: ca.pem, tokenFile: token, services: {shop/orders: {namespace: shop, name: orders, port: http}}}
    podman:
      containers: {address: "unix:/run/podman/podman.sock", namespace: shop, network: backend}
`)
	if err != nil {
		t.Fatal(err)
	}
	dir, orders := filepath.Dir(c.File), discovery.Service{Namespace: "shop", Name: "orders"}
	want := map[string]discovery.Source{
		"names": &discovery.DNS{Resolvers: []string{"10.0.0.53:53", "10.0.0.54:5353"}, MinTTL: 5 * time.Second, MaxTTL: 5 * time.Minute, Services: map[discovery.Service]discovery.Name{
			{Namespace: "shop.internal", Name: "carts"}: {Name: "carts.corp", Port: 8080}, {Namespace: "shop.internal", Name: "orders"}: {Name: "_orders._tcp.corp"}}},
		"mesh": &discovery.Consul{Address: "https://consul.corp:8501", TLS: discovery.TLS{CA: filepath.Join(dir, "ca.pem")}, Token: "s3cret", Datacenter: "dc1",
			Services: map[discovery.Service]discovery.ConsulService{orders: {Name: "orders", Tag: "v2", Passing: true}}},
		"agent":   &discovery.Consul{Address: "http://127.0.0.1:8500", Services: map[discovery.Service]discovery.ConsulService{orders: {Name: "orders"}}},
		"cluster": &discovery.Kubernetes{Services: map[discovery.Service]discovery.KubernetesService{orders: {Namespace: "default", Name: "orders"}}},
		"other": &discovery.Kubernetes{Server: "https://10.0.0.9:6443", TLS: discovery.TLS{CA: filepath.Join(dir, "ca.pem")}, TokenFile: filepath.Join(dir, "token"),
			Services: map[discovery.Service]discovery.KubernetesService{orders: {Namespace: "shop", Name: "orders", Port: "http"}}},
		"podman": &discovery.Containers{Address: "unix:/run/podman/podman.sock", Namespace: "shop", Network: "backend"},
	}
	if d := cmp.Diff(want, c.Registry.Discover(slog.New(slog.DiscardHandler)), cmpopts.IgnoreTypes(&slog.Logger{})); d != "" {
		t.Error(d)
	}
}

func TestSourcesRefused(t *testing.T) {
	os.Unsetenv("NO_SUCH_VARIABLE")
	for source, want := range map[string]string{
		"{}":             "registry: sources: one: a source is one of dns, consul, kubernetes and containers",
		"{zookeeper: 1}": `there is no setting "zookeeper" here`,
		"{containers: {address: 'unix:/a'}, dns: {services: {a/b: {name: c}}}}": "a source is one of",
		"{dns: {}}":                                                                               "services: which ones it fills",
		"{dns: {services: {orders: {name: a}}}}":                                                  `services: "orders": a service is written NAMESPACE/NAME`,
		"{dns: {services: {a/b: {}}}}":                                                            "services: a/b: name: which one is asked for",
		"{dns: {services: {a/b: {name: c, port: 99999}}}}":                                        "99999",
		"{dns: {resolvers: [ns.corp], services: {a/b: {name: c}}}}":                               `resolvers: "ns.corp" is no IP address`,
		"{dns: {minTtl: 10m, services: {a/b: {name: c}}}}":                                        "minTtl is more than maxTtl",
		"{consul: {address: 'consul:8500', services: {a/b: {name: c}}}}":                          `address: "consul:8500" is no http:// or https:// address`,
		"{consul: {cert: a.pem, services: {a/b: {name: c}}}}":                                     "cert and key belong together",
		"{consul: {token: 'env:NO_SUCH_VARIABLE', services: {a/b: {name: c}}}}":                   "the variable NO_SUCH_VARIABLE is not set",
		"{kubernetes: {tokenFile: a, services: {a/b: {name: c}}}}":                                "ca, cert, token and tokenFile are for a server that is named",
		"{kubernetes: {server: 'https://a', token: a, tokenFile: a, services: {a/b: {name: c}}}}": "either token or tokenFile",
		"{kubernetes: {services: {a/b: {namespace: c}}}}":                                         "services: a/b: name: what the cluster calls it",
		"{containers: {}}": "address: the engine's socket",
		"{containers: {address: 'unix:/a', labels: {}}}": `there is no setting "labels" here`,
	} {
		if _, err := loadText(t, "registry: {sources: {one: "+source+"}}"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
}
