package websocketapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/wsconn"
)

// order is what a backend wants of connections of a stage, carried out by the
// nodes that hold them. Who gives it was asked for his permission before.
type order struct {
	Do    string           `json:"do"` // POST, GET or DELETE; many: post to many
	API   apigw.APIID      `json:"api"`
	Stage apigw.StageName  `json:"stage"`
	IDs   []connectionText `json:"ids,omitempty"`
	Who   *recipients      `json:"who,omitempty"` // of many, without IDs
}

// recipients are the connections of an authorizer's principal, or all of the
// stage.
type recipients struct {
	Everyone  bool   `json:"everyone,omitempty"`
	Principal string `json:"principalId,omitempty"`
}

const doMany = "many"

// result is what became of an order.
type result struct {
	Outcome outcome          `json:"outcome,omitempty"` // of an order for one connection
	About   string           `json:"about,omitempty"`   // JSON: the answer to GET
	Reached int              `json:"reached,omitempty"` // of many
	Gone    []connectionText `json:"gone,omitempty"`
	Full    []connectionText `json:"full,omitempty"` // they don't read what waits for them
}

type outcome string

const (
	done       outcome = "done"
	isGone     outcome = "gone"
	isFull     outcome = "full"
	notReached outcome = "" // nobody knows
)

// connectionText is a connectionID as JSON spells it.
type connectionText connectionID

func (id connectionText) MarshalText() ([]byte, error) { return connectionID(id).append(nil), nil }

func (id *connectionText) UnmarshalText(text []byte) error {
	parsed, err := parseConnectionID(string(text))
	*id = connectionText(parsed)
	return err
}

// append appends the order as it goes to another node: a line of JSON, then the
// message.
func (o *order) append(dst, message []byte) ([]byte, error) {
	head, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	return append(append(append(dst, head...), '\n'), message...), nil
}

func parseOrder(request []byte) (o order, message []byte, err error) {
	head, message, ok := bytes.Cut(request, []byte{'\n'})
	if !ok {
		return o, nil, errors.New("an order of connections has no end")
	}
	if err := json.Unmarshal(head, &o); err != nil {
		return o, nil, fmt.Errorf("an order of connections: %w", err)
	}
	single := o.Do == "POST" || o.Do == "GET" || o.Do == "DELETE"
	switch {
	case single && len(o.IDs) != 1, !single && o.Do != doMany, len(o.IDs) > maxRecipients, len(message) > maxPost:
		return o, nil, fmt.Errorf("%q with %d connections and %d bytes is no order of connections that this version knows", clip(o.Do), len(o.IDs), len(message))
	}
	return o, message, nil
}

// Answer carries out what another node asks for. See Nodes.
func (h *Hub) Answer(request []byte) ([]byte, error) {
	o, message, err := parseOrder(request)
	if err != nil {
		return nil, err
	}
	return json.Marshal(h.carryOut(&o, message))
}

// carryOut does what o asks for with the connections of this node.
func (h *Hub) carryOut(o *order, message []byte) (r result) {
	place := placeName{o.API, o.Stage}
	if o.Do == doMany {
		return h.postMany(o, place, message)
	}
	c := h.at(connectionID(o.IDs[0]), place)
	if c == nil {
		return result{Outcome: isGone}
	}
	r.Outcome = done
	switch o.Do {
	case "POST":
		r.Outcome = sent(c.conn.Load().Send(message))
	case "GET":
		r.About = c.about()
	case "DELETE":
		c.close(wsconn.CodeNormal, "Connection Closed Normally")
	}
	return r
}

// at is the open connection of an ID and a stage; nil: there is none.
func (h *Hub) at(id connectionID, place placeName) *Connection {
	if c := h.find(id); c.isOf(place) {
		return c
	}
	return nil
}

// isOf says whether c is there, open and of a stage.
func (c *Connection) isOf(place placeName) bool {
	return c != nil && c.place.name == place && c.conn.Load() != nil
}

func sent(err error) outcome {
	switch {
	case errors.Is(err, wsconn.ErrFull):
		return isFull
	case err != nil:
		return isGone
	}
	return done
}

