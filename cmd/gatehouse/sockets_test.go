package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/gatehouse/gatehouse/internal/freeport"
)

// socketAPI is a WebSocket API with one route for messages, which answers, and
// $disconnect.
type socketAPI struct {
	t                    testing.TB
	c                    *apigatewayv2.Client
	id, integration, say string
}

// socketsTo makes a WebSocket API on s, on the stage prod, whose messages go to
// backend.
func (s *server) socketsTo(backend string) *socketAPI {
	s.t.Helper()
	a := s.socketAPI()
	a.integration = a.integrate(types.IntegrationTypeHttpProxy, backend)
	a.say = a.route("$default", a.integration)
	a.route("$disconnect", a.integrate(types.IntegrationTypeHttpProxy, backend+"/gone"))
	a.deploy()
	return a
}

// socketAPI is one without routes.
func (s *server) socketAPI() *socketAPI {
	s.t.Helper()
	return s.socketAPIBy("test", "test")
}

// socketAPIBy is socketAPI by who has an access key.
func (s *server) socketAPIBy(key, secret string) *socketAPI {
	s.t.Helper()
	a := &socketAPI{t: s.t, c: apigatewayv2.New(apigatewayv2.Options{Region: "us-east-1", BaseEndpoint: &s.control, Credentials: credentials.NewStaticCredentialsProvider(key, secret, "")})}
	made, err := a.c.CreateApi(context.Background(), &apigatewayv2.CreateApiInput{Name: aws.String("chat"), ProtocolType: types.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action")})
	a.must(err)
	a.id = *made.ApiId
	return a
}

func (a *socketAPI) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *socketAPI) integrate(kind types.IntegrationType, uri string) string {
	a.t.Helper()
	in := &apigatewayv2.CreateIntegrationInput{ApiId: &a.id, IntegrationType: kind, IntegrationMethod: aws.String("POST"), IntegrationUri: &uri}
	if kind == types.IntegrationTypeHttpProxy {
		in.RequestParameters = map[string]string{"integration.request.header.connectionId": "context.connectionId"}
	}
	made, err := a.c.CreateIntegration(context.Background(), in)
	a.must(err)
	return *made.IntegrationId
}

func (a *socketAPI) route(key, integration string) string {
	a.t.Helper()
	ctx := context.Background()
	in := &apigatewayv2.CreateRouteInput{ApiId: &a.id, RouteKey: &key, Target: aws.String("integrations/" + integration)}
	if !strings.HasPrefix(key, "$dis") {
		in.RouteResponseSelectionExpression = aws.String("$default")
	}
	made, err := a.c.CreateRoute(ctx, in)
	a.must(err)
	if in.RouteResponseSelectionExpression != nil {
		_, err = a.c.CreateRouteResponse(ctx, &apigatewayv2.CreateRouteResponseInput{ApiId: &a.id, RouteId: made.RouteId, RouteResponseKey: aws.String("$default")})
		a.must(err)
	}
	return *made.RouteId
}

// deploy deploys to prod, which it makes the first time.
func (a *socketAPI) deploy() {
	a.t.Helper()
	ctx := context.Background()
	made, err := a.c.CreateDeployment(ctx, &apigatewayv2.CreateDeploymentInput{ApiId: &a.id})
	a.must(err)
	_, err = a.c.UpdateStage(ctx, &apigatewayv2.UpdateStageInput{ApiId: &a.id, StageName: aws.String("prod"), DeploymentId: made.DeploymentId})
	if err != nil {
		_, err = a.c.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: &a.id, StageName: aws.String("prod"), DeploymentId: made.DeploymentId})
	}
	a.must(err)
}

// at is the API on s.
func (a *socketAPI) at(s *server) string { return s.invoke + "/_aws/execute-api/" + a.id + "/prod" }

// tellTo calls @connections of a connection on s.
func (a *socketAPI) callback(s *server, method, id, body string) answer {
	a.t.Helper()
	path := "/@connections"
	if id != "" {
		path += "/" + strings.ReplaceAll(id, "=", "%3D")
	}
	return call(a.t, method, a.at(s)+path, "", body, "Authorization", "AWS4-HMAC-SHA256 Credential=test")
}

// person is a client of such an API.
type person struct {
	*chatter
	id string
}

// connect connects to s. The backend tells the connection's ID.
func (a *socketAPI) connect(t *testing.T, s *server) *person {
	t.Helper()
	p := &person{chatter: dialChat(t, "ws"+strings.TrimPrefix(a.at(s), "http"))}
	p.say("id")
	p.id = p.next()
	return p
}

