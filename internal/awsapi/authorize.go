package awsapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/awsapi/apigateway"
	"github.com/gatehouse/gatehouse/internal/awsapi/sts"
	"github.com/gatehouse/gatehouse/internal/control"
	"github.com/gatehouse/gatehouse/internal/iam"
	"github.com/gatehouse/gatehouse/internal/openapi"
	"github.com/gatehouse/gatehouse/internal/sigv4"
)

// authorize asks for the action on the resource. A call that isn't served is
// asked for too: who may not call learns nothing.
func (x *request) authorize(ctx context.Context) error {
	if x.isUnsigned() && x.op != nil && x.op.Serve != nil {
		return nil // what the call carries decides
	}
	if x.federated && (x.op == nil || x.call.Service != sts.Service || x.op.Name != "AssumeRoleWithWebIdentity") {
		return &sigv4.Error{Kind: sigv4.MissingToken, Message: "Missing Authentication Token"}
	}
	if err := x.allowed(ctx); err != nil {
		return err
	}
	if x.op != nil && x.op.Raw && len(x.body) > maxDefinition && x.call.Service == apigateway.Service {
		return apigw.Errorf(apigw.BadRequest, "The body is larger than %d bytes", maxDefinition)
	}
	return halRefused(x.http.Header)
}

// allowed asks for the call's action on its resource.
func (x *request) allowed(ctx context.Context) error {
	if err := x.Authorize(ctx, x.call); err != nil || x.ofAnybody() {
		return err
	}
	if x.call.Caller.Identity == nil && !x.open { // nobody comes here so
		return &sigv4.Error{Kind: sigv4.MissingToken, Message: "Missing Authentication Token"}
	}
	return ask(x.call, x.call.Action, x.call.Resource, "", "")
}

// ofAnybody says that a call needs no permission of its own: those of STS that
// are served decide themselves, by the role's trust, or are for every caller
// (STS API reference, GetCallerIdentity and GetSessionToken).
func (x *request) ofAnybody() bool { return x.call.Service == sts.Service && x.op != nil }

// ask decides by the policies of the caller, in AWS's words. While nobody may
// sign, all is allowed.
func ask(c *Call, action string, resource apigw.ARN, key, value string) error {
	who := c.Caller.Identity
	if who == nil {
		return nil
	}
	if action == passRole && accountOf(string(resource)) != who.Account {
		return apigw.Errorf(apigw.Denied, "Cross-account pass role is not allowed.")
	}
	request := &iam.Request{
		Action: action, Resource: string(resource), Principal: who.Principal(), Keys: conditionKeys{c, key, value},
	}
	v := who.Decide(request, nil, who.Account)
	if v.Effect == iam.Allow {
		return nil
	}
	return apigw.Errorf(apigw.Denied, "User: %s is not authorized to perform: %s on resource: %s%s", who.ARN, action, resource, v.Why(action))
}

const (
	passRole = "iam:PassRole"

	// Whom roles are passed to.
	apiGatewayPrincipal = "apigateway.amazonaws.com"
	lambdaPrincipal     = "lambda.amazonaws.com"

	// changePolicy is asked for beside the method where a call sets the policy
	// of an API (service authorization reference, "Amazon API Gateway
	// Management").
	changePolicy = "apigateway:UpdateRestApiPolicy"
)

func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

// passing runs a change and refuses it when it hands over another role than
// was there and the caller may not.
func passing(c *Call, role *string, service string, change func() error) error {
	before := *role
	if err := change(); err != nil || *role == before {
		return err
	}
	return c.PassRole(*role, service)
}

// mayCreate says whether the caller may set a new API's policy, and hand on the
// roles and the policy of the one that is cloned. One that isn't there is told
// of later.
func (o rest) mayCreate(ctx context.Context, c *Call, api *control.NewRestAPI) error {
	if c.Ask == nil {
		return nil
	}
	policy := api.API.Policy
	if api.CloneFrom != "" {
		from := apigw.ARN("arn:" + c.Scope.Partition + ":apigateway:" + c.Scope.Region + "::/restapis/" + string(api.CloneFrom))
		if err := c.May("apigateway:GET", from); err != nil {
			return err
		}
		def, err := o.c.DefinitionAt(ctx, c.Scope, api.CloneFrom, "edited")
		if err != nil {
			return nil
		}
		if policy == "" {
			policy = def.API.Policy
		}
		if err := passAll(c, def); err != nil {
			return err
		}
	}
	if policy == "" {
		return nil
	}
	return c.May(changePolicy, c.Resource)
}

// passAll asks for every role of a definition.
func passAll(c *Call, def *apigw.Definition) error {
	for _, a := range def.Authorizers {
		if err := c.PassRole(a.Credentials, apiGatewayPrincipal); err != nil {
			return err
		}
	}
	for _, r := range def.Resources {
		for _, m := range r.Methods {
			if m.Integration == nil {
				continue
			}
			if err := c.PassRole(m.Integration.Credentials, apiGatewayPrincipal); err != nil {
				return err
			}
		}
	}
	return nil
}

// mayImport says whether the caller may hand over what a definition names:
// roles, and a policy.
func mayImport(c *Call) func(*openapi.API) error {
	return func(api *openapi.API) error {
		if api.Policy != "" {
			if err := c.May(changePolicy, c.Resource); err != nil {
				return err
			}
		}
		for _, a := range api.Authorizers {
			if err := c.PassRole(a.Credentials, apiGatewayPrincipal); err != nil {
				return err
			}
		}
		for _, p := range api.Paths {
			for _, m := range p.Methods {
				if m.Integration == nil {
					continue
				}
				if err := c.PassRole(m.Integration.Credentials, apiGatewayPrincipal); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// conditionKeys are the global condition keys of a management call (IAM user
// guide, "AWS global condition context keys"), and one of an action's own.
type conditionKeys struct {
	*Call
	own, value string
}

// Values implements iam.Keys.
func (k conditionKeys) Values(dst []string, key string) []string {
	value := ""
	switch key {
	case "":
	case k.own:
		value = k.value
	case "aws:currenttime":
		value = k.Time.UTC().Format(time.RFC3339)
	case "aws:epochtime":
		value = strconv.FormatInt(k.Time.Unix(), 10)
	case "aws:requestedregion":
		value = k.Scope.Region
	case "aws:sourceip":
		value = k.Source
	case "aws:useragent":
		value = k.UserAgent
	default:
		value = k.Keys[key]
		if value == "" && k.Caller.Identity != nil {
			value = k.Caller.Identity.Key(key)
		}
	}
	if value == "" {
		return dst
	}
	return append(dst, value)
}
