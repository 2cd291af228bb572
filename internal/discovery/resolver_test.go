package discovery

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// lying is a resolver that answers as it is told.
func lying(t *testing.T, answer func(reply *dns.Msg, q dns.Question)) (address string) {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	streams, err := net.Listen("tcp", packets.LocalAddr().String())
	if err != nil {
		t.Skip(err)
	}
	h := dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		reply := new(dns.Msg).SetReply(asked)
		answer(reply, asked.Question[0])
		if _, ok := w.RemoteAddr().(*net.UDPAddr); ok {
			reply.Truncate(1232)
		}
		reply.Compress = true
		if err := w.WriteMsg(reply); err != nil {
			t.Error(err)
		}
	})
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: h}, {Listener: streams, Handler: h}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go s.ActivateAndServe()
		<-started
		t.Cleanup(func() { s.Shutdown() })
	}
	return packets.LocalAddr().String()
}

func zone(t *testing.T, lines ...string) (list []dns.RR) {
	t.Helper()
	for _, line := range lines {
		r, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

// TestAnswersThatNobodyAskedFor: of an answer, the records of the name count, and
// of what its aliases lead to.
func TestAnswersThatNobodyAskedFor(t *testing.T) {
	for name, c := range map[string]struct {
		answer []string
		other  bool // question
		want   []string
		err    string
	}{
		"the name's":            {answer: []string{"Orders.corp. 60 A 10.0.0.1", "orders.CORP. 60 A 10.0.0.2"}, want: []string{"10.0.0.1", "10.0.0.2"}},
		"another name's":        {answer: []string{"orders.corp. 60 A 10.0.0.1", "evil.example. 60 A 192.0.2.1"}, want: []string{"10.0.0.1"}},
		"another name's alone":  {answer: []string{"evil.example. 60 A 192.0.2.1"}},
		"another kind":          {answer: []string{"orders.corp. 60 AAAA fd00::1"}},
		"aliases":               {answer: []string{"b.corp. 60 A 10.0.0.2", "a.corp. 60 CNAME b.corp.", "orders.corp. 60 CNAME a.corp.", "c.corp. 60 A 192.0.2.1"}, want: []string{"10.0.0.2"}},
		"aliases in a circle":   {answer: []string{"orders.corp. 60 CNAME a.corp.", "a.corp. 60 CNAME orders.corp."}},
		"an alias of another":   {answer: []string{"evil.example. 60 CNAME b.corp.", "b.corp. 60 A 192.0.2.1"}},
		"to another question":   {answer: []string{"orders.corp. 60 A 10.0.0.1"}, other: true, err: "another question"},
		"a TTL of 0":            {answer: []string{"orders.corp. 0 A 10.0.0.1"}, want: []string{"10.0.0.1"}},
		"a TTL of 68 years":     {answer: []string{"orders.corp. 2147483647 A 10.0.0.1"}, want: []string{"10.0.0.1"}},
		"a TTL beyond 31 bits":  {answer: []string{"orders.corp. 4294967295 A 10.0.0.1"}, want: []string{"10.0.0.1"}},
		"nothing":               {},
		"an address within one": {answer: []string{"orders.corp. 60 AAAA ::ffff:10.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) {
			at := lying(t, func(reply *dns.Msg, q dns.Question) {
				if q.Qtype == dns.TypeA {
					reply.Answer = zone(t, c.answer...)
				}
				if c.other {
					reply.Question[0].Name = "other.corp."
				}
			})
			l := &lookup{servers: []string{at}, ttl: time.Minute}
			list, err := l.addresses(t.Context(), "orders.corp.")
			var got []string
			for _, a := range list {
				got = append(got, a.String())
			}
			if slices.Sort(got); !slices.Equal(got, c.want) || (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%v, %v", got, err)
			}
			if l.ttl > time.Minute || l.ttl < 0 {
				t.Errorf("it lives for %s", l.ttl)
			}
		})
	}
}

// TestManyLocations: targets that have many addresses each aren't gathered
// without end.
func TestManyLocations(t *testing.T) {
	at := lying(t, func(reply *dns.Msg, q dns.Question) {
		for i := range 3000 {
			h := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: 60}
			switch {
			case q.Qtype == dns.TypeSRV && i < 100:
				reply.Answer = append(reply.Answer, &dns.SRV{Hdr: h, Port: 80, Target: fmt.Sprintf("t%d.corp.", i)})
			case q.Qtype == dns.TypeA:
				reply.Answer = append(reply.Answer, &dns.A{Hdr: h, A: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}).AsSlice()})
			}
		}
	})
	l := &lookup{servers: []string{at}, ttl: time.Minute}
	if list, err := l.located(t.Context(), "_orders._tcp.corp."); err == nil || !strings.Contains(err.Error(), "more than 10000 addresses") {
		t.Errorf("%d instances, %v", len(list), err)
	}
}
