package websocketapi

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

const allOK = `{"statusCode":200}`

// The events of AWS_PROXY, as recorded on AWS: which members there are, which
// are left out when empty, and what they hold.
func TestEvents(t *testing.T) {
	calls := always(allOK)
	w := newWorld(t, definition(map[string]*apigw.RouteIntegration{
		"$connect": lambdaProxyOf("chat"), "$disconnect": lambdaProxyOf("chat"), "send": lambdaProxyOf("chat"),
	}), calls)
	s := w.connect("?room=42", "X-Own", "1", "Sec-WebSocket-Protocol", "v1.chat")
	connect := w.event()
	id := connect["requestContext"].(map[string]any)["connectionId"].(string)
	if len(id) != 16 || !strings.HasSuffix(id, "=") {
		t.Errorf("connectionId %q", id)
	}
	identity := map[string]any{"sourceIp": "203.0.113.9", "userAgent": "ExampleClient/2.1"}
	context := func(key, kind string, more map[string]any) map[string]any {
		m := map[string]any{
			"routeKey": key, "eventType": kind, "messageDirection": "IN", "stage": "prod", "identity": identity, "connectionId": id, "apiId": testAPI,
			"domainName": testAPI + ".execute-api.us-east-1.amazonaws.com",
		}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	volatile := cmpopts.IgnoreMapEntries(func(k string, v any) bool {
		switch k {
		case "extendedRequestId", "requestId", "messageId":
			text, _ := v.(string)
			return len(text) == 16 && strings.HasSuffix(text, "=")
		case "requestTimeEpoch", "connectedAt":
			_, ok := v.(float64)
			return ok
		case "requestTime":
			_, err := time.Parse(clfTime, v.(string))
			return err == nil
		case "X-Amzn-Trace-Id", "Sec-WebSocket-Key", "Sec-Websocket-Key":
			return true
		}
		return false
	})
	headers, multi := connect["headers"].(map[string]any), connect["multiValueHeaders"].(map[string]any)
	for name, want := range map[string]string{"Host": testHost, "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "http", "X-Own": "1"} {
		if headers[name] != want || !cmp.Equal(multi[name], []any{want}) {
			t.Errorf("header %s is %v and %v, not %q", name, headers[name], multi[name], want)
		}
	}
	for _, name := range []string{"Connection", "Upgrade"} {
		if _, ok := headers[name]; ok {
			t.Errorf("the event has %s", name)
		}
	}
	delete(connect, "headers")
	delete(connect, "multiValueHeaders")
	want := map[string]any{
		"queryStringParameters": map[string]any{"room": "42"}, "multiValueQueryStringParameters": map[string]any{"room": []any{"42"}},
		"stageVariables": map[string]any{"table": "conns"}, "requestContext": context("$connect", "CONNECT", nil), "isBase64Encoded": false,
	}
	if diff := cmp.Diff(want, connect, volatile); diff != "" {
		t.Error("CONNECT", diff)
	}

	s.say(`{"action":"send","text":"hi"}`)
	want = map[string]any{
		"requestContext": context("send", "MESSAGE", nil), "body": `{"action":"send","text":"hi"}`, "isBase64Encoded": false,
		"stageVariables": map[string]any{"table": "conns"},
	}
	message := w.event()
	if diff := cmp.Diff(want, message, volatile); diff != "" {
		t.Error("MESSAGE", diff)
	}
	if message["requestContext"].(map[string]any)["messageId"] == nil {
		t.Error("the message has no ID")
	}

	s.nc.Write([]byte("\x88\x80\x00\x00\x00\x00"))
	host := testAPI + ".execute-api.us-east-1.amazonaws.com"
	want = map[string]any{
		"headers":           map[string]any{"Host": host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""},
		"multiValueHeaders": map[string]any{"Host": []any{host}, "x-api-key": []any{""}, "X-Forwarded-For": []any{""}, "x-restapi": []any{""}},
		"stageVariables":    map[string]any{"table": "conns"}, "isBase64Encoded": false,
		"requestContext": context("$disconnect", "DISCONNECT", map[string]any{"disconnectStatusCode": 1005.0, "disconnectReason": "Client-side close frame status not set"}),
	}
	if diff := cmp.Diff(want, w.event(), volatile); diff != "" {
		t.Error("DISCONNECT", diff)
	}
}

// What an authorizer handed on is in every event, as texts (recorded on AWS).
func TestAuthorizerContextIsRepeated(t *testing.T) {
	calls := newFunctions(func(name string, _ map[string]any) (string, string) {
		if name == "guard" {
			return `{"principalId":"u-1","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]},"context":{"tenant":"t9","n":7}}`, ""
		}
		return allOK, ""
	})
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat"), "send": lambdaProxyOf("chat")})
	guard(def)
	w := newWorld(t, def, calls)
	s := w.connect("?token=secret")
	asked := w.event()
	if asked["type"] != "REQUEST" || asked["methodArn"] != "arn:aws:execute-api:us-east-1:123456789012:"+testAPI+"/prod/$connect" {
		t.Errorf("the authorizer was asked %v", asked)
	}
	for _, name := range []string{"path", "httpMethod", "pathParameters", "body"} {
		if _, ok := asked[name]; ok {
			t.Errorf("the authorizer's event has %s", name)
		}
	}
	if h := asked["headers"].(map[string]any); h["Connection"] != "upgrade" || h["Upgrade"] != "websocket" || h["content-length"] != "0" {
		t.Errorf("the authorizer's headers are %v", h)
	}
	for range 2 {
		got := w.event()["requestContext"].(map[string]any)["authorizer"].(map[string]any)
		if _, ok := got["integrationLatency"].(float64); !ok || got["principalId"] != "u-1" || got["tenant"] != "t9" || got["n"] != "7" {
			t.Errorf("authorizer is %v", got)
		}
		s.say(`{"action":"send"}`)
	}
}

// guard protects $connect by a function.
func guard(def *apigw.Definition) {
	def.RouteAuthorizers = map[apigw.AuthorizerID]*apigw.RouteAuthorizer{"a1": {
		ID: "a1", Name: "guard", Type: "REQUEST", URI: functionURI("guard"), IdentitySource: []string{"route.request.querystring.token"},
	}}
	r := route(def, "$connect")
	r.AuthorizationType, r.AuthorizerID = "CUSTOM", "a1"
}
