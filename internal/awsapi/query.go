package awsapi

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/elbv2"
	"github.com/gatehouse/gatehouse/internal/awsapi/sts"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
	"github.com/gatehouse/gatehouse/internal/identity"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// queryService is what the answers of a service of the query protocol carry.
type queryService struct{ version, namespace string }

// queryServices are those of the services that are served; a service's
// operations are in Server.queries.
func queryServices(service string) queryService {
	switch service {
	case sts.Service:
		return queryService{"2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/"}
	case elbv2.Service:
		return queryService{"2015-12-01", "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"}
	}
	return queryService{}
}

func byName(table []wire.Operation) map[string]*wire.Operation {
	m := map[string]*wire.Operation{}
	for i := range table {
		m[table[i].Name] = &table[i]
	}
	return m
}

// expect tells from the signature's scope how errors are written that come
// before the operation is known.
func (x *request) expect() {
	if _, query := x.queries[x.signed.Service]; query {
		x.protocol, x.call.Service = awsQuery, x.signed.Service
	}
}

// maybeFederated says that a request may be one that a token vouches for: a form,
// small, without a signature.
func (x *request) maybeFederated() bool {
	r := x.http
	return x.Sessions.AssumeRoleWithWebIdentity != nil && r.Method == http.MethodPost && r.URL.Path == "/" && isForm(r) &&
		len(r.Header.Values("Authorization")) == 0 && !strings.Contains(r.URL.RawQuery, "X-Amz-") &&
		r.ContentLength >= 0 && r.ContentLength <= smallBody
}

func isForm(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// resolveQuery finds the operation of a call of the query protocol.
func (x *request) resolveQuery() error {
	c := x.call
	if x.federated {
		c.Service = sts.Service
	}
	form, _ := wire.ParseQuery(x.form()) // a form that is none is refused when it is decoded
	if c.Service == "" {
		c.Service = x.serviceOfVersion(given(form, "Version"))
	}
	x.op = x.queries[c.Service][c.Operation]
	if err := x.named(); err != nil {
		return err
	}
	if c.Service == elbv2.Service {
		c.Resource = balancerResource(c, form)
	}
	return nil
}

// given is a parameter; empty: it isn't given. One that is given twice is refused
// when the form is decoded.
func given(form []wire.QueryParameter, name string) string {
	for _, p := range form {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// serviceOfVersion is the service that has a version, for calls whose signature
// names none; empty: none that is served.
func (x *request) serviceOfVersion(version string) string {
	for service := range x.queries {
		if queryServices(service).version == version {
			return service
		}
	}
	return ""
}

// form is the parameters of a call of the query protocol, as they travel.
func (x *request) form() string {
	if x.http.Method == http.MethodPost && isForm(x.http) {
		return string(x.body)
	}
	return x.http.URL.RawQuery
}

// decodeForm reads the parameters of a call of the query protocol.
func (x *request) decodeForm() error {
	parameters, err := wire.ParseQuery(x.form())
	if err != nil {
		return apigw.Errorf(apigw.Serialization, "The form can't be decoded")
	}
	service, version := queryServices(x.call.Service), ""
	own := parameters[:0]
	for _, p := range parameters {
		switch {
		case p.Name == "Version":
			version = p.Value
		case p.Name != "Action" && !ofClient(p.Name):
			own = append(own, p)
		}
	}
	if x.op != nil && version != service.version {
		return &refusal{status: http.StatusBadRequest, code: "InvalidAction", message: "Could not find operation " + x.call.Operation + " for version " + clipped(version)}
	}
	x.in.Header, x.in.Body = x.http.Header, x.body // for the audit record
	return x.in.SetForm(own)
}

// clipped bounds what an answer repeats of a request.
func clipped(s string) string {
	if len(s) > 100 {
		return s[:100]
	}
	return s
}

// asXML turns the result of a call of the query protocol into its answer.
func (x *request) asXML() (err error) {
	if !x.out.Query {
		return nil
	}
	x.result = x.out.Body
	x.out.Body, err = x.out.XML(x.call.Operation, queryServices(x.call.Service).namespace, x.call.RequestID)
	x.out.Header = http.Header{"Content-Type": {"text/xml"}}
	return err
}

// queryAnswerOf is answerOf in the words of services of the query protocol
// (STS API reference, "Common error types").
func (s *Server) queryAnswerOf(c *Call, err error) *refusal {
	e := *s.queryRefusal(c, err)
	e.namespace = queryServices(c.Service).namespace
	return &e
}

func (s *Server) queryRefusal(c *Call, err error) *refusal {
	if e, ok := errors.AsType[*identity.Refusal](err); ok {
		status := http.StatusBadRequest
		if e.Reason == identity.AccessDenied {
			status = http.StatusForbidden
		}
		return &refusal{status: status, code: string(e.Reason), message: e.Message}
	}
	if e, ok := errors.AsType[*sigv4.Error](err); ok {
		return querySignature(e)
	}
	if e, ok := errors.AsType[*refusal](err); ok {
		if e.code == "AccessDeniedException" {
			return &refusal{status: e.status, code: "AccessDenied", message: e.message}
		}
		return e
	}
	log := s.Logger.With("requestId", c.RequestID, "operation", c.Operation, "error", err)
	e, ok := errors.AsType[*apigw.Error](err)
	if !ok || e.Kind == apigw.Internal {
		log.Error("management call failed")
		return &refusal{status: http.StatusInternalServerError, code: "InternalFailure", message: "Internal failure"}
	}
	if e.Code != "" {
		return &refusal{status: http.StatusBadRequest, code: e.Code, message: e.Message}
	}
	switch e.Kind {
	case apigw.Denied:
		return &refusal{status: http.StatusForbidden, code: "AccessDenied", message: e.Message}
	case apigw.Validation, apigw.BadRequest:
		return &refusal{status: http.StatusBadRequest, code: "ValidationError", message: e.Message}
	case apigw.Serialization:
		return &refusal{status: http.StatusBadRequest, code: "MalformedInput", message: e.Message}
	case apigw.Unavailable:
		log.Error("management call failed: the store can't be used")
		return &refusal{status: http.StatusServiceUnavailable, code: "ServiceUnavailable", message: e.Message}
	}
	status, code := statusOf(e.Kind)
	return &refusal{status: status, code: code, message: e.Message}
}

func querySignature(e *sigv4.Error) *refusal {
	code, status := "SignatureDoesNotMatch", http.StatusForbidden
	switch e.Kind {
	case sigv4.MissingToken:
		return &refusal{status: status, code: "MissingAuthenticationToken", message: "Request is missing Authentication Token"}
	case sigv4.Incomplete:
		code, status = "IncompleteSignature", http.StatusBadRequest
	case sigv4.UnrecognizedClient:
		code = "InvalidClientTokenId"
	case sigv4.ExpiredToken:
		code = "ExpiredToken"
	}
	return &refusal{status: status, code: code, message: e.Message}
}

// xmlError is an error's document.
func xmlError(e *refusal, requestID string) []byte {
	var doc struct {
		XMLName xml.Name
		Error   struct{ Type, Code, Message string }
		ID      string `xml:"RequestId"`
	}
	doc.XMLName = xml.Name{Space: e.namespace, Local: "ErrorResponse"}
	doc.Error.Type, doc.Error.Code, doc.Error.Message, doc.ID = "Sender", e.code, e.message, requestID
	if e.status >= http.StatusInternalServerError {
		doc.Error.Type = "Receiver"
	}
	body, err := xml.Marshal(&doc)
	if err != nil { // strings alone: it can't fail
		return []byte("<ErrorResponse/>")
	}
	return body
}
