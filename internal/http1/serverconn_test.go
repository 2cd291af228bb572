package http1

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestHijack(t *testing.T) {
	client, done := serveTCP(t, &Server{Handler: func(c *ServerConn, r *Request) {
		if !r.Upgrade {
			t.Error("no upgrade")
		}
		nc, early, err := c.Hijack()
		if err != nil {
			t.Error(err)
		}
		if _, err := c.Read(make([]byte, 1)); err != errHijacked {
			t.Error(err)
		}
		go func() {
			defer nc.Close()
			io.WriteString(nc, "HTTP/1.1 101 Switching Protocols\r\n\r\n"+string(early))
		}()
	}})
	io.WriteString(client, "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nearly")
	<-done
	got, err := io.ReadAll(client)
	if string(got) != "HTTP/1.1 101 Switching Protocols\r\n\r\nearly" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestOnAbandon(t *testing.T) {
	tests := []struct {
		name  string
		leave func(*net.TCPConn)
	}{
		{"closes", func(c *net.TCPConn) { c.Close() }},
		{"resets", func(c *net.TCPConn) { c.SetLinger(0); c.Close() }},
		{"closes behind a pipelined request", func(c *net.TCPConn) { io.WriteString(c, "GET / HT"); c.Close() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !leftBehindData && strings.Contains(tt.name, "behind") {
				t.Skip("this system shows no close behind unread bytes")
			}
			noLeaks(t)
			left, entered := make(chan struct{}), make(chan struct{})
			client, done := serveTCP(t, &Server{Handler: func(c *ServerConn, r *Request) {
				c.OnAbandon(func() { close(left) })
				close(entered)
				<-left
			}})
			io.WriteString(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			<-entered
			tt.leave(client)
			select {
			case <-left:
			case <-time.After(10 * time.Second):
				t.Error("not told")
			}
			<-done
		})
	}
}

func TestOnAbandonNot(t *testing.T) {
	ran, finish, second := make(chan struct{}, 2), make(chan struct{}), make(chan struct{})
	client, done := serveTCP(t, &Server{Handler: func(c *ServerConn, r *Request) {
		c.OnAbandon(func() { ran <- struct{}{} })
		if r.Path[1] == '2' {
			c.OnAbandon(nil)
			close(second)
		}
		<-finish
		c.Respond(200, nil, nil)
	}})
	io.WriteString(client, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
	time.Sleep(3 * firstLook) // the sweeper's own time
	finish <- struct{}{}
	if len(ran) != 0 {
		t.Error("a client that waits was taken for gone")
	}
	<-second
	client.Close()
	time.Sleep(3 * firstLook)
	finish <- struct{}{}
	<-done
	if len(ran) != 0 {
		t.Error("a disarmed cancel ran")
	}
}

// Below TLS a client that leaves politely says so first: bytes that nobody reads.
func TestOnAbandonTLS(t *testing.T) {
	if !leftBehindData {
		t.Skip("this system shows no close behind unread bytes")
	}
	noLeaks(t)
	config := httptest.NewUnstartedServer(nil)
	config.StartTLS()
	config.Close()
	a, b := tcpPair(t)
	left, entered, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		(&Server{Handler: func(c *ServerConn, r *Request) {
			c.OnAbandon(func() { close(left) })
			close(entered)
			<-left
		}}).ServeConn(tls.Server(b, config.TLS), ConnInfo{})
	}()
	client := tls.Client(a, &tls.Config{InsecureSkipVerify: true})
	io.WriteString(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	<-entered
	client.Close()
	<-left
	<-done
}

func TestServeTLS(t *testing.T) {
	noLeaks(t)
	config := httptest.NewUnstartedServer(nil)
	config.StartTLS()
	config.Close()
	big := strings.Repeat("0123456789", 30000)
	s := &Server{Handler: func(c *ServerConn, r *Request) {
		b, err := c.ReadAll(nil, 1<<20)
		if err != nil {
			t.Error(err)
		}
		if r.Path[1] == 's' {
			c.Start(200, nil, -1)
			c.Write(b)
			c.Finish()
			return
		}
		c.Respond(200, nil, b)
	}}
	a, b := tcpPair(t)
	done := make(chan struct{})
	go func() { defer close(done); s.ServeConn(tls.Server(b, config.TLS), ConnInfo{}) }()
	client := tls.Client(a, &tls.Config{InsecureSkipVerify: true})
	in := bufio.NewReader(client)
	for _, path := range []string{"/r", "/s", "/r", "/s"} {
		req, _ := http.NewRequest("POST", "https://h"+path, strings.NewReader(big))
		go req.Write(client)
		resp, err := http.ReadResponse(in, req)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != big {
			t.Errorf("%s: %d bytes, %v", path, len(got), err)
		}
	}
	client.Close()
	<-done
}

func TestShutdown(t *testing.T) {
	noLeaks(t)
	entered, finish := make(chan struct{}), make(chan struct{})
	s := &Server{Handler: func(c *ServerConn, r *Request) {
		if r.Path[1] == 'w' {
			close(entered)
			<-finish
		}
		c.Respond(200, nil, []byte("x"))
	}}
	idle, idleDone := serveTCP(t, s)
	io.WriteString(idle, "GET /i HTTP/1.1\r\nHost: h\r\n\r\n")
	busy, busyDone := serveTCP(t, s)
	io.WriteString(busy, "GET /w HTTP/1.1\r\nHost: h\r\n\r\n")
	fresh, freshDone := serveTCP(t, s)
	<-entered
	read := func(c net.Conn) string {
		b, _ := io.ReadAll(c)
		return dates.ReplaceAllString(string(b), "")
	}
	buf := make([]byte, len(ok("x", "keep-alive"))+len("Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n"))
	io.ReadFull(idle, buf)
	down := make(chan error)
	go func() { down <- s.Shutdown(context.Background()) }()
	if got := read(idle); got != "" {
		t.Errorf("idle: %q", got)
	}
	<-idleDone
	io.WriteString(fresh, "GET /f HTTP/1.1\r\nHost: h\r\n\r\n")
	if got := read(fresh); got != ok("x", "close") {
		t.Errorf("fresh: %q", got)
	}
	<-freshDone
	select {
	case err := <-down:
		t.Error("didn't wait for the busy connection", err)
	default:
	}
	close(finish)
	if got := read(busy); got != ok("x", "close") {
		t.Errorf("busy: %q", got)
	}
	<-busyDone
	if err := <-down; err != nil {
		t.Error(err)
	}
}

func TestShutdownGivesUp(t *testing.T) {
	entered, finish := make(chan struct{}), make(chan struct{})
	s := &Server{Handler: func(c *ServerConn, r *Request) { close(entered); <-finish }}
	client, done := serveTCP(t, s)
	io.WriteString(client, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); err != context.Canceled {
		t.Error(err)
	}
	if _, err := io.ReadAll(client); err != nil {
		t.Error(err)
	}
	close(finish)
	<-done
}

func servePipe(s *Server) (client net.Conn, done chan struct{}) {
	client, server := net.Pipe()
	done = make(chan struct{})
	go func() { defer close(done); s.ServeConn(server, ConnInfo{}) }()
	return client, done
}

func TestTimeouts(t *testing.T) {
	limits := Limits{HeaderTimeout: 10 * time.Second, IdleTimeout: 60 * time.Second, BodyTimeout: 20 * time.Second}
	const head = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	handler := func(c *ServerConn, r *Request) {
		if string(r.Path) == "/unread" {
			c.Respond(200, nil, nil)
			return
		}
		echo(c, r)
	}
	drip := func(c net.Conn, s string, every time.Duration) {
		for i := range len(s) {
			if _, err := c.Write([]byte{s[i]}); err != nil {
				return
			}
			time.Sleep(every)
		}
	}
	tests := []struct {
		name string
		talk func(net.Conn)
		want string // the last status line
		ends time.Duration
	}{
		{"nothing at all", func(net.Conn) {}, "", 10 * time.Second},
		{"one byte a second", func(c net.Conn) { drip(c, head, time.Second) }, "408", 10 * time.Second},
		{"one byte each 300 ms makes it", func(c net.Conn) { drip(c, head, 300*time.Millisecond) }, "200", 27*300*time.Millisecond - 300*time.Millisecond + 60*time.Second},
		{"idle after a request", func(c net.Conn) { io.WriteString(c, head) }, "200", 60 * time.Second},
		{"idle after two", func(c net.Conn) { io.WriteString(c, head); time.Sleep(50 * time.Second); io.WriteString(c, head) }, "200", 110 * time.Second},
		{"slow after a request", func(c net.Conn) {
			io.WriteString(c, head)
			time.Sleep(50 * time.Second)
			drip(c, head, time.Second)
		}, "408", 60 * time.Second},
		{"unread body drips", func(c net.Conn) {
			io.WriteString(c, "POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 90\r\n\r\n")
			drip(c, strings.Repeat("x", 90), time.Second)
		}, "200", drainTime},
		{"body stops", func(c net.Conn) {
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
		}, "408", 20 * time.Second},
		{"body drips", func(c net.Conn) {
			io.WriteString(c, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
			drip(c, "abcdefghi", 19*time.Second)
		}, "200", 8*19*time.Second + 60*time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, done := servePipe(&Server{Handler: handler, Limits: limits})
				start := time.Now()
				go tt.talk(client)
				out := make(chan string)
				go func() { b, _ := io.ReadAll(client); out <- string(b) }()
				<-done
				if took := time.Since(start); took != tt.ends && took != tt.ends+lingerTime {
					t.Errorf("ended after %v, want %v", took, tt.ends)
				}
				got := <-out
				if i := strings.LastIndex(got, "HTTP/1.1 "); i >= 0 {
					got = got[i+9 : i+12]
				}
				if got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				time.Sleep(time.Second) // the sweeper ends
			})
		})
	}
}

func TestWriteTimeout(t *testing.T) {
	for _, pause := range []time.Duration{29 * time.Second, 46 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var failed error
			client, done := servePipe(&Server{Handler: func(c *ServerConn, r *Request) {
				failed = c.Respond(200, nil, make([]byte, 3*onePiece))
			}})
			io.WriteString(client, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
			buf := make([]byte, 64<<10)
			for total := 0; ; {
				n, err := client.Read(buf)
				total += n
				if err != nil {
					break
				}
				if total%onePiece < len(buf) {
					time.Sleep(pause)
				}
			}
			<-done
			if (failed == nil) != (pause < 30*time.Second) {
				t.Errorf("reading every %v: %v", pause, failed)
			}
			time.Sleep(time.Second) // the sweeper ends
		})
	}
}

