package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/metering"
)

// FileName is the configuration that is used when none is named and it lies
// beside the first definition or in the working folder.
const FileName = "gatehouse.yaml"

// maxFile bounds a configuration file, in bytes.
const maxFile = 1 << 20

// Overrides are the settings that flags give; empty ones say nothing.
type Overrides struct {
	File                  string
	Invoke, Control, Data string
}

// Load reads the configuration: defaults, then the file, then GATEHOUSE_*
// variables, then flags. definitions are the files and folders to be served:
// without a named file, gatehouse.yaml beside the first of them (in it, if it
// is a folder) or in the working folder is read.
func Load(o Overrides, definitions []string) (*Config, error) {
	c := &Config{Prices: metering.DefaultPrices()}
	if file, err := find(o, definitions); err != nil {
		return nil, err
	} else if file != "" {
		if err := c.read(file); err != nil {
			return nil, fmt.Errorf("configuration %s: %w", file, err)
		}
	}
	for _, set := range []struct {
		flag, variable string
		to             func(string)
	}{
		{o.Invoke, "GATEHOUSE_INVOKE", func(v string) { c.Invoke = Listeners{{Address: v}} }},
		{o.Control, "GATEHOUSE_CONTROL", func(v string) { c.Control = Listeners{{Address: v}} }},
		{o.Data, "GATEHOUSE_DATA", func(v string) { c.Data = v }},
		{"", "GATEHOUSE_REGION", func(v string) { c.Region = v }},
		{"", "GATEHOUSE_ACCOUNT", func(v string) { c.Account = v }},
		{"", "GATEHOUSE_PARTITION", func(v string) { c.Partition = v }},
	} {
		if v := first(set.flag, os.Getenv(set.variable)); v != "" {
			set.to(v)
		}
	}
	c.defaults()
	return c, c.check()
}

