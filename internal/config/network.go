package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/iam"
)

// Network is the private network: VPCs by ID. Whatever names a thing in it names
// it by its ID.
type Network struct {
	VPCs map[string]VPC `yaml:"vpcs"`
}

// VPC is networks of one's own, and what is in them, each by ID.
type VPC struct {
	Networks       []Prefix                 `yaml:"networks"`
	Subnets        map[string]Subnet        `yaml:"subnets"`
	SecurityGroups map[string]SecurityGroup `yaml:"securityGroups"`
	Instances      map[string]netip.Addr    `yaml:"instances"`
	Endpoints      map[string]VPCEndpoint   `yaml:"endpoints"`
}

// Subnet is a part of a VPC's networks.
type Subnet struct {
	Network Prefix `yaml:"network"`
	Zone    string `yaml:"zone"` // us-east-1a
}

// SecurityGroup is who may connect in (by default nobody), and out to where (by
// default anywhere), as a new one on AWS.
type SecurityGroup struct {
	Ingress []IngressRule `yaml:"ingress"`
	Egress  *[]EgressRule `yaml:"egress"`
}

// IngressRule allows connections in.
type IngressRule struct {
	Protocol string   `yaml:"protocol"` // tcp (default) or all
	Ports    Ports    `yaml:"ports"`    // default: all
	From     []Prefix `yaml:"from"`
}

// EgressRule allows connections out.
type EgressRule struct {
	Protocol string   `yaml:"protocol"`
	Ports    Ports    `yaml:"ports"`
	To       []Prefix `yaml:"to"`
}

// VPCEndpoint is an interface endpoint, which listeners of invoke name.
type VPCEndpoint struct {
	Subnets        []string `yaml:"subnets"`
	SecurityGroups []string `yaml:"securityGroups"`
	Policy         any      `yaml:"policy"`     // IAM document; default: it allows everything
	PrivateDNS     *bool    `yaml:"privateDns"` // default true
	Account        string   `yaml:"account"`    // whose it is; default: the configured one
}

// Ports is one port or a range: 443, or 8000-8099. The zero Ports is all.
type Ports struct{ First, Last uint16 }

// UnmarshalYAML reads either form.
func (p *Ports) UnmarshalYAML(n *yaml.Node) error {
	first, last, isRange := strings.Cut(n.Value, "-")
	if !isRange {
		last = first
	}
	a, errA := strconv.ParseUint(first, 10, 16)
	b, errB := strconv.ParseUint(last, 10, 16)
	if n.Kind != yaml.ScalarNode || errA != nil || errB != nil || a == 0 || a > b {
		return fmt.Errorf("line %d: %q are no ports: write 443 or 8000-8099", n.Line, n.Value)
	}
	p.First, p.Last = uint16(a), uint16(b)
	return nil
}

// PrivateNetwork is the network that the configuration declares.
func (c *Config) PrivateNetwork() *apigw.Network {
	n, _ := c.readNetwork()
	return n
}

// networkReader makes the domain's network, and gathers what is wrong with the
// written one.
type networkReader struct {
	*apigw.Network
	account  string
	problems []string
}

func (c *Config) readNetwork() (*apigw.Network, []string) {
	r := networkReader{account: c.Account, Network: &apigw.Network{
		VPCs: map[string]*apigw.VPC{}, Subnets: map[string]*apigw.Subnet{}, SecurityGroups: map[string]*apigw.SecurityGroup{},
		Instances: map[string]*apigw.Instance{}, Endpoints: map[string]*apigw.VPCEndpoint{},
	}}
	for _, id := range slices.Sorted(maps.Keys(c.Network.VPCs)) {
		r.vpc(id, c.Network.VPCs[id])
	}
	for i := range c.Invoke {
		r.listener(&c.Invoke[i])
	}
	return r.Network, r.problems
}

func (r *networkReader) wrong(at, format string, args ...any) {
	r.problems = append(r.problems, "network: "+at+": "+fmt.Sprintf(format, args...))
}

