package iam

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func parse(t interface {
	Helper()
	Fatal(...any)
}, kind Kind, documents ...any) []*Policy {
	t.Helper()
	var list []*Policy
	for _, d := range documents {
		p, err := Parse(d, kind)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// keys are condition keys in a test.
type keys map[string][]string

func (k keys) Values(dst []string, key string) []string { return append(dst, k[key]...) }

const (
	allowAll  = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	allowRead = `{"Statement":[{"Sid":"r","Effect":"Allow","Action":["apigateway:get"],"Resource":"arn:aws:apigateway:*::/restapis*"}]}`
	denyOne   = `{"Statement":[{"Effect":"Deny","Action":"apigateway:*","Resource":"arn:aws:apigateway:us-east-1::/restapis/a?c/*"}]}`
	notPost   = `{"Statement":[{"Effect":"Allow","NotAction":["apigateway:POST","apigateway:D*"],"NotResource":"arn:aws:apigateway:*::/apikeys*"}]}`
	own       = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:apigateway:*::/restapis/${aws:username}/${aws:PrincipalTag/env, 'dev'}/${*}"}]}`
	ownText   = `{"Statement":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:apigateway:*::/restapis/${aws:username}"}]}`
)

func TestEvaluate(t *testing.T) {
	rest := func(path string) string { return "arn:aws:apigateway:us-east-1::/restapis" + path }
	cases := map[string]struct {
		policies         []any
		action, resource string
		keys             keys
		want             Effect
	}{
		"no policy":             {nil, "apigateway:GET", rest(""), nil, ImplicitDeny},
		"all":                   {[]any{allowAll}, "apigateway:GET", rest(""), nil, Allow},
		"action in any case":    {[]any{allowRead}, "apigateway:GET", rest("/abc"), nil, Allow},
		"other action":          {[]any{allowRead}, "apigateway:POST", rest(""), nil, ImplicitDeny},
		"other resource":        {[]any{allowRead}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/apikeys", nil, ImplicitDeny},
		"deny wins":             {[]any{denyOne, allowAll}, "apigateway:GET", rest("/abc/stages"), nil, ExplicitDeny},
		"deny wins, turned":     {[]any{allowAll, denyOne}, "apigateway:GET", rest("/abc/stages"), nil, ExplicitDeny},
		"deny elsewhere":        {[]any{allowAll, denyOne}, "apigateway:GET", rest("/abcd/stages"), nil, Allow},
		"one character":         {[]any{allowAll, denyOne}, "apigateway:GET", rest("/aéc/stages"), nil, ExplicitDeny},
		"resource has case":     {[]any{allowRead}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/RestApis", nil, ImplicitDeny},
		"star keeps its part":   {[]any{allowRead}, "apigateway:GET", "arn:aws:apigateway:x:1:/restapis", nil, ImplicitDeny},
		"no wildcard of theirs": {[]any{denyOne}, "apigateway:GET", rest("/a\x02c/*"), nil, ExplicitDeny},
		"NotAction":             {[]any{notPost}, "apigateway:GET", rest("/abc"), nil, Allow},
		"NotAction, named":      {[]any{notPost}, "apigateway:DELETE", rest("/abc"), nil, ImplicitDeny},
		"NotResource, named":    {[]any{notPost}, "apigateway:GET", "arn:aws:apigateway:us-east-1::/apikeys/1", nil, ImplicitDeny},
		"variable":              {[]any{own}, "a:b", rest("/ann/prod/*"), keys{"aws:username": {"ann"}, "aws:principaltag/env": {"prod"}}, Allow},
		"variable's default":    {[]any{own}, "a:b", rest("/ann/dev/*"), keys{"aws:username": {"ann"}}, Allow},
		"escaped star":          {[]any{own}, "a:b", rest("/ann/dev/x"), keys{"aws:username": {"ann"}}, ImplicitDeny},
		"variable, other value": {[]any{own}, "a:b", rest("/bob/dev/*"), keys{"aws:username": {"ann"}}, ImplicitDeny},
		"variable is no glob":   {[]any{own}, "a:b", rest("/ann/dev/*"), keys{"aws:username": {"*"}}, ImplicitDeny},
		"variable is no \\x01":  {[]any{own}, "a:b", rest("/ann/dev/*"), keys{"aws:username": {"\x01"}}, ImplicitDeny},
		"variable absent":       {[]any{own}, "a:b", rest("//dev/*"), nil, ImplicitDeny},
		"older version: text":   {[]any{ownText}, "a:b", rest("/${aws:username}"), keys{"aws:username": {"ann"}}, Allow},
		"decoded YAML": {[]any{map[string]any{"Statement": []any{map[string]any{"Effect": "Allow", "Action": []any{"execute-api:Invoke"}, "Resource": "arn:aws:execute-api:*:*:*"}}}},
			"execute-api:Invoke", "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/a:b", nil, Allow},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := Evaluate(parse(t, Identity, c.policies...), &Request{Action: c.action, Resource: c.resource, Keys: c.keys})
			if got.Effect != c.want || (got.Effect == ImplicitDeny) != (got.Statement == "") {
				t.Errorf("got %+v, want %d", got, c.want)
			}
		})
	}
}

// TestConditions has the operators and the table of missing keys (IAM user
// guide, "Condition operators").
func TestConditions(t *testing.T) {
	k := keys{
		"aws:sourceip": {"203.0.113.9"}, "six": {}, "t:v6": {"2001:db8::1"}, "t:mapped": {"::ffff:203.0.113.9"},
		"t:s": {"Abc"}, "t:n": {"10.5"}, "t:d": {"2026-05-31T12:00:00Z"}, "t:epoch": {"1780228800"}, "t:b": {"TRUE"},
		"t:arn": {"arn:aws:execute-api:us-east-1:123456789012:api/prod/GET/"}, "t:many": {"a", "b"}, "t:bin": {"aGk="}, "aws:username": {"ann"}, "t:me": {"ann-1"},
	}
	cases := map[string]bool{
		`{"StringEquals":{"t:s":"Abc"}}`:                        true,
		`{"StringEquals":{"T:S":["x","Abc"]}}`:                  true,
		`{"StringEquals":{"t:s":"abc"}}`:                        false,
		`{"StringEquals":{"t:s":"A*"}}`:                         false,
		`{"StringEqualsIgnoreCase":{"t:s":"aBC"}}`:              true,
		`{"StringNotEqualsIgnoreCase":{"t:s":"aBC"}}`:           false,
		`{"StringLike":{"t:s":"A?c"}}`:                          true,
		`{"StringLike":{"t:s":"a*"}}`:                           false,
		`{"StringNotLike":{"t:s":["x*","a*"]}}`:                 true,
		`{"StringNotLike":{"t:s":["x*","A*"]}}`:                 false,
		`{"StringLike":{"t:me":"${aws:username}-*"}}`:           true,
		`{"StringEquals":{"t:me":"${aws:none}"}}`:               false,
		`{"StringNotEquals":{"t:me":"${aws:none}"}}`:            false,
		`{"StringEquals":{"t:s":"Abc"},"Bool":{"t:b":"false"}}`: false,
		`{"StringEquals":{"t:s":"Abc","t:me":"ann-1"}}`:         true,
		`{"NumericEquals":{"t:n":"10.50"}}`:                     true,
		`{"NumericNotEquals":{"t:n":10.5}}`:                     false,
		`{"NumericLessThan":{"t:n":"10.5"}}`:                    false,
		`{"NumericLessThanEquals":{"t:n":"10.5"}}`:              true,
		`{"NumericGreaterThan":{"t:n":"-3"}}`:                   true,
		`{"NumericGreaterThanEquals":{"t:s":"1"}}`:              false,
		`{"DateGreaterThan":{"t:d":"2026-05-31T11:59:59Z"}}`:    true,
		`{"DateLessThan":{"t:d":"2026-05-31T12:00:00+01:00"}}`:  false,
		`{"DateEquals":{"t:epoch":"2026-05-31T12:00:00Z"}}`:     true,
		`{"DateNotEquals":{"t:d":"1780228800"}}`:                false,
		`{"DateLessThanEquals":{"t:d":"2026-06"}}`:              true,
		`{"DateGreaterThanEquals":{"t:d":"2026-06-01"}}`:        false,
		`{"Bool":{"t:b":true}}`:                                 true,
		`{"BinaryEquals":{"t:bin":"aGk="}}`:                     true,
		`{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`:       true,
		`{"IpAddress":{"aws:SourceIp":"203.0.113.9"}}`:          true,
		`{"IpAddress":{"t:mapped":"203.0.113.0/24"}}`:           true,
		`{"IpAddress":{"t:v6":"2001:db8::/32"}}`:                true,
		`{"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8"]}}`:      true,
		`{"NotIpAddress":{"aws:SourceIp":["203.0.113.9/32"]}}`:  false,
		`{"ArnLike":{"t:arn":"arn:aws:execute-api:*:*:api/*"}}`: true,
		`{"ArnEquals":{"t:arn":"arn:aws:execute-api:*"}}`:       false,
		`{"ArnNotLike":{"t:arn":"arn:aws:*:*:*:other*"}}`:       true,
		`{"Null":{"t:none":"true"}}`:                            true,
		`{"Null":{"t:s":true}}`:                                 false,
		`{"Null":{"t:s":"false"}}`:                              true,
		// A key that the request hasn't.
		`{"StringEquals":{"t:none":"x"}}`:                 false,
		`{"StringNotEquals":{"t:none":"x"}}`:              true,
		`{"NotIpAddress":{"t:none":"10.0.0.0/8"}}`:        true,
		`{"StringEqualsIfExists":{"t:none":"x"}}`:         true,
		`{"StringEqualsIfExists":{"t:s":"x"}}`:            false,
		`{"ForAllValues:StringEquals":{"t:none":"x"}}`:    true,
		`{"ForAnyValue:StringEquals":{"t:none":"x"}}`:     false,
		`{"ForAnyValue:StringNotEquals":{"t:none":"x"}}`:  false,
		`{"ForAnyValue:StringLikeIfExists":{"t:no":"x"}}`: true,
		// A key with several values.
		`{"ForAllValues:StringEquals":{"t:many":["a","b","c"]}}`: true,
		`{"ForAllValues:StringEquals":{"t:many":["a","c"]}}`:     false,
		`{"ForAllValues:StringNotEquals":{"t:many":["c"]}}`:      true,
		`{"ForAllValues:StringNotEquals":{"t:many":["b"]}}`:      false,
		`{"ForAnyValue:StringEquals":{"t:many":["b","c"]}}`:      true,
		`{"ForAnyValue:StringEquals":{"t:many":["c"]}}`:          false,
		`{"ForAnyValue:StringNotEquals":{"t:many":["a"]}}`:       true,
		`{"ForAnyValue:StringNotEquals":{"t:many":["a","b"]}}`:   false,
		`{"StringEquals":{"t:many":"b"}}`:                        true,
		`{"StringNotEquals":{"t:many":"b"}}`:                     false,
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			document := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":` + text + `}}`
			got := Evaluate(parse(t, Identity, document), &Request{Action: "a:b", Resource: "arn:aws:a:::b", Keys: k})
			if got.Effect == Allow != want {
				t.Errorf("got %+v, want it to hold: %v", got, want)
			}
		})
	}
}

