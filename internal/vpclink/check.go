package vpclink

import (
	"errors"
	"fmt"

	"github.com/gatehouse/gatehouse/internal/integration"
)

// Check says why p leads nowhere as things are now, or to a listener that won't
// understand what it is sent; nil: it doesn't. Neither lasts: load balancers and
// services may come later.
func (b *Book) Check(p Place) error {
	to := &place{Place: p, book: b}
	b.mu.Lock()
	defer b.mu.Unlock()
	r := to.routeIn(b.world.Load())
	defer b.releaseRoute(r)
	if e, ok := errors.AsType[*integration.NowhereError](r.err); ok {
		return e.Err
	}
	if r.listener != nil && r.listener.secure && !to.secure() {
		return fmt.Errorf("listener %s speaks TLS, and the integration doesn't: set tlsConfig.serverNameToVerify, or an https URI", r.listener.spec.ARN)
	}
	return r.err
}
