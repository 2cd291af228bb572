package integration

import (
	"fmt"
	"net/netip"
	"slices"
)

// Egress says whether integrations may connect to addr, which the backend
// "host:port" resolved to; its error says why not. It is asked before every
// connection, so a name can't be made to resolve elsewhere later.
type Egress func(backend string, addr netip.AddrPort) error

// EgressRules are the usual Egress.
type EgressRules struct {
	// Own are the process's control and node listeners. An unspecified address
	// (0.0.0.0, ::) means that port of every address of this machine.
	Own []netip.AddrPort
	// Local are this machine's addresses, for unspecified Own.
	Local []netip.Addr
	// Allowed are backends, "host:port", that the configuration names: they
	// may be reached whatever they are.
	Allowed []string
}

// ec2Metadata is the metadata service's IPv6 address; its IPv4 one is
// link-local.
var ec2Metadata = netip.MustParseAddr("fd00:ec2::254")

// Check is an Egress.
func (r *EgressRules) Check(backend string, addr netip.AddrPort) error {
	ip := addr.Addr().Unmap().WithZone("")
	if slices.Contains(r.Allowed, backend) {
		return nil
	}
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip == ec2Metadata {
		return fmt.Errorf("%s resolves to %s: link-local addresses, where metadata services live, are not reached unless the configuration names them", backend, ip)
	}
	for _, own := range r.Own {
		if own.Port() == addr.Port() && r.sameHost(own.Addr().Unmap(), ip) {
			return fmt.Errorf("%s is this process's own control or node listener, which integrations don't reach", backend)
		}
	}
	return nil
}

func (r *EgressRules) sameHost(own, ip netip.Addr) bool {
	if own == ip || ip.IsUnspecified() {
		return true
	}
	if own.IsUnspecified() {
		return ip.IsLoopback() || slices.Contains(r.Local, ip)
	}
	return own.IsLoopback() && ip.IsLoopback()
}

// EgressError is why a connection was not made.
type EgressError struct{ Err error }

func (e *EgressError) Error() string { return e.Err.Error() }
func (e *EgressError) Unwrap() error { return e.Err }
