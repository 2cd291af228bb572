package nameserver

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// maxForwarded is how many questions are with other resolvers at once; more are
// answered SERVFAIL.
const maxForwarded = 512

// forwarder asks other resolvers about names that aren't ours.
type forwarder struct {
	ctx      context.Context // of the server
	servers  []string
	trusted  []netip.Prefix
	inFlight chan struct{}
}

// newForwarder returns nil without servers.
func newForwarder(ctx context.Context, servers []string, trusted []netip.Prefix) *forwarder {
	if len(servers) == 0 {
		return nil
	}
	return &forwarder{ctx: ctx, servers: servers, trusted: trusted, inFlight: make(chan struct{}, maxForwarded)}
}

var shared = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

// serves says whether questions of a client are forwarded: of one's own networks,
// since a resolver that everybody may use is used to flood others.
func (f *forwarder) serves(client netip.Addr) bool {
	if f == nil {
		return false
	}
	return client.IsLoopback() || client.IsPrivate() || client.IsLinkLocalUnicast() || shared.Contains(client) ||
		slices.ContainsFunc(f.trusted, func(p netip.Prefix) bool { return p.Contains(client) })
}

// ask completes the reply with what the first resolver says that says anything.
func (f *forwarder) ask(x *exchange, q dns.Question) {
	select {
	case f.inFlight <- struct{}{}:
		defer func() { <-f.inFlight }()
	default:
		x.fail()
		return
	}
	network := "tcp"
	if x.byPacket {
		network = "udp"
	}
	client := dns.Client{Net: network, Timeout: 2 * time.Second, UDPSize: largestDatagram}
	for _, server := range f.servers {
		got, _, err := client.ExchangeContext(f.ctx, question(x.query, q), server)
		if err != nil || !answers(got, q) {
			continue
		}
		x.take(got)
		return
	}
	x.fail()
}

// question is a query of our own for what a client asks.
func question(asked *dns.Msg, q dns.Question) *dns.Msg {
	m := new(dns.Msg)
	m.Id, m.RecursionDesired, m.CheckingDisabled, m.AuthenticatedData = dns.Id(), true, asked.CheckingDisabled, asked.AuthenticatedData
	m.Question = []dns.Question{q}
	options := asked.IsEdns0()
	m.SetEdns0(largestDatagram, options != nil && options.Do())
	return m
}

// answers says whether a reply is one to the question: the codes that take EDNS
// are about our own query (RFC 6891, section 6.1.3).
func answers(reply *dns.Msg, q dns.Question) bool {
	if reply.Rcode == dns.RcodeServerFailure || reply.Rcode == dns.RcodeRefused || reply.Rcode > 0xf {
		return false
	}
	return len(reply.Question) == 1 && reply.Question[0].Qtype == q.Qtype && reply.Question[0].Qclass == q.Qclass && strings.EqualFold(reply.Question[0].Name, q.Name)
}

// take adds what another resolver says to the client, not what it says to us:
// options and signatures of its message.
func (x *exchange) take(got *dns.Msg) {
	r := x.reply
	r.Rcode, r.Truncated, r.AuthenticatedData = got.Rcode, got.Truncated, got.AuthenticatedData && len(r.Answer) == 0
	r.Authoritative = r.Authoritative && len(r.Answer) > 0
	r.Answer, r.Ns = append(r.Answer, got.Answer...), append(r.Ns, got.Ns...)
	for _, extra := range got.Extra {
		switch extra.Header().Rrtype {
		case dns.TypeOPT, dns.TypeTSIG, dns.TypeSIG:
		default:
			r.Extra = append(r.Extra, extra)
		}
	}
}
