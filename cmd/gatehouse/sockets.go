package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/gatehouse/gatehouse/internal/cluster"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/websocketapi"
	"github.com/gatehouse/gatehouse/internal/wsconn"
)

// newSockets is what stages of WebSocket APIs share. The IDs of connections
// begin with the node's name, or, where there is one node, with that of this
// run of it.
func (p *program) newSockets(s *parts) (*websocketapi.Env, error) {
	l := &p.config.Limits
	c := websocketapi.HubConfig{
		Connections: int(l.WebSockets), Limits: wsconn.Limits{Idle: time.Duration(l.WebSocketIdle), Life: time.Duration(l.WebSocketLife)},
	}
	if p.config.Store.Etcd != nil {
		id, err := cluster.ID(p.config.Data)
		if err != nil {
			return nil, err
		}
		c.Node = holderName(id)
	} else {
		run := rand.Uint32()
		c.Node = [3]byte{byte(run), byte(run >> 8), byte(run >> 16)}
	}
	if p.config.Store.Etcd != nil || p.nodes.before() != nil {
		c.Nodes = holders{p.nodes}
	}
	hub := websocketapi.NewHub(c)
	p.nodes.serve(func(_ context.Context, request []byte) ([]byte, error) { return hub.Answer(request) })
	s.metrics.Gauge("gatehouse_websocket_connections", "WebSocket connections that are open.", func() float64 { return float64(hub.Len()) })
	return &websocketapi.Env{Env: s.env, Plans: s.plans, Hub: hub, Explain: p.explain == gateway.ExplainAll, Done: p.done()}, nil
}
