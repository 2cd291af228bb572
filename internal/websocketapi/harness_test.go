package websocketapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/wsconn"
)

// functions is an Invoker that keeps what it was asked.
type functions struct {
	answer func(function string, event map[string]any) (payload, failed string)

	mu     sync.Mutex
	events []string
	told   chan string
}

func newFunctions(answer func(function string, event map[string]any) (payload, failed string)) *functions {
	return &functions{answer: answer, told: make(chan string, 100)}
}

func (f *functions) Invoke(_ context.Context, in *lambda.Invocation, out *lambda.Result) error {
	f.mu.Lock()
	f.events = append(f.events, string(in.Payload))
	f.mu.Unlock()
	var event map[string]any
	json.Unmarshal(in.Payload, &event)
	payload, failed := f.answer(in.Function[strings.LastIndex(in.Function, ":")+1:], event)
	f.told <- string(in.Payload)
	if failed == "unreachable" {
		return &lambda.Error{Kind: lambda.AccessDenied, Status: 403, Message: "no permission"}
	}
	out.Status, out.FunctionError = 200, failed
	out.Payload = append(out.Payload, payload...)
	return nil
}

// always answers every call with payload.
func always(payload string) *functions {
	return newFunctions(func(string, map[string]any) (string, string) { return payload, "" })
}

func functionURI(name string) string {
	return "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:" + name + "/invocations"
}

const (
	testAPI  = "h5j6k7l8m9"
	testHost = testAPI + ".execute-api.us-east-1.amazonaws.com"
)

// definition is an API whose routes are by key; those that end in "!" answer.
func definition(routes map[string]*apigw.RouteIntegration) *apigw.Definition {
	def := &apigw.Definition{
		RouteAPI: &apigw.RouteAPI{ID: testAPI, Protocol: apigw.ProtocolWebSocket, RouteSelection: "$request.body.action"},
		Routes:   map[apigw.RouteID]*apigw.Route{}, RouteIntegrations: map[apigw.RouteIntegrationID]*apigw.RouteIntegration{},
	}
	for key, i := range routes {
		key, answers := strings.CutSuffix(key, "!")
		r := &apigw.Route{ID: apigw.RouteID(key), Key: key, AuthorizationType: "NONE"}
		if answers {
			r.ResponseSelection = "$default"
			r.Responses = map[apigw.RouteResponseID]*apigw.RouteResponse{"r": {ID: "r", Key: "$default"}}
		}
		if i != nil {
			i.ID = apigw.RouteIntegrationID("i-" + key)
			r.Target = i.ID
			def.RouteIntegrations[i.ID] = i
		}
		def.Routes[r.ID] = r
	}
	return def
}

func route(def *apigw.Definition, key string) *apigw.Route { return def.Routes[apigw.RouteID(key)] }

func lambdaProxyOf(name string) *apigw.RouteIntegration {
	return &apigw.RouteIntegration{Type: apigw.IntegrationAWSProxy, URI: functionURI(name), Method: "POST"}
}

func testStageRecord() *apigw.Stage {
	return &apigw.Stage{Name: "prod", Variables: map[string]string{"table": "conns"}, Routes: &apigw.RouteStage{Protocol: apigw.ProtocolWebSocket}}
}

// world is a gateway with one stage.
type world struct {
	t     *testing.T
	env   *Env
	addr  string
	mu    sync.Mutex
	stage *Stage
	calls *functions

	served sync.WaitGroup // requests
}

func newWorld(t *testing.T, def *apigw.Definition, calls *functions, change ...func(*Env, *apigw.Stage)) *world {
	t.Helper()
	env := &Env{
		Env: &serving.Env{
			Scope: apigw.Scope{Partition: "aws", Account: "123456789012", Region: "us-east-1"}, Functions: calls,
			Pools: integration.NewPools(integration.PoolConfig{}),
		},
		Hub: NewHub(HubConfig{Node: [3]byte{1, 2, 3}, Limits: wsconn.Limits{Idle: time.Minute}}),
	}
	st := testStageRecord()
	for _, c := range change {
		c(env, st)
	}
	w := &world{t: t, env: env, calls: calls}
	w.deploy(def, st)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.addr = listener.Addr().String()
	server := &http1.Server{Handler: w.handle}
	go func() {
		for {
			nc, err := listener.Accept()
			if err != nil {
				return
			}
			go server.ServeConn(nc, http1.ConnInfo{Remote: nc.RemoteAddr(), Local: nc.LocalAddr()})
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		env.Hub.Shutdown(ctx)
	})
	return w
}

