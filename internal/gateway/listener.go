package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
)

// ListenerConfig is one address that accepts requests.
type ListenerConfig struct {
	Network        string             // "tcp" (default), "unix", or "inherited"
	Address        string             // host:port, the path of a socket, or the name of an inherited socket
	TLS            *TLSConfig         // nil: plain, HTTP/1.1 and HTTP/2 with prior knowledge
	ProxyProtocol  bool               // every connection begins with a PROXY header; TrustedProxies alone may connect
	TrustedProxies []netip.Prefix     // whose X-Forwarded-For, -Proto and -Port are believed; a unix socket's peers count as 127.0.0.1
	Endpoint       *exchange.Endpoint // the one it stands for, which makes it private; nil: none
	// Groups are the security groups that the listener carries: who they don't
	// admit is disconnected before a byte is read.
	Groups     apigw.SecurityGroups
	SocketMode os.FileMode // of a unix socket; default 0660
}

// TLSConfig says which certificate a listener shows: files, read again when
// they change, or a development certificate that the gateway makes itself.
// With TrustFile, a PEM file that is read again, too, clients must show one
// that it vouches for.
type TLSConfig struct {
	CertFile, KeyFile string
	SelfSigned        bool
	TrustFile         string
}

// String is how the listener is written in a configuration.
func (c *ListenerConfig) String() string {
	if c.Network == "" || c.Network == "tcp" {
		return c.Address
	}
	return c.Network + ":" + c.Address
}

func (c *ListenerConfig) check() error {
	switch c.Network {
	case "":
		c.Network = "tcp"
	case "tcp", "unix", "inherited":
	default:
		return fmt.Errorf("listener %s: the network is tcp, unix or inherited, not %q", c.Address, c.Network)
	}
	if c.Address == "" {
		return errors.New("a listener needs an address")
	}
	if c.ProxyProtocol && len(c.TrustedProxies) == 0 {
		return fmt.Errorf("listener %s: the PROXY protocol needs trusted proxies: who else may say where a request came from", c)
	}
	if c.TLS != nil && !c.TLS.SelfSigned && (c.TLS.CertFile == "" || c.TLS.KeyFile == "") {
		return fmt.Errorf("listener %s: TLS needs a certificate file and a key file, or a self-made certificate", c)
	}
	if c.Endpoint != nil && !strings.HasPrefix(c.Endpoint.ID, "vpce-") {
		return fmt.Errorf("listener %s: an endpoint identity begins with vpce-, unlike %q", c, c.Endpoint.ID)
	}
	if c.Endpoint != nil && c.TLS != nil && c.TLS.TrustFile != "" { // developer guide: no mutual TLS for private APIs
		return fmt.Errorf("listener %s: private endpoints have no mutual TLS, as on AWS: take out the trust store or the endpoint", c)
	}
	return nil
}

// listener is an open ListenerConfig.
type listener struct {
	cfg    *ListenerConfig
	socket net.Listener
	tls    *tls.Config // nil: plain
	trust  *trustStore // nil: clients need no certificate
	port   uint16
}

// private says that the listener stands for a private endpoint.
func (l *listener) private() bool { return l.cfg.Endpoint != nil }

// Listen opens every listener of the configuration, or none.
func (g *Gateway) Listen() error {
	for i := range g.cfg.Listeners {
		l, err := g.open(&g.cfg.Listeners[i])
		if err != nil {
			g.closeSockets()
			return fmt.Errorf("listen on %s: %w", &g.cfg.Listeners[i], err)
		}
		g.listeners = append(g.listeners, l)
	}
	g.listening.Store(true)
	return nil
}

func (g *Gateway) open(cfg *ListenerConfig) (*listener, error) {
	l := &listener{cfg: cfg}
	if cfg.TLS != nil {
		c, err := g.tlsConfig(cfg.TLS)
		if err != nil {
			return nil, err
		}
		if cfg.TLS.TrustFile != "" {
			if l.trust, err = openTrustStore(cfg.TLS.TrustFile, g.log); err != nil {
				return nil, err
			}
		}
		c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) { return g.tlsFor(l, hello) }
		l.tls = c
	}
	socket, err := g.socket(cfg)
	if err != nil {
		return nil, err
	}
	l.socket = socket
	if a, ok := socket.Addr().(*net.TCPAddr); ok {
		l.port = uint16(a.Port)
	}
	return l, nil
}

// socket takes the socket over from a predecessor, or opens it.
func (g *Gateway) socket(cfg *ListenerConfig) (net.Listener, error) {
	if s := g.cfg.Inherited.Take(cfg.String()); s != nil {
		return s, nil
	}
	switch cfg.Network {
	case "inherited":
		return nil, fmt.Errorf("no socket of this name was handed over; there are: %s", g.cfg.Inherited)
	case "unix":
		return listenUnix(cfg.Address, cfg.SocketMode)
	}
	return net.Listen("tcp", cfg.Address)
}

// listenUnix opens a socket at path. The file of a process that has ended is
// replaced; one that somebody answers on, and any other kind of file, is not.
func listenUnix(path string, mode os.FileMode) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&os.ModeSocket == 0 {
			return nil, errors.New("the path exists and is no socket")
		}
		if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
			c.Close()
			return nil, errors.New("another process answers on this socket")
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("remove stale socket: %w", err)
		}
	}
	socket, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if mode == 0 {
		mode = 0o660
	}
	if err := os.Chmod(path, mode); err != nil {
		socket.Close()
		return nil, err
	}
	return socket, nil
}

// Addrs are the addresses that Listen opened, in the order of the
// configuration.
func (g *Gateway) Addrs() []net.Addr {
	addrs := make([]net.Addr, len(g.listeners))
	for i, l := range g.listeners {
		addrs[i] = l.socket.Addr()
	}
	return addrs
}

func (g *Gateway) closeSockets() {
	for _, l := range g.listeners {
		l.socket.Close()
	}
}

// Serve accepts connections until Shutdown is called (nil), ctx ends, which
// cuts what is in flight, or a listener breaks.
func (g *Gateway) Serve(ctx context.Context) error {
	if g.draining.Load() {
		<-g.drained
		return nil
	}
	failed := make(chan error, len(g.listeners))
	for _, l := range g.listeners {
		g.accepting.Go(func() { failed <- g.accept(l) })
		if l.trust != nil {
			g.accepting.Go(func() { l.trust.watch(g.stopped) })
		}
	}
	g.accepting.Go(func() { g.domainTrust.watch(g.stopped) })
	var err error
	select {
	case <-g.drained:
	case <-ctx.Done():
		err = ctx.Err()
	case err = <-failed:
		if g.draining.Load() {
			err = nil
			<-g.drained
		}
	}
	if err != nil {
		g.end()
	}
	return err
}

// accept serves what connects to l until its socket closes. When the process
// runs out of files or memory, it waits a little instead of giving up.
func (g *Gateway) accept(l *listener) error {
	const first, most = 5 * time.Millisecond, time.Second
	pause := first
	for {
		select {
		case g.slots <- struct{}{}:
		case <-g.stopped:
			return nil
		}
		nc, err := l.socket.Accept()
		if err == nil {
			pause = first
			g.conns.add(nc)
			g.arrivals.Run(arrival{l, nc})
			continue
		}
		<-g.slots
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if pause == first {
			g.log.Warn("a connection can't be accepted; trying on", "listener", l.cfg.String(), "error", err)
		}
		time.Sleep(pause)
		pause = min(2*pause, most)
	}
}

// addrOf is the IP address of a peer; a unix socket's peer counts as local.
func addrOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
