package apigw

// RoutingRule leads requests to a custom domain name to a stage of a REST API,
// whatever base path mappings say (developer guide, "Routing rules to connect API
// stages to a custom domain name for REST APIs").
type RoutingRule struct {
	ID       string `json:"id"`
	Priority int    `json:"priority"` // 1 to 1,000,000, each once; the lowest that matches wins

	// Headers and BasePaths are the conditions; all must hold, and without any
	// the rule always does. A condition holds when one of what it lists does.
	Headers   [][]HeaderMatch `json:"headers,omitempty"`
	BasePaths []string        `json:"basePaths,omitempty"` // no slash before or behind one

	API           APIID     `json:"api"`
	Stage         StageName `json:"stage"`
	StripBasePath bool      `json:"stripBasePath,omitempty"` // the base path is no part of the path that routes are matched on
}

// HeaderMatch is a header's name, in any case, and what its value must look like,
// in its case: an asterisk in front or behind stands for anything.
type HeaderMatch struct {
	Header string `json:"header"`
	Glob   string `json:"glob"`
}

// How a domain name leads to stages, as version 1 of the API spells it.
const (
	RoutesByMapping  = "BASE_PATH_MAPPING_ONLY"
	RoutesByRule     = "ROUTING_RULE_ONLY"
	RoutesByRuleThen = "ROUTING_RULE_THEN_BASE_PATH_MAPPING"
)
