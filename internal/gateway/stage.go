package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/store"
)

const (
	loadTimeout = 5 * time.Second // to read a definition, while a request may wait for it
	retryAfter  = time.Second     // before what couldn't be read or compiled is tried again
	retryMost   = time.Minute     // retries in the background become this rare
)

// stage is one stage of one API: what is wanted, and what runs. It is
// compiled when it is first needed; a change is compiled before it replaces
// what runs, and what can't be compiled replaces nothing.
type stage struct {
	apiID, name string
	key         string // of its record
	running     atomic.Pointer[running]
	used        atomic.Bool // since the evictor looked last
	pinned      atomic.Bool // must not be evicted: it couldn't be made again
	warm        warmPlace   // guarded by warmth

	mu       sync.Mutex // guards what follows; held while compiling
	record   []byte     // the latest
	stale    bool       // running isn't what record says
	removed  bool
	failure  error     // of the latest attempt
	failed   time.Time // when it was made
	failures int       // in a row
}

// running is a compiled stage. A request takes it once and keeps it until its
// last byte is out.
//
// Nobody counts the requests that use it: that would be two writes to shared
// memory per request. The garbage collector knows when nothing refers to it
// any more, and then Stage.Close gives back the references to shared
// backends. That happens some collections late, at most some minutes on an
// idle node, which costs no more than idle connections that stay open as long.
type running struct {
	Stage
	kind     *Kind
	disabled bool     // disableExecuteApiEndpoint: the default address leads nowhere
	private  bool     // only endpoints lead to it
	aliases  []string // endpoints whose alias does
	routes   int      // methods or routes, for what memory it takes
}

func newRunning(s Stage, k *Kind, c *contents) *running {
	r := &running{Stage: s, kind: k, disabled: c.def.API.DisableExecuteAPIEndpoint, routes: 1}
	if c.def.RouteAPI != nil {
		r.disabled = c.def.RouteAPI.DisableExecuteAPIEndpoint
	}
	for _, part := range c.kept {
		if e := &part.def.API.Endpoint; e.Type == apigw.EndpointPrivate { // a canary's, too, is for nobody else
			r.private, r.aliases = true, append(r.aliases, e.VPCEndpointIDs...)
		}
		r.routes += len(part.def.Routes)
		for _, resource := range part.def.Resources {
			r.routes += len(resource.Methods)
		}
	}
	runtime.AddCleanup(r, Stage.Close, s)
	return r
}

// current is what serves requests now; it is compiled first when need be.
// Others that need the same stage wait for one attempt.
func (s *stage) current(g *Gateway) (*running, error) {
	if !s.used.Load() {
		s.used.Store(true)
	}
	if r := s.running.Load(); r != nil {
		return r, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.running.Load(); r != nil {
		return r, nil
	}
	if s.failure != nil && time.Since(s.failed) < retryAfter {
		return nil, s.failure
	}
	if s.removed {
		return nil, fmt.Errorf("stage %s/%s was deleted", s.apiID, s.name)
	}
	g.compile(s)
	return s.running.Load(), s.failure
}

// want makes record the latest. It says whether that is a change.
func (s *stage) want(record []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes.Equal(s.record, record) && s.failure == nil {
		return false
	}
	s.record, s.stale, s.failure = record, true, nil
	return true
}

// refresh compiles the latest record unless it runs already. False: it
// couldn't.
func (s *stage) refresh(g *Gateway) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.removed || !s.stale && s.running.Load() != nil {
		return true
	}
	g.compile(s)
	return s.failure == nil
}

// retryIn is when to try again in the background.
func (s *stage) retryIn() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return min(retryAfter<<min(s.failures, 10), retryMost)
}

// drop ends s: requests that have taken it go on.
func (s *stage) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removed = true
	s.running.Store(nil)
}

// compile replaces what runs by what s.record says. On failure what runs
// stays, s.failure says why, and the log says so once. s.mu is held.
func (g *Gateway) compile(s *stage) {
	r, err := g.build(s)
	if err != nil {
		if s.failure == nil || s.failure.Error() != err.Error() {
			g.log.Error("a stage can't be served as it was changed", "api", s.apiID, "stage", s.name,
				"serving", servingText(s.running.Load() != nil), "error", err)
		}
		s.failure, s.failed = err, time.Now()
		s.failures++
		s.pinned.Store(true)
		return
	}
	s.failure, s.stale, s.failures = nil, false, 0
	s.pinned.Store(false)
	s.running.Store(r)
	g.warmth.compiled(s, r.routes)
}

func servingText(old bool) string {
	if old {
		return "what was deployed before"
	}
	return "nothing"
}

