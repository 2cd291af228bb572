package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCertificateSettings(t *testing.T) {
	const acme = "acme: {directory: 'https://acme.example/directory', agree: true, names: [a.example.com]}"
	for text, want := range map[string]string{
		"certificates: [{cert: a.pem, key: a.key}, {arn: 'arn:aws:acm:us-east-1:000000000000:certificate/a', cert: b.pem, key: b.key}]\ntrustStores: trust\n" + acme: "",
		"certificates: [{cert: a.pem}]":                                      "certificates: number 1 needs cert and key",
		"certificates: [{arn: shop, cert: a.pem, key: a.key}]":               `certificates: "shop" is no ARN`,
		"acme: {directory: 'http://a.example', names: [a.b]}":                `acme: directory: "http://a.example" is no https:// address`,
		"acme: {directory: 'https://a.example', names: [a.b]}":               "acme: agree: true says that you agree",
		"acme: {directory: 'https://a.example', agree: true}":                "acme: names: which names",
		strings.Replace(acme, "a.example.com", "'*.example.com'", 1):         "no wildcards",
		acme + "\nstore: {etcd: {endpoints: ['https://e:2379']}}":            "a node of a cluster can't have certificates issued",
		"acme: {directory: 'https://a.example', agreed: true, names: [a.b]}": `there is no setting "agreed" here`,
	} {
		file := filepath.Join(t.TempDir(), FileName)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(Overrides{File: file}, nil)
		if want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
		if want == "" && (err != nil || c.Certificates[0].Cert != filepath.Join(filepath.Dir(file), "a.pem") || !filepath.IsAbs(c.TrustStores)) {
			t.Errorf("%s: %v %+v", text, err, c)
		}
	}
}
