package gateway

import (
	"context"
	"hash/maphash"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// LastGood keeps what is served on the node's own disk; *store.LastGood is
// one. Put and Delete return at once. Dropped tells, once, which keys were put
// faster than the disk took them; Flush waits until the rest is on disk.
type LastGood interface {
	Put(key string, value []byte)
	Delete(key string)
	Get(key string) []byte
	All() iter.Seq2[string, []byte]
	SetRevision(rev int64)
	Revision() int64
	Dropped() []string
	Flush() error
}

// retryDropped is how often what the disk didn't take is tried again.
const retryDropped = 15 * time.Second

// Two kinds of things are kept: "stage:" and the key of a stage record holds
// the names of the definitions it needs (two, with a tab between, while there
// is a canary), a line feed, and the record;
// "definition:" and a name holds an encoded definition, which stages of one
// API may share. A stage is kept after its definitions.
const (
	keptStage      = "stage:"
	keptDefinition = "definition:"
)

// keeper writes what is served to the last good state.
type keeper struct {
	to   LastGood
	seed maphash.Seed
	jobs chan keepJob
	lost []string // the runner's own: keys that the disk didn't take

	mu     sync.Mutex             // guards what follows
	ctx    context.Context        // when it ends, nothing is written any more
	stages map[string]keptVersion // by key of the stage record
	uses   map[string]int         // stages that need a definition, by its name
}

// keptVersion is what is kept of a stage.
type keptVersion struct {
	definitions string // names, as kept
	record      uint64 // its hash
}

const keptSeparator = "\t"

func (v keptVersion) names() []string { return strings.Split(v.definitions, keptSeparator) }

type keepJob struct {
	key    string
	record []byte
	parts  []keptPart // none: the stage is gone
}

// keptPart is a definition that a stage needs.
type keptPart struct {
	name string
	def  *apigw.Definition
}

func newKeeper(to LastGood) *keeper {
	return &keeper{to: to, seed: maphash.MakeSeed(), jobs: make(chan keepJob, 64),
		stages: map[string]keptVersion{}, uses: map[string]int{}}
}

// open reads what is kept from earlier. It is kept up to date until ctx ends.
func (k *keeper) open(ctx context.Context) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ctx = ctx
	clear(k.stages)
	clear(k.uses)
	for key, record := range k.all() {
		k.note(key, keptVersion{record.definitions, k.hash(record.bytes)})
	}
}

type keptRecord struct {
	definitions string
	bytes       []byte
}

// all yields the stage records that are kept, by key.
func (k *keeper) all() iter.Seq2[string, keptRecord] {
	return func(yield func(string, keptRecord) bool) {
		for key, value := range k.to.All() {
			stage, ok := strings.CutPrefix(key, keptStage)
			if !ok {
				continue
			}
			name, record, _ := strings.Cut(string(value), "\n")
			if !yield(stage, keptRecord{name, []byte(record)}) {
				return
			}
		}
	}
}

func (k *keeper) hash(record []byte) uint64 { return maphash.Bytes(k.seed, record) }

// note remembers that v is kept of a stage, and returns the names of the
// definitions that nothing needs any more. k.mu is held.
func (k *keeper) note(key string, v keptVersion) (unused []string) {
	old, had := k.stages[key]
	k.stages[key] = v
	for _, name := range v.names() {
		k.uses[name]++
	}
	if had {
		return k.release(old)
	}
	return nil
}

func (k *keeper) release(v keptVersion) (unused []string) {
	for _, name := range v.names() {
		if k.uses[name]--; k.uses[name] == 0 {
			delete(k.uses, name)
			unused = append(unused, name)
		}
	}
	return unused
}

// has says whether record is what is kept of a stage.
func (k *keeper) has(key string, record []byte) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.stages[key]
	return ok && v.record == k.hash(record)
}

// holds is has, after a look whether the definition is really there.
func (k *keeper) holds(key string, record []byte) bool {
	if !k.has(key, record) {
		return false
	}
	k.mu.Lock()
	names := k.stages[key].names()
	k.mu.Unlock()
	return !slices.ContainsFunc(names, func(name string) bool { return k.to.Get(keptDefinition+name) == nil })
}

// definition is what is kept of a deployment, or nil.
func (k *keeper) definition(key string, dep apigw.DeploymentID) []byte {
	return k.to.Get(keptDefinition + definitionName(key, dep))
}

// definitionName names a deployment by the key of a stage record of its API.
func definitionName(stageKey string, dep apigw.DeploymentID) string {
	return stageKey[:strings.LastIndexByte(stageKey, '/')+1] + string(dep)
}

