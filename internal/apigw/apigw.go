// Package apigw is the domain: the nouns of Amazon API Gateway as plain
// structs. It knows what they hold and mean; it must not know how they travel
// on a wire, where they are stored, or how a request is served. The JSON tags
// are the store's encoding and nothing else.
package apigw

import (
	"maps"
	"time"
)

// Named identifiers. All are case-sensitive.
type (
	// APIID is 10 characters of [a-z0-9].
	APIID string
	// ResourceID is 6 characters of [a-z0-9]; a root resource has 10.
	ResourceID string
	// DeploymentID is 6 characters of [a-z0-9].
	DeploymentID string
	// AuthorizerID is 6 characters of [a-z0-9].
	AuthorizerID string
	// ValidatorID is 6 characters of [a-z0-9].
	ValidatorID string
	// ModelName is alphanumeric.
	ModelName string
	// StageName is 1 to 128 characters of [A-Za-z0-9_-].
	StageName string
	// Verb is GET, PUT, POST, DELETE, PATCH, OPTIONS, HEAD or ANY.
	Verb string
	// StatusCode is three digits, [1-5]\d\d, as text.
	StatusCode string
	// ARN is an Amazon Resource Name.
	ARN string
)

// Scope says whose things are meant: every stored key and every ARN carries
// its three parts.
type Scope struct {
	Partition string // "aws"
	Account   string // 12 digits
	Region    string // "us-east-1"
}

// RestAPI is the settings of one REST API, without its tree of resources.
type RestAPI struct {
	ID                        APIID                 `json:"id"`
	Name                      string                `json:"name"`
	Description               string                `json:"description,omitempty"`
	Version                   string                `json:"version,omitempty"`
	Created                   time.Time             `json:"created"`
	BinaryMediaTypes          []string              `json:"binaryMediaTypes,omitempty"`
	MinimumCompressionSize    *int                  `json:"minimumCompressionSize,omitempty"` // bytes; nil: no compression
	APIKeySource              string                `json:"apiKeySource"`                     // HEADER or AUTHORIZER
	Endpoint                  EndpointConfiguration `json:"endpoint"`
	Policy                    string                `json:"policy,omitempty"` // resource policy, JSON text as given
	Tags                      map[string]string     `json:"tags,omitempty"`
	DisableExecuteAPIEndpoint bool                  `json:"disableExecuteApiEndpoint,omitempty"`
	SecurityPolicy            string                `json:"securityPolicy,omitempty"`
	EndpointAccessMode        string                `json:"endpointAccessMode,omitempty"`
	RootResourceID            ResourceID            `json:"rootResourceId"`
	Warnings                  []string              `json:"warnings,omitempty"` // of the latest import
}

// EndpointConfiguration says how clients reach an API.
type EndpointConfiguration struct {
	Type           string   `json:"type"`          // EDGE, REGIONAL or PRIVATE
	IPAddressType  string   `json:"ipAddressType"` // ipv4 or dualstack
	VPCEndpointIDs []string `json:"vpcEndpointIds,omitempty"`
}

// Resource is one node of an API's path tree with its methods.
type Resource struct {
	ID       ResourceID       `json:"id"`
	ParentID ResourceID       `json:"parentId,omitempty"` // empty: the root
	PathPart string           `json:"pathPart,omitempty"`
	Path     string           `json:"path"` // full template path, "/pets/{id}"
	Methods  map[Verb]*Method `json:"methods,omitempty"`
}

// Method is what a client may call on a resource.
type Method struct {
	Verb                Verb                           `json:"verb"`
	AuthorizationType   string                         `json:"authorizationType"` // NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS
	AuthorizerID        AuthorizerID                   `json:"authorizerId,omitempty"`
	AuthorizationScopes []string                       `json:"authorizationScopes,omitempty"`
	APIKeyRequired      bool                           `json:"apiKeyRequired,omitempty"`
	RequestValidatorID  ValidatorID                    `json:"requestValidatorId,omitempty"`
	OperationName       string                         `json:"operationName,omitempty"`
	RequestParameters   map[string]bool                `json:"requestParameters,omitempty"` // method.request.{path|querystring|header}.N → required
	RequestModels       map[string]ModelName           `json:"requestModels,omitempty"`     // content type → model
	Responses           map[StatusCode]*MethodResponse `json:"responses,omitempty"`
	Integration         *Integration                   `json:"integration,omitempty"`
}

// MethodResponse declares a status a method may answer with. A nil map was
// not sent; an empty one was sent empty, and AWS shows the difference, so
// the maps are not omitempty (recorded on AWS).
type MethodResponse struct {
	StatusCode         StatusCode           `json:"statusCode"`
	ResponseParameters map[string]bool      `json:"responseParameters"`
	ResponseModels     map[string]ModelName `json:"responseModels"`
}

// IntegrationType names what a method calls.
type IntegrationType string

