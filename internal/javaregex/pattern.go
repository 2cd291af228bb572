// Package javaregex runs the patterns of java.util.regex: by RE2 where it
// means the same, else by a backtracker that counts its steps. It knows
// patterns and text, and no gateway.
//
// What Java 17 compiles compiles here, but for \X, \b{g}, \N{name} and the
// names of rare Unicode blocks, which are refused by name. Text is UTF-8 and
// is read by code point: Java may find an empty match within a surrogate pair,
// this package doesn't.
package javaregex

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// The bounds of a pattern.
const (
	maxPattern = 16 << 10 // bytes
	maxNesting = 200      // groups and classes within each other
	maxRanges  = 200_000  // ranges of all its classes
)

// The bounds of a match.
const (
	baseSteps    = 1_000_000 // of the backtracker, whatever the text's size
	stepsPerByte = 16        // and for each byte of the text
	maxStack     = 200_000   // choices that the backtracker remembers
	maxWork      = 64 << 20  // bytes of text times size of the pattern, for RE2
)

// ErrLimit is the error of a match that takes more than it may.
var ErrLimit = errors.New("the pattern takes more steps than it may")

// Error is a pattern that can't be compiled.
type Error struct {
	Pattern string
	At      int    // bytes from the pattern's beginning
	Text    string // in Java's words where Java refuses it too
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s near index %d of the pattern %q", e.Text, e.At, e.Pattern)
}

// Pattern is a compiled pattern, for any number of goroutines.
type Pattern struct {
	text    string
	groups  int // capturing ones, without the whole match
	names   map[string]int
	literal *string // the pattern is this text
	whole   re2     // of Match
	part    re2     // of Find
	prog    *program
	pool    *sync.Pool // of *machine
	size    int
}

// re2 is the pattern in RE2's words; re is nil when RE2 can't say it.
type re2 struct {
	re    *regexp.Regexp
	size  int
	ascii bool // it means the same on ASCII text only
}

// Compile reads a pattern as java.util.regex.Pattern does (no flags). The
// error is an *Error: it says where and why.
func Compile(pattern string) (*Pattern, error) {
	return compile(pattern, dialect{})
}

func compile(pattern string, d dialect) (*Pattern, error) {
	if len(pattern) > maxPattern {
		return nil, &Error{pattern[:32] + "...", maxPattern, fmt.Sprintf("The pattern is longer than %d bytes", maxPattern)}
	}
	root, ps, err := parse(pattern, d)
	if err != nil {
		return nil, err
	}
	p := &Pattern{text: pattern, groups: ps.groups, names: ps.names, literal: literalText(root), size: len(pattern) + ps.ranges/2}
	if ps.folds != nil {
		p.size += len(ps.folds) / 2
	}
	if p.literal == nil {
		p.whole, p.part = translate(root, true), translate(root, false)
		p.prog = assemble(root, ps.groups)
		p.size += p.whole.size + p.part.size + len(p.prog.insts)
		p.pool = &sync.Pool{New: func() any { return newMachine(p.prog) }}
	}
	return p, nil
}

// Size is what the pattern costs: about a microsecond of compiling, and a
// hundred bytes, for each. Who compiles the patterns of others bounds the sum.
func (p *Pattern) Size() int { return p.size }

// String is the pattern as it was written.
func (p *Pattern) String() string { return p.text }

// Match is Java's String.matches: the whole of s. The error is ErrLimit.
func (p *Pattern) Match(s []byte) (bool, error) {
	if p.literal != nil {
		return string(s) == *p.literal, nil
	}
	if p.whole.serves(s) {
		return p.whole.match(s)
	}
	m := p.machine(s)
	defer p.release(m)
	return m.match()
}

// Budget is what several matches may take together: steps of the backtracker,
// or about as much time of RE2's.
type Budget struct{ Steps int }

// FindString is Find for a string, within a budget that it takes its steps
// from. The error is ErrLimit.
func (p *Pattern) FindString(s string, b *Budget) (bool, error) {
	if p.literal != nil {
		return strings.Contains(s, *p.literal), b.read(s)
	}
	return p.within(s, b, &p.part, func(m *machine) (bool, error) { return m.find(0) })
}

// MatchString is Match for a string, within a budget that it takes its steps
// from. The error is ErrLimit.
func (p *Pattern) MatchString(s string, b *Budget) (bool, error) {
	if p.literal != nil {
		return s == *p.literal, b.read(s)
	}
	return p.within(s, b, &p.whole, (*machine).match)
}

// within runs RE2 where that does, else the machine, and takes the steps from b.
func (p *Pattern) within(s string, b *Budget, r *re2, run func(*machine) (bool, error)) (bool, error) {
	if r.re != nil && !r.ascii {
		if b.Steps -= 1 + len(s)*r.size/re2Speed; b.Steps < 0 {
			return false, ErrLimit
		}
		return r.re.MatchString(s), nil
	}
	if err := b.read(s); err != nil {
		return false, err
	}
	m := p.machine([]byte(s))
	defer p.release(m)
	defer b.lend(m)()
	return run(m)
}

// read takes the price of going through s once.
func (b *Budget) read(s string) error {
	if b.Steps -= 1 + len(s)/64; b.Steps < 0 {
		return ErrLimit
	}
	return nil
}

// lend gives m no more steps than b has. The function that it returns takes
// from b what m used of them.
func (b *Budget) lend(m *machine) func() {
	had := min(m.steps, b.Steps)
	m.steps = had
	return func() { b.Steps -= had - m.steps }
}

// re2Speed is how many instructions RE2 may look at in a step's time.
const re2Speed = 4

// Find says whether some part of s matches, as Matcher.find. The error is
// ErrLimit.
func (p *Pattern) Find(s []byte) (bool, error) {
	if p.literal != nil {
		return indexLiteral(s, *p.literal) >= 0, nil
	}
	if p.part.serves(s) {
		return p.part.match(s)
	}
	m := p.machine(s)
	defer p.release(m)
	return m.find(0)
}

func (r *re2) serves(s []byte) bool {
	return r.re != nil && (!r.ascii || isASCII(s))
}

func (r *re2) match(s []byte) (bool, error) {
	if len(s) > maxWork/r.size {
		return false, ErrLimit
	}
	return r.re.Match(s), nil
}

func (p *Pattern) machine(s []byte) *machine {
	m := p.pool.Get().(*machine)
	m.begin(s)
	return m
}

// maxKept bounds the memory of a machine that waits for its next use.
const maxKept = 4096

func (p *Pattern) release(m *machine) {
	m.text = nil
	if cap(m.stack) > maxKept {
		m.stack = nil
	}
	p.pool.Put(m)
}

func isASCII(s []byte) bool {
	for _, c := range s {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
