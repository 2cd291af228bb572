package lambda

import (
	"errors"
	"fmt"
)

// Kind is the closed set of what stops a call before a function's answer.
type Kind uint8

// The kinds of error.
const (
	Unreachable  Kind = iota // no connection to the endpoint, or it broke off
	Timeout                  // the caller's deadline passed or its context ended
	BadName                  // the function's name or ARN is malformed
	NotFound                 // 404: no such function, locally or at the endpoint
	AccessDenied             // 403: the endpoint refuses our credentials
	Throttled                // 429: the function's concurrency is used up
	TooLarge                 // 413: the payload passes Lambda's limit
	BadRequest               // any other 4xx of the service
	Unavailable              // 5xx of the service, or an answer that makes no sense
	Broken                   // the function's configuration, code or build is at fault
)

func (k Kind) String() string {
	names := [...]string{"unreachable", "timeout", "bad name", "not found", "access denied",
		"throttled", "too large", "bad request", "unavailable", "broken"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Error is what stopped a call.
type Error struct {
	Kind     Kind
	Function string // as the caller named it
	Status   int    // of the Lambda service; 0 when it did not answer
	Type     string // its exception, such as TooManyRequestsException; may be empty
	Message  string // for an operator; holds no secret and no payload
	Cause    error  // may be nil
}

func (e *Error) Error() string {
	s := "function " + e.Function + ": " + e.Message
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// KindOf is the kind of the first *Error in err's chain, else Unavailable.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Unavailable
}
