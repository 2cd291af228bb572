package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLoadPrecedence(t *testing.T) {
	file := write(t, "invoke: 127.0.0.1:1\ncontrol: 127.0.0.1:2\nregion: eu-west-1\ndata: state\n")
	t.Setenv("GATEHOUSE_CONTROL", "127.0.0.1:20")
	t.Setenv("GATEHOUSE_INVOKE", "127.0.0.1:10")
	c, err := Load(Overrides{File: file, Invoke: "127.0.0.1:100"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(c.Invoke[0].Address, " ", c.Control[0].Address, " ", c.Region, " ", c.Account)
	if want := "127.0.0.1:100 127.0.0.1:20 eu-west-1 000000000000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if want := filepath.Join(filepath.Dir(file), "state"); c.Data != want {
		t.Errorf("data %s, want %s: a path in a file is relative to the file", c.Data, want)
	}
}

func TestLoadFindsConfigurationBesideDefinition(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte("region: eu-north-1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, definition := range []string{filepath.Join(dir, "openapi.yaml"), dir} {
		c, err := Load(Overrides{}, []string{definition})
		if err != nil {
			t.Fatal(err)
		}
		if c.Region != "eu-north-1" {
			t.Errorf("%s: region %s: gatehouse.yaml beside the definition was not read", definition, c.Region)
		}
	}
}

func TestListenersAndFunctions(t *testing.T) {
	c, err := Load(Overrides{File: write(t, `
invoke:
  - 127.0.0.1:8080
  - address: 127.0.0.1:8443
    tls: development
  - {address: "unix:/run/g.sock", proxyProtocol: true, trustedProxies: [10.0.0.0/8, 192.0.2.7]}
functions:
  a: {runtime: go, code: fn, timeout: 30}
  b: {endpoint: "http://127.0.0.1:9001", timeout: 1m30s}
`)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Invoke) != 3 || !c.Invoke[1].TLS.Development || c.Invoke[2].TrustedProxies[1].Bits() != 32 {
		t.Errorf("listeners: %+v", c.Invoke)
	}
	if time.Duration(c.Functions["a"].Timeout) != 30*time.Second || time.Duration(c.Functions["b"].Timeout) != 90*time.Second {
		t.Errorf("functions: %+v", c.Functions)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"unknown key":            {"invoke: 127.0.0.1:1\nfuncions: {}\n", `line 2: there is no setting "funcions" here: there are partition, account, `},
		"unknown key within":     {"network: {vpcs: {vpc-1: {subnets: {subnet-1: {cidr: 10.0.0.0/8}}}}}\n", `line 1: there is no setting "cidr" here: there are network, zone`},
		"text for settings":      {"network: {vpcs: {vpc-1: {subnets: {subnet-1: a/8}}}}\n", `line 1: "a/8" stands where settings (network, zone) are expected`},
		"settings for a list":    {"network:\n  vpcs: {vpc-1: {networks: {a: b}}}\n", `line 2: settings stand where a list is expected`},
		"list for settings":      {"network: []\n", `line 1: a list stands where settings (vpcs) are expected`},
		"text for a number":      {"functions: {f: {memory: big}}\n", `line 1: "big" stands where a number is expected`},
		"lines for a number":     {"functions: {f: {memory: \"a\\nb\"}}\n", `line 1: "a\nb" stands where a number is expected`},
		"unknown listener key":   {"invoke:\n  - {address: '127.0.0.1:1', tsl: development}\n", `line 2: there is no setting "tsl" here`},
		"unknown TLS key":        {"invoke:\n  - address: 127.0.0.1:1\n    tls:\n      cret: x\n", `line 4: there is no setting "cret" here`},
		"unknown function key":   {"functions:\n  f:\n    cod: x\n", `line 3: there is no setting "cod" here`},
		"missing secret file":    {"store: {masterKey: 'file:no-such-file'}\n", "line 1: read secret"},
		"account as a number":    {"account: 12\n", "an account is 12 digits"},
		"address without a port": {"control: localhost\n", "missing port"},
		"half a certificate":     {"invoke: {address: '127.0.0.1:1', tls: {cert: a}}\n", "both cert and key"},
		"PROXY from anybody":     {"invoke: {address: '127.0.0.1:1', proxyProtocol: true}\n", "trustedProxies"},
		"function without code":  {"functions: {f: {runtime: go}}\n", "functions: f: needs runtime and code"},
		"endpoint not a URL":     {"endpoints: {default: localhost}\n", "no http://"},
		"bad duration":           {"functions: {f: {runtime: go, code: x, timeout: soon}}\n", "no duration"},
		"unset secret variable":  {"identities: {users: [{name: a, accessKeys: [{id: k, secret: 'env:NO_SUCH_VARIABLE'}]}]}\n", "NO_SUCH_VARIABLE is not set"},
		"VPC without endpoint":   {"invoke: {address: '127.0.0.1:1', vpc: vpc-1}\n", "needs endpoint"},
		"organization":           {"identities: {organizations: [{id: acme}]}\n", `"acme" is no ID of one`},
		"account of two":         {"identities: {organizations: [{id: o-a1b2c3d4e5, accounts: {'111122223333': ''}}, {id: o-b1b2c3d4e5, accounts: {'111122223333': ''}}]}\n", "account 111122223333 is in"},
		"organization's path":    {"identities: {organizations: [{id: o-a1b2c3d4e5, accounts: {'111122223333': ou-1}}]}\n", `"ou-1" is no path`},
		"not YAML":               {"a: [\n", "line 1"},
		"Valkey without a port":  {"valkey: localhost\n", "valkey: address"},
		"unknown Valkey key":     {"valkey: {address: 'a:1', tls: {crt: x}}\n", `there is no setting "crt" here`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Overrides{File: write(t, tc.text)}, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}

func TestSecretNeverPrints(t *testing.T) {
	t.Setenv("GATEHOUSE_TEST_SECRET", "hunter2")
	c, err := Load(Overrides{File: write(t, "identities: {users: [{name: a, accessKeys: [{id: k, secret: 'env:GATEHOUSE_TEST_SECRET'}]}]}\n")}, nil)
	if err != nil {
		t.Fatal(err)
	}
	key := c.Identities.Users[0].AccessKeys[0]
	if key.Secret.Value() != "hunter2" {
		t.Errorf("secret not read from its variable")
	}
	if s := fmt.Sprintf("%v %+v %#v", key, key, key); strings.Contains(s, "hunter2") {
		t.Errorf("secret printed: %s", s)
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	file := write(t, `
invoke: unix:g.sock
store: {masterKey: "file:key", etcd: {endpoints: [a], ca: ca.pem}}
`)
	dir := filepath.Dir(file)
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("0011\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(Overrides{File: file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.Invoke[0].Address, c.Store.MasterKey.Value(), c.Store.Etcd.CA}
	want := []string{"unix:" + filepath.Join(dir, "g.sock"), "0011", filepath.Join(dir, "ca.pem")}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
