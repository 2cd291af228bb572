package awsapi

import (
	"context"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
)

// listenerCertificate is the one that a call names (reference, CreateListener,
// AddListenerCertificates: exactly one); empty: it names none.
func listenerCertificate(list []*elbv2.Certificate) (apigw.ARN, error) {
	switch {
	case len(list) == 0:
		return "", nil
	case len(list) > 1:
		return "", apigw.Coded(apigw.LimitExceeded, "TooManyCertificates", "Only one certificate can be specified in a call")
	case list[0].IsDefault != nil:
		return "", balancerError("ValidationError", "IsDefault cannot be specified")
	case val(list[0].CertificateArn) == "":
		return "", balancerError("ValidationError", "A certificate ARN must be specified")
	}
	return apigw.ARN(*list[0].CertificateArn), nil
}

// namedCertificate is listenerCertificate of a call that must name one.
func namedCertificate(list []*elbv2.Certificate) (apigw.ARN, error) {
	if len(list) == 0 {
		return "", balancerError("ValidationError", "A certificate must be specified")
	}
	return listenerCertificate(list)
}

func (o balancers) addListenerCertificates(ctx context.Context, c *Call, in *elbv2.AddListenerCertificatesInput) (*elbv2.AddListenerCertificatesOutput, error) {
	arn, err := namedCertificate(in.Certificates)
	if err == nil {
		err = o.c.AddListenerCertificate(ctx, c.Scope, apigw.ARN(*in.ListenerArn), arn)
	}
	if err != nil {
		return nil, err
	}
	return &elbv2.AddListenerCertificatesOutput{Certificates: []*elbv2.Certificate{{CertificateArn: set(arn), IsDefault: new(false)}}}, nil
}

func (o balancers) removeListenerCertificates(ctx context.Context, c *Call, in *elbv2.RemoveListenerCertificatesInput) (*elbv2.RemoveListenerCertificatesOutput, error) {
	arn, err := namedCertificate(in.Certificates)
	if err == nil {
		err = o.c.RemoveListenerCertificate(ctx, c.Scope, apigw.ARN(*in.ListenerArn), arn)
	}
	return &elbv2.RemoveListenerCertificatesOutput{}, err
}

// describeListenerCertificates tells of the default certificate, then of the
// others; one that is both is told of twice, as on AWS.
func (o balancers) describeListenerCertificates(ctx context.Context, c *Call, in *elbv2.DescribeListenerCertificatesInput) (*elbv2.DescribeListenerCertificatesOutput, error) {
	_, l, err := o.c.ListenerOf(ctx, c.Scope, apigw.ARN(*in.ListenerArn))
	if err != nil {
		return nil, err
	}
	all := []*elbv2.Certificate{}
	for i, arn := range l.Certificates {
		all = append(all, &elbv2.Certificate{CertificateArn: set(arn), IsDefault: new(i == 0)})
	}
	page, next, err := balancerPage(in.Marker, in.PageSize, all, func(v *elbv2.Certificate) string { return fmt.Sprintf("%t %s", !*v.IsDefault, *v.CertificateArn) })
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeListenerCertificatesOutput{Certificates: page, NextMarker: next}, nil
}
