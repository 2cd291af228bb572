package websocketapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// neighbours are Nodes of the same process, by address.
type neighbours struct {
	self string
	all  map[string]*Hub // nil: the process has ended
}

func (n *neighbours) Holding(prefix [3]byte) (list []string) {
	for address := range n.all {
		if address != n.self && string(prefix[:]) == address[:3] {
			list = append(list, address)
		}
	}
	return list
}

func (n *neighbours) Others() (list []string) {
	for address := range n.all {
		if address != n.self {
			list = append(list, address)
		}
	}
	return list
}

func (n *neighbours) Call(_ context.Context, address string, request []byte) ([]byte, bool, error) {
	if address == "cut" {
		return nil, false, errors.New("a cable was cut")
	}
	h := n.all[address]
	if h == nil {
		return nil, true, errors.New("refused")
	}
	answer, err := h.Answer(request)
	return answer, false, err
}

// newNeighbours are two gateways whose nodes are called one and two, beside one
// that ended and one that can't be reached.
func newNeighbours(t *testing.T) (one, two *world) {
	t.Helper()
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat"), "$default!": lambdaProxyOf("chat")})
	all := map[string]*Hub{"end": nil, "cut": nil}
	make := func(name string) *world {
		calls := newFunctions(func(_ string, event map[string]any) (string, string) {
			id := event["requestContext"].(map[string]any)["connectionId"].(string)
			return `{"statusCode":200,"body":"` + id + `"}`, ""
		})
		return newWorld(t, def, calls, func(env *Env, _ *apigw.Stage) {
			env.Hub = NewHub(HubConfig{Node: [3]byte([]byte(name)), Nodes: &neighbours{name, all}})
			all[name] = env.Hub
			env.Identities = people{
				"ALL": user(t, "ALL", "execute-api:ManageConnections", "*"),
				"ONE": user(t, "ONE", "execute-api:ManageConnections", "arn:aws:execute-api:us-east-1:123456789012:"+testAPI+"/prod/POST/@connections/AAAAAAAAAAAAAAA="),
			}
		})
	}
	return make("one"), make("two")
}

// id is the connection's ID, of which its function tells.
func (s *socket) id() string {
	s.t.Helper()
	s.say("{}")
	return s.hear()
}

func textOf(prefix string) string {
	var id connectionID
	copy(id[:], prefix)
	return id.String()
}

// A call of @connections gets the same answer whatever node it comes to.
func TestCallbackElsewhere(t *testing.T) {
	one, two := newNeighbours(t)
	s := two.connect("")
	at := func(id string) string { return "/prod/@connections/" + strings.ReplaceAll(id, "=", "%3D") }
	id := s.id()
	cases := []struct {
		name, method, path, body string
		status                   int
		kind                     string
	}{
		{"post", "POST", at(id), "hello", 200, ""},
		{"post nothing", "POST", at(id), "", 200, ""},
		{"post the most", "POST", at(id), strings.Repeat("\n", 128<<10), 200, ""},
		{"post more", "POST", at(id), strings.Repeat("a", 128<<10+1), 413, "PayloadTooLargeException"},
		{"get", "GET", at(id), "", 200, ""},
		{"never there", "POST", at(textOf("two")), "x", 410, "GoneException"},
		{"of a node that ended", "POST", at(textOf("end")), "x", 410, "GoneException"},
		{"of no node", "POST", at(textOf("nix")), "x", 410, "GoneException"},
		{"of a node that can't be reached", "POST", at(textOf("cut")), "x", 503, "ServiceUnavailableException"},
		{"delete", "DELETE", at(id), "", 204, ""},
	}
	for _, tt := range cases {
		var bodies []string
		for _, w := range []*world{one, two} {
			resp := w.manage("ALL", tt.method, tt.path, tt.body)
			body, _ := io.ReadAll(resp.Body)
			bodies = append(bodies, string(body))
			if resp.StatusCode != tt.status || resp.Header.Get("x-amzn-ErrorType") != tt.kind {
				t.Errorf("%s: %d %s %s", tt.name, resp.StatusCode, resp.Header.Get("x-amzn-ErrorType"), body)
			}
			if tt.name == "delete" {
				break
			}
		}
		if tt.name == "get" && bodies[0] != bodies[1] {
			t.Errorf("told %s here, %s there", bodies[1], bodies[0])
		}
	}
	for _, want := range []string{"hello", "hello", "", "", strings.Repeat("\n", 128<<10)} {
		if got := s.hear(); got != want {
			t.Errorf("heard %.20q, not %.20q", got, want)
		}
	}
}

// told wants each socket to hear text next.
func told(t *testing.T, text string, sockets ...*socket) {
	t.Helper()
	for i, s := range sockets {
		if got := s.hear(); got != text {
			t.Errorf("socket %d heard %q, not %q", i, got, text)
		}
	}
}

