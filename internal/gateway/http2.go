package gateway

import (
	"fmt"
	"net"
	"runtime/debug"

	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/http2"
)

// What is HTTP/2 about a request ends here: names are in lower case, and the
// rest looks as if it had come over HTTP/1.1. So does $context.protocol, as
// on AWS.

// serveHTTP2 serves nc until it ends.
func (g *Gateway) serveHTTP2(nc net.Conn, p *peer) {
	p.info.Tag = p
	g.h2.ServeConn(nc, p.info)
}

// handleHTTP2 answers one request.
func (g *Gateway) handleHTTP2(c *http2.Stream, r *http1.Request) {
	defer func() {
		if p := recover(); p != nil { // the stream is reset, the session lost
			c.Tag = nil
			g.log.Error("a request broke its stream", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	s, ok := c.Tag.(*session)
	if !ok {
		s = new(session)
		c.Tag = s
	}
	s.peer = c.Info().Tag.(*peer)
	s.finder.peer = s.peer
	x := &s.x
	x.Begin(c)
	x.Received = r.Received
	x.Method, x.Path, x.Query, x.Host = r.Method, r.Path, r.Query, r.Host
	x.Protocol = "HTTP/1.1"
	x.Header, x.Body = &r.Header, c
	x.Client = s.peer.client
	x.Client.HTTP2 = true
	if s.peer.trusted {
		forwarded(x, s.peer.listener.cfg.TrustedProxies)
	}
	g.attend(&s.finder, x, c)
	s.peer, s.finder.peer = nil, nil
}

// brokenHTTP2 tells of a client that doesn't speak HTTP/2 as it should.
func (g *Gateway) brokenHTTP2(info *http1.ConnInfo, err error) {
	g.log.Debug("an HTTP/2 connection was refused", "remote", info.Remote, "error", err)
}

// refusedHTTP2 tells of a request that was answered by its framing.
func (g *Gateway) refusedHTTP2(c *http2.Stream, status int, err error) {
	g.log.Debug("a request was refused", "remote", c.Info().Remote, "status", status, "error", err)
}
