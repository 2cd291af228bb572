package lambda

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// streamed invokes "raw" with a JSON string.
func streamed(t testing.TB, f *Functions, event string) *Stream {
	t.Helper()
	payload, _ := json.Marshal(event)
	s, err := f.InvokeStream(t.Context(), &Invocation{Function: "raw", Payload: payload})
	if err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestStreamAsItComes: the first piece is there while the function still
// waits with the second.
func TestStreamAsItComes(t *testing.T) {
	f, _ := raw(t, nil)
	gate := filepath.Join(t.TempDir(), "go")
	s := streamed(t, f, "stream "+gate)
	if s.Status != 200 || s.ContentType != "text/plain" || s.RequestID == "" || s.ExecutedVersion != "$LATEST" {
		t.Errorf("head: %+v", s)
	}
	first := make([]byte, 100)
	n, err := s.Read(first)
	if string(first[:n]) != "one " || err != nil {
		t.Fatalf("first read: %q, %v", first[:n], err)
	}
	os.WriteFile(gate, nil, 0o600)
	rest, err := io.ReadAll(s)
	if string(rest) != "two" || err != nil {
		t.Errorf("rest: %q, %v", rest, err)
	}
}

// TestStreamEnds: what a reader learns of answers that aren't whole.
func TestStreamEnds(t *testing.T) {
	cases := []struct{ name, event, body, failure string }{
		{"an answer in one piece", "hello", `"hello"`, ""},
		{"an error instead", "fail as told", "", `{"errorMessage":"as told","errorType":"Example"}`},
		{"the process ends", "cut", "half", "Runtime.ExitError"},
		{"the process ends before", "exit 3", "", "exit status 3"},
		{"the time is over", "stall", "half", "Sandbox.Timedout"},
		{"too large in one piece", "size 6291557", "", "Function.ResponseSizeTooLarge"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, _ := raw(t, func(fn *Function) { fn.Timeout = time.Second })
			body, err := io.ReadAll(streamed(t, f, c.event))
			failure, failed := errors.AsType[*Failure](err)
			switch {
			case string(body) != c.body:
				t.Errorf("body %.100q", body)
			case c.failure == "" && err != nil, c.failure != "" && (!failed || !strings.Contains(string(failure.Payload), c.failure)):
				t.Errorf("%v, want %q", err, c.failure)
			}
			again, err := io.ReadAll(streamed(t, f, "again"))
			if string(again) != `"again"` || err != nil {
				t.Errorf("afterwards: %q, %v", again, err)
			}
		})
	}
}

// TestStreamLimit: a streamed answer may pass 6 MB, and ends at 200.
func TestStreamLimit(t *testing.T) {
	f, _ := raw(t, nil)
	n, err := io.Copy(io.Discard, streamed(t, f, "flow 20971520"))
	if n != 20<<20 || err != nil {
		t.Errorf("20 MB: %d bytes, %v", n, err)
	}
	n, err = io.Copy(io.Discard, streamed(t, f, "flow 209715201"))
	failure, _ := errors.AsType[*Failure](err)
	if n != maxStream || failure == nil || !strings.Contains(string(failure.Payload), "209715200 bytes") {
		t.Errorf("too much: %d bytes, %v", n, err)
	}
}

