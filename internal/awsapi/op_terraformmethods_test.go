package awsapi

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const tfFunction = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"

// methodCycles: resources, methods and integrations.
func methodCycles() map[string]cycle {
	return map[string]cycle{
		"resource": resourceCycle(), "method": methodCycle(), "method_response": methodResponseCycle(),
		"integration": integrationCycle(), "integration_response": integrationResponseCycle(),
	}
}

func resourceCycle() cycle {
	create := func(x *terraform, name, parent, part string) error {
		out, err := x.CreateResource(x.ctx, &sdk.CreateResourceInput{RestApiId: x.api, ParentId: x.id(parent), PathPart: &part})
		if err == nil {
			x.names(name, out.Id)
		}
		return err
	}
	change := func(texts ...string) func(*terraform) error {
		return func(x *terraform) error {
			_, err := x.UpdateResource(x.ctx, &sdk.UpdateResourceInput{RestApiId: x.api, ResourceId: x.id("{r}"), PatchOperations: x.changes(texts...)})
			return err
		}
	}
	return cycle{
		create: func(x *terraform) error {
			if err := create(x, "{other}", "{root}", "other"); err != nil {
				return err
			}
			return create(x, "{r}", "{root}", "a")
		},
		read: func(x *terraform) (any, error) {
			return x.GetResource(x.ctx, &sdk.GetResourceInput{RestApiId: x.api, ResourceId: x.id("{r}")})
		},
		want: `{"ParentId":"{root}","PathPart":"a","Path":"/a"}`,
		updates: []update{
			{"renamed", change("replace", "/pathPart", "{proxy+}"), `{"ParentId":"{root}","PathPart":"{proxy+}","Path":"/{proxy+}"}`},
			{"moved", change("replace", "/pathPart", "b", "replace", "/parentId", "{other}"), `{"ParentId":"{other}","PathPart":"b","Path":"/other/b"}`},
		},
		destroy: func(x *terraform) error {
			_, err := x.DeleteResource(x.ctx, &sdk.DeleteResourceInput{RestApiId: x.api, ResourceId: x.id("{r}")})
			return err
		},
	}
}

func methodCycle() cycle {
	change := func(texts ...string) func(*terraform) error {
		return func(x *terraform) error {
			_, err := x.UpdateMethod(x.ctx, &sdk.UpdateMethodInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: aws.String("POST"), PatchOperations: x.changes(texts...)})
			return err
		}
	}
	return cycle{
		create: func(x *terraform) error {
			a, err := x.CreateAuthorizer(x.ctx, &sdk.CreateAuthorizerInput{RestApiId: x.api, Name: aws.String("a"), Type: types.AuthorizerTypeCognitoUserPools,
				IdentitySource: aws.String("method.request.header.Authorization"), ProviderARNs: []string{"arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_a"}})
			if err != nil {
				return err
			}
			v, err := x.CreateRequestValidator(x.ctx, &sdk.CreateRequestValidatorInput{RestApiId: x.api, Name: aws.String("v")})
			if err != nil {
				return err
			}
			x.names("{a}", a.Id)
			x.names("{v}", v.Id)
			_, err = x.PutMethod(x.ctx, &sdk.PutMethodInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: aws.String("POST"), AuthorizationType: aws.String("NONE"),
				RequestModels: map[string]string{"application/json": "Error"}, RequestParameters: map[string]bool{"method.request.header.Content-Type": false, "method.request.querystring.page": true}})
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetMethod(x.ctx, &sdk.GetMethodInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: aws.String("POST")})
		},
		want: `{"HttpMethod":"POST","AuthorizationType":"NONE","RequestModels":{"application/json":"Error"},"RequestParameters":{"method.request.header.Content-Type":false,"method.request.querystring.page":true}}`,
		updates: []update{
			{"guarded", change("remove", "/requestModels/application~1json", "null", "add", "/requestModels/text~1xml", "Empty",
				"remove", "/requestParameters/method.request.querystring.page", "null", "replace", "/requestParameters/method.request.header.Content-Type", "true",
				"replace", "/authorizationType", "COGNITO_USER_POOLS", "replace", "/authorizerId", "{a}", "add", "/authorizationScopes", "b/c", "add", "/authorizationScopes", "a",
				"replace", "/apiKeyRequired", "true", "replace", "/requestValidatorId", "{v}", "replace", "/operationName", "Post"),
				`{"HttpMethod":"POST","AuthorizationType":"COGNITO_USER_POOLS","AuthorizerId":"{a}","AuthorizationScopes":["b/c","a"],"ApiKeyRequired":true,"RequestValidatorId":"{v}","OperationName":"Post",` +
					`"RequestModels":{"text/xml":"Empty"},"RequestParameters":{"method.request.header.Content-Type":true}}`},
			{"opened", change("replace", "/authorizationType", "NONE", "replace", "/authorizerId", "", "remove", "/authorizationScopes", "b/c", "remove", "/authorizationScopes", "a",
				"replace", "/apiKeyRequired", "false", "replace", "/requestValidatorId", "null", "replace", "/operationName", "null"),
				`{"HttpMethod":"POST","AuthorizationType":"NONE","RequestModels":{"text/xml":"Empty"},"RequestParameters":{"method.request.header.Content-Type":true}}`},
			{"nothing", change(), `{"HttpMethod":"POST","AuthorizationType":"NONE","RequestModels":{"text/xml":"Empty"},"RequestParameters":{"method.request.header.Content-Type":true}}`},
		},
		destroy: func(x *terraform) error {
			_, err := x.DeleteMethod(x.ctx, &sdk.DeleteMethodInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: aws.String("POST")})
			return err
		},
	}
}

