package clientcert

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"math/big"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func name(t testing.TB, levels ...pkix.RelativeDistinguishedNameSET) []byte {
	t.Helper()
	raw, err := asn1.Marshal(pkix.RDNSequence(levels))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func part(id asn1.ObjectIdentifier, value any) pkix.AttributeTypeAndValue {
	return pkix.AttributeTypeAndValue{Type: id, Value: value}
}

var (
	idC     = asn1.ObjectIdentifier{2, 5, 4, 6}
	idST    = asn1.ObjectIdentifier{2, 5, 4, 8}
	idL     = asn1.ObjectIdentifier{2, 5, 4, 7}
	idO     = asn1.ObjectIdentifier{2, 5, 4, 10}
	idOU    = asn1.ObjectIdentifier{2, 5, 4, 11}
	idCN    = asn1.ObjectIdentifier{2, 5, 4, 3}
	idEmail = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}
	idUID   = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}
	idOwn   = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}
)

func raw(tag int, text string) asn1.RawValue { return asn1.RawValue{Tag: tag, Bytes: []byte(text)} }

// TestDN: the first is AWS's own (AWS Compute Blog, "Introducing mutual TLS
// authentication for Amazon API Gateway"); the others are compared with
// OpenSSL, whose print the dates and the serial number on that page are, too.
func TestDN(t *testing.T) {
	one := func(list ...pkix.AttributeTypeAndValue) []pkix.RelativeDistinguishedNameSET {
		var levels []pkix.RelativeDistinguishedNameSET
		for _, a := range list {
			levels = append(levels, pkix.RelativeDistinguishedNameSET{a})
		}
		return levels
	}
	for _, c := range []struct {
		want   string
		levels []pkix.RelativeDistinguishedNameSET
	}{
		{"C=US,ST=Washington,L=Seattle,O=Amazon Web Services,OU=Security,CN=My Client",
			one(part(idC, "US"), part(idST, "Washington"), part(idL, "Seattle"), part(idO, "Amazon Web Services"), part(idOU, "Security"), part(idCN, "My Client"))},
		{`O=Sue\, Grabbit and Runn,CN=a\+b\"c\\d\<e\>f\;g=h`, one(part(idO, "Sue, Grabbit and Runn"), part(idCN, `a+b"c\d<e>f;g=h`))},
		{`CN=\#no number,OU=\ two\ ,O=a#b c`, one(part(idCN, "#no number"), part(idOU, " two "), part(idO, "a#b c"))},
		{`CN=two\0Alines\0Dand\00more`, one(part(idCN, raw(asn1.TagUTF8String, "two\nlines\rand\x00more")))},
		{`CN=Zoë 山`, one(part(idCN, "Zoë 山"))},
		{`CN=Zoë`, one(part(idCN, raw(asn1.TagT61String, "Zo\xeb")))},
		{`CN=Zoë`, one(part(idCN, raw(asn1.TagBMPString, "\x00Z\x00o\x00\xeb")))},
		{`emailAddress=a@example.com,UID=7`, one(part(idEmail, raw(asn1.TagIA5String, "a@example.com")), part(idUID, "7"))},
		{`CN=a+OU=b,C=DE`, []pkix.RelativeDistinguishedNameSET{{part(idCN, "a"), part(idOU, "b")}, {part(idC, "DE")}}},
		{`1.3.6.1.4.1.99999.1=#130178`, one(part(idOwn, "x"))},
		{`CN=`, one(part(idCN, ""))},
		{``, nil},
	} {
		raw := name(t, c.levels...)
		if got := DN(raw); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
		if theirs, ok := openssl(t, raw); ok && theirs != c.want {
			t.Errorf("OpenSSL writes %s, we %s", theirs, c.want)
		}
	}
	for raw, want := range map[string]string{string(name(t, one(part(idCN, "a\u0085\u2028b"))...)): `CN=a\C2\85\E2\80\A8b`, string(name(t, one(part(idCN, 7))...)): "CN=#020107", "": "#", "\x30\x01": "#3001", "\x30\x00\x00": "#300000"} {
		if got := DN([]byte(raw)); got != want {
			t.Errorf("%x: %s", raw, got)
		}
	}
}

// openssl is how OpenSSL writes a subject.
func openssl(t *testing.T, subject []byte) (string, bool) {
	t.Helper()
	if len(subject) <= 2 { // an empty one prints as nothing
		return "", false
	}
	if _, err := exec.LookPath("openssl"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("openssl is not installed")
		}
		return "", false
	}
	key := ecKey(t)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), RawSubject: subject, NotAfter: now}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("openssl", "x509", "-inform", "DER", "-noout", "-subject", "-nameopt", "esc_2253,esc_ctrl,utf8,dump_nostr,dump_unknown,dump_der,sep_comma_plus,sname")
	cmd.Stdin = bytes.NewReader(der)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimPrefix(strings.TrimSuffix(string(out), "\n"), "subject="), true
}

func TestSerialNumber(t *testing.T) {
	for number, want := range map[string]string{
		"1": "1", "f": "f", "10": "10", "abc": "0a:bc", "0": "0",
		"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1": "a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1:a1", // the developer guide's
	} {
		n, _ := new(big.Int).SetString(number, 16)
		if got := serial(&x509.Certificate{SerialNumber: n}); got != want {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
}

func TestShow(t *testing.T) {
	root := authority(t, `The "Root" <CA>`)
	e := issue(t, "client", root, ecKey(t), between(time.Date(2019, 5, 28, 12, 30, 2, 0, time.UTC), time.Date(2021, 8, 5, 9, 36, 4, 0, time.FixedZone("", 0))))
	got := Show(e.Certificate)
	want := &Certificate{
		PEM: e.pem(), SubjectDN: "CN=client", IssuerDN: `CN=The \"Root\" \<CA\>`, SerialNumber: serial(e.Certificate),
		Validity: Validity{"May 28 12:30:02 2019 GMT", "Aug  5 09:36:04 2021 GMT"}, JSON: got.JSON,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	var again Certificate
	if err := json.Unmarshal(got.JSON, &again); err != nil {
		t.Fatal(err)
	}
	again.JSON = got.JSON
	if d := cmp.Diff(want, &again); d != "" || bytes.ContainsAny(got.JSON, "\n\r") {
		t.Error(d, string(got.JSON))
	}
}

func FuzzDN(f *testing.F) {
	f.Add(name(f, pkix.RelativeDistinguishedNameSET{part(idCN, "a,b"), part(idOwn, 7)}))
	f.Add([]byte{0x30, 0x80, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if text := DN(raw); !utf8.ValidString(text) || strings.ContainsAny(text, "\n\r\x00") {
			t.Errorf("%q", text)
		}
	})
}
