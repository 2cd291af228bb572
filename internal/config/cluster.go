package config

import (
	"fmt"
	"net"
	"net/netip"
)

// Cluster is what nodes on one etcd cluster need to call each other: for
// WebSocket connections, of which each node holds its own.
type Cluster struct {
	Listen    string `yaml:"listen"`    // host:port for calls of other nodes
	Advertise string `yaml:"advertise"` // host:port where they reach it; default: listen
}

func (c *Cluster) check(s *Store) (problems []string) {
	if c == nil {
		return nil
	}
	add := func(format string, args ...any) {
		problems = append(problems, "cluster: "+fmt.Sprintf(format, args...))
	}
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil || port == "" {
		add("listen: %q: it is host:port, as in 10.0.0.5:4570", c.Listen)
	}
	if ip, _ := netip.ParseAddr(host); err == nil && c.Advertise == "" && (host == "" || ip.IsUnspecified()) {
		add("listen %q is every address of this machine: advertise says where the other nodes reach it, as in 10.0.0.5:4570", c.Listen)
	}
	if host, port, err := net.SplitHostPort(c.Advertise); c.Advertise != "" && (err != nil || host == "" || port == "" || port == "0") {
		add("advertise: %q: it is host:port, as in 10.0.0.5:4570", c.Advertise)
	}
	if s.Etcd == nil {
		add("without store: etcd there are no other nodes")
	} else if s.MasterKey.Value() == "" {
		add("store: masterKey is needed: nodes know each other by it")
	}
	return problems
}
