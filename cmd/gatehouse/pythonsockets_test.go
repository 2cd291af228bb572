package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
)

// TestPythonSockets: what Python's websockets library makes of frames, fragments,
// pings, many messages at once, what backends push, and of how connections end.
func TestPythonSockets(t *testing.T) {
	t.Parallel()
	python := needPython(t, "websockets")
	b, s := converse(t), serveWith(t)
	a := s.socketsTo(b.url)
	out, err := exec.CommandContext(t.Context(), python, filepath.Join("testdata", "sockets", "talk.py"), "ws"+strings.TrimPrefix(a.at(s), "http")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	heard := map[string]any{}
	must(t, json.Unmarshal(out, &heard))
	want := map[string]any{
		"subprotocol": nil, "text": "/ héllo", "fragments": "/ one two three", "largest": 128<<10 + 2.0, "many": true,
		"posted": 200.0, "pushed": "über", "deleted": 204.0, "closed by the backend": 1000.0,
		"binary": 1003.0, "a frame too large": 1009.0, "a message too large": 1009.0,
	}
	if d := cmp.Diff(want, heard); d != "" {
		t.Error(d)
	}
}

// TestSocketSignedQuery: a $connect route with AWS_IAM takes an address that
// botocore signed in its query, as clients need it that can't set fields, and
// answers 403 to any other (developer guide, "Control access to WebSocket APIs
// with IAM authorization").
func TestSocketSignedQuery(t *testing.T) {
	t.Parallel()
	python := needPython(t, "websockets", "botocore")
	b := converse(t)
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", `
identities:
  users:
    - name: signer
      accessKeys: [{id: `+signerKey+`, secret: "`+signerSecret+`"}]
      policies:
        - {name: builds, document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "apigateway:*", Resource: "*"}]}}
        - {name: connects, document: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:us-east-1:000000000000:*/prod/$connect"}]}}
    - {name: stranger, accessKeys: [{id: AKIASTRANGER, secret: stranger}]}
`))
	a := s.socketAPIBy(signerKey, signerSecret)
	a.route("$default", a.integrate(types.IntegrationTypeHttpProxy, b.url))
	connect := a.route("$connect", a.integrate(types.IntegrationTypeHttpProxy, b.url))
	_, err := a.c.UpdateRoute(t.Context(), &apigatewayv2.UpdateRouteInput{ApiId: &a.id, RouteId: &connect, AuthorizationType: types.AuthorizationTypeAwsIam})
	a.must(err)
	a.deploy()
	type asked struct {
		URL    string   `json:"url"`
		Region string   `json:"region"`
		Key    string   `json:"key"`
		Secret string   `json:"secret"`
		Change []string `json:"change"` // of what was signed, to what
	}
	url := "ws" + strings.TrimPrefix(a.at(s), "http")
	cases := []struct {
		name, want string
		asked
	}{
		{"signed", "/ hi", asked{url, "us-east-1", signerKey, signerSecret, nil}},
		{"signed, with a query", "/ hi", asked{url + "?room=caf%C3%A9%20%2F&a=2&a=1&empty=", "us-east-1", signerKey, signerSecret, nil}},
		{"unsigned", "403", asked{url, "us-east-1", "", "", nil}},
		{"another secret", "403", asked{url, "us-east-1", signerKey, "another", nil}},
		{"nobody's key", "403", asked{url, "us-east-1", "AKIANOBODY", signerSecret, nil}},
		{"without a policy", "403", asked{url, "us-east-1", "AKIASTRANGER", "stranger", nil}},
		{"another region", "403", asked{url, "eu-west-1", signerKey, signerSecret, nil}},
		{"another query", "403", asked{url + "?room=1", "us-east-1", signerKey, signerSecret, []string{"room=1", "room=2"}}},
		{"more query", "403", asked{url, "us-east-1", signerKey, signerSecret, []string{"?", "?room=1&"}}},
		{"a longer life", "403", asked{url, "us-east-1", signerKey, signerSecret, []string{"Expires=60", "Expires=600"}}},
		{"another path", "403", asked{url, "us-east-1", signerKey, signerSecret, []string{"/prod", "/prod/"}}},
		{"no signature", "403", asked{url, "us-east-1", signerKey, signerSecret, []string{"X-Amz-Signature=", "X-Amz-Nothing="}}},
	}
	var in []asked
	for _, c := range cases {
		in = append(in, c.asked)
	}
	var out []string
	talk(t, exec.CommandContext(t.Context(), python, filepath.Join("testdata", "sockets", "connect.py")), in, &out)
	for i, c := range cases {
		if i >= len(out) || out[i] != c.want {
			t.Errorf("%s: %q", c.name, out[i:min(i+1, len(out))])
		}
	}
}
