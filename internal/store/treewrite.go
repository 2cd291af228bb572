package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// When a write also tidies the tree's packs up.
const (
	manyPacks   = 200       // more than so many are joined,
	smallPack   = 64 << 10  // those below this size
	muchGarbage = 256 << 10 // dead bytes, when they are three quarters
	tidyBytes   = 2 << 20   // of live values moved by one write, at most
)

// WriteTree applies changes to old (nil: creates the tree), puts the values
// that are new, and swaps the head in one transaction with extra. Meta
// replaces the old meta. ErrConflict when old isn't the latest version or a
// condition of extra doesn't hold; ErrTooLarge. The cost doesn't grow with the
// values of the tree, and only slightly with the number of its entries.
//
// Of two changes of one entry the later counts. Extra has at most MaxOps-2
// operations.
func (s *Store) WriteTree(ctx context.Context, base TreeBase, old *Tree, meta []byte, changes []Change, extra Txn) (*Tree, error) {
	return s.WriteTreeWith(ctx, base, old, meta, changes, func(*Tree) (Txn, error) { return extra, nil })
}

// WriteTreeWith is WriteTree for an extra transaction that depends on the new
// version, such as one that freezes it. The version has no revision yet.
func (s *Store) WriteTreeWith(ctx context.Context, base TreeBase, old *Tree, meta []byte, changes []Change, extra func(*Tree) (Txn, error)) (*Tree, error) {
	if err := base.check(); err != nil {
		return nil, err
	}
	if old == nil {
		old = &Tree{}
	}
	e := newTreeEdit(old, changes)
	if err := s.tidy(ctx, base, e); err != nil {
		return nil, err
	}
	t := e.finish()
	t.key, t.format, t.meta = base.Head, base.Format, slices.Clone(meta)
	txn, err := extra(t)
	if err != nil {
		return nil, err
	}
	rev, err := s.commitTree(ctx, base, t, old.revision, e.packer.done, txn)
	if err != nil {
		return nil, fmt.Errorf("write tree %s: %w", base.Head, err)
	}
	t.revision = rev
	return t, nil
}

// treeEdit is a tree between two versions. The packs it writes are numbered
// after those of the old version until finish.
type treeEdit struct {
	old     *Tree
	entries []entry
	packer  packer
}

func newTreeEdit(old *Tree, changes []Change) *treeEdit {
	e := &treeEdit{old: old, packer: packer{first: len(old.packs)}}
	changes = slices.Clone(changes)
	slices.SortStableFunc(changes, func(a, b Change) int { return a.compare(b.EntryKey) })
	e.entries = make([]entry, 0, len(old.entries)+len(changes))
	rest := old.entries
	for i, c := range changes {
		if i+1 < len(changes) && changes[i+1].EntryKey == c.EntryKey {
			continue
		}
		n, found := slices.BinarySearchFunc(rest, c.EntryKey, func(e entry, k EntryKey) int { return e.compare(k) })
		e.entries = append(e.entries, rest[:n]...)
		rest = rest[n:]
		var before *entry
		if found {
			before, rest = &rest[0], rest[1:]
		}
		e.change(before, c)
	}
	e.entries = append(e.entries, rest...)
	return e
}

func (e *treeEdit) change(before *entry, c Change) {
	if c.Value == nil {
		return
	}
	h := hashOf(c.Value)
	if before != nil && before.hash == h {
		e.entries = append(e.entries, *before)
		return
	}
	e.entries = append(e.entries, e.packer.entry(c.EntryKey, h, c.Value))
}

// finish drops the packs that hold nothing live any more.
func (e *treeEdit) finish() *Tree {
	e.packer.flush()
	packs := slices.Clone(e.old.packs)
	for _, p := range e.packer.done {
		packs = append(packs, p.pack)
	}
	live := liveBytes(e.entries, len(packs))
	t := &Tree{entries: e.entries}
	renumber := make([]int, len(packs))
	for i, p := range packs {
		renumber[i] = len(t.packs)
		if live[i] > 0 {
			t.packs = append(t.packs, p)
		}
	}
	if len(t.packs) == len(packs) {
		return t
	}
	for i := range t.entries {
		en := &t.entries[i]
		en.at.pack = renumber[en.at.pack]
		en.more = slices.Clone(en.more)
		for j := range en.more {
			en.more[j].pack = renumber[en.more[j].pack]
		}
	}
	return t
}

