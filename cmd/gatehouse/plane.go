package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi"
	"github.com/gatehouse/gatehouse/internal/awsapi/sts"
	"github.com/gatehouse/gatehouse/internal/awsapi/userpools"
	"github.com/gatehouse/gatehouse/internal/cluster"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/gateway"
	"github.com/gatehouse/gatehouse/internal/store"
)

// visibleTime is how long a management call waits until what it changed is
// served here, so that a client may call its API right after it deployed.
const visibleTime = 2 * time.Second

// settleTime is how long a start without a store waits for the last good
// state.
const settleTime = 5 * time.Second

// plane is the management side: everything that needs the store.
type plane struct {
	store   *store.Store // nil: it can't be opened
	missing error        // why it can't
	control *control.Control

	functions    *control.Functions     // created through Lambda's API; nil without a store
	metered      *control.Metered       // API keys and usage plans; nil without a store
	domains      *control.Domains       // custom domain names; nil without a store
	certificates *control.Certificates  // ACM's; nil without a store
	groups       *control.TargetGroups  // of load balancers; nil without a store
	balancers    *control.LoadBalancers // nil without a store
	registry     *control.Registry      // namespaces, services and instances; nil without a store
	links        [2]*control.Links      // VPC links of version 1 and 2; nil without a store
	pools        *poolPlane             // user pools; nil without a store
	metering     *control.Metering      // what is served, by month; nil without a store
	cluster      *cluster.Cluster       // the nodes on one etcd cluster; nil without
	identities   *control.Identities    // made by commands; nil without a store

	following context.Context // ends when the store is given back
	stop      context.CancelFunc
	running   sync.WaitGroup // what follows and maintains the store
}

// err is nil, or why nothing can be stored.
func (pl *plane) err() error {
	if pl.store == nil {
		return pl.missing
	}
	return pl.store.Err()
}

// openPlane opens the store and what stands on it. An error means that the
// process must not run (another one has the folder, the data is newer); a
// store that is damaged or full gives no plane, is logged, and served without.
func (p *program) openPlane(ctx context.Context) error {
	s, err := p.openStore(ctx)
	if err == nil {
		err = p.checkMasterKey(ctx, s)
	}
	if errors.Is(err, store.ErrLocked) || errors.Is(err, store.ErrNewer) || errors.Is(err, errMasterKey) {
		return err
	}
	if err != nil {
		p.log.Error("the store can't be opened; serving the last good state, and no changes", "error", err)
		pl := &plane{missing: &apigw.Error{Kind: apigw.Unavailable, Message: "Gatehouse can't open its store: " + err.Error()}}
		p.follow(pl, absent{})
		return p.setAPI(awsapi.Operations{}, nil, func(_ context.Context, c *awsapi.Call) error {
			if c.Service == sts.Service {
				return nil // sessions need no store
			}
			return pl.missing
		})
	}
	pl := &plane{store: s}
	pl.control = control.New(control.Options{Store: s, Check: p.parts.check, CheckPart: checkIntegration, Logger: p.log, Visible: p.waitVisible, Sealer: p.sealerOf(context.Background(), s),
		Declared: p.declared, Truststore: p.readTruststore, Network: p.config.PrivateNetwork(), Limits: control.Limits{Instances: int(p.config.Limits.ServiceInstances)}})
	pl.functions = p.newFunctions(context.Background(), s, pl.control)
	pl.metered = p.newMetered(pl.control)
	pl.certificates = p.newCertificates(pl.control)
	pl.groups, pl.balancers = p.newGroups(pl.control), p.newBalancers(pl.control)
	pl.registry = p.newRegistry(pl.control)
	pl.links = p.newLinks(pl.control)
	pl.domains = control.NewDomains(pl.control, control.DomainsOptions{Changed: p.setDomainNames, Keep: p.keepDomains})
	pl.pools = p.newPools(pl.control, p.sealerOf(context.Background(), s))
	pl.identities = p.newIdentities(pl.control)
	pl.metering = control.NewMetering(pl.control, p.parts.meters.Drain)
	if pl.cluster, err = p.newCluster(s); err != nil {
		return errors.Join(err, s.Close())
	}
	p.follow(pl, pl.control.Feed())
	pl.running.Go(func() { p.reseal(pl) })
	return p.setAPI(awsapi.NewOperations(pl.control, p.parts.test, p.parts.testAuthorizer), pl.functions, nil)
}

