package main

// enumOrders are the orders in which AWS lists the values of an enum in the
// text of a ValidationException: neither sorted nor the model's, but stable
// (recorded on AWS), by model and shape. An enum that isn't here is listed in
// the model's order.
var enumOrders = map[string]map[string][]string{"apigateway": {
	"Op":              {"add", "remove", "move", "test", "replace", "copy"},
	"IntegrationType": {"HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS"},
	"EndpointType":    {"PRIVATE", "EDGE", "REGIONAL"},
	"IpAddressType":   {"ipv4", "dualstack"},
	"DocumentationPartType": {"RESPONSE_BODY", "RESPONSE", "METHOD", "MODEL", "AUTHORIZER", "RESPONSE_HEADER",
		"RESOURCE", "PATH_PARAMETER", "REQUEST_BODY", "QUERY_PARAMETER", "API", "REQUEST_HEADER"},
	"GatewayResponseType": {"REQUEST_TOO_LARGE", "RESOURCE_NOT_FOUND", "AUTHORIZER_CONFIGURATION_ERROR",
		"MISSING_AUTHENTICATION_TOKEN", "BAD_REQUEST_BODY", "INVALID_SIGNATURE", "INVALID_API_KEY",
		"BAD_REQUEST_PARAMETERS", "AUTHORIZER_FAILURE", "UNAUTHORIZED", "INTEGRATION_TIMEOUT", "ACCESS_DENIED",
		"DEFAULT_4XX", "DEFAULT_5XX", "WAF_FILTERED", "QUOTA_EXCEEDED", "THROTTLED", "API_CONFIGURATION_ERROR",
		"UNSUPPORTED_MEDIA_TYPE", "INTEGRATION_FAILURE", "EXPIRED_TOKEN"},
}}

// sparse are the maps of texts in which a null is kept, because AWS echoes it
// or refuses it with a text of its own. In an input they come with the order
// of their keys, which decides between templates.
var sparse = map[string]bool{
	"PutIntegrationRequest.requestTemplates":          true,
	"PutIntegrationResponseRequest.responseTemplates": true,
	"PutGatewayResponseRequest.responseTemplates":     true,
	"PutGatewayResponseRequest.responseParameters":    true,
	"Integration.requestTemplates":                    true,
	"IntegrationResponse.responseTemplates":           true,
}

// plainPaths are the services whose constraint texts name a member of the body
// like one of the URI, without the name of the operation's input.
var plainPaths = map[string]bool{"lambda": true, "cognito-idp": true, "sts": true, "apigatewayv2": true, "acm": true, "elasticloadbalancing": true, "servicediscovery": true}

// camel are the services whose members the model writes with a capital and the
// wire without. Theirs too is that an empty text takes back what was set, so
// that only what is required has a least length.
var camel = map[string]bool{"apigatewayv2": true}

// longer are texts that may have more characters than the model says: the
// developer guide, "HTTP API quotas", gives access logs 3 KB.
var longer = map[string]int{"AccessLogSettings.Format": 3072}

// checkedLater are enums whose refusal has words of its own.
var checkedLater = map[string]bool{"ProtocolType": true}

// bounded are the services whose shapes' lengths and ranges are checked as
// well as their enums and patterns, on what lists and maps hold, too.
var bounded = map[string]bool{"cognito-idp": true, "sts": true, "apigatewayv2": true, "acm": true, "elasticloadbalancing": true, "servicediscovery": true}

// sensitive are the shapes whose values no text repeats (the service's public
// model marks them).
var sensitive = map[string]bool{
	"PasswordType": true, "TokenModelType": true, "SecretHashType": true, "ClientSecretType": true, "SessionType": true,
	"ConfirmationCodeType": true, "UsernameType": true, "ClientIdType": true, "AttributeValueType": true, "UserFilterType": true,
	"clientTokenType": true, "tokenCodeType": true, "PrivateKeyBlob": true, "PassphraseBlob": true,
	"AuthenticateOidcActionClientSecret": true,
}

// goPatterns say with Go's patterns what Java's look around for.
var goPatterns = map[string]string{
	`(?!^[0-9]+$)([a-zA-Z0-9-_]+)`: `[a-zA-Z0-9-_]*[a-zA-Z-_][a-zA-Z0-9-_]*`,
	`[\u0009\u000A\u000D\u0020-\u007E\u0085\u00A0-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]+`:   `[\t\n\r\x20-\x7E\x{85}\x{A0}-\x{D7FF}\x{E000}-\x{FFFD}\x{10000}-\x{10FFFF}]+`,
	`[\u0009\u000A\u000D\u0020-\u00FF]+`:                                                   `[\t\n\r\x20-\x{FF}]+`,
	`[\u0009\u000A\u000D\u0020-\u00FF]*`:                                                   `[\t\n\r\x20-\x{FF}]*`,
	`(\*\.)?(((?!-)[A-Za-z0-9-]{0,62}[A-Za-z0-9])\.)+((?!-)[A-Za-z0-9-]{1,62}[A-Za-z0-9])`: `(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9][A-Za-z0-9-]{0,61}[A-Za-z0-9]`,
	`^(?!arn:)[!-~]{1,1024}$`:                                                              notARN,
	`^(?!arn:)[!-~]{1,253}$`:                                                               notARN,
	`^[!-~]{1,1024}$`:                                                                      `[!-~]+`, // the length is checked as such
	// The look ahead asks for at most 127 characters, which the rules of services do.
	`((?=^.{1,127}$)^([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])(\.([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9]))*$)|(^\.$)`: `([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9])(\.([a-zA-Z0-9_][a-zA-Z0-9-_]{0,61}[a-zA-Z0-9_]|[a-zA-Z0-9]))*|\.`,
	`[0-9A-Za-z\.\-_]*(?<!\.)`: `(?:[0-9A-Za-z\.\-_]*[0-9A-Za-z\-_])?`,
}

// notARN is what doesn't begin with arn:, of visible characters.
const notARN = "(?:[!-\\x60b-~][!-~]*|a(?:[!-qs-~][!-~]*)?|ar(?:[!-mo-~][!-~]*)?|arn(?:[!-9;-~][!-~]*)?)"
