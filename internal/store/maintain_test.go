package store

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

func TestHistory(t *testing.T) {
	begin := time.Unix(1_000_000, 0)
	steps := []struct {
		after     time.Duration
		rev, want int64
	}{
		{0, 5, 0},
		{time.Minute, 100, 0},
		{keepHistory, 110, 5},
		{keepHistory + 10*time.Second, 110, 0},
		{keepHistory + time.Minute, 120, 100},
		{keepHistory + time.Minute, 120 + keepRevisions, 120},
		{10 * keepHistory, 121 + keepRevisions, 120 + keepRevisions},
		{20 * keepHistory, 121 + keepRevisions, 121 + keepRevisions},
		{30 * keepHistory, 121 + keepRevisions, 0},
	}
	var h history
	var got, want []int64
	for _, s := range steps {
		got, want = append(got, h.due(begin.Add(s.after), s.rev)), append(want, s.want)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestQuota: at the quota writes are refused with the cause while reads and
// deletions work; maintenance makes space and ends it.
func TestQuota(t *testing.T) {
	s, err := OpenEmbedded(t.Context(), EmbeddedConfig{Dir: t.TempDir(), Logger: testLogger(t), quota: 24 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	writes := 0
	for ; err == nil; writes++ {
		_, err = s.Commit(t.Context(), Txn{Ops: []Op{{Key: Prefix + strconv.Itoa(writes), Value: noise(uint64(writes), 500_000)}}})
	}
	writes--
	wantError(t, err, ErrDead)
	wantError(t, err, errNoSpace)
	wantError(t, s.Err(), errNoSpace)
	if _, err := s.Get(t.Context(), Prefix+"0"); err != nil {
		t.Errorf("reads fail: %v", err)
	}
	for i := range writes - 1 {
		mustCommit(t, s, Op{Key: Prefix + strconv.Itoa(i)})
	}
	if err := s.maintainOnce(time.Now(), &upkeep{}); err != nil && !errors.Is(err, ErrDead) {
		t.Fatal(err)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, put(Prefix+"a", "1"))
}

func TestMaintain(t *testing.T) {
	s := openTest(t, t.TempDir())
	var u upkeep
	now := time.Now()
	old := mustCommit(t, s, put(Prefix+"a", "1"))
	if err := s.maintainOnce(now, &u); err != nil {
		t.Fatal(err)
	}
	for i := range 80 {
		mustCommit(t, s, Op{Key: Prefix + "a", Value: noise(uint64(i), MaxSize-100)})
	}
	before := s.member.server.Backend().Size()
	for _, after := range []time.Duration{time.Second, keepHistory + time.Second, 2*keepHistory + 2*time.Second} {
		if err := s.maintainOnce(now.Add(after), &u); err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.client.Get(t.Context(), Prefix+"a", clientv3.WithRev(old))
	if !errors.Is(rpctypes.Error(err), rpctypes.ErrCompacted) {
		t.Errorf("old revisions are kept: %v", err)
	}
	wait := time.Now().Add(20 * time.Second) // etcd removes what was compacted in its own time
	for n := 1; !s.member.wasteful() && time.Now().Before(wait); n++ {
		mustCommit(t, s, put(Prefix+"b", strconv.Itoa(n)))
	}
	if err := s.maintainOnce(now.Add(3*keepHistory), &u); err != nil {
		t.Fatal(err)
	}
	if size := s.member.server.Backend().Size(); size > before/10 {
		t.Errorf("%d of %d bytes are left", size, before)
	}
	if r, err := s.Get(t.Context(), Prefix+"a"); err != nil || !bytes.Equal(r.Value, noise(79, MaxSize-100)) {
		t.Errorf("the record is lost: %v", err)
	}
}

func FuzzDecodeTree(f *testing.F) {
	packs := []pack{{Hash{1}, 100}, {Hash{2}, 5}}
	trees := []*Tree{
		{}, {meta: []byte("meta")},
		{packs: packs, entries: []entry{
			{EntryKey{"a", "1"}, Hash{3}, span{0, 5, 10}, nil},
			{EntryKey{"a", "2"}, Hash{4}, span{}, nil},
			{EntryKey{"b", ""}, Hash{5}, span{1, 0, 5}, []span{{0, 0, 100}}}}},
	}
	for _, t := range trees {
		f.Add(t.encode())
	}
	f.Add([]byte(headMagic + "\x02"))
	f.Fuzz(func(t *testing.T, head []byte) {
		tree, err := DecodeTree(Record{Key: Prefix + "head", Value: head, Revision: 3})
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNewer) {
				t.Error(err)
			}
			return
		}
		again, err := DecodeTree(Record{Key: Prefix + "head", Value: tree.encode(), Revision: 3})
		if err != nil || again.Hash() != tree.Hash() || fmt.Sprint(again) != fmt.Sprint(tree) {
			t.Errorf("%v, then %v, %v", tree, again, err)
		}
	})
}