// next is the next message.
func (p *person) next() string {
	p.t.Helper()
	text, err := wsutil.ReadServerText(p.nc)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// ends wants a close frame with code next, and answers it.
func (p *person) ends(code int) {
	p.t.Helper()
	h, err := ws.ReadHeader(p.nc)
	if err != nil || h.OpCode != ws.OpClose || h.Length > 125 {
		p.t.Fatalf("no close frame: %v %v", h, err)
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(p.nc, payload); err != nil {
		p.t.Fatal(err)
	}
	if got, reason := ws.ParseCloseFrameData(payload); int(got) != code {
		p.t.Errorf("closed with %d %s, not %d", got, reason, code)
	}
	ws.WriteFrame(p.nc, ws.MaskFrame(ws.NewCloseFrame(payload)))
	p.nc.Close()
}

// isCut wants the connection to end without a close frame: browsers tell of
// 1006.
func (p *person) isCut() {
	p.t.Helper()
	if h, err := ws.ReadHeader(p.nc); err == nil {
		p.t.Errorf("there is a frame: %v", h)
	} else if e, ok := err.(net.Error); ok && e.Timeout() {
		p.t.Errorf("nothing happens: %v", err)
	}
	p.nc.Close()
}

// talker is the backend: it answers "id" with the connection's ID, "slow" once
// it is released, and everything else with its path and the same.
type talker struct {
	url     string
	slow    chan struct{} // one for each slow message that has come
	release chan struct{} // closed: slow ones are answered
	gone    chan string   // the IDs that $disconnect told of
}

func converse(t *testing.T) *talker {
	b := &talker{slow: make(chan struct{}, 10), release: make(chan struct{}), gone: make(chan string, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		switch {
		case r.URL.Path == "/gone":
			b.gone <- r.Header.Get("connectionId")
		case string(text) == "id":
			io.WriteString(w, r.Header.Get("connectionId"))
		case string(text) == "slow":
			b.slow <- struct{}{}
			select {
			case <-b.release:
			case <-r.Context().Done():
			}
			io.WriteString(w, "done")
		default:
			io.WriteString(w, r.URL.Path+" "+string(text))
		}
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func receive[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(20 * time.Second):
		t.Fatalf("it takes too long: %s", what)
	}
	return v
}

// TestSocketDrain: a process that is asked to end lets messages in work be
// answered, then closes connections with 1001, tells $disconnect, and ends.
func TestSocketDrain(t *testing.T) {
	t.Parallel()
	b, s := converse(t), serveWith(t)
	a := s.socketsTo(b.url)
	busy, idle := a.connect(t, s), a.connect(t, s)
	busy.say("slow")
	receive(t, "the slow message comes", b.slow)
	ended := make(chan int)
	go func() { ended <- s.terminate() }()
	eventually(t, "the process drains", func() bool { return len(s.records("draining")) > 0 })
	time.AfterFunc(300*time.Millisecond, func() { close(b.release) })
	busy.hears("done")
	busy.ends(1001)
	idle.ends(1001)
	told := map[string]bool{receive(t, "$disconnect", b.gone): true, receive(t, "$disconnect", b.gone): true}
	if !told[busy.id] || !told[idle.id] {
		t.Errorf("$disconnect told of %v", told)
	}
	if code := receive(t, "the process ends", ended); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// TestSocketSwap: deployments under an open connection drop no message, and the
// next one goes to the new routes. A stage that is deleted closes it.
func TestSocketSwap(t *testing.T) {
	t.Parallel()
	b, s := converse(t), serveWith(t)
	a := s.socketsTo(b.url + "/0")
	p := a.connect(t, s)
	stop, answered := make(chan struct{}), make(chan int, 1)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				answered <- n
				return
			default:
			}
			text := fmt.Sprint(n)
			if err := wsutil.WriteClientText(p.nc, []byte(text)); err != nil {
				t.Error(err)
			}
			got, err := wsutil.ReadServerText(p.nc)
			if err != nil || !strings.HasSuffix(string(got), " "+text) {
				t.Errorf("message %d: %q, %v", n, got, err)
				answered <- n
				return
			}
		}
	}()
	for i := range 10 {
		_, err := a.c.UpdateIntegration(t.Context(), &apigatewayv2.UpdateIntegrationInput{ApiId: &a.id, IntegrationId: &a.integration, IntegrationUri: aws.String(fmt.Sprintf("%s/%d", b.url, i+1))})
		a.must(err)
		a.deploy()
	}
	close(stop)
	t.Logf("%d messages", receive(t, "messages end", answered))
	p.say("hi")
	p.hears("/10 hi")
	_, err := a.c.DeleteStage(t.Context(), &apigatewayv2.DeleteStageInput{ApiId: &a.id, StageName: aws.String("prod")})
	a.must(err)
	p.ends(1001)
	if got := call(t, "GET", a.at(s), "", ""); got.status != 404 && got.status != 403 {
		t.Errorf("the stage still answers %v", got)
	}
}

// runBackend is a backend in a process of its own: it answers "hi" and its
// address as X-Backend, and "slow" not at all.
func runBackend(address string) int {
	l, err := net.Listen("tcp", address)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println("ready")
	err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text, _ := io.ReadAll(r.Body); string(text) == "slow" {
			fmt.Println("slow")
			<-r.Context().Done()
		}
		w.Header().Set("X-Backend", address)
		io.WriteString(w, "hi")
	}))
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// backendProcess is such a backend.
type backendProcess struct {
	cmd   *exec.Cmd
	lines chan string
}

