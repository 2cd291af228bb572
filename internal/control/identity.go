package control

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/store"
)

// IdentityOptions say who follows the stored identities.
type IdentityOptions struct {
	// Partition is that of every identity.
	Partition string
	// Configures says that the configuration file has an identity, which nobody
	// changes here.
	Configures func(what, account, name string) bool
	// Users says that the configuration file has users.
	Users bool
	// Changed is told of all there are, one call at a time; nil: nobody follows.
	Changed func(*apigw.IdentitySet)
	// Keep is given what to remember for a start without the store:
	// DecodeIdentities reads it. Secrets are sealed in it.
	Keep func([]byte)
	// NewID draws the ID of a principal or an access key of a prefix, NewSecret a
	// secret access key.
	NewID     func(prefix string) string
	NewSecret func() string
}

// Identities are the users, groups, roles and providers that commands made
// (IAM user guide). Identities belong to accounts, not to regions.
type Identities struct {
	c *Control
	o IdentityOptions

	mu      sync.Mutex // guards what follows, and is held while Changed is told
	records map[string][]byte
	reached int64 // revision
	moved   chan struct{}
	loaded  chan struct{}
	once    sync.Once
}

// NewIdentities returns the Identities over c's store.
func NewIdentities(c *Control, o IdentityOptions) *Identities {
	return &Identities{c: c, o: o, records: map[string][]byte{}, moved: make(chan struct{}), loaded: make(chan struct{})}
}

// identityRegion stands for no region in keys.
const identityRegion = "global"

// identityGuard changes with every change of an identity of any account: who
// is the last user can't be told otherwise.
const identityGuard = KeyRoot + "-/-/-/identity-guard"

func (i *Identities) key(what, account, name string) string {
	scope := apigw.Scope{Partition: i.o.Partition, Account: account, Region: identityRegion}
	return kindPrefix(scope, KeyIdentity) + what + "/" + segment(name)
}

// Bounds of identities; those of AWS where it has some (IAM user guide, "IAM
// and AWS STS quotas").
const (
	maxIdentities   = 5000
	maxKeysOfUser   = 2
	maxGroupsOfUser = 10
	maxPoliciesOf   = 20
	maxPolicyText   = 10240
	maxTrustText    = 4096
	maxClientIDs    = 100
)

var identityName = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)

// Edit makes one change, which is durable and known to this node when it
// returns. Errors are an *apigw.Error in words for who gave the command.
func (i *Identities) Edit(ctx context.Context, in apigw.IdentityEdit) (*apigw.IdentityEdited, error) {
	if err := i.check(&in); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		out := new(apigw.IdentityEdited)
		revision, err := i.try(ctx, in, out)
		if err == nil {
			i.wait(ctx, revision)
			return out, nil
		}
		if !errors.Is(err, store.ErrConflict) || attempt == maxAttempts {
			return nil, storeError(err)
		}
		if err := stepAside(ctx, attempt); err != nil {
			return nil, storeError(err)
		}
	}
}

func (i *Identities) check(in *apigw.IdentityEdit) error {
	if len(in.Account) != 12 || strings.Trim(in.Account, "0123456789") != "" {
		return apigw.Errorf(apigw.BadRequest, "%q is no account: 12 digits", in.Account)
	}
	if in.What != "provider" && !identityName.MatchString(in.Name) {
		return apigw.Errorf(apigw.BadRequest, "%q is no name: 1 to 64 letters, digits and +=,.@_-", in.Name)
	}
	what := in.What
	if what == "key" && in.Verb == "create" {
		what = "user"
	}
	if i.o.Configures(what, in.Account, in.Name) {
		return apigw.Errorf(apigw.Conflict, "the configuration file has the %s %s: change it there", what, in.Name)
	}
	for _, p := range in.Policies {
		text, _ := p.Document.(string)
		if !identityName.MatchString(p.Name) {
			return apigw.Errorf(apigw.BadRequest, "%q is no name of a policy: 1 to 64 letters, digits and +=,.@_-", p.Name)
		}
		if len(text) > maxPolicyText {
			return apigw.Errorf(apigw.BadRequest, "policy %s: longer than %d bytes", p.Name, maxPolicyText)
		}
		if _, err := iam.Parse(p.Document, iam.Identity); err != nil {
			return apigw.Errorf(apigw.BadRequest, "policy %s: %v", p.Name, err)
		}
	}
	if in.Trust != "" {
		if len(in.Trust) > maxTrustText {
			return apigw.Errorf(apigw.BadRequest, "trust: longer than %d bytes", maxTrustText)
		}
		if _, err := iam.Parse(in.Trust, iam.Trust); err != nil {
			return apigw.Errorf(apigw.BadRequest, "trust: %v", err)
		}
	}
	if in.MaxSession != 0 && (in.MaxSession < 3600 || in.MaxSession > 43200) {
		return apigw.Errorf(apigw.BadRequest, "a role's sessions last an hour to twelve at most")
	}
	return nil
}

