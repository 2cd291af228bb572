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
	keepRevisions    = 2000             // but never more of them
	idleTime         = 30 * time.Second // since the last write, before defragmentation
	defragSize       = 64 << 20         // not worth it below
	maintainTimeout  = 5 * time.Minute

	makeSpaceInterval = time.Minute // between tries, which rewrite the database
)

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
	var u upkeep
	tick := time.NewTicker(maintainInterval)
	defer tick.Stop()
	var wake <-chan struct{} // the monitor's, when external
	if s.member != nil {
		wake = s.wake
	}
	for {
		now := time.Time{}
		select {
		case <-s.ctx.Done():
			return
		case now = <-tick.C:
		case <-wake:
			now = time.Now()
		}
		if err := s.maintainOnce(now, &u); err != nil && s.ctx.Err() == nil {
			s.log.Debug("maintenance of the store failed", "cause", err)
		}
	}
}

// maintainOnce runs as a call does, guarded, but takes longer.
func (s *Store) maintainOnce(now time.Time, u *upkeep) error {
	ctx, cancel := context.WithTimeout(s.ctx, maintainTimeout)
	defer cancel()
	_, err := call(ctx, s, func(ctx context.Context) (struct{}, error) {
		err := s.compactHistory(ctx, now, &u.history)
		if s.member != nil { // its operators defragment a cluster, one member at a time
			err = errors.Join(err, s.tendMember(ctx, now, u))
		}
		return struct{}{}, err
	})
	return err
}

func (s *Store) compactHistory(ctx context.Context, now time.Time, h *history) error {
	rev, err := s.revision(ctx)
	if err != nil {
		return err
	}
	if at := h.due(now, rev); at > 0 {
		return s.compact(ctx, at)
	}
	return nil
}

func (s *Store) tendMember(ctx context.Context, now time.Time, u *upkeep) error {
	if alarm := s.member.alarm(); alarm != nil {
		s.refuse(alarm)
		if now.Sub(u.madeSpace) < makeSpaceInterval {
			return nil
		}
		u.madeSpace = now
		return s.makeSpace(ctx)
	}
	s.checkDisk()
	if idle := now.Sub(time.Unix(0, s.lastWrite.Load())); idle > idleTime && s.member.wasteful() {
		return s.member.server.Backend().Defrag()
	}
	return nil
}

// upkeep is what maintenance remembers.
type upkeep struct {
	history
	madeSpace time.Time // tried to
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

// alarm is why etcd refuses writes, or nil.
func (m *member) alarm() error {
	for _, a := range m.server.Alarms() {
		switch a.Alarm {
		case etcdserverpb.AlarmType_NOSPACE:
			return errNoSpace
		case etcdserverpb.AlarmType_CORRUPT:
			return fmt.Errorf("%w: etcd raised an alarm", ErrDamaged)
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
func (s *Store) makeSpace(ctx context.Context) error {
	rev, err := s.revision(ctx)
	if err != nil {
		return err
	}
	if _, err := s.client.Compact(ctx, rev, clientv3.WithCompactPhysical()); err != nil && !errors.Is(rpctypes.Error(err), rpctypes.ErrCompacted) {
		return err
	}
	backend := s.member.server.Backend()
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
	s.refuse(nil)
	return nil
}
