package stacktest

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// named is a name for a resource whose template gives it none.
func (c *call) named() string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, c.Name+c.name)
}

func modelHandler() handler {
	return handler{
		replaced: []string{"RestApiId", "Name", "ContentType"},
		create: func(c *call) error {
			c.id = c.named()
			if n := c.given("Name"); n != nil {
				c.id = *n
			}
			in := new(apigateway.CreateModelInput)
			if err := fill(in, merged(c.properties, map[string]any{"Name": c.id, "Schema": document(c.properties["Schema"])})); err != nil {
				return err
			}
			_, err := c.API.CreateModel(c.ctx, in)
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetModel(c.ctx, &apigateway.GetModelInput{RestApiId: c.given("RestApiId"), ModelName: &c.id})
			if err != nil {
				return nil, err
			}
			return merged(properties(out), map[string]any{"RestApiId": c.properties["RestApiId"], "Schema": parsed(*out.Schema)}), nil
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "Description", "/description", "Schema", "/schema")
			_, err := c.API.UpdateModel(c.ctx, &apigateway.UpdateModelInput{RestApiId: c.given("RestApiId"), ModelName: &c.id, PatchOperations: p})
			return err
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteModel(c.ctx, &apigateway.DeleteModelInput{RestApiId: c.given("RestApiId"), ModelName: &c.id})
			return err
		},
	}
}

func validatorHandler() handler {
	return handler{
		replaced: []string{"RestApiId", "Name"},
		create: func(c *call) error {
			in := new(apigateway.CreateRequestValidatorInput)
			if err := fill(in, c.properties); err != nil {
				return err
			}
			out, err := c.API.CreateRequestValidator(c.ctx, in)
			if err == nil {
				c.id = *out.Id
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetRequestValidator(c.ctx, &apigateway.GetRequestValidatorInput{RestApiId: c.given("RestApiId"), RequestValidatorId: &c.id})
			return merged(properties(out), map[string]any{"RestApiId": c.properties["RestApiId"]}), err
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "ValidateRequestBody", "/validateRequestBody", "ValidateRequestParameters", "/validateRequestParameters")
			_, err := c.API.UpdateRequestValidator(c.ctx, &apigateway.UpdateRequestValidatorInput{RestApiId: c.given("RestApiId"), RequestValidatorId: &c.id, PatchOperations: p})
			return err
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteRequestValidator(c.ctx, &apigateway.DeleteRequestValidatorInput{RestApiId: c.given("RestApiId"), RequestValidatorId: &c.id})
			return err
		},
	}
}

func authorizerHandler() handler {
	return handler{
		replaced: []string{"RestApiId"},
		create: func(c *call) error {
			in := new(apigateway.CreateAuthorizerInput)
			if err := fill(in, c.properties); err != nil {
				return err
			}
			out, err := c.API.CreateAuthorizer(c.ctx, in)
			if err == nil {
				c.id = *out.Id
				c.attributes["AuthorizerId"] = c.id
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetAuthorizer(c.ctx, &apigateway.GetAuthorizerInput{RestApiId: c.given("RestApiId"), AuthorizerId: &c.id})
			return merged(properties(out), map[string]any{"RestApiId": c.properties["RestApiId"]}), err
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "Name", "/name", "Type", "/type", "AuthType", "/authType", "AuthorizerUri", "/authorizerUri", "AuthorizerCredentials", "/authorizerCredentials",
				"AuthorizerResultTtlInSeconds", "/authorizerResultTtlInSeconds", "IdentitySource", "/identitySource", "IdentityValidationExpression", "/identityValidationExpression")
			_, err := c.API.UpdateAuthorizer(c.ctx, &apigateway.UpdateAuthorizerInput{RestApiId: c.given("RestApiId"), AuthorizerId: &c.id, PatchOperations: p})
			return err
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteAuthorizer(c.ctx, &apigateway.DeleteAuthorizerInput{RestApiId: c.given("RestApiId"), AuthorizerId: &c.id})
			return err
		},
	}
}

