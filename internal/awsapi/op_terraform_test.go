package awsapi

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	sdkv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	typesv2 "github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/google/go-cmp/cmp"
)

// terraform makes the calls that Terraform's AWS provider makes for its
// aws_api_gateway_* and aws_apigatewayv2_* resources, by AWS's SDK: evidence for
// each order of calls and each patch path is the provider's source,
// internal/service/apigateway and apigatewayv2.
type terraform struct {
	*house
	*sdk.Client
	v2        *sdkv2.Client
	ctx       context.Context
	api, root *string
}

// cycle is the life of one resource. Read is what a refresh calls, and an
// import too, from the parts of an ID. What it answers must be the state,
// exactly: members that are empty are unset for Terraform, and what the server
// chooses (see chosen) isn't compared.
type cycle struct {
	create  func(x *terraform) error
	read    func(x *terraform) (any, error)
	want    string
	updates []update
	destroy func(x *terraform) error
	// stays: the resource is a part of another, which is read after it is gone
	// and then shows this.
	stays string
}

// update is a change of the configuration.
type update struct {
	name  string
	apply func(x *terraform) error
	want  string
}

// chosen are the members that the server chooses, and that differ each time.
var chosen = []string{"ResultMetadata", "Id", "CreatedDate", "LastUpdatedDate", "ExpirationDate", "PemEncodedCertificate", "RootResourceId", "ApiStatus", "StatusMessage"}

// TestTerraform replays the life cycle of every resource: created, refreshed
// without a difference, updated, and destroyed, after which it isn't found.
func TestTerraform(t *testing.T) {
	for name, c := range cycles() {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.T = t
			x := &terraform{house: h, Client: h.sdkClient(), v2: h.sdkRoutes(), ctx: t.Context()}
			x.prerequisites()
			x.must(c.create(x))
			x.shows("created", c, c.want)
			for _, u := range c.updates {
				x.must(u.apply(x))
				x.shows(u.name, c, u.want)
			}
			x.must(c.destroy(x))
			if c.stays != "" {
				x.shows("destroyed", c, c.stays)
				return
			}
			if _, err := c.read(x); !absent(err) {
				t.Errorf("destroyed, and read: %v", err)
			}
			if err := c.destroy(x); !absent(err) {
				t.Errorf("destroyed twice: %v", err)
			}
		})
	}
}

// cycles are all resources but those of domain names.
func cycles() map[string]cycle {
	all := map[string]cycle{}
	for _, some := range []map[string]cycle{apiCycles(), methodCycles(), partCycles(), stageCycles(), accountCycles()} {
		for name, c := range some {
			all["aws_api_gateway_"+name] = c
		}
	}
	for _, some := range []map[string]cycle{routeAPICycles(), routeCycles(), routeStageCycles(), domainCycles(), webSocketCycles()} {
		for name, c := range some {
			all["aws_apigatewayv2_"+name] = c
		}
	}
	return all
}

func absent(err error) bool {
	_, ok := errors.AsType[*types.NotFoundException](err)
	_, v2 := errors.AsType[*typesv2.NotFoundException](err)
	return ok || v2
}

func (x *terraform) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

// prerequisites are an API that others refer to, with GET on its root.
func (x *terraform) prerequisites() {
	x.house.api()
	x.api, x.root = aws.String(x.expand("{api}")), aws.String(x.expand("{root}"))
}

// shows compares what a read answers with the state.
func (x *terraform) shows(step string, c cycle, want string) {
	x.Helper()
	out, err := c.read(x)
	if err != nil {
		x.Fatalf("%s: %v", step, err)
	}
	var state any
	if err := json.Unmarshal([]byte(x.expand(want)), &state); err != nil {
		x.Fatalf("%s: %v in %s", step, err, want)
	}
	raw, err := json.Marshal(out)
	if err != nil {
		x.Fatal(err)
	}
	var got any
	if err := json.Unmarshal(raw, &got); err != nil {
		x.Fatal(err)
	}
	if d := cmp.Diff(withoutEmpty(state, false), withoutEmpty(got, true)); d != "" {
		x.Errorf("%s: %s", step, d)
	}
}

