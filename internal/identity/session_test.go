package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/jwt"
	"github.com/gatehouse/gatehouse/internal/sigv4"
	"github.com/gatehouse/gatehouse/internal/store"
)

const account = "123456789012"

// world is a directory with a clock that the test moves.
type world struct {
	*Directory
	t   *testing.T
	now time.Time
}

func sealer(t testing.TB, digit byte) *store.Sealer {
	t.Helper()
	key := make([]byte, 32)
	key[0] = digit
	s, err := store.NewSealer(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const allowAssume = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:AssumeRole","sts:TagSession"],"Resource":"arn:aws:iam::*:role/*"}}`

func trust(principal, extra string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":` + principal + `,"Action":["sts:AssumeRole","sts:TagSession"]` + extra + `}}`
}

func policies(documents ...string) []apigw.NamedPolicy {
	var list []apigw.NamedPolicy
	for _, d := range documents {
		list = append(list, apigw.NamedPolicy{Name: "p", Document: d})
	}
	return list
}

const (
	annARN  = "arn:aws:iam::123456789012:user/ann"
	roleARN = "arn:aws:iam::123456789012:role/"
)

func people() *apigw.IdentitySet {
	return &apigw.IdentitySet{
		Users: []*apigw.User{
			{Name: "ann", Keys: []apigw.UserKey{{ID: "AKIAANN", Secret: "ann"}}, Policies: policies(allowAssume)},
			{Name: "bob", Keys: []apigw.UserKey{{ID: "AKIABOB", Secret: "bob"}}},
			{Name: "eve", Account: "210987654321", Keys: []apigw.UserKey{{ID: "AKIAEVE", Secret: "eve"}}, Policies: policies(allowAssume)},
			{Name: "dan", Keys: []apigw.UserKey{{ID: "AKIADAN", Secret: "dan"}}, Policies: policies(allowAssume, `{"Statement":{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}}`)},
		},
		Roles: []*apigw.Role{
			{Name: "account", Trust: trust(`{"AWS":"`+account+`"}`, ""), MaxSession: 7200, Policies: policies(`{"Statement":{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}}`)},
			{Name: "people", Trust: trust(`{"AWS":["arn:aws:iam::123456789012:user/bob","arn:aws:iam::123456789012:user/dan"]}`, "")},
			{Name: "path/theirs", Trust: trust(`{"AWS":"arn:aws:iam::210987654321:root"}`, `,"Condition":{"StringEquals":{"sts:ExternalId":"e-1"}}`)},
			{Name: "service", Trust: trust(`{"Service":"apigateway.amazonaws.com"}`, "")},
			{Name: "next", Trust: trust(`{"AWS":"arn:aws:iam::123456789012:role/account"}`, "")},
			{Name: "tagged", Trust: trust(`{"AWS":"`+account+`"}`, `,"Condition":{"StringEquals":{"aws:RequestTag/team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}`)},
			{Name: "web", Trust: `{"Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/idp.example/x"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"idp.example/x:aud":"app","idp.example/x:sub":"u-1"}}}}`},
		},
		Providers: []*apigw.Provider{{URL: "https://idp.example/x", ClientIDs: []string{"app", "other"}}},
	}
}

func newWorld(t *testing.T, set *apigw.IdentitySet, key byte) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)}
	d, err := New(Config{
		Scope: apigw.Scope{Partition: "aws", Account: account, Region: "us-east-1"}, Configured: set,
		Sealer: func() (Sealer, error) { return sealer(t, key), nil }, Now: func() time.Time { return w.now },
		Verify: func(_ context.Context, issuer, token string) (*jwt.Token, error) {
			parts := strings.Split(token, ".")
			if parts[2] == "bad" {
				return nil, &jwt.Error{Text: "the token signature is invalid"}
			}
			claims := map[string]any{"iss": issuer}
			for _, pair := range strings.Split(parts[2], ",") {
				name, value, _ := strings.Cut(pair, "=")
				claims[name] = value
			}
			return &jwt.Token{Claims: claims}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Directory = d
	return w
}

func (w *world) who(key string) *Caller {
	w.t.Helper()
	_, c, err := w.Find(key, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	if r, ok := errors.AsType[*Refusal](err); ok {
		return string(r.Reason) + ": " + r.Message
	}
	return err.Error()
}

// TestAssume has who may assume what (IAM user guide, "Policy evaluation
// logic": a trust that names a principal of its account is enough, one that
// names an account leaves it to the caller's policies, and across accounts
// both are needed).
func TestAssume(t *testing.T) {
	w := newWorld(t, people(), 1)
	denied := func(who, action, role string) string {
		return "AccessDenied: User: " + who + " is not authorized to perform: " + action + " on resource: " + roleARN + role
	}
	in := func(role string) Assumption { return Assumption{RoleARN: roleARN + role, SessionName: "s1"} }
	with := func(a Assumption, change func(*Assumption)) Assumption { change(&a); return a }
	cases := map[string]struct {
		key  string
		in   Assumption
		want string
	}{
		"the account trusts, the policy allows": {"AKIAANN", in("account"), ""},
		"the account trusts, no policy":         {"AKIABOB", in("account"), denied("arn:aws:iam::123456789012:user/bob", "sts:AssumeRole", "account")},
		"the trust names the user":              {"AKIABOB", in("people"), ""},
		"the trust names another":               {"AKIAANN", in("people"), denied(annARN, "sts:AssumeRole", "people")},
		"a deny of one's own":                   {"AKIADAN", in("people"), denied("arn:aws:iam::123456789012:user/dan", "sts:AssumeRole", "people")},
		"another account, with its external ID": {"AKIAEVE", with(in("path/theirs"), func(a *Assumption) { a.ExternalID = "e-1" }), ""},
		"another account, another external ID":  {"AKIAEVE", with(in("path/theirs"), func(a *Assumption) { a.ExternalID = "e-2" }), denied("arn:aws:iam::210987654321:user/eve", "sts:AssumeRole", "path/theirs")},
		"another account, without":              {"AKIAEVE", in("path/theirs"), denied("arn:aws:iam::210987654321:user/eve", "sts:AssumeRole", "path/theirs")},
		"a role of services":                    {"AKIAANN", in("service"), denied(annARN, "sts:AssumeRole", "service")},
		"a role that isn't there":               {"AKIAANN", in("nothing"), denied(annARN, "sts:AssumeRole", "nothing")},
		"two hours where two are allowed":       {"AKIAANN", with(in("account"), func(a *Assumption) { a.Lasts = 2 * time.Hour }), ""},
		"more than the role allows":             {"AKIAANN", with(in("account"), func(a *Assumption) { a.Lasts = 3 * time.Hour }), "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"more than an hour by default":          {"AKIABOB", with(in("people"), func(a *Assumption) { a.Lasts = 2 * time.Hour }), "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."},
		"tags that the trust wants":             {"AKIAANN", with(in("tagged"), func(a *Assumption) { a.Tags = []Tag{{"team", "blue"}} }), ""},
		"other tags":                            {"AKIAANN", with(in("tagged"), func(a *Assumption) { a.Tags = []Tag{{"team", "red"}} }), denied(annARN, "sts:AssumeRole", "tagged")},
		"a tag twice":                           {"AKIAANN", with(in("tagged"), func(a *Assumption) { a.Tags = []Tag{{"team", "blue"}, {"Team", "red"}} }), "ValidationError: Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"a policy that is none":                 {"AKIAANN", with(in("account"), func(a *Assumption) { a.Policy = `{"Statement":{"Effect":"Allow","Action":"a:b"}}` }), "MalformedPolicyDocument: Syntax errors in policy: Statement[0].Resource: missing"},
		"a policy that is too long for a header": {"AKIAANN", with(in("account"), func(a *Assumption) {
			a.Policy = `{"Statement":{"Effect":"Allow","Action":"a:b","Resource":["*"` + strings.Repeat(`,"*"`, 1100) + `]}}`
		}), "MalformedPolicyDocument: Syntax errors in policy: Statement[0].Resource: more than 500"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := w.Assume(w.who(c.key), c.in); reason(err) != c.want {
				t.Errorf("%s\nwant %s", reason(err), c.want)
			}
		})
	}
	big := with(in("account"), func(a *Assumption) {
		a.Policy = `{"Statement":{"Effect":"Allow","Action":"a:b","Resource":"arn:aws:s3:::` + strings.Repeat("b", 1900) + `"}}`
		for _, c := range "abcdefghijklmnop" {
			a.Tags = append(a.Tags, Tag{string(c), strings.Repeat("v", 200)})
		}
	})
	if _, err := w.Assume(w.who("AKIAANN"), big); reason(err) != "PackedPolicyTooLarge: Packed policy consumes 127% of allotted space, please use smaller policy." {
		t.Error(reason(err))
	}
	root := &Caller{Account: account, ARN: "arn:aws:iam::123456789012:root", Kind: KindAccount}
	if _, err := w.Assume(root, in("account")); reason(err) != "AccessDenied: Roles may not be assumed by root accounts." {
		t.Error(reason(err))
	}
}

// TestSession: who a session's credentials are for, a role in a role's session,
// and what ends them.
func TestSession(t *testing.T) {
	w := newWorld(t, people(), 1)
	s, err := w.Assume(w.who("AKIAANN"), Assumption{RoleARN: roleARN + "account", SessionName: "work", Tags: []Tag{{"Team", "blue"}, {"x", "y"}}, Passed: []string{"Team"}})
	if err != nil {
		t.Fatal(err)
	}
	secret, who, err := w.Find(s.AccessKeyID, s.Token)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{secret, who.ARN, who.RoleARN, who.Account, who.Kind, who.UserName, s.ARN, who.Key("aws:principalarn"), who.Key("aws:principaltag/team"), who.Key("aws:tokenissuetime"), who.Key("aws:username")}
	want := []string{s.Secret, "arn:aws:sts::123456789012:assumed-role/account/work", roleARN + "account", account, "AssumedRole", "", who.ARN, roleARN + "account", "blue", "2026-05-31T12:00:00Z", ""}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !strings.HasPrefix(s.AccessKeyID, "ASIA") || len(s.AccessKeyID) != 20 || !strings.HasPrefix(who.ID, "AROA") || who.ID != s.ID || !strings.HasSuffix(who.ID, ":work") {
		t.Errorf("%s is %s, %s", s.AccessKeyID, who.ID, s.ID)
	}

	if _, err := w.Assume(who, Assumption{RoleARN: roleARN + "next", SessionName: "s2", Lasts: 2 * time.Hour}); !strings.Contains(reason(err), "1 hour session limit for roles assumed by role chaining") {
		t.Error(reason(err))
	}
	chained, err := w.Assume(who, Assumption{RoleARN: roleARN + "next", SessionName: "s2"})
	if err != nil {
		t.Fatal(err)
	}
	if _, next, _ := w.Find(chained.AccessKeyID, chained.Token); next.Key("aws:principaltag/team") != "blue" || next.Key("aws:principaltag/x") != "" {
		t.Error("only the tag that was to be passed on is")
	}

	refused := func(d *Directory, name, key, token, want string) {
		t.Helper()
		if _, _, err := d.Find(key, token); err == nil || err.(*sigv4.Error).Message != want {
			t.Errorf("%s: %v", name, err)
		}
	}
	const unknown, expired = "The security token included in the request is invalid", "The security token included in the request is expired"
	refused(w.Directory, "another key", chained.AccessKeyID, s.Token, unknown)
	refused(w.Directory, "a key without its token", s.AccessKeyID, "", unknown+".")
	refused(w.Directory, "a user's key with a token", "AKIAANN", s.Token, unknown)
	refused(w.Directory, "garbage", s.AccessKeyID, "garbage", unknown)
	refused(w.Directory, "a line's end in it", s.AccessKeyID, s.Token[:40]+"\n"+s.Token[40:], unknown)
	refused(w.Directory, "too long", s.AccessKeyID, strings.Repeat("A", maxToken+1), unknown)
	for i := range s.Token {
		for _, c := range []byte{'A', 'B'} {
			if s.Token[i] != c {
				refused(w.Directory, "a changed byte", s.AccessKeyID, s.Token[:i]+string(c)+s.Token[i+1:], unknown)
			}
		}
	}
	refused(newWorld(t, people(), 2).Directory, "of another master key", s.AccessKeyID, s.Token, unknown)
	if _, _, err := newWorld(t, people(), 1).Find(s.AccessKeyID, s.Token); err != nil {
		t.Errorf("after a restart, or on another node: %v", err)
	}
	without := people()
	without.Roles = without.Roles[1:]
	refused(newWorld(t, without, 1).Directory, "the role is gone", s.AccessKeyID, s.Token, unknown)
	again := people()
	again.Roles[0].ID = "AROANEW"
	refused(newWorld(t, again, 1).Directory, "another role of that name", s.AccessKeyID, s.Token, unknown)
	w.now = w.now.Add(time.Hour)
	refused(w.Directory, "after an hour", s.AccessKeyID, s.Token, expired)

	sealed := sealer(t, 1).Seal("another record", []byte(`{"v":1,"k":"ASIAX","s":"x","x":9999999999,"p":"`+annARN+`"}`))
	refused(w.Directory, "sealed as something else", "ASIAX", base64.RawURLEncoding.EncodeToString(sealed), unknown)
}

// TestUpdate: what the store brings and takes is live at once, for sessions
// that are known, too.
func TestUpdate(t *testing.T) {
	w := newWorld(t, &apigw.IdentitySet{Users: []*apigw.User{{Name: "ann", Keys: []apigw.UserKey{{ID: "AKIAANN", Secret: "ann"}}, Policies: policies(allowAssume)}}}, 1)
	role := &apigw.Role{Name: "r", ID: "AROA1", Trust: trust(`{"AWS":"`+account+`"}`, "")}
	if err := w.Update(&apigw.IdentitySet{Roles: []*apigw.Role{role}, Users: []*apigw.User{{Name: "bob", ID: "AIDABOB", Keys: []apigw.UserKey{{ID: "AKIABOB", Secret: "bob"}}}}}); err != nil {
		t.Fatal(err)
	}
	s, err := w.Assume(w.who("AKIAANN"), Assumption{RoleARN: roleARN + "r", SessionName: "s1"})
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.SessionToken(t.Context(), w.who("AKIABOB"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, who, err := w.Find(token.AccessKeyID, token.Token); err != nil || who.ARN != "arn:aws:iam::123456789012:user/bob" || who.ID != "AIDABOB" || who.UserName != "bob" {
		t.Errorf("%+v, %v", who, err)
	} else if _, err := w.SessionToken(t.Context(), who, 0); reason(err) != "AccessDenied: Cannot call GetSessionToken with session credentials" {
		t.Error(reason(err))
	}
	bad := &apigw.IdentitySet{
		Users: []*apigw.User{{Name: "ann", Policies: policies(`{"Statement":[]}`)}, {Name: "cat", Keys: []apigw.UserKey{{ID: "AKIACAT", Secret: "c"}}, Groups: []string{"gone"}}},
		Roles: []*apigw.Role{{Name: "s", Trust: "{}"}},
	}
	if err := w.Update(bad); err == nil || !strings.Contains(err.Error(), "user ann: there are two") || !strings.Contains(err.Error(), "group gone") || !strings.Contains(err.Error(), "role s: trust") {
		t.Error(err)
	}
	for _, key := range []string{"AKIABOB", "AKIACAT"} {
		if _, _, err := w.Find(key, ""); err == nil {
			t.Errorf("%s is let in", key)
		}
	}
	for _, c := range []*Credentials{&s.Credentials, token} {
		if _, _, err := w.Find(c.AccessKeyID, c.Token); err == nil {
			t.Error("a session outlived its principal")
		}
	}
	if w.Open() {
		t.Error("open with users")
	}
}

// TestPending: until the store has told, nobody is let in whom the configuration
// doesn't have, the door isn't open, and clients are told to come again.
func TestPending(t *testing.T) {
	d, err := New(Config{Scope: apigw.Scope{Partition: "aws", Account: account}, Pending: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Find("AKIABOB", ""); d.Open() || apigw.KindOf(err) != apigw.Unavailable {
		t.Errorf("open: %v, %v", d.Open(), err)
	}
	if err := d.Update(new(apigw.IdentitySet)); err != nil || !d.Open() {
		t.Errorf("without identities: %v", err)
	}
}

// TestSessionPolicy: it bounds what the role's policies allow, and what a
// resource's do, unless that names the session (IAM user guide, "Session
// policies").
func TestSessionPolicy(t *testing.T) {
	w := newWorld(t, people(), 1)
	s, err := w.Assume(w.who("AKIAANN"), Assumption{RoleARN: roleARN + "account", SessionName: "s1",
		Policy: `{"Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:api/*"},{"Effect":"Deny","Action":"*","Resource":"arn:aws:execute-api:*:*:api/prod/DELETE/*"}]}`})
	if err != nil {
		t.Fatal(err)
	}
	_, who, err := w.Find(s.AccessKeyID, s.Token)
	if err != nil {
		t.Fatal(err)
	}
	resource := func(principal string) []*iam.Policy {
		p, err := iam.Parse(`{"Statement":{"Effect":"Allow","Principal":`+principal+`,"Action":"*","Resource":"*"}}`, iam.Resource)
		if err != nil {
			t.Fatal(err)
		}
		return []*iam.Policy{p}
	}
	const api, other, deleted = "arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/", "arn:aws:execute-api:us-east-1:123456789012:other/prod/GET/", "arn:aws:execute-api:us-east-1:123456789012:api/prod/DELETE/"
	cases := map[string]struct {
		action, arn string
		resource    []*iam.Policy
		allowed     bool
		why         string
	}{
		"both allow":                         {"execute-api:Invoke", api, nil, true, ""},
		"the session's doesn't":              {"execute-api:Invoke", other, nil, false, " because no session policy allows the execute-api:Invoke action"},
		"the session's denies":               {"execute-api:Invoke", deleted, nil, false, " with an explicit deny in a session policy"},
		"the role's doesn't":                 {"apigateway:GET", api, nil, false, " because no identity-based policy allows the apigateway:GET action"},
		"the resource names the role":        {"execute-api:Invoke", other, resource(`{"AWS":"` + roleARN + `account"}`), false, " because no session policy allows the execute-api:Invoke action"},
		"the resource names the session":     {"execute-api:Invoke", other, resource(`{"AWS":"` + s.ARN + `"}`), true, ""},
		"the resource allows all":            {"execute-api:Invoke", other, resource(`"*"`), false, " because no session policy allows the execute-api:Invoke action"},
		"the resource names another session": {"execute-api:Invoke", other, resource(`{"AWS":"` + s.ARN + `2"}`), false, " because no session policy allows the execute-api:Invoke action"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			v := who.Decide(&iam.Request{Action: c.action, Resource: c.arn, Principal: who.Principal()}, c.resource, account)
			if (v.Effect == iam.Allow) != c.allowed || !c.allowed && v.Why(c.action) != c.why {
				t.Errorf("%+v%s", v, v.Why(c.action))
			}
		})
	}
}

// TestWebIdentity has the tokens of an OpenID Connect provider.
func TestWebIdentity(t *testing.T) {
	w := newWorld(t, people(), 1)
	token := func(iss, claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+iss+`"}`)) + "." + claims
	}
	const idp = "https://idp.example/x"
	cases := map[string]struct{ role, token, want string }{
		"let in":           {"web", token(idp, "aud=app,sub=u-1"), ""},
		"azp instead":      {"web", token(idp, "aud=x,azp=app,sub=u-1"), ""},
		"another subject":  {"web", token(idp, "aud=app,sub=u-2"), "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"another client":   {"web", token(idp, "aud=other,sub=u-1"), "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"unknown client":   {"web", token(idp, "aud=nobody,sub=u-1"), "InvalidIdentityToken: Incorrect token audience"},
		"a role for users": {"account", token(idp, "aud=app,sub=u-1"), "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"no such role":     {"none", token(idp, "aud=app,sub=u-1"), "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"unknown issuer":   {"web", token("https://idp.example/y", "aud=app,sub=u-1"), "InvalidIdentityToken: No OpenIDConnect provider found in your account for https://idp.example/y"},
		"a bad signature":  {"web", token(idp, "bad"), "InvalidIdentityToken: the token signature is invalid"},
		"no token":         {"web", "x", "InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f, err := w.AssumeWithToken(t.Context(), Assumption{RoleARN: roleARN + c.role, SessionName: "s1"}, c.token)
			if reason(err) != c.want {
				t.Fatalf("%s\nwant %s", reason(err), c.want)
			}
			if err != nil {
				return
			}
			if _, who, err := w.Find(f.AccessKeyID, f.Token); err != nil || who.ARN != "arn:aws:sts::123456789012:assumed-role/web/s1" || f.Subject != "u-1" || f.Audience != "app" || f.Provider != "arn:aws:iam::123456789012:oidc-provider/idp.example/x" ||
				who.Key("aws:federatedprovider") != f.Provider {
				t.Errorf("%+v, %+v, %v", f, who, err)
			}
		})
	}
}

// FuzzOpen: whatever is sent as a token, it is opened or refused.
func FuzzOpen(f *testing.F) {
	key := sealer(f, 1)
	d, err := New(Config{Scope: apigw.Scope{Partition: "aws", Account: account}, Configured: people(), Sealer: func() (Sealer, error) { return key, nil }})
	if err != nil {
		f.Fatal(err)
	}
	_, ann, _ := d.Find("AKIAANN", "")
	s, err := d.Assume(ann, Assumption{RoleARN: roleARN + "account", SessionName: "s1"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Token)
	f.Add("")
	f.Add(base64.RawURLEncoding.EncodeToString(key.Seal(sessionRecord, []byte(`{"v":2}`))))
	f.Fuzz(func(t *testing.T, token string) {
		// Another process of the same test gives tokens that open here, too.
		if opened, err := d.open(token); err == nil && opened.Principal != roleARN+"account" {
			t.Errorf("a token that nobody gave was opened: %+v", opened.Principal)
		}
	})
}

// BenchmarkFindSession is what a request with a session token costs beside its
// signature.
func BenchmarkFindSession(b *testing.B) {
	key := sealer(b, 1)
	d, err := New(Config{Scope: apigw.Scope{Partition: "aws", Account: account}, Configured: people(), Sealer: func() (Sealer, error) { return key, nil }})
	if err != nil {
		b.Fatal(err)
	}
	_, ann, _ := d.Find("AKIAANN", "")
	s, err := d.Assume(ann, Assumption{RoleARN: roleARN + "account", SessionName: "s1"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := d.Find(s.AccessKeyID, s.Token); err != nil {
				b.Error(err)
			}
		}
	})
}
