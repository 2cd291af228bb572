package websocketapi

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"
)

// Nodes are the other processes that hold connections of the same APIs.
type Nodes interface {
	// Holding are the addresses of those whose connections' IDs begin with
	// prefix, beside this one.
	Holding(prefix [3]byte) []string
	// Others are the addresses of all of them, beside this one.
	Others() []string
	// Call has the Hub at an address Answer request; gone: that process has
	// ended, and its connections with it.
	Call(ctx context.Context, address string, request []byte) (answer []byte, gone bool, err error)
}

// reachTime is how long the nodes may take that an order goes to.
const reachTime = 3 * time.Second

// reach carries o out for one connection, here or where it is. An error says
// that its node couldn't be asked: it may live.
func (h *Hub) reach(ctx context.Context, o *order, message []byte) (result, error) {
	id := connectionID(o.IDs[0])
	if h.nodes == nil || [3]byte(id[:3]) == h.node {
		if r := h.carryOut(o, message); r.Outcome != isGone || h.nodes == nil {
			return r, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	var failed error
	for _, address := range h.nodes.Holding([3]byte(id[:3])) {
		r, err := h.call(ctx, address, o, message)
		if err == nil && r.Outcome != isGone {
			return r, nil
		}
		failed = errors.Join(failed, err)
	}
	return result{Outcome: isGone}, failed
}

// call has the Hub at address carry o out. What a process that has ended held
// is gone.
func (h *Hub) call(ctx context.Context, address string, o *order, message []byte) (r result, err error) {
	request, err := o.append(nil, message)
	if err != nil {
		return r, err
	}
	answer, gone, err := h.nodes.Call(ctx, address, request)
	if gone {
		return result{Outcome: isGone, Gone: o.IDs}, nil
	}
	if err == nil {
		err = json.Unmarshal(answer, &r)
	}
	return r, err
}

// total is what became of a message to many.
type total struct {
	result
	Unknown []connectionText // their nodes couldn't be asked
	Missed  int              // nodes that couldn't be asked, of a message without a list
}

// reachMany carries o out on every node that it concerns.
func (h *Hub) reachMany(ctx context.Context, o *order, message []byte) (t total) {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	if o.Who != nil {
		return h.reachAll(ctx, o, message)
	}
	byNode := map[[3]byte][]connectionText{}
	for _, id := range o.IDs {
		node := [3]byte(id[:3])
		if h.nodes == nil {
			node = h.node
		}
		byNode[node] = append(byNode[node], id)
	}
	var mu sync.Mutex // guards t
	var asking sync.WaitGroup
	for node, ids := range byNode {
		holding := h.holding(node)
		if len(holding) == 0 && node != h.node { // most of what somebody makes up
			mu.Lock()
			t.Gone = append(t.Gone, ids...)
			mu.Unlock()
			continue
		}
		asking.Go(func() {
			part := h.reachList(ctx, o, node, holding, ids, message)
			mu.Lock()
			defer mu.Unlock()
			t.add(&part)
		})
	}
	asking.Wait()
	return t
}

func (h *Hub) holding(node [3]byte) []string {
	if h.nodes == nil {
		return nil
	}
	return h.nodes.Holding(node)
}

// reachList carries o out for the connections whose IDs begin with node.
func (h *Hub) reachList(ctx context.Context, o *order, node [3]byte, holding []string, ids []connectionText, message []byte) (t total) {
	part := *o
	part.IDs = ids
	if node == h.node {
		r := h.carryOut(&part, message)
		part.IDs, r.Gone = r.Gone, nil
		t.add(&total{result: r})
	}
	var failed bool
	for _, address := range holding { // more than one while a process takes over from another
		if len(part.IDs) == 0 {
			break
		}
		r, err := h.call(ctx, address, &part, message)
		if err != nil {
			failed = true
			continue
		}
		part.IDs, r.Gone = r.Gone, nil
		t.add(&total{result: r})
	}
	if failed {
		t.Unknown = part.IDs
	} else {
		t.Gone = part.IDs
	}
	return t
}

// reachAll carries o out on every node.
func (h *Hub) reachAll(ctx context.Context, o *order, message []byte) (t total) {
	var mu sync.Mutex // guards t
	var asking sync.WaitGroup
	if h.nodes != nil {
		for _, address := range h.nodes.Others() {
			asking.Go(func() {
				r, err := h.call(ctx, address, o, message)
				part := total{result: r}
				if err != nil {
					part.Missed = 1
				}
				mu.Lock()
				defer mu.Unlock()
				t.add(&part)
			})
		}
	}
	part := total{result: h.carryOut(o, message)}
	asking.Wait()
	t.add(&part)
	return t
}

func (t *total) add(part *total) {
	t.result.add(&part.result)
	t.Unknown, t.Missed = append(t.Unknown, part.Unknown...), t.Missed+part.Missed
}
