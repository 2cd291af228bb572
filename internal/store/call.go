package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// callTimeout bounds a call whose context has no deadline.
const callTimeout = 5 * time.Second

type outcome[T any] struct {
	value T
	err   error
}

// call runs f against etcd on a goroutine of its own: the embedded member runs
// its code on the caller's goroutine, where a fatal hook, a panic over a
// damaged page or a lock that a dead goroutine still holds must not reach the
// caller.
func call[T any](parent context.Context, s *Store, f func(context.Context) (T, error)) (T, error) {
	var none T
	ctx, cancel := withTimeout(parent)
	defer cancel()
	changed, err := s.health.await(ctx)
	if err != nil {
		return none, translate(parent, err)
	}
	done := make(chan outcome[T], 1)
	go func() { done <- guarded(ctx, s, f) }()
	for {
		select {
		case o := <-done:
			return o.value, s.translate(parent, o.err)
		case <-ctx.Done():
			return none, s.translate(parent, ctx.Err())
		case <-changed:
			var usable bool
			if usable, err, changed = s.health.state(); !usable && err != nil {
				return none, err
			}
		}
	}
}

func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, bounded := ctx.Deadline(); bounded {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, callTimeout)
}

// guarded turns a panic of f, also one over an unreadable memory-mapped page,
// into the death of the store. When f ended the goroutine, the fatal hook has
// latched the cause and the caller sees that.
func guarded[T any](ctx context.Context, s *Store, f func(context.Context) (T, error)) (o outcome[T]) {
	debug.SetPanicOnFault(true)
	defer func() {
		if p := recover(); p != nil {
			o.err = fmt.Errorf("%w: reading it: %v", ErrDamaged, p)
			s.die(o.err)
		}
	}()
	o.value, o.err = f(ctx)
	return o
}

// translate also has the monitor of an external cluster look into a failure.
func (s *Store) translate(parent context.Context, err error) error {
	err = translate(parent, err)
	if err == nil || !errors.Is(err, ErrDead) {
		return err
	}
	if _, latched, _ := s.health.state(); latched != nil {
		return latched
	}
	if s.member == nil {
		s.poke()
	}
	return err
}

// die latches cause for good and says so once.
func (s *Store) die(cause error) {
	if s.health.kill(cause) {
		s.log.Error("the store can't be used any more; restart when the cause is gone", "cause", cause)
	}
}
