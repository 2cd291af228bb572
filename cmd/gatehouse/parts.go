package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/balance"
	"github.com/gatehouse/gatehouse/internal/config"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/credentials"
	"github.com/gatehouse/gatehouse/internal/httpapi"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/metering"
	"github.com/gatehouse/gatehouse/internal/registry"
	"github.com/gatehouse/gatehouse/internal/responsecache"
	"github.com/gatehouse/gatehouse/internal/restapi"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/tally"
	"github.com/gatehouse/gatehouse/internal/telemetry"
	"github.com/gatehouse/gatehouse/internal/throttle"
	"github.com/gatehouse/gatehouse/internal/usageplan"
	"github.com/gatehouse/gatehouse/internal/valkey"
	"github.com/gatehouse/gatehouse/internal/vpclink"
	"github.com/gatehouse/gatehouse/internal/websocketapi"
)

// parts are what stages of every deployment share, and what outlives the
// store: they stand from the start of the process to its end.
type parts struct {
	own       credentials.Source // the process's own
	pools     *integration.Pools
	book      *vpclink.Book // where private integrations lead
	functions *lambda.Functions
	env       *serving.Env // of the stages of all API kinds
	rest      *restapi.Env
	http      *httpapi.Env
	sockets   *websocketapi.Env
	plans     *usageplan.Book
	meters    *metering.Book
	registry  *registry.Book    // namespaces, services and their instances
	checker   *balance.Checker  // of its instances
	records   *registry.Records // what the registry has of the store
	responses *responsecache.Pool
	logs      *telemetry.Logs
	metrics   *telemetry.Metrics
	trail     *trail
	lastGood  *kept           // nil when its file can't be opened
	valkey    *valkey.Server  // nil: none is configured
	answers   *valkey.Server  // the same server, for responses; nil: they are kept in memory
	throttles *throttle.Group // that nodes divide; nil: this is the only one
	ledger    *tally.Ledger   // of limits that nodes share; nil without valkey
}

func (p *program) newParts() (*parts, error) {
	egress, err := egressRules(p.config, p.ownAddresses())
	if err != nil {
		return nil, err
	}
	own := credentials.Process(p.config.Region, p.log)
	issuers := p.newIssuers(egress)
	if p.directory, err = p.newDirectory(issuers); err != nil {
		return nil, err
	}
	services := p.newServices(own)
	functions, err := lambda.New(p.functionConfig(own))
	if err != nil {
		return nil, err
	}
	shared, err := p.openValkey()
	if err != nil {
		return nil, err
	}
	throttles, ledger := p.newThrottles(), tally.New(shared, p.log)
	s := &parts{own: own, valkey: shared, throttles: throttles, ledger: ledger, plans: usageplan.NewBook(throttles, ledger), meters: metering.NewBook(time.Now), functions: functions, pools: integration.NewPools(poolConfig(&p.config.Limits, egress.Check))}
	s.checker = balance.NewChecker()
	s.registry = registry.New(registry.Options{Delay: apigw.StatusDelay, Now: time.Now, Checker: &registry.Checks{Checker: s.checker,
		Dialer: func(address string) func(context.Context, string, string) (net.Conn, error) {
			return s.pools.Dialer(address, nil)
		}}})
	s.records = registry.NewRecords(s.registry)
	if err := p.openResponses(s); err != nil {
		return nil, err
	}
	s.book = vpclink.NewBook(vpclink.Config{Pools: s.pools, Functions: functions, Registry: s.registry, Network: p.config.PrivateNetwork(), Secret: p.cookieSecret, Log: p.log, Certificate: p.fileCertificate})
	s.logs = openLogs(p.config.Logs, p.stdout, p.log)
	s.trail = newTrail(p.config.Audit, p.stdout, p.log)
	s.metrics = p.newMetrics(s)
	responseMetrics(s.metrics, s)
	balancerMetrics(s.metrics, s.book)
	s.env = &serving.Env{
		Scope: p.config.Scope(), Pools: s.pools, Links: s.book, Functions: functions, Services: services, OpenKey: p.openKey, Throttles: throttles, Ledger: ledger,
		Identities: p.directory, Issuers: issuers, Logger: p.log, Logs: s.logs, Metrics: s.metrics, Meters: s.meters,
	}
	s.rest = &restapi.Env{Env: s.env, Streams: functions, Plans: s.plans, Responses: s.responses}
	s.http = &httpapi.Env{Env: s.env}
	if s.sockets, err = p.newSockets(s); err != nil {
		return nil, err
	}
	if s.lastGood, err = openKept(filepath.Join(p.config.Data, "lastgood.db"), p.log); err != nil {
		p.log.Warn("the last good state can't be kept: without the store, nothing is served after a restart", "error", err)
	}
	return s, nil
}

// checkIssuer asks a token issuer for its keys.
func (s *parts) checkIssuer(ctx context.Context, issuer string) error {
	return httpapi.Reachable(ctx, s.env.Issuers, issuer)
}

// servedNothing says that the last good state is empty.
func (s *parts) servedNothing() bool {
	if s.lastGood == nil {
		return true
	}
	for range s.lastGood.All() {
		return false
	}
	return true
}

func (s *parts) close() {
	if err := s.functions.Close(); err != nil {
		s.env.Logger.Warn("end functions", "error", err)
	}
	s.book.Close()
	s.checker.Close()
	s.pools.Close()
	if err := s.trail.close(); err != nil {
		s.env.Logger.Warn("close the record of management calls", "error", err)
	}
	if err := s.logs.Close(); err != nil {
		s.env.Logger.Warn("close the access logs", "error", err)
	}
	if s.answers != nil {
		s.answers.Close()
	}
	if s.valkey != nil {
		s.valkey.Close()
	}
	if s.lastGood != nil {
		if err := s.lastGood.Close(); err != nil {
			s.env.Logger.Warn("close the last good state", "error", err)
		}
	}
}

