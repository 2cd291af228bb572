package stacktest

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func restAPIHandler() handler {
	return handler{
		create: func(c *call) error {
			id, root, err := c.createAPI()
			if err != nil {
				return err
			}
			c.id = id
			c.attributes["RootResourceId"], c.attributes["RestApiId"] = root, id
			return nil
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetRestApi(c.ctx, &apigateway.GetRestApiInput{RestApiId: &c.id})
			if err != nil {
				return nil, err
			}
			read := tagList(renamed(properties(out), "ApiKeySource", "ApiKeySourceType"))
			read["Body"], read["FailOnWarnings"] = c.properties["Body"], c.properties["FailOnWarnings"] // writeOnly
			if out.Policy != nil {
				read["Policy"] = c.policy(strings.ReplaceAll(*out.Policy, `\`, ""))
			}
			return read, nil
		},
		update: updateAPI,
		remove: func(c *call) error {
			_, err := c.API.DeleteRestApi(c.ctx, &apigateway.DeleteRestApiInput{RestApiId: &c.id})
			return err
		},
	}
}

// policy is a resource policy as the template has it: its short resources
// were expanded when it was stored.
func (c *call) policy(stored string) any {
	return parsed(strings.ReplaceAll(stored, "arn:aws:execute-api:"+c.Region+":"+c.Account+":"+c.id+"/", "execute-api:/"))
}

// createAPI makes an API by members, or imports its document and patches what
// the template says beside it.
func (c *call) createAPI() (id, root string, err error) {
	if c.properties["Body"] == nil {
		in := new(apigateway.CreateRestApiInput)
		if err := fill(in, c.apiMembers()); err != nil {
			return "", "", err
		}
		out, err := c.API.CreateRestApi(c.ctx, in)
		if err != nil {
			return "", "", err
		}
		return *out.Id, *out.RootResourceId, nil
	}
	imported, err := c.API.ImportRestApi(c.ctx, &apigateway.ImportRestApiInput{Body: []byte(document(c.properties["Body"])), FailOnWarnings: c.properties["FailOnWarnings"] == true})
	if err != nil {
		return "", "", err
	}
	c.id, c.old = *imported.Id, map[string]any{"EndpointConfiguration": map[string]any{"Types": []any{string(imported.EndpointConfiguration.Types[0])}}}
	return *imported.Id, *imported.RootResourceId, c.patchAPI()
}

func (c *call) apiMembers() map[string]any {
	in := renamed(without(c.properties, "Body", "FailOnWarnings", "Mode", "Parameters"), "ApiKeySourceType", "ApiKeySource")
	if p, ok := in["Policy"]; ok {
		in["Policy"] = document(p)
	}
	if t, ok := in["Tags"]; ok {
		in["Tags"] = tags(t)
	}
	return in
}

func updateAPI(c *call) error {
	if body := c.properties["Body"]; body != nil && document(body) != document(c.old["Body"]) {
		if _, err := c.API.PutRestApi(c.ctx, &apigateway.PutRestApiInput{RestApiId: &c.id, Mode: types.PutModeOverwrite, Body: []byte(document(body)), FailOnWarnings: c.properties["FailOnWarnings"] == true}); err != nil {
			return err
		}
		c.old = without(c.old, "Name", "Description", "Policy") // an overwrite may have changed them
	}
	return c.patchAPI()
}

func (c *call) patchAPI() error {
	var p patches
	c.scalars(&p, "Name", "/name", "Description", "/description", "ApiKeySourceType", "/apiKeySource", "Policy", "/policy",
		"MinimumCompressionSize", "/minimumCompressionSize", "DisableExecuteApiEndpoint", "/disableExecuteApiEndpoint")
	old, _ := c.old["BinaryMediaTypes"].([]any)
	now, _ := c.properties["BinaryMediaTypes"].([]any)
	for _, t := range now {
		if !slices.Contains(old, t) {
			p.add(types.OpAdd, "/binaryMediaTypes/"+escaped(text(t)), "")
		}
	}
	for _, t := range old {
		if !slices.Contains(now, t) {
			p.add(types.OpRemove, "/binaryMediaTypes/"+escaped(text(t)), "")
		}
	}
	was, is := object(c.old["EndpointConfiguration"])["Types"], object(c.properties["EndpointConfiguration"])["Types"]
	if is != nil && document(was) != document(is) {
		p.add(types.OpReplace, "/endpointConfiguration/types/"+text(was.([]any)[0]), is.([]any)[0])
	}
	if len(p) > 0 {
		if _, err := c.API.UpdateRestApi(c.ctx, &apigateway.UpdateRestApiInput{RestApiId: &c.id, PatchOperations: p}); err != nil {
			return err
		}
	}
	return c.retag("/restapis/" + c.id)
}

func createResource(c *call) error {
	in := new(apigateway.CreateResourceInput)
	if err := fill(in, c.properties); err != nil {
		return err
	}
	out, err := c.API.CreateResource(c.ctx, in)
	if err != nil {
		return err
	}
	c.id = *out.Id
	c.attributes["ResourceId"] = c.id
	return nil
}

func readResource(c *call) (map[string]any, error) {
	out, err := c.API.GetResource(c.ctx, &apigateway.GetResourceInput{RestApiId: c.given("RestApiId"), ResourceId: &c.id})
	read := properties(out)
	if err == nil {
		read["RestApiId"] = c.properties["RestApiId"]
	}
	return read, err
}

func removeResource(c *call) error {
	_, err := c.API.DeleteResource(c.ctx, &apigateway.DeleteResourceInput{RestApiId: c.given("RestApiId"), ResourceId: &c.id})
	return err
}

// createMethod puts a method, its responses, its integration and the
// integration's responses.
func createMethod(c *call) error {
	c.id = c.Name + "-" + c.name
	in := new(apigateway.PutMethodInput)
	if err := fill(in, without(c.properties, "Integration", "MethodResponses")); err != nil {
		return err
	}
	if _, err := c.API.PutMethod(c.ctx, in); err != nil {
		return err
	}
	place := map[string]any{"RestApiId": *in.RestApiId, "ResourceId": *in.ResourceId, "HttpMethod": *in.HttpMethod}
	if err := each(c.properties["MethodResponses"], place, func(r map[string]any) error {
		in := new(apigateway.PutMethodResponseInput)
		if err := fill(in, r); err != nil {
			return err
		}
		_, err := c.API.PutMethodResponse(c.ctx, in)
		return err
	}); err != nil {
		return err
	}
	integration := object(c.properties["Integration"])
	if integration == nil {
		return nil
	}
	put := new(apigateway.PutIntegrationInput)
	if err := fill(put, merged(without(integration, "IntegrationResponses"), place)); err != nil {
		return err
	}
	if _, err := c.API.PutIntegration(c.ctx, put); err != nil {
		return err
	}
	return each(integration["IntegrationResponses"], place, func(r map[string]any) error {
		in := new(apigateway.PutIntegrationResponseInput)
		if err := fill(in, r); err != nil {
			return err
		}
		_, err := c.API.PutIntegrationResponse(c.ctx, in)
		return err
	})
}

// each calls do with the members of every object in a list and those of place.
func each(list any, place map[string]any, do func(map[string]any) error) error {
	objects, _ := list.([]any)
	for _, o := range objects {
		if err := do(merged(object(o), place)); err != nil {
			return err
		}
	}
	return nil
}

func merged(a, b map[string]any) map[string]any {
	out := map[string]any{}
	for _, m := range []map[string]any{a, b} {
		for name, v := range m {
			out[name] = v
		}
	}
	return out
}

func readMethod(c *call) (map[string]any, error) {
	out, err := c.API.GetMethod(c.ctx, &apigateway.GetMethodInput{RestApiId: c.given("RestApiId"), ResourceId: c.given("ResourceId"), HttpMethod: c.given("HttpMethod")})
	if err != nil {
		return nil, err
	}
	read := renamed(properties(out), "MethodIntegration", "Integration")
	read["RestApiId"], read["ResourceId"] = c.properties["RestApiId"], c.properties["ResourceId"]
	read["MethodResponses"] = values(read["MethodResponses"])
	if integration := object(read["Integration"]); integration != nil {
		integration["IntegrationHttpMethod"], integration["IntegrationResponses"] = integration["HttpMethod"], values(integration["IntegrationResponses"])
		if integration["Type"] == "MOCK" { // a mock's is dropped (recorded on AWS)
			integration["IntegrationHttpMethod"] = object(c.properties["Integration"])["IntegrationHttpMethod"]
		}
	}
	return read, nil
}

// values are those of a map, as a list.
func values(x any) any {
	list := []any{}
	for _, v := range object(x) {
		list = append(list, v)
	}
	return list
}

// updateMethod deletes and puts.
func updateMethod(c *call) error {
	if err := removeMethod(c); err != nil {
		return err
	}
	return createMethod(c)
}

func removeMethod(c *call) error {
	_, err := c.API.DeleteMethod(c.ctx, &apigateway.DeleteMethodInput{RestApiId: c.given("RestApiId"), ResourceId: c.given("ResourceId"), HttpMethod: c.given("HttpMethod")})
	return err
}

// account sets the role that writes logs.
func (c *call) account(role string) error {
	_, err := c.API.UpdateAccount(c.ctx, &apigateway.UpdateAccountInput{PatchOperations: []types.PatchOperation{{Op: types.OpReplace, Path: aws.String("/cloudwatchRoleArn"), Value: &role}}})
	return err
}
