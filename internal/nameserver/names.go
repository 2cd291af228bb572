package nameserver

import (
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/registry"
)

// Names is everything that can be asked for. Its fields are set before the first
// question.
type Names struct {
	Region string
	TTL    uint32 // of addresses of APIs, endpoints and custom domain names, in seconds
	// Public are where clients reach APIs that aren't private.
	Public    []netip.Addr
	Endpoints []Endpoint
	// Serves says whether an API has a stage here.
	Serves   func(api string) bool
	Services *registry.Book // nil: none

	domains atomic.Pointer[map[string][]*apigw.DomainName]
	zones   atomic.Pointer[zones]
}

// Endpoint is an interface endpoint and where it is reached.
type Endpoint struct {
	ID, VPC    string
	PrivateDNS bool // the VPC's clients reach every API's name at it
	Addresses  []EndpointAddress
}

// EndpointAddress is one of an endpoint, in an availability zone when that is
// known.
type EndpointAddress struct {
	Address netip.Addr
	Zone    string
}

func (e *Endpoint) addresses(keep func(EndpointAddress) bool) (list []netip.Addr) {
	for _, a := range e.Addresses {
		if keep(a) {
			list = append(list, a.Address)
		}
	}
	return list
}

func everyZone(EndpointAddress) bool { return true }

// In is what is seen in a VPC, as of a VPC's own resolver on AWS. Empty: there are
// no VPCs, and everything is seen.
func (n *Names) In(vpc string) View { return &vpcView{n, vpc} }

// vpcView is what is seen in one VPC.
type vpcView struct {
	*Names
	vpc string
}

// Look finds a name in what is the most particular: the services, one's own
// domain names, then AWS's.
func (n *vpcView) Look(name string, kind uint16) Found {
	for _, look := range []func(string, uint16) Found{n.service, n.domain, n.endpoint, n.api} {
		if found := look(name, kind); found.Zone != "" {
			return found
		}
	}
	return Found{}
}

// at is a name that has addresses.
func (n *vpcView) at(zone string, kind uint16, addresses []netip.Addr) Found {
	found := n.none(zone)
	found.Exists, found.Records = len(addresses) > 0, records(kind, n.TTL, addresses...)
	return found
}

// none is a name that a zone doesn't have.
func (n *vpcView) none(zone string) Found {
	return Found{Zone: zone, Negative: min(n.TTL, negativeTime)}
}

// negativeTime is how long clients remember that there is nothing, in seconds,
// unless a namespace says it: what is started after its clients shall be found.
const negativeTime = 15

// SetDomains replaces the custom domain names.
func (n *Names) SetDomains(list []*apigw.DomainName) {
	made := map[string][]*apigw.DomainName{}
	for _, d := range list {
		made[d.Name] = append(made[d.Name], d)
		for _, target := range []string{d.RegionalName, d.DistributionName} {
			if target != "" { // what the owner's own DNS leads the name to
				made[strings.ToLower(target)] = append(made[strings.ToLower(target)], d)
			}
		}
	}
	n.domains.Store(&made)
}

// domain finds a custom domain name: a private one where an associated endpoint
// of this VPC leads, another one where public APIs are. Each is a zone of its own,
// so that nothing else of its owner's zone is hidden.
func (n *vpcView) domain(name string, kind uint16) Found {
	domains := n.domains.Load()
	if domains == nil {
		return Found{}
	}
	list := (*domains)[name]
	if label, under, ok := strings.Cut(name, "."); ok && label != "" && len(list) == 0 {
		list = (*domains)["*."+under]
	}
	var public bool
	for _, d := range list {
		if !d.Private() {
			public = true
		} else if at := n.associated(d); len(at) > 0 {
			return n.at(name, kind, at)
		}
	}
	if !public {
		return Found{}
	}
	return n.at(name, kind, n.Public)
}

// associated are the addresses of endpoints of this VPC that may call a private
// domain name.
func (n *vpcView) associated(d *apigw.DomainName) (list []netip.Addr) {
	for i := range n.Endpoints {
		e := &n.Endpoints[i]
		if n.sees(e) && slices.ContainsFunc(d.Associations, func(a apigw.DomainAccess) bool { return a.Source == e.ID && !a.Rejected }) {
			list = append(list, e.addresses(everyZone)...)
		}
	}
	return list
}

func (n *vpcView) sees(e *Endpoint) bool { return n.vpc == "" || e.VPC == n.vpc }

// endpoint finds an endpoint's own names,
// vpce-ID-SUFFIX[-ZONE].execute-api.REGION.vpce.amazonaws.com, which lead to the
// same addresses from everywhere (PrivateLink guide, "DNS hostnames").
func (n *vpcView) endpoint(name string, kind uint16) Found {
	zone := "execute-api." + n.Region + ".vpce.amazonaws.com"
	label, ok := within(name, zone)
	if !ok {
		return Found{}
	}
	for i := range n.Endpoints {
		e := &n.Endpoints[i]
		rest, ok := strings.CutPrefix(label, e.ID)
		if !ok || rest != "" && rest[0] != '-' || strings.Contains(rest, ".") {
			continue
		}
		in := e.addresses(func(a EndpointAddress) bool { return a.Zone != "" && strings.HasSuffix(rest, "-"+a.Zone) })
		if len(in) == 0 {
			in = e.addresses(everyZone)
		}
		return n.at(zone, kind, in)
	}
	return n.none(zone)
}

// api finds the names of APIs, API.execute-api.REGION.amazonaws.com and
// API-VPCE.execute-api.REGION.amazonaws.com. Where an endpoint has private DNS,
// every name is its, also those of public APIs (API Gateway guide, "Create a
// private API").
func (n *vpcView) api(name string, kind uint16) Found {
	zone := Zone(n.Region)
	label, ok := within(name, zone)
	switch {
	case !ok:
		return Found{}
	case label == "" || strings.Contains(label, "."):
		return n.none(zone)
	}
	if api, id, ok := strings.Cut(label, "-"); ok {
		for i := range n.Endpoints {
			if e := &n.Endpoints[i]; e.ID == id && n.Serves(api) {
				return n.at(zone, kind, e.addresses(everyZone))
			}
		}
		return n.none(zone)
	}
	for i := range n.Endpoints {
		if e := &n.Endpoints[i]; e.PrivateDNS && n.sees(e) && (n.vpc != "" || len(n.Public) == 0) {
			return n.at(zone, kind, e.addresses(everyZone))
		}
	}
	if !n.Serves(label) {
		return n.none(zone)
	}
	return n.at(zone, kind, n.Public)
}

// Zone is where the names of a region's APIs are.
func Zone(region string) string {
	zone := "execute-api." + region + ".amazonaws.com"
	if strings.HasPrefix(region, "cn-") {
		zone += ".cn"
	}
	return zone
}

// within is what stands before a zone's name; ok: the name is in the zone.
func within(name, zone string) (rest string, ok bool) {
	if name == zone {
		return "", true
	}
	rest, ok = strings.CutSuffix(name, zone)
	if !ok || !strings.HasSuffix(rest, ".") {
		return "", false
	}
	return rest[:len(rest)-1], true
}
