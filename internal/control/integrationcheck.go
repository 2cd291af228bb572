package control

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
)

// completeIntegration gives in its defaults, checks it in AWS's order and
// brings it into AWS's form. The method is the one it belongs to.
func (c *Control) completeIntegration(in *apigw.Integration, m *apigw.Method, resource apigw.ResourceID) error {
	if in.CacheNamespace == "" {
		in.CacheNamespace = string(resource)
	}
	if in.PassthroughBehavior == "" {
		in.PassthroughBehavior = "WHEN_NO_MATCH"
	}
	if in.TimeoutMillis == 0 {
		in.TimeoutMillis = 29000
	}
	if err := checkTarget(in); err != nil {
		return err
	}
	if err := checkConnection(in); err != nil {
		return err
	}
	in.PassthroughBehavior = strings.ToUpper(in.PassthroughBehavior)
	switch in.PassthroughBehavior {
	case "WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER":
	default:
		return apigw.Errorf(apigw.BadRequest, "Invalid passthroughBehavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER")
	}
	if err := c.checkTimeout(in); err != nil {
		return err
	}
	if err := checkTemplates(in.RequestTemplates); err != nil {
		return err
	}
	in.TemplateOrder = orderOf(in.RequestTemplates, in.TemplateOrder)
	if err := checkRequestMappings(in.RequestParameters, m); err != nil {
		return err
	}
	return checkCacheKeys(in, m)
}

// checkCacheKeys: a key is a parameter that the method declares, or one of the
// integration that something is mapped to (API reference, PutIntegration; the
// text as seen on AWS).
func checkCacheKeys(in *apigw.Integration, m *apigw.Method) error {
	for _, key := range in.CacheKeyParameters {
		_, declared := m.RequestParameters[key]
		if _, mapped := in.RequestParameters[key]; !declared && !mapped {
			return apigw.Errorf(apigw.BadRequest, "Invalid cache key parameter specified")
		}
	}
	return nil
}

// checkTimeout holds the timeout to the account's quota; a streamed response
// may take 15 minutes (Amazon API Gateway developer guide, response transfer
// mode), and is for proxies alone (the same page).
func (c *Control) checkTimeout(in *apigw.Integration) error {
	most := c.limits.IntegrationTimeoutMS
	if in.ResponseMode == "STREAM" {
		most = max(most, 900_000)
	}
	if in.ResponseMode == "STREAM" && in.Type != apigw.IntegrationHTTPProxy && in.Type != apigw.IntegrationAWSProxy {
		return apigw.Errorf(apigw.BadRequest, "Response transfer mode STREAM is only supported for integrations of type HTTP_PROXY and AWS_PROXY")
	}
	if in.TimeoutMillis < 50 || in.TimeoutMillis > most {
		return apigw.Errorf(apigw.BadRequest, "Timeout should be between 50 ms and %d ms", most)
	}
	return nil
}

func checkTarget(in *apigw.Integration) error {
	if in.Type == apigw.IntegrationMock {
		// A mock calls nothing, and what was said of it is dropped (recorded
		// on AWS).
		in.HTTPMethod, in.URI = "", ""
		return nil
	}
	if in.HTTPMethod == "" {
		return apigw.Errorf(apigw.BadRequest, "Enumeration value for HttpMethod must be non-empty")
	}
	in.HTTPMethod = strings.ToUpper(in.HTTPMethod)
	if err := checkVerb(apigw.Verb(in.HTTPMethod)); err != nil {
		return err
	}
	switch in.Type {
	case apigw.IntegrationHTTP, apigw.IntegrationHTTPProxy:
		return checkHTTPEndpoint(in.URI)
	case apigw.IntegrationAWS, apigw.IntegrationAWSProxy:
		return checkAWSEndpoint(in)
	}
	return apigw.Errorf(apigw.BadRequest, "Invalid integration type specified: %s", in.Type)
}

// httpEndpoint is an absolute URI; scheme, host and all may come from stage
// variables.
var httpEndpoint = regexp.MustCompile(`^(?i:https?)://(\[[0-9a-fA-F:.]+\]|[^\s/?#:\[\]@]+|(\$\{stageVariables\.[A-Za-z0-9_]+\})+[^\s/?#]*)(:(\d{1,5}|\$\{stageVariables\.[A-Za-z0-9_]+\}))?([/?#]\S*)?$`)

