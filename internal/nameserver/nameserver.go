// Package nameserver answers DNS queries about names of one's own network:
// services of the registry, invoke addresses of APIs, private endpoints and
// custom domain names. It is authoritative for these and recurses for nobody;
// other names are refused, or handed to the resolvers that are configured.
package nameserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// View is what the clients of a listener may ask for.
type View interface {
	// Look finds what a name has. The name is in lower case, as messages spell it
	// (RFC 1035, section 5.1), without the root's dot.
	Look(name string, kind uint16) Found
}

// Found is what there is at a name.
type Found struct {
	// Zone is the name that the zone of the looked-up name begins at. Empty: the
	// name is in no zone of ours.
	Zone   string
	Exists bool // the name, or a name under it
	// Records are those of the kind that was asked for, or the alias that stands
	// for all kinds. The server writes the owner's name into them.
	Records []dns.RR
	Extra   []dns.RR // addresses of what Records name
	// Negative is how long, in seconds, a client may remember that there is
	// nothing.
	Negative uint32
}

// Config is what a Server needs.
type Config struct {
	Listeners []Listener
	Forward   []string // resolvers for other names, host:port; none: these are refused
	// Trusted are networks whose clients have names forwarded, beside private ones.
	Trusted []netip.Prefix
	Logger  *slog.Logger
}

// Listener is an address that is asked by UDP and TCP.
type Listener struct {
	Packets net.PacketConn
	Streams net.Listener
	View    View
}

// Limits of what clients may have at once, and of time.
const (
	maxStreams   = 256 // TCP connections of a listener
	maxOfNetwork = 64  // of these, as limiter.admit has networks
	idleTime     = 8 * time.Second
	messageTime  = 2 * time.Second // to send or receive one
)

// Server answers on its listeners from New to Close.
type Server struct {
	listeners []Listener
	servers   []*dns.Server
	running   sync.WaitGroup
	stop      context.CancelFunc // ends what is being forwarded
}

// New starts to answer. It owns the listeners' sockets.
func New(c Config) *Server {
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{listeners: c.Listeners, stop: stop}
	limit, forward := &limiter{now: time.Now}, newForwarder(ctx, c.Forward, c.Trusted)
	for _, l := range c.Listeners {
		a := &answerer{view: l.View, forward: forward, limit: limit, own: addressOf(l.Streams), log: c.Logger}
		s.serve(&dns.Server{PacketConn: l.Packets, UDPSize: largestQuery, Handler: a, DecorateReader: readPackets}, c.Logger)
		s.serve(&dns.Server{
			Listener: newStreams(l.Streams), Handler: a,
			ReadTimeout: messageTime, IdleTimeout: func() time.Duration { return idleTime },
		}, c.Logger)
	}
	return s
}

func (s *Server) serve(d *dns.Server, log *slog.Logger) {
	started, begun := context.WithCancel(context.Background()) // it can't be shut down earlier
	d.NotifyStartedFunc = begun
	s.servers = append(s.servers, d)
	s.running.Go(func() {
		defer begun()
		if err := d.ActivateAndServe(); err != nil {
			log.Error("names are not answered any more", "error", err)
		}
	})
	<-started.Done()
}

// Listeners are those of the configuration, with their sockets, in its order.
func (s *Server) Listeners() []Listener { return s.listeners }

// Close ends the answering: what is being answered still is, while ctx lasts.
func (s *Server) Close(ctx context.Context) error {
	var all error
	for _, d := range s.servers {
		all = errors.Join(all, d.ShutdownContext(ctx))
	}
	s.stop()
	s.running.Wait()
	return all
}

// Open binds an address for UDP and TCP. With port 0, both get the same.
func Open(address string) (packets net.PacketConn, streams net.Listener, err error) {
	const tries = 20 // of ports: one that is free for TCP may be taken for UDP
	for range tries {
		if streams, err = net.Listen("tcp", address); err != nil {
			return nil, nil, err
		}
		if packets, err = net.ListenPacket("udp", streams.Addr().String()); err == nil {
			return packets, streams, nil
		}
		streams.Close()
		if _, port, _ := net.SplitHostPort(address); port != "0" {
			break
		}
	}
	return nil, nil, fmt.Errorf("listen for datagrams: %w", err)
}

// Answers says whether a server of this kind is asked about a zone at an address.
func Answers(ctx context.Context, address, zone string) bool {
	m := new(dns.Msg)
	m.SetQuestion(dns.Fqdn(zone), dns.TypeNS)
	got, _, err := (&dns.Client{Timeout: messageTime}).ExchangeContext(ctx, m, address)
	if err != nil || len(got.Answer) != 1 {
		return false
	}
	ns, ok := got.Answer[0].(*dns.NS)
	return ok && ns.Ns == serverOf(zone)
}

// addressOf is the IP address that a listener is bound to; the zero one when
// that is any.
func addressOf(l net.Listener) netip.Addr {
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		if a := tcp.AddrPort().Addr().Unmap(); a.IsValid() && !a.IsUnspecified() {
			return a
		}
	}
	return netip.Addr{}
}
