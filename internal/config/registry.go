package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
)

// Registry is what the configuration says of the service registry.
type Registry struct {
	Namespaces map[string]RegistryNamespace `yaml:"namespaces"`
	Sources    map[string]Source            `yaml:"sources"` // by a name for each
}

// RegistryNamespace is a namespace that is there from the start: with a VPC it is
// a private DNS namespace, else one for DiscoverInstances alone.
type RegistryNamespace struct {
	Name        string                     `yaml:"name"` // default: what it stands under; two VPCs may have zones of one name
	VPC         string                     `yaml:"vpc"`
	Description string                     `yaml:"description"`
	TTL         *int64                     `yaml:"ttl"` // s, of its SOA record; default 15
	Tags        map[string]string          `yaml:"tags"`
	Services    map[string]RegistryService `yaml:"services"`
}

// RegistryService is a service of such a namespace.
type RegistryService struct {
	ID          string                      `yaml:"id"` // default: made of its names
	Description string                      `yaml:"description"`
	DNS         map[string]int64            `yaml:"dns"`     // types of records with their TTLs in s; none: it isn't in DNS
	Routing     string                      `yaml:"routing"` // MULTIVALUE (default) or WEIGHTED
	Health      *RegistryHealth             `yaml:"health"`
	Custom      bool                        `yaml:"custom"` // UpdateInstanceCustomHealthStatus tells of its instances' health
	Attributes  map[string]string           `yaml:"attributes"`
	Tags        map[string]string           `yaml:"tags"`
	Instances   map[string]RegistryInstance `yaml:"instances"`
}

// RegistryHealth is how instances are checked.
type RegistryHealth struct {
	Type      string `yaml:"type"`      // HTTP (default), HTTPS or TCP
	Path      string `yaml:"path"`      // default: /
	Threshold *int   `yaml:"threshold"` // default 1
}

// RegistryInstance is where a service answers: written as an IP address, with or
// without a port, or with its attributes.
type RegistryInstance struct {
	IPv4       string            `yaml:"ipv4"`
	IPv6       string            `yaml:"ipv6"`
	Port       uint16            `yaml:"port"`
	Attributes map[string]string `yaml:"attributes"` // its owner's, and AWS's
}

// UnmarshalYAML reads either form.
func (i *RegistryInstance) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		type plain RegistryInstance
		return decodeStrict(n, (*plain)(i))
	}
	host := n.Value
	if h, port, err := net.SplitHostPort(host); err == nil {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil || number == 0 {
			return fmt.Errorf("line %d: %q has no port between 1 and 65535", n.Line, n.Value)
		}
		host, i.Port = h, uint16(number)
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return fmt.Errorf("line %d: %q is no IP address, with or without a port", n.Line, n.Value)
	case ip.Is4():
		i.IPv4 = host
	default:
		i.IPv6 = host
	}
	return nil
}

// zoneTTL is the TTL of a zone's SOA record unless one is said, as of calls.
const zoneTTL = 15

// Declared are the namespaces of the file, in the domain's words: control checks
// them by the rules of calls.
func (r *Registry) Declared() (list []control.DeclaredNamespace) {
	for _, key := range slices.Sorted(maps.Keys(r.Namespaces)) {
		n := r.Namespaces[key]
		made := control.DeclaredNamespace{Namespace: apigw.Namespace{Name: first(n.Name, key), Type: apigw.NamespaceHTTP, VPC: n.VPC, Description: n.Description, Tags: n.Tags}}
		if n.VPC != "" {
			made.Type, made.TTL = apigw.NamespaceDNSPrivate, zoneTTL
			if n.TTL != nil {
				made.TTL = *n.TTL
			}
		}
		for _, name := range slices.Sorted(maps.Keys(n.Services)) {
			made.Services = append(made.Services, n.Services[name].declared(name))
		}
		list = append(list, made)
	}
	return list
}

func (s RegistryService) declared(name string) control.DeclaredService {
	made := control.DeclaredService{RegistryService: apigw.RegistryService{
		ID: s.ID, Name: name, Type: apigw.NamespaceHTTP, Description: s.Description, Custom: s.Custom, Attributes: s.Attributes, Tags: s.Tags,
	}}
	if s.DNS != nil {
		made.Type, made.DNS = "", &apigw.ServiceDNS{Routing: s.Routing}
		for _, kind := range slices.Sorted(maps.Keys(s.DNS)) {
			made.DNS.Records = append(made.DNS.Records, apigw.ServiceRecord{Type: kind, TTL: s.DNS[kind]})
		}
	}
	if h := s.Health; h != nil {
		made.Health = &apigw.ServiceHealth{Type: first(h.Type, "HTTP"), Path: h.Path, Threshold: 1}
		if h.Threshold != nil {
			made.Health.Threshold = *h.Threshold
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.Instances)) {
		made.Instances = append(made.Instances, &apigw.RegistryInstance{ID: id, Attributes: s.Instances[id].attributes()})
	}
	return made
}

func (i RegistryInstance) attributes() map[string]string {
	made := map[string]string{}
	maps.Copy(made, i.Attributes)
	for key, value := range i.plain() {
		made[key] = value
	}
	return made
}

// plain are the attributes that have keys of their own in the file.
func (i RegistryInstance) plain() map[string]string {
	made := map[string]string{}
	if i.IPv4 != "" {
		made[apigw.AttributeIPv4] = i.IPv4
	}
	if i.IPv6 != "" {
		made[apigw.AttributeIPv6] = i.IPv6
	}
	if i.Port != 0 {
		made[apigw.AttributePort] = strconv.Itoa(int(i.Port))
	}
	return made
}

// check finds what only the file can have wrong: everything else is checked by the
// rules of calls.
func (r *Registry) check() (problems []string) {
	for _, key := range slices.Sorted(maps.Keys(r.Namespaces)) {
		n, at := r.Namespaces[key], "registry: namespaces: "+key+": "
		if n.VPC == "" && n.TTL != nil {
			problems = append(problems, at+"ttl is of namespaces with a vpc, which are in DNS")
		}
		for _, name := range slices.Sorted(maps.Keys(n.Services)) {
			s, at := n.Services[name], at+"services: "+name+": "
			if s.DNS == nil && s.Routing != "" {
				problems = append(problems, at+"routing is of services with dns")
			}
			for _, id := range slices.Sorted(maps.Keys(s.Instances)) {
				i := s.Instances[id]
				for _, attribute := range slices.Sorted(maps.Keys(i.plain())) {
					if _, twice := i.Attributes[attribute]; twice {
						problems = append(problems, at+"instances: "+id+": "+attribute+" is said twice")
					}
				}
			}
		}
	}
	return problems
}
