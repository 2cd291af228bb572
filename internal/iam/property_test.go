package iam

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The generators draw from few words, so that statements often match, and
// often nearly.
var (
	drawAction    = rapid.SampledFrom([]string{"s:a", "s:ab", "s:*", "s:a?", "S:AB", "*", "t:ab"})
	drawResource  = rapid.SampledFrom([]string{"arn:aws:s:::a", "arn:aws:s:::a*", "arn:aws:s:::?", "arn:aws:s:::${t:k}", "arn:aws:s:::b", "arn:*:*:*:*:*", "*"})
	drawPrincipal = rapid.SampledFrom([]string{"*", "111122223333", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/u",
		"arn:aws:iam::111122223333:user/v", "444455556666", "arn:aws:iam::111122223333:role/r", "arn:aws:sts::111122223333:assumed-role/r/s"})
	drawOperator = rapid.SampledFrom([]string{"StringLike", "StringNotLike", "StringEqualsIfExists", "StringNotEquals", "ForAllValues:StringLike", "ForAnyValue:StringNotLike"})
	drawValue    = rapid.SampledFrom([]string{"a", "b", "ab", "*", "a*", "${t:k}"})
	drawKey      = rapid.SampledFrom([]string{"t:k", "t:l", "t:none"})
	drawWho      = rapid.SampledFrom([]Principal{
		{},
		{ARN: "arn:aws:iam::111122223333:user/u", Account: "111122223333"},
		{ARN: "arn:aws:sts::111122223333:assumed-role/r/s", RoleARN: "arn:aws:iam::111122223333:role/r", Account: "111122223333"},
		{ARN: "arn:aws:iam::444455556666:root", Account: "444455556666"},
	})
)

func some(t *rapid.T, of *rapid.Generator[string], label string) []any {
	var list []any
	for _, s := range rapid.SliceOfN(of, 1, 3).Draw(t, label) {
		list = append(list, s)
	}
	return list
}

// drawStatement is one of a resource's policy, or of an identity's.
func drawStatement(t *rapid.T, effect string, kind Kind) map[string]any {
	not := func(name string) string {
		return rapid.SampledFrom([]string{name, name, "Not" + name}).Draw(t, "which "+name)
	}
	s := map[string]any{"Effect": effect, not("Action"): some(t, drawAction, "actions"), not("Resource"): some(t, drawResource, "resources")}
	if kind == Resource {
		s[not("Principal")] = map[string]any{"AWS": some(t, drawPrincipal, "principals")}
	}
	conditions := map[string]any{}
	for range rapid.IntRange(0, 2).Draw(t, "conditions") {
		conditions[drawOperator.Draw(t, "operator")] = map[string]any{drawKey.Draw(t, "key"): some(t, drawValue, "values")}
	}
	if len(conditions) > 0 {
		s["Condition"] = conditions
	}
	return s
}

func drawStatements(t *rapid.T, kind Kind, label string) []any {
	var list []any
	for range rapid.IntRange(1, 5).Draw(t, label) {
		list = append(list, drawStatement(t, rapid.SampledFrom([]string{"Allow", "Deny"}).Draw(t, "effect"), kind))
	}
	return list
}

func drawRequest(t *rapid.T) *Request {
	return &Request{Action: "s:ab", Resource: "arn:aws:s:::a", Principal: drawWho.Draw(t, "who"), Keys: keys{"t:k": {"a"}, "t:l": {"ab", "b"}}}
}

func document(statements ...any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": statements}
}

func effectOf(t *rapid.T, kind Kind, r *Request, statements ...any) Effect {
	return Evaluate(parse(t, kind, document(statements...)), r).Effect
}

func kindOf(t *rapid.T) Kind {
	return rapid.SampledFrom([]Kind{Identity, Resource}).Draw(t, "kind")
}

// TestDenyWins: what one statement denies by itself, a policy with it denies,
// whatever else it says; and nothing else does.
func TestDenyWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, r := kindOf(t), drawRequest(t)
		statements := drawStatements(t, kind, "statements")
		denied, allowed := false, ImplicitDeny
		for _, s := range statements {
			e := effectOf(t, kind, r, s)
			denied = denied || e == ExplicitDeny
			allowed = max(allowed, e)
		}
		if got := effectOf(t, kind, r, statements...); (got == ExplicitDeny) != denied || got != allowed {
			t.Fatalf("together %d, the strongest of each %d: %v", got, allowed, statements)
		}
	})
}

