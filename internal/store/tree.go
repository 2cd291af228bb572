package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"iter"
	"slices"
	"strings"
)

// TreeBase says where a tree lives.
type TreeBase struct {
	Head  string // key of the head record
	Blobs string // prefix of its packs, ending in "/"
	// Format is the format of the heads that are written, 1 when zero. All are
	// laid out alike; a tree whose meaning older binaries don't know takes a
	// later one, which they refuse by name.
	Format byte
}

// EntryKey names an entry of a tree.
type EntryKey struct{ Kind, ID string }

func (k EntryKey) String() string { return k.Kind + "/" + k.ID }

func (k EntryKey) compare(o EntryKey) int {
	return cmp.Or(cmp.Compare(k.Kind, o.Kind), cmp.Compare(k.ID, o.ID))
}

// Change replaces (or, with a nil Value, removes) one entry.
type Change struct {
	EntryKey
	Value []byte
}

// Hash is the first half of the SHA-256 of a value.
type Hash [16]byte

func hashOf(value []byte) Hash {
	sum := sha256.Sum256(value)
	return Hash(sum[:16])
}

// Tree is one version of a tree: immutable, safe for concurrent use. It knows
// the names and hashes of its entries; the values lie in packs, records that
// hold the values written together, and are read by Store.Values.
type Tree struct {
	key      string
	revision int64
	format   byte // of the head
	meta     []byte
	packs    []pack  // every one holds a value of an entry
	entries  []entry // ascending by key
}

// pack is a record that holds values. Its key is the base's prefix and its
// name, the hash of its content.
type pack struct {
	name Hash
	size int // bytes of its content before compression
}

type entry struct {
	EntryKey
	hash Hash
	at   span   // no length: the value is empty
	more []span // of a value larger than a pack
}

// span is a piece of a pack's content.
type span struct{ pack, offset, length int }

func (e *entry) spans() iter.Seq[span] {
	return func(yield func(span) bool) {
		if e.at.length == 0 || !yield(e.at) {
			return
		}
		for _, s := range e.more {
			if !yield(s) {
				return
			}
		}
	}
}

// Key is the key of the head record this version was read from or written to.
func (t *Tree) Key() string { return t.key }

// Revision is the store's revision that wrote this version.
func (t *Tree) Revision() int64 { return t.revision }

// Meta is the small text kept in the head itself. Don't change it.
func (t *Tree) Meta() []byte { return t.meta }

// Len is the number of entries.
func (t *Tree) Len() int { return len(t.entries) }

// Entries yields every entry in ascending order of kind and ID.
func (t *Tree) Entries() iter.Seq2[EntryKey, Hash] {
	return func(yield func(EntryKey, Hash) bool) {
		for i := range t.entries {
			if !yield(t.entries[i].EntryKey, t.entries[i].hash) {
				return
			}
		}
	}
}

// Lookup returns the hash of one entry's value.
func (t *Tree) Lookup(k EntryKey) (Hash, bool) {
	if e := t.find(k); e != nil {
		return e.hash, true
	}
	return Hash{}, false
}

func (t *Tree) find(k EntryKey) *entry {
	i, ok := slices.BinarySearchFunc(t.entries, k, func(e entry, k EntryKey) int { return e.compare(k) })
	if !ok {
		return nil
	}
	return &t.entries[i]
}

// Hash names the whole content, meta included: equal hashes, equal trees.
func (t *Tree) Hash() string {
	h := sha256.New()
	hashText(h, string(t.meta))
	t.hashEntries(h)
	return hex.EncodeToString(h.Sum(nil))
}

// EntriesHash names the content of the entries, without meta.
func (t *Tree) EntriesHash() string {
	h := sha256.New()
	t.hashEntries(h)
	return hex.EncodeToString(h.Sum(nil))
}

func (t *Tree) hashEntries(h hash.Hash) {
	for i := range t.entries {
		e := &t.entries[i]
		hashText(h, e.Kind)
		hashText(h, e.ID)
		h.Write(e.hash[:])
	}
}

func hashText(h hash.Hash, s string) {
	h.Write(binary.AppendUvarint(nil, uint64(len(s))))
	h.Write([]byte(s))
}

// Unchanged is the condition that t is still the latest version of its head.
func (t *Tree) Unchanged() Condition {
	return Condition{Key: t.key, Revision: t.revision}
}

// DecodeTree reads a head record, as List or Watch deliver it, live or frozen.
// ErrDamaged, ErrNewer.
func DecodeTree(r Record) (*Tree, error) {
	t, err := decodeHead(r.Value)
	if err != nil {
		return nil, fmt.Errorf("tree %s: %w", r.Key, err)
	}
	t.key, t.revision = r.Key, r.Revision
	return t, nil
}

// ReadTree returns the latest version. ErrNotFound when there is none.
func (s *Store) ReadTree(ctx context.Context, base TreeBase) (*Tree, error) {
	return s.ReadFrozen(ctx, base.Head)
}

// ReadFrozen returns the version that FreezeTree stored under key.
func (s *Store) ReadFrozen(ctx context.Context, key string) (*Tree, error) {
	r, err := s.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	return DecodeTree(r)
}

// FreezeTree is the operation that stores t with another meta under a head
// that never moves: a deployment. Commit it together with the condition
// t.Unchanged(), or in WriteTree's extra with t as its old version, so that
// no collection can overtake it.
func (s *Store) FreezeTree(t *Tree, key string, meta []byte) Op {
	frozen := *t
	frozen.meta = meta
	return Op{Key: key, Value: frozen.encode()}
}

// DeleteTree removes the head and all packs in one transaction with extra
// (which deletes the frozen heads), and returns its revision. ErrConflict when
// t isn't the latest.
func (s *Store) DeleteTree(ctx context.Context, base TreeBase, t *Tree, extra Txn) (int64, error) {
	if err := base.check(); err != nil {
		return 0, err
	}
	return s.Commit(ctx, Txn{
		If:  append([]Condition{{base.Head, t.revision}}, extra.If...),
		Ops: append([]Op{{Key: base.Head}, {Key: base.Blobs, Prefix: true}}, extra.Ops...),
	})
}

func (b TreeBase) check() error {
	if err := errors.Join(checkKey(b.Head), checkKey(b.Blobs)); err != nil {
		return err
	}
	if !strings.HasSuffix(b.Blobs, "/") || strings.HasPrefix(b.Head, b.Blobs) {
		return fmt.Errorf("the packs of %s need a prefix of their own that ends in /, not %q", b.Head, b.Blobs)
	}
	return nil
}
