package http2

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	h2 "golang.org/x/net/http2"

	"github.com/gatehouse/gatehouse/internal/http1"
)

func TestEarlyAnswer(t *testing.T) {
	c := dial(t, &Server{Handler: func(s *Stream, _ *http1.Request) { s.Respond(403, nil, []byte("no")) }})
	c.open(1, false)
	if got := status(c.until(isHeaders)); got != "403" {
		t.Errorf("status %s", got)
	}
	if c.until(isReset(1, h2.ErrCodeNo)) == nil {
		t.Fatal("the client isn't told to stop")
	}
	// What was under way may still arrive.
	c.WriteData(1, false, make([]byte, 5000))
	c.WriteHeaders(h2.HeadersFrameParam{StreamID: 1, BlockFragment: c.encode("x-trailer", "1"), EndStream: true, EndHeaders: true})
	c.open(3, true)
	if got := status(c.until(isHeaders)); got != "403" {
		t.Errorf("the connection ended")
	}
}

func TestIncompleteAnswers(t *testing.T) {
	handlers := map[string]Handler{
		"none":                  func(*Stream, *http1.Request) {},
		"less than announced":   func(s *Stream, _ *http1.Request) { s.Start(200, nil, 10); s.Write([]byte("12345")); s.Finish() },
		"started, not finished": func(s *Stream, _ *http1.Request) { s.Start(200, nil, -1); s.Write([]byte("12345")); s.Flush() },
	}
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			c := dial(t, &Server{Handler: h})
			c.open(1, true)
			if c.until(isReset(1, h2.ErrCodeInternal)) == nil {
				t.Error("the client can't tell")
			}
		})
	}
}

func TestAnswersThatCannotBeSent(t *testing.T) {
	bad := func(name, value string) *http1.Header {
		h := new(http1.Header)
		h.Add(name, value)
		return h
	}
	c := dial(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
		for _, h := range []*http1.Header{bad("Connection", "close"), bad("a b", "c"), bad("a", "b\r\nc"), bad("Content-Length", "1")} {
			if err := s.Respond(200, h, nil); err == nil || s.Answered() {
				t.Error("it was sent")
			}
		}
		if err := s.Respond(101, nil, nil); err == nil {
			t.Error("101 was sent")
		}
		if err := s.Respond(200, bad("X-Upper", "v"), []byte("ok")); err != nil {
			t.Error(err)
		}
		if err := s.Respond(200, nil, nil); err == nil {
			t.Error("answered twice")
		}
	}})
	c.open(1, true)
	f := c.until(isHeaders).(*h2.MetaHeadersFrame)
	var got []string
	for _, field := range f.Fields {
		if field.Name != "date" {
			got = append(got, field.Name+": "+field.Value)
		}
	}
	if diff := cmp.Diff([]string{":status: 200", "x-upper: v", "content-length: 2"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestLongAnswerHeader(t *testing.T) {
	l := listen(t, &Server{Handler: func(s *Stream, _ *http1.Request) {
		var h http1.Header
		h.Add("X-Long", strings.Repeat("a", 50_000))
		s.Respond(207, &h, nil)
	}})
	resp, err := client(t).Get("http://" + l.Addr().String() + "/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 207 || len(resp.Header.Get("X-Long")) != 50_000 {
		t.Errorf("%s, %d", resp.Status, len(resp.Header.Get("X-Long")))
	}
}

func BenchmarkRequests(b *testing.B) {
	c := dial(b, &Server{Handler: echo})
	c.nc.SetDeadline(time.Time{})
	c.open(1, true)
	c.until(isHeaders)
	block := c.encode(":method", "GET", ":scheme", "http", ":authority", "h", ":path", "/")
	c.SetReuseFrames()
	c.ReadMetaHeaders = nil
	id := uint32(1)
	b.ReportAllocs()
	for b.Loop() {
		id += 2
		c.WriteHeaders(h2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndStream: true, EndHeaders: true})
		c.WriteWindowUpdate(0, 5)
		for {
			f, err := c.ReadFrame()
			if err != nil {
				b.Fatal(err)
			}
			if d, ok := f.(*h2.DataFrame); ok && d.StreamEnded() {
				break
			}
		}
	}
}
