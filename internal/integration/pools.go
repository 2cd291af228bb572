package integration

import (
	"crypto/x509"
	"net/netip"
)

// Egress says whether integrations may connect to addr; its error says why
// not. It is asked for every connection, with the address a name resolved to.
type Egress func(addr netip.AddrPort) error

// PoolConfig is what all backends of a process share. Zero fields take
// defaults.
type PoolConfig struct {
	Egress  Egress         // nil: everything is allowed
	RootCAs *x509.CertPool // nil: the system's
}

// Pools holds the backends of a process with their idle connections, shared
// by every stage that names the same backend.
type Pools struct{ config PoolConfig }

// NewPools returns empty Pools.
func NewPools(c PoolConfig) *Pools { return &Pools{config: c} }

// Close ends all idle connections.
func (p *Pools) Close() {}
