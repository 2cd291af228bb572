package gateway

import (
	"fmt"
	"net"
	"runtime"
	"runtime/debug"

	"github.com/gatehouse/gatehouse/internal/gateway/http2"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// What is HTTP/2 about a request ends here: names are in lower case, and the
// rest looks as if it had come over HTTP/1.1. So does $context.protocol, as
// on AWS.

// serveHTTP2 serves nc until it ends.
func (g *Gateway) serveHTTP2(nc net.Conn, p *peer, served func()) {
	p.info.Tag = p
	served()
	g.h2.ServeConn(nc, p.info)
}

// handleHTTP2 answers one request.
func (g *Gateway) handleHTTP2(c *http2.Stream) {
	defer func() {
		if p := recover(); p != nil { // the stream is reset
			g.log.Error("a request broke its stream", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	s, ok := c.Local.(*session)
	if !ok {
		s = new(session)
		c.Local = s
	}
	s.peer = c.Info().Tag.(*peer)
	s.finder.private = s.peer.listener.private()
	x := &s.x
	x.Begin(c)
	x.Received = c.Received
	x.Method, x.Path, x.Query, x.Host = c.Method, c.Path, c.Query, c.Host
	x.Protocol = "HTTP/1.1"
	x.Header, x.Body = &c.Header, c
	x.Client = s.peer.client
	if s.peer.trusted {
		forwarded(x, s.peer.listener.cfg.TrustedProxies)
	}
	ran := g.run(&s.finder, x)
	g.finish(x, c)
	runtime.KeepAlive(ran)
	s.peer = nil
}

// refusedHTTP2 tells of a client that doesn't speak HTTP/2 as it should.
func (g *Gateway) refusedHTTP2(info *http1.ConnInfo, err error) {
	g.log.Debug("an HTTP/2 connection was refused", "remote", info.Remote, "error", err)
}
