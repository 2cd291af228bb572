// Package tlspolicy is API Gateway's TLS security policies (developer guide,
// "Supported security policies") as far as crypto/tls can hold a connection to
// them. It must not know who has one.
package tlspolicy

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// Policy is what a handshake may agree on.
type Policy struct {
	Name   string
	Min    uint16        // the lowest version of TLS; the highest is 1.3
	Suites []uint16      // of TLS 1.2 and lower; 1.3 has its own three, and nobody may choose among them
	Curves []tls.CurveID // nil: crypto/tls's own
	Edge   bool          // of the endpoint type EDGE alone
}

// Enhanced says whether the name is one of those that exclude mutual TLS and HTTP
// APIs and need an access mode.
func Enhanced(name string) bool { return strings.HasPrefix(name, "SecurityPolicy_") }

// Cipher suites by what they have in common. Of what AWS offers beside them,
// crypto/tls has none: AES in CBC mode with SHA-384, and AES256-SHA256.
var (
	forwardGCM = []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	}
	forwardCBC = []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256}
	chacha     = []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305}
	staticGCM  = []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384}
	staticCBC  = []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA256}
	sha1       = []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	}
	hybrid = []tls.CurveID{tls.X25519MLKEM768, tls.SecP256r1MLKEM768, tls.SecP384r1MLKEM1024, tls.X25519, tls.CurveP256, tls.CurveP384}
)

// Find is the policy of a name. The error says that there is none, or that
// nothing here can hold connections to it.
func Find(name string) (*Policy, error) {
	p := &Policy{Name: name, Min: tls.VersionTLS12}
	switch name {
	case "TLS_1_0":
		p.Min, p.Suites = tls.VersionTLS10, slices.Concat(forwardGCM, forwardCBC, staticGCM, staticCBC, sha1)
	case "TLS_1_2":
		p.Suites = slices.Concat(forwardGCM, forwardCBC, staticGCM, staticCBC)
	case "SecurityPolicy_TLS13_1_3_2025_09":
		p.Min = tls.VersionTLS13
	case "SecurityPolicy_TLS13_1_2_2021_06":
		p.Suites = slices.Concat(forwardGCM, forwardCBC)
	case "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09":
		p.Suites, p.Curves = forwardGCM, hybrid
	case "SecurityPolicy_TLS13_1_2_PQ_2025_09":
		p.Suites, p.Curves = slices.Concat(forwardGCM, forwardCBC, staticGCM, staticCBC), hybrid
	case "SecurityPolicy_TLS13_2025_EDGE":
		p.Min, p.Edge = tls.VersionTLS13, true
	case "SecurityPolicy_TLS12_PFS_2025_EDGE":
		p.Suites, p.Edge = slices.Concat(forwardGCM, chacha), true
	case "SecurityPolicy_TLS12_2018_EDGE":
		p.Suites, p.Edge = slices.Concat(forwardGCM, forwardCBC, chacha, staticGCM, staticCBC), true
	case "SecurityPolicy_TLS13_1_3_FIPS_2025_09", "SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09", "SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09":
		return nil, fmt.Errorf("Gatehouse has no cryptographic module that is validated for FIPS, and can't take TLS_CHACHA20_POLY1305_SHA256 out of TLS 1.3. Choose %s", strings.Replace(name, "FIPS_", "", 1))
	default:
		return nil, fmt.Errorf("there is no such security policy")
	}
	return p, nil
}

// Apply holds c to the policy.
func (p *Policy) Apply(c *tls.Config) {
	c.MinVersion, c.MaxVersion, c.CipherSuites, c.CurvePreferences = p.Min, tls.VersionTLS13, p.Suites, p.Curves
}
