package apigw

// RouteAuthorizer decides who may call routes of an HTTP API (API Gateway V2
// reference, "Authorizer").
type RouteAuthorizer struct {
	ID              AuthorizerID `json:"id"`
	Name            string       `json:"name"`
	Type            string       `json:"type"` // REQUEST, JWT
	URI             string       `json:"uri,omitempty"`
	Credentials     string       `json:"credentials,omitempty"`
	PayloadFormat   string       `json:"payloadFormat,omitempty"` // 1.0, 2.0
	SimpleResponses bool         `json:"simpleResponses,omitempty"`
	TTLSeconds      int          `json:"ttlSeconds,omitempty"`
	IdentitySource  []string     `json:"identitySource,omitempty"`
	Issuer          string       `json:"issuer,omitempty"`   // jwtConfiguration
	Audience        []string     `json:"audience,omitempty"` // jwtConfiguration
}
