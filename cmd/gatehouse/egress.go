package main

import (
	"net"
	"net/netip"
	"net/url"

	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// egressRules are where integrations may not connect: our own control
// and node listeners and link-local addresses, but for what the configuration names.
func egressRules(c *config.Config, own []net.Addr) (*integration.EgressRules, error) {
	rules := &integration.EgressRules{}
	for _, a := range own {
		if tcp, ok := a.(*net.TCPAddr); ok {
			rules.Own = append(rules.Own, tcp.AddrPort())
		}
	}
	local, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, a := range local {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			rules.Local = append(rules.Local, prefix.Addr().Unmap())
		}
	}
	for _, endpoint := range c.Endpoints {
		rules.Allowed = append(rules.Allowed, hostPort(endpoint))
	}
	for _, f := range c.Functions {
		if f.Endpoint != "" {
			rules.Allowed = append(rules.Allowed, hostPort(f.Endpoint))
		}
	}
	return rules, nil
}

// hostPort is the "host:port" of a URL that config has checked.
func hostPort(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return endpoint
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
