package awsapi

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// partCycles: what else belongs to an API.
func partCycles() map[string]cycle {
	return map[string]cycle{
		"model": modelCycle(), "request_validator": validatorCycle(), "gateway_response": gatewayResponseCycle(),
		"authorizer": authorizerCycle(), "authorizer of user pools": poolAuthorizerCycle(),
		"documentation_part": documentationPartCycle(), "documentation_version": documentationVersionCycle(),
	}
}

func modelCycle() cycle {
	name := aws.String("User")
	return cycle{
		create: func(x *terraform) error {
			_, err := x.CreateModel(x.ctx, &sdk.CreateModelInput{RestApiId: x.api, Name: name, ContentType: aws.String("application/json"), Description: aws.String("d"), Schema: aws.String(`{"type":"object"}`)})
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetModel(x.ctx, &sdk.GetModelInput{RestApiId: x.api, ModelName: name})
		},
		want: `{"Name":"User","ContentType":"application/json","Description":"d","Schema":"{\"type\":\"object\"}"}`,
		updates: []update{{"changed", func(x *terraform) error {
			_, err := x.UpdateModel(x.ctx, &sdk.UpdateModelInput{RestApiId: x.api, ModelName: name, PatchOperations: x.changes("replace", "/description", "", "replace", "/schema", `{"type":"array"}`)})
			return err
		}, `{"Name":"User","ContentType":"application/json","Schema":"{\"type\":\"array\"}"}`}},
		destroy: func(x *terraform) error {
			_, err := x.DeleteModel(x.ctx, &sdk.DeleteModelInput{RestApiId: x.api, ModelName: name})
			return err
		},
	}
}

func validatorCycle() cycle {
	return cycle{
		create: func(x *terraform) error {
			out, err := x.CreateRequestValidator(x.ctx, &sdk.CreateRequestValidatorInput{RestApiId: x.api, Name: aws.String("v")})
			if err == nil {
				x.names("{v}", out.Id)
			}
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetRequestValidator(x.ctx, &sdk.GetRequestValidatorInput{RestApiId: x.api, RequestValidatorId: x.id("{v}")})
		},
		want: `{"Name":"v"}`,
		updates: []update{{"changed", func(x *terraform) error {
			_, err := x.UpdateRequestValidator(x.ctx, &sdk.UpdateRequestValidatorInput{RestApiId: x.api, RequestValidatorId: x.id("{v}"),
				PatchOperations: x.changes("replace", "/name", "w", "replace", "/validateRequestBody", "true", "replace", "/validateRequestParameters", "true")})
			return err
		}, `{"Name":"w","ValidateRequestBody":true,"ValidateRequestParameters":true}`}},
		destroy: func(x *terraform) error {
			_, err := x.DeleteRequestValidator(x.ctx, &sdk.DeleteRequestValidatorInput{RestApiId: x.api, RequestValidatorId: x.id("{v}")})
			return err
		},
	}
}

func gatewayResponseCycle() cycle {
	put := func(in sdk.PutGatewayResponseInput) func(*terraform) error {
		return func(x *terraform) error {
			in.RestApiId, in.ResponseType = x.api, types.GatewayResponseTypeUnauthorized
			_, err := x.PutGatewayResponse(x.ctx, &in)
			return err
		}
	}
	return cycle{
		create: put(sdk.PutGatewayResponseInput{StatusCode: aws.String("401"), ResponseTemplates: map[string]string{"application/json": `{"message":$context.error.messageString}`},
			ResponseParameters: map[string]string{"gatewayresponse.header.Authorization": "'Basic'"}}),
		read: func(x *terraform) (any, error) {
			return x.GetGatewayResponse(x.ctx, &sdk.GetGatewayResponseInput{RestApiId: x.api, ResponseType: types.GatewayResponseTypeUnauthorized})
		},
		want: `{"ResponseType":"UNAUTHORIZED","StatusCode":"401","ResponseTemplates":{"application/json":"{\"message\":$context.error.messageString}"},"ResponseParameters":{"gatewayresponse.header.Authorization":"'Basic'"}}`,
		updates: []update{{"put again", put(sdk.PutGatewayResponseInput{StatusCode: aws.String("477"), ResponseTemplates: map[string]string{"application/xml": "<a/>"}, ResponseParameters: map[string]string{}}),
			`{"ResponseType":"UNAUTHORIZED","StatusCode":"477","ResponseTemplates":{"application/xml":"<a/>"}}`}},
		destroy: func(x *terraform) error {
			_, err := x.DeleteGatewayResponse(x.ctx, &sdk.DeleteGatewayResponseInput{RestApiId: x.api, ResponseType: types.GatewayResponseTypeUnauthorized})
			return err
		},
		// What is gone is AWS's own again.
		stays: `{"ResponseType":"UNAUTHORIZED","StatusCode":"401","DefaultResponse":true,"ResponseTemplates":{"application/json":"{\"message\":$context.error.messageString}"}}`,
	}
}

