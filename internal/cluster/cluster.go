// Package cluster knows which nodes there are on one etcd cluster, carries what
// they tell each other of their throttles, and calls from one to another. It
// must not know what is limited or called for, nor what an API is.
//
// A node is a process: while an old one hands over to a new one, there are two.
// One whose store is in its own data folder has no other nodes and no Cluster.
package cluster

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/store"
	"github.com/gatehouse/gatehouse/internal/throttle"
)

// Node is a node that is there. What a newer version says beside this is passed
// over.
type Node struct {
	ID       string    `json:"id"`       // of its data folder
	Instance string    `json:"instance"` // of the process
	Host     string    `json:"host,omitempty"`
	Version  string    `json:"version,omitempty"`
	Address  string    `json:"address,omitempty"` // host:port that takes calls of nodes; empty: none does
	Since    time.Time `json:"since"`
}

// Config is what a Cluster needs.
type Config struct {
	Store   *store.Store
	ID      string // of the data folder: see ID
	Version string // of the program
	Address string // that takes calls of other nodes: see ServeCalls; may be empty
	// Group are the throttles that the nodes divide.
	Group *throttle.Group
	// Clock is the time of Group, in nanoseconds.
	Clock  func() int64
	Logger *slog.Logger
}

// Cluster is this node among the others. Safe for concurrent use.
type Cluster struct {
	c    Config
	self Node
	log  *slog.Logger

	presence atomic.Pointer[store.Presence] // nil: this node isn't joined
	reports  chan []byte                    // the latest to be told

	mu    sync.Mutex      // guards nodes
	nodes map[string]Node // by the key of each
	odd   atomic.Bool     // a report couldn't be read, and that was told
}

// Places of the nodes, and of what they tell, in the store. Of a form that a
// version doesn't know, it has another place.
const (
	nodesPrefix   = store.PresencePrefix + "nodes/"
	reportsPrefix = store.PresencePrefix + "throttles/"
)

// Times of a Cluster.
const (
	lease       = 10 * time.Second // a node that isn't heard of for that long has left
	renewEvery  = lease / 4
	rejoinEvery = 250 * time.Millisecond
	putTime     = time.Second
	leaveTime   = 2 * time.Second
)

// maxNodes bounds what is believed of the store.
const maxNodes = 1000

// New returns a Cluster that knows this node alone, until it Runs.
func New(c Config) *Cluster {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	host, _ := os.Hostname()
	return &Cluster{
		c: c, log: c.Logger, nodes: map[string]Node{}, reports: make(chan []byte, 1),
		self: Node{ID: c.ID, Instance: rand.Text()[:10], Host: host, Version: c.Version, Address: c.Address, Since: time.Now().UTC().Truncate(time.Second)},
	}
}

func (c *Cluster) key(prefix string) string { return prefix + c.self.ID + "/" + c.self.Instance }

// Self is this node.
func (c *Cluster) Self() Node { return c.self }

// Nodes are the nodes that there are as far as this one knows, itself among
// them. While the store is away, they are those that there were.
func (c *Cluster) Nodes() []Node {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]Node, 0, len(c.nodes)+1)
	for key, n := range c.nodes {
		if key != c.key(nodesPrefix) {
			list = append(list, n)
		}
	}
	return sorted(append(list, c.self))
}

// Joined says whether the other nodes can know of this one.
func (c *Cluster) Joined() bool { return c.presence.Load() != nil && c.c.Store.Err() == nil }

func sorted(list []Node) []Node {
	slices.SortFunc(list, func(a, b Node) int {
		return strings.Compare(a.ID+"/"+a.Instance, b.ID+"/"+b.Instance)
	})
	return list
}

// List are the nodes that the store knows.
func List(ctx context.Context, s *store.Store) ([]Node, error) {
	records, _, _, err := s.List(ctx, nodesPrefix, "", maxNodes)
	if err != nil {
		return nil, err
	}
	var list []Node
	for _, r := range records {
		if n, ok := readNode(r.Value); ok {
			list = append(list, n)
		}
	}
	return sorted(list), nil
}

func readNode(value []byte) (n Node, ok bool) {
	err := json.Unmarshal(value, &n)
	return n, err == nil && n.ID != ""
}

// Run takes part until ctx ends; then the node leaves.
func (c *Cluster) Run(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { c.stay(ctx) })
	running.Go(func() { c.followNodes(ctx) })
	running.Go(func() { c.followReports(ctx) })
	running.Go(func() { c.divide(ctx) })
	running.Go(func() { c.tell(ctx) })
	running.Wait()
}

// stay joins, and joins anew when the store has forgotten this node.
func (c *Cluster) stay(ctx context.Context) {
	value, err := json.Marshal(c.self)
	if err != nil {
		c.log.Error("the node can't be described", "error", err)
		return
	}
	for ctx.Err() == nil {
		if p := c.join(ctx, value); p != nil {
			c.presence.Store(p)
			c.renew(ctx, p)
			c.presence.Store(nil)
			if ctx.Err() != nil {
				c.leave(p)
			}
			continue
		}
		wait(ctx, rejoinEvery)
	}
}

func (c *Cluster) join(ctx context.Context, value []byte) *store.Presence {
	p, err := c.c.Store.Join(ctx, lease)
	if err == nil {
		err = p.Put(ctx, c.key(nodesPrefix), value)
	}
	if err != nil {
		if !errors.Is(err, store.ErrDead) && ctx.Err() == nil {
			c.log.Warn("the node can't join the others", "error", err)
		}
		return nil
	}
	return p
}

// renew returns when p is lost or ctx has ended.
func (c *Cluster) renew(ctx context.Context, p *store.Presence) {
	for {
		wait(ctx, renewEvery)
		err := p.Renew(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, store.ErrLost) {
			c.log.Warn("the other nodes took this one for gone; joining again")
			return
		}
	}
}

func (c *Cluster) leave(p *store.Presence) {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	if err := p.Leave(ctx); err != nil {
		c.log.Warn("the other nodes will notice only later that this one has left", "error", err, "within", lease.String())
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// followNodes keeps nodes as the store has them.
func (c *Cluster) followNodes(ctx context.Context) {
	for b := range c.c.Store.Watch(ctx, nodesPrefix, 0) {
		joined, left := c.note(b)
		for _, n := range joined {
			c.log.Info("a node joined", "node", n.ID, "host", n.Host, "version", n.Version)
		}
		for _, n := range left {
			c.log.Info("a node left", "node", n.ID, "host", n.Host)
		}
	}
}

// note takes a change in and says what is new of other nodes.
func (c *Cluster) note(b store.Batch) (joined, left []Node) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.nodes
	c.nodes = map[string]Node{}
	if !b.Reset {
		for key, n := range before {
			c.nodes[key] = n
		}
	}
	for _, e := range b.Events {
		delete(c.nodes, e.Key)
		if n, ok := readNode(e.Value); ok && len(c.nodes) < maxNodes {
			c.nodes[e.Key] = n
		}
	}
	for key, n := range c.nodes {
		if _, known := before[key]; !known && key != c.key(nodesPrefix) {
			joined = append(joined, n)
		}
	}
	for key, n := range before {
		if _, known := c.nodes[key]; !known && key != c.key(nodesPrefix) {
			left = append(left, n)
			c.c.Group.Forget(strings.TrimPrefix(key, nodesPrefix))
		}
	}
	return sorted(joined), sorted(left)
}
