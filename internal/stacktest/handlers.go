package stacktest

import (
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// handlers are all types that a template may have.
func handlers() map[string]handler {
	all := map[string]handler{}
	for prefix, some := range map[string]map[string]handler{
		"AWS::ApiGateway::": apiHandlers(), "AWS::ApiGatewayV2::": routeHandlers(), "AWS::Lambda::": functionHandlers(), "AWS::Cognito::": poolHandlers(),
		"AWS::ElasticLoadBalancingV2::": balancerHandlers(), "AWS::ServiceDiscovery::": registryHandlers(), "": absentHandlers(),
	} {
		for name, h := range some {
			all[prefix+name] = h
		}
	}
	return all
}

func apiHandlers() map[string]handler {
	all := map[string]handler{
		"RestApi":              restAPIHandler(),
		"Resource":             {[]string{"*"}, createResource, readResource, nil, removeResource},
		"Method":               {[]string{"RestApiId", "ResourceId", "HttpMethod"}, createMethod, readMethod, updateMethod, removeMethod},
		"Deployment":           deploymentHandler(),
		"Stage":                stageHandler(),
		"Model":                modelHandler(),
		"RequestValidator":     validatorHandler(),
		"Authorizer":           authorizerHandler(),
		"GatewayResponse":      gatewayResponseHandler(),
		"DocumentationPart":    documentationPartHandler(),
		"DocumentationVersion": documentationVersionHandler(),
	}
	maps.Copy(all, clientHandlers())
	return all
}

// absentHandlers are types of services that Gatehouse doesn't have. Their
// resources exist in the stack alone, with the attributes that templates ask
// for.
func absentHandlers() map[string]handler {
	made := func(attribute string, value func(c *call) string) handler {
		return handler{
			create: func(c *call) error {
				c.id = c.Name + "-" + c.name
				if attribute != "" {
					c.attributes[attribute] = value(c)
				}
				return nil
			},
			update: func(*call) error { return nil },
			remove: func(*call) error { return nil },
		}
	}
	role := made("Arn", func(c *call) string { return "arn:aws:iam::" + c.Account + ":role/" + c.id })
	return map[string]handler{
		"AWS::IAM::Role":        role,
		"AWS::IAM::Policy":      made("", nil),
		"AWS::S3::Bucket":       made("", nil),
		"AWS::S3::BucketPolicy": made("", nil),
		"AWS::Logs::LogGroup": made("Arn", func(c *call) string {
			return "arn:aws:logs:" + c.Region + ":" + c.Account + ":log-group:" + c.id + ":*"
		}),
		// A function of the Serverless Framework that CloudFormation calls: it
		// reads the account, makes a role and writes its ARN (in the package
		// serverless, lib/plugins/aws/custom-resources).
		"Custom::ApiGatewayAccountRole": {
			create: func(c *call) error {
				c.id = c.name
				if _, err := c.API.GetAccount(c.ctx, &apigateway.GetAccountInput{}); err != nil {
					return err
				}
				return c.account("arn:aws:iam::" + c.Account + ":role/serverlessApiGatewayCloudWatchRole")
			},
			update: func(*call) error { return nil },
			remove: func(*call) error { return nil },
		},
	}
}

// given is a property's text, for a call; nil where there is none.
func (c *call) given(name string) *string {
	if v, ok := c.properties[name]; ok {
		return aws.String(text(v))
	}
	return nil
}

// patches are the operations of an update.
type patches []types.PatchOperation

func (p *patches) add(op types.Op, path string, value any) {
	*p = append(*p, types.PatchOperation{Op: op, Path: &path, Value: aws.String(text(value))})
}

// pair is an entry before and after.
type pair struct{ old, now any }

// changed are the members that aren't the same in both.
func changed(old, now map[string]any) map[string]pair {
	out := map[string]pair{}
	for name, v := range old {
		if document(v) != document(now[name]) {
			out[name] = pair{v, now[name]}
		}
	}
	for name, v := range now {
		if _, ok := old[name]; !ok {
			out[name] = pair{nil, v}
		}
	}
	return out
}

// scalars replaces the properties that changed: names and paths in turn. One
// that is gone becomes empty.
func (c *call) scalars(p *patches, names ...string) {
	for i := 0; i < len(names); i += 2 {
		old, now := c.old[names[i]], c.properties[names[i]]
		if document(old) == document(now) {
			continue
		}
		if now == nil {
			now = ""
		}
		if object(now) != nil {
			now = document(now)
		}
		p.add(types.OpReplace, names[i+1], now)
	}
}

// escaped is a name as a segment of a patch path.
func escaped(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// retag gives a resource the tags of the template.
func (c *call) retag(path string) error {
	arn := "arn:aws:apigateway:" + c.Region + "::" + path
	old, now := tags(c.old["Tags"]), tags(c.properties["Tags"])
	set, gone := map[string]string{}, []string{}
	for name, v := range changed(old, now) {
		if v.now == nil {
			gone = append(gone, name)
			continue
		}
		set[name] = text(v.now)
	}
	if len(set) > 0 {
		if _, err := c.API.TagResource(c.ctx, &apigateway.TagResourceInput{ResourceArn: &arn, Tags: set}); err != nil {
			return err
		}
	}
	if len(gone) > 0 {
		_, err := c.API.UntagResource(c.ctx, &apigateway.UntagResourceInput{ResourceArn: &arn, TagKeys: gone})
		return err
	}
	return nil
}

// tagList is what a read's tags are in a template.
func tagList(read map[string]any) map[string]any {
	list := []any{}
	for name, v := range object(read["Tags"]) {
		list = append(list, map[string]any{"Key": name, "Value": v})
	}
	read["Tags"] = list
	return read
}
