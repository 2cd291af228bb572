package httpapi

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
)

// serviceCall calls one action of an AWS service (developer guide, "AWS service
// integrations for HTTP APIs").
type serviceCall struct {
	action    *action
	values    []serviceValue
	region    string // empty: the API's
	readsBody bool

	target  []byte // path of the service, without the slash at its end
	uri     *integration.URI
	caller  integration.ServiceCaller
	backend *integration.Backend
	timeout time.Duration
}

// serviceValue is a parameter's value.
type serviceValue struct {
	field *actionField
	text  string // as configured
	value mapping.RouteValue
	fixed []byte // the same for every request; nil: it isn't
}

// parseService reads the requestParameters of an integration with a subtype. What
// the action doesn't take, or wants and doesn't get, is an error that names it.
func parseService(i *apigw.RouteIntegration, vars map[string]string) (*serviceCall, error) {
	a := actions[i.Subtype]
	switch {
	case a == nil:
		return nil, fmt.Errorf("integrationSubtype %.128q is none of %s", i.Subtype, strings.Join(slices.Sorted(maps.Keys(actions)), ", "))
	case i.PayloadFormat != "" && i.PayloadFormat != "1.0":
		return nil, fmt.Errorf("payloadFormatVersion %s: %s has 1.0", i.PayloadFormat, i.Subtype)
	case i.Credentials == "":
		return nil, fmt.Errorf("credentialsArn must be specified for %s: a role, or arn:aws:iam::*:user/*", i.Subtype)
	case i.URI != "":
		return nil, fmt.Errorf("integrationUri %.128q: %s has none, as the service's address follows from the subtype", i.URI, i.Subtype)
	}
	s := &serviceCall{action: a, timeout: timeout(i)}
	for n := range a.fields {
		f := &a.fields[n]
		if _, given := i.RequestParameters[f.param]; f.required && !given {
			return nil, fmt.Errorf("requestParameters of %s lack %s, which is required", i.Subtype, f.param)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(i.RequestParameters)) {
		if err := s.addValue(name, i.RequestParameters[name], vars); err != nil {
			return nil, fmt.Errorf("requestParameters %.128s of %s: %w", name, i.Subtype, err)
		}
	}
	return s, nil
}

func (s *serviceCall) addValue(name, text string, vars map[string]string) error {
	value, err := mapping.ParseRouteValue(text, mapping.RequestPhase, vars)
	if err != nil {
		return err
	}
	fixed, always := value.Fixed()
	if name == "Region" {
		s.region = fixed
		if !always || strings.ContainsFunc(fixed, notInRegion) {
			// A client mustn't choose where the role's signature goes.
			return errors.New("it is the name of a region, the same for every request")
		}
		return nil
	}
	n := slices.IndexFunc(s.action.fields, func(f actionField) bool { return f.param == name })
	if n < 0 {
		return errors.New("the action has no such parameter")
	}
	v := serviceValue{field: &s.action.fields[n], text: text, value: value}
	if always && fixed != "" {
		var ok bool
		if v.fixed, ok = s.action.protocol.append([]byte{}, v.field, []byte(fixed)); !ok {
			return fmt.Errorf("%.256q is no %s", fixed, v.field.kind.what())
		}
	}
	s.values, s.readsBody = append(s.values, v), s.readsBody || value.ReadsBody()
	return nil
}

func notInRegion(c rune) bool { return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') }

// compileService is the backend of an AWS service's action. Each route has its
// own, as the trust of the role is asked about the route.
func (c *compiler) compileService(place string, route *apigw.Route, i *apigw.RouteIntegration) backend {
	s, err := parseService(i, c.vars)
	if err != nil {
		c.refuse(place, err.Error())
		return nil
	}
	if c.env == nil || c.unknownYet(i.Credentials) {
		return s
	}
	if c.env.Services == nil {
		return c.broken(place, errors.New("no AWS services are set up"))
	}
	if s.region == "" {
		s.region = c.out.scope.Region
	}
	found, err := c.env.Services.Find(s.action.uri(c.out.scope.Partition, s.region), nil)
	if err == nil {
		s.caller, err = c.env.Services.ServiceCaller(found, integration.Substitute(i.Credentials, c.vars), c.sourceARN(route))
	}
	if err != nil {
		return c.broken(place, err)
	}
	if s.uri = found.Plain; s.uri == nil {
		s.uri = found.URI
	}
	s.target = []byte(strings.TrimSuffix(string(s.uri.AppendTarget(nil, &mapping.Input{})), "/"))
	s.backend = c.env.Pools.Acquire(s.uri, false, nil)
	c.out.backends = append(c.out.backends, s.backend)
	return s
}

func (s *serviceCall) serve(r *Request) *exchange.Fault {
	if s.readsBody {
		if f := r.readMapped(); f != nil {
			return f
		}
	}
	r.call.Reset()
	req := &r.call.Request
	req.Method, req.ForceLength = s.action.method, true
	req.Host = append(req.Host, s.uri.Host...)
	req.Target = append(req.Target, s.target...)
	if f := s.build(r, req); f != nil {
		return f
	}
	if f := r.unmapped(); f != nil {
		return f
	}
	s.addHeaders(r, req)
	if r.signing == nil {
		r.signing = new(integration.Signing)
	}
	waited, f := s.caller.Sign(r.client(), req, &r.Stage.env.signer, r.signing, s.timeout)
	if f != nil {
		return f
	}
	return s.do(r, waited)
}

func (s *serviceCall) do(r *Request, waited time.Duration) *exchange.Fault {
	r.callBegins(apigw.IntegrationAWSProxy, s.uri.Address)
	resp := &r.X.Response
	body, f := r.call.Do(r.X, s.backend, r.X.Outcome.Integration.Began.Add(s.timeout-waited), resp.Body[:0])
	if resp.Body = body; f != nil {
		r.callEnded(0, "")
		return f
	}
	from := &r.call.Response
	r.callEnded(from.Status, integration.ServiceRequestID(&from.Header))
	addService(open(r.X, from.Status), &from.Header)
	return nil
}

// addService passes a service's fields on, but for those of its connection and
// AWS's own (x-amz-…, x-amzn-…), which tell of the account.
func addService(out, from *http1.Header) {
	integration.PassFields(out, from, func(name []byte, k http1.Known) bool {
		return ownAnswerField(name, k) || len(name) >= 5 && strings.EqualFold(string(name[:5]), "x-amz")
	})
}

// unresolved is the fault of a parameter that comes to nothing, or to what its
// service can't be sent, in AWS's words (seen on AWS).
func unresolved(v *serviceValue) *exchange.Fault {
	return &exchange.Fault{Kind: exchange.BadRequestParameters, Status: 400, Message: "Unable to resolve property " + v.field.param + " from source " + v.text +
		". Please make sure that the request to API Gateway contains all the necessary fields specified in request parameters."}
}

var (
	fieldTarget = []byte("X-Amz-Target")
)

func (s *serviceCall) addHeaders(r *Request, req *http1.ClientRequest) {
	a := s.action
	if a.contentType != "" {
		req.Header.AddBytes(fieldContentType, []byte(a.contentType))
	}
	if a.target != "" {
		req.Header.AddBytes(fieldTarget, []byte(a.target))
	}
	req.Header.Add("User-Agent", "AmazonAPIGateway_"+string(r.Stage.API))
	req.Header.AddBytes(fieldTrace, r.Trace)
}
