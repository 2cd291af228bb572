package apigw

import (
	"errors"
	"fmt"
)

// Kind is the closed set of what can be wrong with a management call. awsapi
// turns a Kind into a status and an x-amzn-ErrorType in one place.
type Kind uint8

// The kinds of error.
const (
	Internal      Kind = iota // ours to mend: 500
	BadRequest                // 400 BadRequestException
	Validation                // 400 ValidationException
	Serialization             // 400 SerializationException
	NotFound                  // 404 NotFoundException
	Conflict                  // 409 ConflictException
	LimitExceeded             // 429 LimitExceededException
	Throttled                 // 429 TooManyRequestsException
	Unavailable               // 503 ServiceUnavailableException: the store can't take writes
	NotSupported              // 501 NotImplementedException: of AWS's, not served yet
	Denied                    // 403 AccessDeniedException: a policy doesn't allow it
	Precondition              // 412 PreconditionFailedException: the revision isn't the latest
)

// Error is what a caller did wrong, or what stopped us, in words for them.
type Error struct {
	Kind    Kind
	Message string // public; AWS's text where it is known
	Cause   error  // private; logged, never sent
	// Code is the service's own name of the error, where it has more of them than
	// there are kinds: "LoadBalancerNotFound". Empty: the kind's.
	Code string
	// Members are what the error has beside its message, by their names on the
	// wire.
	Members map[string]string
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error of kind k whose public message is the formatted text.
func Errorf(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// Coded makes an Error of kind k that a service has its own name for.
func Coded(k Kind, code, format string, args ...any) *Error {
	return &Error{Kind: k, Code: code, Message: fmt.Sprintf(format, args...)}
}

// KindOf is the kind of the first *Error in err's chain, else Internal.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