func (r *networkReader) vpc(id string, v VPC) {
	vpc := &apigw.VPC{ID: id}
	r.isID(id, "vpc", id)
	if len(v.Networks) == 0 {
		r.wrong(id, "networks: which ones it is, as in [10.0.0.0/16]")
	}
	for _, n := range v.Networks {
		vpc.Networks = append(vpc.Networks, n.Masked())
	}
	r.VPCs[id] = vpc
	for _, name := range slices.Sorted(maps.Keys(v.Subnets)) {
		r.subnet(vpc, name, v.Subnets[name])
	}
	for _, name := range slices.Sorted(maps.Keys(v.SecurityGroups)) {
		r.group(vpc, name, v.SecurityGroups[name])
	}
	for _, name := range slices.Sorted(maps.Keys(v.Instances)) {
		r.instance(vpc, name, v.Instances[name].Unmap())
	}
	for _, name := range slices.Sorted(maps.Keys(v.Endpoints)) {
		r.endpoint(vpc, name, v.Endpoints[name])
	}
}

// isID says of an ID that it isn't one of a kind.
func (r *networkReader) isID(at, kind, id string) {
	if !apigw.IsNetworkID(kind, id) {
		r.wrong(at, "%q is no ID: it begins with %s-, and up to 32 of a-z and 0-9 follow", id, kind)
	}
}

// twice says of a thing that another VPC has one with its ID.
func (r *networkReader) twice(at, other string) {
	r.wrong(at, "%s has one with this ID: IDs are unique over all VPCs", other)
}

func (r *networkReader) subnet(vpc *apigw.VPC, id string, s Subnet) {
	at := vpc.ID + ": " + id
	r.isID(at, "subnet", id)
	if other := r.Subnets[id]; other != nil {
		r.twice(at, other.VPC)
	}
	network := s.Network.Masked()
	within := slices.ContainsFunc(vpc.Networks, func(n netip.Prefix) bool { return n.Bits() <= network.Bits() && n.Contains(network.Addr()) })
	switch {
	case !network.IsValid():
		r.wrong(at, "network: which one it is, as in 10.0.1.0/24")
	case !within:
		r.wrong(at, "%s is in none of the VPC's networks", network)
	}
	for _, other := range r.Subnets {
		if other.VPC == vpc.ID && network.IsValid() && other.Network.Overlaps(network) {
			r.wrong(at, "%s overlaps with %s of %s", network, other.Network, other.ID)
		}
	}
	r.Subnets[id] = &apigw.Subnet{ID: id, VPC: vpc.ID, Network: network, Zone: s.Zone}
}

func (r *networkReader) group(vpc *apigw.VPC, id string, g SecurityGroup) {
	at := vpc.ID + ": " + id
	r.isID(at, "sg", id)
	if other := r.SecurityGroups[id]; other != nil {
		r.twice(at, other.VPC)
	}
	made := &apigw.SecurityGroup{ID: id, VPC: vpc.ID}
	for _, rule := range g.Ingress {
		made.Ingress = append(made.Ingress, r.rule(at+": ingress", "from", rule.Protocol, rule.Ports, rule.From))
	}
	if g.Egress == nil {
		g.Egress = &[]EgressRule{{To: []Prefix{{netip.MustParsePrefix("0.0.0.0/0")}, {netip.MustParsePrefix("::/0")}}}}
	}
	for _, rule := range *g.Egress {
		made.Egress = append(made.Egress, r.rule(at+": egress", "to", rule.Protocol, rule.Ports, rule.To))
	}
	r.SecurityGroups[id] = made
}

func (r *networkReader) rule(at, side, protocol string, ports Ports, networks []Prefix) apigw.SecurityRule {
	if protocol != "" && protocol != "tcp" && protocol != "all" {
		r.wrong(at, "protocol: %q: what goes through here is tcp, so a rule is about tcp or all", protocol)
	}
	if protocol == "all" && ports != (Ports{}) {
		r.wrong(at, "a rule about all protocols has no ports")
	}
	if len(networks) == 0 {
		r.wrong(at, "%s: networks, as in [10.0.0.0/16]", side)
	}
	rule := apigw.SecurityRule{FirstPort: ports.First, LastPort: ports.Last}
	if ports == (Ports{}) {
		rule.LastPort = 65535
	}
	for _, n := range networks {
		rule.Networks = append(rule.Networks, n.Masked())
	}
	return rule
}

