package apigw

import "time"

// ServerCertificate is a certificate of ACM that custom domain names show
// (ACM API reference, CertificateDetail), without its private key.
type ServerCertificate struct {
	ID           string            `json:"id"`
	Type         string            `json:"type"`   // IMPORTED or AMAZON_ISSUED
	Status       string            `json:"status"` // ISSUED; EXPIRED is told by NotAfter
	DomainName   string            `json:"domainName"`
	Names        []string          `json:"names"`        // all that it covers, DomainName among them
	KeyAlgorithm string            `json:"keyAlgorithm"` // RSA_2048, EC_prime256v1 …
	PEM          string            `json:"pem"`
	Chain        string            `json:"chain,omitempty"` // PEM, the issuer's first
	Created      time.Time         `json:"created"`
	Issued       time.Time         `json:"issued,omitzero"`
	Imported     time.Time         `json:"imported,omitzero"`
	Renewed      time.Time         `json:"renewed,omitzero"` // of AMAZON_ISSUED
	NotBefore    time.Time         `json:"notBefore"`
	NotAfter     time.Time         `json:"notAfter"`
	Validation   string            `json:"validation,omitempty"`   // DNS, EMAIL or HTTP, as it was requested
	Transparency string            `json:"transparency,omitempty"` // ENABLED or DISABLED, as it was requested
	Token        string            `json:"token,omitempty"`        // makes a request within an hour the same
	Users        []string          `json:"users,omitempty"`        // ARNs of the domain names that show it
	Tags         map[string]string `json:"tags,omitempty"`
}

// Types and states of a ServerCertificate.
const (
	CertificateImported = "IMPORTED"
	CertificateOwn      = "AMAZON_ISSUED"
	CertificateIssued   = "ISSUED"
	CertificateExpired  = "EXPIRED"
)

// StatusAt is the state at a time.
func (c *ServerCertificate) StatusAt(now time.Time) string {
	if now.After(c.NotAfter) {
		return CertificateExpired
	}
	return c.Status
}
