package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/gobwas/ws"
)

// whoAmI makes a WebSocket API that answers every message with the connection's
// ID, and returns the address of its stage, without a scheme.
func (s *server) whoAmI() string {
	s.t.Helper()
	ctx := s.t.Context()
	c := apigatewayv2.New(apigatewayv2.Options{BaseEndpoint: &s.control, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", "")})
	api, err := c.CreateApi(ctx, &apigatewayv2.CreateApiInput{Name: aws.String("who"), ProtocolType: types.ProtocolTypeWebsocket, RouteSelectionExpression: aws.String("$request.body.action")})
	must(s.t, err)
	always := aws.String(`\$default`)
	mock, err := c.CreateIntegration(ctx, &apigatewayv2.CreateIntegrationInput{ApiId: api.ApiId, IntegrationType: types.IntegrationTypeMock,
		TemplateSelectionExpression: always, RequestTemplates: map[string]string{"$default": `{"statusCode":200}`}})
	must(s.t, err)
	_, err = c.CreateIntegrationResponse(ctx, &apigatewayv2.CreateIntegrationResponseInput{ApiId: api.ApiId, IntegrationId: mock.IntegrationId, IntegrationResponseKey: aws.String("$default"),
		TemplateSelectionExpression: always, ResponseTemplates: map[string]string{"$default": "$context.connectionId"}})
	must(s.t, err)
	route, err := c.CreateRoute(ctx, &apigatewayv2.CreateRouteInput{ApiId: api.ApiId, RouteKey: aws.String("$default"), Target: aws.String("integrations/" + *mock.IntegrationId), RouteResponseSelectionExpression: aws.String("$default")})
	must(s.t, err)
	_, err = c.CreateRouteResponse(ctx, &apigatewayv2.CreateRouteResponseInput{ApiId: api.ApiId, RouteId: route.RouteId, RouteResponseKey: aws.String("$default")})
	must(s.t, err)
	_, err = c.CreateStage(ctx, &apigatewayv2.CreateStageInput{ApiId: api.ApiId, StageName: aws.String("prod"), AutoDeploy: aws.Bool(true)})
	must(s.t, err)
	base := strings.TrimPrefix(s.invoke, "http://") + "/_aws/execute-api/" + *api.ApiId + "/prod"
	eventually(s.t, "the API is served", func() bool {
		nc, _, _, err := ws.Dial(context.Background(), "ws://"+base)
		if err == nil {
			nc.Close()
		}
		return err == nil
	})
	return base
}

// id is the connection's, as the API says it.
func (c *chatter) id() string {
	c.t.Helper()
	c.say("who?")
	head, err := ws.ReadHeader(c.nc)
	must(c.t, err)
	text := make([]byte, head.Length)
	_, err = io.ReadFull(c.nc, text)
	must(c.t, err)
	if head.OpCode != ws.OpText || len(text) != 16 {
		c.t.Fatalf("heard %v %q", head, text)
	}
	return string(text)
}

// ended reads up to the close frame, answers it and waits for the end.
func (c *chatter) ended() ws.StatusCode {
	c.t.Helper()
	for {
		head, err := ws.ReadHeader(c.nc)
		if err != nil {
			c.t.Errorf("no close frame: %v", err)
			return 0
		}
		payload := make([]byte, head.Length)
		if _, err := io.ReadFull(c.nc, payload); err != nil {
			c.t.Error(err)
			return 0
		}
		if head.OpCode != ws.OpClose {
			continue
		}
		code, _ := ws.ParseCloseFrameData(payload)
		ws.WriteFrame(c.nc, ws.MaskFrame(ws.NewCloseFrame(payload)))
		io.Copy(io.Discard, c.nc)
		c.nc.Close()
		return code
	}
}

// reset ends the connection as a killed client's kernel does.
func (c *chatter) reset() {
	c.nc.(*net.TCPConn).SetLinger(0)
	c.nc.Close()
}

func rawFrame(first byte, payload string) string {
	head := []byte{first, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		head = []byte{first, 0x80 | 127, 0, 0, 0, 0, byte(len(payload) >> 24), byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload))}
	}
	return string(head) + "\x00\x00\x00\x00" + payload
}

