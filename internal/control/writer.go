package control

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/gatehouse/gatehouse/internal/apigw"
	"github.com/gatehouse/gatehouse/internal/store"
)

const (
	// maxAttempts bounds how often a change is made anew because another
	// node wrote first.
	maxAttempts = 20
	// writeAttempts bounds the same for a change of an API, beside commitTime:
	// nodes that write to one API without a pause meet again and again.
	writeAttempts = 500
	// maxBatch bounds how many changes are stored together.
	maxBatch = 256
	// maxQueue bounds how many changes of one API wait.
	maxQueue = 4096
	// commitTime bounds one commit; it belongs to no single caller.
	commitTime = 30 * time.Second
)

// change is one accepted call that writes.
type change struct {
	// apply changes the working copy, or refuses and leaves it as it was
	// (what it did is undone). It may run again after another node's write,
	// so it must not keep state of its own between runs.
	apply func(e *edit) error
	// alone runs instead of apply, never together with another change of
	// the same API: stages, deployments, deletion. store.ErrConflict runs
	// it again. It returns the revision of a change of stages, else 0.
	alone func(ctx context.Context) (int64, error)
	// revision is what alone returned, or the one of stages that were
	// deployed because of the change; read after the answer.
	revision int64
	// big keeps an import from sharing its commit, and its failure, with
	// small changes.
	big     bool
	missing *apigw.Error // the answer when there is no such API
	done    chan error   // buffered
}

// writer stores the changes of one API one after another; those that wait
// while a commit is under way are stored together in the next.
type writer struct {
	queue []*change
}

// mutate queues a change of an API's definition and waits until it is
// durable or refused. AWS answers parallel writers with a 409 to be retried;
// here they all succeed.
func (c *Control) mutate(ctx context.Context, ref apiRef, missing *apigw.Error, apply func(*edit) error) error {
	return c.enqueue(ctx, ref, &change{apply: apply, missing: missing})
}

// exclusive queues a change of what surrounds the definition.
func (c *Control) exclusive(ctx context.Context, ref apiRef, run func(ctx context.Context) (int64, error)) error {
	return c.enqueue(ctx, ref, &change{alone: run})
}

// mutated is mutate for a change that has a result. The result is handed over
// only with its answer: a caller that stopped waiting must not look at it.
func mutated[T any](ctx context.Context, c *Control, ref apiRef, missing *apigw.Error, apply func(*edit) (*T, error)) (*T, error) {
	return mutatedAs(ctx, c, ref, &change{missing: missing}, apply)
}

// mutatedAlone is mutated for an import: too large to share a commit.
func mutatedAlone[T any](ctx context.Context, c *Control, ref apiRef, missing *apigw.Error, apply func(*edit) (*T, error)) (*T, error) {
	return mutatedAs(ctx, c, ref, &change{missing: missing, big: true}, apply)
}

func mutatedAs[T any](ctx context.Context, c *Control, ref apiRef, ch *change, apply func(*edit) (*T, error)) (*T, error) {
	var result atomic.Pointer[T]
	ch.apply = func(e *edit) error {
		v, err := apply(e)
		result.Store(v)
		return err
	}
	err := c.enqueue(ctx, ref, ch)
	if err != nil {
		return nil, err
	}
	return result.Load(), nil
}

// exclusively is exclusive for a change that has a result.
func exclusively[T any](ctx context.Context, c *Control, ref apiRef, run func(context.Context) (*T, int64, error)) (*T, error) {
	var result atomic.Pointer[T]
	err := c.exclusive(ctx, ref, func(ctx context.Context) (int64, error) {
		v, revision, err := run(ctx)
		result.Store(v)
		return revision, err
	})
	if err != nil {
		return nil, err
	}
	return result.Load(), nil
}

func (c *Control) enqueue(ctx context.Context, ref apiRef, ch *change) error {
	if err := ctx.Err(); err != nil {
		return storeError(err)
	}
	ch.done = make(chan error, 1)
	if !c.queue(ref, ch) {
		return apigw.Errorf(apigw.Throttled, "Too many changes of API %s are waiting", ref.api)
	}
	select {
	case err := <-ch.done:
		if err == nil && ch.revision > 0 {
			c.shown(ctx, ch.revision)
		}
		return storeError(err)
	case <-ctx.Done():
		return storeError(ctx.Err())
	}
}