func checkHTTPEndpoint(uri string) error {
	if !httpEndpoint.MatchString(uri) && !strings.HasPrefix(uri, "${stageVariables.") {
		return apigw.Errorf(apigw.BadRequest, "Invalid HTTP endpoint specified for URI")
	}
	return nil
}

// checkAWSEndpoint checks
// arn:{partition}:apigateway:{region}:{service}:{path|action}/{…}.
func checkAWSEndpoint(in *apigw.Integration) error {
	service, target, err := splitAWSURI(in.URI)
	if err != nil {
		return err
	}
	if service == "lambda" && lambdaInvocation(target) {
		return nil
	}
	if in.Type == apigw.IntegrationAWSProxy {
		// Firehose is in AWS's text and refused by AWS all the same (recorded).
		return apigw.Errorf(apigw.BadRequest, "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.")
	}
	if in.Credentials == "" && service != "lambda" {
		return apigw.Errorf(apigw.BadRequest, "Role ARN must be specified for AWS integrations")
	}
	return nil
}

func splitAWSURI(uri string) (service, target string, err error) {
	parts := strings.SplitN(uri, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || parts[2] == "" {
		return "", "", apigw.Errorf(apigw.BadRequest, "Invalid ARN specified in the request")
	}
	service, target = parts[4], parts[5]
	if !strings.HasPrefix(target, "path/") && !strings.HasPrefix(target, "action/") {
		return "", "", apigw.Errorf(apigw.BadRequest, "AWS ARN for integration must contain path or action")
	}
	return service, target, nil
}

// lambdaInvocation: path/{version}/functions/{function ARN}/invocations, or
// for a streamed response a path of its own. The function may be named by a
// stage variable.
func lambdaInvocation(target string) bool {
	function, ok := between(target, "path/2015-03-31/functions/", "/invocations")
	if !ok {
		function, ok = between(target, "path/2021-11-15/functions/", "/response-streaming-invocations")
	}
	return ok && (strings.HasPrefix(function, "arn:") || strings.Contains(function, "${stageVariables."))
}

func between(s, before, after string) (string, bool) {
	s, starts := strings.CutPrefix(s, before)
	s, ends := strings.CutSuffix(s, after)
	return s, starts && ends
}

func checkConnection(in *apigw.Integration) error {
	overHTTP := in.Type == apigw.IntegrationHTTP || in.Type == apigw.IntegrationHTTPProxy
	switch in.ConnectionType {
	case "", "INTERNET":
		// Shown for HTTP types only (recorded on AWS).
		in.ConnectionType = ""
		if overHTTP {
			in.ConnectionType = "INTERNET"
		}
		if in.Target != "" {
			return apigw.Errorf(apigw.BadRequest, "An integrationTarget can only be specified for connection type VPC_LINK")
		}
		return nil
	case "VPC_LINK":
		if !overHTTP {
			return apigw.Errorf(apigw.BadRequest, "VPC_LINK connections are for integrations of type HTTP and HTTP_PROXY")
		}
		if in.ConnectionID == "" {
			return apigw.Errorf(apigw.BadRequest, "A VPC link must be specified in connectionId for connection type VPC_LINK")
		}
		if in.Target != "" && !balancerTarget(in.Target) {
			return apigw.Errorf(apigw.BadRequest, "Invalid integrationTarget specified: it must be the ARN of an Application or a Network Load Balancer")
		}
		return nil
	}
	return apigw.Errorf(apigw.BadRequest, "Invalid connectionType specified. Valid options are INTERNET,VPC_LINK")
}

// checkTemplates checks the content types. An empty template is kept and
// shown as null (recorded on AWS).
func checkTemplates(templates map[string]*string) error {
	for _, contentType := range slices.Sorted(maps.Keys(templates)) {
		if err := checkContentType(contentType); err != nil {
			return err
		}
		if t := templates[contentType]; t != nil && *t == "" {
			templates[contentType] = nil
		}
	}
	return nil
}

// orderOf lists the content types in the order they were first given.
func orderOf(templates map[string]*string, order []string) []string {
	var kept []string
	for _, t := range order {
		if _, ok := templates[t]; ok && !slices.Contains(kept, t) {
			kept = append(kept, t)
		}
	}
	for _, t := range slices.Sorted(maps.Keys(templates)) {
		if !slices.Contains(kept, t) {
			kept = append(kept, t)
		}
	}
	return kept
}

func checkRequestMappings(mappings map[string]string, m *apigw.Method) error {
	for _, key := range slices.Sorted(maps.Keys(mappings)) {
		place, name, ok := cutParameter(key, "integration.request.")
		if !ok || place != "path" && place != "querystring" && place != "header" || !mappingName(name) {
			return invalidMapping(key)
		}
		if err := checkRequestSource(mappings[key], m); err != nil {
			return err
		}
	}
	return nil
}

// checkRequestSource checks where an integration's parameter comes from: a
// declared parameter of the request, its body, the context, a stage variable
// or a 'constant'.
func checkRequestSource(source string, m *apigw.Method) error {
	if commonSource(source) || source == "method.request.body" || strings.HasPrefix(source, "method.request.body.") || strings.HasPrefix(source, "method.request.body[") {
		return nil
	}
	place, name, ok := cutParameter(source, "method.request.")
	if !ok {
		return invalidMapping(source)
	}
	switch place {
	case "path", "querystring", "header":
	case "multivaluequerystring", "multivalueheader":
		place = strings.TrimPrefix(place, "multivalue")
	default:
		return invalidMapping(source)
	}
	if !mappingName(name) {
		return invalidMapping(source)
	}
	if _, declared := m.RequestParameters["method.request."+place+"."+name]; !declared {
		return undeclaredParameter(source)
	}
	return nil
}

// mappingName says whether a parameter of that name can be mapped: names match
// ^[a-zA-Z0-9._$-]+$ (developer guide, "Parameter mapping source reference").
func mappingName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '$', c == '-':
		default:
			return false
		}
	}
	return name != ""
}

