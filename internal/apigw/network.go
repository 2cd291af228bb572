package apigw

import (
	"net/netip"
	"regexp"
)

// Network is the private network that the configuration declares, in AWS's
// nouns: VPCs are networks of one's own. A nil one, or one without VPCs, is
// undeclared, which is how one develops: there, as any credentials are accepted
// while no identities are configured, every well-formed ID of a VPC, a subnet or
// a security group is one's. IDs are unique over all VPCs, as on AWS.
type Network struct {
	VPCs           map[string]*VPC
	Subnets        map[string]*Subnet
	SecurityGroups map[string]*SecurityGroup
	Instances      map[string]*Instance
	Endpoints      map[string]*VPCEndpoint
}

// VPC is networks that belong together.
type VPC struct {
	ID       string
	Networks []netip.Prefix
}

// Subnet is a part of a VPC.
type Subnet struct {
	ID, VPC string
	Network netip.Prefix
	Zone    string // availability zone, "us-east-1a"; may be empty
}

// SecurityGroup says who may connect to what carries it, and what that may
// connect to.
type SecurityGroup struct {
	ID, VPC string
	Ingress []SecurityRule
	Egress  []SecurityRule
}

// SecurityRule allows TCP connections. There are no rules that forbid.
type SecurityRule struct {
	FirstPort, LastPort uint16
	Networks            []netip.Prefix // of the other side
}

// Instance is a machine with an ID.
type Instance struct {
	ID, VPC string
	Address netip.Addr
}

// VPCEndpoint is an interface endpoint for execute-api: what a listener stands
// for, which serves private APIs.
type VPCEndpoint struct {
	ID, VPC    string
	Account    string // whose it is, 12 digits
	Subnets    []*Subnet
	Groups     SecurityGroups
	Policy     any  // IAM document: JSON text, or what a decoder made of it; nil: it allows everything
	PrivateDNS bool // the VPC's name servers lead *.execute-api.{region}.amazonaws.com to it
}

// DevelopmentVPC is the VPC that everything is in while no network is declared.
const DevelopmentVPC = "vpc-00000000000000000"

// networkID is the ID of a thing in a network: AWS has 8 or 17 hexadecimal
// digits behind the dash.
var networkID = regexp.MustCompile(`^(vpc|subnet|sg|i|vpce)-[0-9a-z]{1,32}$`)

// IsNetworkID says whether id is well-formed for a kind of thing: vpc, subnet,
// sg, i or vpce.
func IsNetworkID(kind, id string) bool {
	found := networkID.FindStringSubmatch(id)
	return found != nil && found[1] == kind
}

// Declared says that there are VPCs.
func (n *Network) Declared() bool { return n != nil && len(n.VPCs) > 0 }

// VPC finds a VPC. The error is AWS's of EC2, as of the others below: BadRequest
// when the ID is malformed, else NotFound.
func (n *Network) VPC(id string) (*VPC, error) {
	if v, ok, err := lookUp(n, id, "vpc", "vpc", func() map[string]*VPC { return n.VPCs }); ok || err != nil {
		return v, err
	}
	return &VPC{ID: id, Networks: anywhere()}, nil
}

// Subnet finds a subnet.
func (n *Network) Subnet(id string) (*Subnet, error) {
	if s, ok, err := lookUp(n, id, "subnet", "subnet", func() map[string]*Subnet { return n.Subnets }); ok || err != nil {
		return s, err
	}
	return &Subnet{ID: id, VPC: DevelopmentVPC}, nil
}

// SecurityGroup finds a security group.
func (n *Network) SecurityGroup(id string) (*SecurityGroup, error) {
	if g, ok, err := lookUp(n, id, "sg", "security group", func() map[string]*SecurityGroup { return n.SecurityGroups }); ok || err != nil {
		return g, err
	}
	all := []SecurityRule{{LastPort: 65535, Networks: anywhere()}}
	return &SecurityGroup{ID: id, VPC: DevelopmentVPC, Ingress: all, Egress: all}, nil
}

// Instance finds a machine. Only a declared network says which address one has.
func (n *Network) Instance(id string) (*Instance, error) {
	if i, ok, err := lookUp(n, id, "i", "instance", func() map[string]*Instance { return n.Instances }); ok || err != nil {
		return i, err
	}
	return nil, Errorf(NotFound, "The instance ID '%s' does not exist: network.vpcs.{vpc}.instances of the configuration says which address an instance has", id)
}

// lookUp finds what the network declares. Not ok without an error: the network
// is undeclared, and the ID is well-formed.
func lookUp[T any](n *Network, id, kind, noun string, declared func() map[string]*T) (found *T, ok bool, err error) {
	if !IsNetworkID(kind, id) {
		return nil, false, Errorf(BadRequest, "Invalid id: %.100q (expecting %q)", id, kind+"-...")
	}
	if !n.Declared() {
		return nil, false, nil
	}
	if found = declared()[id]; found == nil {
		return nil, false, Errorf(NotFound, "The %s ID '%s' does not exist", noun, id)
	}
	return found, true, nil
}

func anywhere() []netip.Prefix {
	return []netip.Prefix{netip.PrefixFrom(netip.IPv4Unspecified(), 0), netip.PrefixFrom(netip.IPv6Unspecified(), 0)}
}

// SecurityGroups are the groups that one thing carries: what one of them allows
// is allowed (VPC user guide, "Security group rules"). None at all: nothing
// checks, and who reaches the address may connect.
type SecurityGroups []*SecurityGroup

// Admit says whether from may connect to a port.
func (g SecurityGroups) Admit(from netip.Addr, port uint16) bool {
	for _, one := range g {
		if allows(one.Ingress, from, port) {
			return true
		}
	}
	return len(g) == 0
}

// Release says whether a connection to an address and port may be made.
func (g SecurityGroups) Release(to netip.Addr, port uint16) bool {
	for _, one := range g {
		if allows(one.Egress, to, port) {
			return true
		}
	}
	return len(g) == 0
}

func allows(rules []SecurityRule, other netip.Addr, port uint16) bool {
	other = other.Unmap()
	for i := range rules {
		if r := &rules[i]; r.FirstPort <= port && port <= r.LastPort {
			for _, network := range r.Networks {
				if network.Contains(other) {
					return true
				}
			}
		}
	}
	return false
}
