package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/store"
)

// newFunctions is the functions that clients create through Lambda's API: kept
// in the store, run by the host of functions.
func (p *program) newFunctions(ctx context.Context, s *store.Store, c *control.Control) *control.Functions {
	var functions *control.Functions
	functions = control.NewFunctions(c, control.FunctionOptions{
		Sealer: p.sealerOf(ctx, s),
		Check:  p.checkStored,
		Changed: func(scope apigw.Scope, name string, f *apigw.Function) {
			n := lambda.Name{Partition: scope.Partition, Region: scope.Region, Account: scope.Account, Name: name}
			p.parts.functions.SetStored(n, hosted(functions.Code, scope, f))
		},
		Keep: p.keepFunctions,
	})
	return functions
}

// keptFunctions is the file that remembers the stored functions, as they are
// stored, for a start without the store.
func (p *program) keptFunctions() string {
	return filepath.Join(p.config.Data, "functions", "stored.json")
}

func (p *program) keepFunctions(records []byte) {
	if err := writeWhole(p.keptFunctions(), records); err != nil {
		p.log.Warn("the stored functions can't be kept: without the store, they aren't served after a restart", "error", err)
	}
}

// writeWhole writes what isn't in a file already, whole or not at all.
func writeWhole(file string, content []byte) error {
	if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, content) {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(file), 0o700)
	if err == nil {
		err = os.WriteFile(file+".new", content, 0o600)
	}
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	return err
}

// rememberedFunctions are the stored functions as they were when the store
// was there.
func (p *program) rememberedFunctions() []control.Kept {
	raw, err := os.ReadFile(p.keptFunctions())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var list []control.Kept
	if err == nil {
		list, err = control.DecodeKept(raw, p.sealer)
	}
	if err != nil {
		p.log.Error("stored functions can't be remembered", "error", err)
	}
	return list
}

// serveRemembered serves the stored functions without the store, as far as
// their code is unpacked.
func (p *program) serveRemembered() {
	code := func(context.Context, apigw.Scope, string, string) ([]byte, error) {
		return nil, errors.New("the store can't be opened")
	}
	for _, k := range p.rememberedFunctions() {
		n := lambda.Name{Partition: k.Scope.Partition, Region: k.Scope.Region, Account: k.Scope.Account, Name: k.Function.Name}
		p.parts.functions.SetStored(n, hosted(code, k.Scope, k.Function))
	}
}

// sealerOf returns the master key once it is known to be the one that s is
// sealed with.
func (p *program) sealerOf(ctx context.Context, s *store.Store) func() (*store.Sealer, error) {
	var mu sync.Mutex // guards known
	var known *store.Sealer
	return func() (*store.Sealer, error) {
		mu.Lock()
		defer mu.Unlock()
		if known != nil {
			return known, nil
		}
		key, err := p.sealer()
		if err == nil {
			err = store.CheckMasterKey(ctx, s, key)
		}
		if err != nil {
			return nil, err
		}
		known = key
		return key, nil
	}
}

// sealer is the master key: the configured one, else a file beside the data.
// Nodes that share a cluster must share the key, so there it is configured.
func (p *program) sealer() (*store.Sealer, error) {
	if text := p.config.Store.MasterKey.Value(); text != "" {
		return store.ParseMasterKey(text)
	}
	if p.config.Store.Etcd != nil {
		return nil, errors.New("it is kept sealed, and with an external etcd the key must be configured: store.masterKey")
	}
	return store.LoadMasterKey(filepath.Join(p.config.Data, "master.key"))
}

// openKey opens a private key that was sealed for a record.
func (p *program) openKey(record string, sealed []byte) ([]byte, error) {
	s, err := p.sealer()
	if err != nil {
		return nil, err
	}
	return s.Open(record, sealed)
}

// checkStored says why a function can't run here.
func (p *program) checkStored(v *apigw.FunctionVersion, zip []byte) error {
	err := p.parts.functions.CheckStored(hostedVersion(v))
	if err == nil && zip != nil {
		err = lambda.CheckZip(zip)
	}
	if err != nil {
		return apigw.Errorf(apigw.BadRequest, "%v", err)
	}
	return nil
}

// hosted is a stored function as its host needs it, with what reads its code;
// nil stays nil.
func hosted(code func(ctx context.Context, scope apigw.Scope, name, hash string) ([]byte, error), scope apigw.Scope, f *apigw.Function) *lambda.StoredFunction {
	if f == nil {
		return nil
	}
	h := &lambda.StoredFunction{Qualifiers: map[string]string{"": apigw.LatestVersion}, Shared: map[string]lambda.Share{}}
	permits := map[string]func(string) bool{"": control.Permits(f, "")}
	for _, v := range f.Versions {
		h.Versions = append(h.Versions, &lambda.Stored{
			Function: hostedVersion(v), Version: v.Version, Hash: v.CodeHash, Revision: v.Revision, Sealed: v.Unreadable != "",
			Zip: func(ctx context.Context) ([]byte, error) { return code(ctx, scope, f.Name, v.CodeHash) },
		})
		if v.Version != apigw.LatestVersion {
			h.Qualifiers[v.Version], permits[v.Version] = v.Version, control.Permits(f, v.Version)
		}
	}
	for _, a := range f.Aliases {
		h.Qualifiers[a.Name], permits[a.Name] = a.Version, control.Permits(f, a.Name)
		if a.Second != "" {
			h.Shared[a.Name] = lambda.Share{Version: a.Second, Weight: a.Weight}
		}
	}
	h.Permits = func(qualifier, source string) bool { return permits[qualifier] != nil && permits[qualifier](source) }
	return h
}

func hostedVersion(v *apigw.FunctionVersion) lambda.Function {
	return lambda.Function{
		Runtime: v.Runtime, Handler: v.Handler, Environment: v.Environment,
		Timeout: time.Duration(v.Timeout) * time.Second, Memory: v.Memory,
	}
}

// settleFunctions waits until the stored functions are known, for a while: a
// store that is away says nothing of them.
func (p *program) settleFunctions(ctx context.Context) {
	pl := p.plane.Load()
	if pl.functions == nil {
		p.serveRemembered()
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	select {
	case <-pl.functions.Loaded():
	case <-ctx.Done():
		p.log.Warn("the store doesn't tell of its functions; serving those that it had")
		pl.functions.Assume(p.rememberedFunctions())
		return
	}
	if err := p.parts.functions.PruneStored(); err != nil {
		p.log.Warn("unpacked code of functions that are gone can't be removed", "error", err)
	}
}
