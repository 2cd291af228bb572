package awsapi

import (
	"context"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	"github.com/gatehouse/gatehouse/internal/control"
)

func (o balancers) createListener(ctx context.Context, c *Call, in *elbv2.CreateListenerInput) (*elbv2.CreateListenerOutput, error) {
	l := apigw.Listener{Protocol: val(in.Protocol), Port: val(in.Port), TLSPolicy: val(in.SslPolicy)}
	var err error
	if l.Tags, err = balancerTags(in.Tags); err != nil {
		return nil, err
	}
	certificate, err := listenerCertificate(in.Certificates)
	if err != nil {
		return nil, err
	}
	if certificate != "" {
		l.Certificates = []apigw.ARN{certificate}
	}
	if l.Actions, err = actionsOf(in.DefaultActions); err != nil {
		return nil, err
	}
	alpn, err := alpnOf(in.AlpnPolicy)
	if err != nil {
		return nil, err
	}
	if err := refuseMutual(in.MutualAuthentication); err != nil {
		return nil, err
	}
	l.ALPN = val(alpn)
	b, made, err := o.c.CreateListener(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn), l)
	if err != nil {
		return nil, err
	}
	return &elbv2.CreateListenerOutput{Listeners: []*elbv2.Listener{listenerView(b, made)}}, nil
}

func (o balancers) modifyListener(ctx context.Context, c *Call, in *elbv2.ModifyListenerInput) (*elbv2.ModifyListenerOutput, error) {
	change := control.ListenerChange{Port: val(in.Port), Protocol: val(in.Protocol), TLSPolicy: val(in.SslPolicy)}
	var err error
	if change.Certificate, err = listenerCertificate(in.Certificates); err != nil {
		return nil, err
	}
	if change.Actions, err = actionsOf(in.DefaultActions); err != nil {
		return nil, err
	}
	if change.ALPN, err = alpnOf(in.AlpnPolicy); err != nil {
		return nil, err
	}
	if err := refuseMutual(in.MutualAuthentication); err != nil {
		return nil, err
	}
	b, l, err := o.c.ModifyListener(ctx, c.Scope, apigw.ARN(*in.ListenerArn), change)
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyListenerOutput{Listeners: []*elbv2.Listener{listenerView(b, l)}}, nil
}

// alpnOf is the policy that a call names; nil: it names none.
func alpnOf(list []string) (*string, error) {
	switch len(list) {
	case 0:
		return nil, nil
	case 1:
		return &list[0], nil
	}
	return nil, balancerError("ValidationError", "Only one ALPN policy can be specified")
}

// refuseMutual: no client connects to a load balancer, so none shows a
// certificate.
func refuseMutual(m *elbv2.MutualAuthenticationAttributes) error {
	if m == nil || (val(m.Mode) == "" || val(m.Mode) == "off") && m.TrustStoreArn == nil && m.TrustStoreAssociationStatus == nil &&
		!val(m.IgnoreClientCertificateExpiry) && val(m.AdvertiseTrustStoreCaNames) != "on" {
		return nil
	}
	return balancerError("InvalidConfigurationRequest", "MutualAuthentication: VPC links show load balancers no certificate. Custom domain names verify those of clients")
}

func listenerView(b *apigw.LoadBalancer, l *apigw.Listener) *elbv2.Listener {
	v := &elbv2.Listener{ListenerArn: set(l.ARN), LoadBalancerArn: set(b.ARN), Port: &l.Port, Protocol: &l.Protocol, SslPolicy: set(l.TLSPolicy), DefaultActions: actionsView(l.Actions)}
	if len(l.Certificates) > 0 { // the default one alone is told (reference, Listener)
		v.Certificates = []*elbv2.Certificate{{CertificateArn: set(l.Certificates[0])}}
	}
	if l.ALPN != "" {
		v.AlpnPolicy = []string{l.ALPN}
	}
	if l.Protocol == "HTTPS" {
		v.MutualAuthentication = &elbv2.MutualAuthenticationAttributes{Mode: new("off")}
	}
	return v
}

func (o balancers) describeListeners(ctx context.Context, c *Call, in *elbv2.DescribeListenersInput) (*elbv2.DescribeListenersOutput, error) {
	if (in.LoadBalancerArn != nil) == (len(in.ListenerArns) > 0) {
		return nil, balancerError("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
	}
	all := []*elbv2.Listener{}
	if in.LoadBalancerArn != nil {
		b, err := o.c.LoadBalancer(ctx, c.Scope, apigw.ARN(*in.LoadBalancerArn))
		if err != nil {
			return nil, err
		}
		for i := range b.Listeners {
			all = append(all, listenerView(b, &b.Listeners[i]))
		}
	}
	for _, arn := range in.ListenerArns {
		b, l, err := o.c.ListenerOf(ctx, c.Scope, apigw.ARN(arn))
		if err != nil {
			return nil, err
		}
		all = append(all, listenerView(b, l))
	}
	place := func(l *elbv2.Listener) string { return fmt.Sprintf("%05d", *l.Port) }
	if in.LoadBalancerArn == nil {
		place = inOrder(all)
	}
	page, next, err := balancerPage(in.Marker, in.PageSize, all, place)
	return &elbv2.DescribeListenersOutput{Listeners: page, NextMarker: next}, err
}

func (o balancers) deleteListener(ctx context.Context, c *Call, in *elbv2.DeleteListenerInput) (*elbv2.DeleteListenerOutput, error) {
	return &elbv2.DeleteListenerOutput{}, o.c.DeleteListener(ctx, c.Scope, apigw.ARN(*in.ListenerArn))
}

func listenerAttributesView(l *apigw.Listener) []*elbv2.ListenerAttribute {
	list := []*elbv2.ListenerAttribute{}
	for _, s := range l.Settings() {
		list = append(list, &elbv2.ListenerAttribute{Key: &s.Key, Value: &s.Value})
	}
	return list
}

func (o balancers) describeListenerAttributes(ctx context.Context, c *Call, in *elbv2.DescribeListenerAttributesInput) (*elbv2.DescribeListenerAttributesOutput, error) {
	_, l, err := o.c.ListenerOf(ctx, c.Scope, apigw.ARN(*in.ListenerArn))
	if err != nil {
		return nil, err
	}
	return &elbv2.DescribeListenerAttributesOutput{Attributes: listenerAttributesView(l)}, nil
}

func (o balancers) modifyListenerAttributes(ctx context.Context, c *Call, in *elbv2.ModifyListenerAttributesInput) (*elbv2.ModifyListenerAttributesOutput, error) {
	m, err := attributesOf(in.Attributes, func(a *elbv2.ListenerAttribute) (*string, *string) { return a.Key, a.Value })
	if err != nil {
		return nil, err
	}
	l, err := o.c.ModifyListenerAttributes(ctx, c.Scope, apigw.ARN(*in.ListenerArn), m)
	if err != nil {
		return nil, err
	}
	return &elbv2.ModifyListenerAttributesOutput{Attributes: listenerAttributesView(l)}, nil
}