func find(o Overrides, definitions []string) (string, error) {
	if named := first(o.File, os.Getenv("GATEHOUSE_CONFIG")); named != "" {
		return named, nil
	}
	var places []string
	if len(definitions) > 0 {
		folder := definitions[0]
		if info, err := os.Stat(folder); err != nil || !info.IsDir() {
			folder = filepath.Dir(folder)
		}
		places = append(places, filepath.Join(folder, FileName))
	}
	for _, place := range append(places, FileName) {
		if _, err := os.Stat(place); err == nil {
			return place, nil
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return "", nil
}

func (c *Config) read(file string) error {
	path, err := readFile(file, c)
	if err != nil {
		return err
	}
	c.File = path
	c.absolute(filepath.Dir(c.File))
	return c.resolveSecrets(filepath.Dir(c.File))
}

// readFile reads a file into the struct that to points to, and returns its whole
// path.
func readFile(file string, to any) (path string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxFile {
		return "", fmt.Errorf("larger than %d bytes", maxFile)
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(to); err != nil && !errors.Is(err, io.EOF) {
		return "", plainly(err, to)
	}
	return filepath.Abs(file)
}

func (c *Config) defaults() {
	c.Partition = first(c.Partition, DefaultPartition)
	c.Account = first(c.Account, DefaultAccount)
	c.Region = first(c.Region, DefaultRegion)
	c.Data = first(c.Data, DefaultData)
	c.Logs.defaults(c.Data)
	c.Audit.defaults(c.Data)
	if len(c.Invoke) == 0 {
		c.Invoke = Listeners{{Address: DefaultInvoke}}
	}
	if len(c.Control) == 0 {
		c.Control = Listeners{{Address: DefaultControl}}
	}
}

var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	word      = regexp.MustCompile(`^[a-z0-9-]+$`)
)

// check finds what can't work before anything starts.
func (c *Config) check() error {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if !accountID.MatchString(c.Account) {
		add("account %q: an account is 12 digits (quote it in YAML: account: \"000000000000\")", c.Account)
	}
	if !word.MatchString(c.Region) || !word.MatchString(c.Partition) {
		add("region %q, partition %q: only a-z, 0-9 and - are allowed", c.Region, c.Partition)
	}
	for _, l := range slices.Concat(c.Invoke, c.Control, c.UserPools.Listen) {
		if err := checkAddress(l.Address); err != nil {
			add("address %q: %v", l.Address, err)
		}
		if l.ProxyProtocol && len(l.TrustedProxies) == 0 {
			add("address %q: proxyProtocol needs trustedProxies, the only ones it is taken from", l.Address)
		}
	}
	for _, l := range c.Invoke {
		if l.VPC != "" && (l.Endpoint == "" || !strings.HasPrefix(l.VPC, "vpc-")) {
			add("address %q: vpc: %q: an endpoint's VPC begins with vpc-, and needs endpoint", l.Address, l.VPC)
		}
	}
	for _, l := range slices.Concat(c.Control, c.UserPools.Listen) {
		if l.VPC != "" {
			add("address %q: vpc belongs to listeners of invoke", l.Address)
		}
	}
	for _, l := range c.UserPools.Listen {
		if l.ProxyProtocol || l.Endpoint != "" || len(l.TrustedProxies) > 0 || l.TLS != nil && l.TLS.TrustStore != "" {
			add("userPools: listen: %q: a listener for clients of user pools takes nothing but an address and a certificate", l.Address)
		}
	}
	for service, endpoint := range c.Endpoints {
		if u, err := url.Parse(endpoint); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			add("endpoints: %s: %q is no http:// or https:// address", service, endpoint)
		}
	}
	for name, f := range c.Functions {
		problems = append(problems, f.check(name)...)
	}
	problems = append(problems, checkCertificates(c.Certificates)...)
	problems = append(problems, c.ACME.check(c.Store.Etcd != nil)...)
	problems = append(problems, c.checkBalancing()...)
	problems = append(problems, c.Limits.check()...)
	problems = append(problems, c.Identities.check()...)
	_, wrong := c.readNetwork()
	problems = append(problems, wrong...)
	_, wrong = c.readDNS()
	problems = append(problems, wrong...)
	_, wrong = c.Registry.readSources(slog.Default())
	problems = append(problems, wrong...)
	problems = append(problems, c.Registry.check()...)
	problems = append(problems, checkLinks(c.VPCLinks)...)
	problems = append(problems, c.Logs.check()...)
	problems = append(problems, c.Audit.Rotate.check("audit")...)
	if c.Valkey != nil {
		problems = append(problems, c.Valkey.check()...)
	}
	if err := c.Prices.Check(); err != nil {
		add("%v", err)
	}
	if e := c.Store.Etcd; e != nil && len(e.Endpoints) == 0 {
		add("store: etcd needs endpoints")
	}
	problems = append(problems, c.Cluster.check(&c.Store)...)
	if len(problems) == 0 {
		return nil
	}
	slices.Sort(problems)
	return errors.New("configuration: " + strings.Join(problems, "\n  "))
}

func (f Function) check(name string) (problems []string) {
	switch {
	case f.Endpoint != "" && (f.Runtime != "" || f.Code != ""):
		problems = append(problems, fmt.Sprintf("functions: %s: either endpoint, or runtime and code", name))
	case f.Endpoint == "" && (f.Runtime == "" || f.Code == ""):
		problems = append(problems, fmt.Sprintf("functions: %s: needs runtime and code, or an endpoint", name))
	}
	if f.Concurrency < 0 || f.Memory < 0 {
		problems = append(problems, fmt.Sprintf("functions: %s: memory and concurrency can't be negative", name))
	}
	return problems
}

func checkAddress(address string) error {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return errors.New("unix: needs a path")
		}
		return nil
	}
	if name, ok := strings.CutPrefix(address, "inherited:"); ok {
		if name == "" {
			return errors.New("inherited: needs a name")
		}
		return nil
	}
	_, _, err := net.SplitHostPort(address)
	return err
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
