package control

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

// newFunctions are functions of w's store, sealed with a key of their own, and
// what was told of them.
func (w *world) newFunctions() (*Functions, func() map[string]int) {
	w.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	sealer := must[*store.Sealer](w)(store.NewSealer(key))
	var mu sync.Mutex
	told := map[string]int{} // versions by name
	f := NewFunctions(w.Control, FunctionOptions{
		Sealer: func() (*store.Sealer, error) { return sealer, nil },
		Changed: func(_ apigw.Scope, name string, f *apigw.Function) {
			mu.Lock()
			defer mu.Unlock()
			if f == nil {
				delete(told, name)
			} else {
				told[name] = len(f.Versions)
			}
		},
	})
	return f, func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		copied := map[string]int{}
		for k, v := range told {
			copied[k] = v
		}
		return copied
	}
}

func (w *world) create(f *Functions, name string, zip []byte) *apigw.Function {
	w.Helper()
	v := apigw.FunctionVersion{Runtime: "provided.al2023", Handler: "h", Timeout: 3, Memory: 128, Environment: map[string]string{"KEY": "a secret text"}}
	return must[*apigw.Function](w)(f.CreateFunction(w.Context(), w.scope, name, v, zip, nil, false))
}

func (w *world) keys(prefix string) (keys []string) {
	w.Helper()
	records, _, _, err := shared.List(w.Context(), prefix, "", 0)
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range records {
		keys = append(keys, r.Key)
	}
	return keys
}

// TestFunctionCode: code of many pieces is read as it was written, and goes
// when no version has it any more.
func TestFunctionCode(t *testing.T) {
	w := newWorld(t)
	f, told := w.newFunctions()
	ctx := t.Context()
	zip := make([]byte, 3*functionCodeChunks+17)
	rand.Read(zip)
	made := w.create(f, "f", zip)
	got, err := f.Code(ctx, w.scope, "f", made.Versions[0].CodeHash)
	if err != nil || !bytes.Equal(got, zip) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	prefix := functionRef{w.scope, "f"}.codePrefix()
	if keys := w.keys(prefix); len(keys) != 4 {
		t.Errorf("stored: %v", keys)
	}
	published := must[*apigw.Function](w)(f.UpdateFunction(ctx, w.scope, "f", nil, "", func(now *apigw.Function) error {
		_, err := f.Publish(now, nil, "")
		return err
	}))
	if len(published.Versions) != 2 {
		t.Errorf("%d versions", len(published.Versions))
	}
	nothing := func(*apigw.Function) error { return nil }
	must[*apigw.Function](w)(f.UpdateFunction(ctx, w.scope, "f", []byte("small"), "", nothing))
	if keys := w.keys(prefix); len(keys) != 5 {
		t.Errorf("the published version's code and the new one: %v", keys)
	}
	if err := f.DeleteVersion(ctx, w.scope, "f", "1"); err != nil {
		t.Fatal(err)
	}
	if keys := w.keys(prefix); len(keys) != 1 {
		t.Errorf("code of the deleted version stays: %v", keys)
	}
	if diff := cmp.Diff(map[string]int{"f": 1}, told()); diff != "" {
		t.Error(diff)
	}
	if err := f.DeleteFunction(ctx, w.scope, "f"); err != nil {
		t.Fatal(err)
	}
	if keys := w.keys(ScopePrefix(w.scope)); len(keys) != 0 {
		t.Errorf("left behind: %v", keys)
	}
	if len(told()) != 0 {
		t.Error("nobody was told of the deletion")
	}
}

// TestFunctionSealed: an environment isn't stored as it is, and comes back.
func TestFunctionSealed(t *testing.T) {
	w := newWorld(t)
	f, _ := w.newFunctions()
	w.create(f, "f", []byte("zip"))
	r, err := shared.Get(t.Context(), functionRef{w.scope, "f"}.key())
	if err != nil || bytes.Contains(r.Value, []byte("secret text")) || bytes.Contains(r.Value, []byte("KEY")) {
		t.Errorf("%s %v", r.Value, err)
	}
	if got := must[*apigw.Function](w)(f.Function(t.Context(), w.scope, "f")); got.Versions[0].Environment["KEY"] != "a secret text" {
		t.Errorf("%+v", got.Versions[0])
	}
	other, _ := w.newFunctions() // another key
	if _, err := other.Function(t.Context(), w.scope, "f"); apigw.KindOf(err) != apigw.Internal {
		t.Errorf("with another key: %v", err)
	}
	if err := other.DeleteFunction(t.Context(), w.scope, "f"); err != nil {
		t.Errorf("what can't be read can't be deleted: %v", err)
	}
}

