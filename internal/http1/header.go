package http1

// Header is the ordered fields of a message in one arena, each with the
// spelling it came with. The zero value is empty and ready. Slices that it
// returns are valid until the next change of the Header.
type Header struct {
	buf      []byte
	fields   []field
	borrowed bool // buf is a connection's: it may be read, not written
}

type field struct {
	name, value span
	known       Known
}

type span struct{ from, to uint32 }

// Len is the number of fields.
func (h *Header) Len() int { return len(h.fields) }

// At is field i's name and value.
func (h *Header) At(i int) (name, value []byte) {
	f := &h.fields[i]
	return h.buf[f.name.from:f.name.to:f.name.to], h.buf[f.value.from:f.value.to:f.value.to]
}

// KnownAt is which well-known name field i has, or Other.
func (h *Header) KnownAt(i int) Known { return h.fields[i].known }

// Reset empties h and keeps its memory.
func (h *Header) Reset() {
	h.own()
	h.buf, h.fields = h.buf[:0], h.fields[:0]
}

// borrow makes buf, which holds h's fields, the arena. Its capacity ends with
// its length, so that adding a field copies it.
func (h *Header) borrow(buf []byte) { h.buf, h.borrowed = buf[:len(buf):len(buf)], true }

// own lets go of a borrowed arena before it is overwritten.
func (h *Header) own() {
	if h.borrowed {
		h.buf, h.borrowed = nil, false
	}
}

// Add appends a field. The caller vouches that name is a token and value
// holds no CR, LF or NUL; see ValidName and ValidValue for what came from
// elsewhere.
func (h *Header) Add(name, value string) { add(h, name, value) }

// AddBytes is Add for bytes; they are copied.
func (h *Header) AddBytes(name, value []byte) { add(h, name, value) }

func add[N, V string | []byte](h *Header, name N, value V) {
	from := uint32(len(h.buf))
	h.buf = append(h.buf, name...)
	mid := uint32(len(h.buf))
	h.buf = append(h.buf, value...)
	h.fields = append(h.fields, field{span{from, mid}, span{mid, uint32(len(h.buf))}, lookup(h.buf[from:mid])})
}

// AddField appends field i of other.
func (h *Header) AddField(other *Header, i int) {
	f := other.fields[i]
	from := uint32(len(h.buf))
	h.buf = append(h.buf, other.buf[f.name.from:f.name.to]...)
	mid := uint32(len(h.buf))
	h.buf = append(h.buf, other.buf[f.value.from:f.value.to]...)
	h.fields = append(h.fields, field{span{from, mid}, span{mid, uint32(len(h.buf))}, f.known})
}

// Index is the place of the first field named name (any case) at or after
// from, or -1.
func (h *Header) Index(name string, from int) int {
	for i := from; i < len(h.fields); i++ {
		n, _ := h.At(i)
		if equalFold(n, name) {
			return i
		}
	}
	return -1
}

// IndexKnown is Index by well-known name.
func (h *Header) IndexKnown(k Known, from int) int {
	for i := from; i < len(h.fields); i++ {
		if h.fields[i].known == k {
			return i
		}
	}
	return -1
}

// Get is the value of the first field named name (any case), or nil.
func (h *Header) Get(name string) []byte {
	if i := h.Index(name, 0); i >= 0 {
		_, v := h.At(i)
		return v
	}
	return nil
}

// GetKnown is the value of the first field with well-known name k, or nil.
func (h *Header) GetKnown(k Known) []byte {
	if i := h.IndexKnown(k, 0); i >= 0 {
		_, v := h.At(i)
		return v
	}
	return nil
}

// Del removes every field named name (any case).
func (h *Header) Del(name string) {
	kept := h.fields[:0]
	for i := range h.fields {
		n, _ := h.At(i)
		if !equalFold(n, name) {
			kept = append(kept, h.fields[i])
		}
	}
	h.fields = kept
}

// SetKnown replaces every field with well-known name k by one, at the end, which
// is spelled name.
func (h *Header) SetKnown(k Known, name, value []byte) {
	h.DelKnown(k)
	from, mid := uint32(len(h.buf)), uint32(len(h.buf)+len(name))
	h.buf = append(append(h.buf, name...), value...)
	h.fields = append(h.fields, field{span{from, mid}, span{mid, uint32(len(h.buf))}, k})
}

// DelKnown is Del by well-known name.
func (h *Header) DelKnown(k Known) {
	first := h.IndexKnown(k, 0)
	if first < 0 {
		return
	}
	kept := h.fields[:first]
	for _, f := range h.fields[first+1:] {
		if f.known != k {
			kept = append(kept, f)
		}
	}
	h.fields = kept
}

// Set replaces every field named name (any case) by one, at the end.
func (h *Header) Set(name, value string) {
	h.Del(name)
	h.Add(name, value)
}

// CopyFrom makes h hold other's fields.
func (h *Header) CopyFrom(other *Header) {
	h.own()
	h.buf = append(h.buf[:0], other.buf...)
	h.fields = append(h.fields[:0], other.fields...)
}

// Size is the bytes the fields take on the wire: names, values, ": " and CRLF.
func (h *Header) Size() int {
	n := 0
	for i := range h.fields {
		f := &h.fields[i]
		n += int(f.name.to-f.name.from) + int(f.value.to-f.value.from) + 4
	}
	return n
}