// TestStreamWaits: a function whose answer nobody takes waits, and costs no
// memory; when its reader leaves it goes on to its end, and is used again.
func TestStreamWaits(t *testing.T) {
	f, logs := raw(t, func(fn *Function) { fn.Concurrency = 1 })
	s := streamed(t, f, "flow 104857600")
	if _, err := io.ReadFull(s, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.InvokeStream(t.Context(), &Invocation{Function: "raw", Payload: []byte(`"x"`)}); KindOf(err) != Throttled {
		t.Errorf("while it waits: %v", err)
	}
	s.Close()
	<-f.entries["raw"].local.freed
	if got := call(t, f, "x"); string(got.Payload) != `"x"` {
		t.Errorf("afterwards %q", got.Payload)
	}
	within(t, "the function being told that its answer was taken", func() bool { return strings.Contains(logs.String(), `msg="status 202"`) })
}

// TestStreamDeadline: the caller's time bounds the whole answer, and the
// function goes on.
func TestStreamDeadline(t *testing.T) {
	f, _ := raw(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	gate := filepath.Join(t.TempDir(), "go")
	payload, _ := json.Marshal("stream " + gate)
	s, err := f.InvokeStream(ctx, &Invocation{Function: "raw", Payload: payload})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(s)
	if string(body) != "one " || KindOf(err) != Timeout {
		t.Errorf("%q, %v", body, err)
	}
	os.WriteFile(gate, nil, 0o600)
	<-f.entries["raw"].local.freed
}

func TestStreamNode(t *testing.T) {
	f, _ := script(t, "nodejs20.x", "node", "index.stream", nil)
	cases := []struct{ event, body, contentType, failure string }{
		{`{}`, `one {"two":2}`, "text/plain", ""},
		{`{"do":"http"}`, `{"statusCode":201}` + "\x00\x00\x00\x00\x00\x00\x00\x00" + `one {"two":2}`, "application/vnd.awslambda.http-integration-response", ""},
		{`{"do":"break"}`, `one `, "text/plain", `"errorMessage":"as told"`},
	}
	for _, c := range cases {
		s, err := f.InvokeStream(t.Context(), &Invocation{Function: "raw", Payload: []byte(c.event)})
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(s)
		failure, failed := errors.AsType[*Failure](err)
		if string(body) != c.body || s.ContentType != c.contentType || failed != (c.failure != "") ||
			failed && !strings.Contains(string(failure.Payload), c.failure) {
			t.Errorf("%s: %q, %v, %s", c.event, body, err, s.ContentType)
		}
	}
}

// TestStreamAWSLibrary streams from a function made with AWS's own Go library.
func TestStreamAWSLibrary(t *testing.T) {
	f, _ := host(t, map[string]Function{"raw": {Runtime: "go", Code: "testdata/sdkfunction", Timeout: 10 * time.Second, Memory: 256}})
	if body, err := io.ReadAll(streamed(t, f, "stream")); string(body) != "one\ntwo" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	body, err := io.ReadAll(streamed(t, f, "broken stream"))
	if failure, _ := errors.AsType[*Failure](err); string(body) != "half" || failure == nil || !strings.Contains(string(failure.Payload), "as told") {
		t.Errorf("%q, %v", body, err)
	}
}

// event is a message of an event stream.
func eventMessage(payload string, headers ...string) []byte {
	var h []byte
	for i := 0; i < len(headers); i += 2 {
		h = append(append(h, byte(len(headers[i]))), headers[i]...)
		h = binary.BigEndian.AppendUint16(append(h, 7), uint16(len(headers[i+1])))
		h = append(h, headers[i+1]...)
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(16+len(h)+len(payload)))
	b = binary.BigEndian.AppendUint32(b, uint32(len(h)))
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	b = append(append(b, h...), payload...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func chunk(payload string) []byte {
	return eventMessage(payload, ":message-type", "event", ":event-type", "PayloadChunk", ":content-type", "application/octet-stream")
}

func completed(payload string) []byte {
	return eventMessage(payload, ":message-type", "event", ":event-type", "InvokeComplete")
}

func TestEventReader(t *testing.T) {
	damaged := chunk("abc")
	damaged[len(damaged)-5]++
	cases := []struct {
		name   string
		stream [][]byte
		body   string
		err    string // part of; empty: io.EOF
	}{
		{"whole", [][]byte{chunk("one "), chunk(""), chunk("two"), completed(`{}`)}, "one two", ""},
		{"of another kind", [][]byte{eventMessage("x", ":message-type", "event", ":event-type", "Later"), completed(`{}`)}, "", ""},
		{"failed", [][]byte{chunk("one"), completed(`{"ErrorCode":"Unhandled","ErrorDetails":"{\"errorType\":\"T\",\"errorMessage\":\"m\"}"}`)}, "one", "the function failed: T: m"},
		{"exception", [][]byte{eventMessage(`{"message":"no\nmore"}`, ":message-type", "exception", ":exception-type", "ServiceException")}, "", "no more"},
		{"cut", [][]byte{chunk("one")}, "one", "unexpected EOF"},
		{"cut within", [][]byte{chunk("one")[:60]}, "", "unexpected EOF"},
		{"damaged", [][]byte{damaged, completed(`{}`)}, "abb", "a message is damaged"},
		{"damaged lengths", [][]byte{[]byte("HTTP/1.1 200 OK\r\n")}, "", "lengths are damaged"},
		{"no JSON", [][]byte{completed(`{`)}, "", "its end can't be read"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			body, err := io.ReadAll(newEventReader(bytes.NewReader(bytes.Join(c.stream, nil))))
			if c.name != "cut within" && c.name != "damaged" && string(body) != c.body {
				t.Errorf("body %q", body)
			}
			if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

func FuzzEventReader(f *testing.F) {
	f.Add(append(chunk("one"), completed(`{}`)...))
	f.Add(append(chunk("one"), completed(`{"ErrorCode":"x"}`)...))
	f.Add(eventMessage("x", ":message-type", "exception", ":exception-type", "T"))
	f.Add([]byte{0, 0, 0, 16, 0, 0, 0, 0, 5, 194, 72, 235, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, stream []byte) {
		n, err := io.Copy(io.Discard, newEventReader(bytes.NewReader(stream)))
		if n > int64(len(stream)) {
			t.Errorf("%d bytes of %d", n, len(stream))
		}
		_, _ = parseEventHeaders(stream)
		_ = err
	})
}

func TestRemoteStream(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != "/2021-11-15/functions/f/response-streaming-invocations" || r.URL.RawQuery != "Qualifier=live":
			refusalOf(404, "ResourceNotFoundException", `{"Message":"Function not found: `+r.URL.String()+`"}`)(w, r)
		default:
			w.Header().Set("X-Amzn-RequestId", "r1")
			w.Write(chunk("one "))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			close(gone)
		}
	}))
	defer server.Close()
	f := elsewhere(t, server.URL, nil)
	if _, err := f.InvokeStream(t.Context(), &Invocation{Function: "g"}); KindOf(err) != NotFound {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s, err := f.InvokeStream(ctx, &Invocation{Function: "f:live"})
	if err != nil {
		t.Fatal(err)
	}
	piece := make([]byte, 10)
	if n, err := s.Read(piece); string(piece[:n]) != "one " || err != nil || s.RequestID != "r1" {
		t.Errorf("%q, %v, %+v", piece[:n], err, s)
	}
	cancel()
	if _, err := s.Read(piece); err == nil {
		t.Error("no error once the caller left")
	}
	s.Close()
	<-gone
}
