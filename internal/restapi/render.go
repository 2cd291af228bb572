package restapi

import (
	"context"
	"log/slog"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// kindRule is how a kind of fault shows unless the API says otherwise
// (developer guide, "Gateway response types").
type kindRule struct {
	status    int
	message   string
	errorType string
	fallback  exchange.FaultKind // whose customisation it takes without its own
}

const (
	default4 = exchange.Default4XX
	default5 = exchange.Default5XX
)

// kindRules are the kinds that have a gateway response.
var kindRules = map[exchange.FaultKind]kindRule{
	exchange.AccessDenied:                 {403, "User is not authorized to access this resource", "AccessDeniedException", default4},
	exchange.APIConfigurationError:        {500, "Internal server error", "InternalServerErrorException", default5},
	exchange.AuthorizerConfigurationError: {500, "", "AuthorizerConfigurationException", default5},
	exchange.AuthorizerFailure:            {500, "Internal server error", "AuthorizerFailureException", default5},
	exchange.BadRequestBody:               {400, "Invalid request body", "BadRequestException", default4},
	exchange.BadRequestParameters:         {400, "Bad Request", "BadRequestException", default4},
	exchange.Default4XX:                   {400, "Bad Request", "BadRequestException", ""},
	exchange.Default5XX:                   {500, "Internal server error", "InternalServerErrorException", ""},
	exchange.ExpiredToken:                 {403, "The security token included in the request is expired", "ExpiredTokenException", default4},
	exchange.IntegrationFailure:           {504, "Network error communicating with endpoint", "InternalServerErrorException", default5},
	exchange.IntegrationTimeout:           {504, "Endpoint request timed out", "InternalServerErrorException", default5},
	exchange.InvalidAPIKey:                {403, "Forbidden", "ForbiddenException", default4},
	exchange.InvalidSignature:             {403, "The request signature we calculated does not match the signature you provided.", "InvalidSignatureException", default4},
	exchange.MissingAuthenticationToken:   {403, "Missing Authentication Token", "MissingAuthenticationTokenException", default4},
	exchange.QuotaExceeded:                {429, "Limit Exceeded", "LimitExceededException", default4},
	exchange.RequestTooLarge:              {413, "Request Too Long", "RequestTooLargeException", ""},
	exchange.ResourceNotFound:             {404, "Not Found", "NotFoundException", default4},
	exchange.Throttled:                    {429, "Too Many Requests", "TooManyRequestsException", default4},
	exchange.Unauthorized:                 {401, "Unauthorized", "UnauthorizedException", default4},
	exchange.UnsupportedMediaType:         {415, "Unsupported Media Type", "BadRequestException", default4},
	exchange.WAFFiltered:                  {403, "Forbidden", "ForbiddenException", default4},
	exchange.Forbidden:                    {403, "Forbidden", "ForbiddenException", ""},
}

// The fields of every answer, spelled as AWS spells them on HTTP/1.1.
var (
	fieldRequestID  = []byte("x-amzn-RequestId")
	fieldExtendedID = []byte("x-amz-apigw-id")
	fieldTrace      = []byte("X-Amzn-Trace-Id")
)

// open begins the answer of x: its status and the fields every answer has.
func open(x *exchange.Exchange, status int) *http1.Header {
	resp := &x.Response
	resp.Status = status
	resp.Header.Reset()
	resp.Header.AddBytes(fieldRequestID, x.RequestID[:])
	resp.Header.AddBytes(fieldExtendedID, x.ExtendedID[:])
	return &resp.Header
}

// fail makes f the answer: the only place where a failure becomes bytes.
func (r *request) fail(f *exchange.Fault) {
	r.log(f)
	rule := kindRules[f.Kind]
	message, status := r.faultMessage(f), rule.status
	if f.Status != 0 {
		status = f.Status
	}
	errorType := rule.errorType
	if f.Kind == exchange.Default5XX && status == 503 {
		errorType = "ServiceUnavailableException"
	}
	if r.errorType != "" {
		errorType = r.errorType
	}
	if g := r.stage.responses[f.Kind]; g != nil {
		g.render(r, f, status, message, errorType)
		return
	}
	h := open(r.x, status)
	h.Add("x-amzn-ErrorType", errorType)
	r.x.Response.Body = appendDefault(r.x.Response.Body[:0], f, message)
}

// faultMessage is what f says to the client.
func (r *request) faultMessage(f *exchange.Fault) string {
	if f.Message != "" {
		return f.Message
	}
	return kindRules[f.Kind].message
}

// appendDefault appends the stock body. Faults of the integration phase have
// a blank after the colon, those before it have none (recorded on AWS);
// ACCESS_DENIED alone writes a capital M.
func appendDefault(dst []byte, f *exchange.Fault, message string) []byte {
	key := `{"message":`
	switch {
	case f.Kind == exchange.AccessDenied:
		key = `{"Message":`
	case f.AfterIntegration:
		key = `{"message": `
	}
	return append(appendMessage(append(dst, key...), message), '}')
}

// appendMessage appends a fault's message as JSON: null where it has none
// (seen on AWS for authorizers that fail).
func appendMessage(dst []byte, message string) []byte {
	if message == "" {
		return append(dst, "null"...)
	}
	return appendJSONString(dst, message)
}

// Forbidden answers x as AWS answers for an unknown stage or a disabled
// endpoint: 403 {"message":"Forbidden"}, ForbiddenException.
func Forbidden(x *exchange.Exchange) {
	if x.RequestID[0] == 0 {
		serving.NewIDs(x)
	}
	rule := kindRules[exchange.Forbidden]
	h := open(x, rule.status)
	h.Add("x-amzn-ErrorType", rule.errorType)
	h.Add("Content-Type", "application/json")
	x.Response.Body = append(x.Response.Body[:0], `{"message":"Forbidden"}`...)
}

// finish completes whatever answer r has with the fields that all have. That
// of a test that failed shows no type (recorded on AWS).
func (r *request) finish() {
	resp := &r.x.Response
	if failed := r.stage.trial != nil && r.x.Outcome.Fault != nil; !failed && resp.Header.IndexKnown(http1.NameContentType, 0) < 0 {
		resp.Header.Add("Content-Type", "application/json")
	}
	if r.called {
		resp.Header.AddBytes(fieldTrace, r.trace.Full)
	}
	if r.warned {
		resp.Header.Add("Warning", cacheControlIgnored)
	}
}

// log tells an operator why an integration failed; a client's mistakes are
// not logged here.
func (r *request) log(f *exchange.Fault) {
	logger := r.stage.env.Logger
	if !r.stage.busyTold.Logs(logger, f, r.x.Received) {
		return
	}
	place := ""
	if r.route != nil {
		place = r.route.place()
	}
	logger.LogAttrs(context.Background(), slog.LevelWarn, "request failed",
		slog.String("api", string(r.stage.apiID)), slog.String("stage", string(r.stage.name)), slog.String("method", place),
		slog.String("requestId", string(r.x.RequestID[:])), slog.String("kind", string(f.Kind)), slog.Any("cause", f.Cause))
}
