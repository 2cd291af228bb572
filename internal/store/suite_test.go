package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// suite is what every kind of store must do. Each case has a prefix of its own.
func suite(t *testing.T, s *Store, except ...string) {
	cases := []struct {
		name string
		run  func(*testing.T, *Store, string)
	}{
		{"get", testGet},
		{"conditions", testConditions},
		{"limits", testLimits},
		{"list", testList},
		{"prefix delete", testPrefixDelete},
		{"watch", testWatch},
		{"watch from a revision", testWatchFrom},
		{"watch after compaction", testWatchCompacted},
		{"watches that end together", testWatchesEndTogether},
		{"context", testContext},
		{"tree", testTree},
		{"tree of large values", testLargeTree},
		{"tree conflict", testTreeConflict},
		{"tree against a model", testTreeModel},
		{"many small changes", testManyChanges},
		{"freeze and collect", testCollect},
		{"collect beside writers", testCollectBesideWriters},
		{"delete tree", testDeleteTree},
		{"damaged pack", testDamagedPack},
	}
	for _, c := range cases {
		if slices.Contains(except, c.name) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			c.run(t, s, fmt.Sprintf("%s%s-%d/", Prefix, t.Name(), rand.Uint64()))
		})
	}
}

func put(key, value string) Op { return Op{Key: key, Value: []byte(value)} }

