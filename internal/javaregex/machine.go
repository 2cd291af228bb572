package javaregex

import (
	"unicode"
	"unicode/utf8"
)

// machine matches a program by trying one way after another. It keeps what is
// left to try on a stack of its own, so that neither the text's nor the
// pattern's size shows on the goroutine's.
type machine struct {
	prog      *program
	text      []byte
	whole     bool
	steps     int
	slots     []int // of the groups; -1: not set
	counters  []int
	stack     []choice
	target    int // where a look-behind has to end
	nested    int // parts within each other that are matched on their own
	lastMatch int // for \G
}

// choice is something to come back to, or to undo on the way.
type choice struct {
	kind choiceKind
	pc   int
	at   int
	n    int
}

type choiceKind uint8

const (
	branch      choiceKind = iota // go on at pc from at
	undoSlot                      // slot pc was at
	undoCounter                   // counter pc was at
	giveBack                      // a greedy run behind pc, at at, may give back down to n
	takeMore                      // a lazy run, instruction pc, at at, took n
)

func newMachine(p *program) *machine {
	return &machine{prog: p, slots: make([]int, p.slots), counters: make([]int, p.counters)}
}

// begin readies the machine for a text.
func (m *machine) begin(text []byte) {
	m.text, m.lastMatch = text, 0
	m.steps = baseSteps + stepsPerByte*len(text)
}

// spend pays for n steps.
func (m *machine) spend(n int) error {
	if m.steps -= n; m.steps < 0 {
		return ErrLimit
	}
	return nil
}

// find finds the first match at or behind from; slots 0 and 1 say where.
func (m *machine) find(from int) (bool, error) {
	m.clearSlots()
	for at := from; at <= len(m.text); {
		if m.mayBegin(at) {
			if ok, err := m.try(at, false); ok || err != nil {
				return ok, err
			}
		}
		if m.prog.anchored {
			break
		}
		if err := m.spend(1); err != nil {
			return false, err
		}
		_, size := utf8.DecodeRune(m.text[at:])
		at += max(size, 1)
	}
	return false, nil
}

func (m *machine) mayBegin(at int) bool {
	if m.prog.starts == nil {
		return true
	}
	if at == len(m.text) {
		return false
	}
	c := m.text[at]
	return m.prog.starts[c>>6]>>(c&63)&1 != 0
}

func (m *machine) clearSlots() {
	for i := range m.slots {
		m.slots[i] = -1
	}
}

// match matches the whole text.
func (m *machine) match() (bool, error) {
	m.clearSlots()
	return m.try(0, true)
}

// try matches from at, up to the text's end if whole is set. A try that fails
// leaves behind what look-arounds set, as in Java.
func (m *machine) try(at int, whole bool) (bool, error) {
	m.stack, m.whole = m.stack[:0], whole
	end, ok, err := m.run(0, at)
	if ok {
		m.slots[0], m.slots[1] = at, end
	}
	return ok, err
}

// run runs from instruction pc at position at, to the end of the pattern or
// of the part that begins there. What was set on the way stays set, as in
// Java, even if the way turns out to be wrong later.
func (m *machine) run(pc, at int) (end int, ok bool, err error) {
	base := len(m.stack)
	for {
		if err := m.spend(1); err != nil {
			return 0, false, err
		}
		i := &m.prog.insts[pc]
		next := pc + 1
		switch i.op {
		case opMatch:
			if !m.whole || at == len(m.text) {
				return at, true, nil
			}
			next = -1
		case opEnd:
			if !i.behind || at == m.target {
				m.stack = m.stack[:base]
				return at, true, nil
			}
			next = -1
		case opChar, opSet:
			if size := m.one(i, at); size > 0 {
				at += size
			} else {
				next = -1
			}
		case opSplit:
			m.push(choice{kind: branch, pc: i.y, at: at})
			next = i.x
		case opJump:
			next = i.x
		case opOpen:
			m.setCounter(base, i.y, at)
		case opClose:
			m.setSlot(i.x, m.counters[i.y])
			m.setSlot(i.x+1, at)
		case opInit:
			m.setCounter(base, i.x, 0)
		default:
			next, at, err = m.complex(i, pc, at, base)
			if err != nil {
				return 0, false, err
			}
		}
		if len(m.stack) > maxStack {
			return 0, false, ErrLimit
		}
		if next < 0 {
			if next, at, err = m.back(base); err != nil || next < 0 {
				return 0, false, err
			}
		}
		pc = next
	}
}

