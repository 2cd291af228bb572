package lambda

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

func TestConfigurationProblems(t *testing.T) {
	empty := t.TempDir()
	plain := t.TempDir()
	if err := os.WriteFile(filepath.Join(plain, bootstrapName), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(plain, bootstrapName)
	ok := func(change func(*Function)) Function {
		fn := Function{Runtime: "provided.al2023", Code: rawFolder}
		change(&fn)
		return fn
	}
	env := func(name, value string) Function {
		return ok(func(fn *Function) { fn.Environment = map[string]string{name: value} })
	}
	cases := []struct {
		name string
		fn   Function
		want string
	}{
		{"another runtime", ok(func(fn *Function) { fn.Runtime = "dotnet8" }), `runtime "dotnet8" isn't supported: AWS's runtime client for dotnet isn't part`},
		{"another version", ok(func(fn *Function) { fn.Runtime = "nodejs16.x" }), `runtime "nodejs16.x" isn't supported; of nodejs these are: 18.x, 20.x`},
		{"a wrong runtime", ok(func(fn *Function) { fn.Runtime = "perl" }), `runtime "perl" isn't supported; provided.al2023 (a folder`},
		{"no runtime", ok(func(fn *Function) { fn.Runtime = "" }), `runtime "" isn't supported`},
		{"no folder", ok(func(fn *Function) { fn.Code = filepath.Join(empty, "x") }), "does not exist"},
		{"no code", ok(func(fn *Function) { fn.Code = "" }), "needs a code folder, or an endpoint"},
		{"a file", ok(func(fn *Function) { fn.Code = file }), "is no folder"},
		{"no bootstrap", ok(func(fn *Function) { fn.Code = empty }), bootstrapName + " does not exist; the runtime provided.al2023 executes it"},
		{"not executable", ok(func(fn *Function) { fn.Code = plain }), "is not executable (chmod +x)"},
		{"no Go", ok(func(fn *Function) { fn.Runtime = "go"; fn.Code = empty }), "holds no Go source"},
		{"short", ok(func(fn *Function) { fn.Timeout = time.Millisecond }), "timeout 1ms is not within 1s and 900s"},
		{"long", ok(func(fn *Function) { fn.Timeout = time.Hour }), "timeout 1h0m0s is not within 1s and 900s"},
		{"small", ok(func(fn *Function) { fn.Memory = 64 }), "memory 64 is not within 128 and 10240"},
		{"many", ok(func(fn *Function) { fn.Concurrency = -1 }), "concurrency -1 is not within 1 and 1000"},
		{"reserved variable", env("AWS_LAMBDA_FUNCTION_NAME", "x"), "environment: AWS_LAMBDA_FUNCTION_NAME is reserved by Lambda"},
		{"handler variable", env("_HANDLER", "x"), `environment: "_HANDLER" is no variable name`},
		{"odd variable", env("A=B", "x"), `environment: "A=B" is no variable name`},
		{"NUL", env("AB", "\x00"), "the value of AB holds a NUL"},
		{"much", env("AB", strings.Repeat("x", 5000)), "environment: 5002 bytes of variables, Lambda allows 4096"},
		{"both", Function{Runtime: "go", Code: empty, Endpoint: "http://localhost:9000"}, "has an endpoint, so runtime and code can't be given"},
		{"bad endpoint", Function{Endpoint: "localhost:9000"}, "is no URL of the form"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg, _ := testConfig(t, map[string]Function{"f": c.fn})
			_, err := New(cfg)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "function f: ") {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	t.Run("all at once", func(t *testing.T) {
		cfg, _ := testConfig(t, map[string]Function{"a": {Runtime: "x"}, "b c": {}})
		cfg.Endpoint = "ftp://x"
		_, err := New(cfg)
		for _, want := range []string{"function a: needs a code folder", "function b c: ", "the endpoint of Lambda: "} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("no %q in %v", want, err)
			}
		}
	})
}

func TestCheck(t *testing.T) {
	found := func(context.Context) (sigv4.Credentials, error) { return sigv4.Credentials{AccessKeyID: "a"}, nil }
	none := func(context.Context) (sigv4.Credentials, error) { return sigv4.Credentials{}, errors.New("no chain") }
	cases := []struct {
		name, function string
		endpoint       string
		credentials    credentials.Source
		kind           Kind
		problem        string // empty: fine
	}{
		{"local", "raw", "", nil, 0, ""},
		{"local by ARN", "arn:aws:lambda:eu-west-1:999999999999:function:raw:live", "", nil, 0, ""},
		{"own endpoint", "other", "", nil, 0, ""},
		{"bad name", "a b", "", nil, BadName, "letters, digits"},
		{"nowhere", "missing", "", nil, NotFound, "function missing: not among the configured functions"},
		{"no credentials", "missing", "", none, NotFound, "no chain"},
		{"on AWS", "missing", "", found, 0, ""},
		{"at the endpoint", "missing", "http://localhost:1", none, 0, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg, _ := testConfig(t, map[string]Function{
				"raw":   {Runtime: "provided.al2023", Code: rawFolder},
				"other": {Endpoint: "http://localhost:9000/2015-03-31/functions/function/invocations"},
			})
			cfg.Endpoint, cfg.Credentials = c.endpoint, c.credentials
			f, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			err = f.Check(c.function)
			if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem) || KindOf(err) != c.kind) {
				t.Errorf("%v, want %q", err, c.problem)
			}
		})
	}
}