// keep arranges that a stage is kept as it is served now.
func (k *keeper) keep(key string, record []byte, c *contents) {
	if !k.has(key, record) {
		k.send(keepJob{key, record, c.kept})
	}
}

// forget arranges that a stage isn't kept any more.
func (k *keeper) forget(key string) { k.send(keepJob{key: key}) }

// send waits for room: what changes faster than it can be kept is slowed
// down, not piled up.
func (k *keeper) send(j keepJob) {
	k.mu.Lock()
	ctx := k.ctx
	k.mu.Unlock()
	select {
	case k.jobs <- j:
	case <-ctx.Done():
	}
}

// run writes until ctx ends, and then what is left: encoding takes time that a
// change shouldn't wait for.
func (k *keeper) run(ctx context.Context, g *Gateway) {
	again := time.NewTicker(retryDropped)
	defer again.Stop()
	for {
		select {
		case j := <-k.jobs:
			k.write(g, j)
		case <-again.C:
			k.again(g)
		case <-ctx.Done():
			for {
				select {
				case j := <-k.jobs:
					k.write(g, j)
				default:
					return
				}
			}
		}
	}
}

// again has what the disk didn't take kept once more, when it takes things.
func (k *keeper) again(g *Gateway) {
	k.lost = append(k.lost, k.to.Dropped()...)
	if len(k.lost) == 0 || k.to.Flush() != nil {
		return
	}
	for _, stage := range k.unkept(k.lost) {
		if api, name, ok := g.src().Name(stage); ok {
			if a := g.hosts.api([]byte(api)); a != nil && a.stage([]byte(name)) != nil {
				g.warmth.add(a.stage([]byte(name)))
			}
		}
	}
	k.lost = nil
}

// unkept takes note that keys aren't kept, and returns the stages they are
// part of.
func (k *keeper) unkept(keys []string) (stages []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	lost := map[string]bool{}
	for _, key := range keys {
		lost[key] = true
	}
	for key, v := range k.stages {
		if lost[keptStage+key] || slices.ContainsFunc(v.names(), func(name string) bool { return lost[keptDefinition+name] }) {
			stages = append(stages, key)
			delete(k.stages, key)
			k.release(v)
		}
	}
	return stages
}

func (k *keeper) write(g *Gateway, j keepJob) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(j.parts) == 0 {
		if old, ok := k.stages[j.key]; ok {
			delete(k.stages, j.key)
			k.to.Delete(keptStage + j.key)
			k.discard(k.release(old))
		}
		return
	}
	names := make([]string, len(j.parts))
	for i, part := range j.parts {
		names[i] = part.name
	}
	v := keptVersion{strings.Join(names, keptSeparator), k.hash(j.record)}
	if k.stages[j.key] == v || !k.putDefinitions(g, j) {
		return
	}
	k.to.Put(keptStage+j.key, append([]byte(v.definitions+"\n"), j.record...))
	k.discard(k.note(j.key, v))
}

// putDefinitions keeps the definitions of j that no other stage needs. k.mu is
// held.
func (k *keeper) putDefinitions(g *Gateway, j keepJob) bool {
	for _, part := range j.parts {
		if k.uses[part.name] > 0 {
			continue
		}
		value, err := g.src().Encode(part.def)
		if err != nil {
			g.log.Error("a stage isn't kept for a start without the store", "key", j.key, "error", err)
			return false
		}
		k.to.Put(keptDefinition+part.name, value)
	}
	return true
}

func (k *keeper) discard(definitions []string) {
	for _, name := range definitions {
		k.to.Delete(keptDefinition + name)
	}
}

// retain forgets every kept stage that isn't wanted.
func (k *keeper) retain(wanted map[string][]byte) {
	k.mu.Lock()
	var gone []string
	for key := range k.stages {
		if wanted[key] == nil {
			gone = append(gone, key)
		}
	}
	k.mu.Unlock()
	for _, key := range gone {
		k.forget(key)
	}
}

// serveLastGood serves what is kept, until the store speaks.
func (g *Gateway) serveLastGood() {
	if g.keeper == nil {
		g.log.Warn("the store is silent and there is no last good state: no API is known yet")
		return
	}
	n := 0
	for key, record := range g.keeper.all() {
		g.set(key, record.bytes, true)
		n++
	}
	revision := g.cfg.LastGood.Revision()
	if n == 0 && revision == 0 {
		g.log.Warn("the store is silent and the last good state is empty: no API is known yet")
		return
	}
	g.log.Warn("the store is silent: serving the last good state", "stages", n, "revision", revision)
	g.applied.move(0)
}