// reseal seals anew, when there are several master keys, what another one than
// the first has sealed, and says when the others aren't needed any more.
func (p *program) reseal(pl *plane) {
	key, err := store.ParseMasterKey(p.config.Store.MasterKey.Value())
	if err != nil || !key.Rotates() {
		return
	}
	n, err := pl.control.Reseal(pl.following)
	switch {
	case err == nil:
		p.log.Info("every secret is sealed with the first master key; the others may be taken away once every node says so", "sealedAnew", n)
	case pl.following.Err() == nil:
		p.log.Error("secrets can't be sealed anew; all master keys are needed", "error", err)
	}
}

func (p *program) openStore(ctx context.Context) (*store.Store, error) {
	if e := p.config.Store.Etcd; e != nil {
		return store.OpenExternal(ctx, externalConfig(p, e))
	}
	if err := os.MkdirAll(p.config.Data, 0o700); err != nil {
		return nil, err
	}
	return store.OpenEmbedded(ctx, store.EmbeddedConfig{Dir: p.storeDir(), Logger: p.log})
}

var errMasterKey = errors.New("store: masterKey")

// checkMasterKey makes sure that a configured key is the one that the store's
// secrets are sealed with. While the store is away, that can't be known.
func (p *program) checkMasterKey(ctx context.Context, s *store.Store) error {
	text := p.config.Store.MasterKey.Value()
	if text == "" {
		return nil
	}
	key, err := store.ParseMasterKey(text)
	if err == nil {
		err = store.CheckMasterKey(ctx, s, key)
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, store.ErrDead) {
		p.log.Warn("the master key can't be checked", "error", err)
		return nil
	}
	return errors.Join(fmt.Errorf("%w: %w", errMasterKey, err), s.Close())
}

func externalConfig(p *program, e *config.Etcd) store.ExternalConfig {
	return store.ExternalConfig{
		Endpoints: e.Endpoints, CAFile: e.CA, CertFile: e.Cert, KeyFile: e.Key,
		Username: e.Username, Password: e.Password.Value(), Logger: p.log,
	}
}

// follow makes pl the program's plane and serves what src holds.
func (p *program) follow(pl *plane, src gateway.Source) {
	pl.following, pl.stop = context.WithCancel(context.Background())
	pl.running.Go(func() { _ = p.gateway.Follow(pl.following, src) })
	if pl.control != nil {
		pl.running.Go(func() { pl.control.Maintain(pl.following) })
		pl.running.Go(func() { pl.functions.Follow(pl.following) })
		pl.running.Go(func() { pl.identities.Follow(pl.following) })
		pl.running.Go(func() { pl.metered.Follow(pl.following) })
		pl.running.Go(func() { pl.certificates.Follow(pl.following) })
		pl.running.Go(func() { pl.domains.Follow(pl.following) })
		pl.running.Go(func() { pl.groups.Follow(pl.following) })
		pl.running.Go(func() { pl.balancers.Follow(pl.following) })
		for _, links := range pl.links {
			pl.running.Go(func() { links.Follow(pl.following) })
		}
		pl.running.Go(func() { pl.control.RemoveDrained(pl.following) })
		pl.running.Go(func() { pl.registry.Follow(pl.following) })
		pl.running.Go(func() { p.renewCertificates(pl.following, pl.control) })
		pl.running.Go(func() { pl.pools.follow(pl.following) })
		pl.running.Go(func() { pl.metering.Follow(pl.following) })
	}
	if pl.cluster != nil {
		pl.running.Go(func() { pl.cluster.Run(pl.following) })
	}
	p.plane.Store(pl)
}

