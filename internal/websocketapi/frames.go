package websocketapi

import (
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
)

// refusal is how a kind of fault shows: to a client that connects with a status
// and the name of an error, in a message with the text alone.
type refusal struct {
	status int
	text   string
	name   string // x-amzn-ErrorType
}

// refusals are how faults show (seen on AWS by many; what nobody has seen is
// named as the same fault of REST APIs is).
var refusals = map[exchange.FaultKind]refusal{
	exchange.AccessDenied:               {403, "Forbidden", "ForbiddenException"},
	exchange.AuthorizerFailure:          {500, "Internal server error", "InternalServerErrorException"},
	exchange.APIConfigurationError:      {500, "Internal server error", "InternalServerErrorException"},
	exchange.BadRequestBody:             {400, "Bad request body", "BadRequestException"},
	exchange.BadRequestParameters:       {400, "Bad Request", "BadRequestException"},
	exchange.Default4XX:                 {400, "Bad Request", "BadRequestException"},
	exchange.Default5XX:                 {500, "Internal server error", "InternalServerErrorException"},
	exchange.ExpiredToken:               {403, "Forbidden", "ForbiddenException"},
	exchange.Forbidden:                  {403, "Forbidden", "ForbiddenException"},
	exchange.IntegrationFailure:         {502, "Internal server error", "InternalServerErrorException"},
	exchange.IntegrationTimeout:         {504, "Endpoint request timed out", "InternalServerErrorException"},
	exchange.InvalidAPIKey:              {403, "Forbidden", "ForbiddenException"},
	exchange.InvalidSignature:           {403, "Forbidden", "ForbiddenException"},
	exchange.MissingAuthenticationToken: {403, "Forbidden", "ForbiddenException"},
	exchange.QuotaExceeded:              {429, "Limit Exceeded", "LimitExceededException"},
	exchange.ResourceNotFound:           {403, "Forbidden", "ForbiddenException"},
	exchange.Throttled:                  {429, "Too Many Requests", "TooManyRequestsException"},
	exchange.Unauthorized:               {401, "Unauthorized", "UnauthorizedException"},
	exchange.UnsupportedMediaType:       {415, "Unsupported Media Type", "BadRequestException"},
}

func shown(f *exchange.Fault) refusal {
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
	return how
}

// appendFrame appends what a client reads of a fault, with AWS's blanks: one
// behind the first colon and the commas, none behind the other colons (seen on
// AWS).
func (e *Event) appendFrame(dst []byte, text string) []byte {
	dst = jsonpath.AppendText(append(dst, `{"message": `...), text)
	dst = e.id.append(append(dst, `, "connectionId":"`...))
	dst = append(append(dst, `", "requestId":"`...), e.X.ExtendedID[:]...)
	return append(dst, `"}`...)
}

// refuse makes f the answer to a client that connects.
func (e *Event) refuse(f *exchange.Fault) {
	how := shown(f)
	e.shown = how.text
	r := &e.X.Response
	r.Header.Reset()
	r.Status, r.Stream = how.status, nil
	r.Header.Add("Content-Type", "application/json")
	r.Header.Add("x-amzn-RequestId", string(e.X.RequestID[:]))
	r.Header.Add("x-amzn-ErrorType", how.name)
	r.Header.Add("x-amz-apigw-id", string(e.X.ExtendedID[:]))
	r.Body = e.appendFrame(r.Body[:0], how.text)
}

// Forbidden answers x as AWS answers where a WebSocket API has no stage for it,
// and where its own address is disabled.
func Forbidden(x *exchange.Exchange) {
	respond(x, 403, "ForbiddenException", `{"message":"Forbidden"}`)
}

// respond answers a request that is none of a client that connects.
func respond(x *exchange.Exchange, status int, name, body string) {
	r := &x.Response
	r.Header.Reset()
	r.Status, r.Stream = status, nil
	if body != "" {
		r.Header.Add("Content-Type", "application/json")
	}
	r.Header.Add("x-amzn-RequestId", string(x.RequestID[:]))
	if name != "" {
		r.Header.Add("x-amzn-ErrorType", name)
	}
	r.Header.Add("x-amz-apigw-id", string(x.ExtendedID[:]))
	r.Body = append(r.Body[:0], body...)
}
