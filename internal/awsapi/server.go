package awsapi

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/acm"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	lambdaapi "github.com/gatehouse/gatehouse/internal/awsapi/lambda"
	"github.com/gatehouse/gatehouse/internal/awsapi/servicediscovery"
	"github.com/gatehouse/gatehouse/internal/awsapi/sts"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
	"github.com/gatehouse/gatehouse/internal/registry"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// Config says what a Server works with. Operations and Scope are required.
type Config struct {
	Operations Operations

	// RouteOperations is what is served of version 2 of the API, of APIs of
	// routes; a nil field is answered with a 501 that names the operation.
	RouteOperations RouteOperations

	// Functions is what is served of Lambda's API; a nil field is answered
	// with a 501 that names the operation.
	Functions FunctionOperations

	// UserPools is what is served of the API of user pools; a nil field is
	// answered with a 501 that names the operation.
	UserPools UserPoolOperations

	// Certificates is what is served of AWS Certificate Manager; a nil field is
	// answered with a 501 that names the operation.
	Certificates CertificateOperations

	// Balancers is what is served of Elastic Load Balancing v2; a nil field is
	// answered with a 501 that names the operation.
	Balancers BalancerOperations

	// Registry is what is served of AWS Cloud Map; a nil field is answered with a
	// 501 that names the operation. Book has the services that DiscoverInstances
	// names; nil: none.
	Registry RegistryOperations
	Book     *registry.Book

	// UserPoolWeb answers for keys, discovery and tokens of user pools; nil:
	// nothing does.
	UserPoolWeb http.Handler

	// Scope has the partition, and the account and region of calls that don't
	// say whose they are.
	Scope apigw.Scope

	// Hosts are further names, without a port, under which clients reach the
	// loopback listeners: beside localhost, its subdomains, loopback addresses
	// and the names of AWS's own endpoints.
	Hosts []string

	// Identities verify signatures, and their policies decide; nil: there are
	// none, as when they are open.
	Identities Identities

	// Sessions is what is served of the Security Token Service, likewise.
	Sessions SessionOperations

	// Authorize may refuse a call before policies are asked; nil refuses none.
	Authorize func(ctx context.Context, c *Call) error

	// Audit gets a record of every call that had a caller; nil keeps none.
	Audit func(AuditRecord)

	// Health, Ready and Metrics answer under /_gatehouse/; nil: 404. Explain
	// answers under /_gatehouse/explain/ for callers who may call operations.
	Health, Ready, Metrics, Explain http.Handler

	// Review answers under /_gatehouse/deployments/ for callers who may read
	// the deployments they ask for; nil: nothing does. Usage does under
	// /_gatehouse/usage/ for those who may read the account's settings.
	Review Reviewer
	Usage  UsageTeller

	Logger *slog.Logger     // default: slog.Default()
	Now    func() time.Time // default: time.Now
}

// Server answers management calls.
type Server struct {
	Config
	served map[string]*routes         // by service
	pools  map[string]*wire.Operation // of user pools, by name
	// targets are the services that X-Amz-Target names, by what it begins with.
	targets map[string]targeted
	// queries are the operations of services of the query protocol, by service
	// and by name.
	queries  map[string]map[string]*wire.Operation
	verifier *sigv4.Verifier
	large    chan struct{} // one element per large body in memory
	upload   chan struct{} // one element per body with a function's code
}

// New returns a Server.
func New(c Config) (*Server, error) {
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Authorize == nil {
		c.Authorize = func(context.Context, *Call) error { return nil }
	}
	if c.Audit == nil {
		c.Audit = func(AuditRecord) {}
	}
	return &Server{
		Config: c,
		served: map[string]*routes{
			apigateway.Service:   newRoutes(c.Operations.Table()),
			apigatewayv2.Service: newRoutes(c.RouteOperations.Table()),
			lambdaapi.Service:    newRoutes(c.Functions.Table()),
		},
		queries: map[string]map[string]*wire.Operation{sts.Service: byName(c.Sessions.Table()), elbv2.Service: byName(c.Balancers.Table())},
		pools:   poolTable(&c.UserPools),
		targets: map[string]targeted{
			acm.Target:              {acm.Service, awsJSON, byName(c.Certificates.Table()), nameCertificate},
			servicediscovery.Target: {servicediscovery.Service, awsJSONCapital, byName(c.Registry.Table()), nameRegistry(c.Book)},
		},
		verifier: &sigv4.Verifier{Now: c.Now},
		large:    make(chan struct{}, largeBodies),
		upload:   make(chan struct{}, uploads),
	}, nil
}

