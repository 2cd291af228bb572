package wsconn

import "time"

// Limits bound what a client may make us hold or wait for. Zero fields take
// the defaults of DefaultLimits, which are API Gateway's where it has one
// (developer guide, "Quotas for configuring and running a WebSocket API").
type Limits struct {
	Frame        int           // bytes of payload of one data frame; more is 1009. What is sent is cut into frames of it
	Message      int           // bytes of all frames of a message; more is 1009
	Unfinished   int64         // bytes held for the messages that all connections have begun and not ended; more is 1013
	Queue        int           // bytes that wait to be sent on one connection; more is ErrFull
	Idle         time.Duration // without a frame in either direction: 1001
	Life         time.Duration // of a connection: 1001
	WriteTimeout time.Duration // for a socket to take some of what is queued; longer is cut
	CloseTimeout time.Duration // for the client to answer a close frame; longer is cut
	Binary       bool          // binary messages are taken; otherwise they are 1003
}

// DefaultLimits is what zero fields of a Limits become.
func DefaultLimits() Limits {
	return Limits{
		Frame:        32 << 10,
		Message:      128 << 10,
		Unfinished:   256 << 20,
		Queue:        1 << 20,
		Idle:         10 * time.Minute,
		Life:         2 * time.Hour,
		WriteTimeout: 10 * time.Second,
		CloseTimeout: 5 * time.Second,
	}
}

func (l Limits) withDefaults() Limits {
	d := DefaultLimits()
	return Limits{
		Frame:        positive(l.Frame, d.Frame),
		Message:      positive(l.Message, d.Message),
		Unfinished:   positive(l.Unfinished, d.Unfinished),
		Queue:        positive(l.Queue, d.Queue),
		Idle:         positive(l.Idle, d.Idle),
		Life:         positive(l.Life, d.Life),
		WriteTimeout: positive(l.WriteTimeout, d.WriteTimeout),
		CloseTimeout: positive(l.CloseTimeout, d.CloseTimeout),
		Binary:       l.Binary,
	}
}

func positive[T int | int64 | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}
