package wsconn

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/gatehouse/gatehouse/internal/http1"
)

// witness keeps what a connection's handler is told.
type witness struct {
	echo
	closed chan frame // head is unused
	code   int
	reason string
}

func newWitness() *witness { return &witness{closed: make(chan frame, 1)} }

func (w *witness) Closed(_ *Conn, code int, reason string) {
	w.code, w.reason = code, reason
	close(w.closed)
}

func (w *witness) expect(t *testing.T, code int, reason string) {
	t.Helper()
	select {
	case <-w.closed:
	case <-time.After(10 * time.Second):
		t.Fatalf("the handler wasn't told of the end\n%s", stacks())
	}
	if w.code != code || w.reason != reason {
		t.Errorf("the handler was told %d %q, not %d %q", w.code, w.reason, code, reason)
	}
}

// watched starts an endpoint whose connections echo to one witness, and
// checks at the end that everything was given back.
func watched(t *testing.T, limits Limits, secure bool) (*endpoint, *witness, chan *Conn) {
	t.Helper()
	before := runtime.NumGoroutine()
	w := newWitness()
	e := serve(t, limits, secure, func() Handler { return w })
	conns := make(chan *Conn, 1)
	e.opened = func(c *Conn) { conns <- c }
	t.Cleanup(func() {
		e.listener.Close()
		nothingLeft(t, e, before)
	})
	return e, w, conns
}

// nothingLeft waits until connections, memory and goroutines are given back.
func nothingLeft(t *testing.T, e *endpoint, goroutines int) {
	t.Helper()
	for range 500 {
		if e.Len() == 0 && e.memory.held.Load() == 0 && runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d connections, %d bytes of messages, %d goroutines (%d at the start) are left\n%s",
		e.Len(), e.memory.held.Load(), runtime.NumGoroutine(), goroutines, stacks())
}

func stacks() []byte {
	b := make([]byte, 1<<20)
	return b[:runtime.Stack(b, true)]
}

// short are limits that a test can wait for.
var short = Limits{Idle: 300 * time.Millisecond, Life: time.Hour, CloseTimeout: 200 * time.Millisecond, WriteTimeout: 300 * time.Millisecond}

// How connections end: what the client is sent and what the handler is told
// (developer guide, "WebSocket API quotas" and "$disconnect route").
func TestEndings(t *testing.T) {
	big := strings.Repeat("a", 32<<10)
	cases := []struct {
		name   string
		send   []frame
		echoes int // messages that come back first
		code   int // of the close frame; 0: none comes
		told   int
		reason string
	}{
		{"close without status", []frame{{closes, ""}}, 0, 1005, 1005, ""},
		{"close with status and reason", []frame{closing(4001, "bye")}, 0, 4001, 4001, "bye"},
		{"largest frame", []frame{{fin | text, big}, closing(1000, "")}, 1, 1000, 1000, ""},
		{"frame of one byte more", []frame{{fin | text, big + "a"}}, 0, 1009, 1009, "frame is too big"},
		{"largest message", []frame{{text, big}, {cont, big}, {cont, big}, {fin | cont, big}, closing(1000, "")}, 1, 1000, 1000, ""},
		{"message of one byte more", []frame{{text, big}, {cont, big}, {cont, big}, {cont, big}, {fin | cont, "a"}}, 0, 1009, 1009, "message is too big"},
		{"binary", []frame{{fin | bin, "hi"}}, 0, 1003, 1003, "binary messages are not supported"},
		{"invalid text", []frame{{fin | text, "\xff"}}, 0, 1007, 1007, "text is not UTF-8"},
		{"reserved bit", []frame{{fin | 0x40 | text, "hi"}}, 0, 1002, 1002, "non-zero rsv bits with no extension negotiated"},
	}
	for _, secure := range []bool{false, true} {
		for _, tt := range cases {
			t.Run(fmt.Sprintf("%s tls=%v", tt.name, secure), func(t *testing.T) {
				e, w, _ := watched(t, Limits{}, secure)
				c := dial(t, e)
				c.send(tt.send...)
				for range tt.echoes {
					if _, err := c.next(); err != nil {
						t.Fatal(err)
					}
				}
				c.expectEnd(tt.code)
				w.expect(t, tt.told, tt.reason)
			})
		}
	}
}

