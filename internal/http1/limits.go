package http1

import "time"

// Limits bound what a peer may make us hold or wait for. Zero fields take
// the defaults of DefaultLimits.
type Limits struct {
	RequestLine   int           // bytes of method, target and version (client side: of the status line); more is 414
	HeaderBytes   int           // bytes of all field lines, and again of all trailers; more is 431
	HeaderFields  int           // number of fields; more is 431
	HeaderTimeout time.Duration // first byte of a request to its blank line; later is 408
	IdleTimeout   time.Duration // between requests of a connection
	BodyTimeout   time.Duration // between two reads of a body that make progress
	WriteTimeout  time.Duration // between two writes that make progress, rounded up by at most half
}

// DefaultLimits is what zero fields of a Limits become.
func DefaultLimits() Limits {
	return Limits{
		RequestLine:   16 << 10,
		HeaderBytes:   64 << 10,
		HeaderFields:  256,
		HeaderTimeout: 10 * time.Second,
		IdleTimeout:   75 * time.Second,
		BodyTimeout:   30 * time.Second,
		WriteTimeout:  30 * time.Second,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	return Limits{
		RequestLine:   positive(l.RequestLine, d.RequestLine),
		HeaderBytes:   positive(l.HeaderBytes, d.HeaderBytes),
		HeaderFields:  positive(l.HeaderFields, d.HeaderFields),
		HeaderTimeout: positive(l.HeaderTimeout, d.HeaderTimeout),
		IdleTimeout:   positive(l.IdleTimeout, d.IdleTimeout),
		BodyTimeout:   positive(l.BodyTimeout, d.BodyTimeout),
		WriteTimeout:  positive(l.WriteTimeout, d.WriteTimeout),
	}
}

func positive[T int | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}
