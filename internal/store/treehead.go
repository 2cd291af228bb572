package store

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A head record:
//
//	"GHT", version (1 byte)
//	meta                   length, bytes
//	packs                  number; each: name (16 bytes), size
//	kinds                  number; each: length, text
//	entries, ascending     number; each: kind (index), ID (length, text), hash (16 bytes),
//	                       number of spans (0: an empty value); each: pack (index), offset, length
//
// Numbers are varints. Packs and kinds are in no order.
const (
	headMagic   = "GHT"
	headVersion = 2 // the latest; see TreeBase.Format
)

var errTorn = errors.New("the record is torn or isn't the head of a tree")

func (t *Tree) encode() []byte {
	b := make([]byte, 0, len(t.meta)+64+len(t.packs)*20+len(t.entries)*48)
	b = append(append(b, headMagic...), max(t.format, 1))
	b = appendText(b, string(t.meta))
	b = binary.AppendUvarint(b, uint64(len(t.packs)))
	for _, p := range t.packs {
		b = append(b, p.name[:]...)
		b = binary.AppendUvarint(b, uint64(p.size))
	}
	kinds, index := t.kinds()
	b = binary.AppendUvarint(b, uint64(len(kinds)))
	for _, k := range kinds {
		b = appendText(b, k)
	}
	b = binary.AppendUvarint(b, uint64(len(t.entries)))
	for i := range t.entries {
		b = appendEntry(b, &t.entries[i], index[t.entries[i].Kind])
	}
	return b
}

func (t *Tree) kinds() (kinds []string, index map[string]int) {
	index = map[string]int{}
	for i := range t.entries {
		k := t.entries[i].Kind
		if i > 0 && k == t.entries[i-1].Kind {
			continue
		}
		index[k] = len(kinds)
		kinds = append(kinds, k)
	}
	return kinds, index
}

func appendEntry(b []byte, e *entry, kind int) []byte {
	b = binary.AppendUvarint(b, uint64(kind))
	b = appendText(b, e.ID)
	b = append(b, e.hash[:]...)
	spans := 1 + len(e.more)
	if e.at.length == 0 {
		spans = 0
	}
	b = binary.AppendUvarint(b, uint64(spans))
	for s := range e.spans() {
		b = binary.AppendUvarint(b, uint64(s.pack))
		b = binary.AppendUvarint(b, uint64(s.offset))
		b = binary.AppendUvarint(b, uint64(s.length))
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// isHead tells heads from other records.
func isHead(value []byte) bool {
	return len(value) > len(headMagic) && string(value[:len(headMagic)]) == headMagic
}

func decodeHead(value []byte) (*Tree, error) {
	if !isHead(value) {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, errTorn)
	}
	if v := value[len(headMagic)]; v > headVersion {
		return nil, fmt.Errorf("%w: head of version %d", ErrNewer, v)
	}
	r := headReader{rest: string(value[len(headMagic)+1:])} // one copy, which IDs refer to
	t := &Tree{format: value[len(headMagic)], meta: []byte(r.text())}
	t.packs = make([]pack, r.count(17))
	for i := range t.packs {
		t.packs[i] = pack{r.hash(), r.number(maxPack)}
	}
	kinds := make([]string, r.count(1))
	for i := range kinds {
		kinds[i] = r.text()
	}
	t.entries = make([]entry, r.count(19))
	for i := range t.entries {
		r.entry(&t.entries[i], kinds, t.packs)
		if i > 0 && t.entries[i-1].compare(t.entries[i].EntryKey) >= 0 {
			r.torn = true
		}
	}
	if r.torn || r.rest != "" {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, errTorn)
	}
	return t, nil
}

// headReader reads nothing any more once it met something impossible.
type headReader struct {
	rest string
	torn bool
}

func (r *headReader) take(n int) string {
	if r.torn || n > len(r.rest) {
		r.torn = true
		return ""
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}

// number reads a number of at most limit.
func (r *headReader) number(limit int) int {
	var n uint64
	for shift := 0; shift < 35; shift += 7 {
		b := r.take(1)
		if r.torn {
			return 0
		}
		n |= uint64(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			if n <= uint64(limit) {
				return int(n)
			}
			break
		}
	}
	r.torn = true
	return 0
}

// count reads how many items follow that take at least size bytes each, so
// that a torn record can't ask for much memory.
func (r *headReader) count(size int) int { return r.number(len(r.rest) / size) }

func (r *headReader) text() string { return r.take(r.number(len(r.rest))) }

func (r *headReader) hash() (h Hash) {
	copy(h[:], r.take(len(h)))
	return h
}

func (r *headReader) entry(e *entry, kinds []string, packs []pack) {
	kind := r.number(len(kinds) - 1)
	if r.torn || len(kinds) == 0 {
		r.torn = true
		return
	}
	e.Kind, e.ID, e.hash = kinds[kind], r.text(), r.hash()
	spans := r.count(3)
	if spans == 0 {
		return
	}
	e.at = r.span(packs)
	if spans == 1 {
		return
	}
	e.more = make([]span, spans-1)
	for i := range e.more {
		e.more[i] = r.span(packs)
	}
}

func (r *headReader) span(packs []pack) span {
	s := span{r.number(len(packs) - 1), r.number(maxPack), r.number(maxPack)}
	if r.torn || len(packs) == 0 || s.length == 0 || s.offset+s.length > packs[s.pack].size {
		r.torn = true
		return span{}
	}
	return s
}
