package lambda

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseName(t *testing.T) {
	cases := []struct {
		in   string
		want Name // zero: refused
	}{
		{"petstore", Name{Name: "petstore"}},
		{"petstore:live", Name{Name: "petstore", Qualifier: "live"}},
		{"petstore:$LATEST", Name{Name: "petstore", Qualifier: "$LATEST"}},
		{"function:petstore", Name{Name: "petstore"}},
		{"123456789012:function:petstore:7", Name{Account: "123456789012", Name: "petstore", Qualifier: "7"}},
		{"arn:aws:lambda:eu-west-1:123456789012:function:a_b-c", Name{"aws", "eu-west-1", "123456789012", "a_b-c", ""}},
		{"arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f:q", Name{"aws-us-gov", "us-gov-west-1", "123456789012", "f", "q"}},
		{"arn:aws-eusc:lambda:eusc-de-east-1:123456789012:function:f", Name{"aws-eusc", "eusc-de-east-1", "123456789012", "f", ""}},
		{in: ""},
		{in: "a b"},
		{in: "a/b"},
		{in: "a:b:c"},
		{in: "a:"},
		{in: "../x"},
		{in: "${stageVariables.f}"},
		{in: "arn:aws:lambda:eu-west-1:123456789012:layer:x"},
		{in: "arn:aws:s3:eu-west-1:123456789012:function:x"},
		{in: "arn:aws:lambda:evil.example/:123456789012:function:x"},
		{in: "arn:aws:lambda:eu-west-1:12345678901:function:x"},
		{in: "arn:other:lambda:eu-west-1:123456789012:function:x"},
		{in: strings.Repeat("x", 257)},
	}
	for _, c := range cases {
		t.Run(c.in, func(t *testing.T) {
			got, err := ParseName(c.in)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			if refused := c.want == (Name{}); refused != (err != nil) || refused && KindOf(err) != BadName {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestParseURI(t *testing.T) {
	const head, end = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/", "/invocations"
	cases := []struct{ name, in, want, problem string }{
		{"ARN", head + "arn:aws:lambda:eu-west-1:123456789012:function:f" + end, "arn:aws:lambda:eu-west-1:123456789012:function:f", ""},
		{"name", head + "f" + end, "f", ""},
		{"stage variable", head + "arn:aws:lambda:eu-west-1:123456789012:function:${stageVariables.f}" + end,
			"arn:aws:lambda:eu-west-1:123456789012:function:${stageVariables.f}", ""},
		{"no end", head + "f", "", "doesn't end with"},
		{"empty", head + end, "", "doesn't end with"},
		{"deeper", head + "f/x" + end, "", "doesn't end with"},
		{"another service", "arn:aws:apigateway:eu-west-1:sqs:path/1/q", "", "not a function's URI"},
		{"not of the gateway", "arn:aws:lambda:eu-west-1:lambda:path/2015-03-31/functions/f/invocations", "", "doesn't begin"},
		{"HTTP", "https://example.com/", "", "not a function's URI"},
		{"streaming", "arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/f/response-streaming-invocations", "", "not a function's URI"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseURI(c.in)
			if got != c.want {
				t.Errorf("got %q", got)
			}
			if (err != nil) != (c.problem != "") || err != nil && (!strings.Contains(err.Error(), c.problem) || KindOf(err) != BadName) {
				t.Errorf("error %v, want %q", err, c.problem)
			}
		})
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"f", "f:q", "123456789012:function:f:q", "arn:aws:lambda:eu-west-1:123456789012:function:f:$LATEST", "::", "arn:"} {
		f.Add(s)
	}
	cfg := &Config{Partition: "aws", Account: "123456789012", Region: "eu-west-1"}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseName(s)
		if err != nil {
			return
		}
		// The ARN made of a name reads as the same function.
		again, err := ParseName(n.ARN(cfg))
		if err != nil && len(n.ARN(cfg)) <= maxName {
			t.Fatalf("%q: %v", n.ARN(cfg), err)
		}
		if err == nil && (again.Name != n.Name || again.Qualifier != n.Qualifier) {
			t.Errorf("%+v read again as %+v", n, again)
		}
		if strings.ContainsAny(n.Name+n.Qualifier+n.Region+n.Partition, "/?#@ %\r\n") {
			t.Errorf("%+v holds what ends a part of a URL", n)
		}
	})
}

func FuzzParseURI(f *testing.F) {
	f.Add("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations")
	f.Add("arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions//invocations")
	f.Fuzz(func(t *testing.T, s string) {
		if name, err := ParseURI(s); err == nil && (name == "" || !strings.Contains(s, name)) {
			t.Errorf("%q from %q", name, s)
		}
	})
}

func TestParseStreamURI(t *testing.T) {
	const uri = "arn:aws:apigateway:eu-west-1:lambda:path/2021-11-15/functions/f/response-streaming-invocations"
	if got, err := ParseStreamURI(uri); got != "f" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, other := range []string{
		strings.Replace(uri, "2021-11-15", "2015-03-31", 1), strings.Replace(uri, "response-streaming-", "", 1),
		"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations",
	} {
		if got, err := ParseStreamURI(other); KindOf(err) != BadName {
			t.Errorf("%s: %q, %v", other, got, err)
		}
	}
}