// queue puts ch behind the changes that wait, and begins a writer when there
// is none; false when too many wait.
func (c *Control) queue(ref apiRef, ch *change) bool {
	c.writersMu.Lock()
	defer c.writersMu.Unlock()
	w, ok := c.writers[ref]
	if ok && len(w.queue) >= maxQueue {
		return false
	}
	if !ok {
		w = &writer{}
		c.writers[ref] = w
		c.running.Add(1)
		go c.write(ref, w)
	}
	w.queue = append(w.queue, ch)
	return true
}

// write works until the queue is empty.
func (c *Control) write(ref apiRef, w *writer) {
	defer c.running.Done()
	for {
		batch := c.take(ref, w)
		if batch == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), commitTime)
		if batch[0].alone != nil {
			batch[0].done <- c.runAlone(ctx, batch[0])
		} else {
			c.runBatch(ctx, ref, batch)
		}
		cancel()
	}
}

// take removes the changes of the next commit from the queue; with nothing
// left it removes the writer.
func (c *Control) take(ref apiRef, w *writer) []*change {
	c.writersMu.Lock()
	defer c.writersMu.Unlock()
	if len(w.queue) == 0 {
		delete(c.writers, ref)
		return nil
	}
	n := 1
	for n < len(w.queue) && n < maxBatch && shares(w.queue[0]) && shares(w.queue[n]) {
		n++
	}
	batch := w.queue[:n:n]
	w.queue = w.queue[n:]
	return batch
}

func shares(ch *change) bool { return ch.alone == nil && !ch.big }

func (c *Control) runAlone(ctx context.Context, ch *change) error {
	for attempt := 1; ; attempt++ {
		err := recovered(func() (err error) {
			ch.revision, err = ch.alone(ctx)
			return err
		})
		if !errors.Is(err, store.ErrConflict) || attempt == writeAttempts || stepAside(ctx, min(attempt, maxAttempts)) != nil {
			return err
		}
	}
}

// recovered turns a panic into an error: it costs the calls that met it, not
// the process.
func recovered(run func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return run()
}

// runBatch applies each change to a working copy and commits what they did
// together. A refused change answers its own caller only; a failed commit
// answers all, because what the later ones saw wasn't stored either.
func (c *Control) runBatch(ctx context.Context, ref apiRef, batch []*change) {
	answers := make([]error, len(batch))
	for attempt := 1; ; attempt++ {
		err := recovered(func() error { return c.tryBatch(ctx, ref, batch, answers) })
		if errors.Is(err, store.ErrConflict) && attempt < writeAttempts && stepAside(ctx, min(attempt, maxAttempts)) == nil {
			continue
		}
		if errors.Is(err, store.ErrTooLarge) && len(batch) > 1 {
			for i := range batch {
				c.runBatch(ctx, ref, batch[i:i+1])
			}
			return
		}
		for i, ch := range batch {
			if err != nil {
				answers[i] = err
			}
			ch.done <- answers[i]
		}
		return
	}
}

func (c *Control) tryBatch(ctx context.Context, ref apiRef, batch []*change, answers []error) error {
	s, err := c.load(ctx, ref)
	if errors.Is(err, store.ErrNotFound) {
		for i, ch := range batch {
			answers[i] = ch.missing
		}
		return nil
	}
	if err != nil {
		return err
	}
	e := newEdit(c, s)
	for i, ch := range batch {
		answers[i] = e.run(ch.apply)
	}
	redeploy, err := c.newRedeployment(ctx, s)
	if err != nil {
		return err
	}
	next, redeployed, err := e.commit(ctx, redeploy)
	if err != nil {
		c.cache.drop(ref)
		return err
	}
	for i, ch := range batch {
		if ch.revision = 0; redeployed && answers[i] == nil {
			ch.revision = next.tree.Revision()
		}
	}
	c.cache.put(next)
	if next != s {
		c.garbage.note(ref)
	}
	return nil
}
