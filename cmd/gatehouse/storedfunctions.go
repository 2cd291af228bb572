package main

import (
	"context"
	"errors"
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
			p.parts.functions.SetStored(n, hosted(functions, scope, f))
		},
	})
	return functions
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

// hosted is a stored function as its host needs it; nil stays nil.
func hosted(functions *control.Functions, scope apigw.Scope, f *apigw.Function) *lambda.StoredFunction {
	if f == nil {
		return nil
	}
	h := &lambda.StoredFunction{Qualifiers: map[string]string{"": apigw.LatestVersion}}
	permits := map[string]func(string) bool{"": control.Permits(f, "")}
	for _, v := range f.Versions {
		h.Versions = append(h.Versions, &lambda.Stored{
			Function: hostedVersion(v), Version: v.Version, Hash: v.CodeHash, Revision: v.Revision,
			Zip: func(ctx context.Context) ([]byte, error) { return functions.Code(ctx, scope, f.Name, v.CodeHash) },
		})
		if v.Version != apigw.LatestVersion {
			h.Qualifiers[v.Version], permits[v.Version] = v.Version, control.Permits(f, v.Version)
		}
	}
	for _, a := range f.Aliases {
		h.Qualifiers[a.Name], permits[a.Name] = a.Version, control.Permits(f, a.Name)
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
		return
	}
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	select {
	case <-pl.functions.Loaded():
	case <-ctx.Done():
		p.log.Warn("the stored functions aren't known yet; those that call them are answered 500 until then")
		return
	}
	if err := p.parts.functions.PruneStored(); err != nil {
		p.log.Warn("unpacked code of functions that are gone can't be removed", "error", err)
	}
}
