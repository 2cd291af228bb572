package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// intentAge is how long a writer may take between its first pack and its head
// before a collection gives up on it.
const intentAge = time.Hour

// Collect removes the packs that neither the head nor the frozen heads refer
// to. Each of frozen is a key or, ending in "/", a prefix: every head under
// it counts and other records under it don't matter. Prefer a prefix: a head
// frozen after the caller made a list of keys isn't on the list.
//
// It is safe beside writers, on other nodes too: when one of them was faster,
// the rest is left to the next collection, which isn't an error. Removed is
// the number of packs.
func (s *Store) Collect(ctx context.Context, base TreeBase, frozen []string) (removed int, err error) {
	if err := base.check(); err != nil {
		return 0, err
	}
	c := collection{s: s, base: base, used: map[string]bool{}}
	if err := c.survey(ctx, frozen); err != nil {
		return 0, fmt.Errorf("collect the packs of %s: %w", base.Head, err)
	}
	if c.writing {
		return 0, nil
	}
	return c.sweep(ctx)
}

type collection struct {
	s       *Store
	base    TreeBase
	rev     int64           // everything is judged as it was here
	unless  []clientv3.Cmp  // what must not have changed since
	used    map[string]bool // keys of packs
	dead    []string
	writing bool // a writer is between its packs and its head
}

// survey finds the dead packs at one revision.
func (c *collection) survey(ctx context.Context, frozen []string) error {
	head, err := c.get(ctx, c.base.Head)
	if err != nil {
		return err
	}
	intent, err := c.get(ctx, c.base.intentKey())
	if err != nil {
		return err
	}
	if c.writing = intent != nil && !staleIntent(intent.Value); c.writing {
		return nil
	}
	if err := c.use(head); err != nil {
		return err
	}
	for _, f := range frozen {
		if err := c.useFrozen(ctx, f); err != nil {
			return err
		}
	}
	return c.findDead(ctx)
}

// get reads a key at c.rev, which the first call sets, and makes its revision
// a condition of what follows.
func (c *collection) get(ctx context.Context, key string) (*Record, error) {
	opts := append(c.s.readOptions(), clientv3.WithRev(c.rev))
	resp, err := call(ctx, c.s, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return c.s.client.Get(ctx, key, opts...)
	})
	if err != nil {
		return nil, err
	}
	if c.rev == 0 {
		c.rev = resp.Header.Revision
	}
	rec := (*Record)(nil)
	mod := int64(0)
	if len(resp.Kvs) > 0 {
		r := record(resp.Kvs[0])
		rec, mod = &r, r.Revision
	}
	c.unless = append(c.unless, clientv3.Compare(clientv3.ModRevision(key), "=", mod))
	return rec, nil
}

func staleIntent(value []byte) bool {
	at, err := strconv.ParseInt(string(value), 10, 64)
	return err != nil || time.Since(time.Unix(at, 0)) > intentAge
}

func (c *collection) use(r *Record) error {
	if r == nil {
		return nil
	}
	t, err := DecodeTree(*r)
	if err != nil {
		return err
	}
	for _, p := range t.packs {
		c.used[c.base.packKey(p.name)] = true
	}
	return nil
}

func (c *collection) useFrozen(ctx context.Context, frozen string) error {
	if !strings.HasSuffix(frozen, "/") {
		r, err := c.get(ctx, frozen)
		if err != nil {
			return err
		}
		return c.use(r)
	}
	unchanged := clientv3.Compare(clientv3.ModRevision(frozen), "<", c.rev+1).WithPrefix()
	c.unless = append(c.unless, unchanged)
	for after, more := "", true; more; {
		recs, m, _, err := c.s.listAt(ctx, frozen, after, 100, c.rev)
		if err != nil {
			return err
		}
		for _, r := range recs {
			after = r.Key
			if !isHead(r.Value) {
				continue
			}
			if err := c.use(&r); err != nil {
				return err
			}
		}
		more = m
	}
	return nil
}

func (c *collection) findDead(ctx context.Context) error {
	end := clientv3.GetPrefixRangeEnd(c.base.Blobs)
	opts := append(c.s.readOptions(), clientv3.WithRange(end), clientv3.WithKeysOnly(), clientv3.WithLimit(5000), clientv3.WithRev(c.rev))
	for from, more := c.base.Blobs, true; more; {
		resp, err := call(ctx, c.s, func(ctx context.Context) (*clientv3.GetResponse, error) {
			return c.s.client.Get(ctx, from, opts...)
		})
		if err != nil {
			return err
		}
		for _, kv := range resp.Kvs {
			key := string(kv.Key)
			from = key + "\x00"
			if !c.used[key] && c.isPack(key) {
				c.dead = append(c.dead, key)
			}
		}
		more = resp.More
	}
	return nil
}

// isPack keeps records that a newer version may put beside the packs.
func (c *collection) isPack(key string) bool {
	name := strings.TrimPrefix(key, c.base.Blobs)
	b, err := hex.DecodeString(name)
	return err == nil && len(b) == len(Hash{})
}

func (c *collection) sweep(ctx context.Context) (removed int, err error) {
	for len(c.dead) > 0 {
		n := min(len(c.dead), MaxOps-1)
		ops := []clientv3.Op{clientv3.OpDelete(c.base.intentKey())}
		for _, key := range c.dead[:n] {
			ops = append(ops, clientv3.OpDelete(key))
		}
		_, err := c.s.commit(ctx, c.unless, ops)
		if errors.Is(err, ErrConflict) {
			return removed, nil
		}
		if err != nil {
			return removed, err
		}
		removed += n
		c.dead = c.dead[n:]
	}
	return removed, nil
}
