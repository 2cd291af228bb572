package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/sigv4"
	"github.com/gatehouse/gatehouse/internal/store"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

const identityUsage = `gatehouse identity VERB ...: who may call

  gatehouse identity list
  gatehouse identity create user|group|role|provider NAME [flags]
  gatehouse identity create key USER               make an access key; its secret is shown once
  gatehouse identity set user|group|role|provider NAME [flags]
  gatehouse identity delete user|group|role|provider NAME
  gatehouse identity delete key ID

Whoever can read the master key may do this: on the running gatehouse, and on its data while it doesn't run.
`

// identityFlags are the flags of the command.
type identityFlags struct {
	o          config.Overrides
	edit       apigw.IdentityEdit
	policies   []string // NAME=FILE
	trust      string   // file
	maxSession time.Duration
	json       bool
}

func (f *identityFlags) set(stderr io.Writer) *pflag.FlagSet {
	flags := pflag.NewFlagSet("identity", pflag.ContinueOnError)
	flags.StringVar(&f.o.Data, "data", "", "data folder (default "+config.DefaultData+")")
	flags.StringVar(&f.o.File, "config", "", "configuration file")
	flags.StringVar(&f.o.Control, "control", "", "control address of the running gatehouse (default "+config.DefaultControl+")")
	flags.StringVar(&f.edit.Account, "account", "", "account (default the configured one)")
	flags.StringArrayVar(&f.edit.Groups, "group", nil, "group that a user joins")
	flags.StringArrayVar(&f.edit.NoGroups, "no-group", nil, "group that a user leaves")
	flags.StringArrayVar(&f.policies, "policy", nil, "NAME=FILE: a policy with the JSON document of a file")
	flags.StringArrayVar(&f.edit.NoPolicies, "no-policy", nil, "policy that is taken away")
	flags.StringVar(&f.trust, "trust", "", "file with the JSON document of who may assume a role")
	flags.DurationVar(&f.maxSession, "max-session", 0, "how long sessions of a role may last, such as 12h (default 1h)")
	flags.StringArrayVar(&f.edit.ClientIDs, "client-id", nil, "client that tokens of a provider may be for")
	flags.BoolVar(&f.edit.Open, "open", false, "delete the last user, too: then any credentials are accepted on loopback")
	flags.BoolVar(&f.json, "json", false, "list with all documents, as JSON")
	flags.Usage = func() { fmt.Fprint(stderr, identityUsage+"\n"+flags.FlagUsages()) }
	return flags
}

// identity is the command about who may call.
func identityCommand(args []string, stdout, stderr *os.File) error {
	f := new(identityFlags)
	words, err := parse(f.set(stderr), args, stderr, 1, 3)
	if err != nil {
		return err
	}
	c := &operatorCommand{}
	switch verb := words[0]; {
	case verb == "list" && len(words) == 1:
	case slices.Contains([]string{"create", "set", "delete"}, verb) && len(words) == 3:
		if c.Edit, err = f.read(words); err != nil {
			return err
		}
	default:
		return &usageError{"write VERB WHAT NAME, such as create user ann; see gatehouse identity --help"}
	}
	loaded, err := config.Load(f.o, nil)
	if err != nil {
		return err
	}
	if c.Edit != nil {
		c.Edit.Account = cmp.Or(c.Edit.Account, loaded.Account)
	}
	log, err := telemetry.NewLogger(stderr, "error")
	if err != nil {
		return err
	}
	p := &program{config: loaded, log: log, stderr: stderr}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	answer, err := p.operate(ctx, c)
	if err != nil {
		return err
	}
	if c.Edit == nil {
		return listIdentities(stdout, answer, f.json)
	}
	return tellEdit(stdout, c.Edit, answer.Edited)
}

// read makes an edit of the words and flags.
func (f *identityFlags) read(words []string) (*apigw.IdentityEdit, error) {
	e := &f.edit
	e.Verb, e.What, e.Name = words[0], words[1], words[2]
	for _, p := range f.policies {
		name, file, ok := strings.Cut(p, "=")
		if !ok {
			return nil, &usageError{fmt.Sprintf("--policy %s: write NAME=FILE", p)}
		}
		text, err := readDocument(file)
		if err != nil {
			return nil, err
		}
		e.Policies = append(e.Policies, apigw.NamedPolicy{Name: name, Document: text})
	}
	if f.trust != "" {
		text, err := readDocument(f.trust)
		if err != nil {
			return nil, err
		}
		e.Trust = text
	}
	e.MaxSession = int(f.maxSession.Seconds())
	return e, f.fits()
}

// fits refuses flags that mean nothing for what is edited.
func (f *identityFlags) fits() error {
	e := &f.edit
	for _, wrong := range []struct {
		flag  string
		given bool
		only  string
	}{
		{"--group", len(e.Groups) > 0, "user"}, {"--no-group", len(e.NoGroups) > 0, "user"},
		{"--trust", e.Trust != "", "role"}, {"--max-session", e.MaxSession != 0, "role"},
		{"--client-id", len(e.ClientIDs) > 0, "provider"}, {"--open", e.Open, "user"},
		{"--policy", len(e.Policies) > 0, "user group role"}, {"--no-policy", len(e.NoPolicies) > 0, "user group role"},
	} {
		if wrong.given && (!slices.Contains(strings.Fields(wrong.only), e.What) || e.Verb == "delete" != (wrong.flag == "--open")) {
			return &usageError{fmt.Sprintf("%s means nothing to %s a %s", wrong.flag, e.Verb, e.What)}
		}
	}
	return nil
}

