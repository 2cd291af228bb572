package apigw

// GatewayResponse customises the answer for one kind of failure. What is
// empty, and templates that are nil, are the type's own; templates that are
// empty were all removed.
type GatewayResponse struct {
	Type               string            `json:"type"`
	StatusCode         string            `json:"statusCode,omitempty"`
	ResponseParameters map[string]string `json:"responseParameters,omitempty"`
	ResponseTemplates  map[string]string `json:"responseTemplates,omitzero"`
}

// GatewayResponseType is one kind of failure that a gateway response can be
// set for.
type GatewayResponseType struct {
	Name       string
	StatusCode string // of its own; empty for the two that stand for others
	Fallback   string // DEFAULT_4XX or DEFAULT_5XX; empty for those two
}

// StockTemplate is the application/json template of a response that sets none.
const StockTemplate = `{"message":$context.error.messageString}`

// GatewayResponseTypes are all types, by name (recorded on AWS).
func GatewayResponseTypes() []GatewayResponseType {
	const client, server = "DEFAULT_4XX", "DEFAULT_5XX"
	return []GatewayResponseType{
		{"ACCESS_DENIED", "403", client},
		{"API_CONFIGURATION_ERROR", "500", server},
		{"AUTHORIZER_CONFIGURATION_ERROR", "500", server},
		{"AUTHORIZER_FAILURE", "500", server},
		{"BAD_REQUEST_BODY", "400", client},
		{"BAD_REQUEST_PARAMETERS", "400", client},
		{client, "", ""},
		{server, "", ""},
		{"EXPIRED_TOKEN", "403", client},
		{"INTEGRATION_FAILURE", "504", server},
		{"INTEGRATION_TIMEOUT", "504", server},
		{"INVALID_API_KEY", "403", client},
		{"INVALID_SIGNATURE", "403", client},
		{"MISSING_AUTHENTICATION_TOKEN", "403", client},
		{"QUOTA_EXCEEDED", "429", client},
		{"REQUEST_TOO_LARGE", "413", client},
		{"RESOURCE_NOT_FOUND", "404", client},
		{"THROTTLED", "429", client},
		{"UNAUTHORIZED", "401", client},
		{"UNSUPPORTED_MEDIA_TYPE", "415", client},
		{"WAF_FILTERED", "403", client},
	}
}