// gatewayResponseHandler puts to create and to update.
func gatewayResponseHandler() handler {
	put := func(c *call) error {
		c.id = c.Name + "-" + c.name
		in := new(apigateway.PutGatewayResponseInput)
		if err := fill(in, c.properties); err != nil {
			return err
		}
		_, err := c.API.PutGatewayResponse(c.ctx, in)
		return err
	}
	kind := func(c *call) types.GatewayResponseType {
		return types.GatewayResponseType(text(c.properties["ResponseType"]))
	}
	return handler{
		replaced: []string{"RestApiId", "ResponseType"},
		create:   put,
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetGatewayResponse(c.ctx, &apigateway.GetGatewayResponseInput{RestApiId: c.given("RestApiId"), ResponseType: kind(c)})
			return merged(properties(out), map[string]any{"RestApiId": c.properties["RestApiId"]}), err
		},
		update: put,
		remove: func(c *call) error {
			_, err := c.API.DeleteGatewayResponse(c.ctx, &apigateway.DeleteGatewayResponseInput{RestApiId: c.given("RestApiId"), ResponseType: kind(c)})
			return err
		},
	}
}

func documentationPartHandler() handler {
	return handler{
		replaced: []string{"RestApiId", "Location"},
		create: func(c *call) error {
			in := new(apigateway.CreateDocumentationPartInput)
			if err := fill(in, c.properties); err != nil {
				return err
			}
			out, err := c.API.CreateDocumentationPart(c.ctx, in)
			if err == nil {
				c.id = *out.Id
				c.attributes["DocumentationPartId"] = c.id
			}
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetDocumentationPart(c.ctx, &apigateway.GetDocumentationPartInput{RestApiId: c.given("RestApiId"), DocumentationPartId: &c.id})
			return merged(properties(out), map[string]any{"RestApiId": c.properties["RestApiId"]}), err
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "Properties", "/properties")
			_, err := c.API.UpdateDocumentationPart(c.ctx, &apigateway.UpdateDocumentationPartInput{RestApiId: c.given("RestApiId"), DocumentationPartId: &c.id, PatchOperations: p})
			return err
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteDocumentationPart(c.ctx, &apigateway.DeleteDocumentationPartInput{RestApiId: c.given("RestApiId"), DocumentationPartId: &c.id})
			return err
		},
	}
}

func documentationVersionHandler() handler {
	return handler{
		replaced: []string{"RestApiId", "DocumentationVersion"},
		create: func(c *call) error {
			in := new(apigateway.CreateDocumentationVersionInput)
			if err := fill(in, c.properties); err != nil {
				return err
			}
			c.id = *in.DocumentationVersion
			_, err := c.API.CreateDocumentationVersion(c.ctx, in)
			return err
		},
		read: func(c *call) (map[string]any, error) {
			out, err := c.API.GetDocumentationVersion(c.ctx, &apigateway.GetDocumentationVersionInput{RestApiId: c.given("RestApiId"), DocumentationVersion: &c.id})
			if err != nil {
				return nil, err
			}
			return map[string]any{"RestApiId": c.properties["RestApiId"], "DocumentationVersion": *out.Version, "Description": aws.ToString(out.Description)}, nil
		},
		update: func(c *call) error {
			var p patches
			c.scalars(&p, "Description", "/description")
			_, err := c.API.UpdateDocumentationVersion(c.ctx, &apigateway.UpdateDocumentationVersionInput{RestApiId: c.given("RestApiId"), DocumentationVersion: &c.id, PatchOperations: p})
			return err
		},
		remove: func(c *call) error {
			_, err := c.API.DeleteDocumentationVersion(c.ctx, &apigateway.DeleteDocumentationVersionInput{RestApiId: c.given("RestApiId"), DocumentationVersion: &c.id})
			return err
		},
	}
}
