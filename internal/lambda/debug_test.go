package lambda

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestDebugNode: a function waits for a debugger, beyond its own timeout and
// its caller's deadline; calls meanwhile queue for the one process.
func TestDebugNode(t *testing.T) {
	need(t, "node")
	port, err := net.Listen("tcp", nodeDebugger)
	if err != nil {
		t.Skipf("the debugger's port is taken: %v", err)
	}
	port.Close()
	cfg, logs := testConfig(t, map[string]Function{"raw": {Runtime: "nodejs20.x", Code: "testdata/node", Handler: "index.async", Timeout: time.Second}})
	cfg.Debug = "raw"
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	answers := make(chan string, 2)
	for range 2 {
		go func() {
			var out Result
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			err := f.Invoke(ctx, &Invocation{Function: "raw", Payload: []byte(`"x"`), Deadline: time.Now()}, &out)
			answers <- fmt.Sprint(err, string(out.Payload))
		}()
	}
	within(t, "the function waits for a debugger", func() bool { return strings.Contains(logs.String(), "Debugger listening on ws://127.0.0.1:9229/") })
	select {
	case a := <-answers:
		t.Fatalf("answered before the debugger came: %s", a)
	default:
	}
	debugger := attach(t)
	debugger(`{"id":1,"method":"Debugger.enable"}`, `"id":1,`)
	debugger(`{"id":2,"method":"Runtime.runIfWaitingForDebugger"}`, `"method":"Debugger.paused"`)
	debugger(`{"id":3,"method":"Debugger.resume"}`, `"id":3,`)
	for range 2 {
		select {
		case a := <-answers:
			if a != `<nil>"x"` {
				t.Errorf("%s", a)
			}
		case <-time.After(20 * time.Second):
			t.Fatal("no answer after the debugger let it go")
		}
	}
}

// attach connects to Node's debugger and returns what sends it a command of up
// to 125 bytes and waits for an answer that holds a text.
func attach(t *testing.T) func(command, answer string) {
	t.Helper()
	resp, err := http.Get("http://" + nodeDebugger + "/json/list")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var targets []struct {
		URL string `json:"webSocketDebuggerUrl"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&targets); err != nil || len(targets) != 1 {
		t.Fatalf("%v, %v", err, targets)
	}
	c, err := net.Dial("tcp", nodeDebugger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
		strings.TrimPrefix(targets[0].URL, "ws://"+nodeDebugger), nodeDebugger)
	r := bufio.NewReader(c)
	if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, " 101 ") {
		t.Fatalf("%v, %s", err, line)
	}
	return func(command, answer string) {
		frame := append([]byte{0x81, 0x80 | byte(len(command)), 0, 0, 0, 0}, command...) // masked with zeros
		if _, err := c.Write(frame); err != nil {
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Second))
		var seen []byte
		for !strings.Contains(string(seen), answer) {
			b, err := r.ReadByte()
			if err != nil {
				t.Fatalf("%s: %v", command, err)
			}
			seen = append(seen, b)
		}
	}
}

func TestDebugRefused(t *testing.T) {
	cases := []struct {
		name string
		fn   Function
		want string
	}{
		{"f", Function{Runtime: "provided.al2023", Code: rawFolder}, "function f: only functions of the nodejs, python and java runtimes can wait for a debugger"},
		{"g", Function{Endpoint: "http://localhost:1"}, "function g, which is to be debugged, is not among those that run here"},
		{"h:blue", Function{Runtime: "provided.al2023", Code: rawFolder}, "function h:blue: only functions of"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cfg, _ := testConfig(t, map[string]Function{c.name: c.fn})
			cfg.Debug = c.name
			if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// TestDebugPython: without debugpy it is refused, with it the function waits.
func TestDebugPython(t *testing.T) {
	need(t, "python3")
	cfg, logs := testConfig(t, map[string]Function{"raw": {Runtime: "python3.11", Code: "testdata/python", Handler: "main.handler"}})
	cfg.Debug = "raw"
	f, err := New(cfg)
	if err != nil {
		if !strings.Contains(err.Error(), "debugging needs the package debugpy for ") || !strings.Contains(err.Error(), "No module named 'debugpy'") {
			t.Errorf("%v", err)
		}
		return
	}
	defer f.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go f.Invoke(ctx, &Invocation{Function: "raw"}, &Result{})
	defer cancel()
	within(t, "debugpy listens", func() bool {
		c, err := net.Dial("tcp", pythonDebugger)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	if logs := logs.String(); strings.Contains(logs, "failed") {
		t.Error(logs)
	}
}
