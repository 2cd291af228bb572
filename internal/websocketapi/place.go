package websocketapi

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// placeName names a stage of an API.
type placeName struct {
	api   apigw.APIID
	stage apigw.StageName
}

// place is a stage of an API through all its deployments.
type place struct {
	name placeName

	current atomic.Pointer[Stage] // what serves new events; nil: nothing was deployed here yet, or it was deleted

	mu    sync.Mutex    // guards changes of current, what follows, and Stage.closed of its stages
	conns []*Connection // that are open; each knows where it stands
	ended bool          // the stage was deleted
}

// deploy makes s what serves the place's new events, also those of connections
// that are open.
func (p *place) deploy(s *Stage) {
	p.mu.Lock()
	old := p.current.Swap(s)
	release := old != nil && old.closed
	p.mu.Unlock()
	if release {
		old.release()
	}
}

// closing notes that the edge gave s up. It says whether s may be released now:
// as long as connections are open whose events it serves, it may not.
func (p *place) closing(s *Stage) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.closed = true
	if p.current.Load() == s && len(p.conns) > 0 {
		return false
	}
	p.current.CompareAndSwap(s, nil)
	return true
}

// enter adds a connection, which s let in. Not ok: the stage was deleted
// meanwhile, and nobody else will close it.
func (p *place) enter(c *Connection, s *Stage) (ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.at = int32(len(p.conns))
	p.conns = append(p.conns, c)
	p.current.CompareAndSwap(nil, s)
	if m := s.observe.Meter; m != nil {
		m.Connected()
	}
	return !p.ended
}

func (p *place) leave(c *Connection) {
	p.mu.Lock()
	last := len(p.conns) - 1
	moved := p.conns[last]
	p.conns[c.at], moved.at = moved, c.at
	p.conns[last] = nil
	p.conns = p.conns[:last]
	var over *Stage
	current := p.current.Load()               // not nil as long as connections are open
	if m := current.observe.Meter; m != nil { // the same as when it came: the place's
		m.Disconnected()
	}
	if last == 0 && current.closed {
		over = current
		p.current.Store(nil)
	}
	p.mu.Unlock()
	if over != nil {
		over.release()
	}
}

// stage is what serves the place's events now.
func (p *place) stage() *Stage { return p.current.Load() }

// everyone is the connections that are open.
func (p *place) everyone() []*Connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.conns)
}

// end notes that the stage was deleted, and returns who is to be closed.
func (p *place) end() []*Connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	return slices.Clone(p.conns)
}
