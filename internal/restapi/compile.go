package restapi

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/lambda"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/schema"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// Compile makes the Stage that serves definition def, the frozen content of
// deployment dep, with the settings of st. It refuses what Check lists as an
// error. The result holds references to shared backends: Close it once it is
// replaced.
func Compile(def *apigw.Definition, st *apigw.Stage, dep apigw.DeploymentID, env *Env) (*Stage, error) {
	state := canaryNone
	if st.Canary != nil {
		state = canaryNo
	}
	return compile(newCompiler(def, st, env), state, dep)
}

func compile(c *compiler, state canaryState, dep apigw.DeploymentID) (*Stage, error) {
	c.canary = state
	s := c.compile(dep)
	if err := c.problems.Err(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Check lists everything in def that st couldn't serve as asked. A nil st
// checks the definition alone, whatever its stage variables will be.
func Check(def *apigw.Definition, st *apigw.Stage) []Problem {
	c := newCompiler(def, st, nil)
	c.compile("")
	return c.problems
}

// compiler compiles one stage, and collects what is wrong on the way. Without
// an env it only checks.
type compiler struct {
	def      *apigw.Definition
	stage    *apigw.Stage // nil: unknown yet
	env      *Env
	vars     map[string]string
	settings map[string]*apigw.MethodSetting // by plainKey
	out      *Stage
	problems serving.Problems
	schemas  map[apigw.ModelName]*schema.Schema // compiled so far; nil: can't be compiled
	canary   canaryState
	trial    *trial // nil, unless a method is tested

	shown    *integration.ClientCertificate // nil until one is needed
	shownErr error

	authorizers map[apigw.AuthorizerID]*functionAuthorizer
}

func newCompiler(def *apigw.Definition, st *apigw.Stage, env *Env) *compiler {
	c := &compiler{def: def, stage: st, env: env}
	if st != nil {
		c.vars, c.settings = st.Variables, map[string]*apigw.MethodSetting{}
		for key, s := range st.MethodSettings {
			c.settings[plainKey(key)] = s
		}
	}
	return c
}

func (c *compiler) refuse(place, text string) { c.problems.Refuse(place, text) }

func (c *compiler) warn(place, text string) { c.problems.Warn(place, text) }

func (c *compiler) compile(dep apigw.DeploymentID) *Stage {
	c.checkAPI()
	c.checkStage()
	c.out = c.newStage(dep)
	c.observeStage()
	c.openCache()
	c.out.responses = c.gatewayResponses(c.def)
	c.out.policy = c.policy()
	c.out.keyFrom = c.keySource()
	resources := slices.SortedFunc(maps.Values(c.def.Resources), func(a, b *apigw.Resource) int { return cmp.Compare(a.Path, b.Path) })
	for _, r := range resources {
		if len(r.Methods) > 0 {
			c.addResource(r)
		}
	}
	return c.out
}

func (c *compiler) newStage(dep apigw.DeploymentID) *Stage {
	api := &c.def.API
	s := &Stage{
		env: c.env, trial: c.trial, canary: c.canary, apiID: api.ID, deployment: dep, edge: api.Endpoint.Type == "EDGE",
		binary: api.BinaryMediaTypes, compress: -1, maxURL: maxURL, maxHeaders: maxHeaders,
		userAgent: "AmazonAPIGateway_" + string(api.ID),
	}
	if api.MinimumCompressionSize != nil {
		s.compress = *api.MinimumCompressionSize
	}
	if api.Endpoint.Type != "REGIONAL" {
		s.maxURL = maxEdgeURL
	}
	if api.Endpoint.Type == "PRIVATE" {
		s.maxHeaders = maxPrivateHeaders
	}
	if c.stage != nil {
		s.name = c.stage.Name
	}
	if c.env != nil {
		s.scope = c.env.ScopeOf(c.def)
		s.signed = c.env.Verifier(s.scope.Region)
		scope := &s.scope
		s.arnLength = len("arn:") + len(scope.Partition) + len(":execute-api:") + len(scope.Region) + len(":") + len(scope.Account) +
			len(":") + len(s.apiID) + len("/") + len(s.name) + len("/")
		s.contextJSON = contextJSON(s)
	}
	s.variables, s.variablesJSON = mapping.NewStageVariables(c.vars), variablesJSON(c.vars)
	return s
}

func (c *compiler) addResource(r *apigw.Resource) {
	place, names := c.out.root.Add(r.Path)
	compiled := &resource{id: r.ID, path: r.Path, names: names}
	for v, name := range serving.VerbNames {
		from := r.Methods[apigw.Verb(name)]
		if from == nil {
			continue
		}
		m := &method{verb: apigw.Verb(name), code: serving.Verb(v), resource: compiled}
		if !place.Add(m.code, m) {
			c.refuse(m.place(), "another resource stands for the same paths")
		}
		m.authorization = c.authorization(m.place(), from)
		m.validation = c.validation(m.place(), from)
		m.backend = c.method(m, from)
		if c.trial != nil {
			c.trial.method = m
		}
		m.needsKey = c.needsKey(m.place(), from)
		c.observeMethod(m)
		c.limit(m)
		c.cacheMethod(m, from)
	}
	for name := range r.Methods {
		if !serving.IsVerb(string(name)) {
			c.refuse(string(name)+" "+r.Path, "the method is none that API Gateway has")
		}
	}
}

func (c *compiler) method(m *method, from *apigw.Method) backend {
	place := m.place()
	i := from.Integration
	if i == nil {
		c.refuse(place, "No integration defined for method")
		return nil
	}
	c.checkIntegration(place, i)
	m.asCaller = c.asCaller(place, from)
	switch i.Type {
	case apigw.IntegrationMock:
		return c.mock(place, from)
	case apigw.IntegrationHTTP:
		return c.http(place, from)
	case apigw.IntegrationHTTPProxy:
		return c.httpProxy(place, i)
	case apigw.IntegrationAWSProxy:
		return c.lambdaProxy(m, i)
	case apigw.IntegrationAWS:
		return c.aws(m, from)
	default:
		c.refuse(place, fmt.Sprintf("the integration type %q is none that API Gateway has", i.Type))
	}
	return nil
}

// broken is a method whose integration can't work as the stage is set up: it
// answers as AWS does when it finds that out.
type broken struct{ fault *exchange.Fault }

func (b broken) serve(*request) *exchange.Fault { return b.fault }

func (c *compiler) broken(place string, err error) backend {
	c.warn(place, err.Error()+"; every request will be answered with 500")
	return broken{integration.Misconfigured(err)}
}

// parameters compiles an integration's requestParameters in the order of
// their keys.
func (c *compiler) parameters(place string, from map[string]string) []mapping.Parameter {
	var list []mapping.Parameter
	for _, key := range slices.Sorted(maps.Keys(from)) {
		p, err := mapping.ParseParameter(key, from[key], mapping.RequestPhase, c.vars)
		if err != nil {
			c.refuse(place, fmt.Sprintf("requestParameters %s: %v", key, err))
			continue
		}
		if strings.HasPrefix(key, "integration.request.header.") && from[key] == "context.identity.clientCert.clientCertPem" {
			c.warn(place, "requestParameters "+key+": a certificate has line breaks, which a header can't have: requests with one will be answered 400; "+
				"set the header in a mapping template, as $context.requestOverride.header, to $util.urlEncode($context.identity.clientCert.clientCertPem)")
		}
		list = append(list, p)
	}
	return list
}

// backend compiles an HTTP integration's URI and reserves its connections.
func (c *compiler) backend(place string, i *apigw.Integration, params []mapping.Parameter) (*integration.URI, *integration.Backend, error) {
	if c.stage == nil && strings.Contains(i.URI+i.ConnectionID+i.Target, "${stageVariables.") {
		return nil, nil, nil
	}
	uri, err := integration.ParseURI(integration.Substitute(i.URI, c.vars), params)
	if err != nil {
		return nil, nil, &worded{invalidEndpoint, err}
	}
	if c.env == nil {
		return uri, nil, nil
	}
	var shown *integration.ClientCertificate
	if uri.TLS {
		if shown, err = c.clientCertificate(); err != nil {
			return nil, nil, err
		}
	}
	if i.ConnectionType == serving.OverLink {
		b, err := c.overLink(i, uri, shown)
		return uri, b, err
	}
	return uri, c.acquire(uri, i.TLSInsecure != nil && *i.TLSInsecure, shown), nil
}

// overLink reserves where a private integration leads. Its URI's host leads
// nowhere: it is what backends see, and what their certificates must be for.
func (c *compiler) overLink(i *apigw.Integration, uri *integration.URI, shown *integration.ClientCertificate) (*integration.Backend, error) {
	place, err := serving.MethodPlace(c.out.scope, i, uri, c.vars)
	if err == nil && c.env.Links == nil {
		err = serving.ErrNoLinks
	}
	if err != nil {
		return nil, &worded{internalError, err}
	}
	place.Shown = shown
	b := c.env.Links.Acquire(place)
	c.out.backends = append(c.out.backends, b)
	return b, nil
}

// acquire reserves the connections to where uri leads.
func (c *compiler) acquire(uri *integration.URI, insecure bool, shown *integration.ClientCertificate) *integration.Backend {
	b := c.env.Pools.Acquire(uri, insecure, shown)
	c.out.backends = append(c.out.backends, b)
	return b
}

// timeout is how long an integration may take.
func timeout(i *apigw.Integration) time.Duration {
	if i.TimeoutMillis <= 0 {
		return 29 * time.Second
	}
	return time.Duration(i.TimeoutMillis) * time.Millisecond
}

// templates compiles request or response templates.
func (c *compiler) templates(place, what string, from map[string]*string, order []string) *mapping.Templates {
	t, wrong := mapping.CompileTemplates(from, order, c.program)
	for _, mediaType := range slices.Sorted(maps.Keys(wrong)) {
		for _, text := range wrong[mediaType] {
			c.warn(place, fmt.Sprintf("%s %s: %s", what, mediaType, text))
		}
	}
	return t
}

// program compiles a template, or finds it compiled already.
func (c *compiler) program(text string) (*mapping.Program, error) {
	if c.env == nil {
		return mapping.CompileProgram(text)
	}
	var err error
	p := c.env.programs.get(sha256.Sum256([]byte(text)), func() (*mapping.Program, bool) {
		var p *mapping.Program
		p, err = mapping.CompileProgram(text)
		return p, err == nil
	})
	return p, err
}

// function is the function that an AWS_PROXY integration names.
func (c *compiler) function(i *apigw.Integration) (string, error) {
	uri := integration.Substitute(i.URI, c.vars)
	if i.ResponseMode == modeStream {
		return lambda.ParseStreamURI(uri)
	}
	return lambda.ParseURI(uri)
}
