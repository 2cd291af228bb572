package nameserver

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/registry"
)

func TestLimit(t *testing.T) {
	now := time.Unix(1, 0)
	l := &limiter{now: func() time.Time { return now }}
	client, neighbour, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.200"), netip.MustParseAddr("2001:db8::1")
	for range burst {
		if !l.admit(client) {
			t.Fatal("a burst is cut short")
		}
	}
	if l.admit(client) || l.admit(neighbour) {
		t.Error("a network has more than its burst")
	}
	if !l.admit(other) || !l.admit(netip.MustParseAddr("127.0.0.1")) {
		t.Error("another network pays for it")
	}
	now = now.Add(10 * time.Millisecond)
	for range rate / 100 {
		if !l.admit(client) {
			t.Fatal("the rate isn't given back")
		}
	}
	if l.admit(client) {
		t.Error("more than the rate is given back")
	}
}

func TestWhoseQuestionsAreForwarded(t *testing.T) {
	f := newForwarder(context.Background(), []string{"192.0.2.53:53"}, []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")})
	for client, want := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "192.168.0.1": true, "fd00::1": true, "fe80::1": true, "100.64.0.1": true, "198.51.100.7": true,
		"203.0.113.1": false, "2001:db8::1": false, "8.8.8.8": false,
	} {
		if got := f.serves(netip.MustParseAddr(client)); got != want {
			t.Errorf("%s: %v", client, got)
		}
	}
}

// sink is a client.
type sink struct {
	dns.ResponseWriter
	from net.Addr
	got  *dns.Msg
}

func (s *sink) RemoteAddr() net.Addr      { return s.from }
func (s *sink) WriteMsg(m *dns.Msg) error { s.got = m; return nil }
func udp(a string, port int) *net.UDPAddr { return &net.UDPAddr{IP: net.ParseIP(a), Port: port} }

func fuzzed() *answerer {
	n := &Names{Region: "eu-west-1", TTL: 60, Public: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Serves: func(string) bool { return true },
		Endpoints: []Endpoint{{ID: "vpce-1", VPC: "vpc-1", Addresses: []EndpointAddress{{netip.MustParseAddr("10.9.1.1"), "a"}}}},
		Services:  registry.New(registry.Options{Now: time.Now})}
	scope := apigw.Scope{Partition: "aws", Account: "123456789012", Region: "eu-west-1"}
	space := &apigw.Namespace{ID: "ns-1", ARN: apigw.NamespaceARN(scope, "ns-1"), Name: "a.b", HTTPName: "a.b", Type: apigw.NamespaceDNSPrivate}
	s := &apigw.RegistryService{ID: "srv-1", ARN: apigw.RegistryServiceARN(scope, "srv-1"), Name: "_c._d", Namespace: "ns-1",
		DNS: &apigw.ServiceDNS{Routing: "MULTIVALUE", Records: []apigw.ServiceRecord{{Type: "A", TTL: 1}, {Type: "SRV", TTL: 2}}}}
	n.Services.Update(func(u *registry.Update) {
		u.Namespace(space)
		u.Service(s)
		for _, id := range []string{"x", "x.y", "X@y", `back\slash`, "a-label-of-more-than-sixty-three-characters-which-dns-does-not-have"} {
			u.Instance(s.ARN, &apigw.RegistryInstance{ID: id, Attributes: map[string]string{apigw.AttributeIPv4: "10.0.0.1", apigw.AttributePort: "80"}})
		}
	})
	n.SetDomains([]*apigw.DomainName{{Name: "*.example.com", Types: []string{"REGIONAL"}}})
	return &answerer{view: n.In(""), limit: &limiter{now: time.Now}, log: slog.New(slog.DiscardHandler)}
}

