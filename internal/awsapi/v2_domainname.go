package awsapi

import (
	"context"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	v2 "github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
	"github.com/gatehouse/gatehouse/internal/control"
)

// Domain names are one thing to both versions of the API, laid out in two ways.
// Version 2 has public ones alone, and other words for how they route.

func (o routed) createDomainName(ctx context.Context, c *Call, in *v2.CreateDomainNameRequest) (*v2.CreateDomainNameResponse, error) {
	d := apigw.DomainName{Name: val(in.DomainName), Tags: in.Tags, Types: []string{apigw.EndpointRegional}}
	if len(in.DomainNameConfigurations) == 0 {
		return nil, oneConfiguration()
	}
	if err := mergeDomain(&d, in.DomainNameConfigurations, in.MutualTlsAuthentication, in.RoutingMode); err != nil {
		return nil, err
	}
	made, err := o.c.CreateDomainName(ctx, c.Scope, d)
	return (*v2.CreateDomainNameResponse)(routeDomainView(c)(made)), err
}

func (o routed) getDomainName(ctx context.Context, c *Call, in *v2.GetDomainNameRequest) (*v2.GetDomainNameResponse, error) {
	d, err := o.c.DomainName(ctx, c.Scope, in.DomainName, "")
	return (*v2.GetDomainNameResponse)(routeDomainView(c)(d)), err
}

func (o routed) getDomainNames(ctx context.Context, c *Call, in *v2.GetDomainNamesRequest) (*v2.GetDomainNamesResponse, error) {
	list, err := o.c.DomainNames(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(slices.Clone(list), (*apigw.DomainName).Private)
	items, next, err := onPage(in.NextToken, in.MaxResults, list, (*apigw.DomainName).Key, routeDomainView(c))
	return &v2.GetDomainNamesResponse{Items: items, NextToken: next}, err
}

func (o routed) updateDomainName(ctx context.Context, c *Call, in *v2.UpdateDomainNameRequest) (*v2.UpdateDomainNameResponse, error) {
	d, err := o.c.UpdateDomainName(ctx, c.Scope, in.DomainName, "", func(d *apigw.DomainName) error {
		return mergeDomain(d, in.DomainNameConfigurations, in.MutualTlsAuthentication, in.RoutingMode)
	})
	return (*v2.UpdateDomainNameResponse)(routeDomainView(c)(d)), err
}

func (o routed) deleteDomainName(ctx context.Context, c *Call, in *v2.DeleteDomainNameRequest) error {
	return o.c.DeleteDomainName(ctx, c.Scope, in.DomainName, "")
}

func oneConfiguration() error {
	return apigw.Errorf(apigw.BadRequest, "A domain name has exactly one of domainNameConfigurations")
}

// mergeDomain puts what was sent into a domain name. What a configuration has
// from the service (its name in DNS, its status) says nothing when it is sent.
func mergeDomain(d *apigw.DomainName, configurations []*v2.DomainNameConfiguration, tls *v2.MutualTlsAuthenticationInput, mode *string) error {
	mergeTruststore(d, tls)
	if mode != nil {
		d.RoutingMode = strings.Replace(*mode, "API_MAPPING", "BASE_PATH_MAPPING", 1)
	}
	if len(configurations) == 0 {
		return nil
	}
	if len(configurations) > 1 || len(d.Types) > 1 {
		return oneConfiguration()
	}
	k := configurations[0]
	if k.EndpointType != nil && *k.EndpointType != d.Types[0] {
		d.Types = slices.Clone(d.Types)
		replaceDomainType(d, 0, *k.EndpointType)
	}
	putText(&d.SecurityPolicy, k.SecurityPolicy)
	putText(&d.IPAddressType, k.IpAddressType)
	putText(&d.OwnershipCertificateARN, k.OwnershipVerificationCertificateArn)
	arn, name := &d.RegionalCertificateARN, &d.RegionalCertificateName
	if d.Types[0] != apigw.EndpointRegional {
		arn, name = &d.CertificateARN, &d.CertificateName
	}
	putText(arn, k.CertificateArn)
	putText(name, k.CertificateName)
	return nil
}

// mergeTruststore has the trust store read again, as every change of version 1
// does; without a URI, clients need no certificate. Another object has another
// version.
func mergeTruststore(d *apigw.DomainName, sent *v2.MutualTlsAuthenticationInput) {
	if sent == nil {
		return
	}
	var m apigw.MutualTLS
	if d.MutualTLS != nil {
		m.URI, m.Version = d.MutualTLS.URI, d.MutualTLS.Version
	}
	if sent.TruststoreUri != nil {
		m.URI, m.Version = *sent.TruststoreUri, ""
	}
	put(&m.Version, sent.TruststoreVersion)
	if d.MutualTLS = nil; m.URI != "" || m.Version != "" { // a version alone is refused
		d.MutualTLS = &m
	}
}

// routeDomainView shows a configuration for each endpoint type. A name is
// available at once.
func routeDomainView(c *Call) func(*apigw.DomainName) *v2.DomainName {
	return func(d *apigw.DomainName) *v2.DomainName {
		if d == nil {
			return nil
		}
		out := &v2.DomainName{
			DomainName: set(d.Name), DomainNameArn: set(control.DomainARN(c.Scope, d)), ApiMappingSelectionExpression: new("$request.basepath"),
			RoutingMode: new(strings.Replace(d.RoutingMode, "BASE_PATH_MAPPING", "API_MAPPING", 1)), Tags: orEmpty(d.Tags),
		}
		if m := d.MutualTLS; m != nil {
			out.MutualTlsAuthentication = &v2.MutualTlsAuthentication{TruststoreUri: set(m.URI), TruststoreVersion: set(m.Version), TruststoreWarnings: m.Warnings}
		}
		for _, kind := range d.Types {
			k := &v2.DomainNameConfiguration{
				EndpointType: &kind, DomainNameStatus: new("AVAILABLE"), SecurityPolicy: set(d.SecurityPolicy), IpAddressType: set(d.IPAddressType),
				OwnershipVerificationCertificateArn: set(d.OwnershipCertificateARN),
				CertificateArn:                      set(d.RegionalCertificateARN), CertificateName: set(d.RegionalCertificateName),
				ApiGatewayDomainName: set(d.RegionalName), HostedZoneId: new(control.RegionalZone(c.Scope.Region)),
			}
			if kind != apigw.EndpointRegional {
				k.CertificateArn, k.CertificateName = set(d.CertificateARN), set(d.CertificateName)
				k.ApiGatewayDomainName, k.HostedZoneId = set(d.DistributionName), new(control.EdgeZone)
			}
			if !d.CertificateUploaded.IsZero() {
				k.CertificateUploadDate = &d.CertificateUploaded
			}
			out.DomainNameConfigurations = append(out.DomainNameConfigurations, k)
		}
		return out
	}
}
