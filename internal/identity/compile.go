package identity

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/iam"
)

// Role is a role with its policies compiled. It never changes.
type Role struct {
	Name, Account, ID, ARN string
	Trust                  *iam.Policy
	Policies               []*iam.Policy
	MaxSession             time.Duration
}

// baseName is the role's name without its path, as sessions' ARNs have it.
func (r *Role) baseName() string { return r.Name[strings.LastIndexByte(r.Name, '/')+1:] }

type accessKey struct {
	secret string
	caller *Caller
}

type provider struct {
	arn, url, host string // host is the URL without its scheme
	clients        []string
}

// place names something of an account.
type place struct{ account, name string }

// state is all identities at one moment. It never changes once it is shared.
type state struct {
	scope     apigw.Scope
	users     int
	pending   bool // there may be more
	keys      map[string]accessKey
	callers   map[string]*Caller // users by ARN, without an access key
	groups    map[place][]*iam.Policy
	roles     map[string]*Role // by ARN
	providers map[place]*provider

	organizations map[string]*Organization // by account
}

func newState(c *Config) *state {
	return &state{scope: c.Scope, organizations: c.Organizations, keys: map[string]accessKey{}, callers: map[string]*Caller{}, groups: map[place][]*iam.Policy{},
		roles: map[string]*Role{}, providers: map[place]*provider{}}
}

// add takes a set in whole, or says what is wrong with the first that is.
func (s *state) add(set *apigw.IdentitySet) error {
	return s.each(set, func(err error) bool { return err == nil })
}

// addEach takes what is good of a set, and says what isn't.
func (s *state) addEach(set *apigw.IdentitySet) error {
	var all error
	_ = s.each(set, func(err error) bool {
		all = errors.Join(all, err)
		return true
	})
	return all
}

// each adds one after the other, groups before users, while goOn.
func (s *state) each(set *apigw.IdentitySet, goOn func(error) bool) error {
	for _, g := range set.Groups {
		if err := s.addGroup(g); !goOn(err) {
			return err
		}
	}
	for _, u := range set.Users {
		if err := s.addUser(u); !goOn(err) {
			return err
		}
	}
	for _, r := range set.Roles {
		if err := s.addRole(r); !goOn(err) {
			return err
		}
	}
	for _, p := range set.Providers {
		if err := s.addProvider(p); !goOn(err) {
			return err
		}
	}
	return nil
}

func (s *state) account(own string) string {
	if own == "" {
		return s.scope.Account
	}
	return own
}

func (s *state) arn(account, rest string) string {
	return "arn:" + s.scope.Partition + ":iam::" + account + ":" + rest
}

func isAccount(s string) bool { return len(s) == 12 && strings.Trim(s, "0123456789") == "" }

