package control

import (
	"crypto/sha256"
	"encoding/base32"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/tlspolicy"
)

// What a name may look like: labels of letters, digits and hyphens, without
// capitals (API reference, CreateDomainName), in front of them one label "*".
const (
	maxDomainName = 253
	maxLabel      = 63
)

func checkDomainName(name string) error {
	bad := func(why string) error {
		return apigw.Errorf(apigw.BadRequest, "Invalid domain name specified: %.300q: %s", name, why)
	}
	labels := strings.Split(strings.TrimPrefix(name, "*."), ".")
	switch {
	case name == "":
		return apigw.Errorf(apigw.BadRequest, "Domain name cannot be an empty string")
	case len(name) > maxDomainName:
		return bad("at most 253 characters")
	case strings.ToLower(name) != name:
		return bad("uppercase letters are not supported")
	case len(labels) < 2:
		return bad("a domain name has at least two labels, behind a wildcard too")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return bad("an address is no name")
	}
	for _, label := range labels {
		if !domainLabel(label) {
			return bad("labels have letters, digits and hyphens, and only the first may be *")
		}
	}
	if all := strings.Split(name, "."); all[1] == "execute-api" {
		return bad("names whose second label is execute-api address APIs by their IDs")
	}
	return nil
}

func domainLabel(label string) bool {
	if label == "" || len(label) > maxLabel || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return !strings.ContainsFunc(label, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}

// checkDomain refuses settings that AWS refuses, and those that nothing
// enforces here.
func (c *Control) checkDomain(scope apigw.Scope, d *apigw.DomainName) error {
	checks := []func() error{
		func() error { return checkDomainTypes(d) },
		func() error { return checkDomainAddresses(d) },
		func() error { return checkDomainCertificates(scope, d) },
		func() error { return checkDomainServed(d) },
		func() error { return checkDomainMutualTLS(d) },
		func() error { return c.checkDomainPolicies(d) },
		func() error { return checkTags(d.Tags) },
	}
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func checkDomainTypes(d *apigw.DomainName) error {
	for i, t := range d.Types {
		if t != apigw.EndpointEdge && t != apigw.EndpointRegional && t != apigw.EndpointPrivate {
			return apigw.Errorf(apigw.BadRequest, "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
		}
		if slices.Contains(d.Types[:i], t) {
			return apigw.Errorf(apigw.BadRequest, "The endpoint type %s is there twice", t)
		}
	}
	switch {
	case len(d.Types) == 0:
		return apigw.Errorf(apigw.BadRequest, "REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
	case d.Private() && len(d.Types) > 1:
		return apigw.Errorf(apigw.BadRequest, "A PRIVATE domain name has no other endpoint type")
	case d.Private() && strings.HasPrefix(d.Name, "*."):
		return apigw.Errorf(apigw.BadRequest, "A PRIVATE domain name can't be a wildcard")
	}
	return nil
}

// checkDomainAddresses applies the default of the address type, too.
func checkDomainAddresses(d *apigw.DomainName) error {
	if d.IPAddressType == "" {
		d.IPAddressType = "ipv4"
		if d.Private() {
			d.IPAddressType = "dualstack"
		}
	}
	switch {
	case d.IPAddressType != "ipv4" && d.IPAddressType != "dualstack":
		return apigw.Errorf(apigw.BadRequest, "ipAddressType must be either ipv4 or dualstack.")
	case d.Private() && d.IPAddressType != "dualstack":
		return apigw.Errorf(apigw.BadRequest, "Only dualstack ipAddressType is supported for Private domain names.")
	}
	return nil
}

// checkDomainCertificates: every endpoint type has its certificate, and no
// certificate is without its type. The first text is AWS's, as reported in
// the field.
func checkDomainCertificates(scope apigw.Scope, d *apigw.DomainName) error {
	edge := d.Is(apigw.EndpointEdge) || d.Private()
	for _, t := range d.Types {
		if t == apigw.EndpointRegional && d.RegionalCertificateARN == "" || t != apigw.EndpointRegional && d.CertificateARN == "" {
			return apigw.Errorf(apigw.BadRequest, "A certificate was not provided for the endpoint type %s.", t)
		}
	}
	switch {
	case !edge && (d.CertificateARN != "" || d.CertificateName != ""):
		return apigw.Errorf(apigw.BadRequest, "certificateArn and certificateName are of the endpoint types EDGE and PRIVATE; a REGIONAL domain name has regionalCertificateArn")
	case !d.Is(apigw.EndpointRegional) && (d.RegionalCertificateARN != "" || d.RegionalCertificateName != ""):
		return apigw.Errorf(apigw.BadRequest, "regionalCertificateArn and regionalCertificateName are of the endpoint type REGIONAL; others have certificateArn")
	}
	edgeRegion := scope.Region
	if d.Is(apigw.EndpointEdge) && scope.Partition == "aws" {
		edgeRegion = "us-east-1"
	}
	if err := checkCertificateARN(d.CertificateARN, edgeRegion); err != nil {
		return err
	}
	if err := checkCertificateARN(d.RegionalCertificateARN, scope.Region); err != nil {
		return err
	}
	return checkCertificateARN(d.OwnershipCertificateARN, scope.Region)
}

// checkCertificateARN wants a certificate of ACM in a region, or a server
// certificate of IAM.
func checkCertificateARN(arn apigw.ARN, region string) error {
	if arn == "" {
		return nil
	}
	parts := strings.SplitN(string(arn), ":", 6)
	acm := len(parts) == 6 && parts[2] == "acm" && strings.HasPrefix(parts[5], "certificate/")
	iam := len(parts) == 6 && parts[2] == "iam" && strings.HasPrefix(parts[5], "server-certificate/")
	if parts[0] != "arn" || len(arn) > 2048 || !acm && !iam {
		return apigw.Errorf(apigw.BadRequest, "Invalid certificate ARN: %.300s.", arn)
	}
	if acm && parts[3] != region {
		return apigw.Errorf(apigw.BadRequest, "Invalid certificate ARN: %.300s. Certificate must be in '%s'.", arn, region)
	}
	return nil
}

// checkDomainServed applies defaults, and refuses what can't be enforced.
func checkDomainServed(d *apigw.DomainName) error {
	if d.SecurityPolicy == "" {
		d.SecurityPolicy = "TLS_1_2"
	}
	if d.RoutingMode == "" {
		d.RoutingMode = apigw.RoutesByMapping
	}
	switch {
	case d.Private() && d.SecurityPolicy != "TLS_1_2":
		return apigw.Errorf(apigw.BadRequest, "securityPolicy: a PRIVATE domain name has TLS_1_2")
	case d.AccessMode != "" && d.AccessMode != "BASIC" && d.AccessMode != "STRICT":
		return apigw.Errorf(apigw.BadRequest, "endpointAccessMode %.100q: it is BASIC or STRICT", d.AccessMode)
	case tlspolicy.Enhanced(d.SecurityPolicy) && d.AccessMode == "":
		return apigw.Errorf(apigw.BadRequest, "securityPolicy %.100s needs endpointAccessMode BASIC or STRICT", d.SecurityPolicy)
	case d.RoutingMode != apigw.RoutesByMapping && d.RoutingMode != apigw.RoutesByRule && d.RoutingMode != apigw.RoutesByRuleThen:
		return apigw.Errorf(apigw.BadRequest, "routingMode %.100q: it is BASE_PATH_MAPPING_ONLY, ROUTING_RULE_ONLY or ROUTING_RULE_THEN_BASE_PATH_MAPPING", d.RoutingMode)
	}
	return checkSecurityPolicy(d)
}

// checkSecurityPolicy: of the enhanced ones, some are of the endpoint type EDGE
// and the others of REGIONAL.
func checkSecurityPolicy(d *apigw.DomainName) error {
	p, err := tlspolicy.Find(d.SecurityPolicy)
	if err != nil {
		return apigw.Errorf(apigw.BadRequest, "securityPolicy %.100q: %v", d.SecurityPolicy, err)
	}
	if tlspolicy.Enhanced(p.Name) && slices.ContainsFunc(d.Types, func(t string) bool { return (t == apigw.EndpointEdge) != p.Edge }) {
		return apigw.Errorf(apigw.BadRequest, "securityPolicy %s isn't supported for the endpoint type %s", p.Name, strings.Join(d.Types, " with "))
	}
	return nil
}

func (c *Control) checkDomainPolicies(d *apigw.DomainName) error {
	if !d.Private() && (d.Policy != "" || d.ManagementPolicy != "") {
		return apigw.Errorf(apigw.BadRequest, "policy and managementPolicy are of the endpoint type PRIVATE")
	}
	for _, policy := range []string{d.Policy, d.ManagementPolicy} {
		if err := c.checkPolicy(policy); err != nil {
			return err
		}
		if policy == "" {
			continue
		}
		if _, err := iam.Parse(strings.ReplaceAll(policy, shortDomain, `"*"`), iam.Resource); err != nil {
			return apigw.Errorf(apigw.BadRequest, "Invalid policy document. Please check the policy syntax and ensure that Principals are valid. %v", err)
		}
	}
	return nil
}

// shortDomain is how a policy says its own domain name, which is written out
// when it is saved (AWS CLI reference, example 2 of create-domain-name).
const shortDomain = `"execute-api:/*"`

// completeDomain makes up what AWS makes up for each endpoint type; old is the
// domain before, nil when it is new.
func (c *Control) completeDomain(scope apigw.Scope, d, old *apigw.DomainName) error {
	switch {
	case d.CertificateARN == "":
		d.CertificateUploaded = time.Time{}
	case old == nil || old.CertificateARN != d.CertificateARN:
		d.CertificateUploaded = c.seconds()
	}
	d.Policy = strings.ReplaceAll(d.Policy, shortDomain, `"`+string(d.InvokeARN())+`"`)
	if !d.Is(apigw.EndpointRegional) {
		d.RegionalName = ""
	} else if d.RegionalName == "" {
		id, err := c.newID(10)
		if err != nil {
			return err
		}
		d.RegionalName = "d-" + id + ".execute-api." + scope.Region + ".amazonaws.com"
	}
	if !d.Is(apigw.EndpointEdge) {
		d.DistributionName = ""
	} else if d.DistributionName == "" {
		id, err := c.newID(13)
		if err != nil {
			return err
		}
		d.DistributionName = "d" + id + ".cloudfront.net"
	}
	return nil
}

// EdgeZone is the hosted zone of every distribution.
const EdgeZone = "Z2FDTNDATAQYW2"

// regionalZones are the hosted zones of regional names (AWS general reference,
// "Amazon API Gateway endpoints and quotas").
var regionalZones = map[string]string{
	"us-east-1": "Z1UJRXOUMOOFQ8", "us-east-2": "ZOJJZC49E0EPZ", "us-west-1": "Z2MUQ32089INYE", "us-west-2": "Z2OJLYMUO9EFXC",
	"eu-central-1": "Z1U9ULNL0V5AJ3", "eu-west-1": "ZLY8HYME6SFDD", "eu-west-2": "ZJ5UAJN8Y3Z2Q", "eu-west-3": "Z3KY65QIEKYHQQ",
	"eu-north-1": "Z3UWIKFBOOGXPP", "ca-central-1": "Z19DQILCV0OWEC", "sa-east-1": "ZCMLWB8V5SYIT", "ap-south-1": "Z3VO1THU9YC4UR",
	"ap-northeast-1": "Z1YSHQZHG15GKL", "ap-northeast-2": "Z20JF4UZKIW1U8", "ap-southeast-1": "ZL327KTPIQFUL", "ap-southeast-2": "Z2RPCDW04V8134",
}

// RegionalZone is the hosted zone of the regional names of a region; of one
// whose zone isn't known, a text that looks like one and stays the same.
func RegionalZone(region string) string {
	if zone := regionalZones[region]; zone != "" {
		return zone
	}
	sum := sha256.Sum256([]byte(region))
	return "Z" + base32.StdEncoding.EncodeToString(sum[:])[:13]
}
