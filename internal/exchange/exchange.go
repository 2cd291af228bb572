// Package exchange is one request in flight: what came, what is known of it,
// what will be answered, and what runs when the last byte is out. Edges fill
// it, API kinds work on it. It must not know an API kind or a listener.
package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/gatehouse/gatehouse/internal/clientcert"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/iam"
)

// Exchange is one request and its answer. An edge owns it and reuses it: what
// it hands out is valid until the edge's Reset.
type Exchange struct {
	// The request as it came.
	Method   string        // as sent; routing may honour X-HTTP-Method-Override
	Path     []byte        // escaped, as sent, starting with '/', before any rewriting by address form
	Query    []byte        // escaped, without '?'; nil when absent
	Host     []byte        // as sent, port included
	Protocol string        // "HTTP/1.1"; also for HTTP/2 clients, as on AWS
	Header   *http1.Header // every field, order and case kept
	Body     Body
	Client   Client
	Received time.Time // first byte

	// Names of this request.
	RequestID  [36]byte // lower-case UUID, x-amzn-RequestId
	ExtendedID [16]byte // x-amz-apigw-id

	// What addressing found. StagePath is Path after host, stage prefix or
	// path form are taken off: what routes are matched on.
	Address Address

	// The answer; the edge writes it when the pipeline returns.
	Response Response

	// Vars are the context variables of the API kind that serves the request.
	Vars Variables

	// Outcome is what logs, metrics and explanations report, beside what
	// variables tell. The API kind fills it while it serves.
	Outcome Outcome

	// HandedOver is told of the client's connection when it was handed over; what
	// it returns is called once that is gone. Either may be nil. The edge sets it.
	HandedOver func(net.Conn) (gone func())

	done      []func(*Exchange)
	decisions []Decision
	explain   bool
	edge      Edge
	hijacked  bool
	ctx       context.Context
	cancel    context.CancelFunc
}

// Outcome is how a request went.
type Outcome struct {
	Resource    string // template path of the route, "/orders/{id}"; empty: no route
	Fault       *Fault // why it ended early; nil: it didn't
	Cache       Cache  // what the response cache did
	Integration Integration
}

// Cache is what a response cache did for a request. Empty: the answers of its
// method aren't cached.
type Cache string

// What a response cache does.
const (
	CacheHit  Cache = "hit"
	CacheMiss Cache = "miss" // the backend was called
)

// Integration is what a request's integration call came to.
type Integration struct {
	Type      string // "HTTP_PROXY", "MOCK" ...; empty: none was called
	Target    string // the function's name or the backend's host:port
	Began     time.Time
	Ended     time.Time // of the backend's last byte; zero while it runs
	Status    int       // the service's: a backend's, or Lambda's own (200 for a function's error, too)
	RequestID string    // the service's
	Error     string    // in words for $context.integration.error

	// Of an answer that is passed on while it comes.
	Streamed bool
	Headers  time.Time // when its status and fields were there
	Content  time.Time // when the first byte of its body was; zero: none came
}

// Client is who is on the other end of the connection.
type Client struct {
	IP       netip.Addr // behind trusted proxies, the address they vouch for
	Port     uint16     // the listener port the client used
	TLS      bool
	HTTP2    bool   // what it speaks; else HTTP/1.1
	TLSProto string // "TLSv1.3"; empty on plain connections
	Cipher   string
	// Endpoint is the private endpoint that the request came through; nil: none.
	// The listener says it, never the client.
	Endpoint *Endpoint

	// Cert is what the peer of the connection has shown, and proven to have, to
	// a listener that trusts it (mutual TLS); nil elsewhere.
	Cert *clientcert.Certificate
}

// Endpoint is the interface endpoint that a listener stands for.
type Endpoint struct {
	ID       string        // "vpce-…"
	VPC      string        // "vpc-…"; may be empty
	Account  string        // whose it is; may be empty
	Policies []*iam.Policy // what may be called through it; nil: everything
}

// PrivateDomain is a private custom domain name that a request came by.
type PrivateDomain struct {
	ARN      string        // as policies name it: arn:…:execute-api:…:/domainnames/{name}+{id}
	Policies []*iam.Policy // who may call it; nil: nobody
}

// Address is the API and stage a request is for.
type Address struct {
	APIID        string
	Stage        string
	DomainName   string // the Host without port
	DomainPrefix string // its first label
	RequestPath  []byte // path with the stage, $context.path: "/prod/orders/42"
	StagePath    []byte // path without the stage, escaped: "/orders/42"; "" when the request named the stage alone

	// Alias says that the host names an endpoint beside the API: the one that the
	// request came through.
	Alias bool

	// Of a request to a custom domain name.
	Custom      bool           // it came by one
	Private     *PrivateDomain // the one, if it is private
	BasePath    string         // what of the path led to the API: "v1"; empty: its empty mapping did
	RoutingRule string         // ID of the rule that led to the API; empty: a mapping did
	EventPath   []byte         // the path that functions see, with the base path: "/v1/orders/42"
}

// Body reads the request's body. It is a stream until ReadAll buffers it.
type Body interface {
	io.Reader
	// Length is the announced length in bytes; -1 unknown, 0 none.
	Length() int64
	// ReadAll appends what is left to dst; http1.ErrBodyTooLarge beyond limit.
	ReadAll(dst []byte, limit int64) ([]byte, error)
}

// Edge is the connection under an exchange.
type Edge interface {
	// OnAbandon arranges that cancel runs, on any goroutine, when the client
	// leaves before the answer is complete. nil disarms.
	OnAbandon(cancel func())
}

