package store

import (
	"context"
	"iter"
)

// TreeBase says where a tree lives.
type TreeBase struct {
	Head  string // key of the head record
	Blobs string // prefix of its packs, ending in "/"
}

// EntryKey names an entry of a tree.
type EntryKey struct{ Kind, ID string }

// Change replaces (or, with a nil Value, removes) one entry.
type Change struct {
	EntryKey
	Value []byte
}

// Hash is the first half of the SHA-256 of an entry's value.
type Hash [16]byte

// Tree is one version of a tree: immutable, safe for concurrent use. It knows
// the names and hashes of its entries; the values are read by Store.Values.
type Tree struct {
	key      string
	revision int64
	meta     []byte
}

// Key is the key of the head record this version was read from or written to.
func (t *Tree) Key() string { return t.key }

// Revision is the store's revision that wrote this version. 0: the tree was
// decoded from a record of unknown revision.
func (t *Tree) Revision() int64 { return t.revision }

// Meta is the small text kept in the head itself. Don't change it.
func (t *Tree) Meta() []byte { return t.meta }

// Len is the number of entries.
func (t *Tree) Len() int { return 0 }

// Entries yields every entry in ascending order of kind and ID.
func (t *Tree) Entries() iter.Seq2[EntryKey, Hash] {
	return func(func(EntryKey, Hash) bool) {}
}

// Lookup returns the hash of one entry's value.
func (t *Tree) Lookup(k EntryKey) (Hash, bool) { return Hash{}, false }

// Hash names the whole content, meta included: equal hashes, equal trees.
func (t *Tree) Hash() string { return "" }

// EntriesHash names the entries' content without meta.
func (t *Tree) EntriesHash() string { return "" }

// Unchanged is the condition that t is still the latest version of its head.
func (t *Tree) Unchanged() Condition {
	return Condition{Key: t.key, Revision: t.revision}
}

// DecodeTree reads a head record, as List or Watch deliver it, live or frozen.
func DecodeTree(r Record) (*Tree, error) { return nil, errUnfinished }

// ReadTree returns the latest version. ErrNotFound when there is none.
func (s *Store) ReadTree(ctx context.Context, base TreeBase) (*Tree, error) {
	return nil, errUnfinished
}

// ReadFrozen returns the version that FreezeTree stored under key.
func (s *Store) ReadFrozen(ctx context.Context, key string) (*Tree, error) {
	return nil, errUnfinished
}

// WriteTree applies changes to old (nil: creates the tree), puts the values
// that are new, and swaps the head in one transaction with extra. Meta
// replaces the old meta. ErrConflict when old isn't the latest version or a
// condition of extra doesn't hold. The cost doesn't grow with the values of
// the tree, and only slightly with the number of its entries.
func (s *Store) WriteTree(ctx context.Context, base TreeBase, old *Tree, meta []byte, changes []Change, extra Txn) (*Tree, error) {
	return nil, errUnfinished
}

// FreezeTree is the operation that stores t with another meta under a head
// that never moves: a deployment. Commit it together with the condition
// t.Unchanged(), or in WriteTree's extra with t as its old version, so that
// no collection can overtake it.
func (s *Store) FreezeTree(t *Tree, key string, meta []byte) Op { return Op{} }

// Values returns all values of t, which may be frozen or live. An error names
// the entry whose value is missing or damaged.
func (s *Store) Values(ctx context.Context, base TreeBase, t *Tree) (map[EntryKey][]byte, error) {
	return nil, errUnfinished
}

// Value returns one value of t, ErrNotFound when t has no such entry.
func (s *Store) Value(ctx context.Context, base TreeBase, t *Tree, k EntryKey) ([]byte, error) {
	return nil, errUnfinished
}

// DeleteTree removes the head and all packs in one transaction with extra
// (which deletes the frozen heads). ErrConflict when t isn't the latest.
func (s *Store) DeleteTree(ctx context.Context, base TreeBase, t *Tree, extra Txn) error {
	return errUnfinished
}

// Collect removes the packs that neither the head nor the frozen heads refer
// to. Each of frozen is a key or, ending in "/", a prefix: every head under
// it counts and other records under it don't matter. Prefer a prefix: a head
// frozen after the caller made a list of keys isn't on the list.
func (s *Store) Collect(ctx context.Context, base TreeBase, frozen []string) (removed int, err error) {
	return 0, errUnfinished
}