func TestUnmaskedFrameIsRefused(t *testing.T) {
	e, w, _ := watched(t, Limits{}, false)
	c := dial(t, e)
	c.write([]byte("\x81\x02hi"))
	c.expectEnd(1002)
	w.expect(t, 1002, "frames from client to server must be masked")
}

func TestLostConnection(t *testing.T) {
	for _, secure := range []bool{false, true} {
		e, w, _ := watched(t, Limits{}, secure)
		c := dial(t, e)
		if !secure {
			c.nc.(*net.TCPConn).SetLinger(0)
		}
		c.nc.Close()
		<-w.closed
		if w.code != CodeAbnormal {
			t.Errorf("tls=%v: told %d", secure, w.code)
		}
	}
}

func TestIdleAndLife(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		e, w, _ := watched(t, short, false)
		dial(t, e).expectEnd(1001)
		w.expect(t, 1001, "Going away")
	})
	t.Run("pings keep a connection", func(t *testing.T) {
		e, w, _ := watched(t, short, true)
		c := dial(t, e)
		for began := time.Now(); time.Since(began) < 3*short.Idle; time.Sleep(short.Idle / 4) {
			c.send(frame{ping, ""})
			c.expect(frame{pong, ""})
		}
		c.expectEnd(1001)
		w.expect(t, 1001, "Going away")
	})
	t.Run("what is sent keeps a connection", func(t *testing.T) {
		e, _, conns := watched(t, short, false)
		c := dial(t, e)
		server := <-conns
		for began := time.Now(); time.Since(began) < 3*short.Idle; time.Sleep(short.Idle / 4) {
			server.Send([]byte("hi"))
			c.expect(frame{fin | text, "hi"})
		}
		c.expectEnd(1001)
	})
	t.Run("life", func(t *testing.T) {
		limits := short
		limits.Life, limits.Idle = 400*time.Millisecond, 200*time.Millisecond
		e, w, _ := watched(t, limits, false)
		c := dial(t, e)
		began := time.Now()
		for range 100 {
			c.send(frame{ping, ""})
			if f, err := c.next(); err != nil || f.head == closes {
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		w.expect(t, 1001, "Going away")
		if took := time.Since(began); took < limits.Life || took > limits.Life+10*time.Second {
			t.Errorf("a busy connection ended after %s", took)
		}
	})
}

// A client that doesn't answer the close frame is cut.
func TestHalfOpen(t *testing.T) {
	e, w, conns := watched(t, short, false)
	c := dial(t, e)
	(<-conns).Close(1000, "Connection Closed Normally")
	w.expect(t, 1000, "Connection Closed Normally")
	c.expect(closing(1000, "Connection Closed Normally"))
	if _, err := c.next(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection goes on: %v", err)
	}
}

// What follows our close frame is not handled; the client's own ends it.
func TestCloseHandshake(t *testing.T) {
	e, w, conns := watched(t, Limits{}, true)
	c := dial(t, e)
	server := <-conns
	server.Close(1000, "one")
	server.Close(1001, "two")
	if err := server.Send([]byte("late")); err != ErrClosed {
		t.Errorf("sending after Close: %v", err)
	}
	c.expect(closing(1000, "one"))
	c.send(frame{fin | text, "late"}, closing(1000, "one"))
	if f, err := c.next(); err != io.EOF {
		t.Errorf("got %v %v", f, err)
	}
	w.expect(t, 1000, "one")
}

// A client that never reads neither makes a sender wait nor holds more than
// the queue, and is cut.
func TestNeverReads(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("tls=", secure), func(t *testing.T) {
			limits := short
			limits.Idle, limits.Queue = time.Hour, 256<<10
			e, w, conns := watched(t, limits, secure)
			c := dial(t, e)
			server := <-conns
			message := bytes.Repeat([]byte("a"), 100<<10)
			full := false
			for began := time.Now(); time.Since(began) < 10*time.Second; {
				before := time.Now()
				err := server.Send(message)
				if took := time.Since(before); took > 5*time.Second {
					t.Fatalf("a sender waited %s", took)
				}
				if err == ErrClosed {
					break
				}
				if err == ErrFull {
					full = true
					time.Sleep(time.Millisecond)
				}
			}
			if !full {
				t.Error("the queue was never full")
			}
			w.expect(t, CodeAbnormal, "Connection lost")
			c.nc.Close()
		})
	}
}

