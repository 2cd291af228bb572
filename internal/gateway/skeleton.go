package gateway

import (
	"context"
	"net"
	"os"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/http1"
)

type listener struct{ socket net.Listener }
type hostTable struct{}

func (t *hostTable) init(apigw.Scope) {}

type applied struct{}

func (a *applied) init()       {}
func (a *applied) known() bool { return false }

type h1Server any
type h2Edge struct{}

func newH1Server(*Gateway) h1Server    { return nil }
func newH2Edge(*Gateway) *h2Edge       { return nil }
func completeLimits(*http1.Limits)     {}
func (c *ListenerConfig) check() error { return nil }

// Sockets are listening sockets that this process was started with.
type Sockets struct{}

// InheritSockets takes the sockets that systemd (LISTEN_FDS) or a predecessor
// (GATEHOUSE_SOCKETS) handed over; empty when there are none.
func InheritSockets() (*Sockets, error) { return nil, nil }

// Listen opens every listener.
func (g *Gateway) Listen() error { return nil }

// Serve accepts connections until ctx ends or Shutdown is called.
func (g *Gateway) Serve(ctx context.Context) error { return nil }

// Shutdown stops accepting, closes idle connections at once, and waits for
// requests in flight until ctx ends; what is left then is cut.
func (g *Gateway) Shutdown(ctx context.Context) error { return nil }

// Follow applies the changes of src until ctx ends.
func (g *Gateway) Follow(ctx context.Context, src Source) error { return nil }

// WaitFor returns once everything up to revision is served. The revision must
// be one that changed a stage record.
func (g *Gateway) WaitFor(ctx context.Context, revision int64) error { return nil }

// Files are duplicates of the listening sockets and the environment entry that
// lets a successor take them over as files 3 and up.
func (g *Gateway) Files() (files []*os.File, env string, err error) { return nil, "", nil }
