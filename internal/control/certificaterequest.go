package control

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// maxCertificateNames is how many names a requested certificate covers (ACM
// user guide, "Quotas": 10, raisable to 100).
const maxCertificateNames = 100

// tokenLife is how long an idempotency token makes requests the same (ACM API
// reference, RequestCertificate).
const tokenLife = time.Hour

// CertificateRequest is what RequestCertificate is given.
type CertificateRequest struct {
	Names        []string // the domain name first
	KeyAlgorithm string   // empty: RSA_2048
	Validation   string   // DNS, EMAIL or HTTP
	Transparency string
	Token        string
	Tags         map[string]string
}

// RequestServerCertificate makes a certificate for names. On AWS, Amazon's
// authority vouches for one whose names' owner was asked. Nobody can be asked
// here, and a certificate that waits for validation forever would keep scripts
// and Terraform waiting with it; so it is issued at once and vouches for itself:
// clients that weren't told to trust it refuse it, which is the safe way to fail.
func (c *Control) RequestServerCertificate(ctx context.Context, scope apigw.Scope, in CertificateRequest) (apigw.ARN, error) {
	if err := checkRequest(&in); err != nil {
		return "", err
	}
	if err := checkTags(in.Tags); err != nil {
		return "", err
	}
	pair, err := c.issue(in.Names, in.KeyAlgorithm)
	if err != nil {
		return "", err
	}
	var arn apigw.ARN
	err = c.changeScope(ctx, scope, func(s *scopeChange) error {
		same, err := c.requestedBefore(ctx, scope, &in)
		if err != nil || same != nil {
			if same != nil {
				arn = CertificateARN(scope, same.ID)
			}
			return err
		}
		v, err := c.newServer(ctx, scope)
		if err != nil {
			return err
		}
		arn = CertificateARN(scope, v.ID)
		v.Type, v.Tags, v.Validation, v.Transparency, v.Token = apigw.CertificateOwn, in.Tags, in.Validation, in.Transparency, in.Token
		return c.fill(s, v, pair, func(cert *apigw.ServerCertificate) { cert.Issued = cert.Created })
	})
	return arn, err
}

// checkRequest applies defaults, and refuses names that no certificate is for.
func checkRequest(in *CertificateRequest) error {
	var names []string
	for _, name := range in.Names {
		name = strings.ToLower(name)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) > maxCertificateNames {
		return apigw.Errorf(apigw.LimitExceeded, "A certificate covers at most %d names", maxCertificateNames)
	}
	in.Names = names
	if in.KeyAlgorithm == "" {
		in.KeyAlgorithm = "RSA_2048"
	}
	switch in.KeyAlgorithm {
	case "RSA_2048", "EC_prime256v1", "EC_secp384r1":
		return nil
	}
	return apigw.Errorf(apigw.Validation, "KeyAlgorithm %s: certificates can be requested with RSA_2048, EC_prime256v1 and EC_secp384r1", in.KeyAlgorithm)
}

// requestedBefore is the certificate that a request with the same token and
// names made within the last hour; nil: none.
func (c *Control) requestedBefore(ctx context.Context, scope apigw.Scope, in *CertificateRequest) (*apigw.ServerCertificate, error) {
	if in.Token == "" {
		return nil, nil
	}
	list, err := c.ServerCertificates(ctx, scope)
	if err != nil {
		return nil, err
	}
	for _, cert := range list {
		if cert.Token == in.Token && c.now().Sub(cert.Created) < tokenLife && cert.Type == apigw.CertificateOwn && sameNames(cert.Names, in.Names) {
			return cert, nil
		}
	}
	return nil, nil
}

func sameNames(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(name string) bool { return !slices.Contains(b, name) })
}
