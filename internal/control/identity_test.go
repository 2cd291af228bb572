package control

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

const (
	allowAll = `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	trustAll = `{"Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}`
)

// identityWorld is the identities of an account of its own, of a partition of
// its own: the last user is counted over all.
func identityWorld(t *testing.T, configured string, changed func(*apigw.IdentitySet), keep func([]byte)) (*Identities, string) {
	t.Helper()
	w := newWorldWith(t, Options{Sealer: sealedWith(t, 1)})
	n := 0
	return NewIdentities(w.Control, IdentityOptions{
		Partition: "aws", Configures: func(what, _, name string) bool { return what+" "+name == configured },
		Users: configured != "", Changed: changed, Keep: keep,
		NewID: func(prefix string) string { n++; return fmt.Sprint(prefix, n, w.scope.Account) }, NewSecret: func() string { return "a-secret" },
	}), w.scope.Account
}

// TestIdentityRules has what is refused, and in which words.
func TestIdentityRules(t *testing.T) {
	ids, account := identityWorld(t, "user chris", nil, nil)
	policy := func(text string) []apigw.NamedPolicy { return []apigw.NamedPolicy{{Name: "p", Document: text}} }
	steps := []struct {
		in   apigw.IdentityEdit
		want string // part of the error; empty: done
	}{
		{apigw.IdentityEdit{Verb: "create", What: "group", Name: "g", Policies: policy(allowAll)}, ""},
		{apigw.IdentityEdit{Verb: "create", What: "group", Name: "g"}, "there is a group g already"},
		{apigw.IdentityEdit{Verb: "create", What: "user", Name: "chris"}, "the configuration file has the user chris: change it there"},
		{apigw.IdentityEdit{Verb: "delete", What: "user", Name: "chris"}, "the configuration file has the user chris: change it there"},
		{apigw.IdentityEdit{Verb: "create", What: "key", Name: "chris"}, "the configuration file has the user chris: change it there"},
		{apigw.IdentityEdit{Verb: "create", What: "user", Name: "a/b"}, "no name"},
		{apigw.IdentityEdit{Verb: "create", What: "user", Name: "ann", Groups: []string{"nope"}}, "there is no group nope"},
		{apigw.IdentityEdit{Verb: "create", What: "user", Name: "ann", Policies: policy(`{"Statement":{"Effect":"Allow","Action":"*"}}`)}, "policy p: Statement[0].Resource: missing"},
		{apigw.IdentityEdit{Verb: "create", What: "user", Name: "ann", Groups: []string{"g"}}, ""},
		{apigw.IdentityEdit{Verb: "set", What: "user", Name: "ann", Policies: policy(allowAll)}, ""},
		{apigw.IdentityEdit{Verb: "set", What: "user", Name: "ann", NoPolicies: []string{"q"}}, "has no policy q"},
		{apigw.IdentityEdit{Verb: "set", What: "user", Name: "bob"}, "there is no user bob"},
		{apigw.IdentityEdit{Verb: "create", What: "key", Name: "ann"}, ""},
		{apigw.IdentityEdit{Verb: "create", What: "key", Name: "ann"}, ""},
		{apigw.IdentityEdit{Verb: "create", What: "key", Name: "ann"}, "which is the most"},
		{apigw.IdentityEdit{Verb: "delete", What: "key", Name: "AKIA3" + account}, ""},
		{apigw.IdentityEdit{Verb: "delete", What: "key", Name: "AKIA3" + account}, "there is no key"},
		{apigw.IdentityEdit{Verb: "delete", What: "group", Name: "g"}, "the user ann is in the group g"},
		{apigw.IdentityEdit{Verb: "create", What: "role", Name: "r"}, "needs a trust policy"},
		{apigw.IdentityEdit{Verb: "create", What: "role", Name: "r", Trust: allowAll}, "trust: Statement[0].Resource: has no place"},
		{apigw.IdentityEdit{Verb: "create", What: "role", Name: "r", Trust: trustAll, MaxSession: 60}, "an hour to twelve"},
		{apigw.IdentityEdit{Verb: "create", What: "role", Name: "r", Trust: trustAll, MaxSession: 7200}, ""},
		{apigw.IdentityEdit{Verb: "create", What: "provider", Name: "https://idp.example"}, "needs 1 to 100 client IDs"},
		{apigw.IdentityEdit{Verb: "create", What: "provider", Name: "idp.example", ClientIDs: []string{"a"}}, "no URL of an issuer"},
		{apigw.IdentityEdit{Verb: "create", What: "provider", Name: "https://idp.example", ClientIDs: []string{"a"}}, ""},
		{apigw.IdentityEdit{Verb: "create", What: "thing", Name: "x"}, `there is no "thing"`},
		{apigw.IdentityEdit{Verb: "rename", What: "role", Name: "r"}, `there is no verb "rename"`},
		{apigw.IdentityEdit{Verb: "set", What: "user", Name: "ann", NoGroups: []string{"g"}}, ""},
		{apigw.IdentityEdit{Verb: "delete", What: "group", Name: "g"}, ""},
		{apigw.IdentityEdit{Verb: "delete", What: "role", Name: "r"}, ""},
		{apigw.IdentityEdit{Verb: "delete", What: "provider", Name: "https://idp.example"}, ""},
		{apigw.IdentityEdit{Verb: "delete", What: "user", Name: "ann"}, ""}, // the configuration has another
	}
	for i, s := range steps {
		s.in.Account = account
		_, err := ids.Edit(t.Context(), s.in)
		if s.want == "" && err != nil || s.want != "" && (err == nil || !strings.Contains(err.Error(), s.want)) {
			t.Errorf("%d, %s %s %s: %v, want %q", i, s.in.Verb, s.in.What, s.in.Name, err, s.want)
		}
	}
}

// TestIdentityFeed: a change is known when the edit returns, secrets are
// sealed at rest and in what is kept, and what can't be read lets nobody in.
func TestIdentityFeed(t *testing.T) {
	var seen *apigw.IdentitySet
	var kept []byte
	ids, account := identityWorld(t, "", func(s *apigw.IdentitySet) { seen = s }, func(raw []byte) { kept = raw })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); ids.Follow(ctx) }()
	<-ids.Loaded()
	own := func() (u *apigw.User) {
		ids.mu.Lock()
		defer ids.mu.Unlock()
		for _, o := range seen.Users {
			if o.Account == account {
				u = o
			}
		}
		return u
	}
	must[*apigw.IdentityEdited](t)(ids.Edit(ctx, apigw.IdentityEdit{Verb: "create", What: "user", Account: account, Name: "ann"}))
	made := must[*apigw.IdentityEdited](t)(ids.Edit(ctx, apigw.IdentityEdit{Verb: "create", What: "key", Account: account, Name: "ann"}))
	u := own()
	if u == nil || len(u.Keys) != 1 || u.Keys[0].Secret != made.Secret || u.Keys[0].ID != made.Key {
		t.Fatalf("%+v, made %+v", u, made)
	}
	ids.mu.Lock()
	records := strings.Builder{}
	for _, v := range ids.records {
		records.Write(v)
	}
	remembered := kept
	ids.mu.Unlock()
	if strings.Contains(records.String(), "a-secret") || strings.Contains(string(remembered), "a-secret") {
		t.Error("a secret isn't sealed")
	}
	set := must[*apigw.IdentitySet](t)(DecodeIdentities(remembered, sealedWith(t, 1)))
	var secrets []string
	for _, o := range set.Users {
		if o.Account == account {
			secrets = append(secrets, o.Keys[0].Secret)
		}
	}
	if d := cmp.Diff([]string{"a-secret"}, secrets); d != "" {
		t.Error(d)
	}
	other, err := DecodeIdentities(remembered, sealedWith(t, 2))
	if err == nil || !strings.Contains(err.Error(), "can't be opened") {
		t.Error(err)
	}
	for _, o := range other.Users {
		for _, k := range o.Keys {
			if k.Secret != "" {
				t.Error("opened with another master key")
			}
		}
	}
	newer, err := DecodeIdentities(must[[]byte](t)(json.Marshal(map[string]json.RawMessage{ids.key("user", account, "late"): json.RawMessage(`{"schema":9,"value":{}}`)})), sealedWith(t, 1))
	if err == nil || len(newer.Users) != 1 || newer.Users[0].Name != "late" {
		t.Errorf("a user of a newer version opens the door: %+v, %v", newer, err)
	}
	if list := must[*apigw.IdentitySet](t)(ids.List(ctx)); func() bool {
		for _, o := range list.Users {
			for _, k := range o.Keys {
				if k.Secret != "" {
					return true
				}
			}
		}
		return false
	}() {
		t.Error("a list shows a secret")
	}
	must[*apigw.IdentityEdited](t)(ids.Edit(ctx, apigw.IdentityEdit{Verb: "delete", What: "user", Account: account, Name: "ann", Open: true}))
	if own() != nil {
		t.Error("a deleted user is still known")
	}
	cancel()
	<-done
}