// identityChange is an edit on its way.
type identityChange struct {
	i     *Identities
	in    apigw.IdentityEdit
	out   *apigw.IdentityEdited
	now   *apigw.IdentitySet // what is stored
	ops   []store.Op
	users int // of now, and of the configuration if it has any
}

func (i *Identities) try(ctx context.Context, in apigw.IdentityEdit, out *apigw.IdentityEdited) (int64, error) {
	guard, err := i.c.store.Get(ctx, identityGuard)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return 0, err
	}
	now, err := i.read(ctx)
	if err != nil {
		return 0, err
	}
	ch := &identityChange{i: i, in: in, out: out, now: now, users: len(now.Users)}
	if i.o.Users {
		ch.users++
	}
	if err := ch.apply(); err != nil {
		return 0, err
	}
	scope := apigw.Scope{Partition: i.o.Partition, Account: in.Account, Region: identityRegion}
	known, err := i.c.noteScope(ctx, scope)
	if err != nil {
		return 0, err
	}
	ops := append(append(known, ch.ops...), store.Op{Key: identityGuard, Value: guardValue})
	return i.c.store.Commit(ctx, store.Txn{If: []store.Condition{{Key: identityGuard, Revision: guard.Revision}}, Ops: ops})
}

// read is everything that is stored, of every account. What can't be opened is
// there, without its secrets.
func (i *Identities) read(ctx context.Context) (*apigw.IdentitySet, error) {
	scopes, err := i.c.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	set := new(apigw.IdentitySet)
	for _, scope := range scopes {
		if scope.Region != identityRegion {
			continue
		}
		records, _, _, err := i.c.store.List(ctx, kindPrefix(scope, KeyIdentity), "", 0)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			if err := addIdentity(set, r.Key, r.Value, nil); err != nil {
				return nil, err
			}
		}
	}
	return set, nil
}

// List is everything that is stored, without secrets.
func (i *Identities) List(ctx context.Context) (*apigw.IdentitySet, error) {
	set, err := i.read(ctx)
	return set, storeError(err)
}

func (ch *identityChange) apply() error {
	if n := len(ch.now.Users) + len(ch.now.Groups) + len(ch.now.Roles) + len(ch.now.Providers); n >= maxIdentities && ch.in.Verb == "create" {
		return apigw.Errorf(apigw.LimitExceeded, "there are %d identities, which is the most", n)
	}
	switch ch.in.What {
	case "user":
		return ch.user()
	case "group":
		return ch.group()
	case "role":
		return ch.role()
	case "provider":
		return ch.provider()
	case "key":
		return ch.accessKey()
	}
	return apigw.Errorf(apigw.BadRequest, "there is no %q: user, group, role, provider or key", ch.in.What)
}

// found says what is wrong with a verb for what is, or isn't, there.
func (ch *identityChange) found(there bool) error {
	switch {
	case ch.in.Verb == "create" && there:
		return apigw.Errorf(apigw.Conflict, "there is a %s %s already", ch.in.What, ch.in.Name)
	case ch.in.Verb != "create" && !there:
		return apigw.Errorf(apigw.NotFound, "there is no %s %s in account %s", ch.in.What, ch.in.Name, ch.in.Account)
	case ch.in.Verb != "create" && ch.in.Verb != "set" && ch.in.Verb != "delete":
		return apigw.Errorf(apigw.BadRequest, "there is no verb %q: create, set, delete or list", ch.in.Verb)
	}
	return nil
}

