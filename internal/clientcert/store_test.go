package clientcert

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestParseRefuses(t *testing.T) {
	root := authority(t, "root")
	good := root.pem()
	key, err := x509.MarshalPKCS8PrivateKey(root.key)
	if err != nil {
		t.Fatal(err)
	}
	secret := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"", "there is no certificate in PEM"},
		"text":                 {"hello\n", "there is no certificate in PEM"},
		"DER":                  {string(root.Raw), "there is no certificate in PEM"},
		"private key":          {good + secret, `certificate 2 (line NEXT): the PEM block is of type "PRIVATE KEY"`},
		"cut off":              {good + good[:len(good)/2], "certificate 2 (line NEXT): the PEM block is damaged or cut off"},
		"cut at its beginning": {good[len(good)/2:] + good, "don't fit together"},
		"damaged base64":       {strings.Replace(good, "M", "*", 1) + good, "certificate 1 (line 1): the PEM block is damaged"},
		"no certificate in it": {"# first\n" + good + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate 2 (line AFTER): it can't be read"},
		"trailing bytes":       {string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: append(root.Raw[:len(root.Raw):len(root.Raw)], 0)})), "certificate 1 (line 1): it can't be read"},
		"PEM headers":          {"-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END CERTIFICATE-----\n", "the PEM block has headers"},
		"indented":             {good + " " + good, "don't fit together"},
		"a mark before it":     {"\xef\xbb\xbf" + good + good, "don't fit together"},
		"too many":             {strings.Repeat(good, MaxCertificates+1), "more than 1000 certificates"},
		"too large":            {good + strings.Repeat("#\n", MaxBytes/2), "a trust store has at most 1048576"},
	} {
		t.Run(name, func(t *testing.T) {
			lines := strings.Count(good, "\n")
			want := strings.NewReplacer("NEXT", fmt.Sprint(lines+1), "AFTER", fmt.Sprint(lines+2)).Replace(c.want)
			if _, err := Parse([]byte(c.text), now); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		})
	}
}

// anyLine is a place whose number depends on the length of signatures.
var anyLine = regexp.MustCompile(`line \d+`)

// TestParseWarns: what is wrong with one certificate takes that one out of the
// store and leaves the others in.
func TestParseWarns(t *testing.T) {
	root, other := authority(t, "root"), authority(t, "other")
	first := issue(t, "first", root, ecKey(t), ca)
	second := issue(t, "second", first, ecKey(t), ca)
	third := issue(t, "third", second, ecKey(t), ca)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sha1 := authority(t, "sha1")
	sha1.SignatureAlgorithm = x509.ECDSAWithSHA1 // Go makes none any more; as parsed from one
	for name, c := range map[string]struct {
		list []*entity
		want []string
		in   int // how many vouch
	}{
		"a chain to its root":      {[]*entity{second, first, root}, nil, 3},
		"twice the same":           {[]*entity{root, root}, nil, 2},
		"its root is missing":      {[]*entity{root, issue(t, "orphan", other, ecKey(t), ca)}, []string{"certificate 2 (line N, CN=orphan): its issuer CN=other isn't in the store"}, 1},
		"an intermediate missing":  {[]*entity{second, root}, []string{"certificate 1 (line N, CN=second): its issuer CN=first isn't in the store"}, 1},
		"on one that is out":       {[]*entity{third, root, second}, []string{"certificate 1 (line N, CN=third): its issuer CN=second is in the store, but vouches for nobody", "certificate 3 (line N"}, 1},
		"too far from its root":    {[]*entity{third, second, first, root}, []string{"certificate 1 (line N, CN=third): it is 3 certificates away from its root"}, 3},
		"no authority":             {[]*entity{root, issue(t, "client", root, ecKey(t))}, []string{"certificate 2 (line N, CN=client): it is no certificate authority"}, 1},
		"altered":                  {[]*entity{root, altered(t, first)}, []string{"certificate 2 (line N, CN=first): it isn't signed by CN=root as the store has it"}, 1},
		"an altered root":          {[]*entity{altered(t, root), other}, []string{"certificate 1 (line N, CN=root): its signature isn't its own"}, 1},
		"expired":                  {[]*entity{authority(t, "old", between(now.Add(-9*time.Hour), now.Add(-time.Hour)))}, []string{"it expired on 2026-03-04T04:06:07Z"}, 1},
		"not valid yet":            {[]*entity{authority(t, "new", between(now.Add(time.Hour), now.Add(9*time.Hour)))}, []string{"it isn't valid before 2026-03-04T06:06:07Z"}, 1},
		"RSA of 1024 bits":         {[]*entity{root, issue(t, "weak", nil, rsaKey(t, 1024), ca)}, []string{"CN=weak): its RSA key has 1024 bits"}, 1},
		"RSA of 2048 bits":         {[]*entity{issue(t, "rsa", nil, rsaKey(t, 2048), ca)}, nil, 1},
		"P-224":                    {[]*entity{root, issue(t, "p224", nil, p224, ca)}, []string{"CN=p224): its ECDSA key has 224 bits"}, 1},
		"Ed25519":                  {[]*entity{root, issue(t, "ed", nil, edKey(t), ca)}, []string{"CN=ed): its key is Ed25519"}, 1},
		"a client that is trusted": {[]*entity{issue(t, "alone", nil, ecKey(t))}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Parse(bundle(c.list...), now)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Warnings) != len(c.want) {
				t.Fatalf("warnings %q", s.Warnings)
			}
			for i, want := range c.want {
				if !strings.Contains(anyLine.ReplaceAllString(s.Warnings[i], "line N"), want) {
					t.Errorf("warning %q, want %q", s.Warnings[i], want)
				}
			}
			if s.Trusted != c.in && name != "twice the same" {
				t.Errorf("%d vouch, want %d", s.Trusted, c.in)
			}
		})
	}
	if why := weakness(sha1.Certificate); !strings.Contains(why, "ECDSA-SHA1") {
		t.Errorf("SHA-1: %q", why)
	}
	if _, err := Parse(bundle(first, second), now); err == nil || !strings.Contains(anyLine.ReplaceAllString(err.Error(), "line N"), "no certificate vouches for clients: certificate 1 (line N, CN=first): its issuer CN=root") {
		t.Errorf("none that vouches: %v", err)
	}
}