// liveBytes counts the bytes of each pack that entries refer to.
func liveBytes(entries []entry, packs int) []int {
	live := make([]int, packs)
	for i := range entries {
		for s := range entries[i].spans() {
			live[s.pack] += s.length
		}
	}
	return live
}

// packer gathers values into packs.
type packer struct {
	first   int // number of its first pack
	content []byte
	done    []newPack
}

type newPack struct {
	pack
	record []byte
}

func (p *packer) entry(k EntryKey, h Hash, value []byte) entry {
	e := entry{EntryKey: k, hash: h}
	if len(value) == 0 {
		return e
	}
	n := min(len(value), maxPack)
	e.at = p.add(value[:n])
	for value = value[n:]; len(value) > 0; value = value[n:] {
		n = min(len(value), maxPack)
		e.more = append(e.more, p.add(value[:n]))
	}
	return e
}

func (p *packer) add(piece []byte) span {
	if len(p.content)+len(piece) > maxPack {
		p.flush()
	}
	s := span{p.first + len(p.done), len(p.content), len(piece)}
	p.content = append(p.content, piece...)
	return s
}

// flush ends the pack that is being filled.
func (p *packer) flush() {
	if len(p.content) == 0 {
		return
	}
	p.done = append(p.done, newPack{pack{hashOf(p.content), len(p.content)}, encodePack(p.content)})
	p.content = nil
}

// commitTree writes packs and head: in one transaction when they fit, else the
// packs first.
func (s *Store) commitTree(ctx context.Context, base TreeBase, t *Tree, oldRev int64, packs []newPack, extra Txn) (int64, error) {
	head := t.encode()
	txn := Txn{
		If:  append([]Condition{{base.Head, oldRev}}, extra.If...),
		Ops: append([]Op{{Key: base.Head, Value: head}}, extra.Ops...),
	}
	if n := txn.size(); n > MaxSize-1024 {
		return 0, fmt.Errorf("%w: %d entries, whose head takes %d bytes, %d with what is written beside it; the limit is %d",
			ErrTooLarge, len(t.entries), len(head), n, MaxSize)
	}
	whole := txn
	written := map[Hash]bool{} // pieces of a large value may be alike
	for _, p := range packs {
		if !written[p.name] {
			whole.Ops = append(whole.Ops, Op{Key: base.packKey(p.name), Value: p.record})
		}
		written[p.name] = true
	}
	if len(whole.Ops) <= MaxOps && whole.size() <= MaxSize {
		return s.Commit(ctx, whole)
	}
	return s.commitAfter(ctx, base, whole.Ops[len(txn.Ops):], txn)
}

// intentKey says that packs are being written that no head refers to yet. The
// swap of the head needs the intent unchanged, so that a collection that gave
// up on it makes the swap fail instead of leaving a head without its packs.
func (b TreeBase) intentKey() string { return b.Blobs + "~writing" }

func (s *Store) commitAfter(ctx context.Context, base TreeBase, packs []Op, txn Txn) (int64, error) {
	now := strconv.FormatInt(time.Now().Unix(), 10)
	intent, err := s.Commit(ctx, Txn{If: txn.If, Ops: []Op{{Key: base.intentKey(), Value: []byte(now)}}})
	if err != nil {
		return 0, err
	}
	for len(packs) > 0 {
		n, size := 0, 0
		for n < len(packs) && n < MaxOps && size+len(packs[n].Key)+len(packs[n].Value) <= MaxSize {
			size += len(packs[n].Key) + len(packs[n].Value)
			n++
		}
		if _, err := s.Commit(ctx, Txn{Ops: packs[:n]}); err != nil {
			return 0, err
		}
		packs = packs[n:]
	}
	txn.If = append(txn.If, Condition{base.intentKey(), intent})
	txn.Ops = append(txn.Ops, Op{Key: base.intentKey()})
	return s.Commit(ctx, txn)
}