func (h *Hub) postMany(o *order, place placeName, text []byte) (r result) {
	if o.Who != nil {
		r = postAll(h.recipients(o.Who, place), h.sockets.Prepare(text))
		r.Gone = nil // who left meanwhile was none of them any more
		return r
	}
	to, gone := h.named(o.IDs, place)
	r = postAll(to, h.sockets.Prepare(text))
	r.Gone = append(gone, r.Gone...)
	return r
}

// turn is how many connections one goroutine sends to before others have theirs.
const turn = 64

// postAll sends m to many, on all cores: what it takes is the kernel's time.
func postAll(to []*Connection, m wsconn.Message) (r result) {
	var mu sync.Mutex // guards r
	var next atomic.Int64
	send := func() {
		var part result
		for end := 0; end < len(to); runtime.Gosched() {
			end = int(next.Add(turn))
			for _, c := range to[min(end-turn, len(to)):min(end, len(to))] {
				part.note(c.id, c.conn.Load().SendMessage(m))
			}
		}
		mu.Lock()
		defer mu.Unlock()
		r.add(&part)
	}
	var helping sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (len(to)+turn-1)/turn) - 1 {
		helping.Go(send)
	}
	send()
	helping.Wait()
	return r
}

func (r *result) add(part *result) {
	r.Reached += part.Reached
	r.Gone, r.Full = append(r.Gone, part.Gone...), append(r.Full, part.Full...)
}

func (r *result) note(id connectionID, err error) {
	switch sent(err) {
	case done:
		r.Reached++
	case isFull:
		r.Full = append(r.Full, connectionText(id))
	default:
		r.Gone = append(r.Gone, connectionText(id))
	}
}

// named are the open connections of a list, and what is gone of it.
func (h *Hub) named(ids []connectionText, place placeName) (list []*Connection, gone []connectionText) {
	list = make([]*Connection, 0, len(ids))
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, id := range ids {
		if c := h.conns[connectionID(id)]; c.isOf(place) {
			list = append(list, c)
		} else {
			gone = append(gone, id)
		}
	}
	return list, gone
}

// recipients are the open connections that w means.
func (h *Hub) recipients(w *recipients, place placeName) (list []*Connection) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if w.Everyone {
		if p := h.places[place]; p != nil {
			list = p.everyone()
		}
		return list
	}
	for c := range h.principals[principal{place, w.Principal}] {
		if c.conn.Load() != nil {
			list = append(list, c)
		}
	}
	return list
}

// principal is whom an authorizer let in.
type principal struct {
	place placeName
	id    string
}

// principal is c's; not ok: no authorizer was asked.
func (c *Connection) principal() (p principal, ok bool) {
	if c.answer == nil {
		return p, false
	}
	return principal{c.place.name, c.answer.PrincipalID}, true
}

// addPrincipal makes c known by its principal. h.mu is held.
func (h *Hub) addPrincipal(c *Connection) {
	p, ok := c.principal()
	if !ok {
		return
	}
	set := h.principals[p]
	if set == nil {
		set = map[*Connection]struct{}{}
		h.principals[p] = set
	}
	set[c] = struct{}{}
}

// removePrincipal undoes addPrincipal. h.mu is held.
func (h *Hub) removePrincipal(c *Connection) {
	p, ok := c.principal()
	if !ok {
		return
	}
	delete(h.principals[p], c)
	if len(h.principals[p]) == 0 {
		delete(h.principals, p)
	}
}

// iso8601 is how GET spells times.
const iso8601 = "2006-01-02T15:04:05.000Z"

// about is the answer to GET.
func (c *Connection) about() string {
	out := c.connected.UTC().AppendFormat([]byte(`{"connectedAt":"`), iso8601)
	out = append(append(out, `","identity":{"sourceIp":"`...), c.ip.Unmap().String()...)
	out = append(out, '"')
	if agent := c.agent.Value(); agent != "" {
		out = jsonpath.AppendText(append(out, `,"userAgent":`...), agent)
	}
	out = c.conn.Load().LastActive().UTC().AppendFormat(append(out, `},"lastActiveAt":"`...), iso8601)
	return string(append(out, `"}`...))
}
