package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/nameserver"
)

// DNS says where names are answered, and what addresses are told.
type DNS struct {
	Listen    DNSListeners `yaml:"listen"`
	Addresses []netip.Addr `yaml:"addresses"` // where clients reach APIs; default: the addresses of invoke
	// Endpoints are the same for endpoints, by ID; default: their listeners'.
	Endpoints map[string][]netip.Addr `yaml:"endpoints"`
	TTL       Duration                `yaml:"ttl"` // of these; default 60 s
	// Forward are the resolvers that are asked about other names, from one's own
	// networks: addresses, with or without a port. Default: other names are refused.
	Forward []string `yaml:"forward"`
}

// DNSListener is an address that is asked by UDP and TCP: an IP address, with or
// without a port, or inherited:NAME.
type DNSListener struct {
	Address string `yaml:"address"`
	VPC     string `yaml:"vpc"` // whose resolver it is; default: the only one there is
}

// DNSListeners may be written as one address or as a list.
type DNSListeners []DNSListener

// UnmarshalYAML accepts an address, one listener, or a list of either.
func (l *DNSListeners) UnmarshalYAML(n *yaml.Node) error {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	for _, n := range nodes {
		var one DNSListener
		if n.Kind == yaml.ScalarNode {
			one.Address = n.Value
		} else if err := decodeStrict(n, &one); err != nil {
			return err
		}
		*l = append(*l, one)
	}
	return nil
}

const (
	dnsPort    = "53"
	defaultTTL = 60 // s; AWS's, of its endpoints' names
	maxDNSTTL  = 24 * 3600
)

// NameServer is what the configuration says of names and addresses.
type NameServer struct {
	Listeners []DNSListener // with ports and VPCs
	TTL       uint32
	Public    []netip.Addr
	Endpoints []nameserver.Endpoint
	Forward   []string       // host:port
	Trusted   []netip.Prefix // networks of the VPCs
}

// NameServer is what dns says; nil: no names are answered.
func (c *Config) NameServer() *NameServer {
	made, _ := c.readDNS()
	return made
}

// dnsReader makes a NameServer and gathers what is wrong with what is written.
type dnsReader struct {
	*NameServer
	config   *Config
	network  *apigw.Network
	problems []string
}

func (c *Config) readDNS() (*NameServer, []string) {
	if c.DNS == nil {
		return nil, nil
	}
	r := &dnsReader{NameServer: &NameServer{}, config: c, network: c.PrivateNetwork()}
	r.lifetime()
	r.listeners()
	r.public()
	r.endpoints()
	r.forward()
	for _, id := range slices.Sorted(maps.Keys(r.network.VPCs)) {
		r.Trusted = append(r.Trusted, r.network.VPCs[id].Networks...)
	}
	return r.NameServer, r.problems
}

func (r *dnsReader) wrong(format string, args ...any) {
	r.problems = append(r.problems, "dns: "+fmt.Sprintf(format, args...))
}

func (r *dnsReader) lifetime() {
	seconds := time.Duration(r.config.DNS.TTL) / time.Second
	if r.config.DNS.TTL == 0 {
		seconds = defaultTTL
	}
	if seconds < 1 || seconds > maxDNSTTL {
		r.wrong("ttl: from 1s to 24h")
	}
	r.TTL = uint32(seconds)
}

func (r *dnsReader) listeners() {
	if len(r.config.DNS.Listen) == 0 {
		r.wrong("listen: which address, as in 10.0.0.2")
	}
	for _, l := range r.config.DNS.Listen {
		if !strings.HasPrefix(l.Address, "inherited:") {
			var ok bool
			if l.Address, ok = withPort(l.Address); !ok {
				r.wrong("listen: %q is no IP address, with or without a port, nor inherited:NAME", l.Address)
			}
		}
		switch {
		case !r.network.Declared():
		case l.VPC == "" && len(r.network.VPCs) == 1:
			for l.VPC = range r.network.VPCs {
			}
		case l.VPC == "":
			r.wrong("listen: %s: vpc: whose resolver it is; network has %s", l.Address, strings.Join(slices.Sorted(maps.Keys(r.network.VPCs)), ", "))
		case r.network.VPCs[l.VPC] == nil:
			r.wrong("listen: %s: vpc: network has no %q", l.Address, l.VPC)
		}
		r.Listeners = append(r.Listeners, l)
	}
}

