package main

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// TestCloudFormationOfSockets deploys, changes and deletes a WebSocket API that
// AWS's CDK made: a Lambda authorizer, functions, a mock with integration
// responses, an HTTP backend, a model, a stage with a deployment and settings,
// and one that deploys by itself. A client stays connected meanwhile.
func TestCloudFormationOfSockets(t *testing.T) {
	t.Parallel()
	x := newStack(t, "Rooms")
	x.deploy("rooms-1.json")
	out, err := x.Outputs()
	if err != nil {
		t.Fatal(err)
	}
	aws := x.api + ".execute-api.us-east-1.amazonaws.com"
	if out["Endpoint"] != "wss://"+aws || out["Url"] != "wss://"+aws+"/dev" || out["Callback"] != "https://"+aws+"/dev" {
		t.Error(out)
	}
	for query, want := range map[string]int{"": 401, "?pass=no": 403} {
		_, _, _, err := ws.Dial(t.Context(), x.socket("prod")+query)
		if refused, ok := errors.AsType[ws.StatusError](err); !ok || int(refused) != want {
			t.Errorf("connect with %q: %v", query, err)
		}
	}
	prod, dev := dialChat(t, x.socket("prod")+"?pass=yes"), dialChat(t, x.socket("dev")+"?pass=yes")
	talks := func(greeting, color, fine string) {
		t.Helper()
		for said, want := range map[string]string{
			"hi": greeting + " MESSAGE $default ann " + color, `{"action":"say"}`: greeting + " MESSAGE say ann " + color,
			`{"action":"status","say":"ok"}`: fine + " 16", `{"action":"status","say":"no"}`: "failed 16",
			`{"action":"put","note":"n","by":"ann"}`: `PUT /here via "` + color + `": {"action":"put","note":"n","by":"ann"}`,
		} {
			prod.say(said)
			prod.hears(want)
		}
	}
	badBody := func(said string) {
		t.Helper()
		prod.say(said)
		if got := (&person{chatter: prod}).next(); !strings.HasPrefix(got, `{"message": "Bad request body"`) {
			t.Errorf("%s: heard %q", said, got)
		}
	}
	talks("hello", "green", "fine")
	badBody(`{"action":"put"}`)
	prod.say(`{"action":"old"}`)
	prod.hears("hello MESSAGE old ann green")
	dev.say(`{"action":"say"}`)
	dev.hears("hello MESSAGE say ann ")

	x.deploy("rooms-2.json")
	talks("hello again", "yellow", "all is well")
	badBody(`{"action":"put","note":"n"}`)
	prod.say(`{"action":"news"}`)
	prod.hears("hello again MESSAGE news ann yellow")
	// CloudFormation deletes what isn't in a template any more at the end: the
	// deployment made before still has the route, and the permission to call its
	// function is gone. A stage that deploys by itself follows.
	prod.say(`{"action":"old"}`)
	(&person{chatter: prod}).wantFailure()
	for action, route := range map[string]string{"old": "$default", "news": "news"} {
		dev.say(`{"action":"` + action + `"}`)
		dev.hears("hello again MESSAGE " + route + " ann ")
	}
	x.gone()
	for _, c := range []*chatter{prod, dev} {
		(&person{chatter: c}).ends(1001)
	}
	if _, _, _, err := ws.Dial(context.Background(), x.socket("prod")+"?pass=yes"); err == nil {
		t.Error("a client connects to an API that is gone")
	}
}

// socket is where clients connect to a stage of the stack's API.
func (x *stack) socket(stage string) string {
	return "ws" + strings.TrimPrefix(x.server.invoke, "http") + "/_aws/execute-api/" + x.api + "/" + stage
}
