package control

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// Bounds of an instance's attributes (Cloud Map reference, RegisterInstance, and
// the patterns of its model).
const (
	maxAttributes         = 30
	maxAttributeKey       = 255
	maxAttributeValue     = 1024
	maxAttributesTogether = 5000
)

// checkAttributes refuses what no instance may have, whatever its service.
func checkAttributes(attributes map[string]string) error {
	if len(attributes) > maxAttributes {
		return invalidInput("Attributes: an instance has at most %d, not %d", maxAttributes, len(attributes))
	}
	total := 0
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		value := attributes[key]
		total += len(key) + len(value)
		switch {
		case key == "" || len(key) > maxAttributeKey || !visible(key, ""):
			return invalidInput("Attributes: the key %.300q must have 1 to %d visible ASCII characters", key, maxAttributeKey)
		case len(value) > maxAttributeValue || !visible(value, " \t") || strings.TrimLeft(value, " \t") != value:
			return invalidInput("Attributes: the value of %.300s must have at most %d visible ASCII characters, blanks and tabs, and not begin with one of the latter", key, maxAttributeValue)
		case strings.HasPrefix(key, "AWS_") && !slices.Contains(knownAttributes, key):
			return invalidInput("Attributes: %.300s isn't one of the attributes that begin with AWS_: %s", key, strings.Join(knownAttributes, ", "))
		}
	}
	if total > maxAttributesTogether {
		return invalidInput("Attributes: all keys and values have %d characters together; at most %d are allowed", total, maxAttributesTogether)
	}
	return nil
}

var knownAttributes = []string{apigw.AttributeAlias, apigw.AttributeEC2, apigw.AttributeInitially, apigw.AttributeCNAME, apigw.AttributeIPv4, apigw.AttributeIPv6, apigw.AttributePort}

// visible says whether a text has visible ASCII characters, and those of more,
// alone.
func visible(text, more string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return (r <= ' ' || r > '~') && !strings.ContainsRune(more, r) })
}

// checkSpecial refuses values that AWS_ attributes can't have.
func checkSpecial(a map[string]string) error {
	for key, is := range map[string]func(netip.Addr) bool{apigw.AttributeIPv4: netip.Addr.Is4, apigw.AttributeIPv6: isPlain6} {
		if text, ok := a[key]; ok {
			if ip, err := netip.ParseAddr(text); err != nil || !is(ip) {
				return invalidInput("Attributes: %s %.100q isn't such an address", key, text)
			}
		}
	}
	if text, ok := a[apigw.AttributePort]; ok {
		if port, err := strconv.ParseUint(text, 10, 16); err != nil || port == 0 {
			return invalidInput("Attributes: %s %.100q isn't a port between 1 and 65535", apigw.AttributePort, text)
		}
	}
	if text, ok := a[apigw.AttributeCNAME]; ok && !isZone(text) {
		return invalidInput("Attributes: %s %.300q isn't the name of a domain", apigw.AttributeCNAME, text)
	}
	if text, ok := a[apigw.AttributeInitially]; ok && text != apigw.InstanceHealthy && text != apigw.InstanceUnhealthy {
		return invalidInput("Attributes: %s is HEALTHY or UNHEALTHY, not %.100q", apigw.AttributeInitially, text)
	}
	return nil
}

func isPlain6(a netip.Addr) bool { return a.Is6() && !a.Is4In6() && a.Zone() == "" }

// checkForService refuses attributes that an instance of a service can't have,
// and names those that it must (Cloud Map reference, RegisterInstance).
func checkForService(s *apigw.RegistryService, id string, a map[string]string) error {
	if a[apigw.AttributeInitially] != "" && !s.Custom {
		return invalidInput("Attributes: %s is for services with HealthCheckCustomConfig", apigw.AttributeInitially)
	}
	if a[apigw.AttributeAlias] != "" {
		return checkAliasFor(s, a)
	}
	for _, r := range recordsOf(s) {
		if err := checkForRecord(r.Type, id, a); err != nil {
			return err
		}
	}
	if s.Health != nil && (a[apigw.AttributePort] == "" || a[apigw.AttributeIPv4] == "" && a[apigw.AttributeIPv6] == "") {
		return invalidInput("Attributes: the service has a health check, which needs %s, and %s or %s", apigw.AttributePort, apigw.AttributeIPv4, apigw.AttributeIPv6)
	}
	return nil
}

func recordsOf(s *apigw.RegistryService) []apigw.ServiceRecord {
	if s.DNS == nil {
		return nil
	}
	return s.DNS.Records
}

func checkForRecord(kind, id string, a map[string]string) error {
	needs := map[string]string{"A": apigw.AttributeIPv4, "AAAA": apigw.AttributeIPv6, "CNAME": apigw.AttributeCNAME, "SRV": apigw.AttributePort}[kind]
	if a[needs] == "" {
		return invalidInput("Attributes: %s is required, because the service has records of type %s", needs, kind)
	}
	if kind != "SRV" {
		return nil
	}
	if a[apigw.AttributeIPv4] == "" && a[apigw.AttributeIPv6] == "" {
		return invalidInput("Attributes: %s or %s is required, because the service has records of type SRV", apigw.AttributeIPv4, apigw.AttributeIPv6)
	}
	if !isZone(id) {
		return invalidInput("InstanceId %.100q stands in the name that SRV records lead to: letters, digits, - and _, up to 63 between dots", id)
	}
	return nil
}

func checkAliasFor(s *apigw.RegistryService, a map[string]string) error {
	if len(recordsOf(s)) == 0 || s.DNS.Records[0].Type != "A" && s.DNS.Records[0].Type != "AAAA" || s.DNS.Routing != "WEIGHTED" {
		return invalidInput("Attributes: %s is for services with A or AAAA records and the routing policy WEIGHTED", apigw.AttributeAlias)
	}
	for key := range a {
		if strings.HasPrefix(key, "AWS_INSTANCE_") || key == apigw.AttributeEC2 {
			return invalidInput("Attributes: %s can't be specified with %s", key, apigw.AttributeAlias)
		}
	}
	return nil
}

// checkAlias refuses an alias that isn't the name of a load balancer of the
// account's.
func (c *Control) checkAlias(ctx context.Context, scope apigw.Scope, alias string) error {
	if alias == "" {
		return nil
	}
	balancers, err := c.LoadBalancers(ctx, scope)
	if err != nil {
		return err
	}
	for _, b := range balancers {
		if domainOf(b.DNSName) == domainOf(alias) {
			return nil
		}
	}
	return invalidInput("Attributes: %s %.300q is none of the names of the account's load balancers here", apigw.AttributeAlias, alias)
}
