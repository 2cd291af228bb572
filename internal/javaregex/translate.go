package javaregex

import (
	"fmt"
	"regexp"
	"strings"
)

// The bounds of what RE2 is given.
const (
	maxCount = 1000 // of a repetition: RE2's own bound
	maxSize  = 2000 // of the pattern with its repetitions written out
)

// translate says root in RE2's words, to be asked whether the whole text
// matches, or some part of it: which part, and which groups, isn't asked, so
// that only the set of texts counts.
func translate(root *node, whole bool) re2 {
	t := translator{whole: whole}
	if !t.node(root, whole) {
		return re2{}
	}
	size := expandedSize(root)
	if size > maxSize {
		return re2{}
	}
	text := t.out.String()
	if whole {
		text = `\A(?:` + text + `)\z`
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return re2{}
	}
	return re2{re: re, size: size, ascii: t.ascii}
}

type translator struct {
	out   strings.Builder
	whole bool
	ascii bool
}

// node writes n. last says that nothing follows it. It is false for what RE2
// can't say.
func (t *translator) node(n *node, last bool) bool {
	switch n.kind {
	case empty:
		return true
	case literal:
		t.char(n.char)
		return true
	case class:
		t.class(n.set)
		return true
	case concat:
		for i, sub := range n.subs {
			if !t.node(sub, last && i == len(n.subs)-1) {
				return false
			}
		}
		return true
	case alternate:
		return t.alternatives(n, last)
	case group:
		return t.alternatives(n, last)
	case repeat:
		return t.repeat(n)
	case assertion:
		return t.assertion(n, last)
	}
	return false
}

func (t *translator) alternatives(n *node, last bool) bool {
	t.out.WriteString("(?:")
	for i, sub := range n.subs {
		if i > 0 {
			t.out.WriteByte('|')
		}
		if !t.node(sub, last) {
			return false
		}
	}
	t.out.WriteByte(')')
	return true
}

func (t *translator) char(c rune) {
	if c < 128 {
		t.out.WriteString(regexp.QuoteMeta(string(c)))
		return
	}
	fmt.Fprintf(&t.out, `\x{%x}`, c)
}

func (t *translator) class(s *set) {
	if len(s.ranges) == 0 {
		t.out.WriteString(`[^\x00-\x{10FFFF}]`)
		return
	}
	t.out.WriteByte('[')
	for i := 0; i < len(s.ranges); i += 2 {
		fmt.Fprintf(&t.out, `\x{%x}-\x{%x}`, s.ranges[i], s.ranges[i+1])
	}
	t.out.WriteByte(']')
}

func (t *translator) repeat(n *node) bool {
	if n.mode == possessive || n.min > maxCount || n.max != unbounded && n.max > maxCount {
		return false
	}
	// Java doesn't go back into a turn that took text for one that takes none,
	// which shows where a turn also asks for its place: (^0*){2} is not 0.
	if n.max != 1 && n.subs[0].asserts() {
		return false
	}
	t.out.WriteString("(?:")
	if !t.node(n.subs[0], false) {
		return false
	}
	t.out.WriteByte(')')
	switch {
	case n.max == unbounded && n.min <= 1:
		t.out.WriteByte("*+"[n.min])
	case n.max == unbounded:
		fmt.Fprintf(&t.out, "{%d,}", n.min)
	case n.min == 0 && n.max == 1:
		t.out.WriteByte('?')
	default:
		fmt.Fprintf(&t.out, "{%d,%d}", n.min, n.max)
	}
	return true
}

func (t *translator) assertion(n *node, last bool) bool {
	switch n.place {
	case textBegin, lastMatch:
		t.out.WriteString(`\A`)
		return true
	case textEnd:
		t.out.WriteString(`\z`)
		return true
	case lastLine, lastLineUnix, lineEnd, lineEndUnix:
		if t.whole && last {
			return true // the end of the text is all that can follow
		}
	case wordEdge, wordEdgeU:
		t.out.WriteString(`\b`)
		t.ascii = true
		return true
	case noWordEdge, noWordEdgeU:
		t.out.WriteString(`\B`)
		t.ascii = true
		return true
	case wordEdgeASCII:
		t.out.WriteString(`\b`)
		return true
	case noWordEdgeASCII:
		t.out.WriteString(`\B`)
		return true
	}
	return false
}

// expandedSize is how many characters, classes and groups n has once its
// repetitions are written out, as RE2 does.
func expandedSize(n *node) int {
	size := 1
	for _, sub := range n.subs {
		size = plus(size, expandedSize(sub))
	}
	if n.kind == repeat {
		count := n.max
		if count == unbounded {
			count = n.min + 1
		}
		size = plus(1, times(size, max(count, 1)))
	}
	return size
}