func mustCommit(t *testing.T, s *Store, ops ...Op) int64 {
	t.Helper()
	rev, err := s.Commit(t.Context(), Txn{Ops: ops})
	if err != nil {
		t.Fatal(err)
	}
	return rev
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func testGet(t *testing.T, s *Store, p string) {
	_, err := s.Get(t.Context(), p+"a")
	wantError(t, err, ErrNotFound)
	rev := mustCommit(t, s, put(p+"a", "1"), put(p+"empty", ""))
	for key, want := range map[string]string{"a": "1", "empty": ""} {
		got, err := s.Get(t.Context(), p+key)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(Record{p + key, []byte(want), rev}, got); diff != "" {
			t.Error(diff)
		}
	}
	mustCommit(t, s, Op{Key: p + "a"})
	_, err = s.Get(t.Context(), p+"a")
	wantError(t, err, ErrNotFound)
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

func testConditions(t *testing.T, s *Store, p string) {
	rev := mustCommit(t, s, put(p+"a", "1"))
	cases := []struct {
		name string
		cond Condition
		want error
	}{
		{"unchanged", Condition{p + "a", rev}, nil},
		{"changed", Condition{p + "a", rev}, ErrConflict}, // by the case before
		{"exists", Condition{p + "a", 0}, ErrConflict},
		{"absent", Condition{p + "b", 0}, nil},
		{"absent but wanted", Condition{p + "b", rev}, ErrConflict},
	}
	for _, c := range cases {
		_, err := s.Commit(t.Context(), Txn{If: []Condition{c.cond}, Ops: []Op{put(p+"a", c.name), put(p+"other", c.name)}})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	got, err := s.Get(t.Context(), p+"other")
	if err != nil || string(got.Value) != "absent" {
		t.Errorf("got %q, %v", got.Value, err)
	}
}

func testLimits(t *testing.T, s *Store, p string) {
	var many []Op
	for i := range MaxOps + 1 {
		many = append(many, put(p+strconv.Itoa(i), "x"))
	}
	cases := []struct {
		name string
		ops  []Op
		want error
	}{
		{"most operations", many[:MaxOps], nil},
		{"too many operations", many, ErrTooLarge},
		{"largest", []Op{put(p, string(make([]byte, MaxSize-len(p))))}, nil},
		{"too large", []Op{put(p, string(make([]byte, MaxSize)))}, ErrTooLarge},
	}
	for _, c := range cases {
		if _, err := s.Commit(t.Context(), Txn{Ops: c.ops}); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	for _, op := range []Op{put("elsewhere", "x"), {Key: "", Prefix: true}, {Key: p, Prefix: true, Value: []byte("x")}} {
		if _, err := s.Commit(t.Context(), Txn{Ops: []Op{op}}); err == nil {
			t.Errorf("%+v was taken", op)
		}
	}
	if _, err := s.Commit(t.Context(), Txn{Ops: []Op{put(p+"twice", "1"), put(p+"twice", "2")}}); err == nil || errors.Is(err, ErrDead) {
		t.Errorf("one key twice: %v", err)
	}
}

func testList(t *testing.T, s *Store, p string) {
	const n = 2*pageSize + 10
	for i := 0; i < n; i += MaxOps {
		var ops []Op
		for j := i; j < min(i+MaxOps, n); j++ {
			ops = append(ops, put(fmt.Sprintf("%sk%05d", p, j), strconv.Itoa(j)))
		}
		mustCommit(t, s, ops...)
	}
	rev := mustCommit(t, s, put(p+"other", "x"))
	key := func(i int) string { return fmt.Sprintf("%sk%05d", p, i) }
	cases := []struct {
		name        string
		after       string
		limit       int
		first, size int
		more        bool
	}{
		{"all", "", 0, 0, n, false},
		{"first", "", 3, 0, 3, true},
		{"after", key(3), 3, 4, 3, true},
		{"several pages", "", pageSize + 1, 0, pageSize + 1, true},
		{"the last", key(n - 3), 3, n - 2, 2, false},
		{"exactly to the end", key(n - 4), 3, n - 3, 3, false},
		{"after the end", p + "kz", 0, 0, 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			recs, more, at, err := s.List(t.Context(), p+"k", c.after, c.limit)
			if err != nil || len(recs) != c.size || more != c.more {
				t.Fatalf("got %d, %v, %v", len(recs), more, err)
			}
			for i, r := range recs {
				if r.Key != key(c.first+i) || string(r.Value) != strconv.Itoa(c.first+i) {
					t.Fatalf("record %d is %s", i, r.Key)
				}
			}
			if c.size > 0 && at < rev {
				t.Errorf("revision %d before %d", at, rev)
			}
		})
	}
}

func testPrefixDelete(t *testing.T, s *Store, p string) {
	mustCommit(t, s, put(p+"a/1", "x"), put(p+"a/2", "x"), put(p+"b", "x"))
	mustCommit(t, s, Op{Key: p + "a/", Prefix: true}, put(p+"c", "x"))
	recs, _, _, err := s.List(t.Context(), p, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(recs) != 2 || recs[0].Key != p+"b" || recs[1].Key != p+"c" {
		t.Errorf("left: %v", recs)
	}
}

func next(t *testing.T, c <-chan Batch) Batch {
	t.Helper()
	select {
	case b, ok := <-c:
		if !ok {
			t.Fatal("the watch ended")
		}
		return b
	case <-time.After(20 * time.Second):
		t.Fatal("no batch")
	}
	return Batch{}
}

func testWatch(t *testing.T, s *Store, p string) {
	ctx, cancel := context.WithCancel(t.Context())
	mustCommit(t, s, put(p+"a", "0"))
	w := s.Watch(ctx, p, 0)
	if b := next(t, w); !b.Reset || !cmp.Equal(b.Events, []Event{{p + "a", []byte("0"), b.Revision}}) {
		t.Fatalf("first batch: %+v", b)
	}
	r1 := mustCommit(t, s, put(p+"b", "1"), Op{Key: p + "a"}, put(p+"c", ""))
	r2 := mustCommit(t, s, put(p+"b", "2"))
	mustCommit(t, s, put(Prefix+"elsewhere", "x"))
	r3 := mustCommit(t, s, Op{Key: p, Prefix: true})
	got := []Batch{next(t, w), next(t, w), next(t, w)}
	want := []Batch{
		{Revision: r1, Events: []Event{{p + "b", []byte("1"), r1}, {p + "a", nil, r1}, {p + "c", []byte{}, r1}}},
		{Revision: r2, Events: []Event{{p + "b", []byte("2"), r2}}},
		{Revision: r3, Events: []Event{{p + "b", nil, r3}, {p + "c", nil, r3}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	cancel()
	if b, ok := <-w; ok {
		t.Errorf("after its context ended: %+v", b)
	}
	if b, ok := <-s.Watch(t.Context(), "/elsewhere/", 0); ok {
		t.Errorf("a foreign prefix: %+v", b)
	}
}

// testWatchesEndTogether: watches that end all at once, while changes go to
// them, leave the ones that stay and those that come alive.
func testWatchesEndTogether(t *testing.T, s *Store, p string) {
	for round := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var ended sync.WaitGroup
		for range 100 {
			w := s.Watch(ctx, p, 0)
			next(t, w)
			ended.Go(func() {
				for range w {
				}
			})
		}
		for i := range 50 {
			mustCommit(t, s, put(p+"a", strconv.Itoa(round*50+i)))
			if i == 25 {
				cancel()
			}
		}
		ended.Wait()
		w := s.Watch(t.Context(), p, 0)
		next(t, w)
		mustCommit(t, s, put(p+"b", strconv.Itoa(round)))
		if b := next(t, w); len(b.Events) != 1 || b.Events[0].Key != p+"b" {
			t.Fatalf("after the others ended: %+v", b)
		}
	}
}

func testWatchFrom(t *testing.T, s *Store, p string) {
	r1 := mustCommit(t, s, put(p+"a", "1"))
	r2 := mustCommit(t, s, put(p+"a", "2"))
	w := s.Watch(t.Context(), p, r1)
	want := Batch{Revision: r2, Events: []Event{{p + "a", []byte("2"), r2}}}
	if diff := cmp.Diff(want, next(t, w)); diff != "" {
		t.Error(diff)
	}
	// A revision from the future is one of other data.
	w = s.Watch(t.Context(), p, r2+1_000_000)
	if b := next(t, w); !b.Reset || len(b.Events) != 1 {
		t.Errorf("got %+v", b)
	}
}

func testWatchCompacted(t *testing.T, s *Store, p string) {
	old := mustCommit(t, s, put(p+"a", "1"))
	mustCommit(t, s, put(p+"gone", "1"))
	mustCommit(t, s, Op{Key: p + "gone"})
	rev := mustCommit(t, s, put(p+"a", "2"))
	if err := s.compact(t.Context(), rev); err != nil {
		t.Fatal(err)
	}
	w := s.Watch(t.Context(), p, old)
	if b := next(t, w); !b.Reset || !cmp.Equal(b.Events, []Event{{p + "a", []byte("2"), b.Revision}}) || b.Revision < rev {
		t.Errorf("got %+v", b)
	}
	rev = mustCommit(t, s, put(p+"a", "3"))
	if b := next(t, w); b.Reset || b.Revision != rev {
		t.Errorf("got %+v", b)
	}
	if err := s.compact(t.Context(), rev-1); err != nil {
		t.Errorf("compacting again: %v", err)
	}
}

func testContext(t *testing.T, s *Store, p string) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Get(ctx, p+"a")
	wantError(t, err, context.Canceled)
	_, err = s.Commit(ctx, Txn{Ops: []Op{put(p+"a", "1")}})
	wantError(t, err, context.Canceled)
	if errors.Is(err, ErrDead) || s.Err() != nil {
		t.Error("a caller that left makes the store dead")
	}
}

func base(p string) TreeBase { return TreeBase{Head: p + "head", Blobs: p + "blobs/"} }

func change(kind, id, value string) Change {
	return Change{EntryKey{kind, id}, []byte(value)}
}

// checkTree reads a tree from the store and compares its values.
func checkTree(t *testing.T, s *Store, b TreeBase, key string, want map[EntryKey][]byte) *Tree {
	t.Helper()
	tree, err := s.ReadFrozen(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Values(t.Context(), b, tree)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) || tree.Len() != len(want) {
		t.Fatalf("%d values in %d entries, want %d", len(got), tree.Len(), len(want))
	}
	for k, v := range want {
		if !bytes.Equal(got[k], v) {
			t.Fatalf("%v: got %d bytes, want %d", k, len(got[k]), len(v))
		}
		if h, ok := tree.Lookup(k); !ok || h != hashOf(v) {
			t.Fatalf("%v: wrong hash", k)
		}
	}
	return tree
}

func testTree(t *testing.T, s *Store, p string) {
	b := base(p)
	_, err := s.ReadTree(t.Context(), b)
	wantError(t, err, ErrNotFound)
	t1, err := s.WriteTree(t.Context(), b, nil, []byte("first"), []Change{
		change("resource", "2", "two"), change("resource", "1", "one"), change("model", "m", ""),
		change("resource", "2", "second two"), {EntryKey: EntryKey{"resource", "absent"}},
	}, Txn{Ops: []Op{put(p+"beside", "x")}})
	if err != nil {
		t.Fatal(err)
	}
	checkTree(t, s, b, b.Head, map[EntryKey][]byte{
		{"resource", "1"}: []byte("one"), {"resource", "2"}: []byte("second two"), {"model", "m"}: {}})
	t2, err := s.WriteTree(t.Context(), b, t1, []byte("second"), []Change{
		change("resource", "1", "one"), {EntryKey: EntryKey{"resource", "2"}}, change("a", "new", "value"),
	}, Txn{})
	if err != nil {
		t.Fatal(err)
	}
	read := checkTree(t, s, b, b.Head, map[EntryKey][]byte{
		{"resource", "1"}: []byte("one"), {"a", "new"}: []byte("value"), {"model", "m"}: {}})
	if string(read.Meta()) != "second" || read.Revision() != t2.Revision() || read.Key() != b.Head {
		t.Errorf("read %q at %d, wrote at %d", read.Meta(), read.Revision(), t2.Revision())
	}
	if read.Hash() != t2.Hash() || t1.Hash() == t2.Hash() || read.EntriesHash() != t2.EntriesHash() {
		t.Error("hashes")
	}
	var order []EntryKey
	for k := range read.Entries() {
		order = append(order, k)
	}
	if diff := cmp.Diff([]EntryKey{{"a", "new"}, {"model", "m"}, {"resource", "1"}}, order); diff != "" {
		t.Error(diff)
	}
	v, err := s.Value(t.Context(), b, read, EntryKey{"a", "new"})
	if err != nil || string(v) != "value" {
		t.Errorf("got %q, %v", v, err)
	}
	_, err = s.Value(t.Context(), b, read, EntryKey{"a", "old"})
	wantError(t, err, ErrNotFound)
	if _, err := s.Get(t.Context(), p+"beside"); err != nil {
		t.Error(err)
	}
}

// noise is incompressible.
func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func testLargeTree(t *testing.T, s *Store, p string) {
	b := base(p)
	want := map[EntryKey][]byte{
		{"body", "random"}: noise(1, 5<<20),
		{"body", "zeros"}:  make([]byte, 3*maxPack), // its pieces are alike
		{"body", "exact"}:  noise(2, maxPack),
		{"body", "small"}:  []byte("small"),
	}
	var changes []Change
	for k, v := range want {
		changes = append(changes, Change{k, v})
	}
	for i := range 300 {
		k := EntryKey{"value", strconv.Itoa(i)}
		want[k] = noise(uint64(i), 9000)
		changes = append(changes, Change{k, want[k]})
	}
	tree, err := s.WriteTree(t.Context(), b, nil, nil, changes, Txn{})
	if err != nil {
		t.Fatal(err)
	}
	checkTree(t, s, b, b.Head, want)
	want[EntryKey{"body", "small"}] = []byte("other")
	tree, err = s.WriteTree(t.Context(), b, tree, nil, []Change{change("body", "small", "other")}, Txn{})
	if err != nil {
		t.Fatal(err)
	}
	checkTree(t, s, b, b.Head, want)
	_, err = s.Get(t.Context(), b.intentKey())
	wantError(t, err, ErrNotFound)

	_, err = s.WriteTree(t.Context(), b, tree, make([]byte, MaxSize), nil, Txn{})
	wantError(t, err, ErrTooLarge)
	// A large write that loses its head to another leaves no trace in the tree.
	other, err := s.WriteTree(t.Context(), b, tree, []byte("other"), nil, Txn{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.WriteTree(t.Context(), b, tree, nil, []Change{{EntryKey{"body", "late"}, noise(3, 4<<20)}}, Txn{})
	wantError(t, err, ErrConflict)
	if got := checkTree(t, s, b, b.Head, want); got.Revision() != other.Revision() {
		t.Error("the tree moved")
	}
}

func testTreeConflict(t *testing.T, s *Store, p string) {
	b := base(p)
	t1, err := s.WriteTree(t.Context(), b, nil, nil, []Change{change("a", "1", "x")}, Txn{})
	if err != nil {
		t.Fatal(err)
	}
	t2, err := s.WriteTree(t.Context(), b, t1, nil, []Change{change("a", "2", "y")}, Txn{})
	if err != nil {
		t.Fatal(err)
	}
	for name, old := range map[string]*Tree{"overtaken": t1, "exists": nil} {
		_, err := s.WriteTree(t.Context(), b, old, nil, []Change{change("a", "1", name)}, Txn{})
		if !errors.Is(err, ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = s.WriteTree(t.Context(), b, t2, nil, nil, Txn{If: []Condition{{p + "absent", 5}}})
	wantError(t, err, ErrConflict)
	_, err = s.DeleteTree(t.Context(), b, t1, Txn{})
	wantError(t, err, ErrConflict)
	checkTree(t, s, b, b.Head, map[EntryKey][]byte{{"a", "1"}: []byte("x"), {"a", "2"}: []byte("y")})
}

// testTreeModel makes random changes to a tree and to a map.
func testTreeModel(t *testing.T, s *Store, p string) {
	b, model := base(p), map[EntryKey][]byte{}
	r := rand.New(rand.NewPCG(7, 7))
	var tree *Tree
	for round := range 150 {
		var changes []Change
		for range r.IntN(6) {
			c := Change{EntryKey: EntryKey{"k" + strconv.Itoa(r.IntN(3)), strconv.Itoa(r.IntN(40))}}
			if r.IntN(3) > 0 {
				c.Value = noise(r.Uint64(), r.IntN(1+r.IntN(60_000)))
			}
			changes = append(changes, c)
		}
		for _, c := range changes {
			delete(model, c.EntryKey)
			if c.Value != nil {
				model[c.EntryKey] = c.Value
			}
		}
		var err error
		if tree, err = s.WriteTree(t.Context(), b, tree, nil, changes, Txn{}); err != nil {
			t.Fatal(err)
		}
		if round%10 == 0 {
			checkTree(t, s, b, b.Head, model)
			if _, err := s.Collect(t.Context(), b, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	checkTree(t, s, b, b.Head, model)
}

func testManyChanges(t *testing.T, s *Store, p string) {
	b, want := base(p), map[EntryKey][]byte{}
	var tree *Tree
	most := 0
	for i := range 2*manyPacks + 50 {
		k := EntryKey{"method", strconv.Itoa(i)}
		want[k] = fmt.Appendf(nil, "value %d", i)
		var err error
		if tree, err = s.WriteTree(t.Context(), b, tree, nil, []Change{{k, want[k]}}, Txn{}); err != nil {
			t.Fatal(err)
		}
		most = max(most, len(tree.packs))
	}
	if most > manyPacks+2 {
		t.Errorf("the tree had %d packs", most)
	}
	checkTree(t, s, b, b.Head, want)
}

func testCollect(t *testing.T, s *Store, p string) {
	b := base(p)
	write := func(old *Tree, value string) *Tree {
		t.Helper()
		tree, err := s.WriteTree(t.Context(), b, old, nil, []Change{change("a", "1", value)}, Txn{})
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	freeze := func(tree *Tree, key string) {
		t.Helper()
		_, err := s.Commit(t.Context(), Txn{If: []Condition{tree.Unchanged()}, Ops: []Op{s.FreezeTree(tree, key, []byte(key))}})
		if err != nil {
			t.Fatal(err)
		}
	}
	collect := func(want int, frozen ...string) {
		t.Helper()
		n, err := s.Collect(t.Context(), b, frozen)
		if err != nil || n != want {
			t.Fatalf("collected %d, %v; want %d", n, err, want)
		}
	}
	t1 := write(nil, "one")
	freeze(t1, p+"d/1")
	t2 := write(t1, "two")
	freeze(t2, p+"single")
	t3 := write(t2, "three")
	mustCommit(t, s, put(p+"d/0", "a record that is no head"))
	write(t3, "four")
	collect(1, p+"d/", p+"single") // three
	collect(0, p+"d/", p+"single")
	frozen := checkTree(t, s, b, p+"d/1", map[EntryKey][]byte{{"a", "1"}: []byte("one")})
	if string(frozen.Meta()) != p+"d/1" || frozen.EntriesHash() != t1.EntriesHash() {
		t.Error("the frozen head differs")
	}
	checkTree(t, s, b, p+"single", map[EntryKey][]byte{{"a", "1"}: []byte("two")})
	_, err := s.Values(t.Context(), b, t3)
	wantError(t, err, ErrConflict)
	_, err = s.Commit(t.Context(), Txn{If: []Condition{t3.Unchanged()}, Ops: []Op{s.FreezeTree(t3, p+"d/3", nil)}})
	wantError(t, err, ErrConflict)
	mustCommit(t, s, Op{Key: p + "d/1"}, Op{Key: p + "single"})
	collect(2, p+"d/", p+"single")
	// A writer between its packs and its head is waited for, but not forever.
	mustCommit(t, s, put(b.packKey(hashOf([]byte("x"))), "x"), put(b.intentKey(), strconv.FormatInt(time.Now().Unix(), 10)))
	collect(0, p+"d/")
	mustCommit(t, s, put(b.intentKey(), "1"))
	collect(1, p+"d/")
	checkTree(t, s, b, b.Head, map[EntryKey][]byte{{"a", "1"}: []byte("four")})
}

// testCollectBesideWriters: no collection takes a pack that a head needs.
func testCollectBesideWriters(t *testing.T, s *Store, p string) {
	b := base(p)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.Collect(ctx, b, []string{p + "d/"}); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
	var tree *Tree
	for i := range 60 {
		value := noise(uint64(i%3), 20_000)
		if i%20 == 19 {
			value = noise(uint64(i), 3<<20) // more than one transaction
		}
		var err error
		if tree, err = s.WriteTree(ctx, b, tree, nil, []Change{{EntryKey{"a", strconv.Itoa(i % 2)}, value}}, Txn{}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Values(ctx, b, tree); err != nil {
			t.Fatal(err)
		}
		if i%5 == 0 {
			op := s.FreezeTree(tree, p+"d/"+strconv.Itoa(i), nil)
			if _, err := s.Commit(ctx, Txn{If: []Condition{tree.Unchanged()}, Ops: []Op{op}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	recs, _, _, err := s.List(ctx, p+"d/", "", 0)
	if err != nil || len(recs) != 12 {
		t.Fatal(len(recs), err)
	}
	for _, r := range recs {
		frozen, err := DecodeTree(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Values(ctx, b, frozen); err != nil {
			t.Error(err)
		}
	}
}

func testDeleteTree(t *testing.T, s *Store, p string) {
	b := base(p)
	tree, err := s.WriteTree(t.Context(), b, nil, nil, []Change{change("a", "1", "x")}, Txn{})
	if err != nil {
		t.Fatal(err)
	}
	mustCommit(t, s, s.FreezeTree(tree, p+"d/1", nil), put(p+"stays", "x"))
	if _, err := s.DeleteTree(t.Context(), b, tree, Txn{Ops: []Op{{Key: p + "d/", Prefix: true}}}); err != nil {
		t.Fatal(err)
	}
	recs, _, _, err := s.List(t.Context(), p, "", 0)
	if err != nil || len(recs) != 1 || recs[0].Key != p+"stays" {
		t.Errorf("left: %v, %v", recs, err)
	}
}

func testDamagedPack(t *testing.T, s *Store, p string) {
	b := base(p)
	tree, err := s.WriteTree(t.Context(), b, nil, nil, []Change{change("resource", "17", "some value")}, Txn{})
	if err != nil {
		t.Fatal(err)
	}
	key := b.packKey(tree.packs[0].name)
	for name, ops := range map[string][]Op{
		"altered": {put(key, "\x00some vaLue")}, "short": {put(key, "\x00some")},
		"empty": {put(key, "")}, "missing": {{Key: key}}, "not compressed": {put(key, "\x01xxxxxxxx")},
	} {
		mustCommit(t, s, ops...)
		_, err := s.Values(t.Context(), b, tree)
		if !errors.Is(err, ErrDamaged) || !bytes.Contains([]byte(err.Error()), []byte("resource/17")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
