package sdk

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// hostileTexts are names that would be code, or end a literal or a remark,
// in one of the languages.
var hostileTexts = []string{
	"\"; throw 1; //", "'; throw 1; //", "`${throw 1}`", "*/ throw 1 /*", "\n throw 1 \n", "\r\nraise 1\r\n", "\u2028throw 1\u2029", "\u0085raise 1",
	`\`, `\\`, `\"`, `\u0022 + x + \u0022`, `\u000a throw`, "#{exit 1}", "#@x", "\"\"\" \nraise 1\n\"\"\"", "=begin", "=end", "__END__", "\x00", "\x1a", "\x04", "\x7f", "\ufeff", "\u202e", "\xff\xfe",
	"</script><script>alert(1)</script>", "<!--", "]]>", "{{.}}", "$(exit 1)", "%s%d%n", "class", "def", "end", "import", "func", "type", "self", "None", "nil", "null", "package", "interface", "this", "new",
	"__proto__", "constructor", "prototype", "toString", "__init__", "__class__", "initialize", "method_missing", "hashCode", "getClass", "send", "request", "body", "headers", "query", "params", "options", "client",
	"a-b", "a_b", "a.b", "A.B", "aB", "1", "1a", "é", "日本", "🙂", "ß", "ſ", "K", "a b", "", " ", ".", "..", "/", "+", "init", "main", "String", "Object", "Error", "Promise", "range", "len",
}