func TestCheckSeesMissingCode(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, bootstrapName)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, _ := host(t, map[string]Function{"f": {Runtime: "provided.al2023", Code: dir}})
	if err := f.Check("f"); err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	if err := f.Check("f"); KindOf(err) != Broken || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("%v", err)
	}
	var out Result
	if err := f.Invoke(t.Context(), &Invocation{Function: "f"}, &out); KindOf(err) != Broken {
		t.Errorf("%v", err)
	}
}

func TestResolve(t *testing.T) {
	at := func(host string) Function { return Function{Endpoint: "http://" + host} }
	cfg, _ := testConfig(t, map[string]Function{
		"f":      at("plain"),
		"f:blue": at("qualified"),
		"arn:aws:lambda:eu-west-1:123456789012:function:f":      at("arn"),
		"arn:aws:lambda:us-east-1:123456789012:function:g:blue": at("arn-qualified"),
		"rie": at("rie/2015-03-31/functions/function/invocations"),
	})
	cfg.Credentials = func(context.Context) (sigv4.Credentials, error) { return sigv4.Credentials{}, nil }
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const path = "/2015-03-31/functions/"
	cases := []struct{ function, url string }{
		{"f", "http://arn" + path + "f/invocations"},
		{"f:blue", "http://arn" + path + "f/invocations"},
		{"arn:aws:lambda:us-west-2:123456789012:function:f", "http://plain" + path + "f/invocations"},
		{"arn:aws:lambda:us-west-2:123456789012:function:f:blue", "http://qualified" + path + "f/invocations?Qualifier=blue"},
		{"arn:aws:lambda:us-east-1:123456789012:function:g:blue", "http://arn-qualified" + path + "g/invocations?Qualifier=blue"},
		{"rie", "http://rie" + path + "function/invocations"},
		{"g", "https://lambda.eu-west-1.amazonaws.com" + path + "g/invocations"},
		{"arn:aws-cn:lambda:cn-north-1:123456789012:function:g:1",
			"https://lambda.cn-north-1.amazonaws.com.cn" + path + "arn%3Aaws-cn%3Alambda%3Acn-north-1%3A123456789012%3Afunction%3Ag/invocations?Qualifier=1"},
	}
	for _, c := range cases {
		t.Run(c.function, func(t *testing.T) {
			for range 2 { // found, then remembered
				got, err := f.find(c.function)
				if err != nil {
					t.Fatal(err)
				}
				if got.url != c.url {
					t.Errorf("%s, want %s", got.url, c.url)
				}
			}
		})
	}
}
