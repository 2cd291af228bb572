package store

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Errors that callers tell apart with errors.Is.
var (
	ErrNotFound = errors.New("no such record")
	ErrConflict = errors.New("the record was changed by another writer")
	ErrDead     = errors.New("the store can't be used") // wrapped with the cause: disk full, damaged log, cluster away
	ErrNewer    = errors.New("the data was written by a newer version")
	ErrLocked   = errors.New("the data folder is in use by another process")
	ErrTooLarge = errors.New("too large for the store")
	ErrDamaged  = errors.New("stored data is damaged")
	ErrLost     = errors.New("the process wasn't heard of for too long") // a Presence: its keys are gone
)

var errClosed = errors.New("it was closed")

func deadBecause(cause error) error {
	if errors.Is(cause, ErrDead) {
		return cause
	}
	return fmt.Errorf("%w: %w", ErrDead, cause)
}

// translate turns an error of etcd's into ours. Parent is the caller's own
// context: when that ended, its error is the answer.
func translate(parent context.Context, err error) error {
	if err == nil {
		return nil
	}
	if parent.Err() != nil {
		return context.Cause(parent)
	}
	err = rpctypes.Error(err)
	switch {
	case errors.Is(err, ErrDead), errors.Is(err, ErrLost), errors.Is(err, rpctypes.ErrCompacted):
		return err
	case errors.Is(err, context.DeadlineExceeded), status.Code(err) == codes.DeadlineExceeded:
		return deadBecause(fmt.Errorf("no answer within %v", callTimeout))
	case errors.Is(err, rpctypes.ErrRequestTooLarge), errors.Is(err, rpctypes.ErrTooManyOps):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, rpctypes.ErrNoSpace):
		return deadBecause(errNoSpace)
	case errors.Is(err, rpctypes.ErrDuplicateKey):
		return fmt.Errorf("a transaction writes one key twice: %w", err)
	}
	return deadBecause(err)
}
