package config

import (
	"fmt"
	"net"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/gatehouse/gatehouse/internal/control"
)

// Limits bound what a process does at once, and what calls may keep. What isn't
// said takes the default named.
type Limits struct {
	Connections        Count            `yaml:"connections"`        // of clients; more wait to be accepted; 65536
	Requests           Count            `yaml:"requests"`           // in work; 16384
	BackendConnections Count            `yaml:"backendConnections"` // calls in flight to one backend, or of one Lambda integration; 1024
	Backends           map[string]Count `yaml:"backends"`           // the same for single backends, by host:port
	Queue              Count            `yaml:"queue"`              // how many wait beyond each of the bounds above; 4096
	QueueTime          Duration         `yaml:"queueTime"`          // how long; 100 ms
	ResponseCache      Size             `yaml:"responseCache"`      // memory for the response caches of all stages together; 256 MB
	WebSockets         Count            `yaml:"webSockets"`         // WebSocket connections; more are answered 429; 200,000
	WebSocketIdle      Duration         `yaml:"webSocketIdle"`      // without a frame before a connection is closed; 10 min
	WebSocketLife      Duration         `yaml:"webSocketLife"`      // of a connection; 2 h
	ServiceInstances   Count            `yaml:"serviceInstances"`   // that calls may register for one service of the registry; 1000
}

// Count is a number from 1.
type Count int

// UnmarshalYAML refuses what is no number from 1.
func (c *Count) UnmarshalYAML(n *yaml.Node) error {
	v, err := strconv.Atoi(n.Value)
	if err != nil || v < 1 || v > 1<<24 {
		return fmt.Errorf("line %d: %q is no number from 1 to %d", n.Line, n.Value, 1<<24)
	}
	*c = Count(v)
	return nil
}

func (l *Limits) check() (problems []string) {
	for address := range l.Backends {
		if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
			problems = append(problems, fmt.Sprintf("limits: backends: %q: a backend is named host:port, as in orders.internal:8080", address))
		}
	}
	if l.ServiceInstances > control.MaxServiceInstances {
		problems = append(problems, fmt.Sprintf("limits: serviceInstances: %d: at most %d are kept of one service", l.ServiceInstances, control.MaxServiceInstances))
	}
	slices.Sort(problems)
	return problems
}
