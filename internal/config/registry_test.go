package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// TestRegistry: namespaces of the file, in the domain's words.
func TestRegistry(t *testing.T) {
	c, err := loadText(t, `
registry:
  namespaces:
    shop:
      services:
        carts:
          id: srv-carts
          health: {path: /health, threshold: 2}
          instances: {one: "10.0.0.1:8080", two: {ipv4: 10.0.0.2, port: 81, attributes: {color: blue}}, six: "[fd00::1]:80"}
        users: {custom: true}
    zone: {name: shop.internal, vpc: vpc-1, ttl: 60, services: {web: {dns: {SRV: 10}, routing: WEIGHTED}, hidden: {}}}
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []control.DeclaredNamespace{
		{Namespace: apigw.Namespace{Name: "shop", Type: apigw.NamespaceHTTP}, Services: []control.DeclaredService{
			{
				RegistryService: apigw.RegistryService{ID: "srv-carts", Name: "carts", Type: apigw.NamespaceHTTP, Health: &apigw.ServiceHealth{Type: "HTTP", Path: "/health", Threshold: 2}},
				Instances: []*apigw.RegistryInstance{
					{ID: "one", Attributes: map[string]string{apigw.AttributeIPv4: "10.0.0.1", apigw.AttributePort: "8080"}},
					{ID: "six", Attributes: map[string]string{apigw.AttributeIPv6: "fd00::1", apigw.AttributePort: "80"}},
					{ID: "two", Attributes: map[string]string{apigw.AttributeIPv4: "10.0.0.2", apigw.AttributePort: "81", "color": "blue"}},
				},
			},
			{RegistryService: apigw.RegistryService{Name: "users", Type: apigw.NamespaceHTTP, Custom: true}},
		}},
		{Namespace: apigw.Namespace{Name: "shop.internal", Type: apigw.NamespaceDNSPrivate, VPC: "vpc-1", TTL: 60}, Services: []control.DeclaredService{
			{RegistryService: apigw.RegistryService{Name: "hidden", Type: apigw.NamespaceHTTP}},
			{RegistryService: apigw.RegistryService{Name: "web", DNS: &apigw.ServiceDNS{Routing: "WEIGHTED", Records: []apigw.ServiceRecord{{Type: "SRV", TTL: 10}}}}},
		}},
	}
	if d := cmp.Diff(want, c.Registry.Declared()); d != "" {
		t.Error(d)
	}
}

// TestRegistryRefused: keys that aren't there, and settings that do nothing.
func TestRegistryRefused(t *testing.T) {
	for text, want := range map[string]string{
		`n: {type: HTTP}`:                                       `there is no setting "type" here`,
		`n: {services: {s: {dsn: {}}}}`:                         `there is no setting "dsn" here`,
		`n: {services: {s: {instances: {a: {prot: 1}}}}}`:       `there is no setting "prot" here`,
		`n: {services: {s: {instances: {a: "10.0.0.1:http"}}}}`: "has no port between 1 and 65535",
		`n: {services: {s: {instances: {a: here}}}}`:            "is no IP address",
		`n: {services: {s: {instances: {a: {port: 70000}}}}}`:   "70000",
		`n: {services: {s: {instances: {a: {ipv4: 10.0.0.1, attributes: {AWS_INSTANCE_IPV4: 10.0.0.2}}}}}}`: "AWS_INSTANCE_IPV4 is said twice",
		`n: {ttl: 5}`: "ttl is of namespaces with a vpc",
		`n: {services: {s: {routing: WEIGHTED}}}`: "routing is of services with dns",
	} {
		if _, err := loadText(t, "registry: {namespaces: {"+text+"}}"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, not %s", text, err, want)
		}
	}
}