// badFrames are what no well-behaved client sends (RFC 6455; the sizes and
// binary messages are API Gateway's: developer guide, "Quotas for configuring
// and running a WebSocket API").
var badFrames = []struct {
	name, bytes string
	code        ws.StatusCode
}{
	{"text that isn't UTF-8", rawFrame(0x81, "\xff\xfe"), 1007},
	{"a character cut by the end of the message", rawFrame(0x01, "a\xe2") + rawFrame(0x80, "\x82"), 1007},
	{"an unmasked frame", "\x81\x02hi", 1002},
	{"a reserved bit", rawFrame(0xc1, "hi"), 1002},
	{"a reserved opcode", rawFrame(0x83, "hi"), 1002},
	{"a continuation of nothing", rawFrame(0x80, "hi"), 1002},
	{"a message within a message", rawFrame(0x01, "a") + rawFrame(0x81, "b"), 1002},
	{"a fragmented ping", rawFrame(0x09, "a"), 1002},
	{"a close frame of one byte", rawFrame(0x88, "a"), 1002},
	{"a close code that none may send", rawFrame(0x88, "\x03\xed"), 1002},
	{"a binary message", rawFrame(0x82, "hi"), 1003},
	{"a frame of 32 KB and one byte", rawFrame(0x81, strings.Repeat("a", 32<<10+1)), 1009},
	{"a frame of 2^62 bytes, announced", "\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 1009},
	{"a length with its first bit set", "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", 1002},
	{"fragments of 160 KB", rawFrame(0x01, strings.Repeat("a", 32<<10)) + strings.Repeat(rawFrame(0x00, strings.Repeat("a", 32<<10)), 4), 1009},
}

// meetsBadSockets has clients break the rules, flood and vanish.
func (s *server) meetsBadSockets(base string, steady *chatter) {
	s.t.Helper()
	for _, bad := range badFrames {
		c := dialChat(s.t.(*testing.T), "ws://"+base)
		if _, err := io.WriteString(c.nc, bad.bytes); err != nil {
			s.t.Errorf("%s: %v", bad.name, err)
		}
		if code := c.ended(); code != bad.code {
			s.t.Errorf("%s: closed with %d, not %d", bad.name, code, bad.code)
		}
	}
	for _, last := range []string{"", "\x81", "\x81\xfe\x7f", rawFrame(0x01, strings.Repeat("a", 30<<10)), strings.Repeat(rawFrame(0x81, "who?"), 2000), strings.Repeat(rawFrame(0x89, "ping"), 2000)} {
		c := dialChat(s.t.(*testing.T), "ws://"+base)
		io.WriteString(c.nc, last)
		c.reset()
	}
	steady.id()
}

// TestBadSockets: each is closed with the code that fits, nobody else notices,
// and the process is as it was: files, memory, goroutines.
func TestBadSockets(t *testing.T) {
	t.Parallel()
	s, fresh := serveWith(t), serveWith(t)
	base, freshBase := s.whoAmI(), fresh.whoAmI()
	steady := dialChat(t, "ws://"+base)
	steady.nc.SetDeadline(time.Now().Add(2 * time.Minute))
	for range 2 {
		s.meetsBadSockets(base, steady)
	}
	eventually(t, "what was lost is forgotten", func() bool { return s.sockets() == "1" })
	files, memory := s.files(), s.memory()
	for range 5 {
		s.meetsBadSockets(base, steady)
	}
	eventually(t, "what was lost is forgotten", func() bool { return s.sockets() == "1" })
	eventually(t, "files are closed", func() bool { return s.files() <= files+2 })
	if after := s.memory(); after > memory+32<<20 {
		t.Errorf("%d MB of memory grew to %d MB", memory>>20, after>>20)
	}
	time.Sleep(2 * time.Second) // goroutines wait a second for work
	dialChat(t, "ws://"+freshBase).id()
	before, now := fresh.goroutines(), s.goroutines()
	t.Logf("%d files; goroutines: %d of a fresh process, %d after", files, before, now)
	if now > before+10 {
		t.Errorf("%d goroutines where a fresh process has %d:\n%s", now, before, s.log.String())
	}
}

// sockets is how many WebSocket connections the process says it has.
func (s *server) sockets() string {
	s.t.Helper()
	for line := range strings.Lines(call(s.t.(*testing.T), "GET", s.control+"/_gatehouse/metrics", "", "").body) {
		if n, ok := strings.CutPrefix(line, "gatehouse_websocket_connections "); ok {
			return strings.TrimSpace(n)
		}
	}
	return ""
}

// TestSilentSockets: clients that are gone without a word, or read nothing, are
// closed in time; who sends to one that reads nothing is told so, and never
// waits.
func TestSilentSockets(t *testing.T) {
	t.Parallel()
	s := serveWith(t, "--config", write(t, "gatehouse.yaml", "limits: {webSocketIdle: 18s}\n"))
	base := s.whoAmI()
	halfOpen, slow, steady := dialChat(t, "ws://"+base), dialChat(t, "ws://"+base), dialChat(t, "ws://"+base)
	slow.nc.SetDeadline(time.Now().Add(2 * time.Minute))
	steady.nc.SetDeadline(time.Now().Add(2 * time.Minute))
	slow.nc.(*net.TCPConn).SetReadBuffer(4 << 10)
	to := "http://" + base + "/@connections/" + url.PathEscape(slow.id())
	message := strings.Repeat("a", 128<<10)
	seen := map[int]int{}
	for began := time.Now(); seen[410] == 0; {
		sent := time.Now()
		status, kind := s.post(to, message)
		if took := time.Since(sent); took > 5*time.Second {
			t.Fatalf("the sender waited %v", took)
		}
		seen[status]++
		if status == 429 {
			if kind != "LimitExceededException" {
				t.Fatalf("429 is a %s", kind)
			}
			steady.id()
			time.Sleep(100 * time.Millisecond)
		} else if status != 200 && status != 410 {
			t.Fatalf("status %d", status)
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("who reads nothing isn't closed: %v", seen)
		}
	}
	if seen[200] == 0 || seen[429] == 0 {
		t.Errorf("answers by status: %v", seen)
	}
	steady.id()
	halfOpen.nc.SetDeadline(time.Now().Add(25 * time.Second))
	if code := halfOpen.ended(); code != 1001 {
		t.Errorf("a silent client is closed with %d", code)
	}
}

func (s *server) post(to, message string) (status int, kind string) {
	s.t.Helper()
	r, err := http.NewRequest("POST", to, strings.NewReader(message))
	must(s.t, err)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0")
	resp, err := http.DefaultClient.Do(r)
	must(s.t, err)
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Header.Get("x-amzn-ErrorType")
}