// Loopback is the handler for listeners that only this machine reaches: a
// call needs an Authorization header (any credentials, while no identities
// are configured), a Host that is ours, and no foreign Origin, so that no web
// page reaches it.
func (s *Server) Loopback() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, true) })
}

// Public is the handler for all other listeners: every call must be signed by
// a configured identity. Without identities there is none.
func (s *Server) Public() (http.Handler, error) {
	if s.Identities == nil {
		return nil, errors.New("the control address is reachable from other machines, and there are no identities")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, false) }), nil
}

// HTTPServer is a server for one of the handlers, with every wait bounded.
func (s *Server) HTTPServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       60 * time.Second, // an import of 6 MB over a slow line
		WriteTimeout:      120 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}
}

// serve answers one request: whatever refuses it, in one place.
func (s *Server) serve(w http.ResponseWriter, r *http.Request, loopback bool) {
	if s.serveOwn(w, r, loopback) || loopback && s.servePoolWeb(w, r, false) {
		return
	}
	x := s.newRequest(w, r, loopback)
	if strings.HasPrefix(r.URL.Path, explainPath) && s.Explain != nil {
		x.forCallers(s.Explain)
		return
	}
	if prefix, ask := s.questionAt(r.URL.Path); ask != nil {
		x.answerQuestion(prefix, ask)
		return
	}
	s.answer(x)
}

// answer runs a call and answers it.
func (s *Server) answer(x *request) {
	w, r := x.w, x.http
	if (x.loopback || x.clients) && s.preflight(w, r, x.loopback) {
		return
	}
	defer x.done()
	w.Header()["x-amzn-RequestId"] = []string{x.call.RequestID}
	w.Header()["x-amz-apigw-id"] = []string{newGatewayID()}
	status, err := x.run(r.Context())
	if err != nil {
		e := s.answerOf(x.call, err)
		status = e.status
		x.audit(status, e)
		writeError(w, x.protocol, e, x.call.RequestID)
		return
	}
	x.audit(status, nil)
	x.write(status)
}

// run recovers from a panic of an operation: it costs that call alone.
func (x *request) run(ctx context.Context) (status int, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	for _, step := range []func(context.Context) error{x.guard, x.readBody, x.identify, x.resolve, x.authorize, x.takeTime, x.decodeQuery} {
		if err := step(ctx); err != nil {
			return 0, err
		}
	}
	if x.op == nil || x.op.Serve == nil {
		return 0, x.notServed()
	}
	x.out.Query = x.protocol == awsQuery
	if err := x.op.Serve(ctx, x.call, &x.in, &x.out); err != nil {
		return 0, err
	}
	if err := x.asXML(); err != nil {
		return 0, err
	}
	if x.out.Status != 0 {
		return x.out.Status, nil
	}
	return x.op.Status, nil
}

// serveOwn answers what is under /_gatehouse/. Health and readiness are for
// anybody, under any name; metrics name APIs and so are kept from web pages,
// and from other machines without a signature.
func (s *Server) serveOwn(w http.ResponseWriter, r *http.Request, loopback bool) bool {
	var h http.Handler
	switch r.URL.Path {
	case "/_gatehouse/health":
		h = s.Health
	case "/_gatehouse/ready":
		h = s.Ready
	case "/_gatehouse/metrics":
		h = s.Metrics
		if loopback && !s.ourHost(r.Host) {
			h = nil
		}
	default:
		return false
	}
	switch {
	case h == nil || foreignPage(r):
		http.NotFound(w, r)
	case r.URL.Path == "/_gatehouse/metrics" && !loopback:
		s.newRequest(w, r, loopback).forCallers(h)
	default:
		h.ServeHTTP(w, r)
	}
	return true
}

// newUUID is a random UUID of version 4.
func newUUID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// newGatewayID looks like AWS's second request ID: 16 characters of base64.
func newGatewayID() string {
	var b [11]byte
	rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}
