package httpapi

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
)

// Compile makes the Stage that serves definition def, the frozen content of a
// deployment, with the settings of st. It refuses what Check lists as an error.
// The result holds references to shared backends: Close it once it is replaced.
func Compile(def *apigw.Definition, st *apigw.Stage, env *Env) (*Stage, error) {
	c := newCompiler(def, st, env)
	c.compile()
	if err := c.problems.Err(); err != nil {
		c.out.Close()
		return nil, err
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
	def         *apigw.Definition
	stage       *apigw.Stage // nil: unknown yet
	env         *Env
	vars        map[string]string
	out         *Stage
	problems    serving.Problems
	authorizers map[apigw.AuthorizerID]*Authorizer // nil: can't be compiled
	called      map[apigw.RouteIntegrationID]*called
}

// called is an integration compiled: an HTTP_PROXY for all its routes, any other
// for one.
type called struct {
	backend backend
	params  mapper // nil: it has no parameter mapping
}

func newCompiler(def *apigw.Definition, st *apigw.Stage, env *Env) *compiler {
	c := &compiler{def: def, stage: st, env: env, authorizers: map[apigw.AuthorizerID]*Authorizer{}, called: map[apigw.RouteIntegrationID]*called{}}
	if st != nil {
		c.vars = st.Variables
	}
	return c
}

func (c *compiler) refuse(place, text string) { c.problems.Refuse(place, text) }

func (c *compiler) warn(place, text string) { c.problems.Warn(place, text) }

func (c *compiler) compile() {
	c.out = c.newStage()
	if c.def.RouteAPI.Protocol != apigw.ProtocolHTTP {
		c.refuse("API", "protocolType "+c.def.RouteAPI.Protocol+" is not HTTP")
		return
	}
	c.observeStage()
	c.out.cors = c.cors()
	c.checkStage()
	for _, r := range slices.SortedFunc(maps.Values(c.def.Routes), func(a, b *apigw.Route) int { return cmp.Compare(a.Key, b.Key) }) {
		c.addRoute(r)
	}
}

func (c *compiler) newStage() *Stage {
	s := Stage{API: c.def.RouteAPI.ID, Variables: c.vars}
	if c.stage != nil {
		s.Name, s.Flushed = c.stage.Name, c.stage.AuthorizersFlushed
	}
	env := c.env
	if env == nil {
		env = &Env{Env: new(serving.Env)} // what authorizers are compiled with
	}
	out := NewStage(env, s)
	out.scope, out.variables = env.ScopeOf(c.def), mapping.NewStageVariables(c.vars)
	return out
}

func (c *compiler) checkStage() {
	st := c.stage
	if st == nil || st.Routes == nil {
		return
	}
	place := "stage " + string(st.Name)
	if st.ClientCertificateID != "" {
		c.refuse(place, "clientCertificateId: an HTTP API shows backends no certificate")
	}
	c.checkSettings(place+" defaultRouteSettings", st.Routes.DefaultSettings)
	for _, key := range slices.Sorted(maps.Keys(st.Routes.Settings)) {
		c.checkSettings(place+" routeSettings "+key, st.Routes.Settings[key])
	}
}

func (c *compiler) addRoute(from *apigw.Route) {
	place := from.Key
	key, err := parseRouteKey(from.Key)
	if err != nil {
		c.refuse("route "+place, err.Error())
		return
	}
	a := c.authorizer(place, from)
	r, err := NewRoute(from.Key, a, from.AuthorizationScopes)
	if err != nil {
		c.refuse(place, err.Error())
		return
	}
	r.signed = from.AuthorizationType == "AWS_IAM"
	if call := c.integration(place, from); call != nil {
		r.backend, r.params = call.backend, call.params
	}
	c.observeRoute(r)
	if key.path == "" {
		c.out.fallback = r
		return
	}
	at, names := c.out.root.Add(key.path)
	r.names = names
	if !at.Add(key.verb, r) {
		c.refuse(place, "another route stands for the same paths")
	}
}

// authorizer is who decides on a route's callers; nil: anyone may call.
func (c *compiler) authorizer(place string, from *apigw.Route) *Authorizer {
	switch from.AuthorizationType {
	case "", "NONE", "AWS_IAM":
		return nil
	case "JWT", "CUSTOM":
	default:
		c.refuse(place, "authorizationType "+from.AuthorizationType+" is none that an HTTP API has")
		return nil
	}
	if a, ok := c.authorizers[from.AuthorizerID]; ok {
		return a
	}
	defined := c.def.RouteAuthorizers[from.AuthorizerID]
	if defined == nil {
		c.refuse(place, "authorizationType "+from.AuthorizationType+": there is no authorizer "+string(from.AuthorizerID))
		return nil
	}
	a, warnings, err := NewAuthorizer(c.out, defined)
	if err != nil {
		c.refuse(place, err.Error())
	}
	for _, text := range warnings {
		c.warn("authorizer "+defined.Name, text)
	}
	c.authorizers[from.AuthorizerID] = a
	return a
}

// integration compiles what a route calls.
func (c *compiler) integration(place string, from *apigw.Route) *called {
	i := c.def.RouteIntegrations[from.Target]
	if i == nil {
		// Clients make routes first and give them a target later: one that waits
		// for its own mustn't keep the others from being served. What AWS answers
		// meanwhile isn't known.
		return &called{backend: c.broken(place, errors.New("the route has no integration: give it a target, integrations/{id}"))}
	}
	if done, ok := c.called[i.ID]; ok {
		return done
	}
	place = "integration " + string(i.ID) + " (" + place + ")"
	made := &called{params: c.compileParameters(place, i)}
	made.backend = c.backend(place, from, i, made.params)
	if i.Type == apigw.IntegrationHTTPProxy { // any other is called for a route
		c.called[i.ID] = made
	}
	return made
}

func (c *compiler) backend(place string, route *apigw.Route, i *apigw.RouteIntegration, params mapper) backend {
	if i.ConnectionType == serving.OverLink && i.Type != apigw.IntegrationHTTPProxy {
		c.refuse(place, "connectionType VPC_LINK is for HTTP_PROXY integrations")
		return nil
	}
	switch {
	case i.Type == apigw.IntegrationHTTPProxy:
		return c.httpProxy(place, i, params)
	case i.Type == apigw.IntegrationAWSProxy && i.Subtype != "":
		return c.compileService(place, route, i)
	case i.Type == apigw.IntegrationAWSProxy:
		return c.compileLambda(place, route, i)
	}
	c.refuse(place, fmt.Sprintf("integrationType %q is none that an HTTP API has: AWS_PROXY or HTTP_PROXY", i.Type))
	return nil
}

// broken is a route whose integration can't work as the stage is set up: it
// answers as AWS does when it finds that out.
type broken struct{ fault *exchange.Fault }

func (b broken) serve(*Request) *exchange.Fault { return b.fault }

func (c *compiler) broken(place string, err error) backend {
	c.warn(place, err.Error()+"; every request will be answered with 500")
	return broken{integration.Misconfigured(err)}
}

// timeout is how long an integration may take.
func timeout(i *apigw.RouteIntegration) time.Duration {
	if i.TimeoutMillis <= 0 {
		return 30 * time.Second
	}
	return time.Duration(i.TimeoutMillis) * time.Millisecond
}

// unknownYet says that text can't be judged: stage variables decide what it is.
func (c *compiler) unknownYet(text string) bool {
	return c.stage == nil && strings.Contains(text, "${stageVariables.")
}
