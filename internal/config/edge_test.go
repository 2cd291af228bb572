package config

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestEdge(t *testing.T) {
	file := write(t, `
listen: [{address: "0.0.0.0:443", tls: {cert: server.pem, key: server.key}, trustedProxies: [10.0.0.0/8]}]
origins: [https://one.example.com, "https://two.example.com:8443"]
originCA: root.pem
name: frankfurt
certificates: [{cert: shop.pem, key: shop.key}]
acme: {directory: 'https://acme.example/directory', agree: true, names: [shop.example.com], ca: acme.pem}
connections: 100
`)
	e, err := LoadEdge(file, Edge{Data: "/data"})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(file)
	if e.OriginCA != filepath.Join(dir, "root.pem") || e.Listen[0].TLS.Key != filepath.Join(dir, "server.key") || e.Certificates[0].Cert != filepath.Join(dir, "shop.pem") || e.Data != "/data" || e.ACME.CA != filepath.Join(dir, "acme.pem") {
		t.Errorf("%+v", e)
	}
	if len(e.Origins) != 2 || e.Connections != 100 || e.Name != "frankfurt" {
		t.Errorf("%+v", e)
	}
	given := Edge{Listen: Listeners{{Address: "127.0.0.1:1"}}, Origins: []string{"https://three.example.com"}}
	if e, err = LoadEdge(file, given); err != nil || len(e.Listen) != 1 || e.Listen[0].Address != "127.0.0.1:1" || e.Origins[0] != "https://three.example.com" {
		t.Errorf("what is given: %+v, %v", e, err)
	}
	if e, err = LoadEdge("", Edge{Origins: given.Origins}); err != nil || e.Listen[0].Address != DefaultEdge || e.Name == "" || e.Data != DefaultData {
		t.Errorf("defaults: %+v, %v", e, err)
	}
}

func TestEdgeRefuses(t *testing.T) {
	const origin = "origins: [https://a.example.com]\n"
	for name, c := range map[string]struct{ text, want string }{
		"no origin":         {"", "origins: which nodes"},
		"of a region's":     {origin + "functions: {}\n", `there is no setting "functions" here`},
		"endpoint":          {origin + "listen: [{address: '127.0.0.1:1', endpoint: vpce-1}]\n", "private APIs aren't edge-optimized"},
		"mutual TLS":        {origin + "listen: [{address: '127.0.0.1:1', tls: {development: true, trustStore: a.pem}}]\n", "the region wouldn't see the certificates"},
		"ARN":               {origin + "certificates: [{arn: 'arn:aws:acm:us-east-1:000000000000:certificate/1', cert: a, key: b}]\n", "known to the region alone"},
		"PROXY of anybody":  {origin + "listen: [{address: '127.0.0.1:1', proxyProtocol: true}]\n", "proxyProtocol needs trustedProxies"},
		"name of two words": {origin + "name: a b\n", "one word"},
		"no agreement":      {origin + "acme: {directory: 'https://acme.example', names: [a.example.com]}\n", "acme: agree"},
		"no port":           {origin + "listen: here\n", "missing port"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := LoadEdge(write(t, c.text), Edge{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