// readDocument reads a policy's text; - is standard input.
func readDocument(file string) (string, error) {
	if file == "-" {
		text, err := io.ReadAll(io.LimitReader(os.Stdin, maxCommand))
		return string(text), err
	}
	text, err := os.ReadFile(file)
	return string(text), err
}

// operate runs a command on the store, or asks the gatehouse that has it.
func (p *program) operate(ctx context.Context, c *operatorCommand) (*operatorAnswer, error) {
	s, opening := p.openStore(ctx)
	if opening == nil {
		defer s.Close()
	}
	key, err := p.sealer()
	switch {
	case err != nil:
		return nil, fmt.Errorf("the master key can't be read: %w", err)
	case errors.Is(opening, store.ErrLocked):
		return p.askRunning(ctx, key, c)
	case opening != nil:
		return nil, opening
	}
	if err := store.CheckMasterKey(ctx, s, key); err != nil {
		return nil, err
	}
	pl := &plane{store: s, control: control.New(control.Options{Store: s, Logger: p.log, Sealer: p.sealer})}
	defer pl.control.Close()
	pl.identities = control.NewIdentities(pl.control, p.identityOptions())
	p.plane.Store(pl)
	return p.identities(ctx, c)
}

// askRunning sends a command to the gatehouse that has the store.
func (p *program) askRunning(ctx context.Context, key *store.Sealer, c *operatorCommand) (*operatorAnswer, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	client, base, err := controlClient(p.config.Control)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+operatorPath, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	proof := key.Proofs()[0]
	own := sigv4.Credentials{AccessKeyID: proof.KeyID, SecretAccessKey: proof.Secret}
	new(sigv4.Signer).SignHTTP(r, sha256.Sum256(body), own, p.config.Region, operatorService, time.Now())
	response, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("a gatehouse uses %s, but doesn't answer where it should (--control, or --config as it has it): %w", p.config.Data, err)
	}
	defer response.Body.Close()
	answer := new(operatorAnswer)
	if err := json.NewDecoder(io.LimitReader(response.Body, maxListing)).Decode(answer); err != nil {
		return nil, fmt.Errorf("%s: the answer can't be read: %w", base, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(cmp.Or(answer.Message, response.Status))
	}
	return answer, nil
}

// maxListing bounds what is read of an answer, in bytes.
const maxListing = 256 << 20

// controlClient reaches the first control listener that has an address.
func controlClient(listeners config.Listeners) (*http.Client, string, error) {
	for _, l := range listeners {
		if path, ok := strings.CutPrefix(l.Address, "unix:"); ok {
			dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", path)
			}
			return &http.Client{Transport: &http.Transport{DialContext: dial}}, "http://localhost", nil
		}
		host, port, err := net.SplitHostPort(l.Address)
		if err != nil || port == "0" {
			continue
		}
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		return http.DefaultClient, "http://" + net.JoinHostPort(host, port), nil
	}
	return nil, "", &usageError{"no control listener has an address to call: name it with --control"}
}

// tellEdit says what was done, and a new key's secret, which nobody will tell
// again.
func tellEdit(w io.Writer, e *apigw.IdentityEdit, done *apigw.IdentityEdited) error {
	var b strings.Builder
	switch {
	case done.Key != "":
		fmt.Fprintf(&b, "AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\n", done.Key, done.Secret)
	default:
		fmt.Fprintf(&b, "%s %s: %s\n", e.What, e.Name, map[string]string{"create": "created", "set": "changed", "delete": "deleted"}[e.Verb])
	}
	if done.First {
		fmt.Fprintf(&b, "From now on every management call must be signed by a user and allowed by its policies.\nNext: gatehouse identity create key %s\n", e.Name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// listIdentities shows what there is, in the configuration and in the store.
func listIdentities(w io.Writer, a *operatorAnswer, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(map[string]any{"configured": a.Configured, "stored": a.Stored})
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "WHAT\tNAME\tACCOUNT\tFROM\tDETAILS")
	for _, from := range []struct {
		name string
		set  *apigw.IdentitySet
	}{{"configuration", a.Configured}, {"store", a.Stored}} {
		if from.set == nil {
			continue
		}
		row := func(what, name, account, details string) {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", what, name, cmp.Or(account, "-"), from.name, details)
		}
		for _, u := range from.set.Users {
			var keys []string
			for _, k := range u.Keys {
				keys = append(keys, k.ID)
			}
			row("user", u.Name, u.Account, details("keys", keys, "groups", u.Groups, "policies", policyNames(u.Policies)))
		}
		for _, g := range from.set.Groups {
			row("group", g.Name, g.Account, details("policies", policyNames(g.Policies)))
		}
		for _, r := range from.set.Roles {
			row("role", r.Name, r.Account, details("policies", policyNames(r.Policies)))
		}
		for _, p := range from.set.Providers {
			row("provider", p.URL, p.Account, details("clients", p.ClientIDs))
		}
	}
	return t.Flush()
}

func policyNames(list []apigw.NamedPolicy) []string {
	var names []string
	for _, p := range list {
		names = append(names, p.Name)
	}
	return names
}

// details are names and lists, without the empty ones.
func details(pairs ...any) string {
	var parts []string
	for i := 0; i < len(pairs); i += 2 {
		if list := pairs[i+1].([]string); len(list) > 0 {
			parts = append(parts, fmt.Sprint(pairs[i], ": ", strings.Join(list, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}
