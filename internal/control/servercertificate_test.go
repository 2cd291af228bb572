package control

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// issued is a certificate with its key, in PEM.
type issued struct {
	cert      *x509.Certificate
	key       *ecdsa.PrivateKey
	pem, text []byte // of the certificate and the key
}

// issueFor makes a certificate around at; without by it signs itself.
func issueFor(t testing.TB, by *issued, at time.Time, change func(*x509.Certificate)) *issued {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{SerialNumber: big.NewInt(at.Unix()), Subject: pkix.Name{CommonName: "shop.example.com"}, DNSNames: []string{"shop.example.com", "*.shop.example.com"},
		NotBefore: at.Add(-time.Hour), NotAfter: at.Add(240 * time.Hour), BasicConstraintsValid: true}
	if change != nil {
		change(c)
	}
	parent, with := c, key
	if by != nil {
		parent, with = by.cert, by.key
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, with))
	made := must[*x509.Certificate](t)(x509.ParseCertificate(der))
	raw := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))
	return &issued{made, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})}
}

func root(t testing.TB, at time.Time, name string) *issued {
	return issueFor(t, nil, at, func(c *x509.Certificate) { c.Subject.CommonName, c.DNSNames, c.IsCA = name, nil, true })
}

// TestImportedCertificate: its key is sealed, its ARN stays when another one
// takes its place, and whoever shows it keeps it from being deleted.
func TestImportedCertificate(t *testing.T) {
	w, sealer := newSealed(t)
	ca := root(t, w.clock, "Root")
	first, second := issueFor(t, ca, w.clock, nil), issueFor(t, ca, w.clock, nil)
	arn := must[apigw.ARN](t)(w.ImportServerCertificate(t.Context(), w.scope, CertificateImport{Certificate: first.pem, Key: first.text, Chain: ca.pem, Tags: map[string]string{"a": "b"}}))
	again := must[apigw.ARN](t)(w.ImportServerCertificate(t.Context(), w.scope, CertificateImport{ARN: arn, Certificate: second.pem, Key: second.text, Chain: ca.pem}))
	if again != arn {
		t.Errorf("%s, then %s", arn, again)
	}
	_, id, _ := parseCertificateARN(arn)
	record := must[store.Record](t)(shared.Get(t.Context(), serverCertificateKey(w.scope, id)))
	held := must[*HeldCertificate](t)(decodeHeld(record))
	pair := must[*tls.Certificate](t)(held.TLS(sealer.Open))
	if held.ARN != arn || !pair.Leaf.Equal(second.cert) || len(pair.Certificate) != 2 || held.Tags["a"] != "b" {
		t.Errorf("%+v", held)
	}
	der := must[[]byte](t)(x509.MarshalPKCS8PrivateKey(second.key))
	if bytes.Contains(record.Value, der[40:70]) || strings.Contains(string(record.Value), "PRIVATE KEY") {
		t.Error("the private key is stored as it is")
	}

	d := apigw.DomainName{Name: "a.shop.example.com", Types: []string{"REGIONAL"}, RegionalCertificateARN: arn}
	must[*apigw.DomainName](t)(w.CreateDomainName(t.Context(), w.scope, d))
	wantError(t, w.DeleteServerCertificate(t.Context(), w.scope, arn), apigw.Conflict, "Certificate "+string(arn)+" in account "+w.scope.Account+" is in use.")
	d.Name = "a.b.shop.example.com"
	_, err := w.CreateDomainName(t.Context(), w.scope, d)
	wantError(t, err, apigw.BadRequest, "The domain name to be created is not covered by the provided certificate: "+string(arn))
	other := w.scope
	other.Account = "999999999999"
	_, err = w.CreateDomainName(t.Context(), other, apigw.DomainName{Name: "x.shop.example.com", Types: []string{"REGIONAL"}, RegionalCertificateARN: arn})
	wantError(t, err, apigw.BadRequest, "The provided certificate does not exist.")
	if err := w.DeleteDomainName(t.Context(), w.scope, "a.shop.example.com", ""); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteServerCertificate(t.Context(), w.scope, arn); err != nil {
		t.Error(err)
	}
}

