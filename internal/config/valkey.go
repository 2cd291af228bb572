package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"

	"go.yaml.in/yaml/v3"
)

// Valkey is a Valkey or Redis server that nodes share.
type Valkey struct {
	Address  string     `yaml:"address"` // host:port
	Username string     `yaml:"username"`
	Password Secret     `yaml:"password"`
	TLS      *ValkeyTLS `yaml:"tls"`     // nil: none
	Timeout  Duration   `yaml:"timeout"` // of a call; default 100 ms
}

// ValkeyTLS says whom to trust and who we are. Without ca, the system's
// authorities are trusted.
type ValkeyTLS struct {
	CA   string `yaml:"ca"`
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// UnmarshalYAML accepts host:port, or the settings.
func (v *Valkey) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		v.Address = n.Value
		return nil
	}
	type plain Valkey
	return decodeStrict(n, (*plain)(v))
}

func (v *Valkey) check() (problems []string) {
	if host, port, err := net.SplitHostPort(v.Address); err != nil || host == "" || port == "" {
		problems = append(problems, fmt.Sprintf("valkey: address %q: it is host:port, as in valkey.internal:6379", v.Address))
	}
	if t := v.TLS; t != nil && (t.Cert == "") != (t.Key == "") {
		problems = append(problems, "valkey: tls: cert and key belong together")
	}
	if v.Username != "" && v.Password.Value() == "" {
		problems = append(problems, "valkey: a username needs a password")
	}
	return problems
}

// Config reads the files; nil without TLS.
func (t *ValkeyTLS) Config() (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("read valkey's authorities: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("valkey: " + t.CA + " has no certificate")
		}
	}
	if t.Cert != "" {
		pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("read valkey's client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// UnmarshalYAML refuses settings that there aren't.
func (t *ValkeyTLS) UnmarshalYAML(n *yaml.Node) error {
	type plain ValkeyTLS
	return decodeStrict(n, (*plain)(t))
}
