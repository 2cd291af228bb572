package websocketapi

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/jsonpath"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// callbackOf is the connection ID, as it was sent, in a path of @connections:
// "/@connections/{id}", escaped in any way.
func callbackOf(path []byte) (id string, ok bool) {
	rest, ok := bytes.CutPrefix(path, []byte("/"))
	if !ok {
		return "", false
	}
	name, behind, ok := bytes.Cut(rest, []byte("/"))
	if !ok || !bytes.EqualFold(name, callbackName) && !bytes.EqualFold(name, callbackEscaped) {
		return "", false
	}
	return string(behind), true
}

var (
	callbackName    = []byte("@connections")
	callbackEscaped = []byte("%40connections")
)

const manage = "execute-api:manageconnections" // as policies compare it

// callback is a backend that reaches for a connection: POST sends it a message,
// GET tells of it, DELETE closes it (developer guide, "Use @connections commands
// in your backend service"; answers and errors seen on AWS).
func (s *Stage) callback(x *exchange.Exchange, escaped string) {
	if x.RequestID[0] == 0 {
		serving.NewIDs(x)
	}
	x.Outcome.Resource = "@connections"
	body, f := serving.ReadBody(x, nil)
	if f != nil {
		respond(x, 413, "PayloadTooLargeException", `{"message":"Message too long"}`)
		return
	}
	text, err := url.PathUnescape(escaped)
	if err != nil {
		text = escaped
	}
	id, invalid := parseConnectionID(text)
	name := text
	if invalid == nil {
		name = id.String() // policies know it by this one of its spellings
	}
	if !s.mayManage(x, body, name) || !s.admit(x) {
		return
	}
	if invalid != nil {
		out := jsonpath.AppendText([]byte(`{"message":`), "Invalid connectionId: "+clip(text))
		out = jsonpath.AppendText(append(out, `, "connectionId":`...), clip(text))
		out = append(append(append(out, `, "requestId":"`...), x.ExtendedID[:]...), `"}`...)
		respond(x, 400, "BadRequestException", string(out))
		return
	}
	o := order{Do: x.Method, API: s.API, Stage: s.Name, IDs: []connectionText{connectionText(id)}}
	if x.Method == "POST" && len(body) > maxPost {
		respond(x, 413, "PayloadTooLargeException", `{"message":"Message too long"}`)
		return
	}
	if x.Method != "POST" {
		body = nil
	}
	r, err := s.env.Hub.reach(x.Context(), &o, body)
	s.answerCallback(x, r, err, len(body))
}

// admit lets a call of @connections in unless there were too many: they are
// limited as a route is that has no settings of its own; AWS doesn't say by what.
// Who may not call takes nothing from who may.
func (s *Stage) admit(x *exchange.Exchange) bool {
	if !s.callbacks.On() {
		return true
	}
	admitted := s.env.Admit(&s.callbacks, s.env.Time())
	s.callbacks.Decide(x, "calls of @connections", admitted)
	if !admitted {
		respond(x, 429, "LimitExceededException", "")
	}
	return admitted
}

// answerCallback answers as the connection's node would. posted is how many
// bytes a POST has.
func (s *Stage) answerCallback(x *exchange.Exchange, r result, err error, posted int) {
	switch {
	case err != nil: // 410 would have backends forget a connection that may live
		x.Decide("connection", "not reached", err.Error())
		respond(x, 503, "ServiceUnavailableException", `{"message":"Another node holds the connection, and can't be reached now"}`)
	case r.Outcome == isFull:
		respond(x, 429, "LimitExceededException", "")
	case r.Outcome != done:
		gone(x)
	case x.Method == "POST":
		s.sent(1, posted)
		respond(x, 200, "", "")
	case x.Method == "GET":
		respond(x, 200, "", r.About)
	default:
		respond(x, 204, "", "")
	}
}

// sent notes that each of some clients was posted a message of so many bytes.
func (s *Stage) sent(clients, bytes int) {
	for range clients {
		s.observe.count(countMessages, nil)
	}
	if m := s.observe.Meter; m != nil {
		m.Sent(clients, bytes)
	}
}

// gone says that there is no such connection. SDKs know it by the field; there
// is no body.
func gone(x *exchange.Exchange) { respond(x, 410, "GoneException", "") }

// maxPost is the most bytes of a message that is posted.
const maxPost = 128 << 10

// mayManage wants a signature of a known identity whose policies allow the call
// for the connection of an ID; else x has the answer.
func (s *Stage) mayManage(x *exchange.Exchange, body []byte, id string) bool {
	if x.Method != "POST" && x.Method != "GET" && x.Method != "DELETE" {
		respond(x, 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`)
		return false
	}
	if s.anybody(x) {
		return true
	}
	who, _, err := serving.VerifyCaller(s.env.Verifier(s.scope.Region), s.env.Identities, x, body)
	if err != nil {
		s.refuseCaller(x, err)
		return false
	}
	resource := fmt.Sprintf("arn:%s:execute-api:%s:%s:%s/%s/%s/@connections/", s.scope.Partition, s.scope.Region, s.scope.Account, s.API, s.Name, x.Method)
	ask := iam.Request{
		Action: manage, Resource: resource + id, Principal: who.Principal(),
		Keys: &serving.PolicyKeys{X: x, At: time.Now(), Region: s.scope.Region, Caller: who},
	}
	verdict := who.Decide(&ask, nil, s.scope.Account)
	if verdict.Effect == iam.Allow {
		return true
	}
	masked := strings.Replace(resource, ":"+s.scope.Account+":", ":"+mask(s.scope.Account)+":", 1) + "{connectionId}"
	out := jsonpath.AppendText([]byte(`{"Message":`), "User: "+who.ARN+" is not authorized to perform: execute-api:ManageConnections on resource: "+masked)
	x.Decide("authorize", "denied", "no policy of the caller allows execute-api:ManageConnections")
	respond(x, 403, "AccessDeniedException", string(append(out, '}')))
	return false
}

// anybody says that no signature is checked: while no identities are
// configured, whoever signs on this machine may manage connections, as
// functions here do, with any credentials. Web pages of whatever origin can't:
// browsers say it, with or without a preflight, of all that changes something.
func (s *Stage) anybody(x *exchange.Exchange) bool {
	known := s.env.Identities
	if known == nil || !known.Open() || !x.Client.IP.IsLoopback() || !signed(x) || x.Header.Index("Origin", 0) >= 0 {
		return false
	}
	x.Decide("authorize", "allowed", "no identities are configured: any signature from this machine will do")
	return true
}

// signed says whether x carries a signature, good or not.
func signed(x *exchange.Exchange) bool {
	return x.Header.GetKnown(http1.NameAuthorization) != nil || bytes.Contains(x.Query, []byte("X-Amz-Signature"))
}

// mask shows the last four digits of an account, as AWS's errors do.
func mask(account string) string {
	if len(account) <= 4 {
		return account
	}
	return strings.Repeat("*", len(account)-4) + account[len(account)-4:]
}

func (s *Stage) refuseCaller(x *exchange.Exchange, err error) {
	own, ok := errors.AsType[*sigv4.Error](err)
	if !ok {
		respond(x, 500, "InternalServerErrorException", `{"message":"Internal server error"}`)
		return
	}
	x.Decide("authorize", "refused", "the request's signature: "+own.Message)
	name := "InvalidSignatureException"
	if !signed(x) {
		name, own = "MissingAuthenticationTokenException", &sigv4.Error{Message: "Missing Authentication Token"}
	}
	respond(x, 403, name, string(append(jsonpath.AppendText([]byte(`{"message":`), own.Message), '}')))
}