// A message to many reaches those of its list, or of the stage, on every node.
func TestMany(t *testing.T) {
	one, two := newNeighbours(t)
	here, there, also := one.connect(""), two.connect(""), two.connect("")
	ids := []string{here.id(), there.id(), also.id()}
	never, ended, cut := textOf("one"), textOf("end"), textOf("cut")
	list, _ := json.Marshal(append([]string{never, ended, cut, ids[0]}, ids...))
	post := func(key, body string) (int, map[string]any) {
		t.Helper()
		resp := one.manage(key, "POST", "/prod/@connections", body)
		text, _ := io.ReadAll(resp.Body)
		var answer map[string]any
		if err := json.Unmarshal(text, &answer); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		return resp.StatusCode, answer
	}
	status, answer := post("ALL", `{"connectionIds":`+string(list)+`,"data":"a \"list\""}`)
	if status != 200 || answer["reached"] != 3.0 || len(answer["gone"].([]any)) != 2 || cmp.Diff(answer["unreachable"], []any{cut}) != "" {
		t.Errorf("list: %d %v", status, answer)
	}
	told(t, `a "list"`, here, there, also)
	status, answer = post("ALL", `{"everyone":true,"data":"all"}`)
	if status != 200 || answer["reached"] != 3.0 || answer["unreachableNodes"] != 1.0 {
		t.Errorf("everyone: %d %v", status, answer)
	}
	told(t, "all", here, there, also)
	many, _ := json.Marshal(make([]string, maxRecipients+1))
	for name, tt := range map[string]struct {
		key, body string
		status    int
		want      string
	}{
		"unsigned":          {"", `{}`, 403, "Missing Authentication Token"},
		"one alone":         {"ONE", `{"everyone":true,"data":"x"}`, 403, "not authorized to perform: execute-api:ManageConnections on resource"},
		"no JSON":           {"ALL", `x`, 400, "the body is no JSON object"},
		"no data":           {"ALL", `{"everyone":true}`, 400, "data, the message, is missing"},
		"nobody":            {"ALL", `{"data":"x"}`, 400, "exactly one of"},
		"not everyone":      {"ALL", `{"data":"x","everyone":false}`, 400, "exactly one of"},
		"twice":             {"ALL", `{"data":"x","everyone":true,"connectionIds":[]}`, 400, "exactly one of"},
		"another key":       {"ALL", `{"data":"x","everyone":true,"binary":true}`, 400, `unknown field`},
		"more":              {"ALL", `{"data":"x","everyone":true} {}`, 400, "something follows"},
		"an odd ID":         {"ALL", `{"data":"x","connectionIds":["xyz"]}`, 400, "Invalid connectionId: xyz"},
		"too many":          {"ALL", `{"data":"x","connectionIds":` + string(many) + `}`, 400, "at most 10000"},
		"principal of none": {"ALL", `{"data":"x","principalId":""}`, 400, "principalId is empty"},
		"too long":          {"ALL", `{"everyone":true,"data":"` + strings.Repeat("a", maxPost+1) + `"}`, 413, "too long"},
	} {
		status, answer := post(tt.key, tt.body)
		text := answer["message"]
		if text == nil {
			text = answer["Message"]
		}
		if message, _ := text.(string); status != tt.status || !strings.Contains(message, tt.want) {
			t.Errorf("%s: %d %v", name, status, answer)
		}
	}
	if resp := one.manage("ALL", "GET", "/prod/@connections", ""); resp.StatusCode != 403 {
		t.Errorf("GET of all: %d", resp.StatusCode)
	}
	status, answer = post("ALL", `{"connectionIds":[],"data":"x"}`)
	if status != 200 || answer["reached"] != 0.0 {
		t.Errorf("an empty list: %d %v", status, answer)
	}
}

