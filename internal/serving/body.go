package serving

import (
	"errors"

	"github.com/gatehouse/gatehouse/internal/exchange"
	"github.com/gatehouse/gatehouse/internal/http1"
	"github.com/gatehouse/gatehouse/internal/integration"
)

// The faults of a client's body: larger than API Gateway takes, and broken off
// or framed wrongly.
var (
	TooLarge   = &exchange.Fault{Kind: exchange.RequestTooLarge}
	Unreadable = &exchange.Fault{Kind: exchange.Default4XX, Status: 400, Message: "Bad Request"}
)

// ReadBody appends what is left of the client's body to dst.
func ReadBody(x *exchange.Exchange, dst []byte) ([]byte, *exchange.Fault) {
	if x.Body == nil || x.Body.Length() == 0 {
		return dst, nil
	}
	dst, err := x.Body.ReadAll(dst, integration.MaxBody)
	switch {
	case errors.Is(err, http1.ErrBodyTooLarge):
		return dst, TooLarge
	case err != nil:
		return dst, Unreadable
	}
	return dst, nil
}
