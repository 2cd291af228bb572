package store

import (
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// keepFree is what the embedded store leaves of the disk: writes are refused
// below it, which ends when there is space again, whereas etcd dies of a disk
// that is full. Other programs may still fill it.
const keepFree = 48 << 20

var (
	errNoSpace  = errors.New("the database has reached its quota")
	errDiskFull = errors.New("the disk is full")
)

// refusal is why writes are refused while reads work.
type refusal struct{ err error }

// writable is nil, or why a write would be refused. What an external cluster
// would do is known only by trying.
func (s *Store) writable() error {
	if s.member == nil {
		return nil
	}
	s.checkDisk()
	if r := s.refusing.Load(); r != nil {
		return r.err
	}
	return nil
}

func (s *Store) checkDisk() {
	if s.member.keepFree < 0 {
		return
	}
	free, err := freeSpace(s.member.dir)
	if err != nil {
		return // etcd will tell
	}
	r := s.refusing.Load()
	switch full := r != nil && errors.Is(r.err, errDiskFull); {
	case free < s.member.keepFree && !full:
		s.refuse(fmt.Errorf("%w: %s has %d MB left, and %d MB are kept free", errDiskFull, s.member.dir, free>>20, s.member.keepFree>>20))
	case free >= s.member.keepFree && full:
		s.refuse(nil)
	}
}

// refuse makes writes fail with cause, or work again, and says so once.
func (s *Store) refuse(cause error) {
	var r *refusal
	if cause != nil {
		r = &refusal{deadBecause(cause)}
	}
	before := s.refusing.Swap(r)
	switch {
	case cause == nil && before != nil:
		s.log.Info("the store takes writes again")
	case cause != nil && (before == nil || before.err.Error() != r.err.Error()):
		s.log.Error("the store refuses writes", "cause", cause)
	}
}

// noteRefusal looks at the outcome of a write, which may need space.
func (s *Store) noteRefusal(err error, ops []clientv3.Op) {
	switch {
	case errors.Is(rpctypes.Error(err), rpctypes.ErrNoSpace):
		s.refuse(errNoSpace)
		s.poke()
	case err == nil && s.member == nil && slices.ContainsFunc(ops, clientv3.Op.IsPut):
		s.refuse(nil)
	}
}
