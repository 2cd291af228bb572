// Package websocketapi serves WebSocket APIs (Amazon API Gateway V2): it
// compiles a deployment on a stage once, lets clients connect, leads their
// messages to routes, calls integrations, answers, and lets backends reach
// connections by @connections, as AWS does. It must not know another API kind,
// listeners, stores or the management wire.
//
// connect.go, message.go and disconnect.go are the stories of the three kinds
// of events; callback.go is @connections; hub.go holds the connections and
// knows which stage serves them now; compile.go says what a definition becomes,
// and refuses what nothing here would enforce. What routes call is a backend
// each: lambda.go, httpproxy.go, mapped.go.
package websocketapi

import (
	"sync"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/integration"
	"github.com/gatehouse/gatehouse/internal/mapping"
	"github.com/gatehouse/gatehouse/internal/serving"
	"github.com/gatehouse/gatehouse/internal/sigv4"
	"github.com/gatehouse/gatehouse/internal/usageplan"
)

// Env is what stages share with the process around them: what those of all API
// kinds do, and what WebSocket APIs alone need. Don't copy one that is in use.
type Env struct {
	*serving.Env
	Hub   *Hub
	Plans *usageplan.Book // nil: no API key is known

	// Done is called for every message and every client that is gone, as the
	// edge does for requests; nil: nothing is. Explain keeps their decisions.
	Done    func(*exchange.Exchange)
	Explain bool

	events sync.Pool // of *Event
	signer sigv4.Signer
}

// Stage is a deployment compiled for one stage. It never changes; many
// events use it at once.
type Stage struct {
	API  apigw.APIID
	Name apigw.StageName

	env           *Env
	scope         apigw.Scope // the API's: its account isn't always that of the process
	vars          map[string]string
	variables     *mapping.StageVariables
	variablesJSON string // of events; empty: there are none
	selection     *selection
	keyFromAnswer bool // API keys come from the authorizer
	routes        map[string]*Route
	backends      []*integration.Backend
	observe       observation
	logging       logging         // of events without a route
	callbacks     serving.Limiter // of @connections
	busyTold      *serving.BusyTold
	place         *place // nil when only checked

	closed bool // guarded by place.mu: the edge gave it up
}

// The routes that no message names.
const (
	connectKey    = "$connect"
	disconnectKey = "$disconnect"
	defaultKey    = "$default"
)

// Route is a compiled route.
type Route struct {
	Key        string
	backend    backend // nil: $connect or $disconnect without an integration
	authorizer *authorizing
	needsKey   bool
	required   []mapping.Source // of $connect
	missing    []string         // their names
	models     *models
	twoWay     bool // it has a route response
	limiter    serving.Limiter
	detailed   *socketSeries
	logging    logging
}

// backend calls an integration and returns what that came to.
type backend interface {
	call(e *Event) (reply, *exchange.Fault)
}

// reply is what an integration answered: to a client that connects a status
// and fields, to a message a text.
type reply struct {
	status int
	header *fields // nil: none
	body   []byte  // valid until the event ends
	none   bool    // there is no text to send
}

// fields are those of a reply to a client that connects.
type fields = headerFields

// Close gives back what the stage shares with others, at once or when its last
// connection is gone.
func (s *Stage) Close() {
	if s.place == nil || s.place.closing(s) {
		s.release()
	}
}

func (s *Stage) release() {
	for _, b := range s.backends {
		b.Release()
	}
	s.backends = nil
	s.observe.Close()
}

// Problem is what can't be served, or not as asked.
type Problem = serving.Problem