// TestFunctionsKept: what was kept is told without the store, until that says
// what there is.
func TestFunctionsKept(t *testing.T) {
	w := newWorld(t)
	f, _ := w.newFunctions()
	kept := make(chan []byte, 100)
	f.Keep = func(raw []byte) { kept <- raw }
	w.create(f, "stays", []byte("zip"))
	w.create(f, "goes", []byte("zip"))
	go f.Follow(t.Context())
	raw := <-kept // once all is known
	list := must[[]Kept](t)(DecodeKept(raw, f.Sealer))
	var own []Kept
	for _, k := range list {
		if k.Scope == w.scope {
			own = append(own, k)
		}
	}
	if len(own) != 2 || own[0].Function.Versions[0].Environment["KEY"] != "a secret text" || bytes.Contains(raw, []byte("secret text")) {
		t.Fatalf("%+v", own)
	}
	if err := f.DeleteFunction(t.Context(), w.scope, "goes"); err != nil {
		t.Fatal(err)
	}
	later, told := w.newFunctions()
	later.Sealer = f.Sealer
	later.Assume(own)
	if diff := cmp.Diff(map[string]int{"stays": 1, "goes": 1}, told()); diff != "" {
		t.Error(diff)
	}
	go later.Follow(t.Context())
	<-later.Loaded()
	if got := told(); got["stays"] != 1 || got["goes"] != 0 {
		t.Errorf("%v", got)
	}
}

