package websocketapi

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"
	"unique"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/authorizer"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/wsconn"
)

// Connection is a client that was let in. There are many, most of them idle:
// what they have in common they share.
type Connection struct {
	id    connectionID
	hub   *Hub
	place *place
	conn  atomic.Pointer[wsconn.Conn] // nil for the moment between being let in and being answered
	visitor

	gone func()       // of the edge that handed the client's connection over; nil: it doesn't want to know
	busy atomic.Int32 // messages in work
	left atomic.Bool
	at   int32 // guarded by place.mu: where place.conns has it
}

// visitor is what is known of a client from when it connected.
type visitor struct {
	connected time.Time
	ip        netip.Addr
	domain    unique.Handle[string]
	agent     unique.Handle[string]
	answer    *authorizer.Answer // of an authorizer; nil: nobody was asked
	latency   time.Duration      // of its function
	caller    *identity.Caller   // who signed; nil: nobody
	key       *apiKey            // nil: it showed none
}

// apiKey is the API key that a client showed.
type apiKey struct {
	value string
	id    apigw.APIKeyID
}

// mostAtOnce are the messages of one connection that are in work at once: with
// one more, nothing is read until that one is done.
const mostAtOnce = 64

// Message implements wsconn.Handler.
func (c *Connection) Message(_ *wsconn.Conn, payload []byte, _ bool) wsconn.Job {
	select {
	case c.hub.working <- struct{}{}:
	case <-c.hub.stopped:
		return nil
	}
	s := c.place.stage()
	if s == nil { // deleted a moment ago: its connections are being closed
		<-c.hub.working
		return nil
	}
	e := s.newEvent()
	e.own(c, messageEvent)
	e.body = append(e.body[:0], payload...)
	if c.busy.Add(1) > mostAtOnce {
		e.Do()
		return nil
	}
	return e
}

// Do implements wsconn.Job for a message.
func (e *Event) Do() {
	c := e.from
	defer func() {
		c.busy.Add(-1)
		<-c.hub.working
	}()
	e.serveMessage()
}

// Closed implements wsconn.Handler.
func (c *Connection) Closed(_ *wsconn.Conn, code int, reason string) {
	c.left.Store(true)
	c.hub.leaving.Add(1)
	defer c.hub.leaving.Add(-1)
	c.hub.remove(c)
	if c.gone != nil {
		c.gone()
	}
	defer c.place.leave(c)
	if s := c.place.stage(); s != nil {
		if code == wsconn.CodeNoStatus {
			reason = "Client-side close frame status not set" // developer guide's sample event
		}
		s.disconnected(c, code, reason)
	}
}

// open makes nc, whose client s let in, a connection: head is sent first.
func (c *Connection) open(s *Stage, nc net.Conn, head, early []byte) {
	conn := c.hub.sockets.Open(nc, head, early, c)
	c.conn.Store(conn)
	if !c.place.enter(c, s) {
		conn.Close(wsconn.CodeGoingAway, goingAway)
	}
	conn.Start()
}

// close closes the connection with a close frame.
func (c *Connection) close(code int, reason string) {
	if conn := c.conn.Load(); conn != nil {
		conn.Close(code, reason)
	}
}
