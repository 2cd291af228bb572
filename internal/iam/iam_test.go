package iam

import (
	"strings"
	"testing"
)

func parse(t *testing.T, documents ...any) []*Policy {
	t.Helper()
	var list []*Policy
	for _, d := range documents {
		p, err := Parse(d)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

const (
	allowAll  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	allowRead = `{"Statement":[{"Sid":"r","Effect":"Allow","Action":["apigateway:get"],"Resource":"arn:aws:apigateway:*::/restapis*"}]}`
	denyOne   = `{"Statement":[{"Effect":"Deny","Action":"apigateway:*","Resource":"arn:aws:apigateway:us-east-1::/restapis/a?c/*"}]}`
)

func TestEvaluate(t *testing.T) {
	cases := map[string]struct {
		policies         []any
		action, resource string
		want             Decision
	}{
		"no policy":           {nil, "apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis", ImplicitDeny},
		"all":                 {[]any{allowAll}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis", Allow},
		"action in any case":  {[]any{allowRead}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis/abc", Allow},
		"other action":        {[]any{allowRead}, "apigateway:POST", "arn:aws:apigateway:us-east-1::/restapis", ImplicitDeny},
		"other resource":      {[]any{allowRead}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/apikeys", ImplicitDeny},
		"deny wins":           {[]any{denyOne, allowAll}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis/abc/stages", ExplicitDeny},
		"deny wins, turned":   {[]any{allowAll, denyOne}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis/abc/stages", ExplicitDeny},
		"deny elsewhere":      {[]any{allowAll, denyOne}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis/abcd/stages", Allow},
		"resource has case":   {[]any{allowRead}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/RestApis", ImplicitDeny},
		"star keeps its part": {[]any{allowRead}, "apigateway:GET", "arn:aws:apigateway:x:1:/restapis", ImplicitDeny},
		"decoded YAML": {[]any{map[string]any{"Statement": []any{map[string]any{"Effect": "Allow", "Action": []any{"execute-api:Invoke"}, "Resource": "arn:aws:execute-api:*:*:*"}}}},
			"execute-api:Invoke", "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/a:b", Allow},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Evaluate(parse(t, c.policies...), c.action, c.resource); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestRefusedByName(t *testing.T) {
	statement := func(more string) string {
		return `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"` + more + `}]}`
	}
	cases := map[string]struct{ document, want string }{
		"not JSON":      {`{`, "not valid JSON"},
		"no object":     {`[]`, "must be an object"},
		"more text":     {allowAll + "x", "text behind"},
		"version":       {`{"Version":"2020-01-01","Statement":[]}`, "Version: must be"},
		"unknown":       {`{"Statements":[]}`, "Statements: no element of a policy"},
		"no statement":  {`{}`, "Statement: missing"},
		"condition":     {statement(`,"Condition":{"Bool":{"aws:SecureTransport":"true"}}`), "Statement[0].Condition: not supported yet"},
		"notaction":     {statement(`,"NotAction":"*"`), "Statement[0].NotAction: not supported yet"},
		"principal":     {statement(`,"Principal":"*"`), "Statement[0].Principal: has no place"},
		"misspelt":      {statement(`,"resource":"*"`), "Statement[0].resource: no element of a statement"},
		"effect":        {`{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}`, "Statement[0].Effect: must be Allow or Deny"},
		"no resource":   {`{"Statement":[{"Effect":"Allow","Action":"*"}]}`, "Statement[0].Resource: missing"},
		"variable":      {`{"Statement":[{"Effect":"Allow","Action":"*","Resource":["*","arn:aws:s3:::a/${aws:username}"]}]}`, "Statement[0].Resource[1]: policy variables are not supported yet"},
		"short ARN":     {`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:*"}]}`, "Statement[0].Resource[0]: \"arn:aws:s3:*\" must be an ARN of six parts or *"},
		"action":        {`{"Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}`, "Statement[0].Action[0]: \"GetObject\" is no action"},
		"action number": {`{"Statement":[{"Effect":"Allow","Action":[1],"Resource":"*"}]}`, "Statement[0].Action[0]: must be text"},
		"empty list":    {`{"Statement":[{"Effect":"Allow","Action":[],"Resource":"*"}]}`, "Statement[0].Action: must be text or a list of texts"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(c.document)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{allowAll, allowRead, denyOne, `{"Statement":[{"Effect":"Deny","Action":"a:*","Resource":"arn:*:*:*:*:*"}]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		deny := parse(t, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
		if Evaluate(append([]*Policy{p}, deny...), "apigateway:GET", "arn:aws:apigateway:us-east-1::/") != ExplicitDeny {
			t.Fatal("an explicit deny didn't win")
		}
	})
}
