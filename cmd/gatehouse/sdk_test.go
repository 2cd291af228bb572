package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oddValue has what paths and queries must escape, and what looks escaped.
const oddValue = "a/b c?é+%41&=~'()*!:@,;$#[]\"<>\\"

// sdkAnswers is what the program of each language says, in its words of the
// same calls: one line each.
func sdkAnswers(t *testing.T) string {
	t.Helper()
	quoted := func(v any) string {
		var b strings.Builder
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(b.String())
	}
	return strings.Join([]string{
		"plain /plain",
		"item " + quoted([]any{"/items/" + oddValue, []string{oddValue, "2"}, `a "b"; c=d, e`, map[string]string{"k": `é"`}}),
		"file /files/a b/c+d/é",
		"keyed 200 403",
		"signed " + quoted([]any{"/signed/" + oddValue, []string{oddValue}}) + " 403",
		"busy 200",
		"missing refused dots refused",
		"impatient 429",
		"flaky 200",
	}, "\n")
}

// sdkBackend answers with what reached it; every third request for /busy is
// let through.
func sdkBackend(t *testing.T) string {
	t.Helper()
	var busy atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/busy" && busy.Add(1)%3 != 0 {
			w.WriteHeader(http.StatusTooManyRequests)
		}
		answer := json.NewEncoder(w)
		answer.SetEscapeHTML(false)
		_ = answer.Encode(map[string]any{"path": r.URL.Path, "q": r.URL.Query()["q.name"], "x": r.Header.Get("X-Odd-Value"), "body": string(body)})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// sdkHouse is a gatehouse with identities, an API key in a plan, and the API
// of testdata/sdk before a backend of its own.
type sdkHouse struct {
	*server
	api, key, url string
	keys          [][3]string // access key, secret, token: of a user and of a session
}

func newSDKHouse(t *testing.T) *sdkHouse {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "sdk", "openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := write(t, "openapi.yaml", strings.ReplaceAll(string(text), "BACKEND", sdkBackend(t)))
	h := &sdkHouse{server: serveWith(t, "--config", filepath.Join("testdata", "sdk", "identities.yaml"), file), key: "a-key-of-twenty-letters"}
	h.api = h.server.api(file)
	h.url = h.invoke + "/_aws/execute-api/" + h.api + "/dev"
	key := h.cli("create-api-key", "--name", "sdk", "--enabled", "--value", h.key, "--query", "id")
	plan := h.cli("create-usage-plan", "--name", "sdk", "--api-stages", "apiId="+h.api+",stage=dev", "--query", "id")
	session := strings.Fields(h.service("sts", "assume-role", "--role-arn", "arn:aws:iam::000000000000:role/program", "--role-session-name", "sdk",
		"--query", "Credentials.[AccessKeyId,SecretAccessKey,SessionToken]"))
	h.keys = [][3]string{{"AKIASDKCALLER", "sdk/secret+of=", ""}, [3]string(session)}
	h.cli("create-usage-plan-key", "--usage-plan-id", plan, "--key-type", "API_KEY", "--key-id", key)
	return h
}

// cli runs the AWS CLI with the caller's keys.
func (h *sdkHouse) cli(args ...string) string {
	h.t.Helper()
	return h.service("apigateway", args...)
}