// TestPrincipals has who is meant by the policy of a resource.
func TestPrincipals(t *testing.T) {
	const account = "123456789012"
	user := Principal{ARN: "arn:aws:iam::123456789012:user/ann", Account: account}
	session := Principal{ARN: "arn:aws:sts::123456789012:assumed-role/dev/s1", RoleARN: "arn:aws:iam::123456789012:role/dev", Account: account}
	root := Principal{ARN: "arn:aws:iam::123456789012:root", Account: account}
	service := Principal{Service: "apigateway.amazonaws.com"}
	cases := []struct {
		element string
		who     Principal
		want    Effect
	}{
		{`"Principal":"*"`, Principal{}, Allow},
		{`"Principal":{"AWS":"*"}`, user, Allow},
		{`"Principal":{"AWS":["123456789012"]}`, user, AllowAccount},
		{`"Principal":{"AWS":"arn:aws:iam::123456789012:root"}`, user, AllowAccount},
		{`"Principal":{"AWS":"arn:aws:iam::123456789012:root"}`, root, Allow},
		{`"Principal":{"AWS":"210987654321"}`, user, ImplicitDeny},
		{`"Principal":{"AWS":"123456789012"}`, Principal{}, ImplicitDeny},
		{`"Principal":{"AWS":["210987654321","arn:aws:iam::123456789012:user/ann"]}`, user, Allow},
		{`"Principal":{"AWS":"arn:aws:iam::123456789012:role/dev"}`, session, Allow},
		{`"Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/dev/s1"}`, session, Allow},
		{`"Principal":{"AWS":"arn:aws:sts::123456789012:assumed-role/dev/s2"}`, session, ImplicitDeny},
		{`"Principal":{"Service":"apigateway.amazonaws.com"}`, service, Allow},
		{`"Principal":{"Service":"s3.amazonaws.com","Federated":"x","CanonicalUser":"y"}`, service, ImplicitDeny},
		{`"NotPrincipal":{"AWS":["arn:aws:iam::123456789012:user/ann","123456789012"]}`, user, ImplicitDeny},
		{`"NotPrincipal":{"AWS":"arn:aws:iam::123456789012:user/ann"}`, user, Allow},
		{`"NotPrincipal":{"AWS":"123456789012"}`, user, Allow},
		{`"NotPrincipal":{"AWS":"123456789012"}`, root, ImplicitDeny},
		{`"NotPrincipal":{"AWS":["123456789012","arn:aws:iam::123456789012:role/dev","arn:aws:sts::123456789012:assumed-role/dev/s1"]}`, session, ImplicitDeny},
		{`"NotPrincipal":{"AWS":["123456789012","arn:aws:iam::123456789012:role/dev"]}`, session, Allow},
		{`"NotPrincipal":{"AWS":"123456789012"}`, Principal{}, Allow},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%s %s", c.element, c.who.ARN), func(t *testing.T) {
			document := `{"Statement":{"Effect":"%s",` + c.element + `,"Action":"*","Resource":"*"}}`
			request := &Request{Action: "a:b", Resource: "arn:aws:a:::b", Principal: c.who}
			if got := Evaluate(parse(t, Resource, fmt.Sprintf(document, "Allow")), request); got.Effect != c.want {
				t.Errorf("allow: got %+v, want %d", got, c.want)
			}
			denied := Evaluate(parse(t, Resource, fmt.Sprintf(document, "Deny")), request).Effect == ExplicitDeny
			if want := c.want != ImplicitDeny; denied != want {
				t.Errorf("deny: got %v, want %v", denied, want)
			}
		})
	}
}