func (g *Gateway) build(s *stage) (r *running, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("compile: panic: %v", p)
		}
	}()
	st, err := g.src().Stage(s.record)
	if err != nil {
		return nil, fmt.Errorf("read stage record: %w", err)
	}
	parts, compiled, err := g.compiled(s, st)
	if err != nil {
		return nil, err
	}
	if g.keeper != nil {
		g.keeper.keep(s.key, s.record, parts)
	}
	return newRunning(compiled, g.cfg.kind(st), parts), nil
}

// compiled reads and compiles what st serves.
func (g *Gateway) compiled(s *stage, st *apigw.Stage) (*contents, Stage, error) {
	if st.DeploymentID == "" {
		return &contents{def: &apigw.Definition{}}, undeployed{g.cfg.kind(st)}, nil
	}
	parts, err := g.contents(s, st)
	if err != nil {
		return nil, nil, err
	}
	made, err := g.compileStage(st, parts)
	if err != nil {
		return nil, nil, fmt.Errorf("deployment %s: %w", st.DeploymentID, err)
	}
	return parts, made, nil
}

// undeployed is a stage that has no deployment yet, as those of APIs of routes
// may: to clients there is no such stage.
type undeployed struct{ kind *Kind }

func (u undeployed) Serve(x *exchange.Exchange) { u.kind.NoStage(x) }

func (undeployed) Close() {}

// contents are the definitions that a stage serves.
type contents struct {
	def, canary *apigw.Definition // canary is nil while it gets no requests
	kept        []keptPart        // both, each once
}

// contents reads what st serves.
func (g *Gateway) contents(s *stage, st *apigw.Stage) (*contents, error) {
	def, err := g.definition(s, st.DeploymentID)
	if err != nil {
		return nil, fmt.Errorf("read deployment %s: %w", st.DeploymentID, err)
	}
	c := &contents{def: def, kept: []keptPart{{definitionName(s.key, st.DeploymentID), def}}}
	if st.Canary == nil || st.Canary.PercentTraffic <= 0 {
		return c, nil
	}
	if c.canary = def; st.Canary.DeploymentID == st.DeploymentID {
		return c, nil
	}
	if c.canary, err = g.definition(s, st.Canary.DeploymentID); err != nil {
		return nil, fmt.Errorf("read canary deployment %s: %w", st.Canary.DeploymentID, err)
	}
	c.kept = append(c.kept, keptPart{definitionName(s.key, st.Canary.DeploymentID), c.canary})
	return c, nil
}

// definition is the content of a deployment, from the last good state or else
// from the store: a deployment never changes, so the two are the same, and no
// request waits for a store that doesn't answer.
func (g *Gateway) definition(s *stage, dep apigw.DeploymentID) (*apigw.Definition, error) {
	if g.keeper != nil {
		if kept := g.keeper.definition(s.key, dep); kept != nil {
			if def, err := g.src().Decode(kept); err == nil {
				return def, nil
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), loadTimeout)
	defer cancel()
	return g.read(ctx, s.key, dep)
}

// read reads a deployment from the store. The store tells of a change a
// moment before a read shows it, so what isn't there is looked for again.
func (g *Gateway) read(ctx context.Context, key string, dep apigw.DeploymentID) (*apigw.Definition, error) {
	for pause := time.Millisecond; ; pause *= 3 {
		def, err := g.src().Definition(ctx, key, dep)
		missing := errors.Is(err, store.ErrNotFound) || err != nil && apigw.KindOf(err) == apigw.NotFound
		if !missing || pause > 100*time.Millisecond {
			return def, err
		}
		time.Sleep(pause)
	}
}

// serve answers x from s.
func (s *stage) serve(g *Gateway, x *exchange.Exchange) *running {
	r, err := s.current(g)
	switch {
	case err != nil || r == nil:
		g.broken(x)
	case r.private != (x.Client.Endpoint != nil):
		// An endpoint leads to private APIs alone, and nothing else does (AWS
		// knowledge center, "403 Forbidden when connecting to APIs from a VPC").
		x.Decide("address", "none", "private APIs are reached through endpoints alone, and nothing else is")
		g.cfg.REST.NoStage(x)
	case r.disabled && !x.Address.Custom:
		r.kind.NoStage(x)
	case x.Address.Alias && !slices.Contains(r.aliases, x.Client.Endpoint.ID):
		// On AWS such a name doesn't exist.
		x.Decide("address", "none", "the API isn't associated with the endpoint that the host names")
		r.kind.NoStage(x)
	default:
		r.Serve(x)
	}
	return r
}
