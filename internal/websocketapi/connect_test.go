package websocketapi

import (
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// What clients that connect are refused with (developer guide, "The $connect
// route"; seen on AWS).
func TestRefusals(t *testing.T) {
	deny := `{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}}`
	cases := []struct {
		name    string
		answer  string // of the integration, or of the authorizer
		failed  string
		guarded bool
		query   string
		want    int
	}{
		{"accepted", allOK, "", false, "", 101},
		{"accepted with another 2xx", `{"statusCode":204}`, "", false, "", 101},
		{"the backend's status", `{"statusCode":418}`, "", false, "", 418},
		{"a redirection", `{"statusCode":302}`, "", false, "", 302},
		{"a crash", `{"errorMessage":"boom"}`, "Unhandled", false, "", 502},
		{"no statusCode", `{"ok":true}`, "", false, "", 502},
		{"no JSON", `nope`, "", false, "", 502},
		{"no permission", ``, "unreachable", false, "", 500},
		{"no identity source", deny, "", true, "", 401},
		{"empty identity source", deny, "", true, "?token=", 401},
		{"denied", deny, "", true, "?token=x", 403},
		{"Unauthorized", `{"errorMessage":"Unauthorized"}`, "Unhandled", true, "?token=x", 401},
		{"a broken authorizer", `{"errorMessage":"boom"}`, "Unhandled", true, "?token=x", 500},
		{"no policy", `{}`, "", true, "?token=x", 500},
		{"an answer of more than 8 KB", `{"principalId":"` + strings.Repeat("a", 9000) + `"}`, "", true, "?token=x", 500},
	}
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) {
			def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat")})
			if tt.guarded {
				guard(def)
			}
			w := newWorld(t, def, newFunctions(func(string, map[string]any) (string, string) { return tt.answer, tt.failed }))
			if got := w.refused(tt.query); got != tt.want {
				t.Errorf("status %d, not %d", got, tt.want)
			}
			if tt.want != 101 && w.env.Hub.Len() != 0 {
				t.Error("a refused client is a connection")
			}
		})
	}
}

// Without an integration or without a $connect route everybody is let in.
func TestConnectNeedsNoRoute(t *testing.T) {
	for _, def := range []*apigw.Definition{definition(nil), definition(map[string]*apigw.RouteIntegration{"$connect": nil})} {
		w := newWorld(t, def, always(allOK))
		if got := w.refused(""); got != 101 {
			t.Errorf("status %d", got)
		}
	}
}

// Only the integration chooses a subprotocol, of those that were offered; its
// other fields come with the 101, and no extension is ever agreed to.
func TestSubprotocol(t *testing.T) {
	answer := `{"statusCode":200,"headers":{"Sec-WebSocket-Protocol":"PROTOCOL","X-Own":"1","Sec-WebSocket-Extensions":"permessage-deflate"}}`
	for protocol, want := range map[string]bool{"v2.chat": true, "v3.chat": false, "v1.chat, v2.chat": false} {
		w := newWorld(t, definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat")}), always(strings.Replace(answer, "PROTOCOL", protocol, 1)))
		resp := w.upgrade(http.Header{"Sec-Websocket-Protocol": {"v1.chat, v2.chat"}})
		if got := resp.Header.Get("Sec-WebSocket-Protocol"); (got == protocol) != want || got != "" && !want {
			t.Errorf("%s: answered %q", protocol, got)
		}
		if resp.Header.Get("X-Own") != "1" || resp.Header.Get("Sec-WebSocket-Extensions") != "" {
			t.Errorf("fields %v", resp.Header)
		}
	}
}

// upgrade is the answer to a handshake.
func (w *world) upgrade(h http.Header) *http.Response {
	w.t.Helper()
	r, _ := http.NewRequest("GET", "http://"+w.addr+"/prod", nil)
	r.Header = h
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	h.Set("Sec-WebSocket-Version", "13")
	h.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// A required parameter that is missing is 400, a request that asks for no
// upgrade too, and any path behind the stage 403.
func TestBadRequests(t *testing.T) {
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat")})
	route(def, "$connect").RequestParameters = map[string]bool{"route.request.querystring.room": true, "route.request.header.X-Own": false}
	w := newWorld(t, def, always(allOK))
	if got := w.refused(""); got != 400 {
		t.Errorf("without room: %d", got)
	}
	if got := w.refused("?room=1"); got != 101 {
		t.Errorf("with room: %d", got)
	}
	for path, want := range map[string]int{"/prod": 400, "/prod/": 400, "/prod/other": 403} {
		resp, err := http.Get("http://" + w.addr + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
		if name := resp.Header.Get("x-amzn-ErrorType"); !slices.Contains([]string{"BadRequestException", "ForbiddenException"}, name) {
			t.Errorf("%s: %s", path, name)
		}
	}
}

// When many clients are gone at once, no more of them are told of at once than
// messages may be in work.
func TestDisconnectsAtOnce(t *testing.T) {
	var running atomic.Int32
	begun, end := make(chan int32, 3), make(chan struct{})
	calls := newFunctions(func(string, map[string]any) (string, string) {
		begun <- running.Add(1)
		<-end
		running.Add(-1)
		return `{"statusCode":200}`, ""
	})
	w := newWorld(t, definition(map[string]*apigw.RouteIntegration{"$disconnect": lambdaProxyOf("bye")}), calls, func(env *Env, _ *apigw.Stage) {
		env.Hub = NewHub(HubConfig{Messages: 1})
	})
	for range 3 {
		w.connect("").nc.Close()
	}
	for w.env.Hub.Len() > 0 {
		runtime.Gosched()
	}
	for range 3 {
		if n := <-begun; n != 1 {
			t.Errorf("%d functions ran at once", n)
		}
		end <- struct{}{}
	}
}

// Who comes when as many are connected as may is refused before a backend hears
// of it: no $disconnect would follow.
func TestFull(t *testing.T) {
	calls := always(allOK)
	w := newWorld(t, definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat")}), calls, func(env *Env, _ *apigw.Stage) {
		env.Hub = NewHub(HubConfig{Connections: 1})
	})
	if got := w.refused(""); got != 101 {
		t.Fatalf("status %d", got)
	}
	if got := w.refused(""); got != 429 {
		t.Errorf("status %d", got)
	}
	calls.mu.Lock()
	defer calls.mu.Unlock()
	if len(calls.events) != 1 {
		t.Errorf("the backend heard of %d clients", len(calls.events))
	}
}

// Clients that come and go faster than $disconnect can be told don't pile up: as
// many wait for that as may be connected, and then nobody is let in.
func TestManyLeave(t *testing.T) {
	end := make(chan struct{})
	release := sync.OnceFunc(func() { close(end) })
	defer release()
	calls := newFunctions(func(string, map[string]any) (string, string) { <-end; return `{"statusCode":200}`, "" })
	w := newWorld(t, definition(map[string]*apigw.RouteIntegration{"$disconnect": lambdaProxyOf("bye")}), calls, func(env *Env, _ *apigw.Stage) {
		env.Hub = NewHub(HubConfig{Connections: 2, Messages: 1})
	})
	leave := func() {
		w.connect("").nc.Close()
		for w.env.Hub.Len() > 0 {
			runtime.Gosched()
		}
	}
	leave()
	leave()
	if got := w.refused(""); got != 429 {
		t.Fatalf("status %d", got)
	}
	release()
	for w.env.Hub.leaving.Load() > 0 {
		runtime.Gosched()
	}
	leave()
}
