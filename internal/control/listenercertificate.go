package control

import (
	"context"
	"slices"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxListenerCerts is how many certificates a listener has beside the default
// one (user guide for Application Load Balancers, "Quotas": 25 of a load balancer).
const maxListenerCerts = 25

// AddListenerCertificate adds a certificate to those that a listener has beside
// its default one. One that is there doesn't matter (reference,
// AddListenerCertificates).
func (c *Control) AddListenerCertificate(ctx context.Context, scope apigw.Scope, arn, certificate apigw.ARN) error {
	return c.changeListenerCertificates(ctx, scope, arn, func(list []apigw.ARN) ([]apigw.ARN, error) {
		if slices.Contains(list[1:], certificate) {
			return list, nil
		}
		if len(list) > maxListenerCerts {
			return nil, apigw.Coded(apigw.LimitExceeded, "TooManyCertificates", "The maximum number of certificates has been reached on listener '%s': %d beside the default one", arn, maxListenerCerts)
		}
		list = append(slices.Clone(list), certificate)
		slices.Sort(list[1:])
		return list, nil
	})
}

// RemoveListenerCertificate takes a certificate away again. The default one is
// replaced by ModifyListener alone.
func (c *Control) RemoveListenerCertificate(ctx context.Context, scope apigw.Scope, arn, certificate apigw.ARN) error {
	return c.changeListenerCertificates(ctx, scope, arn, func(list []apigw.ARN) ([]apigw.ARN, error) {
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

// changeListenerCertificates changes the certificates of a listener, the default
// one first.
func (c *Control) changeListenerCertificates(ctx context.Context, scope apigw.Scope, arn apigw.ARN, change func([]apigw.ARN) ([]apigw.ARN, error)) error {
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
		if l.Certificates, err = change(l.Certificates); err != nil {
			return err
		}
		return e.replaceListeners(old, &now, arn)
	})
}
