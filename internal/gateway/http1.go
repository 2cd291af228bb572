package gateway

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// session serves the requests of one HTTP/1.1 connection, one after the
// other, in memory that it keeps.
type session struct {
	peer   *peer
	x      exchange.Exchange
	body   http1Body
	finder finder
}

// http1Body is the body of the request that a connection is at.
type http1Body struct {
	*http1.ServerConn
	length int64
}

func (b *http1Body) Length() int64 { return b.length }

// serveHTTP1 serves nc until it ends.
func (g *Gateway) serveHTTP1(nc net.Conn, p *peer, served func()) {
	s := g.sessions.Get().(*session)
	s.peer = p
	s.finder.private = p.listener.private()
	p.info.Tag = s
	served()
	defer func() {
		if p := recover(); p != nil { // the connection is closed, the session lost
			g.log.Error("a request broke its connection", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	g.h1.ServeConn(nc, p.info)
	s.peer, s.body = nil, http1Body{}
	g.sessions.Put(s)
}

// handleHTTP1 answers one request.
func (g *Gateway) handleHTTP1(c *http1.ServerConn, r *http1.Request) {
	s := c.Info().Tag.(*session)
	x := &s.x
	x.Begin(c)
	x.Received = r.Received
	x.Method, x.Path, x.Query, x.Host = r.Method, r.Path, r.Query, r.Host
	x.Protocol = "HTTP/1.1"
	x.Header = &r.Header
	s.body = http1Body{c, r.ContentLength}
	x.Body = &s.body
	x.Client = s.peer.client
	if s.peer.trusted {
		forwarded(x, s.peer.listener.cfg.TrustedProxies)
	}
	ran := g.run(&s.finder, x)
	if err := s.answer(c); err != nil && !c.Answered() {
		g.unanswerable(x, err)
		s.answer(c)
	}
	x.End()
	runtime.KeepAlive(ran)
}

// run fills x.Response. It returns the compiled stage that was used, which
// must be kept until the answer is complete.
func (g *Gateway) run(f *finder, x *exchange.Exchange) (ran *running) {
	g.cfg.REST.NewIDs(x)
	defer func() {
		if p := recover(); p != nil {
			g.panicked(x, p)
		}
	}()
	if s := f.find(g, x); s != nil {
		ran = s.serve(g, x)
	}
	return ran
}

// panicked answers for a stage that broke: the request fails, the gateway
// goes on.
func (g *Gateway) panicked(x *exchange.Exchange, p any) {
	g.log.Error("a request broke its stage", "api", x.Address.APIID, "stage", x.Address.Stage,
		"requestId", string(x.RequestID[:]), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	if x.Response.Stream != nil {
		x.Response.Stream.Close()
	}
	plain(x, 500, "InternalServerErrorException", "Internal server error")
}

// unanswerable replaces an answer that can't be put into a message: a status
// or a field that HTTP doesn't have.
func (g *Gateway) unanswerable(x *exchange.Exchange, err error) {
	g.log.Error("an answer can't be sent", "api", x.Address.APIID, "stage", x.Address.Stage,
		"requestId", string(x.RequestID[:]), "error", err)
	plain(x, 500, "InternalServerErrorException", "Internal server error")
}

// answer writes x.Response to c. When nothing could be sent, c isn't
// answered; else an error means that the answer broke off.
func (s *session) answer(c *http1.ServerConn) error {
	r := &s.x.Response
	var err error
	if r.Stream == nil {
		err = c.Respond(r.Status, &r.Header, r.Body)
	} else {
		if err = c.Start(r.Status, &r.Header, r.Length); err == nil {
			err = stream(c, r.Stream, r.Length < 0)
		}
		r.Stream.Close()
		if err == nil {
			err = c.Finish()
		}
	}
	r.Sent, r.Aborted = c.Sent(), err != nil
	return err
}

// flushWriter is an answer under way.
type flushWriter interface {
	io.Writer
	Flush() error
}

var copyBuffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// stream copies an answer's body as it comes. Eager sends every piece on at
// once: nobody knows when the next one comes.
func stream(w flushWriter, r io.Reader, eager bool) error {
	buf := copyBuffers.Get().(*[32 << 10]byte)
	defer copyBuffers.Put(buf)
	for {
		n, err := r.Read(buf[:])
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			if eager {
				if err := w.Flush(); err != nil {
					return err
				}
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
