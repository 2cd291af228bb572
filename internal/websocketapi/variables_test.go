package websocketapi

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/telemetry"
)

// loggedVariables are those of the developer guide's "Set up WebSocket API
// logging", but for waf's: there is no firewall here, as on an API without one.
var loggedVariables = strings.Fields(`apiId authorize.error authorize.latency authorize.status authorizer.error authorizer.integrationLatency
	authorizer.integrationStatus authorizer.latency authorizer.requestId authorizer.status authorizer.principalId authorizer.tenant authorizer.level
	authenticate.error authenticate.latency authenticate.status connectedAt connectionId domainName error.message error.messageString error.responseType
	error.validationErrorString eventType extendedRequestId identity.accountId identity.apiKey identity.apiKeyId identity.caller
	identity.cognitoAuthenticationProvider identity.cognitoAuthenticationType identity.cognitoIdentityId identity.cognitoIdentityPoolId
	identity.principalOrgId identity.sourceIp identity.user identity.userAgent identity.userArn integration.error integration.integrationStatus
	integration.latency integration.requestId integration.status integrationLatency messageId requestId requestTime requestTimeEpoch routeKey stage
	status waf.error waf.latency waf.status`)

// logOf are the lines that dealing with an API writes, each as what its
// variables say; IDs, times and those without a value are told apart from texts.
func logOf(t *testing.T, def *apigw.Definition, calls *functions, deal func(w *world)) (lines []map[string]string) {
	t.Helper()
	dir := t.TempDir()
	logs := telemetry.NewLogs(&telemetry.Directory{Path: dir, Size: 1 << 30, Keep: 1}, slog.New(slog.DiscardHandler))
	w := newWorld(t, def, calls, func(env *Env, st *apigw.Stage) {
		env.Logs = logs
		env.Identities = people{"ANN": user(t, "ANN", "execute-api:Invoke", "*"), "EVE": user(t, "EVE", "execute-api:Nothing", "*")}
		st.AccessLog = &apigw.AccessLogSettings{DestinationARN: "arn:aws:logs:us-east-1:123456789012:log-group:all", Format: "$context." + strings.Join(loggedVariables, "\t$context.")}
	})
	deal(w)
	w.served.Wait()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	w.env.Hub.Shutdown(over) // cuts who is still there
	if err := logs.Close(); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			text, _ := os.ReadFile(path)
			all.Write(text)
		}
		return nil
	})
	id, number := regexp.MustCompile(`^[A-Za-z0-9+/_-]{15}=$`), regexp.MustCompile(`Latency$|\.latency$|connectedAt|Epoch`)
	for line := range strings.Lines(all.String()) {
		_, line, _ = strings.Cut(strings.TrimSuffix(line, "\n"), testAPI) // a sink's own beginning
		values, said := strings.Split(testAPI+line, "\t"), map[string]string{}
		if len(values) != len(loggedVariables) {
			t.Fatalf("%d values in %q", len(values), line)
		}
		for i, name := range loggedVariables {
			switch v := values[i]; {
			case v == "-":
			case id.MatchString(v):
				said[name] = "ID"
			case number.MatchString(name) && strings.Trim(v, "0123456789") == "":
				said[name] = "NUMBER"
			case name == "requestTime":
				said[name] = "TIME"
			default:
				said[name] = v
			}
		}
		lines = append(lines, said)
	}
	slices.SortStableFunc(lines, func(a, b map[string]string) int { // what a client heard is written down behind that
		return cmp.Compare(slices.Index(kindNames[:], a["eventType"]), slices.Index(kindNames[:], b["eventType"]))
	})
	return lines
}

// said is what every line says, with what else this one does.
func said(more map[string]string) map[string]string {
	all := map[string]string{
		"apiId": testAPI, "connectedAt": "NUMBER", "connectionId": "ID", "domainName": testHost, "extendedRequestId": "ID", "requestId": "ID",
		"identity.sourceIp": "203.0.113.9", "identity.userAgent": "ExampleClient/2.1", "requestTime": "TIME", "requestTimeEpoch": "NUMBER", "stage": "prod",
	}
	for name, value := range more {
		all[name] = value
	}
	return all
}

