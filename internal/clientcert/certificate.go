package clientcert

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"strings"
)

// Certificate is a client's certificate as API Gateway shows it, in texts
// that are made once per connection.
type Certificate struct {
	PEM          string   `json:"clientCertPem"` // with a line break at its end
	SubjectDN    string   `json:"subjectDN"`
	IssuerDN     string   `json:"issuerDN"`
	SerialNumber string   `json:"serialNumber"`
	Validity     Validity `json:"validity"`

	// JSON is all of it as events of REST and HTTP APIs have it.
	JSON []byte `json:"-"`
}

// Validity is when a certificate is valid, such as "May 28 12:30:02 2019 GMT"
// and "Aug  5 09:36:04 2021 GMT" (developer guide, the events' samples).
type Validity struct {
	NotBefore string `json:"notBefore"`
	NotAfter  string `json:"notAfter"`
}

const validityTime = "Jan _2 15:04:05 2006 GMT"

// Show renders c.
func Show(c *x509.Certificate) *Certificate {
	shown := &Certificate{
		PEM:       string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})),
		SubjectDN: DN(c.RawSubject), IssuerDN: DN(c.RawIssuer), SerialNumber: serial(c),
		Validity: Validity{c.NotBefore.UTC().Format(validityTime), c.NotAfter.UTC().Format(validityTime)},
	}
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	_ = to.Encode(shown) // texts alone, into memory
	shown.JSON = bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
	return shown
}

// serial writes a serial number as hexadecimal pairs with colons (developer
// guide, the events' samples: "a1:a1:…"). One of a single digit is that digit:
// AWS's announcement of mutual TLS shows "1".
func serial(c *x509.Certificate) string {
	digits := c.SerialNumber.Bytes()
	if len(digits) == 0 {
		return "0"
	}
	if len(digits) == 1 && digits[0] < 16 {
		return hex.EncodeToString(digits)[1:]
	}
	var text strings.Builder
	if c.SerialNumber.Sign() < 0 {
		text.WriteByte('-')
	}
	for i := range digits {
		if i > 0 {
			text.WriteByte(':')
		}
		text.WriteString(hex.EncodeToString(digits[i : i+1]))
	}
	return text.String()
}
