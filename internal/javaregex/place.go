package javaregex

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// holds says whether position at is what an assertion asks for.
func (m *machine) holds(p place, at int) bool {
	switch p {
	case textBegin:
		return at == 0
	case textEnd:
		return at == len(m.text)
	case lastMatch:
		return at == m.lastMatch
	case lineBegin:
		return at < len(m.text) && (at == 0 || m.behindBreak(at)) // never at the end
	case lineBeginUnix:
		return at < len(m.text) && (at == 0 || m.text[at-1] == '\n')
	case lineEnd:
		return at == len(m.text) || m.beforeBreak(at)
	case lineEndUnix:
		return at == len(m.text) || m.text[at] == '\n'
	case lastLine:
		return at == len(m.text) || m.beforeBreak(at) && m.breakEnds(at)
	case lastLineUnix:
		return at == len(m.text) || at == len(m.text)-1 && m.text[at] == '\n'
	}
	return m.edge(p, at)
}

// behindBreak says whether a line begins at at.
func (m *machine) behindBreak(at int) bool {
	c, _ := utf8.DecodeLastRune(m.text[:at])
	return isLineBreak(c) && !(c == '\r' && m.text[at] == '\n')
}

// beforeBreak says whether a line ends at at: not within \r\n.
func (m *machine) beforeBreak(at int) bool {
	c, _ := utf8.DecodeRune(m.text[at:])
	return isLineBreak(c) && !(c == '\n' && at > 0 && m.text[at-1] == '\r')
}

// breakEnds says whether the line break at at is the end of the text.
func (m *machine) breakEnds(at int) bool {
	if bytes.HasPrefix(m.text[at:], []byte("\r\n")) {
		return at+2 == len(m.text)
	}
	_, size := utf8.DecodeRune(m.text[at:])
	return at+size == len(m.text)
}

// edge says whether a word begins or ends at at, or for \B whether not.
func (m *machine) edge(p place, at int) bool {
	left, right := false, false
	if at > 0 {
		c, size := utf8.DecodeLastRune(m.text[:at])
		left = m.inWord(p, c, at-size)
	}
	if at < len(m.text) {
		c, _ := utf8.DecodeRune(m.text[at:])
		right = m.inWord(p, c, at)
	}
	switch p {
	case wordEdge, wordEdgeU, wordEdgeASCII:
		return left != right
	}
	return left == right
}

// inWord says whether c, at at, belongs to a word: letters and digits of all
// scripts without (?U) too (Java up to 18), marks behind one of them.
func (m *machine) inWord(p place, c rune, at int) bool {
	switch {
	case c < utf8.RuneSelf || p == wordEdgeASCII || p == noWordEdgeASCII:
		return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	case p == wordEdgeU || p == noWordEdgeU:
		if unicode.In(c, unicode.L, unicode.Nl, unicode.Other_Alphabetic, unicode.M, unicode.Nd, unicode.Pc, unicode.Join_Control) {
			return true
		}
	case unicode.In(c, unicode.L, unicode.Nd):
		return true
	}
	return unicode.Is(unicode.Mn, c) && m.marksLetter(at)
}

// marksLetter says whether the mark at at, with the marks before it, stands
// behind a letter or digit.
func (m *machine) marksLetter(at int) bool {
	for at > 0 {
		c, size := utf8.DecodeLastRune(m.text[:at])
		switch {
		case unicode.In(c, unicode.L, unicode.Nd):
			return true
		case !unicode.Is(unicode.Mn, c):
			return false
		}
		m.steps-- // the next instruction finds out
		at -= size
	}
	return false
}