// TestLogVariablesOfAuthorizers has each variable of the access log say what a
// connection with a Lambda authorizer came to, event by event.
func TestLogVariablesOfAuthorizers(t *testing.T) {
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat"), "$disconnect": lambdaProxyOf("chat"), "join!": lambdaProxyOf("chat")})
	def.RouteAuthorizers = map[apigw.AuthorizerID]*apigw.RouteAuthorizer{"a": {ID: "a", Name: "who", Type: "REQUEST", URI: functionURI("who"), IdentitySource: []string{"route.request.querystring.me"}}}
	route(def, "$connect").AuthorizationType, route(def, "$connect").AuthorizerID = "CUSTOM", "a"
	calls := newFunctions(func(name string, event map[string]any) (string, string) {
		if name != "who" {
			return allOK, ""
		}
		effect := "Deny"
		switch event["queryStringParameters"].(map[string]any)["me"] {
		case "ann":
			effect = "Allow"
		case "broken":
			return `{"principalId":5}`, ""
		}
		return `{"principalId":"u-1","context":{"tenant":"t9","level":5},"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"execute-api:Invoke","Resource":"*"}]}}`, ""
	})
	got := logOf(t, def, calls, func(w *world) {
		s := w.connect("?me=ann")
		s.say(`{"action":"none"}`)
		s.hear()
		for _, query := range []string{"?me=eve", "?me=broken", ""} {
			if w.refused(query) == 101 {
				t.Errorf("%q is let in", query)
			}
			w.served.Wait()
		}
		s.nc.Write([]byte("\x88\x80\x00\x00\x00\x00"))
		for w.env.Hub.sockets.Len() > 0 {
			time.Sleep(time.Millisecond)
		}
	})
	passed := map[string]string{"authorizer.principalId": "u-1", "authorizer.tenant": "t9", "authorizer.level": "5"}
	asked := map[string]string{"authorizer.integrationLatency": "NUMBER", "authorizer.integrationStatus": "200", "authorizer.latency": "NUMBER", "authorizer.status": "200"}
	join := func(all ...map[string]string) map[string]string {
		sum := said(nil)
		for _, m := range all {
			for name, value := range m {
				sum[name] = value
			}
		}
		return sum
	}
	refused := func(status, text, kind string) map[string]string {
		return map[string]string{"eventType": "CONNECT", "routeKey": "$connect", "status": status, "error.message": text, "error.messageString": `"` + text + `"`, "error.responseType": kind}
	}
	called := map[string]string{"integration.integrationStatus": "200", "integration.status": "200", "integration.latency": "NUMBER", "integrationLatency": "NUMBER"}
	want := []map[string]string{
		join(passed, asked, called, map[string]string{"eventType": "CONNECT", "routeKey": "$connect", "status": "101", "authorize.status": "200", "authorize.latency": "NUMBER"}),
		join(passed, asked, refused("403", "Forbidden", "ACCESS_DENIED"), map[string]string{"authorize.status": "403", "authorize.latency": "NUMBER",
			"authorize.error": "the authorizer's policy doesn't allow execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:123456789012:" + testAPI + "/prod/$connect"}),
		join(asked, refused("500", "Internal server error", "AUTHORIZER_FAILURE"), map[string]string{"authorizer.status": "500", "authorizer.error": got[2]["authorizer.error"]}),
		join(refused("401", "Unauthorized", "UNAUTHORIZED"), map[string]string{"authorizer.status": "401", "authorizer.latency": "NUMBER", "authorizer.error": "Unauthorized"}),
		join(passed, map[string]string{"eventType": "MESSAGE", "status": "403", "messageId": "ID", "error.message": "Forbidden", "error.messageString": `"Forbidden"`, "error.responseType": "RESOURCE_NOT_FOUND"}),
		join(passed, called, map[string]string{"eventType": "DISCONNECT", "routeKey": "$disconnect", "status": "200"}),
	}
	if d := gocmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got[2]["authorizer.error"] == "" {
		t.Error("nothing says why the authorizer failed")
	}
}

// TestLogVariablesOfIAM: likewise of who signs.
func TestLogVariablesOfIAM(t *testing.T) {
	def := definition(map[string]*apigw.RouteIntegration{"$connect": nil})
	route(def, "$connect").AuthorizationType = "AWS_IAM"
	got := logOf(t, def, always(allOK), func(w *world) {
		for _, key := range []string{"ANN", "EVE", ""} {
			var header []string
			if key != "" {
				date, authorization := sign(key, http.MethodGet, testHost, "/prod", "")
				header = []string{"X-Amz-Date", date, "Authorization", authorization}
			}
			if status := w.refused("", header...); (status == 101) != (key == "ANN") {
				t.Errorf("%q: %d", key, status)
			}
			w.served.Wait()
		}
	})
	if len(got) < 3 {
		t.Fatalf("%v", got)
	}
	caller := func(id string) map[string]string {
		return map[string]string{"identity.accountId": "123456789012", "identity.caller": "AIDA" + id, "identity.user": "AIDA" + id, "identity.userArn": "arn:aws:iam::123456789012:user/" + id}
	}
	connect := func(status string, more ...map[string]string) map[string]string {
		all := said(map[string]string{"eventType": "CONNECT", "routeKey": "$connect", "status": status, "authenticate.latency": "NUMBER"})
		if status != "101" {
			all["error.message"], all["error.messageString"], all["error.responseType"] = "Forbidden", `"Forbidden"`, "ACCESS_DENIED"
		}
		for _, m := range more {
			for name, value := range m {
				all[name] = value
			}
		}
		return all
	}
	want := []map[string]string{
		connect("101", caller("ANN"), map[string]string{"authenticate.status": "200", "authorize.status": "200", "authorize.latency": "NUMBER"}),
		connect("403", caller("EVE"), map[string]string{"authenticate.status": "200", "authorize.status": "403", "authorize.latency": "NUMBER", "authorize.error": got[1]["authorize.error"]}),
		connect("403", map[string]string{"authenticate.status": "403", "authenticate.error": "Missing Authentication Token"}),
	}
	if d := gocmp.Diff(want, got[:3]); d != "" {
		t.Error(d)
	}
	if !strings.HasPrefix(got[1]["authorize.error"], "User: arn:aws:iam::123456789012:user/EVE is not authorized to perform: execute-api:Invoke on resource: ") {
		t.Errorf("authorize.error %q", got[1]["authorize.error"])
	}
}
