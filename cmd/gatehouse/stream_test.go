package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// slowBackend streams what tests look at.
type slowBackend struct {
	*httptest.Server
	gate    chan struct{} // lets /ticks go on
	written atomic.Int64  // by /flow
	left    chan string   // paths whose client left
}

func newSlowBackend(t testing.TB) *slowBackend {
	b := &slowBackend{gate: make(chan struct{}), left: make(chan string, 8)}
	mux := http.NewServeMux()
	mux.HandleFunc("/ticks", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: 1\n\n")
		w.(http.Flusher).Flush()
		<-b.gate
		fmt.Fprint(w, "data: 2\n\n")
	})
	mux.HandleFunc("/flow", func(w http.ResponseWriter, r *http.Request) {
		for piece := make([]byte, 64<<10); ; {
			n, err := w.Write(piece)
			b.written.Add(int64(n))
			if err != nil {
				b.left <- r.URL.Path
				return
			}
		}
	})
	mux.HandleFunc("/quiet", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "one")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		b.left <- r.URL.Path
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 11<<20)) })
	b.Server = httptest.NewServer(mux)
	t.Cleanup(b.CloseClientConnections)
	return b
}

// streaming is a definition whose GET path passes on what a backend streams.
func streaming(path, uri string) string {
	return "  " + path + `:
    get:
      responses: {"200": {description: ok}}
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: GET
        responseTransferMode: STREAM
        timeoutInMillis: 900000
        uri: ` + uri + "\n"
}

// streamingFunction is a definition whose GET path passes on what a function
// streams.
func streamingFunction(path, function string) string {
	return strings.NewReplacer("2015-03-31", "2021-11-15", "/invocations", "/response-streaming-invocations",
		"type: aws_proxy", "type: aws_proxy\n        responseTransferMode: STREAM").Replace(invoking(path, function))
}

// ticking streams two events, the second when the file that the environment
// names is there.
const ticking = `
const fs = require('fs');
exports.handler = awslambda.streamifyResponse(async (event, out) => {
  out = awslambda.HttpResponseStream.from(out, { statusCode: 200, headers: { 'Content-Type': 'text/event-stream' }, cookies: ['a=1', 'b=2'] });
  out.write('data: 1\n\n');
  if (event.path === '/broken') throw new Error('as told');
  while (!fs.existsSync(process.env.GATE)) await new Promise((r) => setTimeout(r, 5));
  out.write('data: 2\n\n');
  out.end();
});
exports.plain = async () => ({ statusCode: 200, body: 'whole' });
`

