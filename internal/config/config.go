// Package config reads the configuration file, the GATEHOUSE_* variables and
// their precedence. It knows spelling and places; what a setting does is
// known where it is used.
package config

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/metering"
)

// Defaults of what a configuration doesn't say.
const (
	DefaultInvoke    = "127.0.0.1:8080"
	DefaultControl   = "127.0.0.1:4566"
	DefaultData      = "./.gatehouse"
	DefaultAccount   = "000000000000"
	DefaultRegion    = "us-east-1"
	DefaultPartition = "aws"
)

// Config is everything that can be configured. Relative paths in a file are
// relative to that file; Load makes them absolute.
type Config struct {
	Partition string              `yaml:"partition"`
	Account   string              `yaml:"account"`
	Region    string              `yaml:"region"`
	Invoke    Listeners           `yaml:"invoke"`
	Control   Listeners           `yaml:"control"`
	Data      string              `yaml:"data"`
	Store     Store               `yaml:"store"`
	Cluster   *Cluster            `yaml:"cluster"` // nil: nodes don't call each other
	Functions map[string]Function `yaml:"functions"`
	// FunctionUser is whom local functions run as: a name, or uid:gid.
	FunctionUser string            `yaml:"functionUser"`
	Endpoints    map[string]string `yaml:"endpoints"`
	Identities   *Identities       `yaml:"identities"`
	Network      Network           `yaml:"network"`
	DNS          *DNS              `yaml:"dns"` // nil: no names are answered
	Registry     Registry          `yaml:"registry"`
	UserPools    UserPools         `yaml:"userPools"`
	Limits       Limits            `yaml:"limits"`
	Logs         Logs              `yaml:"logs"`
	// VPCLinks are there from the start, by their IDs.
	VPCLinks map[string]VPCLink `yaml:"vpcLinks"`
	// Certificates are shown for their names beside the listeners' own.
	Certificates []Certificate `yaml:"certificates"`
	// LoadBalancers and TargetGroups are declared, each by its name.
	LoadBalancers map[string]LoadBalancer `yaml:"loadBalancers"`
	TargetGroups  map[string]TargetGroup  `yaml:"targetGroups"`
	// ACME has certificates issued; nil: none are.
	ACME *ACME `yaml:"acme"`
	// TrustStores is the folder that truststoreUri file://... of domain names may
	// read; empty: none.
	TrustStores string          `yaml:"trustStores"`
	Valkey      *Valkey         `yaml:"valkey"` // nil: none
	Audit       Audit           `yaml:"audit"`
	Prices      metering.Prices `yaml:"prices"` // what gatehouse usage reckons with

	// File is where the configuration was read from; empty without a file.
	File string `yaml:"-"`
}

// Scope is the partition, account and region that nothing else decides.
func (c *Config) Scope() apigw.Scope {
	return apigw.Scope{Partition: c.Partition, Account: c.Account, Region: c.Region}
}

// Listener is one address that accepts connections.
type Listener struct {
	Address        string   `yaml:"address"` // host:port, unix:PATH, or inherited:NAME
	TLS            *TLS     `yaml:"tls"`
	ProxyProtocol  bool     `yaml:"proxyProtocol"`  // from trustedProxies only
	TrustedProxies []Prefix `yaml:"trustedProxies"` // whose X-Forwarded-For is believed
	Endpoint       string   `yaml:"endpoint"`       // the endpoint this listener stands for: a vpce-… ID makes it private
	VPC            string   `yaml:"vpc"`            // that the endpoint is in: vpc-…
}

// Listeners may be written as one address or as a list.
type Listeners []Listener

// UnmarshalYAML accepts "host:port", one listener, or a list of either.
func (l *Listeners) UnmarshalYAML(n *yaml.Node) error {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	for _, n := range nodes {
		var one Listener
		if n.Kind == yaml.ScalarNode {
			one.Address = n.Value
		} else if err := decodeStrict(n, &one); err != nil {
			return err
		}
		if one.Address == "" {
			return fmt.Errorf("line %d: a listener needs an address", n.Line)
		}
		*l = append(*l, one)
	}
	return nil
}

// UserPools says where the clients of embedded user pools are served, beside a
// control address on loopback.
type UserPools struct {
	Listen Listeners `yaml:"listen"` // address and tls; nothing but clients is served there
}

// TLS is a certificate: files, or one made for development. With a trust
// store, clients must show one, too.
type TLS struct {
	Cert        string `yaml:"cert"`
	Key         string `yaml:"key"`
	Development bool   `yaml:"development"`
	TrustStore  string `yaml:"trustStore"` // PEM
}

// UnmarshalYAML accepts the word development, or files.
func (t *TLS) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode && n.Value == "development" {
		t.Development = true
		return nil
	}
	type plain TLS
	if err := decodeStrict(n, (*plain)(t)); err != nil {
		return err
	}
	if !t.Development && (t.Cert == "" || t.Key == "") {
		return fmt.Errorf("line %d: tls is either the word development or both cert and key", n.Line)
	}
	if t.Development && (t.Cert != "" || t.Key != "") {
		return fmt.Errorf("line %d: tls has either a development certificate or cert and key, not both", n.Line)
	}
	return nil
}

