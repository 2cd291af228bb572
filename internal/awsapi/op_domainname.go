package awsapi

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o rest) createDomainName(ctx context.Context, c *Call, in *apigateway.CreateDomainNameRequest) (*apigateway.DomainName, error) {
	if err := refuseUploads(in); err != nil {
		return nil, err
	}
	d := apigw.DomainName{
		Name: val(in.DomainName), Types: []string{apigw.EndpointEdge},
		CertificateARN: apigw.ARN(val(in.CertificateArn)), CertificateName: val(in.CertificateName),
		RegionalCertificateARN: apigw.ARN(val(in.RegionalCertificateArn)), RegionalCertificateName: val(in.RegionalCertificateName),
		OwnershipCertificateARN: apigw.ARN(val(in.OwnershipVerificationCertificateArn)),
		SecurityPolicy:          val(in.SecurityPolicy), AccessMode: val(in.EndpointAccessMode), RoutingMode: val(in.RoutingMode),
		Policy: val(in.Policy), Tags: in.Tags,
	}
	if m := in.MutualTlsAuthentication; m != nil && (val(m.TruststoreUri) != "" || val(m.TruststoreVersion) != "") {
		d.MutualTLS = &apigw.MutualTLS{URI: val(m.TruststoreUri), Version: val(m.TruststoreVersion)}
	}
	if e := in.EndpointConfiguration; e != nil {
		if e.Types != nil {
			d.Types = e.Types
		}
		d.IPAddressType = val(e.IpAddressType)
		if len(e.VpcEndpointIds) > 0 {
			return nil, apigw.Errorf(apigw.BadRequest, "endpointConfiguration.vpcEndpointIds are of APIs. Associate a private domain name with VPC endpoints by CreateDomainNameAccessAssociation")
		}
	}
	made, err := o.c.CreateDomainName(ctx, c.Scope, d)
	return domainView(c, made), err
}

// refuseUploads refuses certificates that aren't ACM's, as AWS has them from
// before that.
func refuseUploads(in *apigateway.CreateDomainNameRequest) error {
	for _, member := range []struct {
		name string
		sent *string
	}{{"certificateBody", in.CertificateBody}, {"certificatePrivateKey", in.CertificatePrivateKey}, {"certificateChain", in.CertificateChain}} {
		if val(member.sent) != "" {
			return apigw.Errorf(apigw.BadRequest, "%s: import the certificate into ACM (ImportCertificate), and name it here by certificateArn or regionalCertificateArn", member.name)
		}
	}
	return nil
}

func (o rest) getDomainName(ctx context.Context, c *Call, in *apigateway.GetDomainNameRequest) (*apigateway.DomainName, error) {
	d, err := o.c.DomainName(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId))
	return domainView(c, d), err
}

func (o rest) getDomainNames(ctx context.Context, c *Call, in *apigateway.GetDomainNamesRequest) (*apigateway.DomainNames, error) {
	p, err := PageOf(in.Position, in.Limit)
	if err != nil {
		return nil, err
	}
	if val(in.ResourceOwner) == otherAccounts {
		return o.foreignDomainNames(ctx, c, p)
	}
	list, err := o.c.DomainNames(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	list, next := Paginate(p, list, (*apigw.DomainName).Key)
	return &apigateway.DomainNames{Items: views(list, func(d *apigw.DomainName) *apigateway.DomainName { return domainView(c, d) }), Position: next}, nil
}

const otherAccounts = "OTHER_ACCOUNTS"

// foreignDomainNames lists the private names of other accounts that the caller may
// let endpoints to, by what identifies them alone (AWS CLI reference, example 3 of
// get-domain-names).
func (o rest) foreignDomainNames(ctx context.Context, c *Call, p Page) (*apigateway.DomainNames, error) {
	list, err := o.c.ForeignDomainNames(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(d *apigw.DomainName) bool { return mayAssociate(c, d) != nil })
	list, next := Paginate(p, list, func(d *apigw.DomainName) string { return string(control.DomainARN(d.Scope, d)) })
	return &apigateway.DomainNames{Position: next, Items: views(list, func(d *apigw.DomainName) *apigateway.DomainName {
		return &apigateway.DomainName{DomainName: set(d.Name), DomainNameId: set(d.ID), DomainNameArn: set(control.DomainARN(d.Scope, d))}
	})}, nil
}

func (o rest) updateDomainName(ctx context.Context, c *Call, in *apigateway.UpdateDomainNameRequest) (*apigateway.DomainName, error) {
	d, err := o.c.UpdateDomainName(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId), patchDomain(Patch(in.PatchOperations)))
	return domainView(c, d), err
}

func (o rest) deleteDomainName(ctx context.Context, c *Call, in *apigateway.DeleteDomainNameRequest) error {
	return o.c.DeleteDomainName(ctx, c.Scope, in.DomainName, domainID(in.DomainNameId))
}

func domainID(id *string) apigw.DomainID { return apigw.DomainID(val(id)) }

// domainView has the members that AWS shows for each endpoint type (API
// reference, DomainName). A name is available at once.
func domainView(c *Call, d *apigw.DomainName) *apigateway.DomainName {
	if d == nil {
		return nil
	}
	out := &apigateway.DomainName{
		DomainName: set(d.Name), DomainNameStatus: new("AVAILABLE"), SecurityPolicy: set(d.SecurityPolicy),
		EndpointConfiguration: &apigateway.EndpointConfiguration{Types: d.Types, IpAddressType: set(d.IPAddressType)},
		EndpointAccessMode:    set(d.AccessMode), RoutingMode: set(d.RoutingMode), Tags: shown(d.Tags),
		CertificateArn: set(d.CertificateARN), CertificateName: set(d.CertificateName),
		RegionalCertificateArn: set(d.RegionalCertificateARN), RegionalCertificateName: set(d.RegionalCertificateName),
		OwnershipVerificationCertificateArn: set(d.OwnershipCertificateARN),
		Policy:                              escapedPolicy(d.Policy), ManagementPolicy: escapedPolicy(d.ManagementPolicy),
	}
	if !d.CertificateUploaded.IsZero() {
		out.CertificateUploadDate = &d.CertificateUploaded
	}
	if d.Is(apigw.EndpointEdge) {
		out.DistributionDomainName, out.DistributionHostedZoneId = set(d.DistributionName), new(control.EdgeZone)
	}
	if d.Is(apigw.EndpointRegional) {
		out.RegionalDomainName, out.RegionalHostedZoneId = set(d.RegionalName), new(control.RegionalZone(c.Scope.Region))
	}
	if m := d.MutualTLS; m != nil {
		out.MutualTlsAuthentication = &apigateway.MutualTlsAuthentication{TruststoreUri: set(m.URI), TruststoreVersion: set(m.Version), TruststoreWarnings: m.Warnings}
	}
	if d.Private() {
		out.DomainNameId, out.DomainNameArn = set(d.ID), set(control.DomainARN(c.Scope, d))
	}
	return out
}
