package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// proxyTo forwards each request to e, its body as a buffer or as a stream,
// and answers in one piece or as a stream.
func proxyTo(e *Endpoint) Handler {
	return func(c *ServerConn, r *Request) {
		var (
			call = &Call{Deadline: time.Now().Add(20 * time.Second)}
			req  = &ClientRequest{Method: r.Method, Target: r.Target, Host: r.Host, Length: r.ContentLength}
			resp ClientResponse
			err  error
		)
		streams := strings.Contains(string(r.Query), "stream")
		if streams && r.ContentLength != 0 {
			req.Stream = c
		} else if req.Body, err = c.ReadAll(nil, 1<<20); err != nil {
			return
		}
		c.OnAbandon(call.Cancel)
		defer c.OnAbandon(nil)
		if e.Do(call, req, &resp) != nil {
			c.Respond(502, nil, nil)
			return
		}
		defer resp.Close()
		if !streams {
			body, err := resp.ReadAll(nil, 1<<20)
			if err != nil {
				c.Respond(502, nil, nil)
				return
			}
			c.Respond(resp.Status, nil, body)
			return
		}
		if c.Start(resp.Status, nil, resp.Length) == nil {
			if _, err := io.Copy(struct{ io.Writer }{c}, struct{ io.Reader }{&resp}); err == nil {
				c.Finish()
			}
		}
	}
}

// backendHandler answers with the path and the body; the path says how.
func backendHandler(c *ServerConn, r *Request) {
	body, err := c.ReadAll(nil, 1<<20)
	if err != nil {
		return
	}
	out := append(append([]byte(nil), r.Path...), body...)
	switch {
	case bytes.Contains(r.Query, []byte("chunked")):
		c.Start(200, nil, -1)
		for len(out) > 0 {
			n := min(len(out), 3000)
			c.Write(out[:n])
			out = out[n:]
		}
		c.Finish()
	case bytes.Contains(r.Query, []byte("half")):
		c.Start(200, nil, int64(len(out)+1))
		c.Write(out)
		c.Flush()
	default:
		c.Respond(200, nil, out)
	}
}

func listen(t *testing.T, s *Server) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.ServeConn(nc, ConnInfo{}) })
		}
	})
	return l.Addr().String()
}

// Many clients through a proxy to a backend, all of this package: whoever
// gets an answer gets its own, whatever the others do to their connections.
func TestManyClients(t *testing.T) {
	noLeaks(t)
	e := NewEndpoint(EndpointConfig{Address: listen(t, &Server{Handler: backendHandler}), MaxIdle: 8})
	t.Cleanup(e.Close)
	address := listen(t, &Server{Handler: proxyTo(e)})
	var wg sync.WaitGroup
	for client := range 12 {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(uint64(client), 7))
			for conn := range 8 {
				useConnection(t, address, random, fmt.Sprintf("/%d/%d", client, conn))
			}
		})
	}
	wg.Wait()
}

// useConnection sends requests of all kinds on one connection until it ends,
// by its own will or not.
func useConnection(t *testing.T, address string, random *rand.Rand, name string) {
	nc, err := net.Dial("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	defer nc.Close()
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	in := bufio.NewReader(nc)
	kinds := []string{"", "", "stream", "chunked", "stream-chunked", "half", "stream-half"}
	for i := range 20 {
		kind := kinds[random.IntN(len(kinds))]
		path := fmt.Sprintf("%s/%d", name, i)
		body := bytes.Repeat([]byte(path), random.IntN([]int{2, 100, 20000}[random.IntN(3)]))
		req, _ := http.NewRequest("POST", "http://h"+path+"?"+kind, bytes.NewReader(body))
		if random.IntN(3) == 0 {
			req.ContentLength = -1
			req.Body = io.NopCloser(struct{ io.Reader }{bytes.NewReader(body)})
		}
		var raw bytes.Buffer
		req.Write(&raw)
		if random.IntN(20) == 0 {
			nc.Write(raw.Bytes()[:random.IntN(raw.Len())])
			return
		}
		go nc.Write(raw.Bytes())
		if random.IntN(20) == 0 {
			return
		}
		resp, err := http.ReadResponse(in, req)
		if err != nil {
			if !strings.Contains(kind, "half") {
				t.Errorf("%s?%s: %v", path, kind, err)
			}
			return
		}
		got, err := io.ReadAll(resp.Body)
		switch {
		case resp.StatusCode == 502 && strings.Contains(kind, "half"):
		case err != nil && strings.Contains(kind, "half"):
			return
		case err != nil || resp.StatusCode != 200 || string(got) != path+string(body):
			t.Errorf("%s?%s: %d, %d bytes of %d, %v", path, kind, resp.StatusCode, len(got), len(path)+len(body), err)
			return
		}
		if resp.Close {
			return
		}
	}
}