// TestRefusedImports: what doesn't belong together is told apart, and no text
// shows the key.
func TestRefusedImports(t *testing.T) {
	w, _ := newSealed(t)
	ca, other := root(t, w.clock, "Root"), root(t, w.clock, "Other")
	good := issueFor(t, ca, w.clock, nil)
	expired := issueFor(t, nil, w.clock.Add(-1000*time.Hour), nil)
	early := issueFor(t, nil, w.clock.Add(1000*time.Hour), nil)
	nameless := issueFor(t, nil, w.clock, func(c *x509.Certificate) { c.Subject.CommonName, c.DNSNames = "Somebody", nil })
	for name, c := range map[string]struct {
		in   CertificateImport
		want string
	}{
		"no PEM":           {CertificateImport{Certificate: []byte("x"), Key: good.text}, "Could not parse the certificate"},
		"two certificates": {CertificateImport{Certificate: append(bytes.Clone(good.pem), ca.pem...), Key: good.text}, "more than one certificate"},
		"no chain":         {CertificateImport{Certificate: good.pem, Key: good.text}, "not a valid self signed"},
		"another chain":    {CertificateImport{Certificate: good.pem, Key: good.text, Chain: other.pem}, "Could not validate the certificate with the certificate chain."},
		"another key":      {CertificateImport{Certificate: good.pem, Key: other.text, Chain: ca.pem}, "doesn't match"},
		"encrypted key":    {CertificateImport{Certificate: good.pem, Key: pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}), Chain: ca.pem}, "it is encrypted"},
		"no key":           {CertificateImport{Certificate: good.pem, Chain: ca.pem}, "can't be read"},
		"expired":          {CertificateImport{Certificate: expired.pem, Key: expired.text}, "has expired"},
		"early":            {CertificateImport{Certificate: early.pem, Key: early.text}, "isn't valid before"},
		"nameless":         {CertificateImport{Certificate: nameless.pem, Key: nameless.text}, "names no domain"},
	} {
		_, err := w.ImportServerCertificate(t.Context(), w.scope, c.in)
		if apigw.KindOf(err) != apigw.Validation || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestRequestedCertificate: a token within an hour makes requests one; a
// certificate is made anew before its end, under the same ARN.
func TestRequestedCertificate(t *testing.T) {
	w, _ := newSealed(t)
	request := CertificateRequest{Names: []string{"Api.example.com", "*.example.com", "api.example.com"}, KeyAlgorithm: "EC_prime256v1", Token: "once"}
	arn := must[apigw.ARN](t)(w.RequestServerCertificate(t.Context(), w.scope, request))
	if same := must[apigw.ARN](t)(w.RequestServerCertificate(t.Context(), w.scope, request)); same != arn {
		t.Errorf("%s, then %s", arn, same)
	}
	made := must[*apigw.ServerCertificate](t)(w.ServerCertificate(t.Context(), w.scope, arn))
	if len(made.Names) != 2 || made.DomainName != "api.example.com" || made.KeyAlgorithm != "EC_prime256v1" || made.StatusAt(w.clock) != "ISSUED" {
		t.Errorf("%+v", made)
	}
	w.clock = w.clock.Add(2 * time.Hour)
	if another := must[apigw.ARN](t)(w.RequestServerCertificate(t.Context(), w.scope, request)); another == arn {
		t.Error("a token lasts for ever")
	}
	w.clock = w.clock.Add(ownLife - renewBefore)
	if err := w.renewServer(t.Context(), w.scope, arn); err != nil {
		t.Fatal(err)
	}
	renewed := must[*apigw.ServerCertificate](t)(w.ServerCertificate(t.Context(), w.scope, arn))
	if renewed.PEM == made.PEM || !renewed.NotAfter.After(made.NotAfter) || !renewed.Renewed.Equal(w.clock) {
		t.Errorf("%+v", renewed)
	}
}

// FuzzImport: whatever is imported is refused in words or kept whole.
func FuzzImport(f *testing.F) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ca := root(f, at, "Root")
	good := issueFor(f, ca, at, nil)
	f.Add(good.pem, good.text, ca.pem)
	f.Add(ca.pem, ca.text, []byte{})
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), []byte("-----BEGIN EC PARAMETERS-----\n-----END EC PARAMETERS-----\n"), []byte("x"))
	f.Fuzz(func(t *testing.T, cert, key, chain []byte) {
		pair, err := parseImport(CertificateImport{Certificate: cert, Key: key, Chain: chain}, at)
		if err != nil {
			if apigw.KindOf(err) != apigw.Validation {
				t.Fatalf("%v", err)
			}
			return
		}
		var to apigw.ServerCertificate
		pair.describe(&to)
		if to.PEM == "" || to.DomainName == "" || to.KeyAlgorithm == "" {
			t.Fatalf("%+v", to)
		}
	})
}