func startBackend(t *testing.T, address string) *backendProcess {
	t.Helper()
	b := &backendProcess{cmd: helper("backend", address), lines: make(chan string, 10)}
	out, err := b.cmd.StdoutPipe()
	if err == nil {
		err = b.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.kill)
	go func() {
		for line := make([]byte, 100); ; {
			n, err := out.Read(line)
			if err != nil {
				return
			}
			b.lines <- string(line[:n])
		}
	}()
	receive(t, "the backend is ready", b.lines)
	return b
}

func (b *backendProcess) kill() {
	_ = b.cmd.Process.Kill()
	_ = b.cmd.Wait()
}

const failedFrame = `{"message": "Internal server error", "connectionId":"`

// wantFailure wants the frame of a message that nothing came of.
func (p *person) wantFailure() {
	p.t.Helper()
	if text := p.next(); !strings.HasPrefix(text, failedFrame) {
		p.t.Errorf("heard %q", text)
	}
}

// TestSocketBackendKilled: messages in work and those that follow are answered
// with an error frame; the connection stays, and works once the backend is back.
func TestSocketBackendKilled(t *testing.T) {
	t.Parallel()
	address, s := freeport.Address(t), serveWith(t)
	b := startBackend(t, address)
	a := s.socketsTo("http://" + address)
	p := &person{chatter: dialChat(t, "ws"+strings.TrimPrefix(a.at(s), "http"))}
	p.say("hello")
	p.hears("hi")
	p.say("slow")
	receive(t, "the slow message comes", b.lines)
	b.kill()
	p.wantFailure()
	p.say("hello")
	p.wantFailure()
	startBackend(t, address)
	p.say("hello")
	p.hears("hi")
}