// The integration types of REST APIs.
const (
	IntegrationHTTP      IntegrationType = "HTTP"
	IntegrationHTTPProxy IntegrationType = "HTTP_PROXY"
	IntegrationAWS       IntegrationType = "AWS"
	IntegrationAWSProxy  IntegrationType = "AWS_PROXY"
	IntegrationMock      IntegrationType = "MOCK"
)

// Integration is what a method calls and how the call is made. Template maps
// hold nil for a template that was sent as null or empty (AWS shows null).
type Integration struct {
	Type                IntegrationType                     `json:"type"`
	HTTPMethod          string                              `json:"httpMethod,omitempty"`
	URI                 string                              `json:"uri,omitempty"`
	ConnectionType      string                              `json:"connectionType,omitempty"` // INTERNET or VPC_LINK
	ConnectionID        string                              `json:"connectionId,omitempty"`
	Credentials         string                              `json:"credentials,omitempty"`
	RequestParameters   map[string]string                   `json:"requestParameters"`
	RequestTemplates    map[string]*string                  `json:"requestTemplates"`
	TemplateOrder       []string                            `json:"templateOrder,omitempty"` // content types as first given
	PassthroughBehavior string                              `json:"passthroughBehavior"`     // WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER
	ContentHandling     string                              `json:"contentHandling,omitempty"`
	TimeoutMillis       int                                 `json:"timeoutMillis"` // ms, 29000 by default
	CacheNamespace      string                              `json:"cacheNamespace"`
	CacheKeyParameters  []string                            `json:"cacheKeyParameters,omitempty"`
	TLSInsecure         *bool                               `json:"tlsInsecure,omitempty"`  // tlsConfig.insecureSkipVerification; nil: no tlsConfig
	ResponseMode        string                              `json:"responseMode,omitempty"` // BUFFERED or STREAM
	Target              string                              `json:"target,omitempty"`
	Responses           map[StatusCode]*IntegrationResponse `json:"responses,omitempty"`
}

// IntegrationResponse turns a backend's answer into a method response.
type IntegrationResponse struct {
	StatusCode         StatusCode         `json:"statusCode"`
	SelectionPattern   *string            `json:"selectionPattern,omitempty"` // nil: not sent; "" is echoed, both mean default
	ResponseParameters map[string]string  `json:"responseParameters"`
	ResponseTemplates  map[string]*string `json:"responseTemplates"`
	TemplateOrder      []string           `json:"templateOrder,omitempty"`
	ContentHandling    string             `json:"contentHandling,omitempty"`
}

// Authorizer decides who may call. Stored with its API; enforced once the
// capability exists, and a deployment that needs it is refused until then.
type Authorizer struct {
	ID                           AuthorizerID `json:"id"`
	Name                         string       `json:"name"`
	Type                         string       `json:"type"` // TOKEN, REQUEST, COGNITO_USER_POOLS
	AuthType                     string       `json:"authType,omitempty"`
	URI                          string       `json:"uri,omitempty"`
	Credentials                  string       `json:"credentials,omitempty"`
	IdentitySource               string       `json:"identitySource,omitempty"`
	IdentityValidationExpression string       `json:"identityValidationExpression,omitempty"`
	TTLSeconds                   *int         `json:"ttlSeconds,omitempty"`
	ProviderARNs                 []string     `json:"providerArns,omitempty"`
}

// Model is a JSON schema (draft 4) with a name.
type Model struct {
	ID          string    `json:"id"`
	Name        ModelName `json:"name"`
	Description string    `json:"description,omitempty"`
	ContentType string    `json:"contentType"`
	Schema      string    `json:"schema"`
}

// RequestValidator says what of a request is checked before the integration.
type RequestValidator struct {
	ID                 ValidatorID `json:"id"`
	Name               string      `json:"name"`
	ValidateBody       bool        `json:"validateBody,omitempty"`
	ValidateParameters bool        `json:"validateParameters,omitempty"`
}

// Definition is one API whole: what an import makes, what control
// changes, and what a deployment freezes. A Definition that has been handed
// out is never changed; a writer copies what it changes.
type Definition struct {
	Scope            Scope // whose it is; zero: unknown, or not stored yet
	API              RestAPI
	Resources        map[ResourceID]*Resource
	Authorizers      map[AuthorizerID]*Authorizer
	Models           map[ModelName]*Model
	Validators       map[ValidatorID]*RequestValidator
	GatewayResponses map[string]*GatewayResponse

	// Documentation is by ID and DocumentationVersions by version. Both are nil
	// where a definition is only to be served.
	Documentation         map[string]*DocumentationPart
	DocumentationVersions map[string]*DocumentationVersion

	// RouteAPI and what follows are an API of routes, which has nothing of the
	// above but its Scope. Nil: a REST API.
	RouteAPI          *RouteAPI
	Routes            map[RouteID]*Route
	RouteIntegrations map[RouteIntegrationID]*RouteIntegration
	RouteAuthorizers  map[AuthorizerID]*RouteAuthorizer
	RouteModels       map[RouteModelID]*RouteModel
}