// TestFunctionWriters: changes of one function at the same time all count, and
// another node's reach this one.
func TestFunctionWriters(t *testing.T) {
	w := newWorld(t)
	f, _ := w.newFunctions()
	w.create(f, "f", []byte("zip"))
	other := &Functions{c: f.c, FunctionOptions: f.FunctionOptions, catalog: newCatalog()}
	told := make(chan int, 100)
	other.Changed = func(_ apigw.Scope, name string, f *apigw.Function) {
		if f != nil {
			told <- len(f.Tags)
		}
	}
	go other.Follow(t.Context())
	<-other.Loaded()
	var writers sync.WaitGroup
	for i := range 8 {
		writers.Go(func() {
			if err := f.Tag(t.Context(), w.scope, "f", map[string]string{fmt.Sprint("k", i): "v"}, nil); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	for n := 0; n < 8; {
		n = max(n, <-told)
	}
	wantError(t, func() error {
		_, err := f.CreateFunction(t.Context(), w.scope, "f", apigw.FunctionVersion{}, []byte("zip"), nil, false)
		return err
	}(), apigw.Conflict, "Function already exist: f")
}

func TestPermits(t *testing.T) {
	const source = "arn:aws:execute-api:us-east-1:000000000001:api/prod/GET/pets/{id}"
	permission := func(change func(*apigw.FunctionPermission)) *apigw.FunctionPermission {
		p := &apigw.FunctionPermission{ID: "s", Action: "lambda:InvokeFunction", Principal: apiGateway}
		change(p)
		return p
	}
	cases := map[string]struct {
		change    func(*apigw.FunctionPermission)
		qualifier string
		want      bool
	}{
		"API Gateway": {func(*apigw.FunctionPermission) {}, "", true},
		"everybody":   {func(p *apigw.FunctionPermission) { p.Principal = "*" }, "", true},
		"all actions": {func(p *apigw.FunctionPermission) { p.Action = "lambda:*" }, "", true},
		"this API":    {func(p *apigw.FunctionPermission) { p.SourceARN = "arn:aws:execute-api:us-east-1:000000000001:api/*" }, "", true},
		"this method": {func(p *apigw.FunctionPermission) {
			p.SourceARN = "arn:aws:execute-api:us-east-1:000000000001:api/*/GET/pets/*"
		}, "", true},
		"this account":    {func(p *apigw.FunctionPermission) { p.SourceAccount = "000000000001" }, "", true},
		"the alias":       {func(p *apigw.FunctionPermission) { p.Qualifier = "live" }, "live", true},
		"another service": {func(p *apigw.FunctionPermission) { p.Principal = "events.amazonaws.com" }, "", false},
		"another action":  {func(p *apigw.FunctionPermission) { p.Action = "lambda:GetFunction" }, "", false},
		"another API":     {func(p *apigw.FunctionPermission) { p.SourceARN = "arn:aws:execute-api:us-east-1:000000000001:other/*" }, "", false},
		"another verb": {func(p *apigw.FunctionPermission) {
			p.SourceARN = "arn:aws:execute-api:us-east-1:000000000001:api/*/POST/*"
		}, "", false},
		"another account":   {func(p *apigw.FunctionPermission) { p.SourceAccount = "000000000002" }, "", false},
		"the alias alone":   {func(p *apigw.FunctionPermission) { p.Qualifier = "live" }, "", false},
		"not for the alias": {func(*apigw.FunctionPermission) {}, "live", false},
	}
	for name, c := range cases {
		f := &apigw.Function{Permissions: []*apigw.FunctionPermission{permission(c.change)}}
		if got := Permits(f, c.qualifier)(source); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestPolicyText(t *testing.T) {
	w := newWorld(t)
	f, _ := w.newFunctions()
	w.create(f, "f", []byte("zip"))
	ctx := t.Context()
	p := apigw.FunctionPermission{ID: "s", Action: "lambda:InvokeFunction", Principal: apiGateway, SourceARN: "arn:aws:execute-api:us-east-1:000000000001:api/*"}
	must[string](w)(f.AddPermission(ctx, w.scope, "f", p, ""))
	policy, _, err := f.Policy(ctx, w.scope, "f", "")
	want := `{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},` +
		`"Action":"lambda:InvokeFunction","Resource":"` + FunctionARN(w.scope, "f", "") + `","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:000000000001:api/*"}}}]}`
	if err != nil || policy != want {
		t.Errorf("%s %v", policy, err)
	}
	_, err = f.AddPermission(ctx, w.scope, "f", p, "")
	wantError(t, err, apigw.Conflict, "The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.")
	if err := f.RemovePermission(ctx, w.scope, "f", "", "s", ""); err != nil {
		t.Error(err)
	}
	_, _, err = f.Policy(ctx, w.scope, "f", "")
	wantError(t, err, apigw.NotFound, "The resource you requested does not exist.")
}

// TestUnreadableEnvironment: a function whose environment can't be unsealed is
// shown with that, and keeps it until it is set anew; others are as they were.
func TestUnreadableEnvironment(t *testing.T) {
	w := newWorld(t)
	before, _ := w.newFunctions()
	w.create(before, "f", []byte("zip"))
	must[*apigw.Function](w)(before.UpdateFunction(t.Context(), w.scope, "f", nil, "", func(f *apigw.Function) error {
		_, err := before.Publish(f, nil, "")
		return err
	}))
	after, _ := w.newFunctions() // with another key
	w.create(after, "g", []byte("zip"))
	list := must[[]*apigw.Function](w)(after.Functions(t.Context(), w.scope))
	if len(list) != 2 || list[0].Versions[0].Unreadable == "" || list[0].Versions[1].Unreadable == "" || list[1].Versions[0].Unreadable != "" || list[1].Versions[0].Environment["KEY"] == "" {
		t.Fatalf("listed: %+v", list)
	}
	rename := func(f *apigw.Function) error {
		f.Versions[0].Description = "changed"
		return nil
	}
	must[*apigw.Function](w)(after.UpdateFunction(t.Context(), w.scope, "f", nil, "", rename))
	f := must[*apigw.Function](w)(before.Function(t.Context(), w.scope, "f"))
	if f.Versions[0].Environment["KEY"] != "a secret text" || f.Versions[1].Environment["KEY"] != "a secret text" || f.Versions[0].Description != "changed" {
		t.Errorf("with the first key again: %+v", f.Versions[0])
	}
	must[*apigw.Function](w)(after.UpdateFunction(t.Context(), w.scope, "f", nil, "", func(f *apigw.Function) error {
		v := f.Versions[0]
		v.Environment, v.Unreadable, v.Sealed = map[string]string{"KEY": "anew"}, "", nil
		return nil
	}))
	f = must[*apigw.Function](w)(after.Function(t.Context(), w.scope, "f"))
	if f.Versions[0].Environment["KEY"] != "anew" || f.Versions[1].Unreadable == "" {
		t.Errorf("set anew: %+v", f.Versions[0])
	}
}

// TestWeightedAlias: what may share an alias (AWS Lambda developer guide,
// "Implement Lambda canary deployments using a weighted alias").
func TestWeightedAlias(t *testing.T) {
	w := newWorld(t)
	f, _ := w.newFunctions()
	ctx := t.Context()
	w.create(f, "f", []byte("one"))
	for i, zip := range []string{"one", "two", "three"} {
		must[*apigw.Function](w)(f.UpdateFunction(ctx, w.scope, "f", []byte(zip), "", func(fn *apigw.Function) error {
			if i == 2 {
				fn.Versions[0].Role = "another"
			}
			_, err := f.Publish(fn, nil, "")
			return err
		}))
	}
	cases := []struct {
		name  string
		alias apigw.FunctionAlias
		want  string // part of the refusal
	}{
		{"two", apigw.FunctionAlias{Version: "1", Second: "2", Weight: 0.1}, ""},
		{"of $LATEST", apigw.FunctionAlias{Version: "$LATEST", Second: "2", Weight: 0.1}, "$LATEST is not supported"},
		{"with $LATEST", apigw.FunctionAlias{Version: "1", Second: "$LATEST", Weight: 0.1}, "$LATEST is not supported"},
		{"the same", apigw.FunctionAlias{Version: "1", Second: "1", Weight: 0.1}, "already included"},
		{"of nobody", apigw.FunctionAlias{Version: "1", Second: "9", Weight: 0.1}, "Function not found"},
		{"of another role", apigw.FunctionAlias{Version: "1", Second: "3", Weight: 0.1}, "different roles"},
		{"too much", apigw.FunctionAlias{Version: "1", Second: "2", Weight: 1.1}, "not between"},
		{"no number", apigw.FunctionAlias{Version: "1", Second: "2", Weight: math.NaN()}, "not between"},
	}
	for i, c := range cases {
		c.alias.Name = fmt.Sprintf("a%d", i)
		_, err := f.CreateAlias(ctx, w.scope, "f", c.alias)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := f.DeleteVersion(ctx, w.scope, "f", "2"); err == nil {
		t.Error("a version that an alias shares was deleted")
	}
}