// Response is the answer. Body is sent when Stream is nil; otherwise Stream
// is copied and closed, Length bytes of it (-1: unknown).
type Response struct {
	Status int
	Header http1.Header
	Body   []byte
	Stream io.ReadCloser
	Length int64
	// NoBody: the answer to HEAD, 204, 304: the edge frames it without a body.

	// Sent is how many body bytes went out; set by the edge before the
	// completion hooks run. Aborted says that the answer broke off.
	Sent    int64
	Aborted bool
}

// handover is what an edge has whose connection can be handed over: one of
// HTTP/1.1.
type handover interface {
	Hijack() (nc net.Conn, buffered []byte, err error)
}

// ErrNoHandover: the connection carries other requests, too.
var ErrNoHandover = errors.New("exchange: the connection can't be handed over")

// CanHijack says whether Hijack may be called.
func (x *Exchange) CanHijack() bool {
	_, ok := x.edge.(handover)
	return ok && !x.hijacked
}

// Hijack hands the client's connection over, with bytes that it sent behind
// the request; the edge then writes no answer. x.Response still says what the
// client was answered, for logs. gone, unless it is nil, is to be called when the
// connection has ended.
func (x *Exchange) Hijack() (nc net.Conn, buffered []byte, gone func(), err error) {
	h, ok := x.edge.(handover)
	if !ok || x.hijacked {
		return nil, nil, nil, ErrNoHandover
	}
	if nc, buffered, err = h.Hijack(); err != nil {
		return nil, nil, nil, err
	}
	x.hijacked = true
	if x.HandedOver != nil {
		gone = x.HandedOver(nc)
	}
	return nc, buffered, gone, nil
}

// Hijacked says that the connection was handed over.
func (x *Exchange) Hijacked() bool { return x.hijacked }

// Variables resolves $context names for parameter mapping, templates and
// logs. Names are resolved to numbers at deployment by the API kind.
type Variables interface {
	// AppendVariable appends the value of variable v; false when it is unset.
	AppendVariable(dst []byte, x *Exchange, v Variable) ([]byte, bool)
}

// Authorized is a request that an authorizer may have let in, beside its
// Variables: what it handed on, by name; nil: nothing.
type Authorized interface {
	AuthorizerNames() []string // of $context.authorizer
	ClaimNames() []string      // of $context.authorizer.claims
}

// Decision is one thing that was decided about a request, and why.
type Decision struct {
	Step   string // "route", "authorize", "throttle", "integration" ...
	Result string
	Why    string
	At     time.Time
}

// Begin readies x for a new request on edge. The caller then fills the
// request fields.
func (x *Exchange) Begin(edge Edge) {
	done, decisions, header, body := x.done[:0], x.decisions[:0], x.Response.Header, x.Response.Body[:0]
	header.Reset()
	*x = Exchange{edge: edge, done: done, decisions: decisions}
	x.Response.Header, x.Response.Body = header, body
}

// End runs the completion hooks, last registered first, after the edge has
// written the last byte (or given up).
func (x *Exchange) End() {
	for i := len(x.done) - 1; i >= 0; i-- {
		x.done[i](x)
	}
	if x.cancel != nil {
		x.cancel()
	}
}

// OnEnd registers f to run after the last byte of the answer.
func (x *Exchange) OnEnd(f func(*Exchange)) { x.done = append(x.done, f) }

// OnAbandon is Edge.OnAbandon.
func (x *Exchange) OnAbandon(cancel func()) {
	if x.edge != nil {
		x.edge.OnAbandon(cancel)
	}
}

// Context ends when the client leaves or the exchange ends. It is made on
// first use: the fast paths use OnAbandon and deadlines instead.
func (x *Exchange) Context() context.Context {
	if x.ctx == nil {
		x.ctx, x.cancel = context.WithCancel(context.Background())
		x.OnAbandon(x.cancel)
	}
	return x.ctx
}

// Explain turns the decision list on.
func (x *Exchange) Explain() { x.explain = true }

// Explaining says whether decisions are kept; callers test it before they
// build texts for Decide.
func (x *Exchange) Explaining() bool { return x.explain }

// Decide adds to the decision list.
func (x *Exchange) Decide(step, result, why string) {
	if x.explain {
		x.decisions = append(x.decisions, Decision{step, result, why, time.Now()})
	}
}

// Decisions is what was decided so far; it is valid until the next Begin.
func (x *Exchange) Decisions() []Decision { return x.decisions }

// Begin notes that an integration of x's is being called: a kind, and the
// function's name or the backend's address.
func (i *Integration) Begin(x *Exchange, kind, target string) {
	i.Type, i.Target, i.Began = kind, target, time.Now()
	if x.Explaining() {
		x.Decide("integration", kind+" "+target, "called")
	}
}

// End notes the service's status and its name for the call; 0 and empty when it
// gave none.
func (i *Integration) End(x *Exchange, status int, requestID string) {
	i.Ended, i.Status, i.RequestID = time.Now(), status, requestID
	if !x.Explaining() {
		return
	}
	result := "no answer"
	if status != 0 {
		result = "status " + strconv.Itoa(status)
	}
	x.Decide("integration", result, fmt.Sprintf("after %.2f ms", float64(i.Ended.Sub(i.Began).Microseconds())/1000))
}

// Failed notes why x ended early.
func (x *Exchange) Failed(f *Fault) {
	o := &x.Outcome
	o.Fault = f
	if o.Integration.Type != "" && f.Cause != nil {
		o.Integration.Error = f.Cause.Error()
	}
	if !x.Explaining() {
		return
	}
	why := f.Message
	if f.Cause != nil {
		why = f.Cause.Error()
	}
	x.Decide("fault", string(f.Kind), why)
}
