package vpclink

import (
	"crypto/tls"
	"time"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// security is how connections to targets are secured.
type security uint8

const (
	plain      security = iota
	unverified          // TLS, whatever the target's certificate says: a load balancer's own
	verified            // TLS with the target itself, through a load balancer that passes it on
)

// dialectKey says how targets are spoken to: connections that were made in one
// way serve calls of that way alone.
type dialectKey struct {
	security security
	groups   string // security groups of the link
	// Of verified:
	name     string // that the certificate must have
	insecure bool
	shows    string // ClientCertificate.ID
}

// dialect is a way to speak to targets that places share.
type dialect struct {
	key   dialectKey
	book  *Book
	shown *integration.ClientCertificate
	allow integration.Egress // of groups; nil: everything
	refs  int                // guarded by Book.mu
	since time.Time          // when refs came to zero
}

// acquireDialect is the dialect of a key. b.mu is held.
func (b *Book) acquireDialect(key dialectKey, shown *integration.ClientCertificate, allow integration.Egress) *dialect {
	d := b.dialects[key]
	if d == nil {
		d = &dialect{key: key, book: b, shown: shown, allow: allow}
		b.dialects[key] = d
	}
	d.refs++
	return d
}

// releaseDialect gives d back. b.mu is held.
func (b *Book) releaseDialect(d *dialect) {
	if d.refs--; d.refs == 0 {
		d.since = b.config.Now()
	}
}

// lingerFor is how long connections are kept of dialects that no place speaks
// any more: a deployment that speaks one again finds them warm.
const lingerFor = time.Minute

// sweepDialects closes the connections of dialects that nobody spoke for
// lingerFor.
func (b *Book) sweepDialects(now time.Time) {
	for key, d := range b.dialects {
		if d.refs > 0 || now.Sub(d.since) < lingerFor {
			continue
		}
		delete(b.dialects, key)
		for g := range b.all() {
			for _, t := range g.set.Targets() {
				memberOf(t).forget(d)
			}
		}
	}
}

// maxAnswerHeader bounds the fields of a target's answer (7.5 of the sheet).
const maxAnswerHeader = 32 << 10

// endpoint is how connections to m are made by d.
func (d *dialect) endpoint(m *member) http1.EndpointConfig {
	address := m.addr.String()
	pools := d.book.config.Pools
	c := http1.EndpointConfig{
		Address: address, Dial: pools.Dialer(address, m.allow(d)), ConnectTimeout: connectTimeout, MaxIdle: pools.MostCalls(address),
		Limits: http1.Limits{HeaderBytes: maxAnswerHeader},
	}
	switch d.key.security {
	case unverified:
		c.TLS = &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}, ClientSessionCache: tls.NewLRUClientSessionCache(8)}
	case verified:
		c.TLS = pools.TLS(d.key.name, d.key.insecure, d.shown)
	}
	return c
}