// ID is a principal's ID as AWS forms them, the same for the same principal.
func ID(prefix, account, name string) string {
	sum := sha256.Sum256([]byte(account + "/" + name))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

func compile(list []apigw.NamedPolicy) ([]*iam.Policy, error) {
	var policies []*iam.Policy
	for _, p := range list {
		compiled, err := iam.Parse(p.Document, iam.Identity)
		if err != nil {
			return nil, fmt.Errorf("policy %s: %w", p.Name, err)
		}
		policies = append(policies, compiled)
	}
	return policies, nil
}

func (s *state) addGroup(g *apigw.Group) error {
	at := place{s.account(g.Account), g.Name}
	if _, twice := s.groups[at]; twice {
		return fmt.Errorf("group %s: there are two of that name", g.Name)
	}
	policies, err := compile(g.Policies)
	if err != nil {
		return fmt.Errorf("group %s, %w", g.Name, err)
	}
	s.groups[at] = policies
	return nil
}

func (s *state) addUser(u *apigw.User) error {
	if u.Name == "" {
		return errors.New("a user has no name")
	}
	account := s.account(u.Account)
	s.users++ // also one that can't be used: doors don't open by a mistake
	if !isAccount(account) {
		return fmt.Errorf("user %s: account %q is not 12 digits", u.Name, account)
	}
	arn := s.arn(account, "user/"+u.Name)
	if s.callers[arn] != nil {
		return fmt.Errorf("user %s: there are two of that name", u.Name)
	}
	policies, err := s.policiesOf(u, account)
	if err != nil {
		return fmt.Errorf("user %s%w", u.Name, err)
	}
	id := u.ID
	if id == "" {
		id = ID("AIDA", account, u.Name)
	}
	caller := Caller{Account: account, ID: id, ARN: arn, UserName: u.Name, Kind: KindUser, Policies: policies, Organization: s.organizations[account]}
	s.callers[arn] = &caller
	for _, k := range u.Keys {
		if _, twice := s.keys[k.ID]; twice {
			return fmt.Errorf("user %s: access key %s belongs to another user too", u.Name, k.ID)
		}
		own := caller
		own.AccessKeyID = k.ID
		s.keys[k.ID] = accessKey{k.Secret, &own}
	}
	return nil
}

// policiesOf are a user's own and its groups'. Groups of the configuration are
// for users of any account in it.
func (s *state) policiesOf(u *apigw.User, account string) ([]*iam.Policy, error) {
	policies, err := compile(u.Policies)
	if err != nil {
		return nil, fmt.Errorf(", %w", err)
	}
	for _, g := range u.Groups {
		own, ok := s.groups[place{account, g}]
		if !ok {
			own, ok = s.groups[place{s.scope.Account, g}]
		}
		if !ok {
			return nil, fmt.Errorf(" is in group %s, which doesn't exist", g)
		}
		policies = append(policies, own...)
	}
	return policies, nil
}

// Bounds of a session (STS API reference, AssumeRole).
const (
	minRoleSession = time.Hour
	maxRoleSession = 12 * time.Hour
)

func (s *state) addRole(r *apigw.Role) error {
	if r.Name == "" {
		return errors.New("a role has no name")
	}
	role := &Role{Name: strings.TrimPrefix(r.Name, "/"), Account: s.account(r.Account), ID: r.ID, MaxSession: time.Duration(r.MaxSession) * time.Second}
	if parts := strings.SplitN(r.Name, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		role.Account, role.Name = parts[4], strings.TrimPrefix(parts[5], "role/")
	}
	if !isAccount(role.Account) {
		return fmt.Errorf("role %s: account %q is not 12 digits", r.Name, role.Account)
	}
	role.ARN = s.arn(role.Account, "role/"+role.Name)
	if s.roles[role.ARN] != nil {
		return fmt.Errorf("role %s: there are two of that name", r.Name)
	}
	if role.ID == "" {
		role.ID = ID("AROA", role.Account, role.Name)
	}
	if role.MaxSession == 0 {
		role.MaxSession = minRoleSession
	}
	if role.MaxSession < minRoleSession || role.MaxSession > maxRoleSession {
		return fmt.Errorf("role %s: maxSession must be between 3600 and 43200 seconds", r.Name)
	}
	var err error
	if role.Trust, err = iam.Parse(r.Trust, iam.Trust); err != nil {
		return fmt.Errorf("role %s: trust: %w", r.Name, err)
	}
	if role.Policies, err = compile(r.Policies); err != nil {
		return fmt.Errorf("role %s, %w", r.Name, err)
	}
	s.roles[role.ARN] = role
	return nil
}

func (s *state) addProvider(p *apigw.Provider) error {
	scheme, host, ok := strings.Cut(p.URL, "://")
	if !ok || scheme != "https" && scheme != "http" || host == "" || strings.ContainsAny(host, "?#@ ") {
		return fmt.Errorf("provider %q: must be the URL of an issuer as its tokens name it", p.URL)
	}
	if len(p.ClientIDs) == 0 {
		return fmt.Errorf("provider %s: needs clientIds, one of which a token must be for", p.URL)
	}
	at := place{s.account(p.Account), p.URL}
	if s.providers[at] != nil {
		return fmt.Errorf("provider %s: there are two of that URL", p.URL)
	}
	s.providers[at] = &provider{arn: s.arn(at.account, "oidc-provider/"+host), url: p.URL, host: host, clients: p.ClientIDs}
	return nil
}

// Has says that set, in which no account is home's, has the identity that what
// ("user", "group", "role", "provider") and name mean. A nil set is empty.
func Has(set *apigw.IdentitySet, home, what, account, name string) bool {
	if set == nil {
		return false
	}
	is := func(a, n string) bool { return n == name && cmp.Or(a, home) == account }
	switch what {
	case "user":
		return slices.ContainsFunc(set.Users, func(u *apigw.User) bool { return is(u.Account, u.Name) })
	case "group":
		return slices.ContainsFunc(set.Groups, func(g *apigw.Group) bool { return is(g.Account, g.Name) })
	case "role":
		return slices.ContainsFunc(set.Roles, func(r *apigw.Role) bool {
			return is(r.Account, r.Name) || strings.HasSuffix(r.Name, "::"+account+":role/"+name)
		})
	case "provider":
		return slices.ContainsFunc(set.Providers, func(p *apigw.Provider) bool { return is(p.Account, p.URL) })
	}
	return false
}