// Pings whose answers nobody reads, and messages that never end.
func TestFloods(t *testing.T) {
	t.Run("pings", func(t *testing.T) {
		limits := short
		limits.Queue = 64 << 10
		e, w, _ := watched(t, limits, false)
		c := dial(t, e)
		c.nc.(*net.TCPConn).SetReadBuffer(4 << 10)
		c.nc.SetDeadline(time.Now().Add(5 * time.Second))
		flood := bytes.Repeat(masked(frame{ping, strings.Repeat("a", 125)}), 100)
		for {
			if _, err := c.nc.Write(flood); err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) {
					t.Fatalf("the client wasn't cut\n%s", stacks())
				}
				break
			}
		}
		<-w.closed
	})
	t.Run("empty pings", func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		c := NewServer(Limits{}).Open(near, []byte("head"), nil, echo{})
		c.Start()
		defer c.cut()
		answer := appendHead(nil, ws.OpPong, true, 0)
		most := DefaultLimits().Queue
		for range most/len(answer) + 1 {
			c.pong(answer)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.out.size < most-len(answer) || c.out.size > most || len(c.out.queue) > 2*most/onePiece {
			t.Errorf("%d bytes wait in %d pieces", c.out.size, len(c.out.queue))
		}
	})
	t.Run("unfinished messages", func(t *testing.T) {
		before := runtime.NumGoroutine()
		limits := short
		limits.Unfinished, limits.Idle = 1<<20, time.Hour
		e := serve(t, limits, false, func() Handler { return echo{} })
		var clients []*client
		refused := 0
		for range 20 {
			c := dial(t, e)
			c.send(frame{text, strings.Repeat("a", 32<<10)}, frame{cont, strings.Repeat("a", 32<<10)}, frame{cont, strings.Repeat("a", 32<<10)})
			c.send(frame{ping, ""})
			if f, err := c.next(); err == nil && f.head == closes {
				refused++
				if code := binary.BigEndian.Uint16([]byte(f.payload)); code != CodeTryLater {
					t.Errorf("closed with %d", code)
				}
			}
			clients = append(clients, c)
		}
		if held := e.memory.held.Load(); held > limits.Unfinished || refused == 0 {
			t.Errorf("%d bytes are held, %d refused", held, refused)
		}
		for _, c := range clients {
			c.nc.Close()
		}
		e.listener.Close()
		nothingLeft(t, e, before)
	})
}

// Messages of many senders come whole, in the order of each.
func TestManySenders(t *testing.T) {
	for _, secure := range []bool{false, true} {
		e, _, conns := watched(t, Limits{Queue: 64 << 20}, secure)
		c := dial(t, e)
		server := <-conns
		const senders, each = 8, 200
		var wg sync.WaitGroup
		for i := range senders {
			wg.Go(func() {
				for j := range each {
					text := fmt.Sprintf("%d %d %s", i, j, strings.Repeat("x", j*300))
					if j%2 == 0 {
						server.Send([]byte(text))
					} else {
						server.SendMessage(e.Prepare([]byte(text)))
					}
				}
			})
		}
		var next [senders]int
		for range senders * each {
			f, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			var i, j int
			fmt.Sscanf(f.payload, "%d %d", &i, &j)
			if want := fmt.Sprintf("%d %d %s", i, next[i], strings.Repeat("x", next[i]*300)); f.payload != want {
				t.Fatalf("got %.20q, want %.20q", f.payload, want)
			}
			next[i]++
		}
		wg.Wait()
		c.nc.Close()
	}
}