// streamServer serves streaming integrations of a backend and of functions.
func streamServer(t *testing.T, b *slowBackend) (s *server, root, gate string) {
	t.Helper()
	need(t, "node")
	gate = filepath.Join(t.TempDir(), "gate")
	code := folder(t, "index.js", ticking)
	config, err := json.Marshal(map[string]any{"functions": map[string]any{
		"ticking": map[string]any{"runtime": "nodejs20.x", "code": code, "handler": "index.handler", "environment": map[string]string{"GATE": gate}, "timeout": 60},
		"plain":   map[string]any{"runtime": "nodejs20.x", "code": code, "handler": "index.plain"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	paths := streamingFunction("/function", "ticking") + streamingFunction("/broken", "ticking") + streamingFunction("/plain", "plain")
	for _, path := range []string{"/ticks", "/flow", "/quiet", "/large"} {
		paths += streaming(path, b.URL+path)
	}
	file := apiFile(t, paths)
	s = serveWith(t, "--config", write(t, "gatehouse.yaml", string(config)), file)
	return s, s.invoke + "/_aws/execute-api/" + s.api(file) + "/dev", gate
}

// TestStreamedAnswers: over both versions of HTTP, what was written is there
// while the rest isn't.
func TestStreamedAnswers(t *testing.T) {
	t.Parallel()
	b := newSlowBackend(t)
	s, root, gate := streamServer(t, b)
	over2 := &http.Transport{Protocols: new(http.Protocols)}
	over2.Protocols.SetUnencryptedHTTP2(true)
	for name, transport := range map[string]http.RoundTripper{"HTTP/1.1": new(http.Transport), "HTTP/2": over2} {
		for _, path := range []string{"/ticks", "/function"} {
			t.Run(name+path, func(t *testing.T) {
				open := func() { b.gate <- struct{}{} }
				if path == "/function" {
					_ = os.Remove(gate)
					open = func() { _ = os.WriteFile(gate, nil, 0o600) }
				}
				r := get(t, transport, root+path)
				defer r.Body.Close()
				first := make([]byte, 9)
				if _, err := io.ReadFull(r.Body, first); err != nil || string(first) != "data: 1\n\n" {
					t.Fatalf("first event: %q, %v", first, err)
				}
				if r.StatusCode != 200 || r.Header.Get("Content-Type") != "text/event-stream" || r.ContentLength != -1 || r.Proto != name && r.Proto != name+".0" {
					t.Errorf("%s %d %v, length %d", r.Proto, r.StatusCode, r.Header, r.ContentLength)
				}
				if cookies := r.Header.Values("Set-Cookie"); path == "/function" && len(cookies) != 2 {
					t.Errorf("cookies %v", cookies)
				}
				open()
				rest, err := io.ReadAll(r.Body)
				if string(rest) != "data: 2\n\n" || err != nil {
					t.Errorf("the rest: %q, %v", rest, err)
				}
			})
		}
		t.Run(name+" broken", func(t *testing.T) {
			r := get(t, transport, root+"/broken")
			defer r.Body.Close()
			body, err := io.ReadAll(r.Body)
			if string(body) != "data: 1\n\n" || err == nil {
				t.Errorf("%q, %v", body, err)
			}
		})
		t.Run(name+" large", func(t *testing.T) {
			r := get(t, transport, root+"/large")
			defer r.Body.Close()
			n, err := io.Copy(io.Discard, r.Body)
			if n != 11<<20 || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
	}
	if a := call(t, "GET", root+"/plain", "", ""); a.status != 500 || a.body != `{"message": "Internal server error"}` {
		t.Errorf("a function that doesn't stream: %v", a)
	}
	eventually(t, "the log says why", func() bool { return strings.Contains(s.log.String(), "8 zero bytes, within 16 KB") })
}

func get(t testing.TB, transport http.RoundTripper, url string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// TestStreamedSlowly: a client that doesn't read holds its backend up, and one
// that leaves ends the call.
func TestStreamedSlowly(t *testing.T) {
	t.Parallel()
	b := newSlowBackend(t)
	_, root, _ := streamServer(t, b)
	c := dial(t, root)
	_ = c.(*net.TCPConn).SetReadBuffer(64 << 10)
	fmt.Fprintf(c, "GET %s/flow HTTP/1.1\r\nHost: x\r\n\r\n", strings.TrimPrefix(root, "http://"+address(t, root)))
	if _, err := io.ReadFull(c, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	still, before := time.Now(), int64(-1)
	eventually(t, "the backend waits for the client", func() bool {
		if n := b.written.Load(); n != before {
			still, before = time.Now(), n
		}
		return time.Since(still) > 500*time.Millisecond
	})
	if before > 24<<20 { // what sockets hold
		t.Errorf("the backend wrote %d bytes to a client that read 1000", before)
	}
	c.Close()
	if path := <-b.left; path != "/flow" {
		t.Errorf("%s ended", path)
	}

	c = dial(t, root)
	fmt.Fprintf(c, "GET %s/quiet HTTP/1.1\r\nHost: x\r\n\r\n", strings.TrimPrefix(root, "http://"+address(t, root)))
	if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	c.Close()
	if path := <-b.left; path != "/quiet" {
		t.Errorf("%s ended", path)
	}
}

// TestInvokeWithResponseStream: AWS's own client reads the events of a
// function's stream while the function writes it.
func TestInvokeWithResponseStream(t *testing.T) {
	t.Parallel()
	s, _, gate := streamServer(t, newSlowBackend(t))
	invoke := func(payload string) *lambda.InvokeWithResponseStreamEventStream {
		t.Helper()
		out, err := s.lambdaSDK().InvokeWithResponseStream(t.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("ticking"), Payload: []byte(payload)})
		if err != nil {
			t.Fatal(err)
		}
		return out.GetStream()
	}
	stream := invoke(`{}`)
	defer stream.Close()
	var got bytes.Buffer
	var end *types.InvokeWithResponseStreamCompleteEvent
	for event := range stream.Events() {
		switch e := event.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			got.Write(e.Value.Payload)
			if strings.HasSuffix(got.String(), "data: 1\n\n") {
				_ = os.WriteFile(gate, nil, 0o600)
			}
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			end = &e.Value
		}
	}
	want := `{"statusCode":200,"headers":{"Content-Type":"text/event-stream"},"cookies":["a=1","b=2"]}` + "\x00\x00\x00\x00\x00\x00\x00\x00data: 1\n\ndata: 2\n\n"
	if got.String() != want || end == nil || end.ErrorCode != nil || stream.Err() != nil {
		t.Errorf("%q, %+v, %v", got.String(), end, stream.Err())
	}

	broken := invoke(`{"path":"/broken"}`)
	defer broken.Close()
	end = nil
	for event := range broken.Events() {
		if e, ok := event.(*types.InvokeWithResponseStreamResponseEventMemberInvokeComplete); ok {
			end = &e.Value
		}
	}
	if end == nil || aws.ToString(end.ErrorCode) != "Unhandled" || !strings.Contains(aws.ToString(end.ErrorDetails), "as told") || broken.Err() != nil {
		t.Errorf("broken: %+v, %v", end, broken.Err())
	}
}