func commonSource(source string) bool {
	if name, ok := strings.CutPrefix(source, "context."); ok {
		return name != ""
	}
	if name, ok := strings.CutPrefix(source, "stageVariables."); ok {
		return name != ""
	}
	return len(source) >= 2 && source[0] == '\'' && source[len(source)-1] == '\''
}

// completeIntegrationResponse checks r against the method it answers for and
// brings it into AWS's form.
func completeIntegrationResponse(m *apigw.Method, r *apigw.IntegrationResponse) error {
	if err := checkTemplates(r.ResponseTemplates); err != nil {
		return err
	}
	r.TemplateOrder = orderOf(r.ResponseTemplates, r.TemplateOrder)
	if err := checkResponseMappings(m, r); err != nil {
		return err
	}
	for _, status := range slices.Sorted(maps.Keys(m.Integration.Responses)) {
		if status != r.StatusCode && selection(m.Integration.Responses[status]) == selection(r) {
			return apigw.Errorf(apigw.Conflict, "Integration response with selection pattern %s already exists", selection(r))
		}
	}
	return nil
}

// selection is the pattern as AWS's message names it.
func selection(r *apigw.IntegrationResponse) string {
	if r.SelectionPattern == nil || *r.SelectionPattern == "" {
		return "default"
	}
	return *r.SelectionPattern
}

func checkResponseMappings(m *apigw.Method, r *apigw.IntegrationResponse) error {
	declared := m.Responses[r.StatusCode]
	for _, key := range slices.Sorted(maps.Keys(r.ResponseParameters)) {
		if place, name, ok := cutParameter(key, "method.response."); !ok || place != "header" || !mappingName(name) {
			return invalidMapping(key)
		}
		if declared == nil {
			return undeclaredParameter(key)
		}
		if _, ok := declared.ResponseParameters[key]; !ok {
			return undeclaredParameter(key)
		}
		if source := r.ResponseParameters[key]; !responseSource(source) {
			return invalidMapping(source)
		}
	}
	return nil
}

func responseSource(source string) bool {
	if commonSource(source) {
		return true
	}
	rest, ok := strings.CutPrefix(source, "integration.response.")
	if !ok {
		return false
	}
	if rest == "body" || strings.HasPrefix(rest, "body.") || strings.HasPrefix(rest, "body[") {
		return true
	}
	place, name, ok := strings.Cut(rest, ".")
	return ok && mappingName(name) && (place == "header" || place == "multivalueheader")
}