func TestPanicClosesTheConnection(t *testing.T) {
	noLeaks(t)
	a, b := tcpPair(t)
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		(&Server{Handler: func(*ServerConn, *Request) { panic("handler") }}).ServeConn(b, ConnInfo{})
	}()
	io.WriteString(a, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	if got := <-done; got != "handler" {
		t.Error(got)
	}
	if out, err := io.ReadAll(a); len(out) != 0 || err != nil {
		t.Error(out, err)
	}
}

func TestSniffPreface(t *testing.T) {
	for in, want := range map[string]bool{preface + "rest": true, "GET / HTTP/1.1\r\n": false, "PRI * HTTP/1.1\r\nHost: h\r\n\r\n": false, "P": false} {
		a, b := tcpPair(t)
		io.WriteString(a, in)
		a.(*net.TCPConn).CloseWrite()
		h2, conn, err := SniffPreface(b, time.Second)
		if h2 != want || err != nil && in != "P" {
			t.Errorf("%q: %v, %v", in, h2, err)
		}
		if got, _ := io.ReadAll(conn); string(got) != in {
			t.Errorf("read %q of %q", got, in)
		}
	}
	a, b := tcpPair(t)
	io.WriteString(a, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	_, conn, _ := SniffPreface(b, 0)
	(&Server{Handler: echo}).ServeConn(conn, ConnInfo{})
	if got, _ := io.ReadAll(a); dates.ReplaceAllString(string(got), "") != ok("GET / ", "close") {
		t.Errorf("%q", got)
	}
}
