package nameserver

import (
	"log/slog"
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

const (
	// largestDatagram is the longest answer by UDP: what passes everywhere without
	// being cut into pieces (RFC 9715, section 3.2).
	largestDatagram = 1232
	largestQuery    = 4096
	longestChain    = 8 // of aliases
)

// answerer is the handler of one listener.
type answerer struct {
	view    View
	forward *forwarder // nil: other names are refused
	limit   *limiter
	own     netip.Addr // of the listener; zero: any
	log     *slog.Logger
}

// ServeDNS answers one query. The library has refused what is no query with one
// question.
func (a *answerer) ServeDNS(w dns.ResponseWriter, query *dns.Msg) {
	q := exchange{answerer: a, query: query, reply: new(dns.Msg)}
	_, q.byPacket = w.RemoteAddr().(*net.UDPAddr)
	q.client = clientOf(w.RemoteAddr())
	q.reply.SetReply(query)
	q.reply.RecursionAvailable = a.forward != nil
	if q.byPacket && !a.limit.admit(q.client) {
		q.reply.Truncated = true // a client that is who it says comes again by TCP
	} else {
		q.answer()
	}
	q.fit()
	if err := w.WriteMsg(q.reply); err != nil {
		a.log.Debug("an answer about a name can't be sent", "error", err)
	}
}

func clientOf(a net.Addr) netip.Addr {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.AddrPort().Addr().Unmap()
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// exchange is a query and what becomes its reply.
type exchange struct {
	*answerer
	query, reply *dns.Msg
	client       netip.Addr
	byPacket     bool
}

func (x *exchange) answer() {
	if options := x.query.IsEdns0(); options != nil && options.Version() != 0 {
		x.reply.Rcode = dns.RcodeBadVers
		return
	}
	q := x.query.Question[0]
	if x.query.Opcode != dns.OpcodeQuery {
		x.reply.Rcode = dns.RcodeNotImplemented
		return
	}
	if q.Qclass != dns.ClassINET || q.Qtype == dns.TypeAXFR || q.Qtype == dns.TypeIXFR {
		x.reply.Rcode = dns.RcodeRefused
		return
	}
	x.chase(q)
}

// chase answers a question, along aliases.
func (x *exchange) chase(q dns.Question) {
	for length := 0; ; length++ {
		found := x.look(q)
		switch {
		case found.Zone == "":
			x.elsewhere(q, length > 0)
			return
		case length == longestChain:
			x.fail()
			return
		}
		x.reply.Authoritative = true
		if len(found.Records) == 0 {
			x.nothing(found)
			return
		}
		for _, r := range found.Records {
			r.Header().Name, r.Header().Class = q.Name, dns.ClassINET
		}
		x.reply.Answer = append(x.reply.Answer, found.Records...)
		x.reply.Extra = append(x.reply.Extra, found.Extra...)
		alias, ok := found.Records[0].(*dns.CNAME)
		if !ok || q.Qtype == dns.TypeCNAME {
			return
		}
		q.Name = alias.Target
	}
}

// elsewhere answers about a name that isn't ours. What an alias of ours leads to
// is left to the client when it can't be asked for here.
func (x *exchange) elsewhere(q dns.Question, alias bool) {
	switch {
	case x.query.RecursionDesired && x.forward.serves(x.client):
		x.forward.ask(x, q)
	case !alias:
		x.reply.Rcode = dns.RcodeRefused
	}
}

// fail takes back what was found so far.
func (x *exchange) fail() {
	x.reply.Rcode, x.reply.Authoritative = dns.RcodeServerFailure, false
	x.reply.Answer, x.reply.Ns, x.reply.Extra = nil, nil, nil
}

// look finds what the view has for a question, and what a zone itself has.
func (x *exchange) look(q dns.Question) Found {
	name := strings.TrimSuffix(strings.ToLower(q.Name), ".")
	found := x.view.Look(name, q.Qtype)
	switch {
	case found.Zone == "":
	case name == found.Zone && q.Qtype == dns.TypeSOA:
		found.Records = []dns.RR{start(found)}
	case name == found.Zone && q.Qtype == dns.TypeNS:
		found.Records = []dns.RR{&dns.NS{Hdr: dns.RR_Header{Rrtype: dns.TypeNS, Ttl: found.Negative}, Ns: serverOf(found.Zone)}}
	case name+"." == serverOf(found.Zone):
		found.Exists, found.Records = true, records(q.Qtype, found.Negative, x.own)
	case q.Qtype == dns.TypeANY && found.Exists:
		found.Records, found.Extra = []dns.RR{minimal(found.Negative)}, nil
	}
	found.Exists = found.Exists || name == found.Zone
	return found
}

// minimal is the answer to a question for everything (RFC 8482, section 4.2).
func minimal(ttl uint32) dns.RR {
	return &dns.HINFO{Hdr: dns.RR_Header{Rrtype: dns.TypeHINFO, Ttl: ttl}, Cpu: "RFC8482"}
}

// nothing says that a name, or the kind that was asked for, doesn't exist, and
// how long that holds (RFC 2308).
func (x *exchange) nothing(found Found) {
	if !found.Exists {
		x.reply.Rcode = dns.RcodeNameError
	}
	soa := start(found)
	soa.Hdr.Name, soa.Hdr.Class = found.Zone+".", dns.ClassINET
	x.reply.Ns = append(x.reply.Ns, soa)
}

// start is the SOA record of a zone. Nobody copies zones from here, so that its
// times tell nothing but how long a negative answer holds.
func start(found Found) *dns.SOA {
	return &dns.SOA{
		Hdr: dns.RR_Header{Rrtype: dns.TypeSOA, Ttl: found.Negative},
		Ns:  serverOf(found.Zone), Mbox: "hostmaster." + found.Zone + ".",
		Serial: 1, Refresh: 7200, Retry: 900, Expire: 1209600, Minttl: found.Negative,
	}
}

// serverOf is what a zone calls this server.
func serverOf(zone string) string { return "ns-gatehouse." + zone + "." }

// records are the addresses of a kind.
func records(kind uint16, ttl uint32, addresses ...netip.Addr) (list []dns.RR) {
	for _, a := range addresses {
		h := dns.RR_Header{Rrtype: kind, Ttl: ttl, Class: dns.ClassINET}
		switch {
		case kind == dns.TypeA && a.Is4():
			list = append(list, &dns.A{Hdr: h, A: a.AsSlice()})
		case kind == dns.TypeAAAA && a.Is6():
			list = append(list, &dns.AAAA{Hdr: h, AAAA: a.AsSlice()})
		}
	}
	return list
}

// fit adds what EDNS says and cuts the reply to what the client can take.
func (x *exchange) fit() {
	size := dns.MaxMsgSize
	if x.byPacket {
		size = dns.MinMsgSize
	}
	if asked := x.query.IsEdns0(); asked != nil {
		if x.byPacket {
			size = min(max(int(asked.UDPSize()), dns.MinMsgSize), largestDatagram)
		}
		x.reply.SetEdns0(largestDatagram, asked.Do())
	}
	x.reply.Truncate(size)
}
