package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// Fields are header fields in the order they are sent.
type Fields interface {
	Len() int
	At(i int) (name, value []byte)
}

// Outgoing is a request that is about to be sent.
type Outgoing struct {
	Method      string
	Target      []byte // path and query, escaped, as on the wire
	Host        []byte
	Fields      Fields   // with x-amz-date and, where there is one, x-amz-security-token
	PayloadHash [32]byte // SHA-256 of the body
	// Plain signs the path as it travels, as Amazon S3 wants it: neither
	// normalised nor escaped once more.
	Plain bool
}

// Memory is what signing writes in, kept for the next request. The zero value
// is ready.
type Memory struct {
	names, text, canonical, mac []byte
	fields, pairs               []part
}

// part is a piece of Memory.names: a field's name in lower case with the
// field's index, or an escaped query pair with the length of its name.
type part struct{ from, to, n int }

func (p part) of(b []byte) []byte { return b[p.from:p.to] }

// AppendDate appends t as x-amz-date carries it.
func AppendDate(dst []byte, t time.Time) []byte { return t.UTC().AppendFormat(dst, timeFormat) }

// AppendAuthorization appends the Authorization field that signs r with c at
// t. Host and every field are signed, but for those that proxies change and
// that AWS's own clients leave out. Once m has grown it allocates nothing.
func (s *Signer) AppendAuthorization(dst []byte, r *Outgoing, c *Credentials, region, service string, t time.Time, m *Memory) []byte {
	m.canonicalise(r)
	hash := sha256.Sum256(m.canonical)
	var stamp [len(timeFormat)]byte
	date := t.UTC().AppendFormat(stamp[:0], timeFormat)
	m.text = append(append(append(m.text[:0], Algorithm...), '\n'), date...)
	m.text = append(m.text, '\n')
	m.text = appendScope(m.text, date[:len(dateFormat)], region, service)
	m.text = hex.AppendEncode(append(m.text, '\n'), hash[:])
	key := s.key(c.SecretAccessKey, date[:len(dateFormat)], region, service)
	signature := m.hmac(&key)

	dst = append(append(append(dst, Algorithm...), " Credential="...), c.AccessKeyID...)
	dst = appendScope(append(dst, '/'), date[:len(dateFormat)], region, service)
	dst = m.appendNames(append(dst, ", SignedHeaders="...))
	return hex.AppendEncode(append(dst, ", Signature="...), signature[:])
}

func appendScope(dst, date []byte, region, service string) []byte {
	dst = append(append(dst, date...), '/')
	dst = append(append(dst, region...), '/')
	dst = append(append(dst, service...), '/')
	return append(dst, terminator...)
}

// key is the signing key of a day.
func (s *Signer) key(secret string, date []byte, region, service string) [32]byte {
	if keys := s.cache.keys.Load(); keys != nil {
		if key, ok := (*keys)[keyID{secret, string(date), region, service}]; ok {
			return key
		}
	}
	id := keyID{secret, string(date), region, service}
	key := derive(id)
	s.cache.put(id, key)
	return key
}

// hmac is HMAC-SHA256 of m.text; crypto/hmac would allocate its state.
func (m *Memory) hmac(key *[32]byte) [32]byte {
	var inner [64]byte
	var outer [64 + 32]byte
	for i := range inner {
		k := byte(0)
		if i < len(key) {
			k = key[i]
		}
		inner[i], outer[i] = k^0x36, k^0x5c
	}
	m.mac = append(append(m.mac[:0], inner[:]...), m.text...)
	sum := sha256.Sum256(m.mac)
	copy(outer[64:], sum[:])
	return sha256.Sum256(outer[:])
}

// canonicalise writes the canonical request of r and the names that are in it.
func (m *Memory) canonicalise(r *Outgoing) {
	m.names, m.fields, m.pairs = m.names[:0], m.fields[:0], m.pairs[:0]
	path, query, _ := bytes.Cut(r.Target, []byte{'?'})
	b := append(append(m.canonical[:0], r.Method...), '\n')
	switch {
	case !r.Plain:
		b = appendPath(b, path)
	case len(path) == 0:
		b = append(b, '/')
	default:
		b = append(b, path...)
	}
	b = m.appendQuery(append(b, '\n'), query)
	b = m.appendFields(append(b, '\n'), r)
	b = m.appendNames(append(b, '\n'))
	m.canonical = hex.AppendEncode(append(b, '\n'), r.PayloadHash[:])
}

// appendFields appends the signed fields by name, several of one name as one.
func (m *Memory) appendFields(b []byte, r *Outgoing) []byte {
	m.addField(hostName, -1)
	for i := range r.Fields.Len() {
		name, _ := r.Fields.At(i)
		m.addField(name, i)
	}
	slices.SortFunc(m.fields, func(x, y part) int {
		if c := bytes.Compare(x.of(m.names), y.of(m.names)); c != 0 {
			return c
		}
		return x.n - y.n
	})
	for i, f := range m.fields {
		if m.repeats(i) {
			b[len(b)-1] = ','
		} else {
			b = append(append(b, f.of(m.names)...), ':')
		}
		if f.n < 0 {
			b = appendTrimmed(b, r.Host)
		} else {
			_, value := r.Fields.At(f.n)
			b = appendTrimmed(b, value)
		}
		b = append(b, '\n')
	}
	return b
}

var hostName = []byte("host")

// addField notes a field by its name in lower case, unless it isn't signed.
func (m *Memory) addField(name []byte, index int) {
	from := len(m.names)
	for _, c := range name {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		m.names = append(m.names, c)
	}
	switch string(m.names[from:]) {
	case "user-agent", "connection", "expect", "te", "trailer", "transfer-encoding", "upgrade", "x-amzn-trace-id", "accept-encoding",
		"content-length", "authorization":
		m.names = m.names[:from]
		return
	}
	m.fields = append(m.fields, part{from, len(m.names), index})
}

// repeats says that field i has the name of the one before it.
func (m *Memory) repeats(i int) bool {
	return i > 0 && bytes.Equal(m.fields[i].of(m.names), m.fields[i-1].of(m.names))
}

func (m *Memory) appendNames(b []byte) []byte {
	for i, f := range m.fields {
		if m.repeats(i) {
			continue
		}
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, f.of(m.names)...)
	}
	return b
}

// appendQuery appends the parameters sorted by their escaped name, then value.
func (m *Memory) appendQuery(b, query []byte) []byte {
	for len(query) > 0 {
		pair, rest, _ := bytes.Cut(query, []byte{'&'})
		query = rest
		if len(pair) == 0 {
			continue
		}
		name, value, _ := bytes.Cut(pair, []byte{'='})
		from := len(m.names)
		m.names = appendReescaped(m.names, name)
		n := len(m.names) - from
		m.names = appendReescaped(m.names, value)
		m.pairs = append(m.pairs, part{from, len(m.names), n})
	}
	slices.SortFunc(m.pairs, func(x, y part) int {
		a, b := x.of(m.names), y.of(m.names)
		if c := bytes.Compare(a[:x.n], b[:y.n]); c != 0 {
			return c
		}
		return bytes.Compare(a[x.n:], b[y.n:])
	})
	for i, p := range m.pairs {
		if i > 0 {
			b = append(b, '&')
		}
		text := p.of(m.names)
		b = append(append(append(b, text[:p.n]...), '='), text[p.n:]...)
	}
	return b
}
