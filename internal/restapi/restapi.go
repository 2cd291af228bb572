// Package restapi serves REST APIs (Amazon API Gateway v1): it compiles a
// deployment on a stage once, then routes, maps, integrates and answers as
// AWS does. It must not know listeners, stores or the management wire.
package restapi

import (
	"errors"
	"log/slog"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// Env is what stages share with the process around them.
type Env struct {
	Scope  apigw.Scope
	Pools  *integration.Pools
	Logger *slog.Logger     // nil: nothing is logged
	Now    func() time.Time // nil: time.Now
}

// Stage is a deployment compiled for one stage. It never changes; many
// requests use it at once.
type Stage struct{}

// Compile makes the Stage that serves definition def, the frozen content of
// deployment dep, with the settings of st. It refuses what Check lists as an
// error. The result holds references to shared backends: Close it once it is
// replaced.
func Compile(def *apigw.Definition, st *apigw.Stage, dep apigw.DeploymentID, env *Env) (*Stage, error) {
	return nil, errors.New("not compiled")
}

// Close gives back what the stage shares with others. Requests in flight may
// still end.
func (s *Stage) Close() {}

// Serve answers x. It fills x.Response and never writes to a connection.
func (s *Stage) Serve(x *exchange.Exchange) {}

// Problem is one thing of a definition or stage that can't be served, or (a
// Warning) that can be served but will fail as it does on AWS.
type Problem struct {
	Place   string // "GET /pets", "stage prod"
	Text    string // names the setting and why
	Warning bool
}

func (p Problem) String() string { return p.Place + ": " + p.Text }

// Check lists everything in def that st couldn't serve as asked. A nil st
// checks the definition alone, with any stage variables.
func Check(def *apigw.Definition, st *apigw.Stage) []Problem { return nil }

// Forbidden answers x as AWS answers for an unknown stage or a disabled
// endpoint: 403 {"message":"Forbidden"}, ForbiddenException.
func Forbidden(x *exchange.Exchange) {}

// NewIDs gives x its request and extended request IDs. They are random, from
// a generator seeded by the operating system; they name requests and are no
// secrets.
func NewIDs(x *exchange.Exchange) {}
