package apigw

import "time"

// Identifiers of what an API of routes is made of: 7 characters of [a-z0-9].
type (
	RouteID               string
	RouteIntegrationID    string
	RouteResponseID       string
	IntegrationResponseID string
	RouteModelID          string
)

// The protocols of APIs of routes.
const (
	ProtocolHTTP      = "HTTP"
	ProtocolWebSocket = "WEBSOCKET"
)

// RouteAPI is the settings of an API that is made of routes (API Gateway V2
// reference, "Api"): an HTTP or a WebSocket API.
type RouteAPI struct {
	ID                        APIID             `json:"id"`
	Name                      string            `json:"name"`
	Description               string            `json:"description,omitempty"`
	Version                   string            `json:"version,omitempty"`
	Protocol                  string            `json:"protocol"`        // HTTP, WEBSOCKET
	RouteSelection            string            `json:"routeSelection"`  // "$request.method $request.path" of every HTTP API
	APIKeySelection           string            `json:"apiKeySelection"` // "$request.header.x-api-key"
	Created                   time.Time         `json:"created"`
	CORS                      *CORS             `json:"cors,omitempty"`
	DisableExecuteAPIEndpoint bool              `json:"disableExecuteApiEndpoint,omitempty"`
	DisableSchemaValidation   bool              `json:"disableSchemaValidation,omitempty"`
	IPAddressType             string            `json:"ipAddressType"` // ipv4, dualstack
	Managed                   bool              `json:"managed,omitempty"`
	ImportInfo                []string          `json:"importInfo,omitempty"` // of the latest import
	Warnings                  []string          `json:"warnings,omitempty"`   // of the latest import
	Tags                      map[string]string `json:"tags,omitempty"`
}

// CORS is how an HTTP API answers browsers of other origins. A nil list or
// maxAge was not sent.
type CORS struct {
	AllowOrigins     []string `json:"allowOrigins"`
	AllowMethods     []string `json:"allowMethods"`
	AllowHeaders     []string `json:"allowHeaders"`
	ExposeHeaders    []string `json:"exposeHeaders"`
	MaxAge           *int     `json:"maxAge,omitempty"` // seconds, -1 to 86400
	AllowCredentials *bool    `json:"allowCredentials,omitempty"`
}

// Route is what clients may ask of an API of routes.
type Route struct {
	ID                  RouteID            `json:"id"`
	Key                 string             `json:"key"`              // "GET /pets/{id}", "$default"; of a WebSocket API any text, "$connect"
	Target              RouteIntegrationID `json:"target,omitempty"` // "integrations/{id}" on the wire
	AuthorizationType   string             `json:"authorizationType"`
	AuthorizerID        AuthorizerID       `json:"authorizerId,omitempty"`
	AuthorizationScopes []string           `json:"authorizationScopes,omitempty"` // as given
	OperationName       string             `json:"operationName,omitempty"`
	Managed             bool               `json:"managed,omitempty"`

	// Of WebSocket APIs only.
	APIKeyRequired    bool                               `json:"apiKeyRequired,omitempty"`
	ModelSelection    string                             `json:"modelSelection,omitempty"`
	RequestModels     map[string]string                  `json:"requestModels,omitempty"`     // key → model's name
	RequestParameters map[string]bool                    `json:"requestParameters,omitempty"` // route.request.querystring.N → required
	ResponseSelection string                             `json:"responseSelection,omitempty"` // $default
	Responses         map[RouteResponseID]*RouteResponse `json:"responses,omitempty"`
}

// RouteResponse makes a route of a WebSocket API answer.
type RouteResponse struct {
	ID                 RouteResponseID   `json:"id"`
	Key                string            `json:"key"` // $default
	ModelSelection     string            `json:"modelSelection,omitempty"`
	ResponseModels     map[string]string `json:"responseModels,omitempty"`
	ResponseParameters map[string]bool   `json:"responseParameters,omitempty"`
}

