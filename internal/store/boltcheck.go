package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
)

// Layout of a bbolt file, in the machine's byte order; the offsets of a meta
// page's fields are from its begin.
const (
	boltMagic    = 0xED0CDAED
	boltVersion  = 2
	boltHeader   = 16 // page: id (8), flags (2), count (2), overflow (4)
	boltMetaSize = boltHeader + 64

	boltBranch = 0x01
	boltLeaf   = 0x02

	boltBucketFlag = 0x01 // of a leaf element whose value is a bucket
)

var native = binary.NativeEndian

// boltFile checks the pages that a bbolt file's content is made of. Bbolt
// itself checks them when it opens the file, but with a panic on a goroutine
// of its own.
type boltFile struct {
	r        io.ReaderAt
	pageSize int64
	pages    uint64 // in use, and more
	root     uint64
	seen     map[uint64]bool
}

// checkBolt returns ErrDamaged and what is wrong.
func checkBolt(r io.ReaderAt, size int64) error {
	f := boltFile{r: r, seen: map[uint64]bool{}}
	err := f.readMeta(size)
	if err == nil {
		err = f.tree(f.root, nil, nil)
	}
	if err != nil && !errors.Is(err, errReadPage) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

var errReadPage = errors.New("read the database")

// readMeta takes the newer valid one of the two meta pages. Where the second
// one lies depends on the page size, which the first one says unless it is
// damaged.
func (f *boltFile) readMeta(size int64) error {
	best := uint64(0)
	try := func(offset int64) {
		page := make([]byte, boltMetaSize)
		if _, err := f.r.ReadAt(page, offset); err != nil {
			return
		}
		m := page[boltHeader:]
		sum := fnv.New64a()
		sum.Write(m[:56])
		txid := native.Uint64(m[48:])
		if native.Uint32(m) != boltMagic || native.Uint32(m[4:]) != boltVersion || native.Uint64(m[56:]) != sum.Sum64() || txid < best {
			return
		}
		best = txid
		f.pageSize, f.root, f.pages = int64(native.Uint32(m[8:])), native.Uint64(m[16:]), native.Uint64(m[40:])
	}
	try(0)
	if f.pageSize > 0 {
		try(f.pageSize)
	} else {
		for s := int64(1 << 9); s <= 1<<16; s <<= 1 {
			try(s)
		}
	}
	switch {
	case f.pageSize < 1<<9 || f.pageSize > 1<<16:
		return errors.New("no valid meta page")
	case f.pages > math.MaxInt64/uint64(f.pageSize) || size < int64(f.pages)*f.pageSize:
		return fmt.Errorf("the file has %d bytes but %d pages of %d", size, f.pages, f.pageSize)
	}
	return nil
}

// tree checks the pages below id, whose keys lie in [from, to).
func (f *boltFile) tree(id uint64, from, to []byte) error {
	p, err := f.page(id)
	if err != nil {
		return err
	}
	return f.elements(id, p, from, to)
}

// page reads one page with its overflow.
func (f *boltFile) page(id uint64) ([]byte, error) {
	if id < 2 || id >= f.pages || f.seen[id] {
		return nil, fmt.Errorf("page %d is impossible here", id)
	}
	p, err := f.read(id, 1)
	if err != nil {
		return nil, err
	}
	overflow := uint64(native.Uint32(p[12:]))
	if native.Uint64(p) != id || id+overflow >= f.pages {
		return nil, fmt.Errorf("page %d is another one", id)
	}
	for i := range overflow + 1 {
		if f.seen[id+i] {
			return nil, fmt.Errorf("page %d is used twice", id+i)
		}
		f.seen[id+i] = true
	}
	if overflow == 0 {
		return p, nil
	}
	return f.read(id, int64(overflow)+1)
}

func (f *boltFile) read(id uint64, pages int64) ([]byte, error) {
	p := make([]byte, pages*f.pageSize)
	if _, err := f.r.ReadAt(p, int64(id)*f.pageSize); err != nil {
		return nil, fmt.Errorf("%w: page %d: %w", errReadPage, id, err)
	}
	return p, nil
}

// elements checks the elements of a branch or leaf, a page or part of one, and
// what is below them.
func (f *boltFile) elements(id uint64, p, from, to []byte) error {
	flags, count := native.Uint16(p[8:]), int(native.Uint16(p[10:]))
	if flags != boltBranch && flags != boltLeaf || flags == boltBranch && count == 0 {
		return fmt.Errorf("page %d is neither a branch nor a leaf", id)
	}
	if boltHeader+16*count > len(p) {
		return fmt.Errorf("page %d has too many elements", id)
	}
	keys, ok := elementKeys(p, count, flags == boltLeaf)
	if !ok {
		return fmt.Errorf("page %d has an element that ends past it", id)
	}
	for i, k := range keys {
		if i > 0 && bytes.Compare(keys[i-1], k) >= 0 || bytes.Compare(k, from) < 0 || to != nil && bytes.Compare(k, to) >= 0 {
			return fmt.Errorf("page %d has keys out of order", id)
		}
	}
	for i := range keys {
		var err error
		if flags == boltLeaf {
			err = f.value(id, p[boltHeader+16*i:])
		} else {
			end := to
			if i+1 < count {
				end = keys[i+1]
			}
			err = f.tree(native.Uint64(p[boltHeader+16*i+8:]), keys[i], end)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// elementKeys reads the keys. An element is, on a branch: position of the key
// from the element (4), its size (4), page (8); on a leaf: flags (4), position
// (4), size of the key (4), of the value that follows it (4).
func elementKeys(p []byte, count int, leaf bool) (keys [][]byte, ok bool) {
	keys = make([][]byte, count)
	for i := range keys {
		e := p[boltHeader+16*i:]
		pos, size, rest := uint64(native.Uint32(e)), uint64(native.Uint32(e[4:])), uint64(0)
		if leaf {
			pos, size, rest = size, uint64(native.Uint32(e[8:])), uint64(native.Uint32(e[12:]))
		}
		if pos+size+rest > uint64(len(e)) {
			return nil, false
		}
		keys[i] = e[pos : pos+size]
	}
	return keys, true
}

// value checks the bucket that a leaf element's value may be: the page of its
// root (8) and a sequence (8), then, when that page is 0, the root itself.
func (f *boltFile) value(id uint64, e []byte) error {
	if native.Uint32(e)&boltBucketFlag == 0 {
		return nil
	}
	begin := uint64(native.Uint32(e[4:])) + uint64(native.Uint32(e[8:]))
	v := e[begin : begin+uint64(native.Uint32(e[12:]))]
	if len(v) >= 16 && native.Uint64(v) != 0 {
		return f.tree(native.Uint64(v), nil, nil)
	}
	if len(v) < 16+boltHeader {
		return fmt.Errorf("page %d has a bucket too small", id)
	}
	return f.elements(id, v[16:], nil, nil)
}