// ID is the API's, whatever kind it is of.
func (d *Definition) ID() APIID {
	if d.RouteAPI != nil {
		return d.RouteAPI.ID
	}
	return d.API.ID
}

// Name is the API's, whatever kind it is of.
func (d *Definition) Name() string {
	if d.RouteAPI != nil {
		return d.RouteAPI.Name
	}
	return d.API.Name
}

// Deployment is a frozen Definition.
type Deployment struct {
	ID           DeploymentID `json:"id"`
	APIID        APIID        `json:"apiId"`
	Description  string       `json:"description,omitempty"`
	Created      time.Time    `json:"created"`
	AutoDeployed bool         `json:"autoDeployed,omitempty"` // of an API of routes: made because something of it changed
}

// Stage is a name under which a deployment is served, with live settings.
type Stage struct {
	APIID                APIID                     `json:"apiId"`
	Name                 StageName                 `json:"name"`
	DeploymentID         DeploymentID              `json:"deploymentId"`
	Description          string                    `json:"description,omitempty"`
	Variables            map[string]string         `json:"variables,omitempty"`
	AuthorizersFlushed   int64                     `json:"authorizersFlushed,omitempty"` // how often what authorizers answered was forgotten
	CacheClusterEnabled  bool                      `json:"cacheClusterEnabled,omitempty"`
	CacheClusterSize     string                    `json:"cacheClusterSize,omitempty"`
	CacheCluster         string                    `json:"cacheCluster,omitempty"` // names the cache; another one after it was made, resized or flushed
	ClientCertificateID  string                    `json:"clientCertificateId,omitempty"`
	ClientCertificate    *StageCertificate         `json:"clientCertificate,omitempty"` // the one that ID names
	DocumentationVersion string                    `json:"documentationVersion,omitempty"`
	TracingEnabled       bool                      `json:"tracingEnabled,omitempty"`
	AccessLog            *AccessLogSettings        `json:"accessLog,omitempty"`
	Canary               *CanarySettings           `json:"canary,omitempty"`
	MethodSettings       map[string]*MethodSetting `json:"methodSettings,omitempty"` // key verbatim: "*/*", "~1pets/GET"
	Tags                 map[string]string         `json:"tags,omitempty"`
	WebACLARN            string                    `json:"webAclArn,omitempty"`
	Routes               *RouteStage               `json:"routes,omitempty"` // nil: a stage of a REST API
	Created              time.Time                 `json:"created"`
	Updated              time.Time                 `json:"updated"`
}

// CanaryView is the stage as its canary's requests see it: with the canary's
// deployment, its overrides over the variables, and the stage's cache if the
// canary is to use it. The stage must have a canary.
func (s *Stage) CanaryView() *Stage {
	view := *s
	view.DeploymentID, view.Canary = s.Canary.DeploymentID, nil
	view.CacheClusterEnabled = s.CacheClusterEnabled && s.Canary.UseStageCache
	if len(s.Canary.StageVariableOverrides) > 0 {
		view.Variables = maps.Clone(s.Variables)
		if view.Variables == nil {
			view.Variables = map[string]string{}
		}
		maps.Copy(view.Variables, s.Canary.StageVariableOverrides)
	}
	return &view
}

// AccessLogSettings says where a stage's access log goes and how a line reads.
type AccessLogSettings struct {
	DestinationARN string `json:"destinationArn,omitempty"`
	Format         string `json:"format,omitempty"`
}

// CanarySettings sends a part of a stage's traffic to another deployment.
type CanarySettings struct {
	DeploymentID           DeploymentID      `json:"deploymentId"`
	PercentTraffic         float64           `json:"percentTraffic"` // 0 to 100
	StageVariableOverrides map[string]string `json:"stageVariableOverrides,omitempty"`
	UseStageCache          bool              `json:"useStageCache,omitempty"`
}

// MethodSetting is the logging, throttling and cache settings of one method
// of a stage, or of all ("*/*").
type MethodSetting struct {
	MetricsEnabled                         bool    `json:"metricsEnabled"`
	LoggingLevel                           string  `json:"loggingLevel,omitempty"` // OFF, ERROR, INFO; empty: never set
	DataTraceEnabled                       bool    `json:"dataTraceEnabled"`
	ThrottlingBurstLimit                   int     `json:"throttlingBurstLimit"` // requests
	ThrottlingRateLimit                    float64 `json:"throttlingRateLimit"`  // requests per second
	CachingEnabled                         bool    `json:"cachingEnabled"`
	CacheTTLSeconds                        int     `json:"cacheTtlSeconds"`
	CacheDataEncrypted                     bool    `json:"cacheDataEncrypted"`
	RequireAuthorizationForCacheControl    bool    `json:"requireAuthorizationForCacheControl"`
	UnauthorizedCacheControlHeaderStrategy string  `json:"unauthorizedCacheControlHeaderStrategy"`
}