// hostile is a definition with such names wherever a user chooses one.
func hostile(seed uint64) Source {
	r := rand.New(rand.NewPCG(seed, 7))
	text := func() string {
		if r.IntN(4) == 0 {
			runes := make([]rune, r.IntN(8))
			for i := range runes {
				runes[i] = rune([]int{r.IntN(0x80), r.IntN(0x300), r.IntN(0x11000)}[r.IntN(3)])
			}
			return string(runes)
		}
		return hostileTexts[r.IntN(len(hostileTexts))]
	}
	s := calculator()
	def := s.Definition
	def.API.Name, def.API.Description = text()+text(), text()
	for i := range 4 {
		name := apigw.ModelName(fmt.Sprintf("%s%d", strings.Join(words(text()), ""), i))
		def.Models[name] = &apigw.Model{Name: name, Description: text(), ContentType: text(), Schema: hostileSchema(text)}
	}
	models := []apigw.ModelName{"Input", "Missing", apigw.ModelName(text())}
	for name := range def.Models {
		models = append(models, name)
	}
	slices.Sort(models)
	// Each text once as a part of a path, so that every one is met.
	for i, part := range hostileTexts {
		m := &apigw.Method{AuthorizationType: []string{"NONE", "AWS_IAM"}[i%2], APIKeyRequired: i%3 == 0, RequestParameters: map[string]bool{}, RequestModels: map[string]apigw.ModelName{}}
		if i%5 == 0 {
			m.OperationName = text()
		}
		for range r.IntN(5) {
			m.RequestParameters["method.request."+[]string{"path", "querystring", "header"}[r.IntN(3)]+"."+text()] = r.IntN(2) == 0
		}
		if i%2 == 0 {
			m.RequestModels[text()] = models[r.IntN(len(models))]
		}
		m.Responses = map[apigw.StatusCode]*apigw.MethodResponse{"200": {ResponseModels: map[string]apigw.ModelName{text(): models[r.IntN(len(models))]}}}
		path := "/" + part
		if i%3 == 1 {
			path += "/{" + text() + "}"
		}
		if i%3 == 2 {
			path += "/{" + text() + "+}"
		}
		verb := []apigw.Verb{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"}[i%8]
		def.Resources[apigw.ResourceID(fmt.Sprintf("h%d", i))] = &apigw.Resource{Path: path, Methods: map[apigw.Verb]*apigw.Method{verb: m}}
	}
	return s
}

// hostileSchema is a schema, or a text that is none.
func hostileSchema(text func() string) string {
	quoted := jsonLiteral(text())
	return []string{
		`{"type":"object","properties":{` + quoted + `:{"type":"string","enum":[` + quoted + `,null,1,{"a":` + quoted + `}]},"b":{"type":["integer","null"]},"c":{"type":"array","items":{"$ref":"#/definitions/x"}}},"required":[` + quoted + `,1],"definitions":{"x":{"type":"boolean"}}}`,
		`{"$ref":"https://apigateway.amazonaws.com/restapis/abcdefghij/models/Input"}`,
		`{"allOf":[{"type":"object"},{"$ref":` + quoted + `}],"title":` + quoted + `,"description":` + quoted + `}`,
		`{"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":{"type":"number"}}`,
		`not a schema`, `[]`, `"x"`, ``, strings.Repeat(`{"items":`, 300) + `{}` + strings.Repeat(`}`, 300), `true`,
	}[len(text())%10]
}

// unpack generates an SDK into a folder.
func unpack(t testing.TB, kind string, s Source) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range generate(t, kind, s) {
		if !filepath.IsLocal(name) {
			t.Fatalf("%q leaves the folder", name)
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// operationsOf is how many methods of their own verbs a definition has.
func operationsOf(s Source) int { return len(newAPI(s).Operations) }

// need skips a test without its tool on a user's machine, and fails it in CI,
// where the tool is installed.
func need(t testing.TB, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// tell runs a program in a folder and returns what it prints.
func tell(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// typescriptCompiler is the path of tsc, which npm installs once into the
// user's cache.
func typescriptCompiler(t testing.TB) string {
	t.Helper()
	need(t, "npm")
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	lock, err := os.ReadFile("testdata/typescript/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	installed := filepath.Join(cache, "gatehouse-test", fmt.Sprintf("typescript-%x", sha256.Sum256(lock))[:27])
	tsc := filepath.Join(installed, "node_modules", "typescript", "lib", "tsc.js")
	if _, err := os.Stat(tsc); err == nil {
		return tsc
	}
	if err := os.MkdirAll(filepath.Dir(installed), 0o700); err != nil {
		t.Fatal(err)
	}
	work, err := os.MkdirTemp(filepath.Dir(installed), "npm-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(work)
	if err := os.CopyFS(work, os.DirFS("testdata/typescript")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("npm ci: %v\n%s", err, out)
		}
		t.Skipf("npm can't install TypeScript: %v\n%s", err, out)
	}
	if err := os.Rename(work, installed); err != nil {
		if _, there := os.Stat(tsc); there != nil { // else another test was first
			t.Fatal(err)
		}
	}
	return tsc
}

// parsed says how each language reads what was generated: as a program that
// declares exactly the operations of the definition.
var parsed = map[string]func(t *testing.T, dir string, operations int){
	"javascript": func(t *testing.T, dir string, operations int) {
		need(t, "node")
		tell(t, dir, "node", "-e", fmt.Sprintf(`
			const client = require('./apiGateway-js-sdk/apigClient.js').newClient();
			const n = Object.keys(client).filter((name) => typeof client[name] === 'function').length;
			if (n !== %d) { throw new Error(n + ' methods'); }`, operations))
	},
	"python": func(t *testing.T, dir string, operations int) {
		need(t, "python3")
		tell(t, filepath.Join(dir, "apigateway-python-sdk"), "python3", "-W", "error", "-c", fmt.Sprintf(`
import inspect
from apigateway_client import Client
from apigateway_client.core import BaseClient
names = [n for n, _ in inspect.getmembers(Client, inspect.isfunction) if not n.startswith("_") and not hasattr(BaseClient, n)]
assert len(names) == %d, len(names)`, operations))
	},
	"typescript": func(t *testing.T, dir string, operations int) {
		root := filepath.Join(dir, "apigateway-typescript-sdk")
		tell(t, root, "node", typescriptCompiler(t), "-p", ".")
		tell(t, root, "node", "--input-type=module", "-e", fmt.Sprintf(`
			import { Client } from "./dist/client.js";
			const n = Object.getOwnPropertyNames(Client.prototype).length - 2; // constructor, run
			if (n !== %d) { throw new Error(n + " methods"); }`, operations))
	},
	"java": func(t *testing.T, dir string, operations int) {
		need(t, "javac")
		root := filepath.Join(dir, "generated-code")
		sources := strings.Fields(tell(t, root, "find", "src", "-name", "*.java"))
		if len(sources) != operations+5 {
			t.Errorf("%d files for %d operations", len(sources), operations)
		}
		tell(t, root, "javac", append([]string{"--release", "11", "-Xlint:all", "-Werror", "-d", "out"}, sources...)...)
		if n := strings.Count(tell(t, root, "javap", "-cp", "out", "com.example.calc.SimpleCalc"), "com.example.calc.SdkResponse "); n != operations {
			t.Errorf("%d methods, not %d", n, operations)
		}
	},
	"ruby": func(t *testing.T, dir string, operations int) {
		need(t, "ruby")
		tell(t, filepath.Join(dir, "simplecalc-sdk"), "ruby", "-w", "-e", fmt.Sprintf(`
			Gem::Specification.load("simplecalc-sdk.gemspec") or abort "no gemspec"
			require "./lib/simplecalc-sdk"
			n = SimpleCalc::Client.public_instance_methods(false).size - 1
			abort "#{n} methods" unless n == %[1]d && SimpleCalc::Client.new.operation_names.size == %[1]d`, operations))
	},
	"go": func(t *testing.T, dir string, operations int) {
		need(t, "go")
		dir = filepath.Join(dir, "apigateway-go-sdk")
		if unformatted := tell(t, dir, "gofmt", "-l", "."); unformatted != "" {
			t.Error(unformatted)
		}
		tell(t, dir, "go", "vet", ".")
		if n := strings.Count(tell(t, dir, "go", "doc", "-all", "."), "\nfunc (c *Client) "); n != operations+1 { // and Do
			t.Errorf("%d methods, not %d", n, operations)
		}
	},
}

// TestHostileNames: whatever names a definition has, what is generated is a
// program, and its operations are those of the definition.
func TestHostileNames(t *testing.T) {
	for _, l := range languages() {
		if l.files == nil {
			continue
		}
		t.Run(l.ID, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(2) {
				s := hostile(seed)
				s.Parameters = someParameters(l)
				parsed[l.ID](t, unpack(t, l.ID, s), operationsOf(s))
			}
		})
	}
}

// FuzzLiterals holds the literals to what reads them here, and remarks to
// their alphabet.
func FuzzLiterals(f *testing.F) {
	for _, s := range hostileTexts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, literal := range map[string]string{"java": javaLiteral(s), "ruby": rubyLiteral(s), "json": jsonLiteral(s), "go": goLiteral(s)} {
			inner := literal[1 : len(literal)-1]
			for i := 0; i < len(inner); i++ {
				if inner[i] == '\\' {
					i++
				} else if inner[i] == '"' || inner[i] < ' ' || name == "ruby" && inner[i] == '#' {
					t.Errorf("%s: %s", name, literal)
				}
			}
		}
		if got := remark(s); strings.ContainsAny(got, "\\\"`*<>\n\r\u2028\u2029\u0085\x00") {
			t.Errorf("%q", got)
		}
	})
}