// withPort is an IP address with the port of DNS, unless it has one.
func withPort(address string) (string, bool) {
	if a, err := netip.ParseAddr(address); err == nil {
		return net.JoinHostPort(a.String(), dnsPort), true
	}
	host, port, err := net.SplitHostPort(address)
	if host == "" {
		host = "0.0.0.0"
	}
	_, wrong := netip.ParseAddr(host)
	return address, err == nil && wrong == nil && port != ""
}

// public finds where clients reach public APIs. Who reaches this machine's
// resolver at an address reaches its listeners on all addresses there, too.
func (r *dnsReader) public() {
	for _, a := range r.config.DNS.Addresses {
		appendNew(&r.Public, a.Unmap())
	}
	if len(r.Public) > 0 {
		return
	}
	known := true
	for _, l := range r.config.Invoke {
		if l.Endpoint == "" {
			known = r.add(&r.Public, l.Address) && known
		}
	}
	if !known {
		r.wrong("addresses: which ones clients reach APIs at: invoke doesn't say")
	}
}

// add adds the address of a listener to a list; false: it doesn't say any.
func (r *dnsReader) add(list *[]netip.Addr, listener string) bool {
	host, _, err := net.SplitHostPort(listener)
	if err != nil || strings.HasPrefix(listener, "unix:") {
		return strings.HasPrefix(listener, "unix:") // nobody's on the network
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	at, err := netip.ParseAddr(host)
	if err == nil && !at.IsUnspecified() {
		appendNew(list, at.Unmap())
		return true
	}
	if err != nil && host != "" {
		return false
	}
	found := false
	for _, l := range r.Listeners {
		if own, err := netip.ParseAddrPort(l.Address); err == nil && !own.Addr().IsUnspecified() {
			appendNew(list, own.Addr().Unmap())
			found = true
		}
	}
	return found
}

func appendNew(list *[]netip.Addr, a netip.Addr) {
	if !slices.Contains(*list, a) {
		*list = append(*list, a)
	}
}

// endpoints finds where endpoints are reached: those of the network, and those
// that only listeners name.
func (r *dnsReader) endpoints() {
	made := map[string]*nameserver.Endpoint{}
	for id, e := range r.network.Endpoints {
		made[id] = &nameserver.Endpoint{ID: id, VPC: e.VPC, PrivateDNS: e.PrivateDNS}
	}
	at := map[string][]netip.Addr{}
	for _, l := range r.config.Invoke {
		if l.Endpoint == "" {
			continue
		}
		if made[l.Endpoint] == nil {
			made[l.Endpoint] = &nameserver.Endpoint{ID: l.Endpoint, VPC: l.VPC, PrivateDNS: true}
		}
		list := at[l.Endpoint]
		if len(r.config.DNS.Endpoints[l.Endpoint]) == 0 && !r.add(&list, l.Address) {
			r.wrong("endpoints: %s: which addresses clients reach it at: its listener %s doesn't say", l.Endpoint, l.Address)
		}
		at[l.Endpoint] = list
	}
	for id, list := range r.config.DNS.Endpoints {
		at[id] = list
		if made[id] == nil {
			r.wrong("endpoints: there is no %q", id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(made)) {
		for _, a := range at[id] {
			made[id].Addresses = append(made[id].Addresses, nameserver.EndpointAddress{Address: a.Unmap(), Zone: r.zone(id, a.Unmap())})
		}
		r.Endpoints = append(r.Endpoints, *made[id])
	}
}

// zone is the availability zone of the endpoint's subnet that an address is in.
func (r *dnsReader) zone(endpoint string, a netip.Addr) string {
	if e := r.network.Endpoints[endpoint]; e != nil {
		for _, s := range e.Subnets {
			if s.Network.Contains(a) {
				return s.Zone
			}
		}
	}
	return ""
}

func (r *dnsReader) forward() {
	for _, f := range r.config.DNS.Forward {
		address, ok := withPort(f)
		if !ok {
			r.wrong("forward: %q is no IP address, with or without a port", f)
		}
		if slices.ContainsFunc(r.Listeners, func(l DNSListener) bool { return l.Address == address }) {
			r.wrong("forward: %s is this server itself", f)
		}
		r.Forward = append(r.Forward, address)
	}
}
