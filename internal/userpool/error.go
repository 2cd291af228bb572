package userpool

import (
	"errors"
	"fmt"
)

// The names of errors, as AWS's clients tell them apart.
const (
	aliasExists       = "AliasExistsException"
	codeMismatch      = "CodeMismatchException"
	expiredCode       = "ExpiredCodeException"
	groupExists       = "GroupExistsException"
	invalidOAuthFlow  = "InvalidOAuthFlowException"
	invalidParameter  = "InvalidParameterException"
	invalidPassword   = "InvalidPasswordException"
	limitExceeded     = "LimitExceededException"
	notAuthorized     = "NotAuthorizedException"
	resourceNotFound  = "ResourceNotFoundException"
	scopeDoesNotExist = "ScopeDoesNotExistException"
	tooManyRequests   = "TooManyRequestsException"
	unsupportedState  = "UnsupportedUserStateException"
	userNotConfirmed  = "UserNotConfirmedException"
	userNotFound      = "UserNotFoundException"
	usernameExists    = "UsernameExistsException"
)

// Error is what a caller did wrong, in AWS's words where they are known.
type Error struct {
	Code    string // "NotAuthorizedException"
	Message string // public
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func errorf(code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}

// codeOf is the name of an error of ours; empty for others.
func codeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// wrongPassword is the answer to a password that isn't the user's and, where a
// client wants that, to a user who isn't there.
func wrongPassword() *Error { return errorf(notAuthorized, "Incorrect username or password.") }

func unknownUser() *Error { return errorf(userNotFound, "User does not exist.") }

func unknownPool(id PoolID) *Error {
	return errorf(resourceNotFound, "User pool %s does not exist.", id)
}

func unknownClient(id ClientID) *Error {
	return errorf(resourceNotFound, "User pool client %s does not exist.", id)
}
