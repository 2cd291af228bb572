package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/cluster"
	"github.com/gatehouse/gatehouse/internal/gateway"
)

// nodeSocket is what the listener for calls of nodes is called when it is
// handed over.
const nodeSocket = "cluster"

// nodeCalls is how this node and the others call each other, and how it calls
// the process that it takes over from, which holds connections until it ends.
// It stands from the start of the process until its last connection is gone:
// longer than what needs the store.
type nodeCalls struct {
	p           *program
	handle      cluster.Handler
	trust       *cluster.Trust // nil: nobody is called
	caller      *cluster.Caller
	listener    net.Listener   // nil: none is configured
	calls       *cluster.Calls // of listener; nil: not served
	forNext     *cluster.Calls // of the successor; nil: there is none
	predecessor atomic.Pointer[predecessor]
}

// predecessor is the process that this one takes over from.
type predecessor struct {
	address string
	prefix  [3]byte   // of the IDs of its connections
	until   time.Time // it has ended by then
}

// listenNodes opens what is configured for calls of nodes.
func (p *program) listenNodes(sockets *gateway.Sockets) (*nodeCalls, error) {
	n := &nodeCalls{p: p}
	before, err := takePredecessor()
	if err != nil {
		return nil, err
	}
	n.predecessor.Store(before)
	c := p.config.Cluster
	if c == nil && before == nil {
		return n, nil
	}
	if err := n.know(); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	if c == nil {
		return n, nil
	}
	if n.listener = sockets.Take(nodeSocket); n.listener == nil {
		if n.listener, err = net.Listen("tcp", c.Listen); err != nil {
			return nil, fmt.Errorf("cluster: listen: %w", err)
		}
	}
	return n, nil
}

// know makes the trust, which is in who has the master key.
func (n *nodeCalls) know() error {
	if n.trust != nil {
		return nil
	}
	key, err := n.p.sealer()
	if err != nil {
		return err
	}
	trust, err := cluster.NewTrust(key.EachDerived("node calls")...)
	if err != nil {
		return err
	}
	n.trust, n.caller = trust, cluster.NewCaller(trust)
	return nil
}

// addr is where the listener is; nil: there is none.
func (n *nodeCalls) addr() net.Addr {
	if n.listener == nil {
		return nil
	}
	return n.listener.Addr()
}

// address is what the other nodes are told.
func (n *nodeCalls) address() string {
	switch {
	case n.listener == nil:
		return ""
	case n.p.config.Cluster.Advertise != "":
		return n.p.config.Cluster.Advertise
	}
	return n.listener.Addr().String()
}

// serve has h answer calls, from now on.
func (n *nodeCalls) serve(h cluster.Handler) {
	n.handle = h
	if n.listener != nil {
		n.calls = cluster.ServeCalls(n.listener, n.trust, h, n.p.log)
	}
}

// close ends the listeners: once they refuse, what this process held is gone.
func (n *nodeCalls) close(ctx context.Context) {
	if n == nil {
		return
	}
	if n.caller != nil {
		n.caller.Close()
	}
	for _, c := range []*cluster.Calls{n.calls, n.forNext} {
		if c == nil {
			continue
		}
		if err := c.Close(ctx); err != nil {
			n.p.log.Warn("calls of other nodes were cut", "error", err)
		}
	}
}

// ownAddresses are where integrations never connect.
func (p *program) ownAddresses() []net.Addr {
	list := p.control.addrs()
	if at := p.nodes.addr(); at != nil {
		list = append(list, at)
	}
	return list
}

// holders are the nodes as WebSocket connections know them.
type holders struct{ *nodeCalls }

// holderName is what the IDs of a node's connections begin with.
func holderName(node string) (name [3]byte) {
	sum := sha256.Sum256([]byte(node))
	copy(name[:], sum[:])
	return name
}

// before is the predecessor; nil: there is none any more.
func (n *nodeCalls) before() *predecessor {
	b := n.predecessor.Load()
	if b != nil && time.Now().After(b.until) {
		return nil
	}
	return b
}

// Holding implements websocketapi.Nodes.
func (h holders) Holding(prefix [3]byte) []string {
	list := h.addresses(func(n cluster.Node) bool { return holderName(n.ID) == prefix })
	if b := h.before(); b != nil && b.prefix == prefix {
		list = append(list, b.address)
	}
	return list
}

// Others implements websocketapi.Nodes.
func (h holders) Others() []string {
	list := h.addresses(func(cluster.Node) bool { return true })
	if b := h.before(); b != nil {
		list = append(list, b.address)
	}
	return list
}

func (h holders) addresses(want func(cluster.Node) bool) (list []string) {
	pl := h.p.plane.Load()
	if pl == nil || pl.cluster == nil {
		return nil
	}
	self := pl.cluster.Self()
	for _, n := range pl.cluster.Nodes() {
		if n.Instance != self.Instance && want(n) {
			list = append(list, n.Address)
		}
	}
	return list
}

var errNoListener = errors.New("nodes can't call each other: cluster: listen is not configured on both")

// Call implements websocketapi.Nodes.
func (h holders) Call(ctx context.Context, address string, request []byte) (answer []byte, gone bool, err error) {
	if address == "" || h.caller == nil {
		return nil, false, errNoListener
	}
	answer, err = h.caller.Call(ctx, address, request)
	gone = errors.Is(err, cluster.ErrGone)
	if b := h.before(); gone && b != nil && b.address == address {
		h.predecessor.Store(nil)
	}
	return answer, gone, err
}
