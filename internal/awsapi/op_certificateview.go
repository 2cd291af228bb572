package awsapi

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/acm"
	"github.com/gatehouse/gatehouse/internal/control"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func leafOf(cert *apigw.ServerCertificate) (*x509.Certificate, error) {
	block, _ := pem.Decode([]byte(cert.PEM))
	if block == nil {
		return nil, fmt.Errorf("certificate %s is stored without one", cert.ID)
	}
	return x509.ParseCertificate(block.Bytes)
}

// shownAlgorithm is how ACM shows a key's algorithm, unlike how it takes it.
func shownAlgorithm(name string) *string { return set(strings.ReplaceAll(name, "_", "-")) }

// certificateDetail has the members that ACM shows for each type of certificate
// (ACM API reference, CertificateDetail).
func certificateDetail(cert *apigw.ServerCertificate, arn apigw.ARN, now time.Time) (*acm.CertificateDetail, error) {
	leaf, err := leafOf(cert)
	if err != nil {
		return nil, err
	}
	d := &acm.CertificateDetail{
		CertificateArn: set(arn), DomainName: set(cert.DomainName), SubjectAlternativeNames: cert.Names, Status: set(cert.StatusAt(now)), Type: set(cert.Type),
		Subject: new(leaf.Subject.String()), Issuer: new(issuerName(leaf)), Serial: new(colons(leaf.SerialNumber.Bytes())),
		CreatedAt: &cert.Created, NotBefore: &cert.NotBefore, NotAfter: &cert.NotAfter, KeyAlgorithm: shownAlgorithm(cert.KeyAlgorithm),
		SignatureAlgorithm: new(signatureName(leaf.SignatureAlgorithm)), InUseBy: append([]string{}, cert.Users...),
		RenewalEligibility: new("INELIGIBLE"), Options: &acm.CertificateOptions{CertificateTransparencyLoggingPreference: new("DISABLED"), Export: new("DISABLED")},
	}
	for _, name := range keyUsages(leaf) {
		d.KeyUsages = append(d.KeyUsages, &acm.KeyUsage{Name: new(name)})
	}
	for _, u := range extendedUsages(leaf) {
		d.ExtendedKeyUsages = append(d.ExtendedKeyUsages, &acm.ExtendedKeyUsage{Name: new(u.name), OID: new(u.oid)})
	}
	if cert.Type == apigw.CertificateImported {
		d.ImportedAt = &cert.Imported
		return d, nil
	}
	d.IssuedAt, d.Options.CertificateTransparencyLoggingPreference = &cert.Issued, set(cert.Transparency)
	d.DomainValidationOptions = validations(cert)
	if len(cert.Users) > 0 {
		d.RenewalEligibility = new("ELIGIBLE")
	}
	if !cert.Renewed.IsZero() {
		d.RenewalSummary = &acm.RenewalSummary{RenewalStatus: new("SUCCESS"), UpdatedAt: &cert.Renewed, DomainValidationOptions: d.DomainValidationOptions}
	}
	return d, nil
}

// validations are those of a requested certificate's names: done, with what one
// would set on AWS, which tools write into DNS.
func validations(cert *apigw.ServerCertificate) []*acm.DomainValidation {
	list := make([]*acm.DomainValidation, len(cert.Names))
	for i, name := range cert.Names {
		base := strings.TrimPrefix(name, "*.")
		v := &acm.DomainValidation{DomainName: new(name), ValidationDomain: new(base), ValidationStatus: new("SUCCESS"), ValidationMethod: set(cert.Validation)}
		if cert.Validation == "DNS" {
			sum := sha256.Sum256([]byte(cert.ID + base))
			text := hex.EncodeToString(sum[:])
			v.ResourceRecord = &acm.ResourceRecord{Name: new("_" + text[:32] + "." + base + "."), Type: new("CNAME"), Value: new("_" + text[32:] + ".acm-validations.aws.")}
		} else {
			for _, who := range []string{"admin", "administrator", "hostmaster", "postmaster", "webmaster"} {
				v.ValidationEmails = append(v.ValidationEmails, who+"@"+base)
			}
		}
		list[i] = v
	}
	return list
}