// FuzzQuery: whatever is asked, there is an answer to it that can be sent and
// isn't longer than the client takes.
func FuzzQuery(f *testing.F) {
	for _, name := range []string{"_c._d.a.b.", "x.y._c._d.a.b.", `x\@y._c._d.A.b.`, "nobody.a.b.", "a.b.", "_d.a.b.", ".", "www.example.com.", "id-vpce-1.execute-api.eu-west-1.amazonaws.com.", `\000.a.b.`, `a\.b.a.b.`} {
		for _, kind := range []uint16{dns.TypeA, dns.TypeSRV, dns.TypeANY, dns.TypeSOA, dns.TypeNS, dns.TypeTXT} {
			m := new(dns.Msg)
			m.SetQuestion(name, kind)
			m.SetEdns0(600, true)
			raw, err := m.Pack()
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	a, flooded := fuzzed(), fuzzed()
	flooded.limit.now = func() time.Time { return time.Unix(1, 0) }
	for flooded.limit.admit(netip.MustParseAddr("192.0.2.1")) {
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := new(dns.Msg)
		if m.Unpack(raw) != nil || len(m.Question) != 1 || m.Response {
			return
		}
		w := &sink{from: udp("127.0.0.1", 1)}
		a.ServeDNS(w, m)
		sent, err := w.got.Pack()
		if err != nil {
			t.Fatalf("%v can't be sent: %v", w.got, err)
		}
		if len(sent) > largestDatagram && len(raw) < largestDatagram || w.got.Id != m.Id || w.got.Question[0] != m.Question[0] {
			t.Errorf("%v is answered by %v", m, w.got)
		}
		w.from = udp("192.0.2.1", 1)
		flooded.ServeDNS(w, m)
		if sent, err = w.got.Pack(); err != nil || len(sent) > len(raw)+4 && len(spelt(raw)) > 0 { // type and class may be missing
			t.Errorf("beyond the rate, %v is answered by %d bytes instead of %d: %v, %v", m, len(sent), len(raw), w.got, err)
		}
	})
}

// BenchmarkAnswer: one A record of a service with 10,000 instances.
func BenchmarkAnswer(b *testing.B) {
	a := fuzzed()
	n := a.view.(*vpcView).Names
	arn := n.Services.Index().Namespaces()[0].ARN
	service := n.Services.Index().ServiceNamed(arn, "_c._d").ARN()
	n.Services.Update(func(u *registry.Update) {
		for i := range 10000 {
			at := netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
			u.Instance(service, &apigw.RegistryInstance{ID: at.String(), Attributes: map[string]string{apigw.AttributeIPv4: at.String(), apigw.AttributePort: "80"}})
		}
	})
	for _, name := range []string{"_c._d.a.b.", "nobody._c._d.a.b.", "id.execute-api.eu-west-1.amazonaws.com."} {
		b.Run(name, func(b *testing.B) {
			m := new(dns.Msg)
			m.SetQuestion(name, dns.TypeA)
			w := &sink{from: udp("127.0.0.1", 1)}
			b.ReportAllocs()
			for b.Loop() {
				a.ServeDNS(w, m)
			}
		})
	}
}

// FuzzForwarded: whatever another resolver says, there is an answer that can be
// sent and isn't longer than the client takes.
func FuzzForwarded(f *testing.F) {
	upstream := func(rcode int, extra ...dns.RR) []byte {
		m := new(dns.Msg)
		m.SetQuestion("www.example.com.", dns.TypeTXT)
		m.Response, m.Rcode = true, rcode
		for range 10 {
			m.Answer = append(m.Answer, &dns.TXT{Hdr: dns.RR_Header{Name: "www.example.com.", Rrtype: dns.TypeTXT, Class: dns.ClassINET}, Txt: []string{"a text of some length, so that few of them fit into a datagram"}})
		}
		m.Extra = extra
		raw, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		return raw
	}
	options := new(dns.Msg).SetEdns0(largestDatagram, true).IsEdns0()
	signed := &dns.TSIG{Hdr: dns.RR_Header{Name: "key.", Rrtype: dns.TypeTSIG, Class: dns.ClassANY}, Algorithm: dns.HmacSHA256}
	for _, raw := range [][]byte{upstream(dns.RcodeSuccess), upstream(dns.RcodeBadCookie, options), upstream(dns.RcodeSuccess, signed, options)} {
		f.Add(raw, false)
		f.Add(raw, true)
	}
	a := fuzzed()
	f.Fuzz(func(t *testing.T, raw []byte, extended bool) {
		query := new(dns.Msg)
		query.SetQuestion("www.example.com.", dns.TypeTXT)
		got := new(dns.Msg)
		if got.Unpack(raw) != nil || !answers(got, query.Question[0]) {
			return
		}
		if extended {
			query.SetEdns0(600, false)
		}
		x := exchange{answerer: a, query: query, reply: new(dns.Msg).SetReply(query), byPacket: true}
		x.take(got)
		x.fit()
		sent, err := x.reply.Pack()
		if err != nil {
			t.Fatalf("%v can't be sent: %v", x.reply, err)
		}
		if most := map[bool]int{false: 512, true: 600}[extended]; len(sent) > most {
			t.Errorf("%d bytes: %v", len(sent), x.reply)
		}
	})
}
