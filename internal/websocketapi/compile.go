package websocketapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/schema"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// Compile makes the Stage that serves definition def, the frozen content of a
// deployment, with the settings of st, and has it serve the new events of the
// stage's connections, those that are open included. It refuses what Check lists
// as an error. The result holds references to shared backends: Close it once it
// is replaced.
func Compile(def *apigw.Definition, st *apigw.Stage, env *Env) (*Stage, error) {
	c := newCompiler(def, st, env)
	c.compile()
	if err := c.problems.Err(); err != nil {
		c.out.Close()
		return nil, err
	}
	if st != nil {
		c.out.place = env.Hub.place(placeName{c.out.API, c.out.Name})
		c.out.place.deploy(c.out)
	}
	return c.out, nil
}

// Check lists everything in def that st couldn't serve as asked. A nil st
// checks the definition alone, whatever its stage variables will be.
func Check(def *apigw.Definition, st *apigw.Stage) []Problem {
	c := newCompiler(def, st, nil)
	c.compile()
	return c.problems
}

// compiler compiles one stage, and collects what is wrong on the way. Without
// an env it only checks.
type compiler struct {
	def      *apigw.Definition
	stage    *apigw.Stage // nil: unknown yet
	env      *Env
	vars     map[string]string
	out      *Stage
	problems serving.Problems
	schemas  map[string]*schema.Schema // by model's name; nil: can't be compiled
}

func newCompiler(def *apigw.Definition, st *apigw.Stage, env *Env) *compiler {
	c := &compiler{def: def, stage: st, env: env, schemas: map[string]*schema.Schema{}}
	if st != nil {
		c.vars = st.Variables
	}
	return c
}

func (c *compiler) refuse(place, text string) { c.problems.Refuse(place, text) }

func (c *compiler) warn(place, text string) { c.problems.Warn(place, text) }

func (c *compiler) compile() {
	c.out = c.newStage()
	api := c.def.RouteAPI
	if api.Protocol != apigw.ProtocolWebSocket {
		c.refuse("API", "protocolType "+api.Protocol+" is not WEBSOCKET")
		return
	}
	c.observeStage()
	var err error
	if c.out.selection, err = parseSelection(api.RouteSelection, false); err != nil {
		c.refuse("API", "routeSelectionExpression: "+err.Error())
	}
	switch api.APIKeySelection {
	case "", "$request.header.x-api-key":
	case "$context.authorizer.usageIdentifierKey":
		c.out.keyFromAnswer = true
	default:
		c.refuse("API", "apiKeySelectionExpression "+api.APIKeySelection+" is neither $request.header.x-api-key nor $context.authorizer.usageIdentifierKey")
	}
	c.checkStage()
	for _, r := range slices.SortedFunc(maps.Values(c.def.Routes), func(a, b *apigw.Route) int { return cmp.Compare(a.Key, b.Key) }) {
		c.addRoute(r)
	}
	if c.out.routes[connectKey] == nil { // without one everybody is let in, as often as the stage's settings say
		r := &Route{Key: connectKey}
		c.observeRoute(r)
		c.out.routes[connectKey] = r
	}
}

func (c *compiler) newStage() *Stage {
	env := c.env
	if env == nil {
		env = &Env{Env: new(serving.Env)} // what authorizers are compiled with
	}
	s := &Stage{
		API: c.def.RouteAPI.ID, env: env, vars: c.vars, scope: env.ScopeOf(c.def), variables: mapping.NewStageVariables(c.vars),
		routes: map[string]*Route{}, busyTold: new(serving.BusyTold),
	}
	if c.stage != nil {
		s.Name = c.stage.Name
	}
	if len(c.vars) > 0 {
		text, _ := json.Marshal(c.vars) // in the order of their names
		s.variablesJSON = string(text)
	}
	return s
}

func (c *compiler) checkStage() {
	st := c.stage
	if st == nil || st.Routes == nil {
		return
	}
	place := "stage " + string(st.Name)
	if st.ClientCertificateID != "" {
		c.refuse(place, "clientCertificateId: showing backends a certificate is not supported for WebSocket APIs yet")
	}
	c.checkSettings(place+" defaultRouteSettings", st.Routes.DefaultSettings)
	for _, key := range slices.Sorted(maps.Keys(st.Routes.Settings)) {
		c.checkSettings(place+" routeSettings "+key, st.Routes.Settings[key])
	}
}

// checkSettings refuses what no route can be set to.
func (c *compiler) checkSettings(place string, s *apigw.RouteSettings) {
	if s == nil {
		return
	}
	if s.ThrottlingRateLimit != nil && *s.ThrottlingRateLimit < 0 || s.ThrottlingBurstLimit != nil && *s.ThrottlingBurstLimit < 0 {
		c.refuse(place, "throttling limits are not negative")
	}
	if _, ok := levels[s.LoggingLevel]; !ok {
		c.refuse(place, "loggingLevel "+s.LoggingLevel+" is none of OFF, ERROR and INFO")
	}
}

