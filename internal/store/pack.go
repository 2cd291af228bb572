package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/klauspost/compress/s2"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	maxPack    = 512 << 10 // bytes of content
	packsBatch = 4 << 20   // bytes of content read at once
)

// A pack record begins with how its content is stored.
const (
	packPlain = 0
	packS2    = 1
)

var errPackMissing = errors.New("a pack is missing")

func encodePack(content []byte) []byte {
	if len(content) >= 128 {
		b := make([]byte, 1+s2.MaxEncodedLen(len(content)))
		b[0] = packS2
		if n := len(s2.EncodeBetter(b[1:], content)); n < len(content) {
			return b[: 1+n : 1+n]
		}
	}
	return append([]byte{packPlain}, content...)
}

// decodePack checks the content's length only; the values in it are checked by
// their own hashes.
func decodePack(record []byte, p pack) ([]byte, error) {
	if len(record) == 0 {
		return nil, errors.New("empty pack")
	}
	content := record[1:]
	switch record[0] {
	case packPlain:
	case packS2:
		if n, err := s2.DecodedLen(content); err != nil || n != p.size {
			return nil, errors.New("pack of another length")
		}
		var err error
		if content, err = s2.Decode(nil, content); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("%w: pack of kind %d", ErrNewer, record[0])
	}
	if len(content) != p.size {
		return nil, errors.New("pack of another length")
	}
	return content, nil
}

func (b TreeBase) packKey(name Hash) string { return b.Blobs + hex.EncodeToString(name[:]) }

// Values returns all values of t, which may be frozen or live. An error names
// the entry whose value is damaged (ErrDamaged); ErrConflict when t is a live
// version that has been overtaken and collected. The values share memory:
// don't change them.
func (s *Store) Values(ctx context.Context, base TreeBase, t *Tree) (map[EntryKey][]byte, error) {
	contents, err := s.readPacks(ctx, base, t, func(int) bool { return true })
	if err != nil {
		return nil, err
	}
	values := make(map[EntryKey][]byte, len(t.entries))
	for i := range t.entries {
		if values[t.entries[i].EntryKey], err = t.entries[i].value(t, contents); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// Value returns one value of t, ErrNotFound when t has no such entry; else as
// Values.
func (s *Store) Value(ctx context.Context, base TreeBase, t *Tree, k EntryKey) ([]byte, error) {
	e := t.find(k)
	if e == nil {
		return nil, fmt.Errorf("%w: %s in tree %s", ErrNotFound, k, t.key)
	}
	contents, err := s.readPacks(ctx, base, t, func(i int) bool {
		for s := range e.spans() {
			if s.pack == i {
				return true
			}
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	return e.value(t, contents)
}

// value cuts the entry's value out of the packs' contents.
func (e *entry) value(t *Tree, contents [][]byte) ([]byte, error) {
	v := []byte{}
	if e.at.length > 0 {
		end := e.at.offset + e.at.length
		v = contents[e.at.pack][e.at.offset:end:end]
	}
	for _, s := range e.more {
		v = append(v, contents[s.pack][s.offset:s.offset+s.length]...)
	}
	if hashOf(v) != e.hash {
		return nil, fmt.Errorf("%w: value of %s in tree %s", ErrDamaged, e.EntryKey, t.key)
	}
	return v, nil
}

// readPacks returns the contents of the wanted packs by their index.
func (s *Store) readPacks(ctx context.Context, base TreeBase, t *Tree, want func(int) bool) ([][]byte, error) {
	contents := make([][]byte, len(t.packs))
	var batch []int
	bytes := 0
	for i, p := range t.packs {
		if !want(i) {
			continue
		}
		if len(batch) == MaxOps || bytes+p.size > packsBatch && len(batch) > 0 {
			if err := s.readBatch(ctx, base, t, batch, contents); err != nil {
				return nil, err
			}
			batch, bytes = batch[:0], 0
		}
		batch, bytes = append(batch, i), bytes+p.size
	}
	if len(batch) == 0 {
		return contents, nil
	}
	return contents, s.readBatch(ctx, base, t, batch, contents)
}

func (s *Store) readBatch(ctx context.Context, base TreeBase, t *Tree, batch []int, contents [][]byte) error {
	ops := make([]clientv3.Op, len(batch))
	for i, p := range batch {
		ops[i] = clientv3.OpGet(base.packKey(t.packs[p].name), s.readOptions()...)
	}
	resp, err := call(ctx, s, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return s.client.Txn(ctx).Then(ops...).Commit()
	})
	if err != nil {
		return fmt.Errorf("read the values of %s: %w", t.key, err)
	}
	for i, p := range batch {
		kvs := resp.Responses[i].GetResponseRange().Kvs
		if len(kvs) == 0 {
			return s.missing(ctx, base, t, p)
		}
		if contents[p], err = decodePack(kvs[0].Value, t.packs[p]); err != nil {
			return fmt.Errorf("%w: pack %s with %s: %w", ErrDamaged, kvs[0].Key, t.firstIn(p), err)
		}
	}
	return nil
}

// missing tells an overtaken version, whose packs were collected, from damage.
func (s *Store) missing(ctx context.Context, base TreeBase, t *Tree, p int) error {
	head, err := s.Get(ctx, t.key)
	if errors.Is(err, ErrNotFound) || err == nil && head.Revision != t.revision {
		return fmt.Errorf("%w: tree %s", ErrConflict, t.key)
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: %w: %s with %s", ErrDamaged, errPackMissing, base.packKey(t.packs[p].name), t.firstIn(p))
}

func (t *Tree) firstIn(p int) EntryKey {
	for i := range t.entries {
		for s := range t.entries[i].spans() {
			if s.pack == p {
				return t.entries[i].EntryKey
			}
		}
	}
	return EntryKey{}
}
