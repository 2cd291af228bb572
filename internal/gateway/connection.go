package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/gatehouse/gatehouse/internal/clientcert"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// peer is what a listener knows of a connection when its first request
// comes; it is the same for all of them.
type peer struct {
	listener *listener
	client   exchange.Client
	trusted  bool // its forwarding headers are believed
	handed   bool // to who serves it beyond its request

	// Of a client that had to show a certificate.
	vouched []vouching              // what let it in
	shown   *clientcert.Certificate // its own

	info http1.ConnInfo
}

// arrival is a connection that was just accepted.
type arrival struct {
	at *listener
	nc net.Conn
}

// connect takes a connection from its first byte to the protocol that serves
// it, on a goroutine of its own.
func (g *Gateway) connect(a arrival) {
	l, nc := a.at, a.nc
	defer func() { <-g.slots }()
	defer g.conns.remove(nc)
	p, conn, h2, err := g.greet(l, nc)
	if err != nil {
		conn.Close()
		g.log.Debug("a connection ended before its first request", "listener", l.cfg.String(), "remote", nc.RemoteAddr(), "error", err)
		return
	}
	defer func() {
		if !p.handed { // else when its new owner is done with it
			p.leave()
		}
	}()
	g.conns.known(nc)
	if h2 {
		g.serveHTTP2(conn, p)
		return
	}
	g.serveHTTP1(conn, p)
}

// greet reads what precedes the first request: the PROXY header, the TLS
// handshake, the preface of HTTP/2. It returns the connection to go on with.
func (g *Gateway) greet(l *listener, nc net.Conn) (p *peer, conn net.Conn, h2 bool, err error) {
	p = &peer{listener: l}
	p.info.Remote, p.info.Local = nc.RemoteAddr(), nc.LocalAddr()
	p.client.Port = l.port
	deadline := time.Now().Add(g.cfg.HandshakeTimeout)
	if l.cfg.ProxyProtocol {
		if err := g.proxied(nc, p, deadline); err != nil {
			return p, nc, false, err
		}
	}
	p.client.IP, p.client.Endpoint = addrOf(p.info.Remote), l.cfg.Endpoint
	if !l.cfg.Groups.Admit(p.client.IP, p.client.Port) {
		return p, nc, false, errNotAdmitted
	}
	p.trusted = contains(l.cfg.TrustedProxies, p.client.IP)
	if l.tls == nil {
		h2, conn, err := http1.SniffPreface(nc, g.cfg.Limits.HeaderTimeout)
		return p, conn, h2, err
	}
	conn, h2, err = handshake(l.tls, nc, p, deadline)
	if len(p.vouched) == 0 {
		return p, conn, h2, err
	}
	if err == nil {
		err = p.admit(nc, p.info.TLS.PeerCertificates)
	}
	if err != nil {
		p.leave()
		p.vouched[0].by.refused.count(p, err)
	}
	return p, conn, h2, err
}

// proxied reads the PROXY header; only a trusted proxy may send one, and
// nobody else may connect.
func (g *Gateway) proxied(nc net.Conn, p *peer, deadline time.Time) error {
	if !contains(p.listener.cfg.TrustedProxies, addrOf(p.info.Remote)) {
		return errors.New("the peer is no trusted proxy")
	}
	nc.SetReadDeadline(deadline)
	defer nc.SetReadDeadline(time.Time{})
	header, err := readProxyHeader(nc)
	if err != nil {
		return err
	}
	if header.known {
		p.info.Remote, p.info.Local = net.TCPAddrFromAddrPort(header.source), net.TCPAddrFromAddrPort(header.destination)
		p.client.Port = header.destination.Port()
	}
	return nil
}

// errNotAdmitted: on AWS the packets of such a client are dropped, so it waits
// in vain; here it learns at once.
var errNotAdmitted = errors.New("no security group of the endpoint admits the address")

// errProven ends the connection of an authority that asked whether a name leads
// here.
var errProven = errors.New("the proof that a name leads here was given")

// handshake begins TLS. What it learns is the same for every request.
func handshake(cfg *tls.Config, nc net.Conn, p *peer, deadline time.Time) (net.Conn, bool, error) {
	c := tls.Server(nc, cfg)
	nc.SetDeadline(deadline)
	ctx := context.WithValue(context.Background(), handshakeKey{}, p)
	if err := c.HandshakeContext(ctx); err != nil {
		return nc, false, err
	}
	nc.SetDeadline(time.Time{})
	state := c.ConnectionState()
	if state.NegotiatedProtocol == acmeProtocol { // nobody asked who the client is: it gets the proof and nothing else
		return nc, false, errProven
	}
	p.info.TLS = &state
	p.client.TLS = true
	p.client.TLSProto = tlsProto(state.Version)
	p.client.Cipher = tls.CipherSuiteName(state.CipherSuite)
	return c, state.NegotiatedProtocol == "h2", nil
}

// tlsProto spells a version as AWS's $context.tlsVersion does.
func tlsProto(version uint16) string {
	switch version {
	case tls.VersionTLS13:
		return "TLSv1.3"
	case tls.VersionTLS12:
		return "TLSv1.2"
	}
	return tls.VersionName(version)
}
