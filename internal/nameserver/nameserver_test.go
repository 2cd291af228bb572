package nameserver_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/nameserver"
	"github.com/gatehouse/gatehouse/internal/registry"
)

var (
	scope = apigw.Scope{Partition: "aws", Account: "123456789012", Region: "eu-west-1"}
	shop  = &apigw.Namespace{ID: "ns-shop", ARN: apigw.NamespaceARN(scope, "ns-shop"), Name: "Shop.internal", HTTPName: "Shop.internal", Type: apigw.NamespaceDNSPrivate, VPC: "vpc-1", TTL: 7}
	deep  = &apigw.Namespace{ID: "ns-deep", ARN: apigw.NamespaceARN(scope, "ns-deep"), Name: "deep.shop.internal", HTTPName: "deep.shop.internal", Type: apigw.NamespaceDNSPrivate, VPC: "vpc-2"}
	plain = &apigw.Namespace{ID: "ns-plain", ARN: apigw.NamespaceARN(scope, "ns-plain"), Name: "plain.internal", HTTPName: "plain.internal", Type: apigw.NamespaceHTTP}
)

func service(of *apigw.Namespace, name, routing string, records ...apigw.ServiceRecord) *apigw.RegistryService {
	id := "srv-" + name
	return &apigw.RegistryService{ID: id, ARN: apigw.RegistryServiceARN(scope, id), Name: name, Namespace: of.ID, Type: "DNS_HTTP", Custom: true, DNS: &apigw.ServiceDNS{Routing: routing, Records: records}}
}

func instance(id, address string, more ...string) *apigw.RegistryInstance {
	in := &apigw.RegistryInstance{ID: id, Status: apigw.InstanceHealthy, Attributes: map[string]string{apigw.AttributePort: "8080"}}
	if address != "" {
		in.Attributes[apigw.AttributeIPv4] = address
	}
	for i := 0; i < len(more); i += 2 {
		in.Attributes[more[i]] = more[i+1]
	}
	return in
}

func failing(in *apigw.RegistryInstance) *apigw.RegistryInstance {
	in.Status = apigw.InstanceUnhealthy
	return in
}

// book has services of every kind.
func book() *registry.Book {
	b := registry.New(registry.Options{Now: time.Now})
	b.Update(func(u *registry.Update) {
		for _, n := range []*apigw.Namespace{shop, deep, plain} {
			u.Namespace(n)
		}
		put := func(s *apigw.RegistryService, list ...*apigw.RegistryInstance) {
			u.Service(s)
			for _, in := range list {
				u.Instance(s.ARN, in)
			}
		}
		a, aaaa, srv := apigw.ServiceRecord{Type: "A", TTL: 11}, apigw.ServiceRecord{Type: "AAAA", TTL: 12}, apigw.ServiceRecord{Type: "SRV", TTL: 13}
		put(service(shop, "orders", "MULTIVALUE", a, aaaa, srv),
			instance("one", "10.0.0.1", apigw.AttributeIPv6, "fd00::1"), instance("Two@b", "10.0.0.2"), failing(instance("three", "10.0.0.3")))
		put(service(shop, "failing", "MULTIVALUE", a), failing(instance("one", "10.0.1.1")), failing(instance("two", "10.0.1.2")))
		put(service(shop, "weighted", "WEIGHTED", a), instance("one", "10.0.2.1"), instance("two", "10.0.2.2"))
		put(service(shop, "empty", "MULTIVALUE", a))
		put(service(shop, "_web._tcp", "MULTIVALUE", srv), instance("dotted.id", "10.0.3.1"))
		put(service(shop, "elsewhere", "WEIGHTED", apigw.ServiceRecord{Type: "CNAME", TTL: 14}), instance("one", "", apigw.AttributeCNAME, "orders.shop.internal"))
		put(service(shop, "outside", "WEIGHTED", apigw.ServiceRecord{Type: "CNAME", TTL: 14}), instance("one", "", apigw.AttributeCNAME, "www.example.com"))
		put(service(shop, "balanced", "WEIGHTED", a), instance("one", "", apigw.AttributeAlias, "lb-1.elb.eu-west-1.amazonaws.com"))
		put(service(shop, "loop", "WEIGHTED", apigw.ServiceRecord{Type: "CNAME", TTL: 14}), instance("one", "", apigw.AttributeCNAME, "loop.shop.internal"))
		put(service(deep, "inner", "MULTIVALUE", a), instance("one", "10.0.4.1"))
		hidden := service(plain, "hidden", "")
		hidden.DNS = nil
		put(hidden, instance("one", "10.0.5.1"))
		many := service(shop, "many", "MULTIVALUE", a, srv)
		put(many)
		for i := range 200 {
			u.Instance(many.ARN, instance(fmt.Sprintf("an-instance-with-a-rather-long-name-%d", i), fmt.Sprintf("10.1.0.%d", i)))
		}
	})
	return b
}

