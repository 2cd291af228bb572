package httpapi

import (
	"context"
	"log/slog"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// refusal is how a kind of fault shows.
type refusal struct {
	status int
	text   string
}

// refusals are how faults show (developer guide, "Troubleshooting HTTP API Lambda
// integrations" and "… authorizers"; statuses and bodies seen on AWS). HTTP APIs
// don't tell the client more. An integration that doesn't answer is 503 here, not
// REST APIs' 504.
var refusals = map[exchange.FaultKind]refusal{
	exchange.AccessDenied:                 {403, "Forbidden"},
	exchange.APIConfigurationError:        {500, "Internal Server Error"},
	exchange.AuthorizerConfigurationError: {500, "Internal Server Error"},
	exchange.AuthorizerFailure:            {500, "Internal Server Error"},
	exchange.BadRequestBody:               {400, "Bad Request"},
	exchange.BadRequestParameters:         {400, "Bad Request"},
	exchange.Default4XX:                   {400, "Bad Request"},
	exchange.Default5XX:                   {500, "Internal Server Error"},
	exchange.ExpiredToken:                 {403, "Forbidden"},
	exchange.Forbidden:                    {403, "Forbidden"},
	exchange.IntegrationFailure:           {503, "Service Unavailable"},
	exchange.IntegrationTimeout:           {503, "Service Unavailable"},
	exchange.InvalidSignature:             {403, "Forbidden"},
	exchange.MissingAuthenticationToken:   {403, "Forbidden"},
	exchange.RequestTooLarge:              {413, "Request Entity Too Large"},
	exchange.ResourceNotFound:             {404, "Not Found"},
	exchange.Throttled:                    {429, "Too Many Requests"},
	exchange.Unauthorized:                 {401, "Unauthorized"},
}

// shown is the status and the text that f has for the client.
func shown(f *exchange.Fault) (int, string) {
	how, ok := refusals[f.Kind]
	if !ok {
		how = refusals[exchange.Default5XX]
	}
	if f.Status != 0 {
		how.status = f.Status
	}
	if f.Message != "" {
		how.text = f.Message
	}
	return how.status, how.text
}

// Refuse makes f the answer: the only place where a failure becomes bytes.
func (r *Request) Refuse(f *exchange.Fault) {
	status, text := shown(f)
	refuse(r.X, status, text)
	if r.Challenge != "" {
		r.X.Response.Header.Add("www-authenticate", r.Challenge)
	}
}

func refuse(x *exchange.Exchange, status int, text string) {
	if s := x.Response.Stream; s != nil { // what was to be passed on isn't any more
		s.Close()
		x.Response.Stream = nil
	}
	h := open(x, status)
	h.Add("Content-Type", "application/json")
	x.Response.Body = append(jsonpath.AppendText(append(x.Response.Body[:0], `{"message":`...), text), '}')
}

// Broken answers x with 500 {"message":"Internal Server Error"}: its stage can't
// be served.
func Broken(x *exchange.Exchange) {
	x.Response.Body = nil // which may be a kept answer's
	refuse(x, 500, "Internal Server Error")
	x.Response.Header.AddBytes(fieldRequestID, x.ExtendedID[:])
}

// NotFound answers x as AWS answers where an HTTP API has no stage for it, and
// where its own address is disabled: 404 {"message":"Not Found"}.
func NotFound(x *exchange.Exchange) {
	refuse(x, 404, "Not Found")
	x.Response.Header.AddBytes(fieldRequestID, x.ExtendedID[:])
}

// open begins the answer of x.
func open(x *exchange.Exchange, status int) *http1.Header {
	x.Response.Status = status
	x.Response.Header.Reset()
	return &x.Response.Header
}

// fieldRequestID is in every answer, spelled as AWS spells it on HTTP/1.1.
var fieldRequestID = []byte("Apigw-Requestid")

// finish completes whatever answer r has.
func (r *Request) finish() {
	if o := r.Stage.cors; o != nil && !r.preflighted {
		dropCORS(&r.X.Response.Header)
		o.addTo(r)
	}
	r.X.Response.Header.AddBytes(fieldRequestID, r.X.ExtendedID[:])
}

// log tells an operator why an integration failed; a client's mistakes are
// not logged here.
func (r *Request) log(f *exchange.Fault) {
	logger := r.Stage.env.Logger
	if !r.Stage.busyTold.Logs(logger, f, r.X.Received) {
		return
	}
	route := ""
	if r.Route != nil {
		route = r.Route.Key
	}
	logger.LogAttrs(context.Background(), slog.LevelWarn, "request failed",
		slog.String("api", string(r.Stage.API)), slog.String("stage", string(r.Stage.Name)), slog.String("route", route),
		slog.String("requestId", string(r.X.ExtendedID[:])), slog.String("kind", string(f.Kind)), slog.Any("cause", f.Cause))
}
