package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/store"
)

// fakeStage answers with what it is asked and what it is.
type fakeStage struct {
	serve  func(x *exchange.Exchange, def *apigw.Definition, st *apigw.Stage)
	def    *apigw.Definition
	st     *apigw.Stage
	closed *atomic.Int64
}

func (s *fakeStage) Serve(x *exchange.Exchange) { s.serve(x, s.def, s.st) }
func (s *fakeStage) Close()                     { s.closed.Add(1) }

// fakeKind compiles fakeStages. A definition whose description is "broken"
// doesn't compile.
type fakeKind struct {
	compiled, closed atomic.Int64
	serve            func(x *exchange.Exchange, def *apigw.Definition, st *apigw.Stage)
}

func (k *fakeKind) kind() Kind {
	if k.serve == nil {
		k.serve = tell
	}
	return Kind{
		Compile: func(st *apigw.Stage, def, canary *apigw.Definition) (Stage, error) {
			if canary != nil {
				def = canary
				st.DeploymentID = st.Canary.DeploymentID
			}
			if def.API.Description == "broken" {
				return nil, errors.New("GET /pets: the definition is broken")
			}
			k.compiled.Add(1)
			return &fakeStage{k.serve, def, st, &k.closed}, nil
		},
		NoStage: func(x *exchange.Exchange) {
			x.Response.Status = 403
			x.Response.Header.Add("Content-Type", "application/json")
			x.Response.Header.Add("x-amzn-ErrorType", "ForbiddenException")
			x.Response.Body = append(x.Response.Body[:0], `{"message":"Forbidden"}`...)
		},
		NewIDs: func(x *exchange.Exchange) {
			copy(x.RequestID[:], "01234567-89ab-4cde-8f01-23456789abcd")
			copy(x.ExtendedID[:], "AbCdEfGhIjKlMnO=")
		},
	}
}

// tell answers with the deployment that is served.
func tell(x *exchange.Exchange, def *apigw.Definition, st *apigw.Stage) {
	x.Response.Status = 200
	x.Response.Header.Add("Content-Type", "text/plain")
	x.Response.Body = append(append(x.Response.Body[:0], st.DeploymentID...), st.Description...)
}

// fakeSource is a store of stage records and definitions.
type fakeSource struct {
	batches chan store.Batch

	mu          sync.Mutex // guards what follows
	definitions map[string]*apigw.Definition
	dead        bool
	reads       int
}

func newFakeSource() *fakeSource {
	return &fakeSource{batches: make(chan store.Batch, 1000), definitions: map[string]*apigw.Definition{}}
}

const fakePrefix = "/gatehouse/aws/000000000000/us-east-1/restapi-stage/"

func (f *fakeSource) Watch(context.Context) <-chan store.Batch { return f.batches }

func (f *fakeSource) Name(key string) (api, stage string, ok bool) {
	rest, ok := strings.CutPrefix(key, fakePrefix)
	if !ok {
		return "", "", false
	}
	return strings.Cut(rest, "/")
}

func (f *fakeSource) Stage(record []byte) (*apigw.Stage, error) {
	st := new(apigw.Stage)
	return st, json.Unmarshal(record, st)
}

func (f *fakeSource) Definition(ctx context.Context, stageKey string, dep apigw.DeploymentID) (*apigw.Definition, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	def := f.definitions[definitionName(stageKey, dep)]
	if f.dead || def == nil {
		return nil, fmt.Errorf("read %s: %w", dep, store.ErrDead)
	}
	return def, nil
}

func (f *fakeSource) Encode(def *apigw.Definition) ([]byte, error) { return json.Marshal(def) }

func (f *fakeSource) Decode(raw []byte) (*apigw.Definition, error) {
	def := new(apigw.Definition)
	return def, json.Unmarshal(raw, def)
}

// define adds a deployment.
func (f *fakeSource) define(api, dep string, change ...func(*apigw.Definition)) {
	def := &apigw.Definition{API: apigw.RestAPI{ID: apigw.APIID(api)}}
	for _, c := range change {
		c(def)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.definitions[definitionName(fakePrefix+api+"/", apigw.DeploymentID(dep))] = def
}

// record is the event that puts a stage.
func record(api, name, dep string, change ...func(*apigw.Stage)) store.Event {
	st := &apigw.Stage{APIID: apigw.APIID(api), Name: apigw.StageName(name), DeploymentID: apigw.DeploymentID(dep)}
	for _, c := range change {
		c(st)
	}
	value, err := json.Marshal(st)
	if err != nil {
		panic(err)
	}
	return store.Event{Key: fakePrefix + api + "/" + name, Value: value}
}

// memoryLastGood is a LastGood in memory.
type memoryLastGood struct {
	mu       sync.Mutex // guards what follows
	values   map[string][]byte
	revision int64
	full     bool // nothing is taken
	dropped  []string
}

func (m *memoryLastGood) Flush() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full {
		return errors.New("no space left")
	}
	return nil
}

func (m *memoryLastGood) Dropped() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	dropped := m.dropped
	m.dropped = nil
	return dropped
}

func (m *memoryLastGood) Put(key string, value []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full {
		m.dropped = append(m.dropped, key)
		return
	}
	if m.values == nil {
		m.values = map[string][]byte{}
	}
	m.values[key] = value
}

func (m *memoryLastGood) Delete(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
}

func (m *memoryLastGood) Get(key string) []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.values[key]
}

func (m *memoryLastGood) All() iter.Seq2[string, []byte] {
	m.mu.Lock()
	values := maps.Clone(m.values)
	m.mu.Unlock()
	return func(yield func(string, []byte) bool) {
		for _, key := range slices.Sorted(maps.Keys(values)) {
			if !yield(key, values[key]) {
				return
			}
		}
	}
}

func (m *memoryLastGood) keys() []string {
	var keys []string
	for key := range m.All() {
		keys = append(keys, strings.Replace(key, fakePrefix, "", 1))
	}
	return keys
}

func (m *memoryLastGood) SetRevision(rev int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.revision = rev
}

func (m *memoryLastGood) Revision() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.revision
}

// newGateway makes a gateway without listeners.
func newGateway(t testing.TB, k *fakeKind, change ...func(*Config)) *Gateway {
	t.Helper()
	cfg := Config{REST: k.kind(), Scope: apigw.Scope{Partition: "aws", Account: "000000000000", Region: "eu-west-1"}}
	for _, c := range change {
		c(&cfg)
	}
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// follow has g follow src until the test ends, and waits for revision.
func follow(t testing.TB, g *Gateway, src Source, revision int64) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.Follow(ctx, src)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	wait(t, g, revision)
	return stop
}