// Prefix is a network; a bare address means that address alone.
type Prefix struct{ netip.Prefix }

// UnmarshalText reads 10.0.0.0/8 or 10.1.2.3, also in IPv6's form, in which no
// client's address is compared.
func (p *Prefix) UnmarshalText(text []byte) error {
	s := string(text)
	if addr, err := netip.ParseAddr(s); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		p.Prefix = netip.PrefixFrom(addr, addr.BitLen())
		return nil
	}
	prefix, err := netip.ParsePrefix(s)
	const before = 96 // bits of IPv6's form
	if prefix.Addr().Is4In6() && prefix.Bits() >= before {
		prefix = netip.PrefixFrom(prefix.Addr().Unmap(), prefix.Bits()-before)
	}
	p.Prefix = prefix
	return err
}

// Store says where state is kept: in the data folder, or in an etcd cluster.
type Store struct {
	Etcd      *Etcd  `yaml:"etcd"`
	MasterKey Secret `yaml:"masterKey"` // 32 bytes, base64; default: a file beside the data
}

// Etcd is an external cluster.
type Etcd struct {
	Endpoints []string `yaml:"endpoints"`
	CA        string   `yaml:"ca"`
	Cert      string   `yaml:"cert"`
	Key       string   `yaml:"key"`
	Username  string   `yaml:"username"`
	Password  Secret   `yaml:"password"`
}

// Function is a Lambda function that runs here, or an endpoint that answers
// Lambda's Invoke call for it.
type Function struct {
	Runtime     string            `yaml:"runtime"`
	Code        string            `yaml:"code"`
	Handler     string            `yaml:"handler"`
	Environment map[string]string `yaml:"environment"`
	Timeout     Duration          `yaml:"timeout"` // seconds, or a duration; default 3 s as on AWS
	Memory      int               `yaml:"memory"`  // MB
	Concurrency int               `yaml:"concurrency"`
	Endpoint    string            `yaml:"endpoint"`
}

// Duration is written as seconds or as Go writes durations ("1m30s").
type Duration time.Duration

// UnmarshalYAML reads either form.
func (d *Duration) UnmarshalYAML(n *yaml.Node) error {
	text := n.Value
	if n.Tag == "!!int" || n.Tag == "!!float" {
		text += "s"
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed <= 0 {
		return fmt.Errorf("line %d: %q is no duration: write seconds (30) or 1m30s", n.Line, n.Value)
	}
	*d = Duration(parsed)
	return nil
}

// Identities are who may call the management API and sign invocations.
type Identities struct {
	Users  []User  `yaml:"users"`
	Groups []Group `yaml:"groups"`
	Roles  []Role  `yaml:"roles"`
	// Providers are the issuers of OpenID Connect whose tokens are traded for
	// credentials of roles.
	Providers []Provider `yaml:"providers"`
	// Organizations say which accounts belong together.
	Organizations []Organization `yaml:"organizations"`
}

// Organization has accounts.
type Organization struct {
	ID       string            `yaml:"id"`       // o-…
	Accounts map[string]string `yaml:"accounts"` // by ID, the path below the organization: r-ab12/ou-ab12-11111111
}

var organizationID = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)

// organizationPath is a root with organizational units below it.
var organizationPath = regexp.MustCompile(`^r-[a-z0-9]{4,32}(/ou-[a-z0-9]{4,32}-[a-z0-9]{8,32})*/?$`)

func (i *Identities) check() (problems []string) {
	if i == nil {
		return nil
	}
	of := map[string]string{}
	for _, o := range i.Organizations {
		if !organizationID.MatchString(o.ID) {
			problems = append(problems, fmt.Sprintf("identities: organizations: %q is no ID of one, such as o-a1b2c3d4e5", o.ID))
		}
		for account, path := range o.Accounts {
			switch other, twice := of[account]; {
			case !accountID.MatchString(account):
				problems = append(problems, fmt.Sprintf("identities: organizations: %s: account %q is not 12 digits (quote it in YAML)", o.ID, account))
			case twice:
				problems = append(problems, fmt.Sprintf("identities: organizations: account %s is in %s and in %s", account, other, o.ID))
			case path != "" && !organizationPath.MatchString(path):
				problems = append(problems, fmt.Sprintf("identities: organizations: %s: account %s: %q is no path, such as r-ab12/ou-ab12-11111111", o.ID, account, path))
			}
			of[account] = o.ID
		}
	}
	return problems
}

// HasCallers says that identities decide who may call. Ones that only declare
// roles and providers leave that as it is without them.
func (i *Identities) HasCallers() bool {
	return i != nil && (len(i.Users) > 0 || len(i.Roles) == 0 && len(i.Providers) == 0)
}

