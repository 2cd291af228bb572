package integration

import (
	"bytes"
	"errors"
)

var errMockStatus = errors.New("the mock's request holds no integer statusCode")

// MockStatus reads the integer statusCode out of a mock integration's
// rendered request, the digits as they stand. It is as lenient as API Gateway
// has been seen to be: keys bare or in either quote, commas trailing or
// doubled, anything after the number; and as strict: a code in quotes, quotes
// that don't match, a missing brace are errors.
func MockStatus(doc []byte) ([]byte, error) {
	m := mockReader{rest: bytes.TrimSpace(doc)}
	if !m.take('{') {
		return nil, errMockStatus
	}
	var status []byte
	for {
		m.skipSeparators()
		if m.take('}') {
			break
		}
		key, ok := m.key()
		if !ok {
			return nil, errMockStatus
		}
		if string(key) == "statusCode" {
			if status, ok = m.integer(); !ok {
				return nil, errMockStatus
			}
		}
		if !m.skipValue() {
			return nil, errMockStatus
		}
	}
	if status == nil {
		return nil, errMockStatus
	}
	return status, nil
}

type mockReader struct{ rest []byte }

func (m *mockReader) take(c byte) bool {
	m.rest = bytes.TrimLeft(m.rest, " \t\r\n")
	if len(m.rest) == 0 || m.rest[0] != c {
		return false
	}
	m.rest = m.rest[1:]
	return true
}

func (m *mockReader) skipSeparators() { m.rest = bytes.TrimLeft(m.rest, ", \t\r\n") }

// key reads a key and its colon.
func (m *mockReader) key() ([]byte, bool) {
	if len(m.rest) == 0 {
		return nil, false
	}
	if q := m.rest[0]; q == '"' || q == '\'' {
		text, ok := m.quoted(q)
		return text, ok && m.take(':')
	}
	end := bytes.IndexAny(m.rest, ":,{}\"'")
	if end <= 0 || m.rest[end] != ':' {
		return nil, false
	}
	key := bytes.TrimSpace(m.rest[:end])
	m.rest = m.rest[end+1:]
	return key, true
}

// quoted reads a text in quotes q.
func (m *mockReader) quoted(q byte) ([]byte, bool) {
	for i := 1; i < len(m.rest); i++ {
		switch m.rest[i] {
		case '\\':
			i++
		case q:
			text := m.rest[1:i]
			m.rest = m.rest[i+1:]
			return text, true
		}
	}
	return nil, false
}

// maxStatusDigits bounds what is taken for a number.
const maxStatusDigits = 9

func (m *mockReader) integer() ([]byte, bool) {
	m.rest = bytes.TrimLeft(m.rest, " \t\r\n")
	end := 0
	if len(m.rest) > 0 && m.rest[0] == '-' {
		end = 1
	}
	first := end
	for end < len(m.rest) && '0' <= m.rest[end] && m.rest[end] <= '9' {
		end++
	}
	if end == first || end-first > maxStatusDigits {
		return nil, false
	}
	n := m.rest[:end]
	m.rest = m.rest[end:]
	return n, true
}

// skipValue passes over a value, up to the comma or brace that ends it.
func (m *mockReader) skipValue() bool {
	depth := 0
	for len(m.rest) > 0 {
		switch c := m.rest[0]; c {
		case '"', '\'':
			if _, ok := m.quoted(c); !ok {
				return false
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return c == '}'
			}
			depth--
		case ',':
			if depth == 0 {
				return true
			}
		}
		m.rest = m.rest[1:]
	}
	return false
}
