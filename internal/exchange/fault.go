package exchange

// FaultKind is the closed set of failures a request can end in. An API kind
// renders each once: REST as its gateway response of the same name, HTTP and
// WebSocket APIs in their own forms.
type FaultKind string

// The fault kinds that have a gateway response type, by that name.
const (
	AccessDenied                 FaultKind = "ACCESS_DENIED"
	APIConfigurationError        FaultKind = "API_CONFIGURATION_ERROR"
	AuthorizerConfigurationError FaultKind = "AUTHORIZER_CONFIGURATION_ERROR"
	AuthorizerFailure            FaultKind = "AUTHORIZER_FAILURE"
	BadRequestBody               FaultKind = "BAD_REQUEST_BODY"
	BadRequestParameters         FaultKind = "BAD_REQUEST_PARAMETERS"
	Default4XX                   FaultKind = "DEFAULT_4XX"
	Default5XX                   FaultKind = "DEFAULT_5XX"
	ExpiredToken                 FaultKind = "EXPIRED_TOKEN"
	IntegrationFailure           FaultKind = "INTEGRATION_FAILURE"
	IntegrationTimeout           FaultKind = "INTEGRATION_TIMEOUT"
	InvalidAPIKey                FaultKind = "INVALID_API_KEY"
	InvalidSignature             FaultKind = "INVALID_SIGNATURE"
	MissingAuthenticationToken   FaultKind = "MISSING_AUTHENTICATION_TOKEN"
	QuotaExceeded                FaultKind = "QUOTA_EXCEEDED"
	RequestTooLarge              FaultKind = "REQUEST_TOO_LARGE"
	ResourceNotFound             FaultKind = "RESOURCE_NOT_FOUND"
	Throttled                    FaultKind = "THROTTLED"
	Unauthorized                 FaultKind = "UNAUTHORIZED"
	UnsupportedMediaType         FaultKind = "UNSUPPORTED_MEDIA_TYPE"
	WAFFiltered                  FaultKind = "WAF_FILTERED"
	// Forbidden has no gateway response: addressing failed before an API's
	// responses are known (unknown stage, disabled endpoint).
	Forbidden FaultKind = "FORBIDDEN"
)

// Fault is why a request can't go on. A step returns one (nil: go on) and
// writes nothing itself. The usual faults are made once and shared: never
// change a Fault that was returned.
type Fault struct {
	Kind    FaultKind
	Status  int    // 0: the kind's own
	Message string // what the client reads; empty: the kind's own
	// AfterIntegration selects AWS's second rendering: a blank after the
	// colon, as errors of the integration phase have (recorded on AWS).
	AfterIntegration bool
	// Cause is for logs, never for the client.
	Cause error
}

func (f *Fault) Error() string {
	if f.Cause != nil {
		return string(f.Kind) + ": " + f.Cause.Error()
	}
	return string(f.Kind) + ": " + f.Message
}
