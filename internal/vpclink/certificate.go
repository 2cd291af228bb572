package vpclink

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// SetCertificates says which certificates ACM has, with their chains. A call
// over TLS to a listener needs one of the listener's that is for its name.
func (b *Book) SetCertificates(list map[apigw.ARN]*tls.Certificate) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := *b.world.Load()
	w.certificates = list
	b.world.Store(&w)
}

// vouches says whether a certificate of l is for name, now. There is no wire
// between the gateway and the listener, both being this process: what a chain
// would prove, that the listener is who it says it is, needs no proof, so that
// certificates of one's own authority do. On AWS, REST APIs take certificates of
// public authorities alone unless insecureSkipVerification is set.
func (l *listener) vouches(w *world, b *Book, name string) error {
	err := errors.New("it has none that is known")
	for _, arn := range l.spec.Certificates {
		c := w.certificates[arn]
		if c == nil && b.config.Certificate != nil {
			c = b.config.Certificate(arn)
		}
		if c == nil {
			continue
		}
		leaf := c.Leaf
		if leaf == nil {
			if leaf, err = x509.ParseCertificate(c.Certificate[0]); err != nil {
				continue
			}
		}
		if now := b.config.Now(); now.Before(leaf.NotBefore) || now.After(leaf.NotAfter) {
			err = fmt.Errorf("%s isn't valid at this time", arn)
			continue
		}
		if err = leaf.VerifyHostname(name); err == nil {
			return nil
		}
	}
	return fmt.Errorf("listener %s has no certificate for %s: %w", l.spec.ARN, name, err)
}