// functionConfig is of functions whose calls elsewhere own signs.
func (p *program) functionConfig(own credentials.Source) lambda.Config {
	c := p.config
	l := lambda.Config{
		Partition: c.Partition, Account: c.Account, Region: c.Region, Log: p.log,
		CacheDir:    filepath.Join(c.Data, "functions"),
		Functions:   map[string]lambda.Function{},
		Endpoint:    endpoint(c, "lambda"),
		User:        c.FunctionUser,
		Credentials: own,
		Debug:       p.debug,
		Events:      filepath.Join(c.Data, "events"),
	}
	for name, f := range c.Functions {
		l.Functions[name] = lambda.Function{
			Runtime: f.Runtime, Code: f.Code, Handler: f.Handler, Environment: f.Environment, Timeout: time.Duration(f.Timeout),
			Memory: f.Memory, Concurrency: f.Concurrency, Endpoint: f.Endpoint,
		}
	}
	return l
}

// endpoint is where calls to an AWS service go; empty means AWS's own.
func endpoint(c *config.Config, service string) string {
	if e := c.Endpoints[service]; e != "" {
		return e
	}
	return c.Endpoints["default"]
}

// test runs a test invocation.
func (s *parts) test(ctx context.Context, def *apigw.Definition, in *apigw.TestRequest) (*apigw.TestResult, error) {
	return restapi.TestInvoke(ctx, def, in, s.rest)
}

// testAuthorizer is what TestInvokeAuthorizer does.
func (s *parts) testAuthorizer(ctx context.Context, def *apigw.Definition, id apigw.AuthorizerID, in *apigw.TestRequest) (*apigw.AuthorizerResult, error) {
	return restapi.TestAuthorizer(ctx, def, id, in, s.rest)
}

// check is what a deployment must pass: what can't be served is refused by
// name. A function that isn't there is a warning, as AWS accepts it and
// answers 500 when it is called.
func (s *parts) check(def *apigw.Definition, stage *apigw.Stage) []control.Problem {
	list := append(checkDefinition(def, stage), s.checkLinks(def, stage)...)
	if def.RouteAPI != nil {
		return append(list, s.checkRoutes(def)...)
	}
	for _, r := range def.Resources {
		for verb, m := range r.Methods {
			source := ""
			if stage != nil {
				source = integration.SourceARN(s.env.Scope, def.API.ID, stage.Name, string(verb), r.Path)
			}
			if err := errors.Join(s.checkFunction(m.Integration), s.checkRole(m.Integration, source)); err != nil {
				list = append(list, control.Problem{Place: string(verb) + " " + r.Path, Text: err.Error(), Warning: true})
			}
			if err := s.checkCaller(m.Integration); err != nil {
				list = append(list, control.Problem{Place: string(verb) + " " + r.Path, Text: err.Error()})
			}
		}
	}
	return list
}

func (s *parts) checkFunction(i *apigw.Integration) error {
	function := functionOf(i)
	if function == "" {
		return nil
	}
	if err := s.functions.Check(function); err != nil {
		return fmt.Errorf("%w; every call will be answered 500 until functions in the configuration has it", err)
	}
	return nil
}

// functionOf is the function that an integration invokes; empty when it is
// none, when stage variables decide which one it is, or when restapi.Check has
// something to say of the URI.
func functionOf(i *apigw.Integration) string {
	if i == nil || i.Type != apigw.IntegrationAWSProxy && i.Type != apigw.IntegrationAWS || strings.Contains(i.URI, "${") {
		return ""
	}
	return functionIn(i.URI)
}

// functionIn is the function that an integration's URI names, answered whole
// or streamed; empty when it names none.
func functionIn(uri string) string {
	if function, err := lambda.ParseURI(uri); err == nil {
		return function
	}
	function, err := lambda.ParseStreamURI(uri)
	if err != nil {
		return ""
	}
	return function
}

// prepare builds and starts the functions of def, so that the first request
// doesn't wait for it. It goes on in the background; done, when it isn't nil,
// is called for each that was built.
func (s *parts) prepare(ctx context.Context, def *apigw.Definition, done func()) {
	functions := map[string]bool{}
	add := func(i *apigw.Integration) {
		if f := functionOf(i); f != "" && s.functions.Check(f) == nil {
			functions[f] = true
		}
	}
	for _, r := range def.Resources {
		for _, m := range r.Methods {
			add(m.Integration)
		}
	}
	for _, i := range def.RouteIntegrations {
		add(asMethod(i))
	}
	for f := range functions {
		go func() {
			if err := s.functions.Prepare(ctx, f); err != nil && ctx.Err() == nil {
				s.env.Logger.Error("the function can't be started", "error", err)
			} else if done != nil {
				done()
			}
		}()
	}
}

// checkDefinition is what of a definition its API kind can't serve.
func checkDefinition(def *apigw.Definition, stage *apigw.Stage) []control.Problem {
	check := restapi.Check
	switch {
	case def.RouteAPI == nil:
	case def.RouteAPI.Protocol == apigw.ProtocolWebSocket:
		check = websocketapi.Check
	default:
		check = httpapi.Check
	}
	var list []control.Problem
	for _, p := range check(def, stage) {
		list = append(list, control.Problem(p))
	}
	return list
}
