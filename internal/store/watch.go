package store

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Event is one change seen by Watch. Value nil: deleted. Revision is that of its
// Batch, also where batches are put together.
type Event struct {
	Key      string
	Value    []byte
	Revision int64
}

// Batch is what one revision changed. With Reset the watch has no place to go
// on from (its begin, compaction, a restored store): Events then is every
// record under the prefix, and what isn't in it is gone.
type Batch struct {
	Revision int64
	Reset    bool
	Events   []Event
}

const watchRetry = 100 * time.Millisecond

var errLostPlace = errors.New("the revision is gone")

// Watch delivers what changes under prefix after the revision after, in order,
// one batch per revision; 0: begins with a Reset batch. It outlives the
// absence of an external cluster. The channel is closed when ctx ends or s is
// closed, and at once for a prefix outside Prefix.
func (s *Store) Watch(ctx context.Context, prefix string, after int64) <-chan Batch {
	w := &watch{s: s, prefix: prefix, after: after, out: make(chan Batch)}
	if err := checkKey(prefix); err != nil {
		s.log.Error("a watch of the store can't begin", "cause", err)
		close(w.out)
		return w.out
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.ctx, cancel)
	go func() {
		defer close(w.out)
		defer cancel()
		defer stop()
		w.run(ctx)
	}()
	return w.out
}

type watch struct {
	s      *Store
	prefix string
	after  int64 // delivered up to here; 0: nothing
	out    chan Batch
}

func (w *watch) run(ctx context.Context) {
	for w.s.health.revived(ctx) == nil {
		err := w.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errLostPlace) {
			w.after = 0
			continue
		}
		w.s.log.Debug("a watch of the store was interrupted", "prefix", w.prefix, "cause", err)
		select {
		case <-ctx.Done():
		case <-time.After(watchRetry):
		}
	}
}

// follow delivers batches until the watch breaks.
func (w *watch) follow(ctx context.Context) error {
	replaced := w.s.epoch.current()
	if err := w.place(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	changes, end := w.open(ctx)
	defer end()
	defer cancel() // before end, which waits for what the watch still does
	_, _, changed := w.s.health.state()
	for {
		select {
		case resp, ok := <-changes:
			if !ok {
				return errors.New("the watch ended")
			}
			if err := w.deliver(ctx, resp); err != nil {
				return err
			}
		case <-replaced:
			return errLostPlace
		case <-changed:
			var err error
			if _, err, changed = w.s.health.state(); err != nil && w.s.member != nil {
				return err
			}
		}
	}
}

// place makes sure that w.after is a revision of the data there is.
func (w *watch) place(ctx context.Context) error {
	if w.after == 0 {
		return w.reset(ctx)
	}
	resp, err := call(ctx, w.s, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return w.s.client.Get(ctx, formatKey, clientv3.WithCountOnly())
	})
	if err != nil {
		return err
	}
	if resp.Header.Revision < w.after {
		return errLostPlace
	}
	return nil
}

func (w *watch) reset(ctx context.Context) error {
	recs, _, rev, err := w.s.List(ctx, w.prefix, "", 0)
	if err != nil {
		return err
	}
	events := make([]Event, len(recs))
	for i, r := range recs {
		events[i] = Event{r.Key, r.Value, rev}
	}
	return w.send(ctx, Batch{Revision: rev, Reset: true, Events: events})
}

// open begins the watch in etcd, which serves it on goroutines of its own; end
// ends them. An embedded member's watches don't share a stream, as watches of
// one watcher do: there it is a pair of channels without a buffer, and when many
// watches end at once, client and server wait for ever to send to each other.
func (w *watch) open(ctx context.Context) (changes clientv3.WatchChan, end func()) {
	opts := []clientv3.OpOption{clientv3.WithPrefix(), clientv3.WithRev(w.after + 1), clientv3.WithProgressNotify()}
	if w.s.member == nil {
		return w.s.client.Watch(clientv3.WithRequireLeader(ctx), w.prefix, opts...), func() {}
	}
	own := clientv3.NewWatchFromWatchClient(w.s.member.watches, w.s.client)
	return own.Watch(ctx, w.prefix, opts...), func() { own.Close() }
}

// deliver splits a response of etcd's, which may span revisions but never
// holds a part of one, into batches.
func (w *watch) deliver(ctx context.Context, resp clientv3.WatchResponse) error {
	if err := resp.Err(); err != nil {
		if errors.Is(rpctypes.Error(err), rpctypes.ErrCompacted) || resp.CompactRevision > w.after {
			return errLostPlace
		}
		return err
	}
	events := resp.Events
	for len(events) > 0 {
		rev, n := events[0].Kv.ModRevision, 1
		for n < len(events) && events[n].Kv.ModRevision == rev {
			n++
		}
		if err := w.send(ctx, Batch{Revision: rev, Events: convertEvents(events[:n])}); err != nil {
			return err
		}
		events = events[n:]
	}
	if resp.IsProgressNotify() && resp.Header.Revision > w.after {
		w.after = resp.Header.Revision
	}
	return nil
}

func convertEvents(events []*clientv3.Event) []Event {
	out := make([]Event, len(events))
	for i, e := range events {
		out[i].Key, out[i].Revision = string(e.Kv.Key), e.Kv.ModRevision
		if e.Type == clientv3.EventTypePut {
			out[i].Value = present(e.Kv.Value)
		}
	}
	return out
}

func (w *watch) send(ctx context.Context, b Batch) error {
	select {
	case w.out <- b:
		w.after = b.Revision
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
