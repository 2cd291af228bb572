package authorizer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/iam"
)

const allow = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}`

// TestParseAnswer has the forms of the developer guide, "Output from an API
// Gateway Lambda authorizer".
func TestParseAnswer(t *testing.T) {
	for name, c := range map[string]struct{ answer, wrong string }{
		"whole":               {`{"principalId":"u","policyDocument":` + allow + `,"context":{"a":"b","n":1.50,"t":true,"z":null},"usageIdentifierKey":"k","more":[]}`, ""},
		"no context":          {`{"principalId":"u","policyDocument":` + allow + `,"context":null}`, ""},
		"empty policy":        {`{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[]}}`, ""},
		"no JSON":             {`"`, "no JSON"},
		"null":                {`null`, "no object"},
		"no principal":        {`{"policyDocument":` + allow + `}`, "principalId"},
		"number for a name":   {`{"principalId":1,"policyDocument":` + allow + `}`, "principalId"},
		"no policy":           {`{"principalId":"u"}`, "policyDocument"},
		"policy as text":      {`{"principalId":"u","policyDocument":"{}"}`, "policyDocument"},
		"no such operator":    {`{"principalId":"u","policyDocument":` + strings.Replace(allow, `"*"}`, `"*","Condition":{"Is":{"a:b":"c"}}}`, 1) + `}`, "no condition operator"},
		"context is a list":   {`{"principalId":"u","policyDocument":` + allow + `,"context":[]}`, "context"},
		"nested context":      {`{"principalId":"u","policyDocument":` + allow + `,"context":{"a":{"b":1}}}`, `"a" is a list or an object`},
		"longer than allowed": {`{"principalId":"u","policyDocument":` + allow + `,"context":{"a":"` + strings.Repeat("x", maxAnswer) + `"}}`, "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Policy.Parse([]byte(c.answer))
			if c.wrong == "" && err != nil || c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Fatalf("got %v, want %q", err, c.wrong)
			}
			if name != "whole" {
				return
			}
			if d := cmp.Diff([]Entry{{"a", "b"}, {"n", "1.50"}, {"t", "true"}}, a.Context); d != "" || a.UsageKey != "k" || a.PrincipalID != "u" {
				t.Errorf("%+v %s", a, d)
			}
			if got := a.Decide(&iam.Request{Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:r:1:a/s/GET/"}).Effect; got != iam.Allow {
				t.Errorf("effect %d", got)
			}
		})
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add([]byte(`{"principalId":"u","policyDocument":` + allow + `,"context":{"a":"b"}}`))
	f.Add([]byte(`{"principalId":"u","policyDocument":{"Statement":{}}}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		a, err := Policy.Parse(answer)
		if (a == nil) == (err == nil) && err == nil {
			t.Fatal("neither an answer nor an error")
		}
	})
}