func (ch *identityChange) put(v any) error {
	key := ch.i.key(ch.in.What, ch.in.Account, ch.in.Name)
	raw, err := encodeRecord(key, &v, nil)
	if err == nil {
		ch.ops = append(ch.ops, store.Op{Key: key, Value: raw})
	}
	return err
}

func (ch *identityChange) remove() {
	ch.ops = append(ch.ops, store.Op{Key: ch.i.key(ch.in.What, ch.in.Account, ch.in.Name)})
}

// policies are list with what the edit sets and takes away.
func (ch *identityChange) policies(list []apigw.NamedPolicy) ([]apigw.NamedPolicy, error) {
	list = slices.Clone(list)
	for _, name := range ch.in.NoPolicies {
		at := slices.IndexFunc(list, func(p apigw.NamedPolicy) bool { return p.Name == name })
		if at < 0 {
			return nil, apigw.Errorf(apigw.NotFound, "the %s %s has no policy %s", ch.in.What, ch.in.Name, name)
		}
		list = slices.Delete(list, at, at+1)
	}
	for _, p := range ch.in.Policies {
		if at := slices.IndexFunc(list, func(old apigw.NamedPolicy) bool { return old.Name == p.Name }); at >= 0 {
			list[at] = p
		} else {
			list = append(list, p)
		}
	}
	if len(list) > maxPoliciesOf {
		return nil, apigw.Errorf(apigw.LimitExceeded, "the %s %s would have more than %d policies", ch.in.What, ch.in.Name, maxPoliciesOf)
	}
	return list, nil
}

func (ch *identityChange) findUser(name string) *apigw.User {
	for _, u := range ch.now.Users {
		if u.Account == ch.in.Account && u.Name == name {
			return u
		}
	}
	return nil
}

func (ch *identityChange) user() (err error) {
	u := ch.findUser(ch.in.Name)
	if err := ch.found(u != nil); err != nil {
		return err
	}
	if ch.in.Verb == "delete" {
		if ch.users == 1 && !ch.in.Open {
			return apigw.Errorf(apigw.Conflict, "%s is the last user: without one, any credentials are accepted on loopback. Say --open to have that", u.Name)
		}
		ch.remove()
		return nil
	}
	if u == nil {
		u = &apigw.User{Name: ch.in.Name, Account: ch.in.Account, ID: ch.i.o.NewID("AIDA"), Created: ch.i.c.seconds()}
		ch.out.First = ch.users == 0
	}
	if u.Policies, err = ch.policies(u.Policies); err != nil {
		return err
	}
	for _, g := range ch.in.NoGroups {
		at := slices.Index(u.Groups, g)
		if at < 0 {
			return apigw.Errorf(apigw.NotFound, "the user %s is not in group %s", u.Name, g)
		}
		u.Groups = slices.Delete(u.Groups, at, at+1)
	}
	for _, g := range ch.in.Groups {
		own := func(o *apigw.Group) bool { return o.Account == u.Account && o.Name == g }
		if !slices.ContainsFunc(ch.now.Groups, own) && !ch.i.o.Configures("group", u.Account, g) {
			return apigw.Errorf(apigw.NotFound, "there is no group %s in account %s", g, u.Account)
		}
		if !slices.Contains(u.Groups, g) {
			u.Groups = append(u.Groups, g)
		}
	}
	if len(u.Groups) > maxGroupsOfUser {
		return apigw.Errorf(apigw.LimitExceeded, "the user %s would be in more than %d groups", u.Name, maxGroupsOfUser)
	}
	return ch.put(u)
}

func (ch *identityChange) group() (err error) {
	var g *apigw.Group
	for _, o := range ch.now.Groups {
		if o.Account == ch.in.Account && o.Name == ch.in.Name {
			g = o
		}
	}
	if err := ch.found(g != nil); err != nil {
		return err
	}
	if ch.in.Verb == "delete" {
		for _, u := range ch.now.Users {
			if u.Account == g.Account && slices.Contains(u.Groups, g.Name) {
				return apigw.Errorf(apigw.Conflict, "the user %s is in the group %s: take the users out first", u.Name, g.Name)
			}
		}
		ch.remove()
		return nil
	}
	if g == nil {
		g = &apigw.Group{Name: ch.in.Name, Account: ch.in.Account, Created: ch.i.c.seconds()}
	}
	if g.Policies, err = ch.policies(g.Policies); err != nil {
		return err
	}
	return ch.put(g)
}