func changeAuthorizer(texts ...string) func(*terraform) error {
	return func(x *terraform) error {
		_, err := x.UpdateAuthorizer(x.ctx, &sdk.UpdateAuthorizerInput{RestApiId: x.api, AuthorizerId: x.id("{a}"), PatchOperations: x.changes(texts...)})
		return err
	}
}

func anyAuthorizer(in *sdk.CreateAuthorizerInput, after ...string) cycle {
	return cycle{
		create: func(x *terraform) error {
			in.RestApiId = x.api
			out, err := x.CreateAuthorizer(x.ctx, in)
			if err != nil {
				return err
			}
			x.names("{a}", out.Id)
			if len(after) > 0 {
				return changeAuthorizer(after...)(x)
			}
			return nil
		},
		read: func(x *terraform) (any, error) {
			return x.GetAuthorizer(x.ctx, &sdk.GetAuthorizerInput{RestApiId: x.api, AuthorizerId: x.id("{a}")})
		},
		destroy: func(x *terraform) error {
			_, err := x.DeleteAuthorizer(x.ctx, &sdk.DeleteAuthorizerInput{RestApiId: x.api, AuthorizerId: x.id("{a}")})
			return err
		},
	}
}

func authorizerCycle() cycle {
	const shown = `"AuthType":"custom","AuthorizerUri":"` + tfFunction + `"`
	c := anyAuthorizer(&sdk.CreateAuthorizerInput{Name: aws.String("a"), Type: types.AuthorizerTypeToken, AuthorizerUri: aws.String(tfFunction), AuthorizerCredentials: aws.String("arn:aws:iam::000000000000:role/r"),
		IdentitySource: aws.String("method.request.header.Authorization"), AuthorizerResultTtlInSeconds: aws.Int32(300)})
	c.want = `{"Name":"a","Type":"TOKEN",` + shown + `,"AuthorizerCredentials":"arn:aws:iam::000000000000:role/r","IdentitySource":"method.request.header.Authorization","AuthorizerResultTtlInSeconds":300}`
	c.updates = []update{
		{"changed", changeAuthorizer("replace", "/name", "b", "replace", "/authorizerResultTtlInSeconds", "360", "replace", "/identityValidationExpression", ".*", "replace", "/identitySource", "method.request.header.X"),
			`{"Name":"b","Type":"TOKEN",` + shown + `,"AuthorizerCredentials":"arn:aws:iam::000000000000:role/r","IdentitySource":"method.request.header.X","AuthorizerResultTtlInSeconds":360,"IdentityValidationExpression":".*"}`},
		{"of requests", changeAuthorizer("replace", "/identitySource", "method.request.header.X,method.request.querystring.y", "replace", "/type", "REQUEST", "replace", "/authorizerCredentials", "", "replace", "/authorizerResultTtlInSeconds", "60", "replace", "/identityValidationExpression", ""),
			`{"Name":"b","Type":"REQUEST",` + shown + `,"IdentitySource":"method.request.header.X,method.request.querystring.y","AuthorizerResultTtlInSeconds":60}`},
	}
	return c
}