// TestTables are the developer guide's tables A and B ("How API Gateway
// resource policies affect authorization workflow").
func TestTables(t *testing.T) {
	const silent, allow, deny = ImplicitDeny, Allow, ExplicitDeny
	for _, c := range []struct{ identity, resource, same, cross Effect }{
		{allow, allow, allow, allow}, {allow, silent, allow, silent}, {allow, deny, deny, deny},
		{silent, allow, allow, silent}, {silent, silent, silent, silent}, {silent, deny, deny, deny},
		{deny, allow, deny, deny}, {deny, silent, deny, deny}, {deny, deny, deny, deny},
		// An account as the principal leaves it to the account.
		{allow, AllowAccount, allow, allow}, {silent, AllowAccount, silent, silent},
	} {
		identity, resource := Decision{Effect: c.identity}, Decision{Effect: c.resource}
		if same, cross := Together(identity, resource).Effect, Across(identity, resource).Effect; same != c.same || cross != c.cross {
			t.Errorf("%d with %d: got %d and %d, want %d and %d", c.identity, c.resource, same, cross, c.same, c.cross)
		}
	}
}

func TestRefusedByName(t *testing.T) {
	statement := func(more string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"` + more + `}]}`
	}
	cases := map[string]struct {
		document string
		kind     Kind
		want     string
	}{
		"not JSON":        {`{`, Identity, "not valid JSON"},
		"twice":           {statement(`,"Effect":"Deny"`), Identity, "Effect is there twice in one object"},
		"condition twice": {statement(`,"Condition":{"StringEquals":{"a:b":"c"},"StringEquals":{"a:c":"d"}}`), Identity, "StringEquals is there twice"},
		"deep":            {`{"Statement":` + strings.Repeat("[", 30) + strings.Repeat("]", 30) + `}`, Identity, "nested deeper than 20"},
		"cut":             {`{"Statement":[`, Identity, "unexpected EOF"},
		"comma":           {`{"Statement":[1,]}`, Identity, "not valid JSON"},
		"no object":       {`[]`, Identity, "must be an object"},
		"more text":       {allowAll + "x", Identity, "text behind"},
		"version":         {`{"Version":"2020-01-01","Statement":[]}`, Identity, "Version: must be"},
		"unknown":         {`{"Statements":[]}`, Identity, "Statements: no element of a policy"},
		"no statement":    {`{}`, Identity, "Statement: missing"},
		"operator":        {statement(`,"Condition":{"StringIs":{"a:b":"c"}}`), Identity, "Statement[0].Condition.StringIs: no condition operator is called StringIs"},
		"Null, if":        {statement(`,"Condition":{"NullIfExists":{"a:b":"true"}}`), Identity, "no condition operator is called NullIfExists"},
		"key":             {statement(`,"Condition":{"StringEquals":{"ab":"c"}}`), Identity, `"ab" is no condition key`},
		"no keys":         {statement(`,"Condition":{"StringEquals":"ab"}`), Identity, "must be an object of condition keys"},
		"number":          {statement(`,"Condition":{"NumericEquals":{"a:b":"1e9"}}`), Identity, `Statement[0].Condition.NumericEquals.a:b[0]: "1e9" is no number`},
		"date":            {statement(`,"Condition":{"DateEquals":{"a:b":"yesterday"}}`), Identity, "is no date"},
		"network":         {statement(`,"Condition":{"IpAddress":{"a:b":"10.0.0.0/33"}}`), Identity, "is no address"},
		"bool":            {statement(`,"Condition":{"Bool":{"a:b":"yes"}}`), Identity, "neither true nor false"},
		"binary":          {statement(`,"Condition":{"BinaryEquals":{"a:b":"?"}}`), Identity, "no base64"},
		"null":            {statement(`,"Condition":{"Null":{"a:b":"yes"}}`), Identity, "must be true"},
		"both":            {statement(`,"NotAction":"*"`), Identity, "has both Action and NotAction"},
		"principal":       {statement(`,"Principal":"*"`), Identity, "Statement[0].Principal: has no place"},
		"no principal":    {statement(``), Resource, "Statement[0].Principal: missing"},
		"principal kind":  {statement(`,"Principal":{"User":"x"}`), Resource, "Principal.User: no kind"},
		"principal glob":  {statement(`,"Principal":{"AWS":"arn:aws:iam::123456789012:user/*"}`), Resource, "no wildcards"},
		"principal text":  {statement(`,"Principal":{"AWS":"ann"}`), Resource, "must be an account"},
		"trust":           {statement(`,"Principal":"*"`), Trust, "Resource: has no place"},
		"misspelt":        {statement(`,"resource":"*"`), Identity, "Statement[0].resource: no element of a statement"},
		"effect":          {`{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}`, Identity, "Statement[0].Effect: must be Allow or Deny"},
		"no resource":     {`{"Statement":[{"Effect":"Allow","Action":"*"}]}`, Identity, "Statement[0].Resource: missing"},
		"variable":        {statement(`,"NotResource":["*","arn:aws:s3:::a/${x"]`), Identity, "${x has no end"},
		"early variable":  {statement(`,"NotResource":["arn:aws:s3:${aws:r}::a"]`), Identity, "only behind the fifth colon"},
		"odd variable":    {statement(`,"NotResource":["arn:aws:s3:::${a}"]`), Identity, "${a} is no policy variable"},
		"odd default":     {statement(`,"NotResource":["arn:aws:s3:::${a:b, c}"]`), Identity, "single quotes"},
		"control":         {statement(`,"NotResource":["arn:aws:s3:::a\u0001"]`), Identity, "control character"},
		"short ARN":       {`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:*"}]}`, Identity, "Statement[0].Resource[0]: \"arn:aws:s3:*\" must be an ARN of six parts or *"},
		"action":          {`{"Statement":[{"Effect":"Allow","Action":"GetObject","Resource":"*"}]}`, Identity, "Statement[0].Action[0]: \"GetObject\" is no action"},
		"action number":   {`{"Statement":[{"Effect":"Allow","Action":[1],"Resource":"*"}]}`, Identity, "Statement[0].Action[0]: must be text"},
		"empty list":      {`{"Statement":[{"Effect":"Allow","Action":[],"Resource":"*"}]}`, Identity, "Statement[0].Action: must be text or a list of texts"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(c.document, c.kind)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{allowAll, allowRead, denyOne, notPost, own, `{"Statement":[{"Effect":"Deny","Action":"a:*","Resource":"arn:*:*:*:*:*","Condition":{"IpAddress":{"aws:SourceIp":["::/0","1.2.3.4"]},"ForAllValues:NumericLessThanIfExists":{"t:n":1},"DateEquals":{"t:d":"2020"},"Null":{"a:b":true}}}]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text, Identity)
		if err != nil {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatal("what is no JSON is a policy")
		}
		deny := parse(t, Identity, `{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}`)
		request := &Request{Action: "apigateway:GET", Resource: "arn:aws:apigateway:us-east-1::/", Keys: keys{"aws:sourceip": {"1.2.3.4"}, "t:n": {"5"}}}
		if Evaluate(append([]*Policy{p}, deny...), request).Effect != ExplicitDeny {
			t.Fatal("an explicit deny didn't win")
		}
	})
}

// BenchmarkEvaluate is a policy of 20 statements of which the last one allows.
func BenchmarkEvaluate(b *testing.B) {
	var list []string
	for i := range 19 {
		list = append(list, fmt.Sprintf(`{"Effect":"Allow","Action":["execute-api:Invoke"],"Resource":"arn:aws:execute-api:*:123456789012:api%d/*/GET/*"}`, i))
	}
	list = append(list, `{"Effect":"Allow","Action":"execute-api:*","Resource":"arn:aws:execute-api:*:*:abc/prod/*","Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"StringEquals":{"aws:SourceVpc":"vpc-1"}}}`)
	p := parse(b, Identity, `{"Version":"2012-10-17","Statement":[`+strings.Join(list, ",")+`]}`)
	r := &Request{Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:us-east-1:123456789012:abc/prod/GET/pets/1", Keys: keys{"aws:sourceip": {"203.0.113.9"}, "aws:sourcevpc": {"vpc-1"}}}
	b.ReportAllocs()
	for b.Loop() {
		if Evaluate(p, r).Effect != Allow {
			b.Fatal("not allowed")
		}
	}
}