// close ends what uses the store, then the store.
func (pl *plane) close() error {
	pl.stop()
	pl.running.Wait()
	if pl.store == nil {
		return nil
	}
	pl.control.Close()
	return pl.store.Close()
}

// waitVisible holds a management call until what it stored is served.
func (p *program) waitVisible(ctx context.Context, revision int64) {
	ctx, cancel := context.WithTimeout(ctx, visibleTime)
	defer cancel()
	if err := p.gateway.WaitFor(ctx, revision); err != nil {
		p.log.Warn("a change is stored but not served here yet", "revision", revision)
	}
}

// setAPI makes operations what the control address serves. refuse, when it
// isn't nil, answers every call with its error.
func (p *program) setAPI(operations awsapi.Operations, functions *control.Functions, refuse func(context.Context, *awsapi.Call) error) error {
	a := awsapi.Config{
		Operations: operations, Functions: awsapi.NewFunctionOperations(p.parts.functions, functions), Scope: p.config.Scope(), Logger: p.log, Audit: p.audit, Authorize: refuse,
		Health: http.HandlerFunc(health), Ready: http.HandlerFunc(p.readiness), Explain: p.explainHandler(), Metrics: p.parts.metrics.Handler(p.log),
	}
	if pl := p.plane.Load(); pl != nil && pl.control != nil {
		a.RouteOperations = awsapi.NewRouteOperations(pl.control, p.parts.checkIssuer)
		a.Review, a.Usage = pl.review, p.usageOf(pl)
		a.Balancers = awsapi.NewBalancerOperations(pl.control, p.parts.book.Health)
		a.Certificates = awsapi.NewCertificateOperations(pl.control)
		a.Registry, a.Book = awsapi.NewRegistryOperations(pl.control, p.parts.registry), p.parts.registry
		a.UserPools, a.UserPoolWeb = userpools.NewOperations(pl.pools.service), userpools.NewWeb(pl.pools.service, p.log)
	}
	a.Identities, a.Sessions = p.directory, awsapi.NewSessionOperations(p.directory)
	api, err := awsapi.New(a)
	if err == nil {
		p.control.set(api)
	}
	return err
}

// absent is the feed of a store that can't be opened: it stays silent, and
// the gateway serves its last good state.
type absent struct{ control.Feed }

// Definition is asked for what the last good state doesn't have.
func (absent) Definition(context.Context, string, apigw.DeploymentID) (*apigw.Definition, error) {
	return nil, errors.New("the store can't be opened")
}

func (absent) Watch(ctx context.Context) <-chan store.Batch {
	silent := make(chan store.Batch)
	context.AfterFunc(ctx, func() { close(silent) })
	return silent
}

// tells waits until the store has told of something, for a while. When it stays
// silent, the log gets a warning.
func (p *program) tells(ctx context.Context, loaded <-chan struct{}, warning string) bool {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	select {
	case <-loaded:
		return true
	case <-ctx.Done():
		p.log.Warn(warning)
		return false
	}
}

// settle returns once everything that was deployed before is served: as the
// store has it or, when that stays silent, from the last good state. An
// external cluster that is away at the first start is waited for.
func (p *program) settle(ctx context.Context) error {
	missing := p.plane.Load().missing
	if missing != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, settleTime)
		defer cancel()
	}
	var settling sync.WaitGroup // a store that is away keeps them waiting together
	settling.Go(func() { p.settleFunctions(ctx) })
	settling.Go(func() { p.settlePlans(ctx) })
	settling.Go(func() { p.settleCertificates(ctx) })
	settling.Go(func() { p.settleDomains(ctx) })
	settling.Go(func() { p.settleBalancing(ctx) })
	settling.Go(func() { p.settleRegistry(ctx) })
	settling.Go(func() { p.settleLinks(ctx) })
	settling.Go(func() { p.settlePools(ctx) })
	settling.Go(func() { p.settleIdentities(ctx) })
	settling.Wait()
	err := p.gateway.WaitFor(ctx, 0)
	if err != nil && missing != nil {
		return fmt.Errorf("there is no last good state to serve: %w", missing)
	}
	return err
}