func issuerName(c *x509.Certificate) string {
	if len(c.Issuer.Organization) > 0 {
		return c.Issuer.Organization[0]
	}
	return c.Issuer.CommonName
}

// colons writes bytes as 0a:ff.
func colons(b []byte) string {
	parts := make([]string, len(b))
	for i := range b {
		parts[i] = hex.EncodeToString(b[i : i+1])
	}
	return strings.Join(parts, ":")
}

// signatureName is SHA256WITHRSA of what Go calls SHA256-RSA.
func signatureName(a x509.SignatureAlgorithm) string {
	hash, kind, ok := strings.Cut(a.String(), "-")
	if kind == "SHA256" || kind == "SHA384" || kind == "SHA512" { // ECDSA-SHA256
		hash, kind = kind, hash
	}
	if !ok {
		return a.String()
	}
	return strings.ToUpper(hash + "WITH" + kind)
}

func keyUsages(c *x509.Certificate) (names []string) {
	for i, name := range []string{"DIGITAL_SIGNATURE", "NON_REPUDIATION", "KEY_ENCIPHERMENT", "DATA_ENCIPHERMENT", "KEY_AGREEMENT", "CERTIFICATE_SIGNING", "CRL_SIGNING", "ENCIPHER_ONLY", "DECIPHER_ONLY"} {
		if c.KeyUsage&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

type extendedUsage struct{ name, oid string }

func extendedUsages(c *x509.Certificate) (list []extendedUsage) {
	known := map[x509.ExtKeyUsage]extendedUsage{
		x509.ExtKeyUsageAny: {"ANY", "2.5.29.37.0"}, x509.ExtKeyUsageServerAuth: {"TLS_WEB_SERVER_AUTHENTICATION", "1.3.6.1.5.5.7.3.1"},
		x509.ExtKeyUsageClientAuth: {"TLS_WEB_CLIENT_AUTHENTICATION", "1.3.6.1.5.5.7.3.2"}, x509.ExtKeyUsageCodeSigning: {"CODE_SIGNING", "1.3.6.1.5.5.7.3.3"},
		x509.ExtKeyUsageEmailProtection: {"EMAIL_PROTECTION", "1.3.6.1.5.5.7.3.4"}, x509.ExtKeyUsageIPSECEndSystem: {"IPSEC_END_SYSTEM", "1.3.6.1.5.5.7.3.5"},
		x509.ExtKeyUsageIPSECTunnel: {"IPSEC_TUNNEL", "1.3.6.1.5.5.7.3.6"}, x509.ExtKeyUsageIPSECUser: {"IPSEC_USER", "1.3.6.1.5.5.7.3.7"},
		x509.ExtKeyUsageTimeStamping: {"TIME_STAMPING", "1.3.6.1.5.5.7.3.8"}, x509.ExtKeyUsageOCSPSigning: {"OCSP_SIGNING", "1.3.6.1.5.5.7.3.9"},
	}
	for _, u := range c.ExtKeyUsage {
		if k, ok := known[u]; ok {
			list = append(list, k)
		}
	}
	for _, oid := range c.UnknownExtKeyUsage {
		list = append(list, extendedUsage{"CUSTOM", oid.String()})
	}
	return list
}

// list answers certificates with RSA keys of up to 2048 bits alone, unless the
// filters ask for others (ACM API reference, ListCertificates).
func (o certificates) list(ctx context.Context, c *Call, in *acm.ListCertificatesRequest) (*acm.ListCertificatesResponse, error) {
	if (in.SortBy == nil) != (in.SortOrder == nil) {
		return nil, &refusal{status: http.StatusBadRequest, code: "ValidationException", message: "SortBy and SortOrder are given together"}
	}
	all, err := o.c.ServerCertificates(ctx, c.Scope)
	if err != nil {
		return nil, err
	}
	if val(in.SortOrder) == "DESCENDING" {
		slices.Reverse(all)
	}
	rows := []*acm.CertificateSummary{}
	for _, cert := range all {
		s, err := certificateSummary(cert, control.CertificateARN(c.Scope, cert.ID), c.Time)
		if err != nil {
			return nil, err
		}
		if wantedCertificate(in, s, cert.KeyAlgorithm) {
			rows = append(rows, s)
		}
	}
	return certificatePage(in, rows)
}

// certificatePage cuts rows down to a page. A token names the certificate that
// was shown last.
func certificatePage(in *acm.ListCertificatesRequest, rows []*acm.CertificateSummary) (*acm.ListCertificatesResponse, error) {
	if in.NextToken != nil {
		p, err := PageOf(in.NextToken, nil)
		at := slices.IndexFunc(rows, func(s *acm.CertificateSummary) bool { return *s.CertificateArn == p.After })
		if err != nil || at < 0 {
			return nil, &refusal{status: http.StatusBadRequest, code: "InvalidArgsException", message: "The token provided is not valid."}
		}
		rows = rows[at+1:]
	}
	out := &acm.ListCertificatesResponse{CertificateSummaryList: rows}
	if most := val(in.MaxItems); most > 0 && len(rows) > most {
		out.CertificateSummaryList, out.NextToken = rows[:most], Position(*rows[most-1].CertificateArn)
	}
	return out, nil
}

func certificateSummary(cert *apigw.ServerCertificate, arn apigw.ARN, now time.Time) (*acm.CertificateSummary, error) {
	leaf, err := leafOf(cert)
	if err != nil {
		return nil, err
	}
	s := &acm.CertificateSummary{
		CertificateArn: set(arn), DomainName: set(cert.DomainName), SubjectAlternativeNameSummaries: cert.Names[:min(len(cert.Names), 100)],
		HasAdditionalSubjectAlternativeNames: new(len(cert.Names) > 100), Status: set(cert.StatusAt(now)), Type: set(cert.Type),
		KeyAlgorithm: shownAlgorithm(cert.KeyAlgorithm), KeyUsages: keyUsages(leaf), ExtendedKeyUsages: []string{}, InUse: new(len(cert.Users) > 0),
		RenewalEligibility: new("INELIGIBLE"), ExportOption: new("DISABLED"), NotBefore: &cert.NotBefore, NotAfter: &cert.NotAfter, CreatedAt: &cert.Created,
	}
	for _, u := range extendedUsages(leaf) {
		s.ExtendedKeyUsages = append(s.ExtendedKeyUsages, u.name)
	}
	if cert.Type == apigw.CertificateImported {
		s.ImportedAt = &cert.Imported
		return s, nil
	}
	s.IssuedAt = &cert.Issued
	if len(cert.Users) > 0 {
		s.RenewalEligibility = new("ELIGIBLE")
	}
	return s, nil
}

// wantedCertificate says whether the filters of in let a certificate through.
func wantedCertificate(in *acm.ListCertificatesRequest, s *acm.CertificateSummary, algorithm string) bool {
	f := in.Includes
	if f == nil {
		f = &acm.Filters{}
	}
	keys := f.KeyTypes
	if len(keys) == 0 {
		keys = []string{"RSA_1024", "RSA_2048"}
	}
	every := func(asked, has []string) bool {
		return !slices.ContainsFunc(asked, func(a string) bool { return a != "ANY" && !slices.Contains(has, a) })
	}
	return slices.Contains(keys, algorithm) && every(f.KeyUsage, s.KeyUsages) && every(f.ExtendedKeyUsage, s.ExtendedKeyUsages) &&
		val(f.ExportOption) != "ENABLED" && f.ManagedBy == nil &&
		(len(in.CertificateStatuses) == 0 || slices.Contains(in.CertificateStatuses, *s.Status))
}
