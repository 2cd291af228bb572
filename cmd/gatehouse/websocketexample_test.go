package main

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// chatter is a client of a WebSocket API.
type chatter struct {
	t  *testing.T
	nc net.Conn
}

func dialChat(t *testing.T, url string) *chatter {
	t.Helper()
	nc, early, _, err := ws.Dial(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	if early != nil {
		t.Fatal("the server spoke first")
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(30 * time.Second))
	return &chatter{t, nc}
}

func (c *chatter) say(text string) {
	c.t.Helper()
	if err := wsutil.WriteClientText(c.nc, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chatter) hears(want ...string) {
	c.t.Helper()
	for _, w := range want {
		got, err := wsutil.ReadServerText(c.nc)
		if err != nil || string(got) != w {
			c.t.Fatalf("heard %q (%v), not %q", got, err, w)
		}
	}
}

// forward is an address that is known before the server's is: what connects to
// it is led there.
func forward(t *testing.T) (address string, lead func(to string)) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), func(to string) {
		go func() {
			for {
				near, err := l.Accept()
				if err != nil {
					return
				}
				far, err := net.Dial("tcp", to)
				if err != nil {
					near.Close()
					continue
				}
				go func() { io.Copy(far, near); far.Close() }()
				go func() { io.Copy(near, far); near.Close() }()
			}
		}()
	}
}

// TestChatExample chats with two clients, as the example's README does: the API
// is made by AWS's SDK for Python, and the function signs what it pushes. With
// identities, its signature and its policy count.
func TestChatExample(t *testing.T) {
	for name, identities := range map[string]string{"nobody is configured": "", "identities": `
identities:
  users:
    - {name: test, accessKeys: [{id: test, secret: test}], policies: [{name: all, document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "*", Resource: "*"}]}}]}
    - {name: chat, accessKeys: [{id: chat, secret: chat}], policies: [{name: push, document: {Version: "2012-10-17", Statement: [
        {Effect: Allow, Action: "execute-api:ManageConnections", Resource: "arn:aws:execute-api:us-east-1:000000000000:*/prod/POST/@connections/*"}]}}]}
`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chat(t, identities)
		})
	}
}

func chat(t *testing.T, identities string) {
	need(t, "python3")
	example := filepath.Join(repository(t), "examples", "chat-python")
	text, err := os.ReadFile(filepath.Join(example, "gatehouse.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	front, lead := forward(t)
	config := strings.NewReplacer("code: src", "code: "+filepath.Join(example, "src"), "127.0.0.1:8080", front).Replace(string(text)) + identities
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", config))
	lead(strings.TrimPrefix(s.invoke, "http://"))
	create := exec.Command("python3", filepath.Join(example, "create.py"))
	create.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+s.control, "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test")
	out, err := create.Output()
	if err != nil {
		t.Fatalf("create.py: %v", err)
	}
	url := "ws" + strings.TrimPrefix(s.invoke, "http") + "/_aws/execute-api/" + strings.TrimSpace(string(out)) + "/prod"
	if _, _, _, err := ws.Dial(context.Background(), url+"?token=wrong"); err != ws.StatusError(403) {
		t.Errorf("a wrong token: %v", err)
	}
	ada, bob := dialChat(t, url), dialChat(t, url)
	ada.say(`{"action":"join","name":"Ada"}`)
	ada.hears("Ada joined", `{"here": ["Ada"]}`)
	bob.say(`{"action":"join","name":"Bob"}`)
	ada.hears("Bob joined")
	bob.hears("Bob joined", `{"here": ["Ada", "Bob"]}`)
	bob.say(`{"action":"say","text":"hello"}`)
	ada.hears("Bob: hello")
	bob.hears("Bob: hello")
	bob.nc.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(4000, "bye")))))
	ada.hears("Bob left (4000)")

	code := make(chan int, 1)
	go func() { code <- s.terminate() }() // drains: clients are told, and so is the function
	h, err := ws.ReadHeader(ada.nc)
	if err != nil || h.OpCode != ws.OpClose || h.Length < 2 {
		t.Fatalf("the end is %v %v", h, err)
	}
	payload := make([]byte, h.Length)
	io.ReadFull(ada.nc, payload)
	if status, reason := ws.ParseCloseFrameData(payload); status != 1001 || reason != "Going away" {
		t.Errorf("closed with %d %q", status, reason)
	}
	ada.nc.Write(ws.MustCompileFrame(ws.MaskFrame(ws.NewCloseFrame(payload))))
	if got := <-code; got != 0 {
		t.Errorf("exit code %d", got)
	}
}