// A message to a principal reaches the connections that an authorizer let in
// under that name, of this stage alone, until they are gone.
func TestManyOfPrincipal(t *testing.T) {
	const policy = `"policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"execute-api:Invoke","Resource":"*"}]}`
	def := definition(map[string]*apigw.RouteIntegration{"$connect": lambdaProxyOf("chat")})
	def.RouteAuthorizers = map[apigw.AuthorizerID]*apigw.RouteAuthorizer{"a": {ID: "a", Name: "who", Type: "REQUEST", URI: functionURI("who"), IdentitySource: []string{"route.request.querystring.me"}}}
	route(def, "$connect").AuthorizationType, route(def, "$connect").AuthorizerID = "CUSTOM", "a"
	calls := newFunctions(func(name string, event map[string]any) (string, string) {
		if name != "who" {
			return allOK, ""
		}
		me := event["queryStringParameters"].(map[string]any)["me"].(string)
		return `{"principalId":"` + me + `",` + policy + `}`, ""
	})
	w := newWorld(t, def, calls, func(env *Env, _ *apigw.Stage) {
		env.Identities = people{"ALL": user(t, "ALL", "execute-api:*", "*")}
	})
	ann, again, bob := w.connect("?me=ann"), w.connect("?me=ann"), w.connect("?me=bob")
	post := func(body, want string) {
		t.Helper()
		resp := w.manage("ALL", "POST", "/prod/@connections", body)
		if text, _ := io.ReadAll(resp.Body); string(text) != want {
			t.Errorf("%d %s, not %s", resp.StatusCode, text, want)
		}
	}
	post(`{"principalId":"ann","data":"to ann"}`, `{"reached":2,"gone":[]}`)
	post(`{"principalId":"bob","data":"to bob"}`, `{"reached":1,"gone":[]}`)
	post(`{"principalId":"eve","data":"to eve"}`, `{"reached":0,"gone":[]}`)
	told(t, "to ann", ann, again)
	told(t, "to bob", bob)
	if n := len(w.env.Hub.recipients(&recipients{Principal: "ann"}, placeName{testAPI, "other"})); n != 0 {
		t.Errorf("%d of another stage", n)
	}
	w.env.Hub.Deleted(testAPI, "prod")
	for _, s := range []*socket{ann, again, bob} {
		if code, _ := s.ended(); code != 1001 {
			t.Errorf("closed with %d", code)
		}
		s.nc.Close()
	}
	for w.env.Hub.Len() > 0 {
		runtime.Gosched()
	}
	w.env.Hub.mu.RLock()
	defer w.env.Hub.mu.RUnlock()
	if n := len(w.env.Hub.principals); n != 0 {
		t.Errorf("%d principals are left", n)
	}
}

// FuzzOrder: what another node sends is read, or refused.
func FuzzOrder(f *testing.F) {
	f.Add([]byte("{\"do\":\"POST\",\"api\":\"a\",\"stage\":\"s\",\"ids\":[\"AAAAAAAAAAAAAAA=\"]}\nhello"))
	f.Add([]byte("{\"do\":\"many\",\"api\":\"a\",\"stage\":\"s\",\"who\":{\"everyone\":true}}\n"))
	h := NewHub(HubConfig{})
	f.Fuzz(func(t *testing.T, request []byte) {
		o, message, err := parseOrder(request)
		if err != nil {
			return
		}
		again, err := o.append(nil, message)
		if err != nil {
			t.Fatal(err)
		}
		second, text, err := parseOrder(again)
		if err != nil || string(text) != string(message) || cmp.Diff(o, second) != "" {
			t.Errorf("%q became %q: %v", request, again, err)
		}
		h.Answer(request)
	})
}

// FuzzMany: the body of a message to many is read, or refused, and names whom it
// is for by one way.
func FuzzMany(f *testing.F) {
	for _, body := range []string{
		`{"connectionIds":["AAAAAAAAAAAAAAA="],"data":"hello"}`, `{"principalId":"u-1","data":""}`, `{"everyone":true,"data":"hello"}`,
		`{"everyone":true,"principalId":"u-1","data":"x"}`, `{"everyone":true}`, `{"everyone":true,"data":"x"}{}`, `{"all":1}`, `[]`, ``,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parseMany(body)
		if err != nil {
			return
		}
		if c.Data == nil || c.Everyone == (c.IDs != nil || c.Principal != nil) || c.IDs != nil && c.Principal != nil {
			t.Errorf("%q became %+v", body, c)
		}
		listed(c.IDs)
	})
}

// A connection is that of its stage alone: who may manage those of another, or of
// another API, is told that there is none.
func TestOfAnotherStage(t *testing.T) {
	one, _ := newNeighbours(t)
	s := one.connect("")
	id, err := parseConnectionID(s.id())
	if err != nil {
		t.Fatal(err)
	}
	list := []connectionText{connectionText(id)}
	ask := func(do string, place placeName) result {
		return one.env.Hub.carryOut(&order{Do: do, API: place.api, Stage: place.stage, IDs: list}, []byte("x"))
	}
	for _, place := range []placeName{{testAPI, "dev"}, {"another", "prod"}, {testAPI, ""}} {
		for _, do := range []string{"POST", "GET", "DELETE"} {
			if r := ask(do, place); r.Outcome != isGone || r.About != "" {
				t.Errorf("%s as of %v: %+v", do, place, r)
			}
		}
		if r := ask(doMany, place); r.Reached != 0 || len(r.Gone) != 1 {
			t.Errorf("among many, as of %v: %+v", place, r)
		}
	}
	if r := ask("POST", placeName{testAPI, "prod"}); r.Outcome != done {
		t.Errorf("of its own stage: %+v", r)
	}
	if got := s.hear(); got != "x" {
		t.Errorf("heard %q", got)
	}
}
