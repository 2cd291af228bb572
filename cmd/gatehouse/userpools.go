package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/jwt"
	"github.com/gatehouse/gatehouse/internal/store"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

// embeddedKeys are the public keys of the user pools in this process, also
// while the store is away.
type embeddedKeys struct {
	service    atomic.Pointer[userpool.Service]
	remembered atomic.Pointer[map[string]*jwt.Keys] // until the store has told
}

// of are the keys of the pool whose tokens have an issuer; nil: none has it.
func (e *embeddedKeys) of(issuer string) *jwt.Keys {
	if s := e.service.Load(); s != nil {
		if keys := s.Keys(issuer); keys != nil {
			return keys
		}
	}
	if m := e.remembered.Load(); m != nil {
		return (*m)[issuer]
	}
	return nil
}

// poolPlane is the user pools of one open store.
type poolPlane struct {
	p       *program
	records *control.PoolRecords
	service *userpool.Service
	changed chan struct{} // an element: keys are to be kept anew
}

func (p *program) newPools(c *control.Control, sealer func() (*store.Sealer, error)) *poolPlane {
	box := &messageFile{path: filepath.Join(p.config.Data, "user-pools", "messages.jsonl")}
	pl := &poolPlane{p: p, records: control.NewPoolRecords(c, sealer), changed: make(chan struct{}, 1)}
	pl.service = userpool.New(userpool.Options{Records: pl.records, Logger: p.log, Deliver: func(_ context.Context, m userpool.Message) error {
		if err := box.add(m); err != nil {
			return err
		}
		p.log.Info("a message to a user of a pool was written", "pool", m.Pool, "medium", m.Medium, "file", box.path)
		return nil
	}})
	p.poolKeys.service.Store(pl.service)
	return pl
}

// follow takes up what is stored, by whichever node, until ctx ends.
func (pl *poolPlane) follow(ctx context.Context) {
	var keeping sync.WaitGroup
	keeping.Go(func() { pl.keep(ctx) })
	pl.records.Follow(ctx, func(scope apigw.Scope, key string, value []byte, revision int64) error {
		err := pl.service.Apply(scope, key, value, revision)
		if strings.HasPrefix(key, userpool.PoolPrefix) {
			select {
			case pl.changed <- struct{}{}:
			default:
			}
		}
		return err
	})
	keeping.Wait()
}

// keep writes the pools' public keys for a start without the store, once they
// are known and whenever they changed.
func (pl *poolPlane) keep(ctx context.Context) {
	select {
	case <-pl.records.Loaded():
	case <-ctx.Done():
		return
	}
	pl.p.poolKeys.remembered.Store(nil)
	for {
		sets, err := pl.service.Issuers()
		var raw []byte
		if err == nil {
			raw, err = json.Marshal(sets)
		}
		if _, there := os.Stat(pl.p.keptPools()); err == nil && (len(sets) > 0 || there == nil) {
			err = writeWhole(pl.p.keptPools(), raw)
		}
		if err != nil {
			pl.p.log.Warn("the keys of user pools can't be kept: without the store, their tokens are refused after a restart", "error", err)
		}
		select {
		case <-pl.changed:
		case <-ctx.Done():
			return
		}
	}
}

// keptPools is the file that remembers the pools' public keys.
func (p *program) keptPools() string { return filepath.Join(p.config.Data, "user-pools", "keys.json") }

// rememberPools has the authorizers use the keys that the pools had when the
// store was there.
func (p *program) rememberPools() {
	raw, err := os.ReadFile(p.keptPools())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var sets map[string][]byte
	if err == nil {
		err = json.Unmarshal(raw, &sets)
	}
	known := map[string]*jwt.Keys{}
	for issuer, set := range sets {
		keys, problem := jwt.ParseKeys(set)
		if err = errors.Join(err, problem); problem == nil {
			known[issuer] = keys
		}
	}
	if err != nil {
		p.log.Error("the keys of user pools can't be remembered", "error", err)
	}
	p.poolKeys.remembered.Store(&known)
}

// settlePools waits until the pools are known, for a while: a store that is
// away says nothing of them.
func (p *program) settlePools(ctx context.Context) {
	pl := p.plane.Load()
	if pl.pools == nil || !p.tells(ctx, pl.pools.records.Loaded(), "the store doesn't tell of its user pools; believing the keys that they had") {
		p.rememberPools()
	}
}

// messageFile is where messages to users go: one JSON object a line, for the
// owner of the process alone.
type messageFile struct {
	path string
	mu   sync.Mutex
}

// maxMessages is how large the file gets, in bytes, before it is begun anew;
// the one before is kept beside it.
const maxMessages = 1 << 20

func (f *messageFile) add(m userpool.Message) error {
	line, err := json.Marshal(m)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return err
	}
	if info, err := os.Stat(f.path); err == nil && info.Size() > maxMessages {
		if err := os.Rename(f.path, f.path+".1"); err != nil {
			return err
		}
	}
	to, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = to.Write(append(line, '\n'))
	return errors.Join(err, to.Close())
}