// deploy imports and deploys the definitions and tells what is served. When
// the store is away, but what it held is served from the last good state, the
// definitions are deployed once it is back.
func (p *program) deploy(ctx context.Context, definitions []definition) error {
	err := p.deployAll(ctx, definitions)
	if apigw.KindOf(err) != apigw.Unavailable || p.parts.servedNothing() {
		return err
	}
	p.log.Error("the given definitions can't be deployed now; serving what was served before", "error", err)
	if pl := p.plane.Load(); pl.store != nil && !p.watch { // else the watching does it
		pl.running.Go(func() { p.deployLater(pl, definitions) })
	}
	return nil
}

func (p *program) deployLater(pl *plane, definitions []definition) {
	for {
		select {
		case <-pl.following.Done():
			return
		case <-time.After(time.Second):
		}
		if pl.err() != nil {
			continue
		}
		err := p.deployAll(pl.following, definitions)
		if err == nil || pl.following.Err() != nil {
			return
		}
		if apigw.KindOf(err) != apigw.Unavailable {
			p.log.Error("the given definitions can't be deployed", "error", err)
			return
		}
	}
}

func (p *program) deployAll(ctx context.Context, definitions []definition) error {
	if pl := p.plane.Load(); pl.store == nil && len(definitions) > 0 {
		return fmt.Errorf("the given definitions can't be deployed: %w", pl.missing)
	}
	for _, d := range definitions {
		if err := p.deployOne(ctx, d); err != nil {
			return err
		}
	}
	return p.withdrawGone(ctx)
}

func (p *program) deployOne(ctx context.Context, d definition) error {
	s, err := p.put(ctx, d)
	if err != nil {
		return fmt.Errorf("%s: %w", d.file, err)
	}
	p.mu.Lock()
	p.deployed = append(p.deployed, s)
	p.mu.Unlock()
	p.screen.announce(s)
	p.parts.prepare(ctx, s.def, p.reload.watchFunctions)
	return nil
}

// put deploys a definition, waits until it is served, and tells what is odd
// about it.
func (p *program) put(ctx context.Context, d definition) (*served, error) {
	name, err := filepath.Abs(d.file)
	if err != nil {
		return nil, err
	}
	pl := p.plane.Load()
	if pl.store == nil {
		return nil, pl.missing
	}
	c, scope := pl.control, p.config.Scope()
	for _, w := range d.warnings() { // first: what they leave out may be why it is refused
		p.log.Warn(w, "definition", d.file)
	}
	if n := len(d.info()); n > 0 {
		p.log.Debug("keys that an HTTP API has no use for are ignored; gatehouse validate lists them", "definition", d.file, "keys", n)
	}
	done, err := p.ensure(ctx, c, name, d)
	if err != nil {
		return nil, err
	}
	def, err := c.LoadDeployment(ctx, scope, done.API, done.Deployment)
	if err != nil {
		return nil, err
	}
	stage := p.stageOf(d)
	if !done.Changed { // else its deployment has told
		for _, problem := range p.parts.check(def, &apigw.Stage{APIID: done.API, Name: stage}) {
			p.log.Warn(problem.String(), "definition", d.file)
		}
	}
	urls := invokeURLs(scheme(p.config.Invoke[0]), p.gateway.Addrs()[0], done.API, stage)
	return &served{file: d.file, kind: d.kind, def: def, stage: stage, urls: urls, changed: done.Changed}, nil
}
