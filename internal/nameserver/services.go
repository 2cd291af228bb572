package nameserver

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/registry"
)

// weighted is the routing policy that answers with one instance.
const weighted = "WEIGHTED"

// maxAnswers is how many instances a multivalue answer has (Cloud Map reference,
// DnsConfig, RoutingPolicy).
const maxAnswers = 8

// zones are the namespaces that DNS shows, by name, as an index has them.
type zones struct {
	index  *registry.Index
	byName map[string][]*namespace
}

// namespace is one of them. Names are in lower case.
type namespace struct {
	*apigw.Namespace
	services map[string]*registry.Service
	between  map[string]bool // names that have none but services under them
}

// current is zones of the registry as it is: made when namespaces or services
// change, not when instances do.
func (n *Names) current() *zones {
	index := n.Services.Index()
	if z := n.zones.Load(); z != nil && z.index == index {
		return z
	}
	z := &zones{index: index, byName: map[string][]*namespace{}}
	for _, of := range index.Namespaces() {
		if of.Type == apigw.NamespaceHTTP {
			continue
		}
		made := &namespace{Namespace: of, services: map[string]*registry.Service{}, between: map[string]bool{}}
		for _, s := range index.Services(of.ARN) {
			made.add(s)
		}
		name := strings.ToLower(of.Name)
		z.byName[name] = append(z.byName[name], made)
	}
	n.zones.Store(z)
	return z
}

func (n *namespace) add(s *registry.Service) {
	v := s.View()
	if v == nil || v.Service.DNS == nil {
		return
	}
	name := strings.ToLower(v.Service.Name)
	n.services[name] = s
	for _, under, ok := strings.Cut(name, "."); ok; _, under, ok = strings.Cut(under, ".") {
		n.between[under] = true
	}
}

// service finds a service, or one instance of it, in the namespace with the
// longest name that the looked-up name ends with.
func (n *vpcView) service(name string, kind uint16) Found {
	if n.Services == nil {
		return Found{}
	}
	z := n.current()
	for zone, more := name, true; more; _, zone, more = strings.Cut(zone, ".") {
		spaces := z.byName[zone]
		if n.vpc != "" {
			spaces = slices.DeleteFunc(slices.Clone(spaces), func(s *namespace) bool { return s.Type == apigw.NamespaceDNSPrivate && s.VPC != n.vpc })
		}
		if len(spaces) == 0 {
			continue
		}
		rest, _ := within(name, zone)
		return look(spaces, zone, unescape(rest), kind)
	}
	return Found{}
}

// unescape takes away what messages put before characters of instance IDs.
func unescape(name string) string { return strings.ReplaceAll(name, `\@`, "@") }

// look finds what stands before the zone's name. Of namespaces of one name, the
// first that has it counts.
func look(spaces []*namespace, zone, rest string, kind uint16) Found {
	found := Found{Zone: zone, Negative: uint32(negativeTime)}
	if ttl := spaces[0].TTL; ttl > 0 {
		found.Negative = uint32(min(ttl, 1<<31-1))
	}
	for _, s := range spaces {
		if s.find(&found, rest, kind); found.Exists {
			break
		}
	}
	return found
}

func (n *namespace) find(found *Found, rest string, kind uint16) {
	if rest == "" || n.between[rest] {
		found.Exists = true
	}
	if s := n.services[rest]; s != nil {
		if v := s.View(); v != nil {
			(&answered{found, v, rest + "." + found.Zone}).service(kind)
		}
	}
	for id, under, ok := strings.Cut(rest, "."); ok && !found.Exists; {
		if s := n.services[under]; s != nil {
			if v := s.View(); v != nil {
				(&answered{found, v, under + "." + found.Zone}).instance(id, kind)
			}
		}
		var label string
		label, under, ok = strings.Cut(under, ".")
		id += "." + label
	}
}

// answered is a service that Found is filled from.
type answered struct {
	*Found
	view *registry.View
	name string // the service's, with the namespace's
}

// record is what the service says of a kind; nil: it has none.
func (a *answered) record(kind uint16) *apigw.ServiceRecord {
	for i := range a.view.Service.DNS.Records {
		if r := &a.view.Service.DNS.Records[i]; r.Type == dns.TypeToString[kind] {
			return r
		}
	}
	return nil
}