// What is longer than a frame may be goes out in several.
func TestLongMessageIsCutIntoFrames(t *testing.T) {
	e, _, conns := watched(t, Limits{}, false)
	c := dial(t, e)
	(<-conns).Send(bytes.Repeat([]byte("a"), 100<<10))
	want := []string{"\x01\x7e\x80\x00", "\x00\x7e\x80\x00", "\x00\x7e\x80\x00", "\x80\x7e\x10\x00"}
	for _, head := range want {
		got := make([]byte, 4)
		if _, err := io.ReadFull(c.in, got); err != nil || string(got) != head {
			t.Fatalf("head %x, not %x (%v)", got, head, err)
		}
		io.CopyN(io.Discard, c.in, int64(binary.BigEndian.Uint16(got[2:])))
	}
	c.nc.Close()
}

func TestShutdown(t *testing.T) {
	e, w, conns := watched(t, short, false)
	c := dial(t, e)
	<-conns
	ended := make(chan error)
	go func() { ended <- e.Shutdown(context.Background(), 1001, "Going away") }()
	c.expect(closing(1001, "Going away"))
	c.send(closing(1001, ""))
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	w.expect(t, 1001, "Going away")

	limits := short
	limits.CloseTimeout = time.Hour
	e, w, conns = watched(t, limits, false)
	dial(t, e)
	<-conns
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := e.Shutdown(ctx, 1001, "Going away"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a shutdown that a client holds up: %v", err)
	}
	w.expect(t, 1001, "Going away")
}

// What is sent before Start, by those who know the connection already, comes
// behind the answer to the handshake.
func TestSentBeforeStart(t *testing.T) {
	for _, secure := range []bool{false, true} {
		e, w, _ := watched(t, Limits{}, secure)
		e.opened = func(c *Conn) {
			for _, text := range []string{"one", "two"} {
				if err := c.Send([]byte(text)); err != nil {
					t.Error(err)
				}
			}
			c.Close(CodeGoingAway, "bye")
		}
		c := dial(t, e)
		c.expect(frame{fin | text, "one"}, frame{fin | text, "two"}, closing(CodeGoingAway, "bye"))
		c.send(closing(CodeGoingAway, ""))
		w.expect(t, CodeGoingAway, "bye")
	}
}

// A client that broke a rule and reads no further than our close frame makes
// nobody wait who has a message for it: TLS has something to say, too.
func TestFailedTLSMakesNobodyWait(t *testing.T) {
	cfg, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe() // a write waits for the reader
	client := tls.Client(far, &tls.Config{InsecureSkipVerify: true})
	w := newWitness()
	s := NewServer(Limits{CloseTimeout: 8 * time.Second})
	shaken := make(chan error, 1)
	go func() { shaken <- client.Handshake() }()
	server := tls.Server(near, cfg)
	if err := errors.Join(server.Handshake(), <-shaken); err != nil {
		t.Fatal(err)
	}
	conn := s.Open(server, []byte("101"), nil, w)
	conn.Start()
	go client.Write([]byte("\x83\x80\x00\x00\x00\x00")) // no such frame
	want := append([]byte("101"), appendClose(nil, CodeProtocol, ws.ErrProtocolOpCodeReserved.Error())...)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("read %q, not %q: %v", got, want, err)
	}
	ended := func() ending {
		conn.mu.Lock() // as who sends does
		defer conn.mu.Unlock()
		return conn.end
	}
	for !ended().written {
		runtime.Gosched()
	}
	if n, err := client.Read(got); err != io.EOF || ended().cut {
		t.Errorf("read %q and %v: who sends has waited until TLS gave up", got[:n], err)
	}
	client.Close()
	far.Close()
	w.expect(t, CodeProtocol, ws.ErrProtocolOpCodeReserved.Error())
}

