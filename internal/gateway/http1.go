package gateway

import (
	"fmt"
	"net"
	"runtime/debug"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// session serves the requests of one HTTP/1.1 connection, one after the
// other, in memory that it keeps.
type session struct {
	gateway *Gateway
	peer    *peer
	x       exchange.Exchange
	body    http1Body
	finder  finder
	taken   func(net.Conn) (gone func()) // s.handedOver
}

func (g *Gateway) newSession() any {
	s := &session{gateway: g}
	s.taken = s.handedOver
	return s
}

// http1Body is the body of the request that a connection is at.
type http1Body struct {
	*http1.ServerConn
	length int64
}

func (b *http1Body) Length() int64 { return b.length }

// serveHTTP1 serves nc until it ends.
func (g *Gateway) serveHTTP1(nc net.Conn, p *peer) {
	s := g.sessions.Get().(*session)
	s.peer = p
	s.finder.peer = p
	p.info.Tag = s
	defer func() {
		if p := recover(); p != nil { // the connection is closed, the session lost
			g.log.Error("a request broke its connection", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	g.h1.ServeConn(nc, p.info)
	s.peer, s.finder.peer, s.body = nil, nil, http1Body{}
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
	x.Client, x.HandedOver = s.peer.client, s.taken
	if s.peer.trusted {
		forwarded(x, s.peer.listener.cfg.TrustedProxies)
	}
	g.attend(&s.finder, x, c)
}

// refusedHTTP1 tells of a request that was no HTTP/1.1.
func (g *Gateway) refusedHTTP1(c *http1.ServerConn, status int, err error) {
	g.log.Debug("a request was refused", "remote", c.Info().Remote, "status", status, "error", err)
}