// names are of two VPCs, one with private DNS.
func names() *nameserver.Names {
	n := &nameserver.Names{
		Region: "eu-west-1", TTL: 60, Public: []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")},
		Endpoints: []nameserver.Endpoint{
			{ID: "vpce-1", VPC: "vpc-1", PrivateDNS: true, Addresses: []nameserver.EndpointAddress{{netip.MustParseAddr("10.9.1.1"), "eu-west-1a"}, {netip.MustParseAddr("10.9.2.1"), "eu-west-1b"}}},
			{ID: "vpce-2", VPC: "vpc-2", Addresses: []nameserver.EndpointAddress{{netip.MustParseAddr("10.9.3.1"), ""}}},
		},
		Serves:   func(api string) bool { return api == "abc123" },
		Services: book(),
	}
	n.SetDomains([]*apigw.DomainName{
		{Name: "api.example.com", Types: []string{"REGIONAL"}, RegionalName: "d-1234.execute-api.eu-west-1.amazonaws.com"},
		{Name: "*.wild.example.com", Types: []string{"REGIONAL"}},
		{Name: "private.example.com", ID: "id1", Types: []string{"PRIVATE"}, Associations: []apigw.DomainAccess{{Source: "vpce-2"}}},
	})
	return n
}

// serve answers on a loopback port, as the resolver of a VPC.
func serve(t *testing.T, vpc string, forward ...string) string {
	t.Helper()
	packets, streams, err := nameserver.Open("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := nameserver.New(nameserver.Config{Forward: forward, Logger: slog.New(slog.DiscardHandler),
		Listeners: []nameserver.Listener{{Packets: packets, Streams: streams, View: names().In(vpc)}}})
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return streams.Addr().String()
}

func need(t testing.TB, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err == nil {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed", tool)
	}
	t.Skipf("%s is not installed", tool)
}

// reply is what dig prints, in one line for the header and one for each record.
type reply struct {
	status, flags string
	sections      map[string][]string // "ANSWER", "AUTHORITY", "ADDITIONAL", "OPT PSEUDO"
	text          string
}

