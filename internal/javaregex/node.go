package javaregex

import (
	"math"
	"slices"
	"strings"
)

type kind uint8

const (
	empty kind = iota
	literal
	class
	concat
	alternate
	repeat
	group     // without a number: it only holds together
	atomic    // (?>X)
	look      // (?=X), (?!X), (?<=X), (?<!X)
	backref   // \1
	assertion // takes no text
)

// mode is how a repetition chooses how often.
type mode uint8

const (
	greedy mode = iota
	lazy
	possessive
)

// place is what an assertion asks of a position.
type place uint8

const (
	textBegin       place = iota // ^ and \A
	textEnd                      // \z
	lastLine                     // $ and \Z: the end, or before the last line break
	lastLineUnix                 // the same in (?d): line breaks are \n
	lineBegin                    // ^ in (?m)
	lineBeginUnix                // ^ in (?md)
	lineEnd                      // $ in (?m)
	lineEndUnix                  // $ in (?md)
	wordEdge                     // \b
	noWordEdge                   // \B
	wordEdgeU                    // \b in (?U)
	noWordEdgeU                  // \B in (?U)
	wordEdgeASCII                // \b of a script's pattern
	noWordEdgeASCII              // \B of a script's pattern
	lastMatch                    // \G
)

// fold is how a back-reference compares.
type fold uint8

const (
	foldNone fold = iota
	foldASCII
	foldUnicode
)

const unbounded = math.MaxInt32

// node is a part of a pattern.
type node struct {
	kind      kind
	mode      mode
	place     place
	fold      fold
	behind    bool // look
	negative  bool // look
	lineBreak bool // group: it is \R
	loose     bool // backref: a group that isn't set is empty
	char      rune // literal
	set       *set // class
	group     int  // group: its number, 0 for none; backref
	min, max  int  // repeat; look: the width of what is behind
	subs      []*node
}

// width is how many characters n takes at least and at most.
func (n *node) width() (least, most int) {
	switch n.kind {
	case literal, class:
		return 1, 1
	case concat:
		for _, sub := range n.subs {
			l, m := sub.width()
			least, most = plus(least, l), plus(most, m)
		}
	case alternate:
		least = unbounded
		for _, sub := range n.subs {
			l, m := sub.width()
			least, most = min(least, l), max(most, m)
		}
	case repeat:
		l, m := n.subs[0].width()
		return times(l, n.min), times(m, n.max)
	case group, atomic:
		return n.subs[0].width()
	case backref:
		return 0, unbounded
	}
	return least, most
}

func plus(a, b int) int {
	if a >= unbounded-b {
		return unbounded
	}
	return a + b
}

func times(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	if a >= unbounded/b {
		return unbounded
	}
	return a * b
}

// literalText is the one text that n matches; nil when there are others.
func literalText(n *node) *string {
	var b strings.Builder
	if !n.appendLiteral(&b) {
		return nil
	}
	s := b.String()
	return &s
}

// asserts says whether n asks for a place somewhere within.
func (n *node) asserts() bool {
	return n.kind == assertion || slices.ContainsFunc(n.subs, (*node).asserts)
}

func (n *node) appendLiteral(b *strings.Builder) bool {
	switch n.kind {
	case empty:
		return true
	case literal:
		b.WriteRune(n.char)
		return n.char != replacement && !isSurrogate(n.char)
	case concat:
		for _, sub := range n.subs {
			if !sub.appendLiteral(b) {
				return false
			}
		}
		return true
	}
	return false
}

// replacement is what a byte that is no UTF-8 reads as.
const replacement = '\uFFFD'

func isSurrogate(c rune) bool { return 0xD800 <= c && c <= 0xDFFF }