// complex runs the rarer instructions: where to go on, -1 for nowhere.
func (m *machine) complex(i *inst, pc, at, base int) (next, end int, err error) {
	switch i.op {
	case opRun:
		return m.runChars(i, pc, at)
	case opLoop:
		return m.loop(i, pc, at, base), at, nil
	case opTurn:
		l := &m.prog.insts[i.y]
		m.turn(l, at, base)
		return pc + 1, at, nil
	case opAssert:
		if !m.holds(i.place, at) {
			return -1, at, nil
		}
		return pc + 1, at, nil
	case opRef:
		end, err := m.reference(i, at)
		if end < 0 {
			return -1, at, err
		}
		return pc + 1, end, err
	case opLook:
		ok, err := m.look(i, pc, at)
		if ok == i.negative {
			return -1, at, err
		}
		return i.x, at, err
	case opAtomic:
		end, ok, err := m.part(pc+1, at)
		if !ok {
			return -1, at, err
		}
		return i.x, end, nil
	}
	return -1, at, nil
}

// part runs the part of the pattern at pc on its own.
func (m *machine) part(pc, at int) (end int, ok bool, err error) {
	m.nested++
	defer func() { m.nested-- }()
	return m.run(pc, at)
}

func (m *machine) push(c choice) { m.stack = append(m.stack, c) }

// keep remembers what to undo, if there is anything to come back to.
func (m *machine) keep(base int, c choice) {
	if len(m.stack) > base || m.nested > 0 {
		m.push(c)
	}
}

func (m *machine) setCounter(base, counter, value int) {
	m.keep(base, choice{kind: undoCounter, pc: counter, at: m.counters[counter]})
	m.counters[counter] = value
}

// setSlot keeps the old value always: a try that fails has to restore it.
func (m *machine) setSlot(slot, at int) {
	m.push(choice{kind: undoSlot, pc: slot, at: m.slots[slot]})
	m.slots[slot] = at
}

// back goes back to the last choice above base; next is -1 if there is none.
func (m *machine) back(base int) (next, at int, err error) {
	for len(m.stack) > base {
		if err := m.spend(1); err != nil {
			return -1, 0, err
		}
		c := &m.stack[len(m.stack)-1]
		switch c.kind {
		case branch:
			m.stack = m.stack[:len(m.stack)-1]
			return c.pc, c.at, nil
		case undoSlot:
			m.slots[c.pc] = c.at
		case undoCounter:
			m.counters[c.pc] = c.at
		case giveBack:
			_, size := utf8.DecodeLastRune(m.text[:c.at])
			if c.at -= size; c.at <= c.n {
				m.stack = m.stack[:len(m.stack)-1]
			}
			return c.pc, c.at, nil
		case takeMore:
			if size := m.one(&m.prog.insts[c.pc], c.at); size > 0 && c.n < m.prog.insts[c.pc].max {
				c.at += size
				c.n++
				return c.pc + 1, c.at, nil
			}
		}
		m.stack = m.stack[:len(m.stack)-1]
	}
	return -1, 0, nil
}

// one is how many bytes instruction i's character or class takes at at; 0 if
// it doesn't match there.
func (m *machine) one(i *inst, at int) int {
	if at >= len(m.text) {
		return 0
	}
	c, size := rune(m.text[at]), 1
	if c >= utf8.RuneSelf {
		c, size = utf8.DecodeRune(m.text[at:])
	}
	if i.set == nil && c == i.char || i.set != nil && i.set.has(c) {
		return size
	}
	return 0
}