// withoutEmpty leaves out the members that are unset for Terraform.
func withoutEmpty(v any, outermost bool) any {
	if list, ok := v.([]any); ok {
		for i := range list {
			list[i] = withoutEmpty(list[i], false)
		}
	}
	object, ok := v.(map[string]any)
	if !ok {
		return v
	}
	for _, name := range chosen {
		if outermost {
			delete(object, name)
		}
	}
	for name, member := range object {
		member = withoutEmpty(member, false)
		object[name] = member
		switch m := member.(type) {
		case nil:
			delete(object, name)
		case bool:
			if !m && !strings.Contains(name, ".") { // a parameter may be optional
				delete(object, name)
			}
		case string:
			// A template may be empty; a setting that is, is unset.
			if m == "" && !strings.Contains(name, "/") {
				delete(object, name)
			}
		case float64:
			if m == 0 {
				delete(object, name)
			}
		case []any:
			if len(m) == 0 {
				delete(object, name)
			}
		case map[string]any:
			if len(m) == 0 {
				delete(object, name)
			}
		}
	}
	return object
}

// changes is a list of patch operations: of each, operation, path and value.
// The value null is none.
func (x *terraform) changes(texts ...string) []types.PatchOperation {
	var list []types.PatchOperation
	for i := 0; i < len(texts); i += 3 {
		op := types.PatchOperation{Op: types.Op(texts[i]), Path: aws.String(x.expand(texts[i+1]))}
		if texts[i+2] != "null" {
			op.Value = aws.String(x.expand(texts[i+2]))
		}
		list = append(list, op)
	}
	return list
}

// names remembers what was made, for paths and states.
func (x *terraform) names(name string, id *string) { x.vars = append(x.vars, name, aws.ToString(id)) }

// id is a name's value.
func (x *terraform) id(name string) *string { return aws.String(x.expand(name)) }

const (
	tfPolicy      = `{"Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Principal":"*","Resource":"execute-api:/*/GET/*"}],"Version":"2012-10-17"}`
	tfPolicyShown = `{"Statement":[{"Action":"execute-api:Invoke","Effect":"Allow","Principal":"*","Resource":"arn:aws:execute-api:us-east-1:000000000000:{mine}/*/GET/*"}],"Version":"2012-10-17"}`
	tfBody        = `{"openapi":"3.0.1","info":{"title":"body","version":"1"},"paths":{"/pets":{"get":{"responses":{"200":{"description":"ok"}},"x-amazon-apigateway-integration":{"type":"mock"}}}}}`
)