func (ch *identityChange) role() (err error) {
	var r *apigw.Role
	for _, o := range ch.now.Roles {
		if o.Account == ch.in.Account && o.Name == ch.in.Name {
			r = o
		}
	}
	if err := ch.found(r != nil); err != nil {
		return err
	}
	if ch.in.Verb == "delete" {
		ch.remove()
		return nil
	}
	if r == nil {
		r = &apigw.Role{Name: ch.in.Name, Account: ch.in.Account, ID: ch.i.o.NewID("AROA"), Created: ch.i.c.seconds()}
	}
	if ch.in.Trust != "" {
		r.Trust = ch.in.Trust
	}
	if r.Trust == nil {
		return apigw.Errorf(apigw.BadRequest, "a role needs a trust policy: who may assume it")
	}
	if ch.in.MaxSession != 0 {
		r.MaxSession = ch.in.MaxSession
	}
	if r.Policies, err = ch.policies(r.Policies); err != nil {
		return err
	}
	return ch.put(r)
}

func (ch *identityChange) provider() error {
	var p *apigw.Provider
	for _, o := range ch.now.Providers {
		if o.Account == ch.in.Account && o.URL == ch.in.Name {
			p = o
		}
	}
	if err := ch.found(p != nil); err != nil {
		return err
	}
	if ch.in.Verb == "delete" {
		ch.remove()
		return nil
	}
	if p == nil {
		p = &apigw.Provider{URL: ch.in.Name, Account: ch.in.Account, Created: ch.i.c.seconds()}
	}
	if len(ch.in.ClientIDs) > 0 {
		p.ClientIDs = ch.in.ClientIDs
	}
	host, ok := strings.CutPrefix(p.URL, "https://")
	if !ok || host == "" || len(p.URL) > 255 || strings.ContainsAny(host, "?#@ ") {
		return apigw.Errorf(apigw.BadRequest, "%q is no URL of an issuer: https://HOST/PATH, as its tokens have it in iss", p.URL)
	}
	if len(p.ClientIDs) == 0 || len(p.ClientIDs) > maxClientIDs {
		return apigw.Errorf(apigw.BadRequest, "a provider needs 1 to %d client IDs, one of which a token must be for", maxClientIDs)
	}
	return ch.put(p)
}

// accessKey makes a key for a user, or takes one away.
func (ch *identityChange) accessKey() error {
	if ch.in.Verb == "delete" {
		for _, u := range ch.now.Users {
			at := slices.IndexFunc(u.Keys, func(k apigw.UserKey) bool { return k.ID == ch.in.Name })
			if at < 0 || u.Account != ch.in.Account {
				continue
			}
			u.Keys = slices.Delete(u.Keys, at, at+1)
			ch.in.What, ch.in.Name = "user", u.Name
			return ch.put(u)
		}
		return apigw.Errorf(apigw.NotFound, "there is no key %s in account %s", ch.in.Name, ch.in.Account)
	}
	u := ch.findUser(ch.in.Name)
	switch {
	case ch.in.Verb != "create":
		return apigw.Errorf(apigw.BadRequest, "a key can be created and deleted")
	case u == nil:
		return apigw.Errorf(apigw.NotFound, "there is no user %s in account %s", ch.in.Name, ch.in.Account)
	case len(u.Keys) >= maxKeysOfUser:
		return apigw.Errorf(apigw.LimitExceeded, "the user %s has %d keys, which is the most: delete one first", u.Name, len(u.Keys))
	}
	ch.in.What = "user"
	sealer, err := ch.i.c.sealer()
	if errors.Is(err, store.ErrDead) {
		return err
	}
	if err != nil {
		return apigw.Errorf(apigw.BadRequest, "the key can't be kept: %v", err)
	}
	ch.out.Key, ch.out.Secret = ch.i.o.NewID("AKIA"), ch.i.o.NewSecret()
	sealed := sealer.Seal(ch.i.key("user", u.Account, u.Name), []byte(ch.out.Secret))
	u.Keys = append(u.Keys, apigw.UserKey{ID: ch.out.Key, Sealed: sealed, Created: ch.i.c.seconds()})
	return ch.put(u)
}