// RouteIntegration is what routes call.
type RouteIntegration struct {
	ID                 RouteIntegrationID               `json:"id"`
	Type               IntegrationType                  `json:"type"`
	Subtype            string                           `json:"subtype,omitempty"` // "SQS-SendMessage"
	URI                string                           `json:"uri,omitempty"`
	Method             string                           `json:"method,omitempty"`
	ConnectionType     string                           `json:"connectionType"` // INTERNET, VPC_LINK
	ConnectionID       string                           `json:"connectionId,omitempty"`
	Credentials        string                           `json:"credentials,omitempty"`
	Description        string                           `json:"description,omitempty"`
	PayloadFormat      string                           `json:"payloadFormat"`                // 1.0, 2.0
	RequestParameters  map[string]string                `json:"requestParameters,omitempty"`  // "append:header.x", or a parameter of the subtype
	ResponseParameters map[StatusCode]map[string]string `json:"responseParameters,omitempty"` // by the integration's status
	TimeoutMillis      int                              `json:"timeoutMillis"`                // ms, 50 to 30000; WebSocket APIs 29000
	TLSServerName      *string                          `json:"tlsServerName,omitempty"`      // tlsConfig.serverNameToVerify; nil: no tlsConfig
	Managed            bool                             `json:"managed,omitempty"`

	// Of WebSocket APIs only.
	RequestTemplates  map[string]string                                   `json:"requestTemplates,omitempty"`
	TemplateSelection string                                              `json:"templateSelection,omitempty"`
	Passthrough       string                                              `json:"passthrough,omitempty"`       // WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER
	ContentHandling   string                                              `json:"contentHandling,omitempty"`   // CONVERT_TO_TEXT, CONVERT_TO_BINARY
	ResponseSelection string                                              `json:"responseSelection,omitempty"` // derived from the type
	Responses         map[IntegrationResponseID]*RouteIntegrationResponse `json:"responses,omitempty"`
}

// RouteIntegrationResponse turns what an integration of a WebSocket API
// answered into a message.
type RouteIntegrationResponse struct {
	ID                 IntegrationResponseID `json:"id"`
	Key                string                `json:"key"` // $default, or a pattern between slashes
	ResponseTemplates  map[string]string     `json:"responseTemplates,omitempty"`
	TemplateSelection  string                `json:"templateSelection,omitempty"`
	ResponseParameters map[string]string     `json:"responseParameters,omitempty"`
	ContentHandling    string                `json:"contentHandling,omitempty"`
}

// RouteModel is a JSON schema (draft 4) of a WebSocket API.
type RouteModel struct {
	ID          RouteModelID `json:"id"`
	Name        string       `json:"name"`
	Description string       `json:"description,omitempty"`
	ContentType string       `json:"contentType,omitempty"`
	Schema      string       `json:"schema"`
}

// RouteStage is what a stage of an API of routes has that no REST API's has.
type RouteStage struct {
	Protocol          string                    `json:"protocol,omitempty"` // WEBSOCKET; empty: HTTP
	AutoDeploy        bool                      `json:"autoDeploy,omitempty"`
	DefaultSettings   *RouteSettings            `json:"defaultSettings,omitempty"`
	Settings          map[string]*RouteSettings `json:"settings,omitempty"`          // by route key
	DeploymentMessage string                    `json:"deploymentMessage,omitempty"` // lastDeploymentStatusMessage
	Managed           bool                      `json:"managed,omitempty"`
}

// RouteSettings are the settings of one route of a stage, or of all others.
// What is nil was not sent.
type RouteSettings struct {
	ThrottlingBurstLimit *int     `json:"throttlingBurstLimit,omitempty"` // requests
	ThrottlingRateLimit  *float64 `json:"throttlingRateLimit,omitempty"`  // requests per second
	DetailedMetrics      bool     `json:"detailedMetrics,omitempty"`

	// Of WebSocket APIs only.
	DataTrace    bool   `json:"dataTrace,omitempty"`
	LoggingLevel string `json:"loggingLevel,omitempty"` // ERROR, INFO, OFF
}
