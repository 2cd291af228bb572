package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// browserFolder has the npm packages that drive browsers and WebSocket APIs, and
// copies of the scripts.
func browserFolder(t *testing.T, scripts ...string) string {
	t.Helper()
	return npmFolder(t, filepath.Join("testdata", "browser"), scripts...)
}

// node runs a script of folder with more environment and hands back what it
// printed.
func node(t *testing.T, folder, script string, env ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Dir, cmd.Env = folder, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

// TestChatRoomsExample sets the example up with the AWS CLI, as its README says,
// and talks on its page in tabs of headless Chromium.
func TestChatRoomsExample(t *testing.T) {
	t.Parallel()
	need(t, "aws", "sh", "chromium")
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal(err)
	}
	browser := browserFolder(t, "chat.mjs")
	example := filepath.Join(repository(t), "examples", "chat")
	code := npmFolder(t, filepath.Join(example, "src"), "chat.mjs")
	text, err := os.ReadFile(filepath.Join(example, "gatehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	front, lead := forward(t)
	config := strings.NewReplacer("code: src", "code: "+code, "code: page", "code: "+filepath.Join(example, "page"), "127.0.0.1:8080", front).Replace(string(text))
	if os.Geteuid() == 0 { // npm's cache isn't open to anybody else
		config += "functionUser: \"0:0\"\n"
	}
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", config))
	lead(strings.TrimPrefix(s.invoke, "http://"))
	setup := exec.CommandContext(t.Context(), "sh", filepath.Join(example, "setup.sh"))
	setup.Env = s.clientEnv()
	out, err := setup.CombinedOutput()
	if err != nil {
		t.Fatalf("setup.sh: %v\n%s", err, out)
	}
	made := map[string]string{}
	for _, m := range exported.FindAllStringSubmatch(string(out), -1) {
		made[m[1]] = m[2]
	}
	t.Cleanup(func() { os.RemoveAll(filepath.Join(os.TempDir(), "chat-rooms-"+made["CHAT"]+"-prod")) })
	page := "http://" + front + "/_aws/execute-api/" + made["PAGE"] + "/"
	heard := node(t, browser, "chat.mjs", "PAGE="+page, "CHROMIUM="+chromium)
	if want := `["Connected","Eve joined","In coffee: Eve"]`; strings.TrimSpace(heard) != want {
		t.Errorf("who is in another room saw %s, not %s", heard, want)
	}
}
