package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

const elevenMB = 11 << 20

// badRequests are requests that no well-behaved client sends, as templates:
// {P} is the path to the API. After an answer that isn't 200 the connection
// must be closed.
var badRequests = []struct {
	name   string
	text   string
	status int
	body   string // part of it
}{
	{"two lengths", "POST {P}/b/good HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde", 400, ""},
	{"length and chunks", "POST {P}/b/good HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, ""},
	{"no chunk size", "POST {P}/b/good HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400, ""},
	{"unknown coding", "POST {P}/b/good HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 0, ""},
	{"a blank before the colon", "GET {P}/b/good HTTP/1.1\r\nHost : h\r\n\r\n", 400, ""},
	{"a folded line", "GET {P}/b/good HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400, ""},
	{"no host", "GET {P}/b/good HTTP/1.1\r\n\r\n", 400, ""},
	{"two hosts", "GET {P}/b/good HTTP/1.1\r\nHost: h\r\nHost: i\r\n\r\n", 400, ""},
	{"a control character", "GET {P}/b/good HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n", 400, ""},
	{"a blank in the path", "GET {P}/b/go od HTTP/1.1\r\nHost: h\r\n\r\n", 400, ""},
	{"no version", "GET {P}/b/good\r\n\r\n", 400, ""},
	{"a later version", "GET {P}/b/good HTTP/3.0\r\nHost: h\r\n\r\n", 505, ""},
	{"no HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello over TLS\r\n\r\n", 400, ""},
	{"a header of 100 KB", "GET {P}/b/good HTTP/1.1\r\nHost: h\r\nX-Big: " + strings.Repeat("x", 100<<10) + "\r\n\r\n", 431, ""},
	{"1000 headers", "GET {P}/b/good HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("X: 1\r\n", 1000) + "\r\n", 431, ""},
	{"a path of 100 KB", "GET {P}/" + strings.Repeat("x", 100<<10) + " HTTP/1.1\r\nHost: h\r\n\r\n", 414, ""},
	{"a body of 11 MB", fmt.Sprintf("POST {P}/b/good HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", elevenMB) + strings.Repeat("x", elevenMB), 413, `{"message":"Request Too Long"}`},
	{"chunks of 11 MB", fmt.Sprintf("POST {P}/b/good HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", elevenMB) + strings.Repeat("x", elevenMB) + "\r\n0\r\n\r\n", 413, `{"message":"Request Too Long"}`},
	{"a body of 11 MB, announced", fmt.Sprintf("POST {P}/b/good HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", elevenMB), 413, `{"message":"Request Too Long"}`},
	{"bytes that aren't UTF-8 in the path", "GET {P}/hello/\xff\xfe HTTP/1.1\r\nHost: h\r\n\r\n", 0, ""},
	{"escapes that aren't UTF-8 in the path", "GET {P}/none/%ff%fe HTTP/1.1\r\nHost: h\r\n\r\n", 403, "Missing Authentication Token"},
	{"an unfinished escape", "GET {P}/none/%f HTTP/1.1\r\nHost: h\r\n\r\n", 0, ""},
	{"ten megabytes are fine", fmt.Sprintf("POST {P}/b/good HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", 10<<20) + strings.Repeat("x", 10<<20), 200, "good"},
}

// TestBadClients: each is refused, clearly, and nobody else notices.
func TestBadClients(t *testing.T) {
	t.Parallel()
	b := newBadBackend(t)
	file := apiFile(t, badDefinition(b, deadAddress(t)))
	s := serveWith(t, file)
	s.meetsBadClients(s.api(file))
}

func (s *server) meetsBadClients(api string) {
	s.t.Helper()
	for _, r := range badRequests {
		status, body, closed := s.raw(strings.ReplaceAll(r.text, "{P}", "/_aws/execute-api/"+api+"/dev"))
		if r.status == 0 && status >= 400 && status < 500 {
			continue // which of them isn't known of AWS
		}
		if status != r.status || !strings.Contains(body, r.body) {
			s.t.Errorf("%s: %d %.100q, want %d with %q", r.name, status, body, r.status, r.body)
		}
		if status != 200 && status != 403 && !closed {
			s.t.Errorf("%s: after %d the connection stays open", r.name, status)
		}
	}
}

// raw sends text and returns the answer, and whether the connection was closed
// after it.
func (s *server) raw(text string) (status int, body string, closed bool) {
	s.t.Helper()
	c, err := net.Dial("tcp", address(s.t, s.invoke))
	if err != nil {
		s.t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	go func() { _, _ = io.WriteString(c, text) }() // may be refused before its end
	in := bufio.NewReader(c)
	response, err := http.ReadResponse(in, nil)
	if err != nil {
		s.t.Errorf("%.60q: %v", text, err)
		return 0, "", true
	}
	data, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Errorf("%.60q: %v", text, err)
	}
	if response.StatusCode != 200 && response.StatusCode != 403 {
		_, err = in.ReadByte()
	}
	return response.StatusCode, string(data), err != nil
}

// TestDrippingClient: a client that sends byte by byte is a client.
func TestDrippingClient(t *testing.T) {
	t.Parallel()
	file := apiFile(t, greeting("hi"))
	s := serveWith(t, file)
	c := dial(t, s.invoke)
	for _, b := range []byte("GET /_aws/execute-api/" + s.api(file) + "/dev/hello HTTP/1.1\r\nHost: h\r\n\r\n") {
		if _, err := c.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // each a packet of its own
	}
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || response.StatusCode != 200 {
		t.Errorf("%v, %v", response, err)
	}
}

// TestClientLeaves: the call of a client that left ends at the backend.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	b := newBadBackend(t)
	file := apiFile(t, passing(b.url))
	s := serveWith(t, file)
	for _, path := range []string{"/hang", "/trickle"} {
		c := dial(t, s.invoke)
		fmt.Fprintf(c, "GET /_aws/execute-api/%s/dev%s HTTP/1.1\r\nHost: h\r\n\r\n", s.api(file), path)
		time.Sleep(50 * time.Millisecond) // it is at the backend, most likely
		c.Close()
		select {
		case <-b.gone:
		case <-time.After(15 * time.Second): // the integration's own timeout is 29 s
			t.Errorf("%s goes on without its client", path)
		}
	}
}

// leave has clients go away in the middle of everything.
func (s *server) leave(api string) {
	s.t.Helper()
	path := "/_aws/execute-api/" + api + "/dev"
	var clients sync.WaitGroup
	for _, text := range []string{
		"",
		"GET " + path,
		"GET " + path + "/hello HTTP/1.1\r\nHost: h\r\nX-Ha",
		"POST " + path + "/b/good HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf",
		"POST " + path + "/b/good HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf",
		"GET " + path + "/hello HTTP/1.1\r\nHost: h\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\xff\xff\x01",
	} {
		clients.Go(func() {
			c := dial(s.t, s.invoke)
			_, _ = io.WriteString(c, text)
			c.Close()
		})
	}
	const waiting = 4
	for range waiting {
		clients.Go(func() {
			c := dial(s.t, s.invoke)
			fmt.Fprintf(c, "GET %s/b/trickle HTTP/1.1\r\nHost: h\r\n\r\n", path)
			time.Sleep(20 * time.Millisecond) // most are at the backend by then
			c.Close()
		})
	}
	clients.Wait()
}
