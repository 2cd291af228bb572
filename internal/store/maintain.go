package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// What maintenance keeps and when it acts.
const (
	maintainInterval = 10 * time.Second
	keepHistory      = 5 * time.Minute  // old revisions, for watches that lag,
	keepRevisions    = 10_000           // but never more of them
	idleTime         = 30 * time.Second // since the last write, before defragmentation
	defragSize       = 64 << 20         // not worth it below
	defragTimeout    = 5 * time.Minute
)

var errNoSpace = errors.New("the database has reached its quota")

// background runs f until Close waits for it.
func (s *Store) background(f func()) {
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		f()
	}()
}

// maintain keeps history and the database file small until Close.
func (s *Store) maintain() {
	h := history{}
	tick := time.NewTicker(maintainInterval)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case now := <-tick.C:
			if err := s.maintainOnce(now, &h); err != nil && s.ctx.Err() == nil {
				s.log.Debug("maintenance of the store failed", "cause", err)
			}
		}
	}
}

func (s *Store) maintainOnce(now time.Time, h *history) error {
	rev, err := s.revision(s.ctx)
	if err != nil && s.member == nil || s.dead() {
		return err
	}
	if at := h.due(now, rev); at > 0 {
		err = errors.Join(err, s.compact(s.ctx, at))
	}
	if s.member == nil {
		return err // its operators defragment a cluster, one member at a time
	}
	if alarm := s.alarm(s.ctx); alarm != nil || errors.Is(s.Err(), errNoSpace) {
		s.health.set(alarm)
		return errors.Join(err, s.makeSpace(rev))
	}
	if idle := now.Sub(time.Unix(0, s.lastWrite.Load())); idle > idleTime && s.member.wasteful() {
		return errors.Join(err, s.member.server.Backend().Defrag())
	}
	return err
}

// dead is whether the embedded member died, which a full quota isn't.
func (s *Store) dead() bool {
	s.health.mu.Lock()
	defer s.health.mu.Unlock()
	return s.health.final
}

// history remembers which revision was the latest when.
type history struct {
	marks     []mark
	compacted int64
}

type mark struct {
	at  time.Time
	rev int64
}

// due returns the revision to compact to now, 0: none.
func (h *history) due(now time.Time, rev int64) int64 {
	h.marks = append(h.marks, mark{now, rev})
	target := rev - keepRevisions
	for len(h.marks) > 0 && now.Sub(h.marks[0].at) >= keepHistory {
		target = max(target, h.marks[0].rev)
		h.marks = h.marks[1:]
	}
	if target <= h.compacted {
		return 0
	}
	h.compacted = target
	return target
}

func (s *Store) revision(ctx context.Context) (int64, error) {
	resp, err := s.client.Get(ctx, formatKey, clientv3.WithCountOnly(), clientv3.WithSerializable())
	if err != nil {
		return 0, err
	}
	return resp.Header.Revision, nil
}

// compact forgets the revisions before rev. Another node may have been faster.
func (s *Store) compact(ctx context.Context, rev int64) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	_, err := s.client.Compact(ctx, rev)
	if errors.Is(rpctypes.Error(err), rpctypes.ErrCompacted) {
		return nil
	}
	return err
}

// alarm returns errNoSpace while etcd refuses writes for want of quota.
func (s *Store) alarm(ctx context.Context) error {
	resp, err := s.client.AlarmList(ctx)
	if err != nil {
		return nil // not every user of a cluster may ask; a refused write tells, too
	}
	for _, a := range resp.Alarms {
		switch a.Alarm {
		case etcdserverpb.AlarmType_NOSPACE:
			return errNoSpace
		case etcdserverpb.AlarmType_CORRUPT:
			return fmt.Errorf("%w: etcd found its members' data to differ", ErrDamaged)
		}
	}
	return nil
}

// wasteful is whether more than half of the database file is free.
func (m *member) wasteful() bool {
	size, used := m.server.Backend().Size(), m.server.Backend().SizeInUse()
	return size > defragSize && used < size/2
}

// makeSpace gives up the history to get below the quota again, and lets etcd
// write when it did.
func (s *Store) makeSpace(rev int64) error {
	backend := s.member.server.Backend()
	ctx, cancel := context.WithTimeout(s.ctx, defragTimeout)
	defer cancel()
	if _, err := s.client.Compact(ctx, rev, clientv3.WithCompactPhysical()); err != nil && !errors.Is(rpctypes.Error(err), rpctypes.ErrCompacted) {
		return err
	}
	if err := backend.Defrag(); err != nil {
		return err
	}
	if backend.Size() > s.member.server.Cfg.QuotaBackendBytes/10*9 {
		return nil
	}
	alarm := clientv3.AlarmMember{MemberID: uint64(s.member.server.MemberID()), Alarm: etcdserverpb.AlarmType_NOSPACE}
	if _, err := s.client.AlarmDisarm(ctx, &alarm); err != nil {
		return err
	}
	s.health.set(nil)
	s.log.Info("the store has space again", "bytes", backend.Size())
	return nil
}
