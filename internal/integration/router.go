package integration

import (
	"errors"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
)

// Router answers the calls of a Backend that is no single address: it chooses
// one for each call.
type Router interface {
	// Do is http1.Endpoint.Do for a call of x. It may add to req, and answer
	// itself. The visit, nil where there is none, ends with the last byte of the
	// answer, or at once when there is an error.
	Do(x *exchange.Exchange, call *http1.Call, req *http1.ClientRequest, resp *http1.ClientResponse) (Visit, error)
	// Release is called once, when the Backend is released.
	Release()
}

// Visit is a call at the address that was chosen for it.
type Visit interface{ End() }

// Routed is a Backend whose calls r answers. Its releases are r's: it is not
// shared.
func Routed(r Router) *Backend { return &Backend{router: r} }

// NowhereError is why a call over a VPC link leads nowhere: there is no such
// link, load balancer or listener. It shows as a configuration error (recorded
// on AWS of REST APIs: "There was an internal error while executing your
// request").
type NowhereError struct{ Err error }

func (e *NowhereError) Error() string { return e.Err.Error() }
func (e *NowhereError) Unwrap() error { return e.Err }

// nowhere says that err is, or holds, a NowhereError.
func nowhere(err error) bool {
	_, ok := errors.AsType[*NowhereError](err)
	return ok
}
