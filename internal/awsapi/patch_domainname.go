package awsapi

import (
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// domainPaths are the paths that can be patched (API reference, "Patch
// operations", DomainName).
var domainPaths = []string{"/certificateName", "/certificateArn", "/regionalCertificateName", "/regionalCertificateArn",
	"/endpointConfiguration/types", "/endpointConfiguration/ipAddressType", "/endpointAccessMode", "/managementPolicy", "/policy",
	"/routingMode", "/securityPolicy", "/mutualTlsAuthentication/truststoreUri", "/mutualTlsAuthentication/truststoreVersion",
	"/ownershipVerificationCertificateArn"}

// patchDomain changes a domain name. One request doesn't both add and remove
// (API reference, "Patch operations").
func patchDomain(ops []PatchOp) func(*apigw.DomainName) error {
	return func(d *apigw.DomainName) error {
		has := func(verb string) bool {
			return slices.ContainsFunc(ops, func(op PatchOp) bool { return op.Op == verb && strings.Contains(op.Path, "ertificate") })
		}
		if has("add") && has("remove") {
			return apigw.Errorf(apigw.BadRequest, "Certificates can't be added and removed in one request")
		}
		names := func(member string) bool {
			return slices.ContainsFunc(ops, func(op PatchOp) bool { return op.Path == "/mutualTlsAuthentication/"+member })
		}
		if d.MutualTLS != nil && names("truststoreUri") && !names("truststoreVersion") { // the version was another object's
			m := *d.MutualTLS
			m.Version = ""
			d.MutualTLS = &m
		}
		return applyEach(ops, func(op PatchOp) error { return patchDomainOp(d, op) })
	}
}

func patchDomainOp(d *apigw.DomainName, op PatchOp) error {
	switch op.Path {
	case "/certificateName":
		return op.addReplaceRemove(&d.CertificateName)
	case "/certificateArn":
		return op.addReplaceRemove((*string)(&d.CertificateARN))
	case "/regionalCertificateName":
		return op.addReplaceRemove(&d.RegionalCertificateName)
	case "/regionalCertificateArn":
		return op.addReplaceRemove((*string)(&d.RegionalCertificateARN))
	case "/ownershipVerificationCertificateArn":
		return op.addReplaceRemove((*string)(&d.OwnershipCertificateARN))
	case "/endpointConfiguration/ipAddressType":
		return op.planText(&d.IPAddressType, "replace")
	case "/endpointAccessMode":
		return op.planText(&d.AccessMode, "replace")
	case "/managementPolicy":
		return op.planText(&d.ManagementPolicy, "replace")
	case "/policy":
		return op.planText(&d.Policy, "replace")
	case "/routingMode":
		return op.planText(&d.RoutingMode, "replace")
	case "/securityPolicy":
		return op.planText(&d.SecurityPolicy, "replace")
	case "/mutualTlsAuthentication/truststoreUri", "/mutualTlsAuthentication/truststoreVersion":
		return patchDomainTruststore(d, op)
	}
	if op.Path == "/endpointConfiguration/types" || strings.HasPrefix(op.Path, "/endpointConfiguration/types/") {
		return patchDomainTypes(d, op)
	}
	return op.LongPathError(domainPaths...)
}

// addReplaceRemove sets a text, or takes it away.
func (p PatchOp) addReplaceRemove(to *string) error {
	if err := p.longOnly("add", "replace", "remove"); err != nil {
		return err
	}
	*to = p.Text()
	if p.Op == "remove" {
		*to = ""
	}
	return nil
}

// patchDomainTruststore has the trust store read again, also where what names it
// stays: that is how a new version of it is taken up. Without a URI, clients need
// no certificate (developer guide, "Update your truststore").
func patchDomainTruststore(d *apigw.DomainName, op PatchOp) error {
	var value string
	if err := op.addReplaceRemove(&value); err != nil {
		return err
	}
	var m apigw.MutualTLS
	if d.MutualTLS != nil {
		m.URI, m.Version = d.MutualTLS.URI, d.MutualTLS.Version
	}
	if strings.HasSuffix(op.Path, "/truststoreVersion") {
		m.Version = value
	} else {
		m.URI = value
	}
	d.MutualTLS = &m
	if m.URI == "" && (m.Version == "" || strings.HasSuffix(op.Path, "Uri")) {
		d.MutualTLS = nil
	}
	return nil
}

// patchDomainTypes changes the endpoint types: they are added and removed by
// value, and tools replace one by its place or its name.
func patchDomainTypes(d *apigw.DomainName, op PatchOp) error {
	at := strings.TrimPrefix(strings.TrimPrefix(op.Path, "/endpointConfiguration/types"), "/")
	value := op.Text()
	if value == "" && op.Op != "replace" {
		value = at
	}
	switch op.Op {
	case "add":
		d.Types = append(d.Types, value)
	case "remove":
		i := slices.Index(d.Types, value)
		if i < 0 {
			return apigw.Errorf(apigw.BadRequest, "The domain name has no endpoint type %.100q", value)
		}
		d.Types = slices.Delete(d.Types, i, i+1)
	case "replace":
		i := slices.Index(d.Types, at)
		if at == "0" && len(d.Types) > 0 {
			i = 0
		}
		if i < 0 {
			return op.LongPathError(domainPaths...)
		}
		replaceDomainType(d, i, value)
	default:
		return op.LongOpError()
	}
	return nil
}

// replaceDomainType makes one public endpoint type of the other. Its
// certificate goes with it, unless the new type has one: Terraform replaces
// the type and sets the other certificate, and takes none away.
func replaceDomainType(d *apigw.DomainName, i int, to string) {
	from := d.Types[i]
	d.Types[i] = to
	switch {
	case from == apigw.EndpointEdge && to == apigw.EndpointRegional:
		d.CertificateARN, d.CertificateName = "", ""
	case from == apigw.EndpointRegional && to == apigw.EndpointEdge:
		d.RegionalCertificateARN, d.RegionalCertificateName = "", ""
	}
}