// apiCycles: the API itself.
func apiCycles() map[string]cycle {
	read := func(x *terraform) (any, error) {
		out, err := x.GetRestApi(x.ctx, &sdk.GetRestApiInput{RestApiId: x.id("{mine}")})
		if err != nil {
			return nil, err
		}
		// The provider unquotes the policy, which comes as the inside of a JSON string.
		policy, err := strconv.Unquote(`"` + strings.ReplaceAll(aws.ToString(out.Policy), `\/`, `/`) + `"`)
		if policy != "" {
			out.Policy = &policy
		}
		return out, err
	}
	change := func(texts ...string) func(*terraform) error {
		return func(x *terraform) error {
			_, err := x.UpdateRestApi(x.ctx, &sdk.UpdateRestApiInput{RestApiId: x.id("{mine}"), PatchOperations: x.changes(texts...)})
			return err
		}
	}
	destroy := func(x *terraform) error {
		_, err := x.DeleteRestApi(x.ctx, &sdk.DeleteRestApiInput{RestApiId: x.id("{mine}")})
		return err
	}
	made := func(in *sdk.CreateRestApiInput) func(x *terraform) error {
		return func(x *terraform) error {
			out, err := x.CreateRestApi(x.ctx, in)
			if err == nil {
				x.names("{mine}", out.Id)
			}
			return err
		}
	}
	put := func(x *terraform) error {
		_, err := x.PutRestApi(x.ctx, &sdk.PutRestApiInput{RestApiId: x.id("{mine}"), Mode: types.PutModeOverwrite, Body: []byte(tfBody)})
		return err
	}
	regional := &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}}
	const edge = `"ApiKeySource":"HEADER","EndpointConfiguration":{"Types":["EDGE"],"IpAddressType":"ipv4"}`
	asRegional := strings.Replace(edge, "EDGE", "REGIONAL", 1)
	policy := `"Policy":` + strconv.Quote(tfPolicyShown)
	return map[string]cycle{
		"rest_api": {
			create: made(&sdk.CreateRestApiInput{Name: aws.String("n"), Description: aws.String("d"), BinaryMediaTypes: []string{"image/png", "*/*"}, MinimumCompressionSize: aws.Int32(0),
				EndpointConfiguration: regional, Policy: aws.String(tfPolicy), Tags: map[string]string{"a": "1", "b": "2"}}),
			read: read, destroy: destroy,
			want: `{"Name":"n","Description":"d","BinaryMediaTypes":["image/png","*/*"],"Tags":{"a":"1","b":"2"},` + asRegional + `,` + policy + `}`,
			updates: []update{
				{"settings", change("replace", "/apiKeySource", "AUTHORIZER", "remove", "/binaryMediaTypes/image~1png", "null", "remove", "/binaryMediaTypes/*~1*", "null", "add", "/binaryMediaTypes/a~1b", "null",
					"replace", "/description", "", "replace", "/disableExecuteApiEndpoint", "true", "replace", "/minimumCompressionSize", "null", "replace", "/name", "m", "replace", "/policy", ""),
					`{"Name":"m","BinaryMediaTypes":["a/b"],"DisableExecuteApiEndpoint":true,"Tags":{"a":"1","b":"2"},` + strings.Replace(asRegional, "HEADER", "AUTHORIZER", 1) + `}`},
				{"private", change("replace", "/endpointConfiguration/types/0", "PRIVATE", "add", "/endpointConfiguration/vpcEndpointIds", "vpce-1", "add", "/endpointConfiguration/vpcEndpointIds", "vpce-2"),
					`{"Name":"m","ApiKeySource":"AUTHORIZER","BinaryMediaTypes":["a/b"],"DisableExecuteApiEndpoint":true,"Tags":{"a":"1","b":"2"},"EndpointConfiguration":{"Types":["PRIVATE"],"IpAddressType":"dualstack","VpcEndpointIds":["vpce-1","vpce-2"]}}`},
				{"endpoints", change("remove", "/endpointConfiguration/vpcEndpointIds", "vpce-1", "remove", "/endpointConfiguration/vpcEndpointIds", "vpce-2", "add", "/endpointConfiguration/vpcEndpointIds", "vpce-3"),
					`{"Name":"m","ApiKeySource":"AUTHORIZER","BinaryMediaTypes":["a/b"],"DisableExecuteApiEndpoint":true,"Tags":{"a":"1","b":"2"},"EndpointConfiguration":{"Types":["PRIVATE"],"IpAddressType":"dualstack","VpcEndpointIds":["vpce-3"]}}`},
				{"tags", func(x *terraform) error {
					arn := aws.String(x.expand("arn:aws:apigateway:us-east-1::/restapis/{mine}"))
					if _, err := x.UntagResource(x.ctx, &sdk.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}}); err != nil {
						return err
					}
					_, err := x.TagResource(x.ctx, &sdk.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"b": "3", "c": ""}})
					return err
				}, `{"Name":"m","ApiKeySource":"AUTHORIZER","BinaryMediaTypes":["a/b"],"DisableExecuteApiEndpoint":true,"Tags":{"b":"3"},"EndpointConfiguration":{"Types":["PRIVATE"],"IpAddressType":"dualstack","VpcEndpointIds":["vpce-3"]}}`},
			},
		},
		"rest_api with a body": {
			create: func(x *terraform) error {
				if err := made(&sdk.CreateRestApiInput{Name: aws.String("n"), EndpointConfiguration: regional})(x); err != nil {
					return err
				}
				if err := put(x); err != nil {
					return err
				}
				return change("replace", "/name", "n")(x)
			},
			read: read, want: `{"Name":"n","Version":"1",` + asRegional + `}`, destroy: destroy,
		},
		"rest_api_put": {
			create: func(x *terraform) error {
				if err := made(&sdk.CreateRestApiInput{Name: aws.String("n")})(x); err != nil {
					return err
				}
				return put(x)
			},
			read: read, want: `{"Name":"body","Version":"1",` + edge + `}`, destroy: destroy,
		},
		"rest_api_policy": {
			create: func(x *terraform) error {
				if err := made(&sdk.CreateRestApiInput{Name: aws.String("n")})(x); err != nil {
					return err
				}
				return change("replace", "/policy", tfPolicy)(x)
			},
			read: read, want: `{"Name":"n",` + edge + `,` + policy + `}`,
			updates: []update{{"other policy", change("replace", "/policy", strings.Replace(tfPolicy, "Allow", "Deny", 1)),
				`{"Name":"n",` + edge + `,` + strings.Replace(policy, "Allow", "Deny", 1) + `}`}},
			destroy: change("replace", "/policy", ""), stays: `{"Name":"n",` + edge + `}`,
		},
	}
}
