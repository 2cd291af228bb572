package javaregex

import "unicode/utf8"

type op uint8

const (
	opMatch  op = iota // the pattern's end
	opEnd              // the end of a part that is matched on its own
	opChar             // char
	opSet              // set
	opRun              // set or char, min to max times
	opSplit            // x first, then y
	opJump             // x
	opOpen             // a group begins: register y
	opClose            // it ends: slots x and x+1
	opAssert           // where
	opRef              // the text of group x
	opLook             // the part behind it, then x
	opAtomic           // the part behind it, then x
	opInit             // counter x is 0
	opLoop             // the body behind it, counted by x, then y
	opTurn             // a lazy loop's turn: the opLoop at y
)

type inst struct {
	op               op
	mode             mode
	place            place
	fold             fold
	behind, negative bool
	loose            bool
	char             rune
	set              *set
	x, y             int
	min, max         int
}

// program is a pattern for the machine.
type program struct {
	insts    []inst
	slots    int // two for each group
	counters int
	starts   *[4]uint64 // bytes that a match may begin with; nil: any, or none at all
	anchored bool       // a match begins where the text does
}

func assemble(root *node, groups int) *program {
	a := &assembler{prog: &program{slots: 2 * (groups + 1)}}
	a.node(root)
	a.emit(inst{op: opMatch})
	var starts [4]uint64
	if firstBytes(root, &starts) {
		a.prog.starts = &starts
	}
	a.prog.anchored = anchored(root)
	return a.prog
}

type assembler struct{ prog *program }

func (a *assembler) emit(i inst) int {
	a.prog.insts = append(a.prog.insts, i)
	return len(a.prog.insts) - 1
}

func (a *assembler) here() int { return len(a.prog.insts) }

func (a *assembler) node(n *node) {
	switch n.kind {
	case literal:
		a.emit(inst{op: opChar, char: n.char})
	case class:
		a.emit(inst{op: opSet, set: n.set})
	case concat:
		for _, sub := range n.subs {
			a.node(sub)
		}
	case alternate:
		a.alternate(n)
	case repeat:
		a.repeat(n)
	case group:
		a.group(n)
	case atomic:
		a.part(inst{op: opAtomic}, n.subs[0])
	case look:
		a.part(inst{op: opLook, behind: n.behind, negative: n.negative, min: n.min, max: n.max}, n.subs[0])
	case backref:
		a.emit(inst{op: opRef, x: n.group, fold: n.fold, loose: n.loose})
	case assertion:
		a.emit(inst{op: opAssert, place: n.place})
	}
}

func (a *assembler) alternate(n *node) {
	var ends []int
	for i, sub := range n.subs {
		if i == len(n.subs)-1 {
			a.node(sub)
			break
		}
		split := a.emit(inst{op: opSplit})
		a.prog.insts[split].x = a.here()
		a.node(sub)
		ends = append(ends, a.emit(inst{op: opJump}))
		a.prog.insts[split].y = a.here()
	}
	for _, end := range ends {
		a.prog.insts[end].x = a.here()
	}
}

func (a *assembler) group(n *node) {
	if n.group == 0 {
		a.node(n.subs[0])
		return
	}
	began := a.prog.counters
	a.prog.counters++
	a.emit(inst{op: opOpen, y: began})
	a.node(n.subs[0])
	a.emit(inst{op: opClose, x: 2 * n.group, y: began})
}

// part is matched on its own: once it matched there is no way back into it.
func (a *assembler) part(i inst, sub *node) {
	at := a.emit(i)
	a.node(sub)
	a.emit(inst{op: opEnd, behind: i.behind})
	a.prog.insts[at].x = a.here()
}

func (a *assembler) repeat(n *node) {
	sub := n.subs[0]
	switch {
	case n.max == 0:
	case sub.kind == literal:
		a.emit(inst{op: opRun, char: sub.char, min: n.min, max: n.max, mode: n.mode})
	case sub.kind == class:
		a.emit(inst{op: opRun, set: sub.set, min: n.min, max: n.max, mode: n.mode})
	case n.mode == possessive:
		again := *n
		again.mode = greedy
		a.part(inst{op: opAtomic}, &again)
	case n.min == 0 && n.max == 1:
		a.optional(n)
	default:
		a.loop(n)
	}
}

func (a *assembler) optional(n *node) {
	split := a.emit(inst{op: opSplit})
	first := a.here()
	a.node(n.subs[0])
	i := &a.prog.insts[split]
	i.x, i.y = first, a.here()
	if n.mode == lazy {
		i.x, i.y = i.y, i.x
	}
}

// loop counts the body's turns in two registers: how many there were, and
// where the last one began.
func (a *assembler) loop(n *node) {
	counter := a.prog.counters
	a.prog.counters += 2
	a.emit(inst{op: opInit, x: counter})
	at := a.emit(inst{op: opLoop, x: counter, min: n.min, max: n.max, mode: n.mode})
	if n.mode == lazy {
		a.emit(inst{op: opTurn, y: at})
	}
	a.node(n.subs[0])
	a.emit(inst{op: opJump, x: at})
	a.prog.insts[at].y = a.here()
}

// firstBytes adds the bytes that a match of n may begin with. It is false
// where that can't be said, or n may match without any text.
func firstBytes(n *node, into *[4]uint64) bool {
	switch n.kind {
	case literal:
		addFirst(into, n.char, n.char)
		return true
	case class:
		for i := 0; i < len(n.set.ranges); i += 2 {
			addFirst(into, n.set.ranges[i], n.set.ranges[i+1])
		}
		return true
	case concat:
		for _, sub := range n.subs {
			if sub.kind != assertion && sub.kind != look {
				return firstBytes(sub, into)
			}
		}
	case alternate:
		for _, sub := range n.subs {
			if !firstBytes(sub, into) {
				return false
			}
		}
		return true
	case repeat:
		return n.min > 0 && firstBytes(n.subs[0], into)
	case group, atomic:
		return firstBytes(n.subs[0], into)
	}
	return false
}

func addFirst(into *[4]uint64, lo, hi rune) {
	for c := lo; c <= min(hi, utf8.RuneSelf-1); c++ {
		into[c>>6] |= 1 << (c & 63)
	}
	if hi >= utf8.RuneSelf {
		into[2], into[3] = ^uint64(0), ^uint64(0)
	}
}

func anchored(n *node) bool {
	switch n.kind {
	case assertion:
		return n.place == textBegin
	case concat:
		return anchored(n.subs[0])
	case group, atomic:
		return anchored(n.subs[0])
	}
	return false
}
