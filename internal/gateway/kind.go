package gateway

import (
	"fmt"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
)

// Kind is what an API kind gives the edge.
type Kind struct {
	// Compile makes the Stage that serves def, the frozen content of st's
	// deployment, with the settings of st; canary is that of its canary's
	// deployment, nil when none gets requests.
	Compile func(st *apigw.Stage, def, canary *apigw.Definition) (Stage, error)
	// NoStage answers x as AWS does for an unknown stage or a disabled endpoint.
	NoStage func(x *exchange.Exchange)
	// Broken answers x with 500 where its stage can't be served, or broke; nil: as
	// REST APIs do.
	Broken func(x *exchange.Exchange)
	// NewIDs gives x its request IDs. It is REST's that is asked: a request has
	// them before anybody knows which API it is for.
	NewIDs func(x *exchange.Exchange)
	// Deleted hears of a stage that is no more, of a kind whose connections
	// outlive a request; nil: nobody does.
	Deleted func(api, stage string)
}

// kind is the kind that serves st: its record says which.
func (c *Config) kind(st *apigw.Stage) *Kind {
	switch {
	case st.Routes == nil:
		return &c.REST
	case st.Routes.Protocol == apigw.ProtocolWebSocket:
		return &c.WebSocket
	}
	return &c.HTTP
}

// kindOf is the kind of an API, by the record of any of its stages: nothing says
// which before, and only a request that finds no stage has to know. An API's kind
// never changes, so it is read once.
func (g *Gateway) kindOf(a *api) *Kind {
	if k := a.kind.Load(); k != nil {
		return k
	}
	for _, s := range *a.stages.Load() {
		s.mu.Lock()
		record := s.record
		s.mu.Unlock()
		if st, err := g.src().Stage(record); err == nil {
			k := g.cfg.kind(st)
			a.kind.Store(k)
			return k
		}
	}
	return &g.cfg.REST
}

// broken answers x for a stage that nothing came of, in the words of its kind.
func (g *Gateway) broken(x *exchange.Exchange) {
	if a := g.hosts.api([]byte(x.Address.APIID)); a != nil {
		if k := g.kindOf(a); k.Broken != nil {
			k.Broken(x)
			return
		}
	}
	plain(x, 500, "InternalServerErrorException", "Internal server error")
}

// kindFor is the kind that answers for a custom domain name where it leads
// nowhere: that of the last API it is mapped to, unless one is a REST API.
func (g *Gateway) kindFor(d *domain) *Kind {
	var found *Kind
	for _, m := range d.all {
		a := g.hosts.api(m.api)
		if a == nil {
			continue
		}
		if found = g.kindOf(a); found == &g.cfg.REST {
			return found
		}
	}
	if found == nil {
		found = &g.cfg.REST
	}
	return found
}

// compileStage makes what serves st.
func (g *Gateway) compileStage(st *apigw.Stage, parts *contents) (Stage, error) {
	k := g.cfg.kind(st)
	if k.Compile == nil {
		return nil, fmt.Errorf("stage %s is of an API of routes, which is not served here", st.Name)
	}
	return k.Compile(st, parts.def, parts.canary)
}