func methodResponseCycle() cycle {
	get, status := aws.String("GET"), aws.String("400")
	return cycle{
		create: func(x *terraform) error {
			_, err := x.PutMethodResponse(x.ctx, &sdk.PutMethodResponseInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: get, StatusCode: status,
				ResponseModels: map[string]string{"application/json": "Error"}, ResponseParameters: map[string]bool{"method.response.header.Content-Type": true}})
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetMethodResponse(x.ctx, &sdk.GetMethodResponseInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: get, StatusCode: status})
		},
		want: `{"StatusCode":"400","ResponseModels":{"application/json":"Error"},"ResponseParameters":{"method.response.header.Content-Type":true}}`,
		updates: []update{{"changed", func(x *terraform) error {
			_, err := x.UpdateMethodResponse(x.ctx, &sdk.UpdateMethodResponseInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: get, StatusCode: status,
				PatchOperations: x.changes("replace", "/responseModels/application~1json", "Empty", "remove", "/responseParameters/method.response.header.Content-Type", "null", "add", "/responseParameters/method.response.header.Host", "true")})
			return err
		}, `{"StatusCode":"400","ResponseModels":{"application/json":"Empty"},"ResponseParameters":{"method.response.header.Host":true}}`}},
		destroy: func(x *terraform) error {
			_, err := x.DeleteMethodResponse(x.ctx, &sdk.DeleteMethodResponseInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: get, StatusCode: status})
			return err
		},
	}
}

