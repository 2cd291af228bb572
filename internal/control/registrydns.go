package control

import (
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Types of services, beside those of namespaces (Cloud Map reference, Service).
const serviceDNSHTTP = "DNS_HTTP"

// checkService refuses what no service of a namespace can be, and fills in what
// the reference says of absent settings.
func checkService(s *apigw.RegistryService, namespace *apigw.Namespace) error {
	if err := checkRegistryTags(s.ID, s.Tags); err != nil {
		return err
	}
	if len(s.Name) > 127 {
		return invalidInput("Name %.300q has %d characters; at most 127 are allowed", s.Name, len(s.Name))
	}
	if err := checkServiceDNS(s, namespace); err != nil {
		return err
	}
	return checkServiceHealth(s, namespace)
}

// recordSets are the types of records that a service may have together (Cloud
// Map reference, DnsRecord), each sorted.
var recordSets = [][]string{{"A"}, {"AAAA"}, {"A", "AAAA"}, {"SRV"}, {"CNAME"}}

func checkServiceDNS(s *apigw.RegistryService, namespace *apigw.Namespace) error {
	onlyHTTP := s.Type == apigw.NamespaceHTTP
	switch {
	case s.DNS == nil && namespace.Type != apigw.NamespaceHTTP && !onlyHTTP:
		return invalidInput("DnsConfig is required for services of the DNS namespace %s. With Type HTTP, a service is found by DiscoverInstances alone", namespace.ID)
	case s.DNS == nil:
		s.Type = apigw.NamespaceHTTP
		return nil
	case namespace.Type == apigw.NamespaceHTTP:
		return invalidInput("DnsConfig: services of the HTTP namespace %s aren't in DNS", namespace.ID)
	case onlyHTTP:
		return invalidInput("DnsConfig: a service of Type HTTP isn't in DNS")
	}
	s.Type = serviceDNSHTTP
	if s.DNS.Routing == "" {
		s.DNS.Routing = "MULTIVALUE" // as AWS shows for services that were made without
	}
	var types []string
	for _, r := range s.DNS.Records {
		types = append(types, r.Type)
	}
	slices.Sort(types)
	if !slices.ContainsFunc(recordSets, func(set []string) bool { return slices.Equal(set, types) }) {
		return invalidInput("DnsConfig.DnsRecords: a service has records of types A, AAAA, A and AAAA, SRV, or CNAME; not %q", strings.Join(types, ", "))
	}
	if types[0] == "CNAME" && s.DNS.Routing != "WEIGHTED" {
		return invalidInput("DnsConfig.RoutingPolicy must be WEIGHTED for CNAME records")
	}
	return checkServiceInZone(s, namespace)
}

// checkServiceInZone refuses a name that can't stand before its zone's.
func checkServiceInZone(s *apigw.RegistryService, namespace *apigw.Namespace) error {
	if s.Name == "." {
		return nil // the zone itself
	}
	if name := s.Name + "." + namespace.Name; !isZone(name) {
		return invalidInput("Name %.300q: %.600s is no name of DNS, which has labels of letters, digits, - and _ up to 63 characters each, and at most 253 in all", s.Name, name)
	}
	return nil
}

func checkServiceHealth(s *apigw.RegistryService, namespace *apigw.Namespace) error {
	h := s.Health
	switch {
	case h == nil:
		return nil
	case s.Custom:
		return invalidInput("HealthCheckConfig and HealthCheckCustomConfig can't be specified together")
	case namespace.Type == apigw.NamespaceDNSPrivate:
		return invalidInput("HealthCheckConfig is for services of public DNS and HTTP namespaces; use HealthCheckCustomConfig in the private DNS namespace %s", namespace.ID)
	case h.Type == "TCP" && h.Path != "":
		return invalidInput("HealthCheckConfig.ResourcePath can't be specified for checks of type TCP")
	}
	if h.Threshold == 0 {
		h.Threshold = 1
	}
	if h.Type != "TCP" && h.Path == "" {
		h.Path = "/"
	}
	if h.Path != "" && (h.Path[0] != '/' || strings.ContainsFunc(h.Path, func(r rune) bool { return r <= ' ' || r > '~' })) {
		return invalidInput("HealthCheckConfig.ResourcePath %q must begin with / and have visible ASCII characters alone", h.Path)
	}
	return nil
}