// shuffled is a statement with all its lists in another order.
func shuffled(t *rapid.T, v any) any {
	switch v := v.(type) {
	case []any:
		list := slices.Clone(rapid.Permutation(v).Draw(t, "order"))
		for i := range list {
			list[i] = shuffled(t, list[i])
		}
		return list
	case map[string]any:
		m := maps.Clone(v)
		for name := range m {
			m[name] = shuffled(t, m[name])
		}
		return m
	}
	return v
}

// TestOrderNeverMatters: of policies, statements, actions, resources,
// principals and values.
func TestOrderNeverMatters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, r := kindOf(t), drawRequest(t)
		statements := drawStatements(t, kind, "statements")
		want := effectOf(t, kind, r, statements...)
		if got := effectOf(t, kind, r, shuffled(t, statements).([]any)...); got != want {
			t.Fatalf("%d, in another order %d: %v", want, got, statements)
		}
		var apart []*Policy
		for _, s := range rapid.Permutation(statements).Draw(t, "policies") {
			apart = append(apart, parse(t, kind, document(s))...)
		}
		if got := Evaluate(apart, r).Effect; got != want {
			t.Fatalf("%d, as policies of their own %d: %v", want, got, statements)
		}
	})
}

// TestAllowNeverTakes: one more Allow turns no decision into a weaker one, nor
// into a deny; one more Deny never lets anybody in.
func TestAllowNeverTakes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, r := kindOf(t), drawRequest(t)
		statements := drawStatements(t, kind, "statements")
		before := effectOf(t, kind, r, statements...)
		if after := effectOf(t, kind, r, append(statements, drawStatement(t, "Allow", kind))...); after < before || after == ExplicitDeny && before != ExplicitDeny {
			t.Fatalf("%d, with one more Allow %d", before, after)
		}
		if after := effectOf(t, kind, r, append(statements, drawStatement(t, "Deny", kind))...); after != before && after != ExplicitDeny {
			t.Fatalf("%d, with one more Deny %d", before, after)
		}
	})
}

// TestSidesTogether: the tables of API Gateway's developer guide hold for all
// effects, whichever side denies; and who is let in from another account would
// be from the same.
func TestSidesTogether(t *testing.T) {
	all := []Effect{ImplicitDeny, AllowAccount, Allow, ExplicitDeny}
	for _, identity := range all {
		for _, resource := range all {
			together := Together(Decision{Effect: identity}, Decision{Effect: resource}).Effect
			across := Across(Decision{Effect: identity}, Decision{Effect: resource}).Effect
			denied := identity == ExplicitDeny || resource == ExplicitDeny
			if denied != (together == ExplicitDeny) || denied != (across == ExplicitDeny) {
				t.Errorf("identity %d, resource %d: %d within, %d across", identity, resource, together, across)
			}
			if across == Allow && together != Allow {
				t.Errorf("identity %d, resource %d: allowed across accounts alone", identity, resource)
			}
		}
	}
}

// TestNotIsTheOpposite: a statement about everything but X matches when the one
// about X doesn't.
func TestNotIsTheOpposite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		actions := some(t, drawAction, "actions")
		with := effectOf(t, Identity, r, map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"})
		without := effectOf(t, Identity, r, map[string]any{"Effect": "Allow", "NotAction": actions, "Resource": "*"})
		if (with == Allow) == (without == Allow) {
			t.Fatalf("%v: %d and %d", actions, with, without)
		}
	})
}

// TestTextAndValue: JSON text and what a decoder made of it are one policy.
func TestTextAndValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind, r := kindOf(t), drawRequest(t)
		d := document(drawStatements(t, kind, "statements")...)
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := Evaluate(parse(t, kind, d), r), Evaluate(parse(t, kind, string(text)), r); a != b {
			t.Fatalf("%v and %v: %s", a, b, text)
		}
	})
}