func TestVerify(t *testing.T) {
	root, foreign := authority(t, "root"), authority(t, "foreign")
	first := issue(t, "first", root, ecKey(t), ca)
	second := issue(t, "second", first, ecKey(t), ca)
	third := issue(t, "third", second, ecKey(t), ca)
	unsent := issue(t, "unsent", root, ecKey(t), ca)
	old := authority(t, "old", between(now.Add(-9*time.Hour), now.Add(-time.Hour)))
	early := authority(t, "early", between(now.Add(time.Hour), now.Add(9*time.Hour)))
	weak := issue(t, "weak", nil, rsaKey(t, 1024), ca)
	alone := issue(t, "alone", nil, ecKey(t))
	short := issue(t, "short", root, ecKey(t), ca, func(c *x509.Certificate) { c.MaxPathLenZero = true })
	below := issue(t, "below", short, ecKey(t), ca)
	impostor := authority(t, "root")
	store, err := Parse(bundle(root, first, second, third, old, early, weak, alone, short, below), now)
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(issuer *entity, changes ...change) []*entity {
		return []*entity{issue(t, "client", issuer, ecKey(t), changes...)}
	}
	for name, c := range map[string]struct {
		shown  []*entity
		reason Reason
		want   string
	}{
		"by the root":                      {shown: leaf(root)},
		"by the second of the chain":       {shown: leaf(second)},
		"itself":                           {shown: []*entity{alone}},
		"for servers alone":                {shown: leaf(root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })},
		"RSA":                              {shown: []*entity{issue(t, "client", root, rsaKey(t, 2048))}},
		"none":                             {nil, Missing, "it shows none"},
		"by a foreigner":                   {leaf(foreign), UnknownIssuer, "its issuer CN=foreign isn't in the trust store"},
		"by itself":                        {leaf(nil), UnknownIssuer, "its issuer CN=client isn't in the trust store"},
		"by a namesake of the root":        {leaf(impostor), Altered, "its signature isn't that of CN=root"},
		"altered":                          {[]*entity{altered(t, leaf(root)[0])}, Altered, "its signature isn't that of CN=root"},
		"expired":                          {leaf(root, between(now.Add(-9*time.Hour), now.Add(-time.Hour))), Expired, "it expired on 2026-03-04T04:06:07Z"},
		"not valid yet":                    {leaf(root, between(now.Add(time.Hour), now.Add(9*time.Hour))), NotYetValid, "it isn't valid before 2026-03-04T06:06:07Z"},
		"by an expired root":               {leaf(old), Expired, "its issuer CN=old has expired on 2026-03-04T04:06:07Z"},
		"by a root that isn't valid yet":   {leaf(early), NotYetValid, "its issuer CN=early isn't valid before 2026-03-04T06:06:07Z"},
		"five in a chain":                  {leaf(third), UnknownIssuer, "its issuer CN=third is in the trust store, but vouches for nobody: it is 3 certificates away"},
		"by one that is out":               {leaf(weak), UnknownIssuer, "its issuer CN=weak is in the trust store, but vouches for nobody: its RSA key has 1024 bits"},
		"RSA of 1024 bits":                 {[]*entity{issue(t, "client", root, rsaKey(t, 1024))}, Weak, "its RSA key has 1024 bits"},
		"Ed25519":                          {[]*entity{issue(t, "client", root, edKey(t))}, Weak, "its key is Ed25519"},
		"by a client":                      {leaf(alone), Altered, "its signature isn't that of CN=alone"},
		"with a chain of its own":          {append(leaf(unsent), unsent), UnknownIssuer, "its issuer CN=unsent isn't in the trust store"},
		"beyond the issuer's path length":  {leaf(below), Chain, "too many intermediates"},
		"the root's certificate is no one": {append(leaf(foreign), root), UnknownIssuer, "CN=foreign"},
	} {
		t.Run(name, func(t *testing.T) {
			var shown []*x509.Certificate
			for _, e := range c.shown {
				shown = append(shown, e.Certificate)
			}
			until, err := store.Verify(shown, now)
			if c.reason == "" {
				if err != nil || !until.Equal(now.Add(24*time.Hour)) {
					t.Errorf("until %v: %v", until, err)
				}
				return
			}
			refusal, ok := err.(*Refusal)
			if !ok || refusal.Reason != c.reason || !strings.Contains(refusal.Text, c.want) {
				t.Errorf("%v (%+v), want %s %q", err, refusal, c.reason, c.want)
			}
		})
	}
}

