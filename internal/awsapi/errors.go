package awsapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/acm"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	lambdaapi "github.com/gatehouse/gatehouse/internal/awsapi/lambda"
	"github.com/gatehouse/gatehouse/internal/awsapi/servicediscovery"
	"github.com/gatehouse/gatehouse/internal/sigv4"
	"github.com/gatehouse/gatehouse/internal/userpool"
)

// refusal is an error as the wire shows it.
type refusal struct {
	status  int
	code    string // x-amzn-ErrorType
	message string
	// namespace is that of the error's document where it is XML.
	namespace string
	members   map[string]string // of the error beside its message
}

func (e *refusal) Error() string { return e.code + ": " + e.message }

// answerOf is the one place where an error becomes AWS's answer. What isn't
// meant for the caller is logged under the request's ID and told to nobody.
func (s *Server) answerOf(c *Call, err error) *refusal {
	if _, query := s.queries[c.Service]; query {
		return s.queryAnswerOf(c, err)
	}
	if e, ok := errors.AsType[*refusal](err); ok {
		return e
	}
	if e, ok := errors.AsType[*sigv4.Error](err); ok {
		return &refusal{status: http.StatusForbidden, code: string(e.Kind), message: e.Message}
	}
	if e, ok := errors.AsType[*userpool.Error](err); ok {
		return &refusal{status: http.StatusBadRequest, code: e.Code, message: e.Message}
	}
	log := s.Logger.With("requestId", c.RequestID, "operation", c.Operation, "error", err)
	if e, ok := errors.AsType[*apigw.Error](err); ok && e.Kind != apigw.Internal {
		status, code := statusOf(e.Kind)
		if c.Service == lambdaapi.Service {
			status, code = functionStatusOf(e.Kind)
		}
		if c.Service == apigatewayv2.Service {
			status, code = routeStatusOf(e.Kind)
		}
		if c.Service == acm.Service {
			status, code = certificateStatusOf(e.Kind)
		}
		if c.Service == cognitoidp.Service {
			status, code = poolStatusOf(e.Kind)
		}
		if e.Kind == apigw.Unavailable {
			log.Error("management call failed: the store can't be used")
		}
		if c.Service == servicediscovery.Service {
			status, code = registryStatusOf(e.Kind)
		}
		return &refusal{status: status, code: cmp.Or(e.Code, code), message: e.Message, members: e.Members}
	}
	log.Error("management call failed")
	if c.Service == lambdaapi.Service {
		return &refusal{status: http.StatusInternalServerError, code: "ServiceException", message: "Internal failure"}
	}
	return &refusal{status: http.StatusInternalServerError, code: "InternalFailure", message: "Internal failure"}
}

func statusOf(k apigw.Kind) (status int, code string) {
	switch k {
	case apigw.BadRequest:
		return http.StatusBadRequest, "BadRequestException"
	case apigw.Validation:
		return http.StatusBadRequest, "ValidationException"
	case apigw.Serialization:
		return http.StatusBadRequest, "SerializationException"
	case apigw.NotFound:
		return http.StatusNotFound, "NotFoundException"
	case apigw.Conflict:
		return http.StatusConflict, "ConflictException"
	case apigw.LimitExceeded:
		return http.StatusTooManyRequests, "LimitExceededException"
	case apigw.Throttled:
		return http.StatusTooManyRequests, "TooManyRequestsException"
	case apigw.Denied:
		return http.StatusForbidden, "AccessDeniedException"
	case apigw.Unavailable:
		return http.StatusServiceUnavailable, "ServiceUnavailableException"
	case apigw.NotSupported:
		return http.StatusNotImplemented, "NotImplementedException"
	}
	return http.StatusInternalServerError, "InternalFailure"
}

// routeStatusOf is statusOf in version 2 of the API, whose model has one error
// for all that is wrong with a request, and one for every limit.
func routeStatusOf(k apigw.Kind) (status int, code string) {
	switch k {
	case apigw.Validation, apigw.Serialization:
		k = apigw.BadRequest
	case apigw.LimitExceeded:
		k = apigw.Throttled
	}
	return statusOf(k)
}

// protocol is how a service writes its errors.
type protocol uint8

const (
	restJSON       protocol = iota // code in a header
	awsJSON                        // code in the body as well
	awsJSONCapital                 // likewise, of a service that writes Message
	awsQuery                       // XML
	lambdaJSON                     // code in a header, and whose fault it is in the body
)

func writeError(w http.ResponseWriter, p protocol, e *refusal, requestID string) {
	h := w.Header()
	h["x-amzn-ErrorType"] = []string{e.code}
	if e.status == http.StatusTooManyRequests || e.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	var body []byte
	switch p {
	case awsQuery:
		h.Set("Content-Type", "text/xml")
		body = xmlError(e, requestID)
	case awsJSON:
		h.Set("Content-Type", jsonType)
		body = jsonError(map[string]string{"__type": e.code, "message": e.message})
	case awsJSONCapital:
		h.Set("Content-Type", jsonType)
		members := map[string]string{"__type": e.code, "Message": e.message}
		maps.Copy(members, e.members)
		body = jsonError(members)
	case lambdaJSON:
		h.Set("Content-Type", "application/json")
		body = functionError(e)
	default:
		h.Set("Content-Type", "application/json")
		body = jsonError(map[string]string{"message": e.message})
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(e.status)
	_, _ = w.Write(body)
}

func jsonError(members map[string]string) []byte {
	body, err := json.Marshal(members)
	if err != nil { // strings alone: it can't fail
		return []byte("{}")
	}
	return body
}