// TestSocketFunctionKilled: the message that a function dies of is answered with
// an error frame; the next one has a new process.
func TestSocketFunctionKilled(t *testing.T) {
	t.Parallel()
	need(t, "python3")
	dir := t.TempDir()
	code := "import os, signal\ndef handler(event, context):\n    if event.get('body') == 'die':\n        os.kill(os.getpid(), signal.SIGKILL)\n    return {'statusCode': 200, 'body': 'alive'}\n"
	if err := os.WriteFile(filepath.Join(dir, "index.py"), []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", "functions: {fn: {runtime: python3.12, code: "+dir+", handler: index.handler, timeout: 20}}\n"))
	a := s.socketAPI()
	a.route("$default", a.integrate(types.IntegrationTypeAwsProxy, "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:fn/invocations"))
	a.deploy()
	p := &person{chatter: dialChat(t, "ws"+strings.TrimPrefix(a.at(s), "http"))}
	for range 2 {
		p.say("hello")
		p.hears("alive")
		p.say("die")
		p.wantFailure()
	}
	p.say("hello")
	p.hears("alive")
}

// TestSocketKilled: a gatehouse that is killed cuts its connections; the one
// that starts after it says that they are gone, and takes new ones.
func TestSocketKilled(t *testing.T) {
	t.Parallel()
	b, s := converse(t), serveWith(t)
	a := s.socketsTo(b.url)
	p := a.connect(t, s)
	s.kill()
	p.isCut()
	s.restart()
	if got := a.callback(s, "POST", p.id, "x"); got.status != 410 || got.header.Get("x-amzn-ErrorType") != "GoneException" {
		t.Errorf("a connection from before: %v", got)
	}
	again := a.connect(t, s)
	if got := a.callback(s, "POST", again.id, "welcome"); got.status != 200 {
		t.Errorf("%v", got)
	}
	again.hears("welcome")
}

// TestSocketNodes: a connection is reached from every node with the same
// answers; a message to many reaches those of all nodes; when a node is killed
// its connections are cut, and gone for the others; a stage that is deleted on
// one closes its connections on all.
func TestSocketNodes(t *testing.T) {
	t.Parallel()
	b, etcd := converse(t), startEtcd(t)
	config := write(t, "gatehouse.yaml", "store: {masterKey: '"+strings.Repeat("1", 64)+"', etcd: {endpoints: ["+etcd.endpoint+"]}}\ncluster: {listen: '127.0.0.1:0'}\n")
	one, two, three := serveWith(t, "--config", config), serveWith(t, "--config", config), serveWith(t, "--config", config)
	all := []*server{one, two, three}
	for _, s := range all {
		eventually(t, "every node knows of the others", func() bool {
			return strings.Contains(call(t, "GET", s.control+"/_gatehouse/metrics", "", "").body, "\ngatehouse_nodes 3\n")
		})
	}
	a := one.socketsTo(b.url)
	for _, s := range all {
		eventually(t, "every node serves the API", func() bool { return call(t, "GET", a.at(s), "", "").status == 400 })
	}
	people := []*person{a.connect(t, one), a.connect(t, two), a.connect(t, three)}
	for _, s := range all {
		for _, p := range people {
			if got := a.callback(s, "POST", p.id, "hi"); got.status != 200 || got.body != "" {
				t.Errorf("post: %v", got)
			}
			p.hears("hi")
			if got := a.callback(s, "GET", p.id, ""); got.status != 200 || !strings.Contains(got.body, `"sourceIp":"127.0.0.1"`) {
				t.Errorf("get: %v", got)
			}
		}
	}
	ids, _ := json.Marshal([]string{people[0].id, people[1].id, people[2].id})
	for body, want := range map[string]string{
		`{"everyone":true,"data":"all"}`:                        `{"reached":3,"gone":[]}`,
		`{"connectionIds":` + string(ids) + `,"data":"listed"}`: `{"reached":3,"gone":[]}`,
	} {
		if got := a.callback(two, "POST", "", body); got.status != 200 || got.body != want {
			t.Errorf("many: %v", got)
		}
		text := "all"
		if strings.Contains(body, "listed") {
			text = "listed"
		}
		for _, p := range people {
			p.hears(text)
		}
	}
	if got := a.callback(three, "DELETE", people[0].id, ""); got.status != 204 {
		t.Errorf("delete: %v", got)
	}
	people[0].ends(1000)
	eventually(t, "the connection is gone", func() bool { return a.callback(two, "GET", people[0].id, "").status == 410 })

	three.kill()
	people[2].isCut()
	if got := a.callback(one, "POST", people[2].id, "x"); got.status != 410 || got.header.Get("x-amzn-ErrorType") != "GoneException" {
		t.Errorf("of the node that was killed: %v", got)
	}
	if got := a.callback(one, "POST", "", `{"connectionIds":`+string(ids)+`,"data":"left"}`); got.body != `{"reached":1,"gone":["`+people[0].id+`","`+people[2].id+`"]}` && got.body != `{"reached":1,"gone":["`+people[2].id+`","`+people[0].id+`"]}` {
		t.Errorf("many: %v", got)
	}
	people[1].hears("left")
	again := a.connect(t, one)
	_, err := a.c.DeleteStage(t.Context(), &apigatewayv2.DeleteStageInput{ApiId: &a.id, StageName: aws.String("prod")})
	a.must(err)
	people[1].ends(1001)
	again.ends(1001)
}

// TestNodeListenerIsNoBackend: no integration connects to where other nodes call
// this one.
func TestNodeListenerIsNoBackend(t *testing.T) {
	t.Parallel()
	etcd, address := startEtcd(t), freeport.Address(t)
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", "store: {masterKey: '"+strings.Repeat("1", 64)+"', etcd: {endpoints: ["+etcd.endpoint+"]}}\ncluster: {listen: '"+address+"'}\n"))
	if nc, err := net.Dial("tcp", address); err != nil {
		t.Fatal(err)
	} else {
		nc.Close()
	}
	_, port, _ := net.SplitHostPort(address)
	a := s.socketAPI()
	uris := []string{"https://" + address + "/gatehouse/node/1", "http://localhost:" + port + "/", "https://[::ffff:127.0.0.1]:" + port + "/"}
	for i, uri := range uris {
		a.route(fmt.Sprint("to", i), a.integrate(types.IntegrationTypeHttpProxy, uri))
	}
	a.deploy()
	c := dialChat(t, "ws"+strings.TrimPrefix(a.at(s), "http"))
	for i, uri := range uris {
		c.say(fmt.Sprintf(`{"action":"to%d"}`, i))
		if got := (&person{chatter: c}).next(); !strings.HasPrefix(got, `{"message": "Internal server error"`) {
			t.Errorf("%s: %s", uri, got)
		}
		told := func() string {
			all := s.records("event failed")
			if len(all) <= i {
				return ""
			}
			return fmt.Sprint(all[i]["cause"])
		}
		eventually(t, "the refusal is told", func() bool { return told() != "" })
		if !strings.Contains(told(), "control or node listener, which integrations don't reach") {
			t.Errorf("%s: %s", uri, told())
		}
	}
}