// A connection that is cut before Start sends nothing.
func TestCutBeforeStart(t *testing.T) {
	server, client := net.Pipe()
	w := newWitness()
	s := NewServer(Limits{})
	conn := s.Open(server, []byte("HTTP/1.1 101"), nil, w)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(over, CodeGoingAway, ""); err == nil {
		t.Error("shut down with a connection that nobody has begun to read")
	}
	conn.Start()
	if got, _ := io.ReadAll(client); len(got) > 0 {
		t.Errorf("the client read %q", got)
	}
	w.expect(t, CodeGoingAway, "")
}

// Frames behind the handshake in the same packet aren't lost.
func TestEarlyFrames(t *testing.T) {
	e, _, _ := watched(t, Limits{}, false)
	nc, err := net.Dial("tcp", e.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	io.WriteString(nc, handshakeRequest+string(masked(frame{fin | text, "early"})))
	got := make([]byte, 4096)
	for n := 0; !bytes.HasSuffix(got[:n], []byte("\x81\x05early")); {
		m, err := nc.Read(got[n:])
		if err != nil {
			t.Fatalf("%v after %q", err, got[:n])
		}
		n += m
	}
}

func TestHandshake(t *testing.T) {
	good := [][2]string{{"Upgrade", "WebSocket"}, {"Connection", "keep-alive, Upgrade"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}
	cases := []struct {
		name, method string
		change       [2]string // the field and its value; "": without it
		want         error
	}{
		{"good", "GET", [2]string{"X", "y"}, nil},
		{"method", "POST", [2]string{"X", "y"}, ErrMethod},
		{"no upgrade", "GET", [2]string{"Upgrade", ""}, ErrUpgrade},
		{"other protocol", "GET", [2]string{"Upgrade", "h2c"}, ErrUpgrade},
		{"connection", "GET", [2]string{"Connection", "keep-alive"}, ErrUpgrade},
		{"version", "GET", [2]string{"Sec-WebSocket-Version", "8"}, ErrVersion},
		{"no key", "GET", [2]string{"Sec-WebSocket-Key", ""}, ErrKey},
		{"short key", "GET", [2]string{"Sec-WebSocket-Key", "dGhlIHNhbXBsZQ=="}, ErrKey},
		{"no base64", "GET", [2]string{"Sec-WebSocket-Key", "!!!!!!!!!!!!!!!!!!!!!!=="}, ErrKey},
	}
	for _, tt := range cases {
		var h http1.Header
		for _, f := range good {
			if f[0] != tt.change[0] {
				h.Add(f[0], f[1])
			}
		}
		if tt.change[1] != "" {
			h.Add(tt.change[0], tt.change[1])
		}
		if got := CheckHandshake(tt.method, &h); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

// Fields of the answer: a subprotocol and others pass, what would change the
// protocol doesn't, and what can't be a field is an error.
func TestAnswer(t *testing.T) {
	var request, extra http1.Header
	request.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	for _, f := range [][2]string{{"Sec-WebSocket-Protocol", "v1.chat"}, {"Sec-WebSocket-Extensions", "permessage-deflate"}, {"Connection", "close"}, {"X-Own", "1"}, {"Content-Length", "3"}} {
		extra.Add(f[0], f[1])
	}
	got, err := Answer(&request, &extra)
	want := "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nSec-WebSocket-Protocol: v1.chat\r\nX-Own: 1\r\n" +
		"Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
	if err != nil || string(got) != want {
		t.Errorf("%v %q", err, got)
	}
	extra.Reset()
	extra.Add("X-Own", "1\r\nX-Other: 2")
	if _, err := Answer(&request, &extra); err == nil {
		t.Error("a line break went through")
	}
}
