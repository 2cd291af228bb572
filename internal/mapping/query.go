package mapping

// Query is a query string, decoded once: '+' and %20 are blanks, ';'
// separates like '&' (Amazon API Gateway developer guide, "Important
// notes"), a name without '=' has an empty value. An escape that is none
// stays as sent. The zero value is empty; Parse makes it reusable.
type Query struct {
	buf   []byte
	pairs []pair
}

type pair struct{ name, value Span }

// Span is a range of bytes of some text.
type Span struct{ From, To uint32 }

func (s Span) of(b []byte) []byte { return b[s.From:s.To:s.To] }

// Parse makes q hold the pairs of raw, an escaped query without '?'.
func (q *Query) Parse(raw []byte) {
	q.buf, q.pairs = q.buf[:0], q.pairs[:0]
	for len(raw) > 0 {
		end := 0
		for end < len(raw) && raw[end] != '&' && raw[end] != ';' {
			end++
		}
		if end > 0 {
			q.add(raw[:end])
		}
		if end == len(raw) {
			return
		}
		raw = raw[end+1:]
	}
}

func (q *Query) add(piece []byte) {
	var p pair
	equals := 0
	for equals < len(piece) && piece[equals] != '=' {
		equals++
	}
	p.name = q.decode(piece[:equals])
	if equals < len(piece) {
		p.value = q.decode(piece[equals+1:])
	}
	q.pairs = append(q.pairs, p)
}

func (q *Query) decode(b []byte) Span {
	from := len(q.buf)
	q.buf = appendUnescaped(q.buf, b)
	return Span{uint32(from), uint32(len(q.buf))}
}

// Len is the number of pairs.
func (q *Query) Len() int { return len(q.pairs) }

// At is pair i, decoded. The slices are valid until the next Parse.
func (q *Query) At(i int) (name, value []byte) {
	return q.pairs[i].name.of(q.buf), q.pairs[i].value.of(q.buf)
}

// Last is the value of the last pair called name.
func (q *Query) Last(name string) ([]byte, bool) {
	for i := len(q.pairs) - 1; i >= 0; i-- {
		if n, v := q.At(i); string(n) == name {
			return v, true
		}
	}
	return nil, false
}

func appendUnescaped(dst, b []byte) []byte {
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == '+':
			dst = append(dst, ' ')
		case c == '%' && isEscape(b[i:]):
			dst = append(dst, unhex(b[i+1])<<4|unhex(b[i+2]))
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func isEscape(b []byte) bool { return len(b) >= 3 && isHex(b[1]) && isHex(b[2]) }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

const upperHex = "0123456789ABCDEF"

// AppendQueryEscaped appends decoded text b as a query name or value: all but
// RFC 3986's unreserved characters become escapes, a blank %20. API Gateway
// decodes a client's query and encodes it anew, '%' included (developer
// guide, "Important notes").
func AppendQueryEscaped(dst, b []byte) []byte {
	for _, c := range b {
		if unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// AppendPathEscaped appends b to a path: what a path may hold stays, escapes
// included, and everything else becomes an escape, so that no value can end
// the path or the request line.
func AppendPathEscaped(dst, b []byte) []byte {
	for i, c := range b {
		if unreserved(c) || pathExtra(c) || c == '%' && isEscape(b[i:]) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// pathExtra are RFC 3986's pchar beyond the unreserved, and the slash.
func pathExtra(c byte) bool {
	switch c {
	case '/', ':', '@', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=':
		return true
	}
	return false
}
