package lambda

import (
	"os/exec"
	"strings"
	"testing"
)

func TestRuby(t *testing.T) {
	cases := []struct{ name, handler, event, want string }{
		{"event", "main.handler", `{"a":[1]}`, `{"a":[1]}`},
		{"a number", "main.handler", `1`, `1`},
		{"characters", "main.handler", `"grün 🏠"`, `"grün 🏠"`},
		{"nil", "main.handler", `{"do":"nothing"}`, `null`},
		{"bytes", "main.handler", `{"do":"bytes"}`, `raw`},
		{"class in a module", "main.Shop::Orders.list", `{}`, `["a","b"]`},
		{"nested folder", "app/api.handler", `{}`, `"nested"`},
		{"context", "main.handler", `{"do":"context"}`, `{"id":"ID","name":"raw","version":"$LATEST","memory":"256",` +
			`"arn":"arn:aws:lambda:eu-west-1:123456789012:function:raw","group":"/aws/lambda/raw","left":true,"client":{"custom":{"k":"v"}},` +
			`"trace":"Root=1-2-3","runtime":"AWS_Lambda_ruby3.3"}`},
		{"REST API event", "main.handler", `{"do":"http","path":"/p","httpMethod":"GET"}`, `{"statusCode":200,"headers":{"x-path":"/p"},"body":"GET","isBase64Encoded":false}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, _ := script(t, "ruby3.3", "ruby", c.handler, nil)
			for range 2 {
				if r := invoke(t, f, c.event); answer(r) != c.want || r.FunctionError != "" {
					t.Errorf("%q %s, want %s", r.FunctionError, answer(r), c.want)
				}
			}
		})
	}
}

// TestRubyErrors: types and words as AWS's runtime client for Ruby has them.
func TestRubyErrors(t *testing.T) {
	cases := []struct {
		name, handler, event string
		errorType, message   string
		frame                string // part of the first one
	}{
		{"raised", "main.handler", `{"do":"raise"}`, "Function<ArgumentError>", "as told", "main.rb:5:"},
		{"line feed", "main.handler", `{"do":"raise line feed"}`, "Function<RuntimeError>", "two\nlines", "main.rb:6:"},
		{"unknown name", "main.handler", `{"do":"no such name"}`, "Function<NameError>", "nobody", "main.rb:7:"},
		{"exit", "main.handler", `{"do":"exit"}`, "Function<SystemExit>", "exit", "main.rb:8:"},
		{"no JSON", "main.handler", `{"do":"strange"}`, "Function<JSON::GeneratorError>", "NaN not allowed in JSON", ""},
		{"arguments", "main.one_argument", `{"a":1}`, "", "", ""}, // keywords become a Hash
		{"no such method", "main.nobody", `{}`, "Function<NoMethodError>", "nobody", ""},
		{"no such class", "main.Nobody.list", `{}`, "Function<NameError>", "uninitialized constant", ""},
		{"no such file", "nobody.handler", `{}`, "Init<LoadError>", "cannot load such file -- nobody", ""},
		{"missing library", "app/needs.handler", `{}`, "Init<LoadError>", "cannot load such file -- no_such_library", ""},
		{"syntax", "app/syntax.handler", `{}`, "Init<SyntaxError>", "syntax.rb", ""},
		{"raised while it was loaded", "app/throws.handler", `{}`, "Init<RuntimeError>", "no database", "throws.rb:1"},
		{"handler", "main.a.b.c", `{}`, "Init<ArgumentError>", `Invalid handler ["main", "a", "b", "c"]`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f, logs := script(t, "ruby3.3", "ruby", c.handler, nil)
			for range 2 {
				r := invoke(t, f, c.event)
				if c.errorType == "" {
					if r.FunctionError != "" {
						t.Errorf("%s", r.Payload)
					}
					continue
				}
				got := reported(t, r)
				if got[0] != c.errorType || !strings.HasPrefix(got[1], c.message) && !strings.Contains(got[1], c.message) || !strings.Contains(got[2], c.frame) {
					t.Errorf("%q", got)
				}
				within(t, "the log has the error", func() bool { return strings.Contains(logs.String(), c.errorType) })
			}
		})
	}
}

func TestRubyOutput(t *testing.T) {
	f, logs := script(t, "ruby3.3", "ruby", "main.handler", nil)
	first := string(invoke(t, f, `{"do":"pid"}`).Payload)
	r := invoke(t, f, `{"do":"print"}`)
	within(t, "the log has what was printed", func() bool {
		return strings.Contains(logs.String(), `msg="one line"`) && strings.Contains(logs.String(), `msg="and an error"`) && strings.Contains(logs.String(), r.RequestID)
	})
	if again := string(invoke(t, f, `{"do":"pid"}`).Payload); again != first {
		t.Errorf("process %s, then %s", first, again)
	}
	version, err := exec.Command("ruby", "-e", "print RUBY_VERSION").Output()
	if err == nil && !strings.HasPrefix(string(version), "3.3.") && !strings.Contains(logs.String(), "another version of the interpreter") {
		t.Error("no word of the interpreter's version")
	}
}