// service answers with instances as the routing policy says: up to eight, or one.
func (a *answered) service(kind uint16) {
	a.Exists = len(a.view.Instances) > 0 // AWS has no records of a service without instances
	if r := a.record(dns.TypeCNAME); r != nil {
		for _, i := range choose(a.view.Instances, 1, func(i *registry.Instance) bool { return isName(i.Attributes[apigw.AttributeCNAME]) }) {
			a.alias(r.TTL, i.Attributes[apigw.AttributeCNAME])
		}
		return
	}
	r := a.record(kind)
	most := maxAnswers
	if a.view.Service.DNS.Routing == weighted {
		most = 1
	}
	for _, i := range choose(a.view.Instances, most, func(i *registry.Instance) bool { return r != nil && a.shows(i, kind) || aliased(i) }) {
		switch {
		case aliased(i): // stands alone
			a.Extra = nil
			a.alias(aliasTime, i.Attributes[apigw.AttributeAlias])
			return
		case kind == dns.TypeSRV:
			a.location(i, uint32(r.TTL))
		default:
			a.Records = append(a.Records, records(kind, uint32(r.TTL), i.IPv4, i.IPv6)...)
		}
	}
}

// aliasTime is how long, in seconds, an alias for a load balancer's name may be
// remembered: as long as AWS lets the load balancer's addresses be.
const aliasTime = 60

// aliased says that an instance is another name. Such a one has no address (Cloud
// Map reference, RegisterInstance, AWS_ALIAS_DNS_NAME).
func aliased(i *registry.Instance) bool {
	return !i.IPv4.IsValid() && !i.IPv6.IsValid() && isName(i.Attributes[apigw.AttributeAlias])
}

// alias answers with another name.
func (a *answered) alias(ttl int64, name string) {
	a.Records = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Rrtype: dns.TypeCNAME, Ttl: uint32(ttl)}, Target: dns.Fqdn(name)}}
}

func isName(name string) bool {
	_, ok := dns.IsDomainName(name)
	return ok && name != ""
}

func (a *answered) shows(i *registry.Instance, kind uint16) bool {
	switch kind {
	case dns.TypeA:
		return i.IPv4.IsValid()
	case dns.TypeAAAA:
		return i.IPv6.IsValid()
	}
	return i.Port > 0 && isName(a.nameOf(i))
}

// nameOf is an instance's own name.
func (a *answered) nameOf(i *registry.Instance) string {
	return strings.ReplaceAll(i.ID, "@", `\@`) + "." + a.name + "."
}

// location adds an instance's SRV record, with the addresses of what it names
// (Cloud Map reference, DnsRecord).
func (a *answered) location(i *registry.Instance, ttl uint32) {
	target := a.nameOf(i)
	a.Records = append(a.Records, &dns.SRV{Hdr: dns.RR_Header{Rrtype: dns.TypeSRV, Ttl: ttl}, Priority: 1, Weight: 1, Port: uint16(i.Port), Target: target})
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		for _, r := range a.addresses(i, kind) {
			r.Header().Name = target
			a.Extra = append(a.Extra, r)
		}
	}
}

// instance answers about one instance, whatever its health.
func (a *answered) instance(id string, kind uint16) {
	list := a.view.Instances
	at, ok := slices.BinarySearchFunc(list, id, func(i *registry.Instance, id string) int { return strings.Compare(i.ID, id) })
	for n := 0; n < len(list) && !ok; n++ { // spelt otherwise, or a name under this one
		before := len(list[n].ID) - len(id)
		if before < 0 || !strings.EqualFold(list[n].ID[before:], id) {
			continue
		}
		at, ok = n, before == 0
		a.Exists = a.Exists || before > 0 && list[n].ID[before-1] == '.'
	}
	if ok {
		a.Exists, a.Records = true, a.addresses(list[at], kind)
	}
}

// addresses are those of an instance, which last as long as the service's records.
func (a *answered) addresses(i *registry.Instance, kind uint16) []dns.RR {
	ttl := uint32(aliasTime)
	for _, r := range a.view.Service.DNS.Records {
		ttl = uint32(r.TTL)
		if r.Type == dns.TypeToString[kind] {
			break
		}
	}
	valid := slices.DeleteFunc([]netip.Addr{i.IPv4, i.IPv6}, func(a netip.Addr) bool { return !a.IsValid() })
	return records(kind, ttl, valid...)
}

// choose picks up to most instances, beginning anywhere: such as are shown and
// don't fail, or whatever their health when all fail (Cloud Map reference,
// DnsConfig, RoutingPolicy).
func choose(list []*registry.Instance, most int, shown func(*registry.Instance) bool) []*registry.Instance {
	if len(list) == 0 {
		return nil
	}
	var picked, failing []*registry.Instance
	begin := rand.IntN(len(list))
	for n := 0; n < len(list) && len(picked) < most; n++ {
		i := list[(begin+n)%len(list)]
		switch {
		case !shown(i):
		case i.Health != apigw.InstanceUnhealthy:
			picked = append(picked, i)
		case len(failing) < most:
			failing = append(failing, i)
		}
	}
	if len(picked) == 0 {
		return failing
	}
	return picked
}