// TestVerifyUntil: a client is trusted until the first of its chain expires.
func TestVerifyUntil(t *testing.T) {
	root := authority(t, "root", between(now.Add(-time.Hour), now.Add(time.Hour)))
	store, err := Parse(bundle(root), now)
	if err != nil {
		t.Fatal(err)
	}
	until, err := store.Verify([]*x509.Certificate{issue(t, "client", root, ecKey(t)).Certificate}, now)
	if err != nil || !until.Equal(now.Add(time.Hour)) {
		t.Errorf("until %v, %v", until, err)
	}
}

// TestCAs: clients are told whom to show a certificate of, but not in more
// words than a handshake bears.
func TestCAs(t *testing.T) {
	root := authority(t, "root")
	store, err := Parse(bundle(root), now)
	if err != nil {
		t.Fatal(err)
	}
	want := x509.NewCertPool()
	want.AddCert(root.Certificate)
	if !store.CAs().Equal(want) {
		t.Error("the root isn't named")
	}
	var many []*entity
	key := ecKey(t)
	for i := range 200 {
		many = append(many, issue(t, fmt.Sprintf("%d %s", i, strings.Repeat("x", 50)), nil, key, ca))
	}
	if store, err = Parse(bundle(many...), now); err != nil || store.CAs() != nil || store.Trusted != 200 {
		t.Errorf("%v, %d names", err, store.Trusted)
	}
}

// TestSameNames: a store whose certificates all have the same name costs
// bounded work.
func TestSameNames(t *testing.T) {
	var list []*entity
	for range 40 {
		list = append(list, authority(t, "root"))
	}
	hidden := issue(t, "root", authority(t, "root"), ecKey(t), ca)
	for range MaxCertificates - len(list) {
		list = append(list, hidden)
	}
	if _, err := Parse(bundle(list...), now); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	root := authority(f, "root")
	f.Add([]byte(root.pem()))
	f.Add(bundle(issue(f, "first", root, ecKey(f), ca), root))
	f.Add([]byte("# a\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"))
	leaf := []*x509.Certificate{issue(f, "client", authority(f, "other"), ecKey(f)).Certificate}
	f.Fuzz(func(t *testing.T, content []byte) {
		s, err := Parse(content, now)
		if err != nil {
			return
		}
		if _, err := s.Verify(leaf, now); err == nil {
			t.Error("a stranger is trusted")
		}
	})
}