func (c *compiler) addRoute(from *apigw.Route) {
	place := "route " + from.Key
	if strings.HasPrefix(from.Key, "$") && from.Key != connectKey && from.Key != disconnectKey && from.Key != defaultKey {
		c.refuse(place, "only $connect, $disconnect and $default begin with a dollar")
		return
	}
	r := &Route{Key: from.Key}
	if from.Key == connectKey {
		r.authorizer = c.newAuthorizing(place, from)
		r.needsKey = from.APIKeyRequired
		c.addRequired(place, r, from)
	}
	r.twoWay = c.twoWay(place, from)
	r.models = c.models(place, from)
	r.backend = c.integration(place, from)
	if r.backend == nil && from.Key != connectKey && from.Key != disconnectKey {
		return
	}
	c.observeRoute(r)
	c.out.routes[from.Key] = r
}

// addRequired compiles what clients must say when they connect.
func (c *compiler) addRequired(place string, r *Route, from *apigw.Route) {
	for _, key := range slices.Sorted(maps.Keys(from.RequestParameters)) {
		source, err := mapping.ParseConnectSource(key, nil)
		if err != nil || !strings.HasPrefix(key, "route.request.") {
			c.refuse(place, "requestParameters "+key+" is no parameter of a request")
			continue
		}
		if from.RequestParameters[key] {
			r.required, r.missing = append(r.required, source), append(r.missing, key)
		}
	}
}

// twoWay says whether clients get what a route's integration answers: only with
// a route response (developer guide, "Set up a route response").
func (c *compiler) twoWay(place string, from *apigw.Route) bool {
	if from.ResponseSelection != "" && from.ResponseSelection != defaultKey {
		c.refuse(place, "routeResponseSelectionExpression "+from.ResponseSelection+" is not $default")
	}
	answers := false
	for _, r := range from.Responses {
		if r.Key != defaultKey {
			c.refuse(place, "routeResponseKey "+r.Key+" is not $default")
			continue
		}
		if len(r.ResponseParameters) > 0 || len(r.ResponseModels) > 0 || r.ModelSelection != "" {
			c.warn(place, "the route response's models and parameters have no effect, as on AWS")
		}
		answers = true
	}
	return answers && from.ResponseSelection == defaultKey && from.Key != connectKey && from.Key != disconnectKey
}

// models compiles what a route's messages are held against; nil: nothing.
func (c *compiler) models(place string, from *apigw.Route) *models {
	if from.ModelSelection == "" || c.def.RouteAPI.DisableSchemaValidation {
		return nil
	}
	m := &models{selection: c.selection(place+" modelSelectionExpression", from.ModelSelection, false), schemas: map[string]*schema.Schema{}}
	for _, key := range slices.Sorted(maps.Keys(from.RequestModels)) {
		name := from.RequestModels[key]
		if s := c.schema(place, name); s != nil {
			m.schemas[key] = s
		}
	}
	return m
}

// schema compiles a model, once for all routes.
func (c *compiler) schema(place, name string) *schema.Schema {
	if s, ok := c.schemas[name]; ok {
		return s
	}
	c.schemas[name] = nil
	for _, m := range c.def.RouteModels {
		if m.Name != name {
			continue
		}
		s, err := schema.Compile([]byte(m.Schema), func(ref string) ([]byte, error) {
			return nil, fmt.Errorf("the reference %.256q leads to no model of this API", ref)
		})
		if err != nil {
			c.refuse("model "+name, "schema: "+err.Error())
			return nil
		}
		c.schemas[name] = s
		return s
	}
	c.refuse(place, "requestModels: there is no model "+name)
	return nil
}

// integration compiles what a route calls; nil: nothing.
func (c *compiler) integration(place string, from *apigw.Route) backend {
	if from.Target == "" {
		if from.Key != connectKey && from.Key != disconnectKey {
			c.refuse(place, "the route has no integration: give it a target, integrations/{id}")
		}
		return nil
	}
	i := c.def.RouteIntegrations[from.Target]
	if i == nil {
		c.refuse(place, "there is no integration "+string(from.Target))
		return nil
	}
	place = "integration " + string(i.ID) + " (" + place + ")"
	if i.ConnectionType == serving.OverLink && i.Type != apigw.IntegrationHTTP && i.Type != apigw.IntegrationHTTPProxy {
		c.refuse(place, "connectionType VPC_LINK is for HTTP and HTTP_PROXY integrations")
		return nil
	}
	switch i.Type {
	case apigw.IntegrationAWSProxy:
		return c.lambdaProxy(place, from, i)
	case apigw.IntegrationHTTPProxy:
		return c.httpProxy(place, i)
	case apigw.IntegrationHTTP:
		return c.httpCall(place, i)
	case apigw.IntegrationAWS:
		return c.aws(place, from, i)
	case apigw.IntegrationMock:
		c.parameters(place, i) // no effect, but they must mean something
		return mock{c.shape(place, i)}
	}
	c.refuse(place, fmt.Sprintf("integrationType %q is none that a WebSocket API has", i.Type))
	return nil
}

// sourceARN is a route as what it calls sees it.
func (c *compiler) sourceARN(route *apigw.Route) string { return c.out.routeARN(route.Key) }

// unknownYet says that text can't be judged: stage variables decide what it is.
func (c *compiler) unknownYet(text string) bool {
	return c.stage == nil && strings.Contains(text, "${stageVariables.")
}