// User has access keys and policies.
type User struct {
	Name       string      `yaml:"name"`
	Account    string      `yaml:"account"`
	Groups     []string    `yaml:"groups"`
	AccessKeys []AccessKey `yaml:"accessKeys"`
	Policies   []Policy    `yaml:"policies"`
}

// Group is policies that several users share.
type Group struct {
	Name     string   `yaml:"name"`
	Policies []Policy `yaml:"policies"`
}

// Role is assumed by who its trust policy names: users, other roles, who has a
// token of a provider, and, as an integration's credentials, API Gateway.
type Role struct {
	Name     string   `yaml:"name"`
	Trust    any      `yaml:"trust"`
	Policies []Policy `yaml:"policies"`
	// MaxSession is how long a session of the role may last: an hour, unless it
	// says more, up to twelve.
	MaxSession Duration `yaml:"maxSession"`
}

// Provider is an OpenID Connect provider.
type Provider struct {
	URL       string   `yaml:"url"` // the issuer, as its tokens name it
	ClientIDs []string `yaml:"clientIds"`
}

// Policy is an IAM document: a mapping, or JSON text.
type Policy struct {
	Name     string `yaml:"name"`
	Document any    `yaml:"document"`
}

// AccessKey is what a caller signs with.
type AccessKey struct {
	ID     string `yaml:"id"`
	Secret Secret `yaml:"secret"`
}

// Secret is a value that is written in place, or as env:NAME or file:PATH. It
// never prints.
type Secret struct {
	value string
	line  int // where it is written; 0: nowhere
}

// NewSecret is a Secret of value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Value is the secret itself; empty when none was configured.
func (s Secret) Value() string { return s.value }

// String hides the value from logs and errors.
func (s Secret) String() string { return "(secret)" }

// GoString hides the value from %#v.
func (s Secret) GoString() string { return s.String() }

// UnmarshalYAML keeps what is written; resolve reads what it refers to.
func (s *Secret) UnmarshalYAML(n *yaml.Node) error {
	s.value, s.line = n.Value, n.Line
	return nil
}

// resolve replaces env: and file: forms by what they refer to. Paths are
// relative to the folder dir.
func (s *Secret) resolve(dir string) error {
	kind, rest, found := strings.Cut(s.value, ":")
	switch {
	case found && kind == "env":
		value, ok := os.LookupEnv(rest)
		if !ok {
			return fmt.Errorf("line %d: the variable %s is not set", s.line, rest)
		}
		s.value = value
	case found && kind == "file":
		if !filepath.IsAbs(rest) {
			rest = filepath.Join(dir, rest)
		}
		data, err := os.ReadFile(rest)
		if err != nil {
			return fmt.Errorf("line %d: read secret: %w", s.line, err)
		}
		s.value = strings.TrimRight(string(data), "\r\n")
	}
	return nil
}

// resolveSecrets reads what the secrets of c refer to.
func (c *Config) resolveSecrets(dir string) error {
	secrets := []*Secret{&c.Store.MasterKey}
	if c.Store.Etcd != nil {
		secrets = append(secrets, &c.Store.Etcd.Password)
	}
	if c.Valkey != nil {
		secrets = append(secrets, &c.Valkey.Password)
	}
	secrets = append(secrets, c.Registry.secrets()...)
	if c.Identities != nil {
		for _, u := range c.Identities.Users {
			for i := range u.AccessKeys {
				secrets = append(secrets, &u.AccessKeys[i].Secret)
			}
		}
	}
	for _, s := range secrets {
		if err := s.resolve(dir); err != nil {
			return err
		}
	}
	return nil
}

// absolute makes the paths of c absolute, relative to the folder dir.
func (c *Config) absolute(dir string) {
	abs := func(p *string) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	abs(&c.Data)
	abs(&c.TrustStores)
	if c.ACME != nil {
		abs(&c.ACME.CA)
	}
	for i := range c.Certificates {
		abs(&c.Certificates[i].Cert)
		abs(&c.Certificates[i].Key)
	}
	for _, path := range c.Registry.paths() {
		abs(path)
	}
	abs(&c.Logs.Directory)
	abs(&c.Audit.Directory)
	for name, f := range c.Functions {
		abs(&f.Code)
		c.Functions[name] = f
	}
	if e := c.Store.Etcd; e != nil {
		abs(&e.CA)
		abs(&e.Cert)
		abs(&e.Key)
	}
	if v := c.Valkey; v != nil && v.TLS != nil {
		abs(&v.TLS.CA)
		abs(&v.TLS.Cert)
		abs(&v.TLS.Key)
	}
	for _, listeners := range []Listeners{c.Invoke, c.Control, c.UserPools.Listen} {
		for i := range listeners {
			if path, ok := strings.CutPrefix(listeners[i].Address, "unix:"); ok {
				abs(&path)
				listeners[i].Address = "unix:" + path
			}
			if t := listeners[i].TLS; t != nil {
				abs(&t.Cert)
				abs(&t.Key)
				abs(&t.TrustStore)
			}
		}
	}
}
