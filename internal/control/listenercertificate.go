package control

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxBalancerCerts is how many certificates the listeners of a load balancer have
// beside their default ones (user guide for Application Load Balancers, "Quotas").
const maxBalancerCerts = 25

// AddListenerCertificate adds a certificate to those that a listener has beside
// its default one. One that is there doesn't matter (reference,
// AddListenerCertificates).
func (c *Control) AddListenerCertificate(ctx context.Context, scope apigw.Scope, arn, certificate apigw.ARN) error {
	return c.changeListenerCertificates(ctx, scope, arn, func(b *apigw.LoadBalancer, list []apigw.ARN) ([]apigw.ARN, error) {
		if slices.Contains(list[1:], certificate) {
			return list, nil
		}
		if furtherCertificates(b) >= maxBalancerCerts {
			return nil, apigw.Coded(apigw.LimitExceeded, "TooManyCertificates", "The maximum number of certificates has been reached on load balancer '%s': %d beside the default ones", b.ARN, maxBalancerCerts)
		}
		list = append(slices.Clone(list), certificate)
		slices.Sort(list[1:])
		return list, nil
	})
}

// RemoveListenerCertificate takes a certificate away again. The default one is
// replaced by ModifyListener alone.
func (c *Control) RemoveListenerCertificate(ctx context.Context, scope apigw.Scope, arn, certificate apigw.ARN) error {
	return c.changeListenerCertificates(ctx, scope, arn, func(_ *apigw.LoadBalancer, list []apigw.ARN) ([]apigw.ARN, error) {
		i := slices.Index(list[1:], certificate)
		switch {
		case i >= 0:
			return slices.Delete(slices.Clone(list), i+1, i+2), nil
		case certificate == list[0]:
			return nil, notPermitted("Default certificate '%s' cannot be removed from listener '%s'", certificate, arn)
		}
		return list, nil
	})
}

func furtherCertificates(b *apigw.LoadBalancer) (n int) {
	for _, l := range b.Listeners {
		n += max(0, len(l.Certificates)-1)
	}
	return n
}

// changeListenerCertificates changes the certificates of a listener, the default
// one first.
func (c *Control) changeListenerCertificates(ctx context.Context, scope apigw.Scope, arn apigw.ARN, change func(*apigw.LoadBalancer, []apigw.ARN) ([]apigw.ARN, error)) error {
	return c.editBalancers(ctx, scope, func(e *balancerEdit) error {
		old, l, err := e.listenerToChange(arn)
		if err != nil {
			return err
		}
		if !speaksTLS(l.Protocol) {
			return invalid("Certificates cannot be specified for %s listeners", l.Protocol)
		}
		now := *old
		now.Listeners = slices.Clone(old.Listeners)
		l = listenerOf(&now, arn)
		if l.Certificates, err = change(old, l.Certificates); err != nil {
			return err
		}
		return e.replaceListeners(old, &now, arn)
	})
}