// runChars repeats one character or class.
func (m *machine) runChars(i *inst, pc, at int) (next, end int, err error) {
	most := i.max
	if i.mode == lazy {
		most = i.min
	}
	count, least := 0, at
	for count < most {
		size := m.one(i, at)
		if size == 0 {
			break
		}
		at += size
		if count++; count <= i.min {
			least = at
		}
	}
	if err := m.spend(count); err != nil {
		return -1, at, err
	}
	switch {
	case count < i.min:
		return -1, at, nil
	case i.mode == lazy && i.max > i.min:
		m.push(choice{kind: takeMore, pc: pc, at: at, n: count})
	case i.mode == greedy && at > least:
		m.push(choice{kind: giveBack, pc: pc + 1, at: at, n: least})
	}
	return pc + 1, at, nil
}

// loop decides about another turn. A turn that took no text is the last.
func (m *machine) loop(i *inst, pc, at, base int) int {
	body := pc + 1
	if i.mode == lazy {
		body++
	}
	turns, began := m.counters[i.x], m.counters[i.x+1]
	switch {
	case turns > 0 && began == at:
		return i.y
	case turns < i.min:
	case turns >= i.max:
		return i.y
	case i.mode == lazy:
		m.push(choice{kind: branch, pc: pc + 1, at: at})
		return i.y
	default:
		m.push(choice{kind: branch, pc: i.y, at: at})
	}
	m.turn(i, at, base)
	return body
}

// turn notes that a turn of the loop begins.
func (m *machine) turn(i *inst, at, base int) {
	m.setCounter(base, i.x, m.counters[i.x]+1)
	m.setCounter(base, i.x+1, at)
}

// look matches what is ahead or behind on its own.
func (m *machine) look(i *inst, pc, at int) (bool, error) {
	if !i.behind {
		_, ok, err := m.part(pc+1, at)
		return ok, err
	}
	if err := m.spend(min(i.min, at)); err != nil {
		return false, err
	}
	from := at
	for range i.min {
		_, size := utf8.DecodeLastRune(m.text[:from])
		if size == 0 {
			return false, nil
		}
		from -= size
	}
	before := m.target
	defer func() { m.target = before }()
	m.target = at
	for width := i.min; width <= i.max; width++ {
		_, ok, err := m.part(pc+1, from)
		if ok || err != nil {
			return ok, err
		}
		_, size := utf8.DecodeLastRune(m.text[:from])
		if size == 0 {
			break
		}
		from -= size
	}
	return false, nil
}

// reference matches the text of a group again; end is -1 where it doesn't.
func (m *machine) reference(i *inst, at int) (end int, err error) {
	if 2*i.x+1 >= len(m.slots) || m.slots[2*i.x] < 0 || m.slots[2*i.x+1] < 0 {
		if i.loose {
			return at, nil
		}
		return -1, nil
	}
	want := m.text[m.slots[2*i.x]:m.slots[2*i.x+1]]
	if err := m.spend(len(want)); err != nil {
		return -1, err
	}
	for len(want) > 0 {
		if at >= len(m.text) {
			return -1, nil
		}
		a, n := utf8.DecodeRune(want)
		b, size := utf8.DecodeRune(m.text[at:])
		if !sameChar(a, b, i.fold) {
			return -1, nil
		}
		want, at = want[n:], at+size
	}
	return at, nil
}

func sameChar(a, b rune, f fold) bool {
	switch {
	case a == b:
		return true
	case f == foldUnicode:
		return unicode.ToLower(unicode.ToUpper(a)) == unicode.ToLower(unicode.ToUpper(b))
	case f == foldASCII:
		return a < 128 && b < 128 && unicode.ToLower(a) == unicode.ToLower(b)
	}
	return false
}