func poolAuthorizerCycle() cycle {
	const a, b, role = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a", "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_b", "arn:aws:iam::000000000000:role/r"
	const shown = `"Name":"a","Type":"COGNITO_USER_POOLS","AuthType":"cognito_user_pools","IdentitySource":"method.request.header.Authorization","AuthorizerResultTtlInSeconds":300,"AuthorizerCredentials":"` + role + `"`
	c := anyAuthorizer(&sdk.CreateAuthorizerInput{Name: aws.String("a"), Type: types.AuthorizerTypeCognitoUserPools, ProviderARNs: []string{a},
		IdentitySource: aws.String("method.request.header.Authorization"), AuthorizerResultTtlInSeconds: aws.Int32(300)}, "replace", "/authorizerCredentials", role)
	c.want = `{` + shown + `,"ProviderARNs":["` + a + `"]}`
	c.updates = []update{{"other pool", changeAuthorizer("add", "/providerARNs", b, "remove", "/providerARNs", a), `{` + shown + `,"ProviderARNs":["` + b + `"]}`}}
	return c
}

func documentationPartCycle() cycle {
	return cycle{
		create: func(x *terraform) error {
			out, err := x.CreateDocumentationPart(x.ctx, &sdk.CreateDocumentationPartInput{RestApiId: x.api, Properties: aws.String(`{"description":"d"}`),
				Location: &types.DocumentationPartLocation{Type: types.DocumentationPartTypeMethod, Method: aws.String("GET"), Path: aws.String("/"), Name: aws.String(""), StatusCode: aws.String("")}})
			if err == nil {
				x.names("{part}", out.Id)
			}
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetDocumentationPart(x.ctx, &sdk.GetDocumentationPartInput{RestApiId: x.api, DocumentationPartId: x.id("{part}")})
		},
		want: `{"Properties":"{\"description\":\"d\"}","Location":{"Type":"METHOD","Method":"GET","Path":"/"}}`,
		updates: []update{{"changed", func(x *terraform) error {
			_, err := x.UpdateDocumentationPart(x.ctx, &sdk.UpdateDocumentationPartInput{RestApiId: x.api, DocumentationPartId: x.id("{part}"), PatchOperations: x.changes("replace", "/properties", `{"description":"e"}`)})
			return err
		}, `{"Properties":"{\"description\":\"e\"}","Location":{"Type":"METHOD","Method":"GET","Path":"/"}}`}},
		destroy: func(x *terraform) error {
			_, err := x.DeleteDocumentationPart(x.ctx, &sdk.DeleteDocumentationPartInput{RestApiId: x.api, DocumentationPartId: x.id("{part}")})
			return err
		},
	}
}

func documentationVersionCycle() cycle {
	version := aws.String("v1")
	return cycle{
		create: func(x *terraform) error {
			if err := documentationPartCycle().create(x); err != nil {
				return err
			}
			_, err := x.CreateDocumentationVersion(x.ctx, &sdk.CreateDocumentationVersionInput{RestApiId: x.api, DocumentationVersion: version, Description: aws.String("d")})
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetDocumentationVersion(x.ctx, &sdk.GetDocumentationVersionInput{RestApiId: x.api, DocumentationVersion: version})
		},
		want: `{"Version":"v1","Description":"d"}`,
		updates: []update{{"changed", func(x *terraform) error {
			_, err := x.UpdateDocumentationVersion(x.ctx, &sdk.UpdateDocumentationVersionInput{RestApiId: x.api, DocumentationVersion: version, PatchOperations: x.changes("replace", "/description", "")})
			return err
		}, `{"Version":"v1"}`}},
		destroy: func(x *terraform) error {
			_, err := x.DeleteDocumentationVersion(x.ctx, &sdk.DeleteDocumentationVersionInput{RestApiId: x.api, DocumentationVersion: version})
			return err
		},
	}
}