func (r *networkReader) instance(vpc *apigw.VPC, id string, address netip.Addr) {
	at := vpc.ID + ": " + id
	r.isID(at, "i", id)
	if other := r.Instances[id]; other != nil {
		r.twice(at, other.VPC)
	}
	if !slices.ContainsFunc(vpc.Networks, func(n netip.Prefix) bool { return n.Contains(address) }) {
		r.wrong(at, "%s is in none of the VPC's networks", address)
	}
	r.Instances[id] = &apigw.Instance{ID: id, VPC: vpc.ID, Address: address}
}

func (r *networkReader) endpoint(vpc *apigw.VPC, id string, e VPCEndpoint) {
	at := vpc.ID + ": " + id
	r.isID(at, "vpce", id)
	if other := r.Endpoints[id]; other != nil {
		r.twice(at, other.VPC)
	}
	made := &apigw.VPCEndpoint{ID: id, VPC: vpc.ID, Account: first(e.Account, r.account), Policy: e.Policy, PrivateDNS: e.PrivateDNS == nil || *e.PrivateDNS}
	if !accountID.MatchString(made.Account) {
		r.wrong(at, "account %q is not 12 digits (quote it in YAML)", made.Account)
	}
	for _, name := range e.Subnets {
		if s := r.Subnets[name]; s != nil && s.VPC == vpc.ID {
			made.Subnets = append(made.Subnets, s)
		} else {
			r.wrong(at, "subnets: the VPC has no %q", name)
		}
	}
	for _, name := range e.SecurityGroups {
		if g := r.SecurityGroups[name]; g != nil && g.VPC == vpc.ID {
			made.Groups = append(made.Groups, g)
		} else {
			r.wrong(at, "securityGroups: the VPC has no %q", name)
		}
	}
	if made.PrivateDNS {
		r.onlyPrivateDNS(at, vpc.ID)
	}
	if e.Policy != nil {
		if _, err := iam.Parse(e.Policy, iam.Resource); err != nil {
			r.wrong(at, "policy: %v", err)
		}
	}
	r.Endpoints[id] = made
}

// onlyPrivateDNS: a name can't lead to two endpoints. AWS refuses the second one
// ("private-dns-enabled cannot be set because there is already a conflicting DNS
// domain").
func (r *networkReader) onlyPrivateDNS(at, vpc string) {
	for _, id := range slices.Sorted(maps.Keys(r.Endpoints)) {
		if other := r.Endpoints[id]; other.VPC == vpc && other.PrivateDNS {
			r.wrong(at, "%s of the same VPC has the private names: one of the two says privateDns: false", id)
		}
	}
}

// listener is an address of invoke: what it says of its endpoint fits what the
// network says.
func (r *networkReader) listener(l *Listener) {
	if l.Endpoint == "" || !r.Declared() {
		return
	}
	at := fmt.Sprintf("listener %q", l.Address)
	e := r.Endpoints[l.Endpoint]
	if e == nil {
		r.wrong(at, "no VPC has the endpoint %q", l.Endpoint)
		return
	}
	if l.VPC != "" && l.VPC != e.VPC {
		r.wrong(at, "vpc: %s is in %s, not in %s", l.Endpoint, e.VPC, l.VPC)
	}
	if err := inSubnets(l.Address, e.Subnets); err != nil {
		r.wrong(at, "%s: %v", l.Endpoint, err)
	}
}

// inSubnets: the address is one of the endpoint's in its subnets, as its network
// interfaces have on AWS. One that is on every network or on none isn't checked.
func inSubnets(address string, subnets []*apigw.Subnet) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil || len(subnets) == 0 {
		return nil
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || addr.IsUnspecified() || addr.IsLoopback() {
		return nil
	}
	for _, s := range subnets {
		if s.Network.Contains(addr.Unmap()) {
			return nil
		}
	}
	return errors.New("none of its subnets has this address")
}