func integrationCycle() cycle {
	post := aws.String("POST")
	change := func(texts ...string) func(*terraform) error {
		return func(x *terraform) error {
			_, err := x.UpdateIntegration(x.ctx, &sdk.UpdateIntegrationInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: post, PatchOperations: x.changes(texts...)})
			return err
		}
	}
	return cycle{
		create: func(x *terraform) error {
			link, err := x.CreateVpcLink(x.ctx, &sdk.CreateVpcLinkInput{Name: aws.String("l"), TargetArns: []string{tfBalancer}})
			if err != nil {
				return err
			}
			x.names("{link}", link.Id)
			if _, err := x.PutMethod(x.ctx, &sdk.PutMethodInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: post, AuthorizationType: aws.String("NONE"),
				RequestParameters: map[string]bool{"method.request.path.param": true}}); err != nil {
				return err
			}
			_, err = x.PutIntegration(x.ctx, &sdk.PutIntegrationInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: post, Type: types.IntegrationTypeHttp, IntegrationHttpMethod: aws.String("GET"),
				Uri: aws.String("https://www.example.com"), PassthroughBehavior: aws.String("WHEN_NO_MATCH"), ContentHandling: types.ContentHandlingStrategyConvertToText, ConnectionType: types.ConnectionTypeInternet,
				CacheKeyParameters: []string{"method.request.path.param"}, CacheNamespace: aws.String("foobar"), TimeoutInMillis: aws.Int32(29000),
				RequestParameters: map[string]string{"integration.request.header.X-Authorization": "'static'"}, RequestTemplates: map[string]string{"application/json": "", "application/xml": "#set($inputRoot = $input.path('$'))\n{ }"}})
			return err
		},
		read: func(x *terraform) (any, error) {
			return x.GetIntegration(x.ctx, &sdk.GetIntegrationInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: post})
		},
		want: `{"Type":"HTTP","HttpMethod":"GET","Uri":"https://www.example.com","PassthroughBehavior":"WHEN_NO_MATCH","ContentHandling":"CONVERT_TO_TEXT","ConnectionType":"INTERNET","CacheKeyParameters":["method.request.path.param"],"CacheNamespace":"foobar","TimeoutInMillis":29000,` +
			`"RequestParameters":{"integration.request.header.X-Authorization":"'static'"},"RequestTemplates":{"application/json":"","application/xml":"#set($inputRoot = $input.path('$'))\n{ }"}}`,
		updates: []update{
			{"changed", change("remove", "/requestTemplates/application~1xml", "null", "replace", "/requestTemplates/application~1json", "{'foobar': 'bar'}", "add", "/requestTemplates/text~1html", "<html>Foo</html>",
				"remove", "/requestParameters/integration.request.header.X-Authorization", "null", "add", "/requestParameters/integration.request.header.X-Foo", "'bar'",
				"remove", "/cacheKeyParameters/method.request.path.param", "", "replace", "/cacheNamespace", "other", "replace", "/uri", "https://example.com/b", "replace", "/contentHandling", "",
				"replace", "/timeoutInMillis", "2000", "replace", "/tlsConfig/insecureSkipVerification", "true"),
				`{"Type":"HTTP","HttpMethod":"GET","Uri":"https://example.com/b","PassthroughBehavior":"WHEN_NO_MATCH","ConnectionType":"INTERNET","CacheNamespace":"other","TimeoutInMillis":2000,"TlsConfig":{"InsecureSkipVerification":true},` +
					`"RequestParameters":{"integration.request.header.X-Foo":"'bar'"},"RequestTemplates":{"application/json":"{'foobar': 'bar'}","text/html":"<html>Foo</html>"}}`},
			{"behind a link", change("replace", "/connectionType", "VPC_LINK", "replace", "/connectionId", "{link}", "replace", "/tlsConfig/insecureSkipVerification", "false"),
				`{"Type":"HTTP","HttpMethod":"GET","Uri":"https://example.com/b","PassthroughBehavior":"WHEN_NO_MATCH","ConnectionType":"VPC_LINK","ConnectionId":"{link}","CacheNamespace":"other","TimeoutInMillis":2000,` +
					`"RequestParameters":{"integration.request.header.X-Foo":"'bar'"},"RequestTemplates":{"application/json":"{'foobar': 'bar'}","text/html":"<html>Foo</html>"}}`},
		},
		destroy: func(x *terraform) error {
			_, err := x.DeleteIntegration(x.ctx, &sdk.DeleteIntegrationInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: post})
			return err
		},
	}
}

func integrationResponseCycle() cycle {
	get, status := aws.String("GET"), aws.String("400")
	put := func(in sdk.PutIntegrationResponseInput) func(*terraform) error {
		return func(x *terraform) error {
			in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode = x.api, x.root, get, status
			_, err := x.PutIntegrationResponse(x.ctx, &in)
			return err
		}
	}
	return cycle{
		create: func(x *terraform) error {
			if _, err := x.PutMethodResponse(x.ctx, &sdk.PutMethodResponseInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: get, StatusCode: status,
				ResponseParameters: map[string]bool{"method.response.header.Content-Type": true}}); err != nil {
				return err
			}
			return put(sdk.PutIntegrationResponseInput{ResponseTemplates: map[string]string{"application/json": "", "application/xml": "#set($inputRoot = $input.path('$'))\n{ }"},
				ResponseParameters: map[string]string{"method.response.header.Content-Type": "integration.response.body.type"}})(x)
		},
		read: func(x *terraform) (any, error) {
			return x.GetIntegrationResponse(x.ctx, &sdk.GetIntegrationResponseInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: get, StatusCode: status})
		},
		want: `{"StatusCode":"400","ResponseTemplates":{"application/json":"","application/xml":"#set($inputRoot = $input.path('$'))\n{ }"},"ResponseParameters":{"method.response.header.Content-Type":"integration.response.body.type"}}`,
		// An update is a Put again.
		updates: []update{{"put again", put(sdk.PutIntegrationResponseInput{SelectionPattern: aws.String("4.*"), ContentHandling: types.ContentHandlingStrategyConvertToBinary, ResponseTemplates: map[string]string{"application/json": "$input.path('$')"}, ResponseParameters: map[string]string{}}),
			`{"StatusCode":"400","SelectionPattern":"4.*","ContentHandling":"CONVERT_TO_BINARY","ResponseTemplates":{"application/json":"$input.path('$')"}}`}},
		destroy: func(x *terraform) error {
			_, err := x.DeleteIntegrationResponse(x.ctx, &sdk.DeleteIntegrationResponseInput{RestApiId: x.api, ResourceId: x.root, HttpMethod: get, StatusCode: status})
			return err
		},
	}
}
