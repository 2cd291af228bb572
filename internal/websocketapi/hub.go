package websocketapi

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/wsconn"
)

// HubConfig bounds a Hub. Zero fields take the defaults named.
type HubConfig struct {
	Limits      wsconn.Limits
	Node        [3]byte // this node's: connection IDs begin with it
	Connections int     // at once; more are answered 429; default 200,000
	Nodes       Nodes   // that hold connections of the same APIs, too; nil: there are none
	Messages    int     // in work at once; more wait, unread, in their connections, and so do connections that are gone for $disconnect; default 8,192
}

// Hub holds the connections of a node, of all APIs, and which Stage serves
// those of each stage now.
type Hub struct {
	sockets *wsconn.Server
	node    [3]byte
	nodes   Nodes // nil: there are no others
	most    int
	working chan struct{} // one for each message in work
	telling chan struct{} // one for each connection that is gone whose $disconnect is told
	stopped chan struct{} // closed when Shutdown begins
	leaving atomic.Int64  // connections that are gone and whose $disconnect isn't told yet

	mu         sync.RWMutex // guards what follows
	conns      map[connectionID]*Connection
	principals map[principal]map[*Connection]struct{} // of those that an authorizer let in
	places     map[placeName]*place
	ending     bool // no more connections are taken
}

// NewHub returns a Hub without connections.
func NewHub(c HubConfig) *Hub {
	if c.Connections <= 0 {
		c.Connections = 200_000
	}
	if c.Messages <= 0 {
		c.Messages = 8192
	}
	return &Hub{
		sockets: wsconn.NewServer(c.Limits), node: c.Node, nodes: c.Nodes, most: c.Connections, working: make(chan struct{}, c.Messages), telling: make(chan struct{}, c.Messages), stopped: make(chan struct{}),
		conns: map[connectionID]*Connection{}, principals: map[principal]map[*Connection]struct{}{}, places: map[placeName]*place{},
	}
}

// Len is how many connections there are.
func (h *Hub) Len() int {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.conns)
}

// Node is what the IDs of the connections begin with.
func (h *Hub) Node() [3]byte { return h.node }

// connectionID names a connection: the node that holds it, and 8 random bytes.
// On the wire it is their base64 in the alphabet of URLs, 16 characters with
// "=" at the end, as AWS's are.
type connectionID [11]byte

func (h *Hub) newID() (id connectionID) {
	copy(id[:], h.node[:])
	binary.LittleEndian.PutUint64(id[3:], rand.Uint64())
	return id
}

func (id connectionID) append(dst []byte) []byte { return base64.URLEncoding.AppendEncode(dst, id[:]) }

func (id connectionID) String() string { return base64.URLEncoding.EncodeToString(id[:]) }

var errConnectionID = errors.New("no connection ID")

// parseConnectionID reads an ID in either alphabet of base64, as AWS takes it.
func parseConnectionID(text string) (id connectionID, err error) {
	b, err := base64.URLEncoding.DecodeString(text)
	if err != nil {
		b, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil || len(b) != len(id) {
		return id, errConnectionID
	}
	copy(id[:], b)
	return id, nil
}

// find is the connection of an ID; nil: there is none.
func (h *Hub) find(id connectionID) *Connection {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.conns[id]
}

var errTooMany = errors.New("as many connections are open as may")

// room says whether another connection may be taken. An error is why not.
func (h *Hub) room() error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.roomLocked()
}

func (h *Hub) roomLocked() error {
	if h.ending || len(h.conns) >= h.most || int(h.leaving.Load()) >= max(h.most, cap(h.telling)) {
		return errTooMany
	}
	return nil
}

// add makes c known.
func (h *Hub) add(c *Connection) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.roomLocked(); err != nil {
		return err
	}
	h.conns[c.id] = c
	h.addPrincipal(c)
	return nil
}

func (h *Hub) remove(c *Connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.conns, c.id)
	h.removePrincipal(c)
}

// place is that of a stage, made when it isn't there.
func (h *Hub) place(name placeName) *place {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.places[name]
	if p == nil {
		p = &place{name: name}
		h.places[name] = p
	}
	return p
}

// Deleted closes the connections of a stage that is no more.
func (h *Hub) Deleted(api apigw.APIID, stage apigw.StageName) {
	name := placeName{api, stage}
	h.mu.Lock()
	p := h.places[name]
	delete(h.places, name)
	h.mu.Unlock()
	if p == nil {
		return
	}
	for _, c := range p.end() {
		c.close(wsconn.CodeGoingAway, goingAway)
	}
}

const goingAway = "Going away"

// Shutdown takes no more connections, lets the messages in work end, closes all
// connections with 1001 and tells their $disconnect routes. When ctx ends first,
// what is left is cut.
func (h *Hub) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	if h.ending {
		h.mu.Unlock()
		return nil
	}
	h.ending = true
	h.mu.Unlock()
	close(h.stopped)
	for range cap(h.working) {
		select {
		case h.working <- struct{}{}:
		case <-ctx.Done():
		}
	}
	return h.sockets.Shutdown(ctx, wsconn.CodeGoingAway, goingAway)
}