func (w *world) deploy(def *apigw.Definition, st *apigw.Stage) {
	w.t.Helper()
	stage, err := Compile(def, st, w.env)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	old := w.stage
	w.stage = stage
	w.mu.Unlock()
	if old != nil {
		old.Close()
	}
}

type testBody struct {
	*http1.ServerConn
	length int64
}

func (b *testBody) Length() int64 { return b.length }

func (w *world) handle(c *http1.ServerConn, r *http1.Request) {
	w.served.Add(1)
	defer w.served.Done()
	var x exchange.Exchange
	x.Begin(c)
	x.Method, x.Path, x.Query, x.Host, x.Protocol, x.Header, x.Received = r.Method, r.Path, r.Query, r.Host, "HTTP/1.1", &r.Header, r.Received
	x.Body = &testBody{c, r.ContentLength}
	x.Client.IP, x.Client.Port = netip.MustParseAddr("203.0.113.9"), 443
	rest := strings.TrimPrefix(string(r.Path), "/prod")
	x.Address = exchange.Address{APIID: testAPI, Stage: "prod", DomainName: testHost, StagePath: []byte(rest)}
	serving.NewIDs(&x)
	w.mu.Lock()
	stage := w.stage
	w.mu.Unlock()
	stage.Serve(&x)
	if !x.Hijacked() {
		c.Respond(x.Response.Status, &x.Response.Header, x.Response.Body)
	}
	x.End()
}

// dial connects; header holds pairs of names and values.
func (w *world) dial(query string, header ...string) (*socket, error) {
	h := http.Header{"User-Agent": {"ExampleClient/2.1"}}
	var protocols []string
	for i := 0; i < len(header); i += 2 {
		if header[i] == subprotocol {
			protocols = []string{header[i+1]}
			continue
		}
		h[header[i]] = []string{header[i+1]}
	}
	s := &socket{t: w.t}
	d := ws.Dialer{Host: testHost, Protocols: protocols, Header: ws.HandshakeHeaderHTTP(h), OnHeader: func(k, v []byte) error {
		s.fields = append(s.fields, string(k)+": "+string(v))
		return nil
	}}
	nc, buffered, _, err := d.Dial(context.Background(), "ws://"+w.addr+"/prod"+query)
	if err != nil {
		return nil, err
	}
	s.nc = nc
	if buffered != nil {
		s.in = buffered
	}
	w.t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	return s, nil
}

func (w *world) connect(query string, header ...string) *socket {
	w.t.Helper()
	s, err := w.dial(query, header...)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// refused is the status that a client is refused with.
func (w *world) refused(query string, header ...string) int {
	w.t.Helper()
	_, err := w.dial(query, header...)
	if err == nil {
		return 101
	}
	var status ws.StatusError
	if !errors.As(err, &status) {
		w.t.Fatal(err)
	}
	return int(status)
}

// socket is a client's connection.
type socket struct {
	t      *testing.T
	nc     net.Conn
	in     interface{ Read([]byte) (int, error) }
	fields []string
}

func (s *socket) Read(p []byte) (int, error) {
	if s.in != nil {
		return s.in.Read(p)
	}
	return s.nc.Read(p)
}

func (s *socket) Write(p []byte) (int, error) { return s.nc.Write(p) }

func (s *socket) say(text string) {
	s.t.Helper()
	if err := wsutil.WriteClientText(s.nc, []byte(text)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *socket) hear() string {
	s.t.Helper()
	text, err := wsutil.ReadServerText(s)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

// event is the next event that a function got.
func (w *world) event() map[string]any {
	w.t.Helper()
	select {
	case text := <-w.calls.told:
		var event map[string]any
		if err := json.Unmarshal([]byte(text), &event); err != nil {
			w.t.Fatalf("%v in %s", err, text)
		}
		return event
	case <-time.After(5 * time.Second):
		w.t.Fatal("no function was called")
		return nil
	}
}

// ended reads a close frame.
func (s *socket) ended() (code int, reason string) {
	s.t.Helper()
	h, err := ws.ReadHeader(s)
	if err != nil || h.OpCode != ws.OpClose {
		s.t.Fatalf("no close frame: %v %v", h, err)
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(s, payload); err != nil {
		s.t.Fatal(err)
	}
	status, reason := ws.ParseCloseFrameData(payload)
	return int(status), reason
}
