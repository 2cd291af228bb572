package awsapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigatewayv2"
	"github.com/gatehouse/gatehouse/internal/awsapi/cognitoidp"
	lambdaapi "github.com/gatehouse/gatehouse/internal/awsapi/lambda"
	"github.com/gatehouse/gatehouse/internal/awsapi/wire"
)

// services whose endpoint a client may take us for.
var services = []string{"apigateway", "execute-api", "lambda", "sts", "acm", "cognito-idp", "elasticloadbalancing", "servicediscovery"}

func isService(name string) bool { return slices.Contains(services, name) }

// resolve finds the service and operation that are meant: by X-Amz-Target, by
// Action, else by the signature's scope and the path.
func (x *request) resolve(context.Context) error {
	c, r := x.call, x.http
	path := r.URL.EscapedPath()
	c.Service = x.signed.Service
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		x.protocol = awsJSON
		prefix, name, _ := strings.Cut(target, ".")
		if prefix == cognitoidp.Target {
			return x.resolvePool(name)
		}
		if t, ok := x.targets[prefix]; ok {
			return x.resolveTarget(t, name)
		}
		c.Operation = name
		if c.Service == "" {
			c.Service = prefix
		}
		return x.named()
	}
	if action := x.action(path); action != "" {
		x.protocol = awsQuery
		c.Operation = action
		return x.resolveQuery()
	}
	if c.Service == "" || c.Service == apigateway.Service {
		c.Service = serviceOfPath(path)
	}
	if c.Service == lambdaapi.Service {
		x.protocol = lambdaJSON
		path = strings.TrimSuffix(path, "/") // older clients end lists with one
	}
	if served := x.served[c.Service]; served != nil {
		op, labels := served.find(r.Method, path, r.URL.RawQuery)
		if op == nil {
			return unknownOperation()
		}
		x.op, x.in.Labels, c.Operation = op, labels, op.Name
	}
	return x.named()
}

// targeted is a service of the AWS JSON protocol, whose operations X-Amz-Target
// names.
type targeted struct {
	service  string
	protocol protocol
	ops      map[string]*wire.Operation
	// name says what a policy must allow the call on, and under which condition
	// keys.
	name func(c *Call, body []byte)
}

// resolveTarget finds an operation of such a service.
func (x *request) resolveTarget(t targeted, name string) error {
	c := x.call
	c.Service, c.Operation, x.op, x.protocol = t.service, name, t.ops[name], t.protocol
	x.out.Header = http.Header{"Content-Type": {jsonType}}
	if err := x.named(); err != nil {
		return err
	}
	t.name(c, x.body)
	return nil
}

// unknownOperation is AWS's answer to a signed request whose method and path
// mean nothing (public reports of several services).
func unknownOperation() error {
	return denied("Unable to determine service/operation name to be authorized")
}

// named says what a policy must allow. API Gateway's actions are HTTP methods
// on paths, without a /v2 (developer guide, "Control access for invoking an
// API"); other services' are their operations.
func (x *request) named() error {
	c := x.call
	switch c.Service {
	case apigateway.Service, apigatewayv2.Service:
		path := strings.TrimPrefix(canonicalPath(x.http.URL.EscapedPath()), "/v2")
		c.Action = "apigateway:" + x.http.Method
		c.Resource = apigw.ARN("arn:" + c.Scope.Partition + ":apigateway:" + c.Scope.Region + "::" + path)
	case lambdaapi.Service:
		x.nameFunction()
	default:
		c.Action = c.Service + ":" + c.Operation
		c.Resource = "*"
	}
	return nil
}

// canonicalPath writes a path in the one way that a policy can name: as AWS's
// clients escape it. Otherwise /restapis/%61 would be out of reach of what is
// said of /restapis/a, which it means.
func canonicalPath(escaped string) string {
	segments := strings.Split(escaped, "/")
	for i, s := range segments {
		if text, err := url.PathUnescape(s); err == nil {
			segments[i] = strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
		}
	}
	return strings.Join(segments, "/")
}

// action is the Action parameter of a call of the query protocol: in the form
// or the query string of a request for the root.
func (x *request) action(path string) string {
	if path != "/" {
		return ""
	}
	for pair := range strings.SplitSeq(x.form(), "&") {
		if value, ok := strings.CutPrefix(pair, "Action="); ok {
			action, err := url.QueryUnescape(value)
			if err != nil || len(action) > 128 {
				return ""
			}
			return action
		}
	}
	return ""
}

// serviceOfPath tells the services apart whose calls have paths. Lambda's
// begin with the date of an API version.
func serviceOfPath(path string) string {
	switch {
	case strings.HasPrefix(path, "/v2/"):
		return apigatewayv2.Service
	case len(path) > 12 && strings.HasPrefix(path, "/20") && path[5] == '-' && path[8] == '-' && path[11] == '/':
		return "lambda"
	}
	return apigateway.Service
}

// notServed names what is missing.
func (x *request) notServed() error {
	c := x.call
	switch {
	case c.Service == apigateway.Service:
		return apigw.Errorf(apigw.NotSupported, "Gatehouse doesn't serve %s yet", c.Operation)
	case c.Operation == "":
		return apigw.Errorf(apigw.NotSupported, "Gatehouse doesn't serve %s", c.Service)
	}
	return apigw.Errorf(apigw.NotSupported, "Gatehouse doesn't serve %s of %s yet", c.Operation, c.Service)
}
