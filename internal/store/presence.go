package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// PresencePrefix begins the keys that are there for as long as a process is.
// They are in no backup.
const PresencePrefix = ownPrefix + "present/"

// Presence is the keys of a process: they go when it leaves, or isn't heard of
// for the time that was agreed (an etcd lease).
type Presence struct {
	s  *Store
	id clientv3.LeaseID
}

// Join begins a Presence that lasts for at least a second after each Renew.
func (s *Store) Join(ctx context.Context, last time.Duration) (*Presence, error) {
	resp, err := call(ctx, s, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) {
		return s.client.Grant(ctx, max(1, int64(last/time.Second)))
	})
	if err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	return &Presence{s, resp.ID}, nil
}

// Renew says that the process is still there. ErrLost: it joins anew.
func (p *Presence) Renew(ctx context.Context) error {
	_, err := call(ctx, p.s, func(ctx context.Context) (*clientv3.LeaseKeepAliveResponse, error) {
		resp, err := p.s.client.KeepAliveOnce(ctx, p.id)
		return resp, lostLease(err)
	})
	return err
}

// Put stores a value under a key that begins with PresencePrefix. ErrLost as for
// Renew.
func (p *Presence) Put(ctx context.Context, key string, value []byte) error {
	if !strings.HasPrefix(key, PresencePrefix) {
		return fmt.Errorf("key %q doesn't begin with %s", key, PresencePrefix)
	}
	_, err := call(ctx, p.s, func(ctx context.Context) (*clientv3.PutResponse, error) {
		resp, err := p.s.client.Put(ctx, key, string(value), clientv3.WithLease(p.id))
		return resp, lostLease(err)
	})
	return err
}

// Leave removes the keys.
func (p *Presence) Leave(ctx context.Context) error {
	_, err := call(ctx, p.s, func(ctx context.Context) (*clientv3.LeaseRevokeResponse, error) {
		resp, err := p.s.client.Revoke(ctx, p.id)
		if errors.Is(lostLease(err), ErrLost) {
			err = nil
		}
		return resp, err
	})
	return err
}

func lostLease(err error) error {
	if errors.Is(rpctypes.Error(err), rpctypes.ErrLeaseNotFound) {
		return ErrLost
	}
	return err
}