func dig(t *testing.T, address string, args ...string) reply {
	t.Helper()
	need(t, "dig")
	host, port, _ := net.SplitHostPort(address)
	out, err := exec.Command("dig", append([]string{"@" + host, "-p", port, "+tries=3", "+timeout=10", "+nocookie"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("dig %v: %v\n%s", args, err, out)
	}
	r := reply{sections: map[string][]string{}, text: string(out)}
	section := ""
	for line := range strings.SplitSeq(string(out), "\n") {
		if _, rest, ok := strings.Cut(line, "status: "); ok {
			r.status, _, _ = strings.Cut(rest, ",")
		}
		if rest, ok := strings.CutPrefix(line, ";; flags: "); ok {
			r.flags, _, _ = strings.Cut(rest, ";")
		}
		if rest, ok := strings.CutPrefix(line, ";; "); ok && strings.HasSuffix(rest, " SECTION:") {
			section = strings.TrimSuffix(rest, " SECTION:")
			continue
		}
		if line == "" {
			section = ""
		}
		if section != "" && (line[0] != ';' || section == "QUESTION") {
			r.sections[section] = append(r.sections[section], strings.Join(strings.Fields(line), " "))
		}
	}
	slices.Sort(r.sections["ANSWER"])
	return r
}

func TestServices(t *testing.T) {
	t.Parallel()
	address := serve(t, "vpc-1")
	const soa = "shop.internal. 7 IN SOA ns-gatehouse.shop.internal. hostmaster.shop.internal. 1 7200 900 1209600 7"
	for _, c := range []struct {
		name, kind, status       string
		answer, authority, extra []string
	}{
		// sheet "Private networking and domains", section 8: MULTIVALUE answers with those that are healthy
		{name: "orders.shop.internal", kind: "A", answer: []string{"orders.shop.internal. 11 IN A 10.0.0.1", "orders.shop.internal. 11 IN A 10.0.0.2"}},
		{name: "ORDERS.shop.INTERNAL", kind: "AAAA", answer: []string{"ORDERS.shop.INTERNAL. 12 IN AAAA fd00::1"}},
		{name: "orders.shop.internal", kind: "SRV", answer: []string{
			`orders.shop.internal. 13 IN SRV 1 1 8080 Two\@b.orders.shop.internal.`, "orders.shop.internal. 13 IN SRV 1 1 8080 one.orders.shop.internal."}},
		{name: "one.orders.shop.internal", kind: "A", answer: []string{"one.orders.shop.internal. 11 IN A 10.0.0.1"}},
		{name: `two\@b.orders.shop.internal`, kind: "A", answer: []string{`two\@b.orders.shop.internal. 11 IN A 10.0.0.2`}},
		{name: "three.orders.shop.internal", kind: "A", answer: []string{"three.orders.shop.internal. 11 IN A 10.0.0.3"}}, // whatever its health
		// all when none is healthy
		{name: "failing.shop.internal", kind: "A", answer: []string{"failing.shop.internal. 11 IN A 10.0.1.1", "failing.shop.internal. 11 IN A 10.0.1.2"}},
		{name: "_web._tcp.shop.internal", kind: "SRV", answer: []string{"_web._tcp.shop.internal. 13 IN SRV 1 1 8080 dotted.id._web._tcp.shop.internal."},
			extra: []string{"dotted.id._web._tcp.shop.internal. 13 IN A 10.0.3.1"}},
		{name: "dotted.id._web._tcp.shop.internal", kind: "A", answer: []string{"dotted.id._web._tcp.shop.internal. 13 IN A 10.0.3.1"}},
		{name: "elsewhere.shop.internal", kind: "SRV", answer: []string{"elsewhere.shop.internal. 14 IN CNAME orders.shop.internal.",
			`orders.shop.internal. 13 IN SRV 1 1 8080 Two\@b.orders.shop.internal.`, "orders.shop.internal. 13 IN SRV 1 1 8080 one.orders.shop.internal."}},
		{name: "elsewhere.shop.internal", kind: "CNAME", answer: []string{"elsewhere.shop.internal. 14 IN CNAME orders.shop.internal."}},
		{name: "outside.shop.internal", kind: "A", answer: []string{"outside.shop.internal. 14 IN CNAME www.example.com."}},
		{name: "balanced.shop.internal", kind: "A", answer: []string{"balanced.shop.internal. 60 IN CNAME lb-1.elb.eu-west-1.amazonaws.com."}},
		{name: "loop.shop.internal", kind: "A", status: "SERVFAIL"},
		{name: "shop.internal", kind: "NS", answer: []string{"shop.internal. 7 IN NS ns-gatehouse.shop.internal."}},
		{name: "ns-gatehouse.shop.internal", kind: "A", answer: []string{"ns-gatehouse.shop.internal. 7 IN A 127.0.0.1"}},
		{name: "shop.internal", kind: "SOA", answer: []string{soa}},
		{name: "shop.internal", kind: "A", authority: []string{soa}},
		{name: "orders.shop.internal", kind: "TXT", authority: []string{soa}},
		{name: "_tcp.shop.internal", kind: "A", authority: []string{soa}},
		{name: "id._web._tcp.shop.internal", kind: "A", authority: []string{soa}},
		{name: "empty.shop.internal", kind: "A", status: "NXDOMAIN", authority: []string{soa}},
		{name: "nobody.shop.internal", kind: "A", status: "NXDOMAIN", authority: []string{soa}},
		{name: "nobody.orders.shop.internal", kind: "A", status: "NXDOMAIN", authority: []string{soa}},
		{name: "inner.deep.shop.internal", kind: "A", status: "NXDOMAIN", authority: []string{soa}}, // another VPC's
		{name: "hidden.plain.internal", kind: "A", status: "REFUSED"},
		{name: "shop.internal", kind: "AXFR", status: "REFUSED"},
		{name: "orders.shop.internal", kind: "ANY", answer: []string{`orders.shop.internal. 7 IN HINFO "RFC8482" ""`}},
		{name: "internal", kind: "A", status: "REFUSED"},
		{name: ".", kind: "NS", status: "REFUSED"},
	} {
		t.Run(c.name+" "+c.kind, func(t *testing.T) {
			if c.kind == "AXFR" { // dig prints another form
				if out := dig(t, address, c.name, c.kind); !strings.Contains(out.text, "Transfer failed") {
					t.Error(out.text)
				}
				return
			}
			got := dig(t, address, c.name, c.kind, "+bufsize=1232")
			if c.status == "" {
				c.status = "NOERROR"
			}
			if got.status != c.status {
				t.Errorf("the status is %s", got.status)
			}
			if c.extra != nil && !cmp.Equal(c.extra, got.sections["ADDITIONAL"]) {
				t.Error(cmp.Diff(c.extra, got.sections["ADDITIONAL"]))
			}
			if d := cmp.Diff(c.answer, got.sections["ANSWER"]) + cmp.Diff(c.authority, got.sections["AUTHORITY"]); d != "" {
				t.Error(d)
			}
			if owns := strings.Contains(got.flags, "aa"); owns != (c.status == "NOERROR" || c.status == "NXDOMAIN") || strings.Contains(got.flags, "ra") {
				t.Errorf("the flags are %s", got.flags)
			}
		})
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	address := serve(t, "vpc-1")
	if got := dig(t, address, "weighted.shop.internal").sections["ANSWER"]; len(got) != 1 {
		t.Errorf("a weighted service answers %v", got)
	}
	seen := map[string]bool{}
	for range 100 {
		got := dig(t, address, "many.shop.internal").sections["ANSWER"]
		if len(got) != 8 {
			t.Fatalf("a service with many instances answers with %d", len(got))
		}
		for _, one := range got {
			seen[one] = true
		}
		if len(seen) > 40 {
			return
		}
	}
	t.Errorf("of 200 instances, clients are told of %d", len(seen))
}

func TestGatewayNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		vpc, name, status string
		want              []string
	}{
		// sheet, section 2: with private DNS, every name goes to the endpoint
		{"vpc-1", "abc123.execute-api.eu-west-1.amazonaws.com", "", []string{"10.9.1.1", "10.9.2.1"}},
		{"vpc-1", "unknown.execute-api.eu-west-1.amazonaws.com", "", []string{"10.9.1.1", "10.9.2.1"}},
		{"vpc-2", "ABC123.execute-api.eu-west-1.amazonaws.com", "", []string{"192.0.2.1"}},
		{"vpc-2", "unknown.execute-api.eu-west-1.amazonaws.com", "NXDOMAIN", nil},
		{"", "abc123.execute-api.eu-west-1.amazonaws.com", "", []string{"192.0.2.1"}},
		// sheet, section 3, way 3: also where private DNS is off
		{"vpc-1", "abc123-vpce-2.execute-api.eu-west-1.amazonaws.com", "", []string{"10.9.3.1"}},
		{"vpc-2", "abc123-vpce-1.execute-api.eu-west-1.amazonaws.com", "", []string{"10.9.1.1", "10.9.2.1"}},
		{"vpc-2", "abc123-vpce-3.execute-api.eu-west-1.amazonaws.com", "NXDOMAIN", nil},
		{"vpc-2", "other-vpce-1.execute-api.eu-west-1.amazonaws.com", "NXDOMAIN", nil},
		{"vpc-1", "a.b.execute-api.eu-west-1.amazonaws.com", "NXDOMAIN", nil},
		{"vpc-1", "abc123.execute-api.us-east-1.amazonaws.com", "REFUSED", nil},
		// section 2: names of endpoints, and of one in a zone
		{"vpc-2", "vpce-1-0abc.execute-api.eu-west-1.vpce.amazonaws.com", "", []string{"10.9.1.1", "10.9.2.1"}},
		{"vpc-2", "vpce-1-0abc-eu-west-1b.execute-api.eu-west-1.vpce.amazonaws.com", "", []string{"10.9.2.1"}},
		{"vpc-2", "vpce-11-0abc.execute-api.eu-west-1.vpce.amazonaws.com", "NXDOMAIN", nil},
		// sections 9 and 10: custom domain names
		{"vpc-1", "api.example.com", "", []string{"192.0.2.1"}},
		{"vpc-1", "d-1234.execute-api.eu-west-1.amazonaws.com", "", []string{"192.0.2.1"}},
		{"vpc-1", "a.wild.example.com", "", []string{"192.0.2.1"}},
		{"vpc-1", "a.b.wild.example.com", "REFUSED", nil},
		{"vpc-1", "wild.example.com", "REFUSED", nil},
		{"vpc-1", "example.com", "REFUSED", nil},
		{"vpc-1", "www.api.example.com", "REFUSED", nil},
		{"vpc-2", "private.example.com", "", []string{"10.9.3.1"}},
		{"vpc-1", "private.example.com", "REFUSED", nil},
		// names of load balancers lead nowhere here
		{"vpc-1", "lb-1.elb.eu-west-1.amazonaws.com", "REFUSED", nil},
	} {
		t.Run(c.vpc+" "+c.name, func(t *testing.T) {
			t.Parallel()
			got := dig(t, serve(t, c.vpc), c.name, "A")
			if c.status == "" {
				c.status = "NOERROR"
			}
			if got.status != c.status {
				t.Errorf("the status is %s", got.status)
			}
			var at []string
			for _, line := range got.sections["ANSWER"] {
				at = append(at, strings.Fields(line)[4])
			}
			if d := cmp.Diff(c.want, at); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestSizes: an answer that is too long for a datagram comes by TCP.
func TestSizes(t *testing.T) {
	t.Parallel()
	address := serve(t, "vpc-1")
	const name = "many.shop.internal"
	cut := dig(t, address, name, "SRV", "+noedns", "+ignore")
	if !strings.Contains(cut.flags, "tc") || len(cut.sections["OPT PSEUDO"]) > 0 {
		t.Errorf("512 bytes are exceeded:\n%s", cut.text)
	}
	if whole := dig(t, address, name, "SRV", "+noedns"); len(whole.sections["ANSWER"]) != 8 || !strings.Contains(whole.text, "(TCP)") {
		t.Errorf("dig comes again by TCP, and gets:\n%s", whole.text)
	}
	if whole := dig(t, address, name, "SRV", "+bufsize=65535", "+ignore"); !strings.Contains(whole.text, "udp: 1232") {
		t.Errorf("what the server takes isn't said:\n%s", whole.text)
	}
	if odd := dig(t, address, name, "+edns=1", "+noednsneg"); odd.status != "BADVERS" {
		t.Errorf("version 1 of EDNS is answered %s", odd.status)
	}
	if odd := dig(t, address, "version.bind", "TXT", "CH"); odd.status != "REFUSED" {
		t.Errorf("the class CHAOS is answered %s", odd.status)
	}
	if odd := dig(t, address, name, "+opcode=update"); odd.status != "NOTIMP" {
		t.Errorf("an update is answered %s", odd.status)
	}
}

// TestGoResolver asks as Go programs do.
func TestGoResolver(t *testing.T) {
	t.Parallel()
	address := serve(t, "vpc-1")
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	list, err := r.LookupHost(t.Context(), "orders.shop.internal.")
	slices.Sort(list)
	if d := cmp.Diff([]string{"10.0.0.1", "10.0.0.2", "fd00::1"}, list); d != "" || err != nil {
		t.Error(d, err)
	}
	_, targets, err := r.LookupSRV(t.Context(), "web", "tcp", "shop.internal.")
	if d := cmp.Diff([]*net.SRV{{Target: "dotted.id._web._tcp.shop.internal.", Port: 8080, Priority: 1, Weight: 1}}, targets); d != "" || err != nil {
		t.Error(d, err)
	}
	if _, err = r.LookupHost(t.Context(), "nobody.shop.internal."); err == nil || !err.(*net.DNSError).IsNotFound {
		t.Errorf("of a name that there isn't: %v", err)
	}
}
