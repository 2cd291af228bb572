package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/cluster"
	"github.com/gatehouse/gatehouse/internal/gateway"
)

// takeOver is how long a successor may take to get ready.
const takeOver = 60 * time.Second

// predecessorVariable says where a process takes calls of its successor, and
// what the IDs of its connections begin with: host:port,hex.
const predecessorVariable = "GATEHOUSE_PREDECESSOR"

func takePredecessor() (*predecessor, error) {
	text := os.Getenv(predecessorVariable)
	os.Unsetenv(predecessorVariable) // no child of ours is one's successor
	if text == "" {
		return nil, nil
	}
	address, prefix, _ := strings.Cut(text, ",")
	raw, err := hex.DecodeString(prefix)
	if err != nil || len(raw) != 3 {
		return nil, fmt.Errorf("%s: %q is none that a predecessor gives", predecessorVariable, text)
	}
	return &predecessor{address: address, prefix: [3]byte(raw), until: time.Now().Add(takeOver + 2*drainTime)}, nil
}

// handOver makes ready for a successor: the listener goes to it, what comes
// meanwhile waits there for it, and what it gets for connections of this
// process it asks on an address of its own, until this process has ended. The
// result is the successor's environment. resume undoes it.
func (n *nodeCalls) handOver(h *gateway.Handover) (env []string, err error) {
	if n.listener != nil {
		if err := h.Add(nodeSocket, n.listener); err != nil {
			return nil, err
		}
		if err := n.pause(); err != nil {
			return nil, err
		}
	}
	if err := n.know(); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	n.forNext = cluster.ServeCalls(l, n.trust, n.handle, n.p.log)
	prefix := n.p.parts.sockets.Hub.Node()
	return []string{fmt.Sprintf("%s=%s,%x", predecessorVariable, l.Addr(), prefix)}, nil
}

// pause takes no more calls, but keeps the socket.
func (n *nodeCalls) pause() error {
	tcp, ok := n.listener.(*net.TCPListener)
	if !ok {
		return fmt.Errorf("cluster: %T can't be handed over", n.listener)
	}
	f, err := tcp.File()
	if err != nil {
		return err
	}
	defer f.Close()
	kept, err := net.FileListener(f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := n.calls.Close(ctx); err != nil {
		n.p.log.Warn("calls of other nodes were cut", "error", err)
	}
	n.listener, n.calls = kept, nil
	return nil
}

// resume goes on when there is no successor after all.
func (n *nodeCalls) resume() {
	if n.listener != nil && n.calls == nil {
		n.calls = cluster.ServeCalls(n.listener, n.trust, n.handle, n.p.log)
	}
	if n.forNext != nil {
		_ = n.forNext.Close(context.Background())
		n.forNext = nil
	}
}

// leave gives the listener to the successor, which serves.
func (n *nodeCalls) leave() {
	if n.listener != nil && n.calls == nil {
		_ = n.listener.Close()
	}
}
