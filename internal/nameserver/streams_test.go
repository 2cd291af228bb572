package nameserver

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

// pipes is a listener that accepts the far ends of pipes, on which nothing is
// sent that nobody reads.
type pipes struct {
	net.Listener
	far    chan net.Conn
	closed context.Context
	end    context.CancelFunc
}

func newPipes(t testing.TB) *pipes {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	closed, end := context.WithCancel(context.Background())
	return &pipes{l, make(chan net.Conn), closed, end}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.far:
		return c, nil
	case <-p.closed.Done():
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.end(); return nil }

func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.far <- far
	return near
}

// TestClientsThatDoNotRead: a client that asks and takes no answer loses its
// connection, and doesn't keep the server from ending.
func TestClientsThatDoNotRead(t *testing.T) {
	t.Parallel()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := newPipes(t)
	s := New(Config{Logger: slog.New(slog.DiscardHandler), Listeners: []Listener{{Packets: packets, Streams: p, View: fuzzed().view}}})
	client := p.dial()
	defer client.Close()
	query := new(dns.Msg)
	query.SetQuestion("_c._d.a.b.", dns.TypeA)
	for {
		client.SetWriteDeadline(time.Now().Add(5 * messageTime))
		if err := (&dns.Conn{Conn: client}).WriteMsg(query); err != nil { // the second one waits for the first one's answer to be taken
			if wrong, ok := errors.AsType[net.Error](err); ok && wrong.Timeout() {
				t.Error("the connection stays for as long as the client likes")
			}
			break
		}
	}
	ended := make(chan struct{})
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), messageTime)
		defer cancel()
		_ = s.Close(ctx)
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(10 * messageTime):
		t.Fatal("the server doesn't end")
	}
}

// outOfFiles is a listener that can't accept.
type outOfFiles struct{ net.Listener }

func (outOfFiles) Accept() (net.Conn, error) {
	return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
}

func TestOutOfFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, began := newStreams(outOfFiles{}), time.Now()
		for range 10 {
			if _, err := l.Accept(); !errors.Is(err, syscall.EMFILE) {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took < 10*acceptPause {
			t.Errorf("10 attempts in %s", took)
		}
	})
}

// from is a connection of a client.
type from struct {
	net.Conn
	client net.Addr
	closed bool
}

func (f *from) RemoteAddr() net.Addr { return f.client }
func (f *from) Close() error         { f.closed = true; return nil }

// coming is a listener of connections that have come.
type coming struct {
	net.Listener
	list []*from
}

func (c *coming) Accept() (net.Conn, error) {
	if len(c.list) == 0 {
		return nil, net.ErrClosed
	}
	next := c.list[0]
	c.list = c.list[1:]
	return next, nil
}

// TestConnectionsOfANetwork: one network doesn't take the connections of all, and
// gets back those that it gives back.
func TestConnectionsOfANetwork(t *testing.T) {
	c := &coming{}
	add := func(n int, client string) (added []*from) {
		for range n {
			added = append(added, &from{client: &net.TCPAddr{IP: net.ParseIP(client), Port: 4711}})
		}
		c.list = append(c.list, added...)
		return added
	}
	l := newStreams(c)
	accepted := func() (list []net.Conn) {
		for {
			conn, err := l.Accept()
			if err != nil {
				return list
			}
			list = append(list, conn)
		}
	}
	add(maxOfNetwork, "192.0.2.1")
	first := accepted()
	refused := add(1, "::ffff:192.0.2.200")
	add(1, "203.0.113.1")
	add(1, "2001:db8::1")
	add(maxOfNetwork+1, "127.0.0.1")
	if n := len(accepted()); len(first) != maxOfNetwork || n != 2+maxOfNetwork+1 || !refused[0].closed {
		t.Errorf("%d of a network, then %d; one too many is closed: %v", len(first), n, refused[0].closed)
	}
	first[0].Close()
	first[0].Close()
	add(2, "192.0.2.1")
	if n := len(accepted()); n != 1 {
		t.Errorf("after one has left, %d come", n)
	}
	for _, conn := range first[1:] {
		conn.Close()
	}
	if n := len(l.open); n != 3 {
		t.Errorf("%d networks are known", n)
	}
}

// TestSocketsThatCannotBeUsed: one that fails at once keeps nobody waiting.
func TestSocketsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	packets.Close()
	made := make(chan *Server, 1)
	go func() {
		made <- New(Config{Logger: slog.New(slog.DiscardHandler), Listeners: []Listener{{Packets: packets, Streams: newPipes(t), View: fuzzed().view}}})
	}()
	select {
	case s := <-made:
		if err := s.Close(t.Context()); err == nil {
			t.Error("what never started is said to have ended")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the server neither starts nor fails")
	}
}
