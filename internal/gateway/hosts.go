package gateway

import (
	"hash/maphash"
	"maps"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// hostTable leads from an API ID to its stages. Reading takes no lock and
// allocates nothing: a shard is an immutable map behind an atomic pointer,
// and a writer replaces the one shard it changes.
type hostTable struct {
	suffix string // ".execute-api.us-east-1.amazonaws.com"
	seed   maphash.Seed
	mu     sync.Mutex // held by writers
	shards [256]atomic.Pointer[map[string]*api]
}

// api is one API that has stages.
type api struct {
	id     string
	domain string // the name AWS gives it, for requests that were addressed by path
	stages atomic.Pointer[map[string]*stage]
	kind   atomic.Pointer[Kind] // nil until somebody had to know
}

func (t *hostTable) init(scope apigw.Scope) {
	t.suffix = ".execute-api." + scope.Region + ".amazonaws.com"
	if strings.HasPrefix(scope.Region, "cn-") {
		t.suffix += ".cn"
	}
	t.seed = maphash.MakeSeed()
	empty := map[string]*api{}
	for i := range t.shards {
		t.shards[i].Store(&empty)
	}
}

func (t *hostTable) shard(id []byte) *atomic.Pointer[map[string]*api] {
	return &t.shards[maphash.Bytes(t.seed, id)%uint64(len(t.shards))]
}

// api is the API named id, case-sensitively, or nil.
func (t *hostTable) api(id []byte) *api { return (*t.shard(id).Load())[string(id)] }

// Serves says whether an API of an ID has a stage here.
func (g *Gateway) Serves(api string) bool { return g.hosts.api([]byte(api)) != nil }

// stage is the stage of a named name, or nil.
func (a *api) stage(name []byte) *stage { return (*a.stages.Load())[string(name)] }

// defaultStage is the stage of an HTTP API that gets what names no other.
var defaultStage = []byte("$default")

// named is the stage that a path segment names, or nil. Nobody names $default:
// its paths have no stage in front.
func (a *api) named(segment []byte) *stage {
	if len(segment) > 0 && segment[0] == '$' {
		return nil
	}
	return a.stage(segment)
}

// put makes s reachable.
func (t *hostTable) put(s *stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	shard := t.shard([]byte(s.apiID))
	a := (*shard.Load())[s.apiID]
	if a != nil {
		stages := maps.Clone(*a.stages.Load())
		stages[s.name] = s
		a.stages.Store(&stages)
		return
	}
	a = &api{id: s.apiID, domain: s.apiID + t.suffix}
	a.stages.Store(&map[string]*stage{s.name: s})
	apis := maps.Clone(*shard.Load())
	apis[s.apiID] = a
	shard.Store(&apis)
}

// remove makes s unreachable; an API without stages is unknown.
func (t *hostTable) remove(s *stage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	shard := t.shard([]byte(s.apiID))
	a := (*shard.Load())[s.apiID]
	if a == nil || (*a.stages.Load())[s.name] != s {
		return
	}
	stages := maps.Clone(*a.stages.Load())
	delete(stages, s.name)
	a.stages.Store(&stages)
	if len(stages) > 0 {
		return
	}
	apis := maps.Clone(*shard.Load())
	delete(apis, s.apiID)
	shard.Store(&apis)
}