func (h *sdkHouse) service(name string, args ...string) string {
	h.t.Helper()
	cmd := exec.CommandContext(h.t.Context(), "aws", append([]string{name, "--endpoint-url", h.control, "--region", "us-east-1", "--output", "text"}, args...)...)
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID=AKIASDKCALLER", "AWS_SECRET_ACCESS_KEY=sdk/secret+of=", "AWS_PAGER=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		h.t.Fatalf("aws %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// flaky is an address that closes the first two connections and leads the
// later ones to another.
func flaky(t *testing.T, to string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for n := 0; ; n++ {
			client, err := l.Accept()
			if err != nil {
				return
			}
			if n < 2 {
				client.Close()
				continue
			}
			go func() {
				defer client.Close()
				server, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer server.Close()
				go func() { _, _ = io.Copy(server, client) }()
				_, _ = io.Copy(client, server)
			}()
		}
	}()
	return l.Addr().String()
}

// run runs a command in a folder with what the programs are told.
func (h *sdkHouse) run(t *testing.T, dir string, keys [3]string, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "URL="+h.url, "FLAKY="+strings.Replace(h.url, address(t, h.url), flaky(t, address(t, h.url)), 1), "ACCESS="+keys[0], "SECRET="+keys[1], "TOKEN="+keys[2], "API_KEY="+h.key, "ODD="+oddValue, "PYTHONIOENCODING=utf-8", "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// mavenPackage builds a Maven project's archive. Where Debian's packages of
// Maven's plugins are installed, as in CI, it takes those and no network.
func mavenPackage(project string) []string {
	const debian = "/usr/share/maven-repo"
	args := []string{"mvn", "--batch-mode", "--quiet", "--file", project, "package"}
	if _, err := os.Stat(filepath.Join(debian, "org", "apache", "maven", "plugins", "maven-surefire-plugin")); err == nil {
		args = append(args, "--offline", "-Dmaven.repo.local="+debian)
	}
	return args
}

// TestSDKs generates each SDK with the AWS CLI and runs a program with it.
func TestSDKs(t *testing.T) {
	t.Parallel()
	need(t, "aws", "unzip", "node", "python3", "go", "javac", "java", "mvn", "ruby", "gem")
	h := newSDKHouse(t)
	tsc := filepath.Join(npmFolder(t, filepath.Join("..", "..", "internal", "sdk", "testdata", "typescript")), "node_modules", "typescript", "lib", "tsc.js")
	for _, tc := range []struct {
		kind, parameters string
		program, to      string // copied into the SDK
		compile          []string
		programs         [][]string
	}{
		{"javascript", "", "program.js", "program.js", nil, [][]string{{"node", "program.js"}, {"node", "program.js", "page"}}},
		{"typescript", "", "program.ts", "apigateway-typescript-sdk/src/program.ts",
			[]string{"node", tsc, "-p", "apigateway-typescript-sdk"}, [][]string{{"node", "apigateway-typescript-sdk/dist/program.js"}}},
		{"python", "", "program.py", "apigateway-python-sdk/program.py", nil, [][]string{{"python3", "apigateway-python-sdk/program.py"}}},
		{"go", "", "main.go", "apigateway-go-sdk/program/main.go",
			[]string{"go", "-C", "apigateway-go-sdk", "build", "-o", "../run", "./program"}, [][]string{{"sh", "-c", "./run"}}},
		{"java", "service.name=Everything,java.package-name=com.example.everything", "Program.java", "generated-code/src/main/java/Program.java",
			mavenPackage("generated-code/pom.xml"), [][]string{{"sh", "-c", "java -cp generated-code/target/*.jar Program"}}},
		{"ruby", "service.name=Everything", "program.rb", "everything-sdk/program.rb",
			[]string{"sh", "-c", "cd everything-sdk && gem build -q everything-sdk.gemspec"}, [][]string{{"ruby", "-I", "everything-sdk/lib", "everything-sdk/program.rb"}}},
	} {
		t.Run(tc.kind, func(t *testing.T) {
			dir := t.TempDir()
			args := []string{"get-sdk", "--rest-api-id", h.api, "--stage-name", "dev", "--sdk-type", tc.kind}
			if tc.parameters != "" {
				args = append(args, "--parameters", tc.parameters)
			}
			h.cli(append(args, filepath.Join(dir, "sdk.zip"))...)
			h.run(t, dir, h.keys[0], "unzip", "-q", "sdk.zip")
			to := filepath.Join(dir, tc.to)
			if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
				t.Fatal(err)
			}
			program, err := os.ReadFile(filepath.Join("testdata", "sdk", tc.program))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(to, program, 0o600); err != nil {
				t.Fatal(err)
			}
			if tc.compile != nil {
				h.run(t, dir, h.keys[0], tc.compile...)
			}
			for i, command := range tc.programs {
				for _, keys := range h.keys[i:] { // all with the first command
					if d := cmp.Diff(sdkAnswers(t), h.run(t, dir, keys, command...)); d != "" {
						t.Errorf("%v: %s", command, d)
					}
				}
			}
		})
	}
}

// TestSDKExample runs the example as its README says.
func TestSDKExample(t *testing.T) {
	t.Parallel()
	need(t, "aws", "unzip", "node", "python3")
	const file = "examples/sdk/openapi.yaml"
	s := serveExample(t, file)
	cmd := exec.CommandContext(t.Context(), filepath.Join(repository(t), "examples", "sdk", "run.sh"), s.api(file), s.invoke)
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.control, "AWS_ACCESS_KEY_ID=any", "AWS_SECRET_ACCESS_KEY=any", "AWS_DEFAULT_REGION=us-east-1")
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "JavaScript: 200 Hello, you\nPython: 200 Hello, you\n" {
		t.Errorf("%v\n%s", err, out)
	}
}
