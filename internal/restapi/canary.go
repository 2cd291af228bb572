package restapi

import (
	"fmt"
	"math/rand/v2"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
)

// Release is what serves a stage: its deployment, and beside it the one under
// trial as a canary, which gets a share of the requests. It never changes; many
// requests use it at once.
type Release struct {
	base, canary *Stage
	percent      float64        // of the requests that the canary gets
	draw         func() float64 // in [0, 1), for each request anew: nobody sticks to either (developer guide)
}

// Server is a compiled stage, with or without a canary.
type Server interface {
	Serve(x *exchange.Exchange)
	Close()
}

// CompileStage makes what serves st: definition def of its deployment and,
// unless canary is nil, that of its canary's. It refuses what Check lists as an
// error for either. Close the result once it is replaced.
func CompileStage(st *apigw.Stage, def, canary *apigw.Definition, env *Env) (Server, error) {
	base, err := Compile(def, st, st.DeploymentID, env)
	if err != nil {
		return nil, err
	}
	if canary == nil || st.Canary == nil {
		return base, nil
	}
	trial, err := compile(newCompiler(canary, st.CanaryView(), env), canaryYes, st.Canary.DeploymentID)
	if err != nil {
		base.Close()
		return nil, fmt.Errorf("canary deployment %s: %w", st.Canary.DeploymentID, err)
	}
	r := &Release{base: base, canary: trial, percent: st.Canary.PercentTraffic, draw: env.Random}
	if r.draw == nil {
		r.draw = rand.Float64 // the runtime's, one generator for each thread: no lock
	}
	return r, nil
}

// Serve answers x from one of the two.
func (r *Release) Serve(x *exchange.Exchange) {
	s, who := r.base, "production"
	if r.draw()*100 < r.percent {
		s, who = r.canary, "canary"
	}
	if x.Explaining() {
		x.Decide("canary", who, fmt.Sprintf("drawn: the canary, deployment %s, gets %g %% of the requests", r.canary.deployment, r.percent))
	}
	s.Serve(x)
}

// Close implements Server.
func (r *Release) Close() {
	r.base.Close()
	r.canary.Close()
}

// canaryState is what $context.isCanaryRequest says; it is set only while a
// stage has a canary (developer guide, "Variables for access logging").
type canaryState uint8

const (
	canaryNone canaryState = iota // the stage has no canary
	canaryNo
	canaryYes
)

// canarySuffix ends the names of a canary's log groups and its stage dimension
// (developer guide, "Set up an API Gateway canary release deployment").
const canarySuffix = "/Canary"

// seen is the name that logs and metrics of the stage being compiled carry.
func (c *compiler) seen(name string) string {
	if c.canary == canaryYes {
		return name + canarySuffix
	}
	return name
}
