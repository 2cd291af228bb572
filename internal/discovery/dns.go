package discovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// DNS asks for names again when what was answered has lived its time.
type DNS struct {
	Resolvers      []string // host:port; none: the machine's
	MinTTL, MaxTTL time.Duration
	Services       map[Service]Name
	Log            *slog.Logger
}

// Name is what is asked for.
type Name struct {
	Name string // with or without the root's dot
	Port uint16 // of what A and AAAA records lead to; 0: SRV records are asked for
}

// maxTargets is how many targets of SRV records are asked for.
const maxTargets = 1000

// Run asks for each name.
func (d *DNS) Run(ctx context.Context, to *Shelf) {
	var asking sync.WaitGroup
	for service, name := range d.Services {
		asking.Go(func() {
			repeatedly(ctx, d.Log.With("name", name.Name), func(ctx context.Context, a *attempts) error {
				l := &lookup{ttl: d.MaxTTL}
				var err error
				if l.servers, err = d.servers(); err != nil {
					return err
				}
				list, err := l.find(ctx, name)
				if err != nil {
					return err
				}
				a.succeeded()
				to.Put(service, sorted(list))
				sleep(ctx, max(l.ttl, d.MinTTL))
				return nil
			})
		})
	}
	asking.Wait()
}

// servers are the resolvers, the machine's as they are now.
func (d *DNS) servers() ([]string, error) {
	if len(d.Resolvers) > 0 {
		return d.Resolvers, nil
	}
	c, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return nil, err
	}
	var list []string
	for _, s := range c.Servers {
		list = append(list, net.JoinHostPort(s, c.Port))
	}
	if len(list) == 0 {
		return nil, errors.New("/etc/resolv.conf names no resolver: say resolvers")
	}
	return list, nil
}

// lookup is one turn of asking for a name.
type lookup struct {
	servers []string
	ttl     time.Duration // the shortest that was told, at most the longest that is believed
}

func (l *lookup) find(ctx context.Context, name Name) (list []*apigw.RegistryInstance, err error) {
	if name.Port == 0 {
		return l.located(ctx, dns.Fqdn(name.Name))
	}
	addresses, err := l.addresses(ctx, dns.Fqdn(name.Name))
	for _, a := range addresses {
		list = append(list, instance(a.String(), a, name.Port, nil))
	}
	return list, err
}

// located are the targets of a name's SRV records with the best priority (RFC
// 2782): those behind are for when none of these answers, which health tells.
func (l *lookup) located(ctx context.Context, name string) (list []*apigw.RegistryInstance, err error) {
	answer, err := l.ask(ctx, name, dns.TypeSRV)
	if err != nil {
		return nil, err
	}
	var records []*dns.SRV
	for _, r := range answer {
		s, ok := r.(*dns.SRV)
		if !ok || s.Target == "." || len(records) > 0 && s.Priority > records[0].Priority {
			continue
		}
		if len(records) > 0 && s.Priority < records[0].Priority {
			records = nil
		}
		records = append(records, s)
	}
	if len(records) > maxTargets {
		return nil, fmt.Errorf("%s has %d targets, more than %d", name, len(records), maxTargets)
	}
	for _, s := range records {
		addresses, err := l.addresses(ctx, s.Target)
		if err != nil {
			return nil, err
		}
		for _, a := range addresses {
			in := instance(fmt.Sprintf("%s-%d", a, s.Port), a, s.Port, map[string]string{"target": strings.TrimSuffix(s.Target, ".")})
			in.Weight = int(s.Weight)
			list = append(list, in)
		}
		if len(list) > maxInstances {
			return nil, fmt.Errorf("%s has more than %d addresses", name, maxInstances)
		}
	}
	return list, nil
}

func (l *lookup) addresses(ctx context.Context, name string) (list []netip.Addr, err error) {
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		answer, err := l.ask(ctx, name, kind)
		if err != nil {
			return nil, err
		}
		for _, r := range answer {
			var ip net.IP
			switch r := r.(type) {
			case *dns.A:
				ip = r.A
			case *dns.AAAA:
				ip = r.AAAA
			}
			if a, ok := netip.AddrFromSlice(ip); ok {
				list = append(list, a.Unmap())
			}
		}
	}
	return list, nil
}

// ask returns the records of a kind. That there is nothing is an answer, too: its
// time is the zone's for it (RFC 2308).
func (l *lookup) ask(ctx context.Context, name string, kind uint16) ([]dns.RR, error) {
	m := new(dns.Msg)
	m.SetQuestion(name, kind)
	m.SetEdns0(1232, false)
	var all error
	for _, server := range l.servers {
		got, err := exchange(ctx, m, server)
		switch {
		case err != nil:
		case got.Rcode != dns.RcodeSuccess && got.Rcode != dns.RcodeNameError:
			err = fmt.Errorf("%s answers %s", server, dns.RcodeToString[got.Rcode])
		case len(got.Question) != 1 || !same(got.Question[0].Name, name) || got.Question[0].Qtype != kind:
			err = fmt.Errorf("%s answers another question", server)
		}
		if err != nil {
			all = errors.Join(all, err)
			continue
		}
		for _, r := range got.Answer {
			l.lives(r.Header().Ttl)
		}
		for _, r := range got.Ns {
			if soa, ok := r.(*dns.SOA); ok && len(got.Answer) == 0 {
				l.lives(min(soa.Hdr.Ttl, soa.Minttl))
			}
		}
		return asked(got.Answer, name, kind), nil
	}
	return nil, fmt.Errorf("ask for %s %s: %w", name, dns.TypeToString[kind], all)
}

// longestChain is how many aliases are followed.
const longestChain = 16

// asked are the records of a kind that a name has, or what its aliases lead to.
// An answer may have others, which nobody asked for.
func asked(answer []dns.RR, name string, kind uint16) (list []dns.RR) {
	for range longestChain {
		next := ""
		for _, r := range answer {
			if !same(r.Header().Name, name) {
				continue
			}
			if alias, ok := r.(*dns.CNAME); ok {
				next = alias.Target
			} else if r.Header().Rrtype == kind {
				list = append(list, r)
			}
		}
		if next == "" || len(list) > 0 {
			break
		}
		name = next
	}
	return list
}

func same(a, b string) bool { return dns.CanonicalName(a) == dns.CanonicalName(b) }

func (l *lookup) lives(ttl uint32) { l.ttl = min(l.ttl, time.Duration(ttl)*time.Second) }

// exchange asks by UDP, and by TCP for an answer that is too long for it.
func exchange(ctx context.Context, m *dns.Msg, server string) (*dns.Msg, error) {
	m.Id = dns.Id()
	got, _, err := (&dns.Client{Timeout: 3 * time.Second, UDPSize: 1232}).ExchangeContext(ctx, m, server)
	if err == nil && got.Truncated {
		got, _, err = (&dns.Client{Net: "tcp", Timeout: 5 * time.Second}).ExchangeContext(ctx, m, server)
	}
	return got, err
}
